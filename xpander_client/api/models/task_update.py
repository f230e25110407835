"""`TaskUpdate`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_execution_input import AgentExecutionInput
from .agent_execution_status import AgentExecutionStatus
from .conversation_kind import ConversationKind
from .deep_planning import DeepPlanning
from .human_in_the_loop_request import HumanInTheLoopRequest
from .llm_reasoning_effort import LLMReasoningEffort
from .mcp_server_details import MCPServerDetails
from .output_format import OutputFormat
from .pending_eca_request import PendingECARequest
from .source_node_type import SourceNodeType
from .task_progress import TaskProgress
from .think_mode import ThinkMode
from .tokens import Tokens


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskUpdate(Model):
    """The fields of a task that change; what is not given stays as it is. Fields that cannot
    change (`id`, `agent_id`, `organization_id`, `created_at`) may stand here when they are
    the same. `execution_attempts` is the attempt that a writing worker holds.
    """

    tool_call_payload_extension: dict[str, Any] | None = None
    """Extra fields for the payload of each tool call."""
    id: str | None = None
    """The task's id."""
    agent_id: str | None = None
    """The agent that works on it."""
    organization_id: str | None = None
    """The organization that it belongs to."""
    input: AgentExecutionInput | None = None
    """The prompt."""
    created_at: datetime.datetime | None = None
    """When it was created."""
    status: AgentExecutionStatus | None = None
    """The current status."""
    internal_status: str | None = attrs.field(
        default=None, metadata={"bounds": {"maxLength": 255, "pattern": "^[^\\u0000]*$"}}
    )
    """The platform's own name for the current status."""
    last_executed_node_id: str | None = None
    """The node of the agent's graph that ran last."""
    agent_version: str | int | None = None
    """The version of the agent that works on it."""
    started_at: datetime.datetime | None = None
    """When a worker started it."""
    paused_at: datetime.datetime | None = None
    """When it was paused."""
    finished_at: datetime.datetime | None = None
    """When it ended."""
    result: str | dict[str, Any] | list[Any] | None = None
    """What came out, or the error's text. What is no text is kept as its JSON."""
    parent_execution: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The task that started this one."""
    conversation_id: str | None = None
    """The conversation that it is a turn of."""
    memory_thread_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The thread that its messages are kept in."""
    worker_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """Together with the status `executing`: the script that takes the task, which goes to it if
    no worker has it.
    """
    run_locally: bool | None = None
    """Together with `worker_id` and the status `executing`: it is a worker that takes the task,
    because it was asked to directly, whichever worker the task waits for.
    """
    conversation_kind: ConversationKind | None = None
    """On the first task of a conversation: how it is led."""
    sub_executions: list[str] | None = None
    """The tasks that it started."""
    should_update_parent: bool | None = None
    """Whether the parent task is notified when it ends."""
    is_manually_stopped: bool | None = None
    """Whether it was stopped on request."""
    payload_extension: dict[str, Any] | None = None
    """Extra fields for the payload of each tool call."""
    execution_kind: str | None = None
    """`turn`, or `resident` for a process that goes on until the agent ends it."""
    hitl_request: HumanInTheLoopRequest | None = None
    """What a paused task is waiting for."""
    pending_eca_request: PendingECARequest | None = None
    """The authorization that it waits for."""
    source: SourceNodeType | str | None = None
    """How the task was submitted, for example by the SDK or a webhook."""
    voice_id: str | None = None
    """The voice of a spoken result."""
    output_format: OutputFormat | None = None
    """The format of the result."""
    output_schema: dict[str, Any] | None = None
    """The JSON Schema of a JSON result."""
    events_streaming: bool | None = None
    """Whether the task's events can be streamed."""
    is_orchestration: bool | None = None
    """Whether it runs a workflow of agents."""
    is_gateway: bool | None = None
    """Whether it is the first task of a conversation."""
    is_app: bool | None = None
    """Whether it was started by an app."""
    background_auth_eligible: bool | None = None
    """Whether it may ask for authorizations while it runs."""
    additional_context: str | None = None
    """Context for the agent in addition to the prompt."""
    tool_call_limit: int | None = None
    """The maximum number of tool calls; overrides the agent's limit."""
    instructions_override: str | None = None
    """Instructions added to the agent's own."""
    test_run_node_id: str | None = None
    """The only node of a workflow to run, for trying it."""
    user_oidc_token: str | None = attrs.field(default=None, repr=False)
    """A token of the user, for servers that want one."""
    expected_output: str | None = None
    """A description of a good result."""
    mcp_servers: list[MCPServerDetails] | None = None
    """Servers of tools that it may use."""
    triggering_agent_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The agent that triggered it."""
    title: str | None = None
    """A short name for lists."""
    think_mode: ThinkMode | None = None
    """The agent's thinking mode."""
    disable_attachment_injection: bool | None = None
    """Whether to keep the files out of the model's context."""
    user_tokens: dict[str, Any] | None = attrs.field(default=None, repr=False)
    """The user's tokens for servers of tools."""
    deep_planning: DeepPlanning | None = None
    """The task's plan."""
    must_deep_plan: bool | None = None
    """Whether the agent must plan before it works."""
    execution_attempts: int | None = attrs.field(
        default=None, metadata={"bounds": {"minimum": 0, "maximum": 2147483647}}
    )
    """How often a worker has begun it. A worker's writes carry the attempt it holds."""
    progress: TaskProgress | None = None
    """The progress, as reported by the worker."""
    return_metrics: bool | None = None
    """Whether the answer includes the resources that the task used."""
    llm_model_provider: str | None = None
    """The provider of the model, instead of the agent's."""
    llm_model_name: str | None = None
    """The model, instead of the agent's."""
    llm_reasoning_effort: LLMReasoningEffort | None = None
    """The model's reasoning effort; overrides the agent's setting."""
    harness_cli: str | None = None
    """For agents that run a command line tool: which."""
    permission_mode: str | None = None
    """For the same agents: `full`, or `gated` when a person approves each action."""
    tokens: Tokens | None = None
    """The tokens that models used for the task."""
    used_tools: list[str] | None = None
    """The tools that were called."""
    duration: float | None = attrs.field(
        default=None, metadata={"bounds": {"minimum": 0, "maximum": 100000000000}}
    )
    """The running time in seconds."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
