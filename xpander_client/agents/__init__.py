"""Functions whose body an agent supplies: `@agent.task`.

An `Agent` has a model write code and runs it in a sandbox, until the code hands back a value of the
type that the function promises. `connect_llm` and `connect_state` say which model it asks and what
its sessions remember. Needs the extra `[agents]`, and one for the model's provider, such as
`[agents-openai]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client.agents.agent import Agent as Agent
    from xpander_client.agents.console import (
        pprint_events as pprint_events,
        pprint_tokens as pprint_tokens,
    )
    from xpander_client.agents.inspection import events as events, view as view
    from xpander_client.agents.llm.models import LLM as LLM, connect_llm as connect_llm
    from xpander_client.agents.llm.response import LLMResponse as LLMResponse
    from xpander_client.agents.llm.scripted import scripted as scripted
    from xpander_client.agents.sandbox.capabilities import MemberSpec as MemberSpec
    from xpander_client.agents.state.config import connect_state as connect_state
    from xpander_client.agents.state.sessions import Session as Session
    from xpander_client.agents.types.errors import (
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
    from xpander_client.agents.types.events import (
        ActionEvent as ActionEvent,
        BaseEvent as BaseEvent,
        CancelledEvent as CancelledEvent,
        ClarifyEvent as ClarifyEvent,
        ErrorEvent as ErrorEvent,
        Event as Event,
        FailEvent as FailEvent,
        OutputEvent as OutputEvent,
        SuccessEvent as SuccessEvent,
        SummaryEvent as SummaryEvent,
        SystemNoteEvent as SystemNoteEvent,
        TaskStartEvent as TaskStartEvent,
    )
    from xpander_client.agents.types.messages import Image as Image, Message as Message
    from xpander_client.agents.types.tokens import (
        StreamToken as StreamToken,
        TokenChunk as TokenChunk,
    )

_HOMES = {
    "xpander_client.agents.agent": ("Agent",),
    "xpander_client.agents.sandbox.capabilities": ("MemberSpec",),
    "xpander_client.agents.console": ("pprint_events", "pprint_tokens"),
    "xpander_client.agents.inspection": ("events", "view"),
    "xpander_client.agents.types.errors": (
        "AgentTaskError",
        "ConcurrencyError",
        "LLMCallError",
        "LLMFail",
        "ResponseParseError",
        "TaskCancelled",
        "TaskClarify",
        "TaskFail",
        "TaskTimeout",
    ),
    "xpander_client.agents.types.events": (
        "ActionEvent",
        "BaseEvent",
        "CancelledEvent",
        "ClarifyEvent",
        "ErrorEvent",
        "Event",
        "FailEvent",
        "OutputEvent",
        "SuccessEvent",
        "SummaryEvent",
        "SystemNoteEvent",
        "TaskStartEvent",
    ),
    "xpander_client.agents.llm.models": ("LLM", "connect_llm"),
    "xpander_client.agents.types.messages": ("Image", "Message"),
    "xpander_client.agents.llm.response": ("LLMResponse",),
    "xpander_client.agents.llm.scripted": ("scripted",),
    "xpander_client.agents.state.config": ("connect_state",),
    "xpander_client.agents.state.sessions": ("Session",),
    "xpander_client.agents.types.tokens": ("StreamToken", "TokenChunk"),
}

_LACKING = (
    "Chapter",
    "ChapterEvent",
    "Disk",
    "Dummy",
    "EditAction",
    "FileAction",
    "FileEvent",
    "GCVersioned",
    "Host",
    "KVStore",
    "LLMClient",
    "Live",
    "Namespaced",
    "PermissionEvent",
    "PermissionPending",
    "PermissionRequestEvent",
    "PythonEmission",
    "TaskContinue",
    "TaskSuccess",
    "Versioned",
    "clear_agent_registry",
    "connect_fs",
    "connect_host",
    "register_matplotlib",
    "register_numpy",
    "register_pandas",
    "register_plotly",
    "register_stdlib",
    "run_file_in_sandbox",
    "scopes",
    "summarize_capabilities",
    "system_token_count",
)

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)
