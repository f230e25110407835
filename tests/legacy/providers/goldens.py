"""The golden files: one conversation, and how it looks for each provider.

They are written after each provider's documentation; `accepted` holds them to its package's types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xpander_client.api.models import ThreadMessage
from xpander_client.core.serialization import structure
from xpander_client.legacy.providers import Tool

FOLDER = Path(__file__).parent / "golden"


def golden(path: str) -> Any:
    return json.loads((FOLDER / path).read_text(encoding="utf-8"))


def tools() -> list[Tool]:
    return [Tool(**tool) for tool in golden("conversation.json")["tools"]]


def thread() -> list[ThreadMessage]:
    return structure(golden("conversation.json")["thread"], list[ThreadMessage])
