"""`TaskCreate`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .agent_execution_input import AgentExecutionInput
from .llm_reasoning_effort import LLMReasoningEffort
from .mcp_server_details import MCPServerDetails
from .output_format import OutputFormat
from .source_node_type import SourceNodeType
from .think_mode import ThinkMode
from .worker_loss import WorkerLoss


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class TaskCreate(Model):
    """What a task is created from."""

    input: AgentExecutionInput
    """The prompt."""
    id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """A task to continue, instead of a new one."""
    payload_extension: dict[str, Any] | None = None
    """Extra fields for the payload of each tool call."""
    source: SourceNodeType | str | None = None
    """How the task was submitted, for example by the SDK or a webhook."""
    worker_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The only worker that may run it."""
    worker_pool: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """Only workers of this pool may run it, after the worker that is named and gets it first."""
    on_worker_loss: WorkerLoss | None = None
    """What becomes of it when the worker that runs it is lost: another one tries, as always, or
    it ends as an error.
    """
    memory_thread_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The thread that its messages are kept in."""
    parent_execution_id: str | None = attrs.field(
        default=None,
        metadata={"bounds": {"maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}},
    )
    """The task that starts it."""
    tool_call_name: str | None = None
    """The tool by which that task starts it."""
    output_format: OutputFormat | None = None
    """The format of the result."""
    output_schema: dict[str, Any] | None = None
    """The JSON Schema of a JSON result."""
    run_locally: bool | None = None
    """Whether the worker that is named runs it for a test."""
    events_streaming: bool | None = None
    """Whether the task's events can be streamed."""
    additional_context: str | None = None
    """Context for the agent in addition to the prompt."""
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
    tool_call_limit: int | None = None
    """The maximum number of tool calls; overrides the agent's limit."""
    user_tokens: dict[str, Any] | None = attrs.field(default=None, repr=False)
    """The user's tokens for servers of tools."""
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
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
