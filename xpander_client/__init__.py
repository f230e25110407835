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
        AgentActivityThread as AgentActivityThread,
        AgentExecutionInput as AgentExecutionInput,
        AgentExecutionStatus as AgentExecutionStatus,
        Agents as Agents,
        AgentsListItem as AgentsListItem,
        AttachmentRef as AttachmentRef,
        DeepPlanning as DeepPlanning,
        DeepPlanningItem as DeepPlanningItem,
        ExecutionTokens as ExecutionTokens,
        LLMReasoningEffort as LLMReasoningEffort,
        MCPServerDetails as MCPServerDetails,
        OutputFormat as OutputFormat,
        Principal as Principal,
        SourceNodeType as SourceNodeType,
        Task as Task,
        Tasks as Tasks,
        TasksListItem as TasksListItem,
        TaskUpdateEvent as TaskUpdateEvent,
        TaskUpdateEventType as TaskUpdateEventType,
        ThinkMode as ThinkMode,
        Tokens as Tokens,
        ToolCallRequest as ToolCallRequest,
        ToolCallResult as ToolCallResult,
        User as User,
        Workers as Workers,
    )
    from .configuration import (
        Configuration as Configuration,
        RetryPolicy as RetryPolicy,
    )
    from .core.answer import (
        Response as Response,
    )
    from .errors import (
        ApiStatusError as ApiStatusError,
        ArgumentError as ArgumentError,
        Attempt as Attempt,
        AuthenticationError as AuthenticationError,
        BadRequestError as BadRequestError,
        CallError as CallError,
        ConfigurationError as ConfigurationError,
        ConflictError as ConflictError,
        ConnectionFailedError as ConnectionFailedError,
        DecodingError as DecodingError,
        ModuleException as ModuleException,
        NotFoundError as NotFoundError,
        PayloadTooLargeError as PayloadTooLargeError,
        PermissionDeniedError as PermissionDeniedError,
        RateLimitError as RateLimitError,
        RequestTimeoutError as RequestTimeoutError,
        ServerError as ServerError,
        StreamError as StreamError,
        TimeoutExceededError as TimeoutExceededError,
        UnknownOutcomeError as UnknownOutcomeError,
        UnprocessableError as UnprocessableError,
        WaitTimeoutError as WaitTimeoutError,
    )
    from .worker import (
        MAX_PLAN_RETRIES as MAX_PLAN_RETRIES,
        Backend as Backend,
        Events as Events,
        LocalTaskTest as LocalTaskTest,
        Worker as Worker,
        on_boot as on_boot,
        on_shutdown as on_shutdown,
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
        "MAX_PLAN_RETRIES",
        "Backend",
        "Events",
        "LocalTaskTest",
        "Worker",
        "on_boot",
        "on_shutdown",
        "on_task",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "MAX_PLAN_RETRIES",
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
    "Backend",
    "BadRequestError",
    "CallError",
    "Configuration",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "DecodingError",
    "DeepPlanning",
    "DeepPlanningItem",
    "Events",
    "ExecutionTokens",
    "LLMReasoningEffort",
    "LocalTaskTest",
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
    "on_boot",
    "on_shutdown",
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
