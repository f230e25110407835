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
    from .agent import Agent as Agent
    from .capabilities import MemberSpec as MemberSpec
    from .console import (
        pprint_events as pprint_events,
        pprint_tokens as pprint_tokens,
    )
    from .errors import (
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
    from .events import (
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
    from .llm import (
        LLM as LLM,
        connect_llm as connect_llm,
    )
    from .messages import (
        Image as Image,
        Message as Message,
    )
    from .response import LLMResponse as LLMResponse
    from .scripted import scripted as scripted
    from .state import connect_state as connect_state
    from .tokens import (
        StreamToken as StreamToken,
        TokenChunk as TokenChunk,
    )

_HOMES = {
    "Agent": ".agent",
    "MemberSpec": ".capabilities",
    "pprint_events": ".console",
    "pprint_tokens": ".console",
    "AgentTaskError": ".errors",
    "ConcurrencyError": ".errors",
    "LLMCallError": ".errors",
    "LLMFail": ".errors",
    "ResponseParseError": ".errors",
    "TaskCancelled": ".errors",
    "TaskClarify": ".errors",
    "TaskFail": ".errors",
    "TaskTimeout": ".errors",
    "ActionEvent": ".events",
    "BaseEvent": ".events",
    "CancelledEvent": ".events",
    "ClarifyEvent": ".events",
    "ErrorEvent": ".events",
    "FailEvent": ".events",
    "OutputEvent": ".events",
    "SuccessEvent": ".events",
    "SummaryEvent": ".events",
    "SystemNoteEvent": ".events",
    "TaskStartEvent": ".events",
    "LLM": ".llm",
    "connect_llm": ".llm",
    "Image": ".messages",
    "Message": ".messages",
    "LLMResponse": ".response",
    "scripted": ".scripted",
    "connect_state": ".state",
    "StreamToken": ".tokens",
    "TokenChunk": ".tokens",
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
