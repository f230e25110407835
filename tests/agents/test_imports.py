"""What importing the room costs, and what its names lead to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from xpander_client import agents

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "pydantic",
    "pydantic_core",
    "pydantic_ai",
    "pydantic_monty",
    "rich",
    "PIL",
    "numpy",
    "pandas",
    "openai",
    "anthropic",
    "google.genai",
    "boto3",
    "httpx",
    "sqlite3",
}


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import xpander_client.agents",
        "from xpander_client.agents import *",
        "from xpander_client.agents import scripted; scripted(['x']).complete([])",
        "from xpander_client.agents import connect_llm; connect_llm('openai', 'gpt-x')",
        "from xpander_client.agents import FailEvent; FailEvent(message='m').to_json()",
        "from xpander_client.agents import Agent\n"
        "@Agent(name='a').task\ndef f(x: list[int]) -> int:\n    'Do it.'\n",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    loaded = json.loads(python(f"import sys, json\n{code}\nprint(json.dumps(list(sys.modules)))"))
    assert not HEAVY & set(loaded)


@pytest.mark.slow
def test_importing_every_name_loads_few_modules() -> None:
    # How long it takes is in the bench; how many there are is the same on each machine.
    code = "import sys; from xpander_client.agents import *; print(len(sys.modules))"
    assert int(python(code)) < 300


@pytest.mark.parametrize("name", vars(agents)["__all__"])
def test_each_name_is_there_and_listed(name: str) -> None:
    assert getattr(agents, name) is not None
    assert name in dir(agents)


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="NoSuchName"):
        _ = agents.NoSuchName  # type: ignore[attr-defined]  # that is what is tested


def test_the_printers_are_found_where_the_page_imports_them() -> None:
    from xpander_client.agents.console import pprint_events, pprint_tokens

    assert (pprint_events, pprint_tokens) == (agents.pprint_events, agents.pprint_tokens)
