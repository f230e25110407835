"""The providers' forms are known without the providers' packages."""

from __future__ import annotations

import subprocess
import sys

PACKAGES = [
    *("openai", "anthropic", "botocore", "langchain_core", "ollama", "google.genai", "httpx"),
    "pydantic",
]


def test_no_package_of_a_provider_is_loaded() -> None:
    code = f"""
import sys
from xpander_client.legacy.tools.local_tools import local_tools
from xpander_client.legacy.providers import tool_calls_in
def tool(a: int, b: list[str] | None = None): pass
local_tools([tool])
tool_calls_in({{"choices": []}})
print([name for name in {PACKAGES!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
