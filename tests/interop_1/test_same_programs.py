"""Programs written for the official 1.x do the same with it and, unchanged, with ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.interop.processes import AGENT, start_program, variables
from xpander_client.platform import LocalPlatform

PROGRAMS = Path(__file__).parent / "programs"
READ_CSV = {
    "id": "read_csv",
    "name": "read_csv",
    "description": "Reads a CSV file.",
    "parameters": {
        "type": "object",
        "properties": {
            "body_params": {
                "type": "object",
                "properties": {"url": {"type": "string"}},
                "required": ["url"],
            }
        },
    },
}
AGENTS: list[dict[str, Any]] = [
    {"id": AGENT, "name": "Sales", "instructions": "You know the sales.", "tools": [READ_CSV]},
]


def read_csv(url: str) -> dict[str, int]:
    return {"north": 120, "south": 80}


@pytest.mark.timeout(180)
def test_a_loop_around_a_model_does_the_same_with_both(tmp_path: Path) -> None:
    path = str(PROGRAMS / "chat_loop.py")
    official = run([path], tmp_path)
    assert run(["-m", "xpander_client.compat", path], tmp_path) == official
    assert official


def run(arguments: list[str], folder: Path) -> list[str]:
    """Run a program on a platform of its own, and return what it says."""
    with LocalPlatform(agents=AGENTS, tools={"read_csv": read_csv}) as platform:
        configuration = attrs.evolve(platform.configuration, agent_id=AGENT)
        environment = {**variables(configuration), "PYTHONWARNINGS": "ignore"}
        with start_program(arguments, folder, environment) as program:
            assert program.process.wait(timeout=90) == 0, program.output
    return [line for line in program.output.splitlines() if line.startswith("> ")]
