"""The import paths of the official client lead to the same classes, and cost no more."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest

import xpander_client

PATHS = {
    "xpander_client.modules.tasks.sub_modules.task": ["Task"],
    "xpander_client.modules.tasks.models.task": ["AgentExecutionInput", "LocalTaskTest"],
    "xpander_client.models.shared": ["OutputFormat"],
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_the_public_class(path: str) -> None:
    module = import_module(path)
    assert sorted(module.__all__) == PATHS[path]
    for name in PATHS[path]:
        assert getattr(module, name) is getattr(xpander_client, name)


def test_no_path_loads_what_its_name_does_not_need() -> None:
    code = (
        "import sys, json, importlib; [importlib.import_module(name) for name in sys.argv[1:]];"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *PATHS],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = set(json.loads(done.stdout))
    assert not {"agno", "openai", "starlette", "uvicorn", "typer"} & loaded
    assert "xpander_client.worker.worker" not in loaded


def test_the_test_task_of_the_page_is_made_as_printed() -> None:
    namespace: dict[str, object] = {}
    exec(
        """
from xpander_client import on_task
from xpander_client.modules.tasks.models.task import LocalTaskTest, AgentExecutionInput
from xpander_client.models.shared import OutputFormat

local_test_task = LocalTaskTest(
    input=AgentExecutionInput(text="What can you do?"),
    output_format=OutputFormat.Json,
    output_schema={"capabilities": "list of capabilities"},
)
""",
        namespace,
    )
    made = namespace["local_test_task"]
    assert isinstance(made, xpander_client.LocalTaskTest)
    assert (made.input.text, made.input.files) == ("What can you do?", [])
    assert (made.output_format, made.agent_version) == ("json", None)
    assert made.output_schema == {"capabilities": "list of capabilities"}
