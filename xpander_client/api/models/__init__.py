"""Data as it goes over the wire."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent_access_scope import AgentAccessScope as AgentAccessScope
    from .agent_activity_thread import AgentActivityThread as AgentActivityThread
    from .agent_activity_thread_auth import AgentActivityThreadAuth as AgentActivityThreadAuth
    from .agent_activity_thread_message import (
        AgentActivityThreadMessage as AgentActivityThreadMessage,
    )
    from .agent_activity_thread_message_content import (
        AgentActivityThreadMessageContent as AgentActivityThreadMessageContent,
    )
    from .agent_activity_thread_other_entry import (
        AgentActivityThreadOtherEntry as AgentActivityThreadOtherEntry,
    )
    from .agent_activity_thread_reasoning import (
        AgentActivityThreadReasoning as AgentActivityThreadReasoning,
    )
    from .agent_activity_thread_sub_agent_trigger import (
        AgentActivityThreadSubAgentTrigger as AgentActivityThreadSubAgentTrigger,
    )
    from .agent_activity_thread_tool_call import (
        AgentActivityThreadToolCall as AgentActivityThreadToolCall,
    )
    from .agent_create import AgentCreate as AgentCreate
    from .agent_database import AgentDatabase as AgentDatabase
    from .agent_execution_input import AgentExecutionInput as AgentExecutionInput
    from .agent_execution_status import AgentExecutionStatus as AgentExecutionStatus
    from .agent_graph_item import AgentGraphItem as AgentGraphItem
    from .agent_instructions import AgentInstructions as AgentInstructions
    from .agent_knowledge_base import AgentKnowledgeBase as AgentKnowledgeBase
    from .agent_status import AgentStatus as AgentStatus
    from .agent_tool import AgentTool as AgentTool
    from .agent_type import AgentType as AgentType
    from .api_key_allowance import ApiKeyAllowance as ApiKeyAllowance
    from .api_key_allowance_request import ApiKeyAllowanceRequest as ApiKeyAllowanceRequest
    from .attachment_kind import AttachmentKind as AttachmentKind
    from .attachment_ref import AttachmentRef as AttachmentRef
    from .audit_entry import AuditEntry as AuditEntry
    from .connection_uri import ConnectionUri as ConnectionUri
    from .conversation_kind import ConversationKind as ConversationKind
    from .deep_planning import DeepPlanning as DeepPlanning
    from .deep_planning_item import DeepPlanningItem as DeepPlanningItem
    from .deployed_asset import DeployedAsset as DeployedAsset
    from .deployment_type import DeploymentType as DeploymentType
    from .error import Error as Error
    from .event_gap import EventGap as EventGap
    from .execution_metrics_report import ExecutionMetricsReport as ExecutionMetricsReport
    from .execution_tokens import ExecutionTokens as ExecutionTokens
    from .human_in_the_loop_request import HumanInTheLoopRequest as HumanInTheLoopRequest
    from .listening_worker import ListeningWorker as ListeningWorker
    from .llm_reasoning_effort import LLMReasoningEffort as LLMReasoningEffort
    from .llm_usage_report import LLMUsageReport as LLMUsageReport
    from .mcp_server_details import MCPServerDetails as MCPServerDetails
    from .message_identity import MessageIdentity as MessageIdentity
    from .operation_call import OperationCall as OperationCall
    from .output_format import OutputFormat as OutputFormat
    from .pending_eca_request import PendingECARequest as PendingECARequest
    from .principal import Principal as Principal
    from .principal_kind import PrincipalKind as PrincipalKind
    from .removed import Removed as Removed
    from .source_node_type import SourceNodeType as SourceNodeType
    from .task_create import TaskCreate as TaskCreate
    from .task_finish import TaskFinish as TaskFinish
    from .task_notice import TaskNotice as TaskNotice
    from .task_notification import TaskNotification as TaskNotification
    from .task_notified import TaskNotified as TaskNotified
    from .task_progress import TaskProgress as TaskProgress
    from .task_report_request import TaskReportRequest as TaskReportRequest
    from .task_stop import TaskStop as TaskStop
    from .task_update import TaskUpdate as TaskUpdate
    from .task_update_event import TaskUpdateEvent as TaskUpdateEvent
    from .task_update_event_type import TaskUpdateEventType as TaskUpdateEventType
    from .tasks_delete import TasksDelete as TasksDelete
    from .think_mode import ThinkMode as ThinkMode
    from .thread import Thread as Thread
    from .thread_create import ThreadCreate as ThreadCreate
    from .thread_message import ThreadMessage as ThreadMessage
    from .thread_tool_call import ThreadToolCall as ThreadToolCall
    from .thread_update import ThreadUpdate as ThreadUpdate
    from .threads_list_item import ThreadsListItem as ThreadsListItem
    from .tokens import Tokens as Tokens
    from .tool_call_request import ToolCallRequest as ToolCallRequest
    from .tool_call_request_reasoning import ToolCallRequestReasoning as ToolCallRequestReasoning
    from .tool_call_result import ToolCallResult as ToolCallResult
    from .user import User as User
    from .worker_environment import WorkerEnvironment as WorkerEnvironment
    from .worker_environment_conflict import WorkerEnvironmentConflict as WorkerEnvironmentConflict
    from .worker_event import WorkerEvent as WorkerEvent
    from .worker_event_type import WorkerEventType as WorkerEventType
    from .worker_loss import WorkerLoss as WorkerLoss
    from .worker_message import WorkerMessage as WorkerMessage

__all__ = [
    "AgentAccessScope",
    "AgentActivityThread",
    "AgentActivityThreadAuth",
    "AgentActivityThreadMessage",
    "AgentActivityThreadMessageContent",
    "AgentActivityThreadOtherEntry",
    "AgentActivityThreadReasoning",
    "AgentActivityThreadSubAgentTrigger",
    "AgentActivityThreadToolCall",
    "AgentCreate",
    "AgentDatabase",
    "AgentExecutionInput",
    "AgentExecutionStatus",
    "AgentGraphItem",
    "AgentInstructions",
    "AgentKnowledgeBase",
    "AgentStatus",
    "AgentTool",
    "AgentType",
    "ApiKeyAllowance",
    "ApiKeyAllowanceRequest",
    "AttachmentKind",
    "AttachmentRef",
    "AuditEntry",
    "ConnectionUri",
    "ConversationKind",
    "DeepPlanning",
    "DeepPlanningItem",
    "DeployedAsset",
    "DeploymentType",
    "Error",
    "EventGap",
    "ExecutionMetricsReport",
    "ExecutionTokens",
    "HumanInTheLoopRequest",
    "LLMReasoningEffort",
    "LLMUsageReport",
    "ListeningWorker",
    "MCPServerDetails",
    "MessageIdentity",
    "OperationCall",
    "OutputFormat",
    "PendingECARequest",
    "Principal",
    "PrincipalKind",
    "Removed",
    "SourceNodeType",
    "TaskCreate",
    "TaskFinish",
    "TaskNotice",
    "TaskNotification",
    "TaskNotified",
    "TaskProgress",
    "TaskReportRequest",
    "TaskStop",
    "TaskUpdate",
    "TaskUpdateEvent",
    "TaskUpdateEventType",
    "TasksDelete",
    "ThinkMode",
    "Thread",
    "ThreadCreate",
    "ThreadMessage",
    "ThreadToolCall",
    "ThreadUpdate",
    "ThreadsListItem",
    "Tokens",
    "ToolCallRequest",
    "ToolCallRequestReasoning",
    "ToolCallResult",
    "User",
    "WorkerEnvironment",
    "WorkerEnvironmentConflict",
    "WorkerEvent",
    "WorkerEventType",
    "WorkerLoss",
    "WorkerMessage",
]

_MODULES = {
    "AgentAccessScope": ".agent_access_scope",
    "AgentActivityThread": ".agent_activity_thread",
    "AgentActivityThreadAuth": ".agent_activity_thread_auth",
    "AgentActivityThreadMessage": ".agent_activity_thread_message",
    "AgentActivityThreadMessageContent": ".agent_activity_thread_message_content",
    "AgentActivityThreadOtherEntry": ".agent_activity_thread_other_entry",
    "AgentActivityThreadReasoning": ".agent_activity_thread_reasoning",
    "AgentActivityThreadSubAgentTrigger": ".agent_activity_thread_sub_agent_trigger",
    "AgentActivityThreadToolCall": ".agent_activity_thread_tool_call",
    "AgentCreate": ".agent_create",
    "AgentDatabase": ".agent_database",
    "AgentExecutionInput": ".agent_execution_input",
    "AgentExecutionStatus": ".agent_execution_status",
    "AgentGraphItem": ".agent_graph_item",
    "AgentInstructions": ".agent_instructions",
    "AgentKnowledgeBase": ".agent_knowledge_base",
    "AgentStatus": ".agent_status",
    "AgentTool": ".agent_tool",
    "AgentType": ".agent_type",
    "ApiKeyAllowance": ".api_key_allowance",
    "ApiKeyAllowanceRequest": ".api_key_allowance_request",
    "AttachmentKind": ".attachment_kind",
    "AttachmentRef": ".attachment_ref",
    "AuditEntry": ".audit_entry",
    "ConnectionUri": ".connection_uri",
    "ConversationKind": ".conversation_kind",
    "DeepPlanning": ".deep_planning",
    "DeepPlanningItem": ".deep_planning_item",
    "DeployedAsset": ".deployed_asset",
    "DeploymentType": ".deployment_type",
    "Error": ".error",
    "EventGap": ".event_gap",
    "ExecutionMetricsReport": ".execution_metrics_report",
    "ExecutionTokens": ".execution_tokens",
    "HumanInTheLoopRequest": ".human_in_the_loop_request",
    "ListeningWorker": ".listening_worker",
    "LLMReasoningEffort": ".llm_reasoning_effort",
    "LLMUsageReport": ".llm_usage_report",
    "MCPServerDetails": ".mcp_server_details",
    "MessageIdentity": ".message_identity",
    "OperationCall": ".operation_call",
    "OutputFormat": ".output_format",
    "PendingECARequest": ".pending_eca_request",
    "Principal": ".principal",
    "PrincipalKind": ".principal_kind",
    "Removed": ".removed",
    "SourceNodeType": ".source_node_type",
    "TaskCreate": ".task_create",
    "TaskFinish": ".task_finish",
    "TaskNotice": ".task_notice",
    "TaskNotification": ".task_notification",
    "TaskNotified": ".task_notified",
    "TaskProgress": ".task_progress",
    "TaskReportRequest": ".task_report_request",
    "TasksDelete": ".tasks_delete",
    "TaskStop": ".task_stop",
    "TaskUpdate": ".task_update",
    "TaskUpdateEvent": ".task_update_event",
    "TaskUpdateEventType": ".task_update_event_type",
    "ThinkMode": ".think_mode",
    "Thread": ".thread",
    "ThreadCreate": ".thread_create",
    "ThreadMessage": ".thread_message",
    "ThreadsListItem": ".threads_list_item",
    "ThreadToolCall": ".thread_tool_call",
    "ThreadUpdate": ".thread_update",
    "Tokens": ".tokens",
    "ToolCallRequest": ".tool_call_request",
    "ToolCallRequestReasoning": ".tool_call_request_reasoning",
    "ToolCallResult": ".tool_call_result",
    "User": ".user",
    "WorkerEnvironment": ".worker_environment",
    "WorkerEnvironmentConflict": ".worker_environment_conflict",
    "WorkerEvent": ".worker_event",
    "WorkerEventType": ".worker_event_type",
    "WorkerLoss": ".worker_loss",
    "WorkerMessage": ".worker_message",
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
