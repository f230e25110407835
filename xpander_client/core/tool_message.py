"""A tool's answer as a message of the thread: the platform and the execution loop make it alike."""

from __future__ import annotations

from typing import Any

from xpander_client.core.result import value_text


def tool_message(tool_call_id: str, result: Any) -> dict[str, Any]:
    """Return the message by which a model is told what a tool answered, in the wire's form.

    A text is told as it is, everything else as JSON, as well as may be: the tool has run.

    Raises:
        ArgumentError: the result is something that nobody awaited or ran.

    Example:
        >>> tool_message("call-1", {"rows": 4})["content"]
        '{"rows":4}'
        >>> tool_message("call-1", "four rows")["content"]
        'four rows'
    """
    return {"role": "tool", "tool_call_id": tool_call_id, "content": value_text(result)}
