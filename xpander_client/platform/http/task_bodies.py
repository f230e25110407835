"""What bodies say of a task, as the platform keeps it."""

from __future__ import annotations

from typing import Any

import orjson


def text_result(body: Any) -> Any:
    """Make the result a text, as on the wire; the structured ones that some workers send become
    JSON text.
    """
    if isinstance(body, dict) and isinstance(body.get("result"), dict | list):
        return {**body, "result": orjson.dumps(body["result"]).decode()}
    return body


def add_total(body: dict[str, Any]) -> dict[str, Any]:
    """Set the total of tokens, which is the platform's to say, whatever a caller makes of it."""
    tokens = body.get("tokens")
    if not isinstance(tokens, dict):
        return body
    total = (tokens.get("completion_tokens") or 0) + (tokens.get("prompt_tokens") or 0)
    return {**body, "tokens": {**tokens, "total_tokens": total}}
