"""A growing thread in a provider's form, where what was shown before is not worked out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from xpander_client.api.models import ThreadMessage
from xpander_client.legacy.providers import LLMProvider, is_one_by_one, messages_for


class Rendering:
    """The messages of one thread, shown again and again while messages are put behind them.

    What is settled (each call in it has its answer) is kept as JSON, from which new objects are
    made each time: a caller may do with them what it likes.
    """

    def __init__(self) -> None:
        self._provider: LLMProvider | None = None
        self._forget()

    def _forget(self) -> None:
        self._settled = 0
        self._json = b""

    def render_messages(
        self, thread: Sequence[ThreadMessage], provider: LLMProvider
    ) -> list[dict[str, Any]]:
        """Return the same as `messages_for`."""
        if not is_one_by_one(provider):
            return messages_for(thread, provider)
        if provider is not self._provider or len(thread) < self._settled:
            self._forget()
            self._provider = provider
        settled = _find_settled(thread, self._settled)
        if settled is None:  # an answer to something that was settled: all is worked out again
            self._forget()
            return messages_for(thread, provider)
        if settled > self._settled:
            new = orjson.dumps(messages_for(thread[self._settled : settled], provider))[1:-1]
            self._json = self._json + b"," + new if self._json else new
            self._settled = settled
        before: list[dict[str, Any]] = orjson.loads(b"[" + self._json + b"]")
        rest = thread[settled:]
        return before + messages_for(rest, provider) if rest else before


def _find_settled(thread: Sequence[ThreadMessage], start: int) -> int | None:
    """Return how far the thread is settled; None if what is before `start` is answered only now."""
    waiting: set[str] = set()
    settled = start
    for place in range(start, len(thread)):
        message = thread[place]
        if message.role == "tool":
            if message.tool_call_id not in waiting:
                return None
            waiting.discard(message.tool_call_id)
        waiting.update(call.tool_call_id for call in message.tool_calls or ())
        if not waiting:
            settled = place + 1
    return settled
