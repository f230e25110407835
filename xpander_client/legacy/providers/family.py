"""What the providers whose APIs are alike have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers.tool import Tool
from xpander_client.legacy.providers.turns import ThreadTurn


def _texts(system: list[str]) -> Any:
    return [{"text": text} for text in system]


@attrs.frozen
class Family:
    """How a provider's API takes tools, messages and the system's texts."""

    tools: Callable[[Sequence[Tool]], list[dict[str, Any]]]
    messages: Callable[[Sequence[ThreadTurn]], list[dict[str, Any]]]
    system: Callable[[list[str]], Any] = _texts
    is_one_by_one: bool = False
    """Whether a message's form does not depend on those around it, but for calls and answers."""


def no_chunk(is_one: bool, what: str) -> None:
    """Refuses a part of a streamed answer: a tool call is complete only at the end.

    Raises:
        ArgumentError: it is one.
    """
    if is_one:
        raise ArgumentError(f"this is {what}: collect the stream and give the whole answer")
