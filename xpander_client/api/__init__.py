"""xpander.ai agent tasks: models, and the resources that speak of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

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
    from .models.agent_deployment_type import AgentDeploymentType as AgentDeploymentType
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
    from .models.mcp_server_auth_type import MCPServerAuthType as MCPServerAuthType
    from .models.mcp_server_details import MCPServerDetails as MCPServerDetails
    from .models.mcp_server_sso_token_mode import MCPServerSSOTokenMode as MCPServerSSOTokenMode
    from .models.mcp_server_transport import MCPServerTransport as MCPServerTransport
    from .models.mcp_server_type import MCPServerType as MCPServerType
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

_HOMES = {
    ".models.agent_access_scope": ("AgentAccessScope",),
    ".models.agent_activity_thread": ("AgentActivityThread",),
    ".models.agent_activity_thread_auth": ("AgentActivityThreadAuth",),
    ".models.agent_activity_thread_message": ("AgentActivityThreadMessage",),
    ".models.agent_activity_thread_message_content": ("AgentActivityThreadMessageContent",),
    ".models.agent_activity_thread_other_entry": ("AgentActivityThreadOtherEntry",),
    ".models.agent_activity_thread_reasoning": ("AgentActivityThreadReasoning",),
    ".models.agent_activity_thread_sub_agent_trigger": ("AgentActivityThreadSubAgentTrigger",),
    ".models.agent_activity_thread_tool_call": ("AgentActivityThreadToolCall",),
    ".models.agent_create": ("AgentCreate",),
    ".models.agent_database": ("AgentDatabase",),
    ".models.agent_deployment_type": ("AgentDeploymentType",),
    ".models.agent_execution_input": ("AgentExecutionInput",),
    ".models.agent_execution_status": ("AgentExecutionStatus",),
    ".models.agent_graph_item": ("AgentGraphItem",),
    ".models.agent_instructions": ("AgentInstructions",),
    ".models.agent_knowledge_base": ("AgentKnowledgeBase",),
    ".models.agent_status": ("AgentStatus",),
    ".models.agent_tool": ("AgentTool",),
    ".models.agent_type": ("AgentType",),
    ".models.api_key_allowance": ("ApiKeyAllowance",),
    ".models.api_key_allowance_request": ("ApiKeyAllowanceRequest",),
    ".models.attachment_kind": ("AttachmentKind",),
    ".models.attachment_ref": ("AttachmentRef",),
    ".models.audit_entry": ("AuditEntry",),
    ".models.connection_uri": ("ConnectionUri",),
    ".models.conversation_kind": ("ConversationKind",),
    ".models.deep_planning": ("DeepPlanning",),
    ".models.deep_planning_item": ("DeepPlanningItem",),
    ".models.deployed_asset": ("DeployedAsset",),
    ".models.deployment_type": ("DeploymentType",),
    ".models.error": ("Error",),
    ".models.event_gap": ("EventGap",),
    ".models.execution_metrics_report": ("ExecutionMetricsReport",),
    ".models.execution_tokens": ("ExecutionTokens",),
    ".models.human_in_the_loop_request": ("HumanInTheLoopRequest",),
    ".models.listening_worker": ("ListeningWorker",),
    ".models.llm_reasoning_effort": ("LLMReasoningEffort",),
    ".models.llm_usage_report": ("LLMUsageReport",),
    ".models.mcp_server_auth_type": ("MCPServerAuthType",),
    ".models.mcp_server_details": ("MCPServerDetails",),
    ".models.mcp_server_sso_token_mode": ("MCPServerSSOTokenMode",),
    ".models.mcp_server_transport": ("MCPServerTransport",),
    ".models.mcp_server_type": ("MCPServerType",),
    ".models.message_identity": ("MessageIdentity",),
    ".models.operation_call": ("OperationCall",),
    ".models.output_format": ("OutputFormat",),
    ".models.pending_eca_request": ("PendingECARequest",),
    ".models.principal": ("Principal",),
    ".models.principal_kind": ("PrincipalKind",),
    ".models.removed": ("Removed",),
    ".models.source_node_type": ("SourceNodeType",),
    ".models.task_create": ("TaskCreate",),
    ".models.task_finish": ("TaskFinish",),
    ".models.task_notice": ("TaskNotice",),
    ".models.task_notification": ("TaskNotification",),
    ".models.task_notified": ("TaskNotified",),
    ".models.task_progress": ("TaskProgress",),
    ".models.task_report_request": ("TaskReportRequest",),
    ".models.task_stop": ("TaskStop",),
    ".models.task_update": ("TaskUpdate",),
    ".models.task_update_event": ("TaskUpdateEvent",),
    ".models.task_update_event_type": ("TaskUpdateEventType",),
    ".models.tasks_delete": ("TasksDelete",),
    ".models.think_mode": ("ThinkMode",),
    ".models.thread": ("Thread",),
    ".models.thread_create": ("ThreadCreate",),
    ".models.thread_message": ("ThreadMessage",),
    ".models.thread_tool_call": ("ThreadToolCall",),
    ".models.thread_update": ("ThreadUpdate",),
    ".models.threads_list_item": ("ThreadsListItem",),
    ".models.tokens": ("Tokens",),
    ".models.tool_call_request": ("ToolCallRequest",),
    ".models.tool_call_request_reasoning": ("ToolCallRequestReasoning",),
    ".models.tool_call_result": ("ToolCallResult",),
    ".models.user": ("User",),
    ".models.worker_environment": ("WorkerEnvironment",),
    ".models.worker_environment_conflict": ("WorkerEnvironmentConflict",),
    ".models.worker_event": ("WorkerEvent",),
    ".models.worker_event_type": ("WorkerEventType",),
    ".models.worker_loss": ("WorkerLoss",),
    ".models.worker_message": ("WorkerMessage",),
    ".resources.agent": ("Agent",),
    ".resources.agents": ("Agents", "AgentsWithRawResponse"),
    ".resources.agents_list_item": ("AgentsListItem",),
    ".resources.event_kinds": (
        "AgentExecutionEvent",
        "ChunkEvent",
        "GapEvent",
        "PlanUpdatedEvent",
        "SubTaskCreatedEvent",
        "SubTaskFinishedEvent",
        "SubTaskUpdatedEvent",
        "TaskCreatedEvent",
        "TaskFinishedEvent",
        "TaskNotifyEvent",
        "TaskStopEvent",
        "TaskUpdatedEvent",
        "ToolCallRequestEvent",
        "ToolCallResultEvent",
        "WorkerEnvironmentConflictEvent",
        "WorkerRegistrationEvent",
    ),
    ".resources.organization": ("Organization", "OrganizationWithRawResponse"),
    ".resources.task": ("Task",),
    ".resources.tasks": ("Tasks", "TasksWithRawResponse"),
    ".resources.tasks_list_item": ("TasksListItem",),
    ".resources.threads": ("Threads", "ThreadsWithRawResponse"),
    ".resources.workers": ("Workers", "WorkersWithRawResponse"),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)
