"""`scripts/agent_pipeline.py`: the page's complete example, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.openai_server import OpenAIServer, Says

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "XPANDER_LLM_")


def output(**environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(KEYS)}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.agent_pipeline"],
        cwd=ROOT,
        env=clean | {"NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_without_a_key_a_stand_in_answers_and_all_three_agents_work() -> None:
    text = output()
    for name in ("coordinator", "researcher", "analyst"):
        assert f"{name} success" in text
    assert '"adoption": "3 sources on adoption"' in text


def test_with_a_key_the_provider_is_asked() -> None:
    says = Says("<PYTHON>task_success({'told': 'by the provider'})</PYTHON>")
    with OpenAIServer(says) as server:
        text = output(OPENAI_API_KEY="secret-key", OPENAI_BASE_URL=server.base_url)
        assert server.keys == ["Bearer secret-key"]
        assert server.requests[0]["model"] == "gpt-5-mini"
    assert '"told": "by the provider"' in text
