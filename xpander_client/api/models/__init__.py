"""Data as it goes over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

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
    from .agent_deployment_type import AgentDeploymentType as AgentDeploymentType
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
    from .mcp_server_auth_type import MCPServerAuthType as MCPServerAuthType
    from .mcp_server_details import MCPServerDetails as MCPServerDetails
    from .mcp_server_sso_token_mode import MCPServerSSOTokenMode as MCPServerSSOTokenMode
    from .mcp_server_transport import MCPServerTransport as MCPServerTransport
    from .mcp_server_type import MCPServerType as MCPServerType
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

_HOMES = {
    ".agent_access_scope": ("AgentAccessScope",),
    ".agent_activity_thread": ("AgentActivityThread",),
    ".agent_activity_thread_auth": ("AgentActivityThreadAuth",),
    ".agent_activity_thread_message": ("AgentActivityThreadMessage",),
    ".agent_activity_thread_message_content": ("AgentActivityThreadMessageContent",),
    ".agent_activity_thread_other_entry": ("AgentActivityThreadOtherEntry",),
    ".agent_activity_thread_reasoning": ("AgentActivityThreadReasoning",),
    ".agent_activity_thread_sub_agent_trigger": ("AgentActivityThreadSubAgentTrigger",),
    ".agent_activity_thread_tool_call": ("AgentActivityThreadToolCall",),
    ".agent_create": ("AgentCreate",),
    ".agent_database": ("AgentDatabase",),
    ".agent_deployment_type": ("AgentDeploymentType",),
    ".agent_execution_input": ("AgentExecutionInput",),
    ".agent_execution_status": ("AgentExecutionStatus",),
    ".agent_graph_item": ("AgentGraphItem",),
    ".agent_instructions": ("AgentInstructions",),
    ".agent_knowledge_base": ("AgentKnowledgeBase",),
    ".agent_status": ("AgentStatus",),
    ".agent_tool": ("AgentTool",),
    ".agent_type": ("AgentType",),
    ".api_key_allowance": ("ApiKeyAllowance",),
    ".api_key_allowance_request": ("ApiKeyAllowanceRequest",),
    ".attachment_kind": ("AttachmentKind",),
    ".attachment_ref": ("AttachmentRef",),
    ".audit_entry": ("AuditEntry",),
    ".connection_uri": ("ConnectionUri",),
    ".conversation_kind": ("ConversationKind",),
    ".deep_planning": ("DeepPlanning",),
    ".deep_planning_item": ("DeepPlanningItem",),
    ".deployed_asset": ("DeployedAsset",),
    ".deployment_type": ("DeploymentType",),
    ".error": ("Error",),
    ".event_gap": ("EventGap",),
    ".execution_metrics_report": ("ExecutionMetricsReport",),
    ".execution_tokens": ("ExecutionTokens",),
    ".human_in_the_loop_request": ("HumanInTheLoopRequest",),
    ".listening_worker": ("ListeningWorker",),
    ".llm_reasoning_effort": ("LLMReasoningEffort",),
    ".llm_usage_report": ("LLMUsageReport",),
    ".mcp_server_auth_type": ("MCPServerAuthType",),
    ".mcp_server_details": ("MCPServerDetails",),
    ".mcp_server_sso_token_mode": ("MCPServerSSOTokenMode",),
    ".mcp_server_transport": ("MCPServerTransport",),
    ".mcp_server_type": ("MCPServerType",),
    ".message_identity": ("MessageIdentity",),
    ".operation_call": ("OperationCall",),
    ".output_format": ("OutputFormat",),
    ".pending_eca_request": ("PendingECARequest",),
    ".principal": ("Principal",),
    ".principal_kind": ("PrincipalKind",),
    ".removed": ("Removed",),
    ".source_node_type": ("SourceNodeType",),
    ".task_create": ("TaskCreate",),
    ".task_finish": ("TaskFinish",),
    ".task_notice": ("TaskNotice",),
    ".task_notification": ("TaskNotification",),
    ".task_notified": ("TaskNotified",),
    ".task_progress": ("TaskProgress",),
    ".task_report_request": ("TaskReportRequest",),
    ".task_stop": ("TaskStop",),
    ".task_update": ("TaskUpdate",),
    ".task_update_event": ("TaskUpdateEvent",),
    ".task_update_event_type": ("TaskUpdateEventType",),
    ".tasks_delete": ("TasksDelete",),
    ".think_mode": ("ThinkMode",),
    ".thread": ("Thread",),
    ".thread_create": ("ThreadCreate",),
    ".thread_message": ("ThreadMessage",),
    ".thread_tool_call": ("ThreadToolCall",),
    ".thread_update": ("ThreadUpdate",),
    ".threads_list_item": ("ThreadsListItem",),
    ".tokens": ("Tokens",),
    ".tool_call_request": ("ToolCallRequest",),
    ".tool_call_request_reasoning": ("ToolCallRequestReasoning",),
    ".tool_call_result": ("ToolCallResult",),
    ".user": ("User",),
    ".worker_environment": ("WorkerEnvironment",),
    ".worker_environment_conflict": ("WorkerEnvironmentConflict",),
    ".worker_event": ("WorkerEvent",),
    ".worker_event_type": ("WorkerEventType",),
    ".worker_loss": ("WorkerLoss",),
    ".worker_message": ("WorkerMessage",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)
