"""Functions whose body an agent supplies: `@agent.task`.

An `Agent` has a model write code and runs it in a sandbox, until the code hands back a value of the
type that the function promises. `connect_llm` and `connect_state` say which model it asks and what
its sessions remember. Needs the extra `[agents]`, and one for the model's provider, such as
`[agents-openai]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import loading

if TYPE_CHECKING:
    from xpander_client.agents.agent import Agent as Agent
    from xpander_client.agents.capabilities import MemberSpec as MemberSpec
    from xpander_client.agents.console import (
        pprint_events as pprint_events,
        pprint_tokens as pprint_tokens,
    )
    from xpander_client.agents.errors import (
        AgentTaskError as AgentTaskError,
        ConcurrencyError as ConcurrencyError,
        LLMCallError as LLMCallError,
        LLMFail as LLMFail,
        ResponseParseError as ResponseParseError,
        TaskCancelled as TaskCancelled,
        TaskClarify as TaskClarify,
        TaskFail as TaskFail,
        TaskTimeout as TaskTimeout,
    )
    from xpander_client.agents.events import (
        ActionEvent as ActionEvent,
        BaseEvent as BaseEvent,
        CancelledEvent as CancelledEvent,
        ClarifyEvent as ClarifyEvent,
        ErrorEvent as ErrorEvent,
        FailEvent as FailEvent,
        OutputEvent as OutputEvent,
        SuccessEvent as SuccessEvent,
        SummaryEvent as SummaryEvent,
        SystemNoteEvent as SystemNoteEvent,
        TaskStartEvent as TaskStartEvent,
    )
    from xpander_client.agents.llm import LLM as LLM, connect_llm as connect_llm
    from xpander_client.agents.messages import Image as Image, Message as Message
    from xpander_client.agents.response import LLMResponse as LLMResponse
    from xpander_client.agents.scripted import scripted as scripted
    from xpander_client.agents.state import connect_state as connect_state
    from xpander_client.agents.tokens import StreamToken as StreamToken, TokenChunk as TokenChunk

_HOMES = {
    "Agent": "xpander_client.agents.agent",
    "MemberSpec": "xpander_client.agents.capabilities",
    "pprint_events": "xpander_client.agents.console",
    "pprint_tokens": "xpander_client.agents.console",
    "AgentTaskError": "xpander_client.agents.errors",
    "ConcurrencyError": "xpander_client.agents.errors",
    "LLMCallError": "xpander_client.agents.errors",
    "LLMFail": "xpander_client.agents.errors",
    "ResponseParseError": "xpander_client.agents.errors",
    "TaskCancelled": "xpander_client.agents.errors",
    "TaskClarify": "xpander_client.agents.errors",
    "TaskFail": "xpander_client.agents.errors",
    "TaskTimeout": "xpander_client.agents.errors",
    "ActionEvent": "xpander_client.agents.events",
    "BaseEvent": "xpander_client.agents.events",
    "CancelledEvent": "xpander_client.agents.events",
    "ClarifyEvent": "xpander_client.agents.events",
    "ErrorEvent": "xpander_client.agents.events",
    "FailEvent": "xpander_client.agents.events",
    "OutputEvent": "xpander_client.agents.events",
    "SuccessEvent": "xpander_client.agents.events",
    "SummaryEvent": "xpander_client.agents.events",
    "SystemNoteEvent": "xpander_client.agents.events",
    "TaskStartEvent": "xpander_client.agents.events",
    "LLM": "xpander_client.agents.llm",
    "connect_llm": "xpander_client.agents.llm",
    "Image": "xpander_client.agents.messages",
    "Message": "xpander_client.agents.messages",
    "LLMResponse": "xpander_client.agents.response",
    "scripted": "xpander_client.agents.scripted",
    "connect_state": "xpander_client.agents.state",
    "StreamToken": "xpander_client.agents.tokens",
    "TokenChunk": "xpander_client.agents.tokens",
}

__all__ = [
    "LLM",
    "ActionEvent",
    "Agent",
    "AgentTaskError",
    "BaseEvent",
    "CancelledEvent",
    "ClarifyEvent",
    "ConcurrencyError",
    "ErrorEvent",
    "FailEvent",
    "Image",
    "LLMCallError",
    "LLMFail",
    "LLMResponse",
    "MemberSpec",
    "Message",
    "OutputEvent",
    "ResponseParseError",
    "StreamToken",
    "SuccessEvent",
    "SummaryEvent",
    "SystemNoteEvent",
    "TaskCancelled",
    "TaskClarify",
    "TaskFail",
    "TaskStartEvent",
    "TaskTimeout",
    "TokenChunk",
    "connect_llm",
    "connect_state",
    "pprint_events",
    "pprint_tokens",
    "scripted",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__ = loading(__name__, _HOMES)
