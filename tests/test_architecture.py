"""The rules about which room of the package may import which, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import xpander_client

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ["httpx", "httpcore", "attr", "attrs", "cattrs", "tenacity", "orjson", "ssl", "asyncio"]
EXTRAS = [
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "yaml",
    "typer",
    "rich",
    "agno",
    "openai",
    "pydantic",
    "pydantic_ai",
    "pydantic_monty",
]


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rooms_import_only_what_the_contracts_allow() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())",
        ],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_loads_none_of_its_dependencies() -> None:
    loaded = run_python(
        "import sys, json; before = set(sys.modules); import xpander_client;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    assert not set(json.loads(loaded)) & set(HEAVY + EXTRAS)


def test_everything_but_the_platform_and_the_command_loads_without_the_extras() -> None:
    run_python(
        """
import sys, json

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in json.loads(sys.argv[1]):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import xpander_client
for name in xpander_client.__all__:
    getattr(xpander_client, name)
""",
        json.dumps(EXTRAS),
    )


@pytest.mark.parametrize("name", vars(xpander_client)["__all__"])
def test_each_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(xpander_client, name) is not None
    assert name in dir(xpander_client)


def test_a_name_that_is_not_public_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="NoSuchName"):
        _ = xpander_client.NoSuchName  # type: ignore[attr-defined]  # that is what is tested
