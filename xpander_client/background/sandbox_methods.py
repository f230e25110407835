"""The methods of a plugin that an agent may call."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs

from xpander_client.lacking import refuse_attributes


class SandboxMethodType(StrEnum):
    """What a method is to the agent. Code of an agent gets what it returns, whatever the type."""

    TOOL = "tool"
    """What it returns is a value for the code to work with."""
    AGENT = "agent"
    """What it returns is a text for the model to go on from."""
    BEHAVIOR = "behavior"
    """It does something; what it returns is a text that says what it did."""
    MULTIMODAL_AGENT = "multimodal_agent"
    """As `AGENT`, where pictures may come along."""


@attrs.frozen
class SandboxMethod:
    """A function that an agent may call. `name` is what people read."""

    type: SandboxMethodType
    name: str
    description: str
    function: Callable[..., Any]

    @property
    def code_names(self) -> tuple[str, ...]:
        """The names that code calls it by: `name`, where code can, and the function's own."""
        own = getattr(self.function, "__name__", "")
        names = [self.name, own] if self.name.isidentifier() else [own, self.name]
        usable = [n for n in names if n.isidentifier() and not keyword.iskeyword(n)]
        return tuple(dict.fromkeys(usable)) or (self.name,)


@attrs.frozen(kw_only=True)
class AgentCtx:
    """On whose behalf a method is called: the first argument of every sandbox method.

    `chat_key` is the thread that the agent is in; the rest is known where the platform calls.

    Example:
        >>> AgentCtx(chat_key="chat-1").chat_key
        'chat-1'
    """

    chat_key: str
    agent_id: str | None = None
    user_id: str | None = None
    task_id: str | None = None

    @property
    def from_chat_key(self) -> str:
        """Another name of `chat_key`, which older plugins have."""
        return self.chat_key


refuse_attributes(
    AgentCtx,
    "adapter",
    "adapter_key",
    "channel_id",
    "channel_name",
    "channel_type",
    "container_key",
    "db_chat_channel",
    "db_user",
    "fs",
    "ms",
    "webhook_request",
)
