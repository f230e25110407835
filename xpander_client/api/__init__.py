"""xpander.ai agent tasks: models, and the resources that speak of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models.agent_access_scope import AgentAccessScope as AgentAccessScope
    from .models.agent_activity_thread import AgentActivityThread as AgentActivityThread
    from .models.agent_activity_thread_auth import (
        AgentActivityThreadAuth as AgentActivityThreadAuth,
    )
    from .models.agent_activity_thread_message import (
        AgentActivityThreadMessage as AgentActivityThreadMessage,
    )
    from .models.agent_activity_thread_message_content import (
        AgentActivityThreadMessageContent as AgentActivityThreadMessageContent,
    )
    from .models.agent_activity_thread_other_entry import (
        AgentActivityThreadOtherEntry as AgentActivityThreadOtherEntry,
    )
    from .models.agent_activity_thread_reasoning import (
        AgentActivityThreadReasoning as AgentActivityThreadReasoning,
    )
    from .models.agent_activity_thread_sub_agent_trigger import (
        AgentActivityThreadSubAgentTrigger as AgentActivityThreadSubAgentTrigger,
    )
    from .models.agent_activity_thread_tool_call import (
        AgentActivityThreadToolCall as AgentActivityThreadToolCall,
    )
    from .models.agent_create import AgentCreate as AgentCreate
    from .models.agent_database import AgentDatabase as AgentDatabase
    from .models.agent_execution_input import AgentExecutionInput as AgentExecutionInput
    from .models.agent_execution_status import AgentExecutionStatus as AgentExecutionStatus
    from .models.agent_graph_item import AgentGraphItem as AgentGraphItem
    from .models.agent_instructions import AgentInstructions as AgentInstructions
    from .models.agent_knowledge_base import AgentKnowledgeBase as AgentKnowledgeBase
    from .models.agent_status import AgentStatus as AgentStatus
    from .models.agent_tool import AgentTool as AgentTool
    from .models.agent_type import AgentType as AgentType
    from .models.api_key_allowance import ApiKeyAllowance as ApiKeyAllowance
    from .models.api_key_allowance_request import ApiKeyAllowanceRequest as ApiKeyAllowanceRequest
    from .models.attachment_kind import AttachmentKind as AttachmentKind
    from .models.attachment_ref import AttachmentRef as AttachmentRef
    from .models.audit_entry import AuditEntry as AuditEntry
    from .models.connection_uri import ConnectionUri as ConnectionUri
    from .models.conversation_kind import ConversationKind as ConversationKind
    from .models.deep_planning import DeepPlanning as DeepPlanning
    from .models.deep_planning_item import DeepPlanningItem as DeepPlanningItem
    from .models.deployed_asset import DeployedAsset as DeployedAsset
    from .models.deployment_type import DeploymentType as DeploymentType
    from .models.error import Error as Error
    from .models.event_gap import EventGap as EventGap
    from .models.execution_metrics_report import ExecutionMetricsReport as ExecutionMetricsReport
    from .models.execution_tokens import ExecutionTokens as ExecutionTokens
    from .models.human_in_the_loop_request import HumanInTheLoopRequest as HumanInTheLoopRequest
    from .models.listening_worker import ListeningWorker as ListeningWorker
    from .models.llm_reasoning_effort import LLMReasoningEffort as LLMReasoningEffort
    from .models.llm_usage_report import LLMUsageReport as LLMUsageReport
    from .models.mcp_server_details import MCPServerDetails as MCPServerDetails
    from .models.message_identity import MessageIdentity as MessageIdentity
    from .models.operation_call import OperationCall as OperationCall
    from .models.output_format import OutputFormat as OutputFormat
    from .models.pending_eca_request import PendingECARequest as PendingECARequest
    from .models.principal import Principal as Principal
    from .models.principal_kind import PrincipalKind as PrincipalKind
    from .models.removed import Removed as Removed
    from .models.source_node_type import SourceNodeType as SourceNodeType
    from .models.task_create import TaskCreate as TaskCreate
    from .models.task_finish import TaskFinish as TaskFinish
    from .models.task_notice import TaskNotice as TaskNotice
    from .models.task_notification import TaskNotification as TaskNotification
    from .models.task_notified import TaskNotified as TaskNotified
    from .models.task_progress import TaskProgress as TaskProgress
    from .models.task_report_request import TaskReportRequest as TaskReportRequest
    from .models.task_stop import TaskStop as TaskStop
    from .models.task_update import TaskUpdate as TaskUpdate
    from .models.task_update_event import TaskUpdateEvent as TaskUpdateEvent
    from .models.task_update_event_type import TaskUpdateEventType as TaskUpdateEventType
    from .models.tasks_delete import TasksDelete as TasksDelete
    from .models.think_mode import ThinkMode as ThinkMode
    from .models.thread import Thread as Thread
    from .models.thread_create import ThreadCreate as ThreadCreate
    from .models.thread_message import ThreadMessage as ThreadMessage
    from .models.thread_tool_call import ThreadToolCall as ThreadToolCall
    from .models.thread_update import ThreadUpdate as ThreadUpdate
    from .models.threads_list_item import ThreadsListItem as ThreadsListItem
    from .models.tokens import Tokens as Tokens
    from .models.tool_call_request import ToolCallRequest as ToolCallRequest
    from .models.tool_call_request_reasoning import (
        ToolCallRequestReasoning as ToolCallRequestReasoning,
    )
    from .models.tool_call_result import ToolCallResult as ToolCallResult
    from .models.user import User as User
    from .models.worker_environment import WorkerEnvironment as WorkerEnvironment
    from .models.worker_environment_conflict import (
        WorkerEnvironmentConflict as WorkerEnvironmentConflict,
    )
    from .models.worker_event import WorkerEvent as WorkerEvent
    from .models.worker_event_type import WorkerEventType as WorkerEventType
    from .models.worker_loss import WorkerLoss as WorkerLoss
    from .models.worker_message import WorkerMessage as WorkerMessage
    from .resources.agent import Agent as Agent
    from .resources.agents import Agents as Agents, AgentsWithRawResponse as AgentsWithRawResponse
    from .resources.agents_list_item import AgentsListItem as AgentsListItem
    from .resources.event_kinds import (
        AgentExecutionEvent as AgentExecutionEvent,
        ChunkEvent as ChunkEvent,
        GapEvent as GapEvent,
        PlanUpdatedEvent as PlanUpdatedEvent,
        SubTaskCreatedEvent as SubTaskCreatedEvent,
        SubTaskFinishedEvent as SubTaskFinishedEvent,
        SubTaskUpdatedEvent as SubTaskUpdatedEvent,
        TaskCreatedEvent as TaskCreatedEvent,
        TaskFinishedEvent as TaskFinishedEvent,
        TaskNotifyEvent as TaskNotifyEvent,
        TaskStopEvent as TaskStopEvent,
        TaskUpdatedEvent as TaskUpdatedEvent,
        ToolCallRequestEvent as ToolCallRequestEvent,
        ToolCallResultEvent as ToolCallResultEvent,
        WorkerEnvironmentConflictEvent as WorkerEnvironmentConflictEvent,
        WorkerRegistrationEvent as WorkerRegistrationEvent,
    )
    from .resources.organization import (
        Organization as Organization,
        OrganizationWithRawResponse as OrganizationWithRawResponse,
    )
    from .resources.task import Task as Task
    from .resources.tasks import Tasks as Tasks, TasksWithRawResponse as TasksWithRawResponse
    from .resources.tasks_list_item import TasksListItem as TasksListItem
    from .resources.threads import (
        Threads as Threads,
        ThreadsWithRawResponse as ThreadsWithRawResponse,
    )
    from .resources.workers import (
        Workers as Workers,
        WorkersWithRawResponse as WorkersWithRawResponse,
    )

__all__ = [
    "Agent",
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
    "AgentExecutionEvent",
    "AgentExecutionInput",
    "AgentExecutionStatus",
    "AgentGraphItem",
    "AgentInstructions",
    "AgentKnowledgeBase",
    "AgentStatus",
    "AgentTool",
    "AgentType",
    "Agents",
    "AgentsListItem",
    "AgentsWithRawResponse",
    "ApiKeyAllowance",
    "ApiKeyAllowanceRequest",
    "AttachmentKind",
    "AttachmentRef",
    "AuditEntry",
    "ChunkEvent",
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
    "GapEvent",
    "HumanInTheLoopRequest",
    "LLMReasoningEffort",
    "LLMUsageReport",
    "ListeningWorker",
    "MCPServerDetails",
    "MessageIdentity",
    "OperationCall",
    "Organization",
    "OrganizationWithRawResponse",
    "OutputFormat",
    "PendingECARequest",
    "PlanUpdatedEvent",
    "Principal",
    "PrincipalKind",
    "Removed",
    "SourceNodeType",
    "SubTaskCreatedEvent",
    "SubTaskFinishedEvent",
    "SubTaskUpdatedEvent",
    "Task",
    "TaskCreate",
    "TaskCreatedEvent",
    "TaskFinish",
    "TaskFinishedEvent",
    "TaskNotice",
    "TaskNotification",
    "TaskNotified",
    "TaskNotifyEvent",
    "TaskProgress",
    "TaskReportRequest",
    "TaskStop",
    "TaskStopEvent",
    "TaskUpdate",
    "TaskUpdateEvent",
    "TaskUpdateEventType",
    "TaskUpdatedEvent",
    "Tasks",
    "TasksDelete",
    "TasksListItem",
    "TasksWithRawResponse",
    "ThinkMode",
    "Thread",
    "ThreadCreate",
    "ThreadMessage",
    "ThreadToolCall",
    "ThreadUpdate",
    "Threads",
    "ThreadsListItem",
    "ThreadsWithRawResponse",
    "Tokens",
    "ToolCallRequest",
    "ToolCallRequestEvent",
    "ToolCallRequestReasoning",
    "ToolCallResult",
    "ToolCallResultEvent",
    "User",
    "WorkerEnvironment",
    "WorkerEnvironmentConflict",
    "WorkerEnvironmentConflictEvent",
    "WorkerEvent",
    "WorkerEventType",
    "WorkerLoss",
    "WorkerMessage",
    "WorkerRegistrationEvent",
    "Workers",
    "WorkersWithRawResponse",
]

_MODULES = {
    "Agent": ".resources.agent",
    "AgentAccessScope": ".models.agent_access_scope",
    "AgentActivityThread": ".models.agent_activity_thread",
    "AgentActivityThreadAuth": ".models.agent_activity_thread_auth",
    "AgentActivityThreadMessage": ".models.agent_activity_thread_message",
    "AgentActivityThreadMessageContent": ".models.agent_activity_thread_message_content",
    "AgentActivityThreadOtherEntry": ".models.agent_activity_thread_other_entry",
    "AgentActivityThreadReasoning": ".models.agent_activity_thread_reasoning",
    "AgentActivityThreadSubAgentTrigger": ".models.agent_activity_thread_sub_agent_trigger",
    "AgentActivityThreadToolCall": ".models.agent_activity_thread_tool_call",
    "AgentCreate": ".models.agent_create",
    "AgentDatabase": ".models.agent_database",
    "AgentExecutionEvent": ".resources.event_kinds",
    "AgentExecutionInput": ".models.agent_execution_input",
    "AgentExecutionStatus": ".models.agent_execution_status",
    "AgentGraphItem": ".models.agent_graph_item",
    "AgentInstructions": ".models.agent_instructions",
    "AgentKnowledgeBase": ".models.agent_knowledge_base",
    "Agents": ".resources.agents",
    "AgentsListItem": ".resources.agents_list_item",
    "AgentStatus": ".models.agent_status",
    "AgentsWithRawResponse": ".resources.agents",
    "AgentTool": ".models.agent_tool",
    "AgentType": ".models.agent_type",
    "ApiKeyAllowance": ".models.api_key_allowance",
    "ApiKeyAllowanceRequest": ".models.api_key_allowance_request",
    "AttachmentKind": ".models.attachment_kind",
    "AttachmentRef": ".models.attachment_ref",
    "AuditEntry": ".models.audit_entry",
    "ChunkEvent": ".resources.event_kinds",
    "ConnectionUri": ".models.connection_uri",
    "ConversationKind": ".models.conversation_kind",
    "DeepPlanning": ".models.deep_planning",
    "DeepPlanningItem": ".models.deep_planning_item",
    "DeployedAsset": ".models.deployed_asset",
    "DeploymentType": ".models.deployment_type",
    "Error": ".models.error",
    "EventGap": ".models.event_gap",
    "ExecutionMetricsReport": ".models.execution_metrics_report",
    "ExecutionTokens": ".models.execution_tokens",
    "GapEvent": ".resources.event_kinds",
    "HumanInTheLoopRequest": ".models.human_in_the_loop_request",
    "ListeningWorker": ".models.listening_worker",
    "LLMReasoningEffort": ".models.llm_reasoning_effort",
    "LLMUsageReport": ".models.llm_usage_report",
    "MCPServerDetails": ".models.mcp_server_details",
    "MessageIdentity": ".models.message_identity",
    "OperationCall": ".models.operation_call",
    "Organization": ".resources.organization",
    "OrganizationWithRawResponse": ".resources.organization",
    "OutputFormat": ".models.output_format",
    "PendingECARequest": ".models.pending_eca_request",
    "PlanUpdatedEvent": ".resources.event_kinds",
    "Principal": ".models.principal",
    "PrincipalKind": ".models.principal_kind",
    "Removed": ".models.removed",
    "SourceNodeType": ".models.source_node_type",
    "SubTaskCreatedEvent": ".resources.event_kinds",
    "SubTaskFinishedEvent": ".resources.event_kinds",
    "SubTaskUpdatedEvent": ".resources.event_kinds",
    "Task": ".resources.task",
    "TaskCreate": ".models.task_create",
    "TaskCreatedEvent": ".resources.event_kinds",
    "TaskFinish": ".models.task_finish",
    "TaskFinishedEvent": ".resources.event_kinds",
    "TaskNotice": ".models.task_notice",
    "TaskNotification": ".models.task_notification",
    "TaskNotified": ".models.task_notified",
    "TaskNotifyEvent": ".resources.event_kinds",
    "TaskProgress": ".models.task_progress",
    "TaskReportRequest": ".models.task_report_request",
    "Tasks": ".resources.tasks",
    "TasksDelete": ".models.tasks_delete",
    "TasksListItem": ".resources.tasks_list_item",
    "TaskStop": ".models.task_stop",
    "TaskStopEvent": ".resources.event_kinds",
    "TasksWithRawResponse": ".resources.tasks",
    "TaskUpdate": ".models.task_update",
    "TaskUpdatedEvent": ".resources.event_kinds",
    "TaskUpdateEvent": ".models.task_update_event",
    "TaskUpdateEventType": ".models.task_update_event_type",
    "ThinkMode": ".models.think_mode",
    "Thread": ".models.thread",
    "ThreadCreate": ".models.thread_create",
    "ThreadMessage": ".models.thread_message",
    "Threads": ".resources.threads",
    "ThreadsListItem": ".models.threads_list_item",
    "ThreadsWithRawResponse": ".resources.threads",
    "ThreadToolCall": ".models.thread_tool_call",
    "ThreadUpdate": ".models.thread_update",
    "Tokens": ".models.tokens",
    "ToolCallRequest": ".models.tool_call_request",
    "ToolCallRequestEvent": ".resources.event_kinds",
    "ToolCallRequestReasoning": ".models.tool_call_request_reasoning",
    "ToolCallResult": ".models.tool_call_result",
    "ToolCallResultEvent": ".resources.event_kinds",
    "User": ".models.user",
    "WorkerEnvironment": ".models.worker_environment",
    "WorkerEnvironmentConflict": ".models.worker_environment_conflict",
    "WorkerEnvironmentConflictEvent": ".resources.event_kinds",
    "WorkerEvent": ".models.worker_event",
    "WorkerEventType": ".models.worker_event_type",
    "WorkerLoss": ".models.worker_loss",
    "WorkerMessage": ".models.worker_message",
    "WorkerRegistrationEvent": ".resources.event_kinds",
    "Workers": ".resources.workers",
    "WorkersWithRawResponse": ".resources.workers",
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
