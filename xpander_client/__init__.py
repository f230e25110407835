"""The task client for AI agents on the xpander platform.

`Tasks` creates, follows and stops tasks, `@on_task` runs them, `xpander_client.platform` serves
them on your own machine. Every call comes in a sync and an async form: `create` and `acreate`.

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .api import (
        Agent as Agent,
    )
    from .api import (
        AgentActivityThread as AgentActivityThread,
    )
    from .api import (
        AgentExecutionInput as AgentExecutionInput,
    )
    from .api import (
        AgentExecutionStatus as AgentExecutionStatus,
    )
    from .api import (
        Agents as Agents,
    )
    from .api import (
        AgentsListItem as AgentsListItem,
    )
    from .api import (
        AttachmentRef as AttachmentRef,
    )
    from .api import (
        DeepPlanning as DeepPlanning,
    )
    from .api import (
        DeepPlanningItem as DeepPlanningItem,
    )
    from .api import (
        ExecutionTokens as ExecutionTokens,
    )
    from .api import (
        LLMReasoningEffort as LLMReasoningEffort,
    )
    from .api import (
        MCPServerDetails as MCPServerDetails,
    )
    from .api import (
        OutputFormat as OutputFormat,
    )
    from .api import (
        Principal as Principal,
    )
    from .api import (
        SourceNodeType as SourceNodeType,
    )
    from .api import (
        Task as Task,
    )
    from .api import (
        Tasks as Tasks,
    )
    from .api import (
        TasksListItem as TasksListItem,
    )
    from .api import (
        TaskUpdateEvent as TaskUpdateEvent,
    )
    from .api import (
        TaskUpdateEventType as TaskUpdateEventType,
    )
    from .api import (
        ThinkMode as ThinkMode,
    )
    from .api import (
        Tokens as Tokens,
    )
    from .api import (
        ToolCallRequest as ToolCallRequest,
    )
    from .api import (
        ToolCallResult as ToolCallResult,
    )
    from .api import (
        User as User,
    )
    from .api import (
        Workers as Workers,
    )
    from .configuration import (
        Configuration as Configuration,
    )
    from .configuration import (
        RetryPolicy as RetryPolicy,
    )
    from .core.answer import (
        Response as Response,
    )
    from .errors import (
        ApiStatusError as ApiStatusError,
    )
    from .errors import (
        ArgumentError as ArgumentError,
    )
    from .errors import (
        Attempt as Attempt,
    )
    from .errors import (
        AuthenticationError as AuthenticationError,
    )
    from .errors import (
        BadRequestError as BadRequestError,
    )
    from .errors import (
        CallError as CallError,
    )
    from .errors import (
        ConfigurationError as ConfigurationError,
    )
    from .errors import (
        ConflictError as ConflictError,
    )
    from .errors import (
        ConnectionFailedError as ConnectionFailedError,
    )
    from .errors import (
        DecodingError as DecodingError,
    )
    from .errors import (
        ModuleException as ModuleException,
    )
    from .errors import (
        NotFoundError as NotFoundError,
    )
    from .errors import (
        PayloadTooLargeError as PayloadTooLargeError,
    )
    from .errors import (
        PermissionDeniedError as PermissionDeniedError,
    )
    from .errors import (
        RateLimitError as RateLimitError,
    )
    from .errors import (
        RequestTimeoutError as RequestTimeoutError,
    )
    from .errors import (
        ServerError as ServerError,
    )
    from .errors import (
        StreamError as StreamError,
    )
    from .errors import (
        TimeoutExceededError as TimeoutExceededError,
    )
    from .errors import (
        UnknownOutcomeError as UnknownOutcomeError,
    )
    from .errors import (
        UnprocessableError as UnprocessableError,
    )
    from .errors import (
        WaitTimeoutError as WaitTimeoutError,
    )
    from .worker import (
        Worker as Worker,
    )
    from .worker import (
        on_task as on_task,
    )

_HOMES = {
    "xpander_client.api": (
        "Agent",
        "AgentActivityThread",
        "AgentExecutionInput",
        "AgentExecutionStatus",
        "Agents",
        "AgentsListItem",
        "AttachmentRef",
        "DeepPlanning",
        "DeepPlanningItem",
        "ExecutionTokens",
        "LLMReasoningEffort",
        "MCPServerDetails",
        "OutputFormat",
        "Principal",
        "SourceNodeType",
        "Task",
        "TaskUpdateEvent",
        "TaskUpdateEventType",
        "Tasks",
        "TasksListItem",
        "ThinkMode",
        "Tokens",
        "ToolCallRequest",
        "ToolCallResult",
        "User",
        "Workers",
    ),
    "xpander_client.configuration": (
        "Configuration",
        "RetryPolicy",
    ),
    "xpander_client.core.answer": ("Response",),
    "xpander_client.errors": (
        "ApiStatusError",
        "ArgumentError",
        "Attempt",
        "AuthenticationError",
        "BadRequestError",
        "CallError",
        "ConfigurationError",
        "ConflictError",
        "ConnectionFailedError",
        "DecodingError",
        "ModuleException",
        "NotFoundError",
        "PayloadTooLargeError",
        "PermissionDeniedError",
        "RateLimitError",
        "RequestTimeoutError",
        "ServerError",
        "StreamError",
        "TimeoutExceededError",
        "UnknownOutcomeError",
        "UnprocessableError",
        "WaitTimeoutError",
    ),
    "xpander_client.worker": (
        "Worker",
        "on_task",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "AgentActivityThread",
    "AgentExecutionInput",
    "AgentExecutionStatus",
    "Agents",
    "AgentsListItem",
    "ApiStatusError",
    "ArgumentError",
    "AttachmentRef",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "CallError",
    "Configuration",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "DecodingError",
    "DeepPlanning",
    "DeepPlanningItem",
    "ExecutionTokens",
    "LLMReasoningEffort",
    "MCPServerDetails",
    "ModuleException",
    "NotFoundError",
    "OutputFormat",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "Principal",
    "RateLimitError",
    "RequestTimeoutError",
    "Response",
    "RetryPolicy",
    "ServerError",
    "SourceNodeType",
    "StreamError",
    "Task",
    "TaskUpdateEvent",
    "TaskUpdateEventType",
    "Tasks",
    "TasksListItem",
    "ThinkMode",
    "TimeoutExceededError",
    "Tokens",
    "ToolCallRequest",
    "ToolCallResult",
    "UnknownOutcomeError",
    "UnprocessableError",
    "User",
    "WaitTimeoutError",
    "Worker",
    "Workers",
    "__version__",
    "on_task",
]


# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name):
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
