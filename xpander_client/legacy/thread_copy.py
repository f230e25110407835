"""The script's copy of a thread: what is known is not read again."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from xpander_client.api.models import Thread, ThreadMessage
from xpander_client.legacy.rendering import Rendering


@attrs.define
class ThreadCopy:
    """A thread's messages as far as they are known; `complete` when these are all. `rendering`
    shows them.

    The platform adds messages, too (tools' answers). Its answers say how long the thread is after
    each, and that tells whether something was missed.
    """

    id: str
    messages: list[ThreadMessage] = attrs.field(factory=list)
    complete: bool = False
    rendering: Rendering = attrs.field(factory=Rendering, repr=False, eq=False)

    def take_in(self, thread: Thread) -> None:
        """Messages that were read: all, or those from `offset` on."""
        if (thread.offset or 0) < len(self.messages):
            self.rendering = Rendering()  # what was shown may have been another text
        self.messages[thread.offset or 0 :] = thread.messages
        self.complete = True

    def place(self, added: Iterable[tuple[int | None, ThreadMessage]]) -> None:
        """Messages that the platform added, each with the thread's length after it.

        Any that is not known exactly makes the copy incomplete; reading the rest mends it.
        """
        for length, message in sorted(added, key=lambda each: each[0] or 0):
            if length == len(self.messages) + 1:
                self.messages.append(message)
            else:
                self.complete = False

    def answers(self, tool_call_id: str) -> bool:
        """Tell whether the thread has the answer of a tool call."""
        return any(
            message.role == "tool" and message.tool_call_id == tool_call_id
            for message in self.messages
        )
