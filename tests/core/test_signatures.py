"""Signatures of functions whose annotations need not be there."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from xpander_client.background.mounted import inspect_function
from xpander_client.core.signatures import read_annotations, read_signature
from xpander_client.legacy.tools.local_tools import local_tools
from xpander_client.platform.agents.functions import Tools
from xpander_client.worker.attempts.handler import inspect_handler

SOURCE = """
async def function(task: Nowhere, count: int = 3) -> list[Nowhere]:
    "Do it."

class Thing:
    task: Nowhere
    count: int = 3
"""


@pytest.fixture
def made() -> dict[str, Any]:
    # Where annotations are not evaluated late anyway, they are texts.
    late = sys.version_info >= (3, 14)
    space: dict[str, Any] = {"__name__": "made"}
    code = SOURCE if late else f"from __future__ import annotations\n{SOURCE}"
    exec(compile(code, "made.py", "exec", dont_inherit=True), space)
    return space


def test_annotations_that_name_what_is_not_there_cost_nothing(made: dict[str, Any]) -> None:
    assert list(read_signature(made["function"]).parameters) == ["task", "count"]
    assert list(read_annotations(made["Thing"])) == ["task", "count"]


def test_every_door_takes_a_function_with_such_annotations(made: dict[str, Any]) -> None:
    function = made["function"]
    [tool] = local_tools([function])
    assert tool.tool.parameters == {
        "type": "object",
        "properties": {"task": {}, "count": {"type": "integer", "default": 3}},
        "required": ["task"],
    }
    assert inspect_function("task", function, restart=False).task_type == "task"
    assert inspect_handler(function).function is function
    assert Tools({"tool": function}, timeout=1, limit=1).runs("tool")
