"""The routes are those that are described, and answer as it is described there."""

import asyncio
import os
import sys
from pathlib import Path

import attrs
import pytest
import yaml
from openapi_spec_validator import validate

from tests.platform.conftest import QUICK
from tests.platform.http.test_scope import routes
from xpander_client import Task
from xpander_client.platform import LocalPlatform
from xpander_client.platform.app import Platform
from xpander_client.platform.stores.sqlite.store import SqliteStore
from xpander_client.worker import Worker

ROOT = Path(__file__).resolve().parents[4]
OURS = ROOT / "openapi-v1.yaml"
PATHS = "^/v1/(agents/[^/]+/(invoke|tasks)|tasks)|^/$"
CHECKS = (
    "not_a_server_error,response_schema_conformance,status_code_conformance,"
    "content_type_conformance"
)


def test_each_route_is_described_and_each_description_is_of_a_route(tmp_path: Path) -> None:
    described = yaml.safe_load(OURS.read_text("utf-8"))
    validate(described)
    platform = Platform(SqliteStore(tmp_path / "s.db"), {"key": "acme"})
    served = {(method.lower(), route.path) for method, route in routes(platform)}
    official = {(method, path) for method, path in served if path.startswith("/v1/") or path == "/"}
    assert official == {
        (method, path) for path, methods in described["paths"].items() for method in methods
    }


def answer(task: Task) -> Task:
    task.result = "4"
    return task


DESCRIPTIONS = [str(OURS), *filter(None, [os.environ.get("XPANDER_OFFICIAL_OPENAPI")])]


@pytest.mark.slow
@pytest.mark.parametrize("description", DESCRIPTIONS)
async def test_no_request_breaks_what_is_described(description: str, tmp_path: Path) -> None:
    settings = attrs.evolve(QUICK, invoke_wait=0.2)
    async with LocalPlatform(settings=settings) as platform:
        configuration = attrs.evolve(platform.configuration, agent_id="sales")
        async with Worker(answer, configuration) as worker:
            await worker.registered()
            run = await asyncio.create_subprocess_exec(
                *(Path(sys.executable).with_name("schemathesis"), "run", description),
                *("--url", platform.url, "--header", f"x-api-key: {platform.api_key}"),
                *("--include-path-regex", PATHS, "--checks", CHECKS),
                *("--max-examples", "10", "--seed", "1", "--request-timeout", "10", "--no-color"),
                cwd=tmp_path,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "SCHEMATHESIS_HOOKS": "tests.platform.http.v1.rest_hooks",
                    "REST_URL": platform.url,
                    "REST_KEY": platform.api_key,
                },
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await run.communicate()
    print(said.decode())  # pytest shows it when the test fails
    assert run.returncode == 0
