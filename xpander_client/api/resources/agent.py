"""`Agent`: data of the platform, with the calls that concern it."""

from __future__ import annotations

import builtins
import datetime
from typing import Any, Self

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.prompts.agent_traits import AgentTraits
from xpander_client.frameworks.agent_forms import FrameworkTools
from xpander_client.lacking import refuse_attributes
from xpander_client.tools.agent_tools import AgentTools
from xpander_client.transport import TrackedObject, Transport

from .. import models
from ..models.agent_access_scope import AgentAccessScope
from ..models.agent_deployment_type import AgentDeploymentType
from ..models.agent_status import AgentStatus
from ..models.agent_type import AgentType
from ..models.llm_reasoning_effort import LLMReasoningEffort, LLMReasoningEffortLiteral
from ..models.output_format import OutputFormat, OutputFormatLiteral
from ..models.source_node_type import SourceNodeType
from ..models.think_mode import ThinkMode, ThinkModeLiteral
from ..models.worker_loss import WorkerLoss, WorkerLossLiteral
from ..requests import agents as agents_requests, tasks as tasks_requests
from .task import Task


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class Agent(AgentTraits, AgentTools, FrameworkTools, TrackedObject):
    """An agent as the platform describes it: what it is told, its tools and its model.

    Two other classes of the package have the name: `xpander_client.legacy.Agent` drives the loop of
    a task, and `xpander_client.agents.Agent` stands in for the bodies of functions.
    """

    id: str
    """The agent's id."""
    name: str
    """The agent's name."""
    organization_id: str
    """The organization that it belongs to."""
    unique_name: str | None = None
    """The name that no other agent has."""
    icon: str | None = None
    """The picture to show."""
    instructions: models.AgentInstructions | None = None
    """The agent's instructions."""
    status: AgentStatus | None = None
    """Whether the agent can be used."""
    created_at: datetime.datetime | None = None
    """When it was created."""
    description: str | None = None
    """What it is for."""
    access_scope: AgentAccessScope | None = None
    """Who may use it."""
    created_by: str | None = None
    """Who created it."""
    type: AgentType | None = None
    """The kind of agent."""
    environment_id: str | None = None
    """Where it runs."""
    framework: str | None = None
    """What it is built with, like `agno`."""
    graph: list[models.AgentGraphItem] | None = None
    """The nodes that a task goes through."""
    _tools: list[models.AgentTool] | None = attrs.field(
        default=None, alias="tools", metadata={"wire": "tools"}
    )
    """The tools that it may call."""
    version: int | None = None
    """Which version of it this is."""
    model_provider: str | None = None
    """The provider of its model."""
    model_name: str | None = None
    """Its model."""
    llm_reasoning_effort: LLMReasoningEffort | None = None
    """The reasoning effort of its model."""
    output_format: OutputFormat | None = None
    """The format of its results."""
    output_schema: dict[str, Any] | None = None
    """The JSON Schema of its JSON results."""
    expected_output: str | None = None
    """A description of a good result."""
    deep_planning: bool | None = None
    """Whether it makes a plan before it works."""
    enforce_deep_planning: bool | None = None
    """Whether every step of the plan must be completed."""
    webhook_url: str | None = None
    """The URL that results are sent to."""
    knowledge_bases: list[models.AgentKnowledgeBase] | None = None
    """The knowledge bases that it may read."""
    memory_strategy: str | None = None
    """Which view of a thread it gets, like `full`."""
    oas: dict[str, Any] | None = None
    """The agents that it may hand work to: an OpenAPI document with a path for each."""
    deployment_type: AgentDeploymentType | None = None
    """How its workers are run."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

    @classmethod
    def load(
        cls,
        agent_id: str | None = None,
        configuration: Configuration | None = None,
        *,
        version: str | int | None = None,
    ) -> Self:
        """Get an agent with its instructions, tools and model.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            configuration: Who calls, and which platform; read from the environment when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = Agent.load("agent-sales", configuration)
            >>> print(agent.name)
            Sales
        """
        transport = Transport.of(configuration)
        return transport.call(
            agents_requests.get(
                agent_id=agent_id
                if agent_id is not None
                else transport.configuration.required("agent_id"),
                version=version,
            ),
            cls,
        ).parsed

    @classmethod
    async def aload(
        cls,
        agent_id: str | None = None,
        configuration: Configuration | None = None,
        *,
        version: str | int | None = None,
    ) -> Self:
        """Get an agent with its instructions, tools and model.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            configuration: Who calls, and which platform; read from the environment when None.
            version: The agent's version to use, instead of its current one.

        Returns:
            The agent.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = await Agent.aload("agent-sales", configuration)
            >>> print(agent.name)
            Sales
        """
        transport = Transport.of(configuration)
        return (
            await transport.acall(
                agents_requests.get(
                    agent_id=agent_id
                    if agent_id is not None
                    else transport.configuration.required("agent_id"),
                    version=version,
                ),
                cls,
            )
        ).parsed

    def reload(self, version: str | int | None = None) -> None:
        """Get the agent's current state from the platform.

        Args:
            version: The agent's version to use, instead of its current one.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = Agent.load("agent-sales", configuration)
            >>> agent.reload()
            >>> print(agent.name)
            Sales
        """
        self._adopt(
            self._transport.call(
                agents_requests.get(agent_id=self.id, version=version), type(self)
            ).parsed,
            None,
        )

    async def areload(self, version: str | int | None = None) -> None:
        """Get the agent's current state from the platform.

        Args:
            version: The agent's version to use, instead of its current one.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = await Agent.aload("agent-sales", configuration)
            >>> await agent.areload()
            >>> print(agent.name)
            Sales
        """
        self._adopt(
            (
                await self._transport.acall(
                    agents_requests.get(agent_id=self.id, version=version), type(self)
                )
            ).parsed,
            None,
        )

    def create_task(
        self,
        prompt: str = "",
        existing_task_id: str | None = None,
        file_urls: builtins.list[str] | None = None,
        user_details: models.User | None = None,
        principal: models.Principal | None = None,
        agent_version: str | int | None = None,
        tool_call_payload_extension: dict[str, Any] | None = None,
        source: SourceNodeType | str | None = None,
        worker_id: str | None = None,
        run_locally: bool | None = None,
        output_format: OutputFormat | OutputFormatLiteral | None = None,
        output_schema: dict[str, Any] | None = None,
        events_streaming: bool | None = None,
        additional_context: str | None = None,
        instructions_override: str | None = None,
        test_run_node_id: str | None = None,
        user_oidc_token: str | None = None,
        expected_output: str | None = None,
        mcp_servers: builtins.list[models.MCPServerDetails] | None = None,
        triggering_agent_id: str | None = None,
        title: str | None = None,
        think_mode: ThinkMode | ThinkModeLiteral | None = None,
        disable_attachment_injection: bool | None = None,
        return_metrics: bool | None = None,
        user_tokens: dict[str, Any] | None = None,
        llm_model_provider: str | None = None,
        llm_model_name: str | None = None,
        llm_reasoning_effort: LLMReasoningEffort | LLMReasoningEffortLiteral | None = None,
        harness_cli: str | None = None,
        tool_call_limit: int | None = None,
        attachments: builtins.list[models.AttachmentRef] | None = None,
        permission_mode: str | None = None,
        memory_thread_id: str | None = None,
        parent_execution_id: str | None = None,
        tool_call_name: str | None = None,
        on_worker_loss: WorkerLoss | WorkerLossLiteral | None = None,
        worker_pool: str | None = None,
    ) -> Task:
        """Create a task for the agent.

        Args:
            prompt: What the agent is to do.
            existing_task_id: A task to continue, instead of a new one.
            file_urls: Addresses of files that go with it.
            user_details: The person on whose behalf the task runs.
            principal: Who created the task, and how the platform knows them.
            agent_version: The agent's version to use, instead of its current one.
            tool_call_payload_extension: Extra fields for the payload of each tool call.
            source: How the task was submitted, for example by the SDK or a webhook.
            worker_id: The only worker that may run it.
            run_locally: Whether the worker that is named runs it for a test.
            output_format: The format of the result.
            output_schema: The JSON Schema of a JSON result.
            events_streaming: Whether the task's events can be streamed.
            additional_context: Context for the agent in addition to the prompt.
            instructions_override: Instructions added to the agent's own.
            test_run_node_id: The only node of a workflow to run, for trying it.
            user_oidc_token: A token of the user, for servers that want one.
            expected_output: A description of a good result.
            mcp_servers: Servers of tools that it may use.
            triggering_agent_id: The agent that triggered it.
            title: A short name for lists.
            think_mode: The agent's thinking mode.
            disable_attachment_injection: Whether to keep the files out of the model's context.
            return_metrics: Whether the answer includes the resources that the task used.
            user_tokens: The user's tokens for servers of tools.
            llm_model_provider: The provider of the model, instead of the agent's.
            llm_model_name: The model, instead of the agent's.
            llm_reasoning_effort: The model's reasoning effort; overrides the agent's setting.
            harness_cli: For agents that run a command line tool: which.
            tool_call_limit: The maximum number of tool calls; overrides the agent's limit.
            attachments: The same files with what is known about them.
            permission_mode: For the same agents: `full`, or `gated` when a person approves each
                action.
            memory_thread_id: The thread that its messages are kept in.
            parent_execution_id: The task that starts it.
            tool_call_name: The tool by which that task starts it.
            on_worker_loss: What becomes of it when the worker that runs it is lost: another one
                tries, as always, or it ends as an error.
            worker_pool: Only workers of this pool may run it, after the worker that is named and
                gets it first.

        Returns:
            The task, as it was created.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = Agent.load("agent-sales", configuration)
            >>> task = agent.create_task(
            ...     prompt="Sum up the sales by region", file_urls=["https://example.com/sales.csv"]
            ... )
            >>> print(task.status)
            pending
        """
        return self._transport.call(
            tasks_requests.create(
                agent_id=self.id,
                existing_task_id=existing_task_id,
                prompt=prompt,
                file_urls=file_urls,
                user_details=user_details,
                principal=principal,
                agent_version=agent_version,
                tool_call_payload_extension=tool_call_payload_extension,
                source=source,
                worker_id=worker_id,
                run_locally=run_locally,
                output_format=output_format,
                output_schema=output_schema,
                events_streaming=events_streaming,
                additional_context=additional_context,
                instructions_override=instructions_override,
                test_run_node_id=test_run_node_id,
                user_oidc_token=user_oidc_token,
                expected_output=expected_output,
                mcp_servers=mcp_servers,
                triggering_agent_id=triggering_agent_id,
                title=title,
                think_mode=think_mode,
                disable_attachment_injection=disable_attachment_injection,
                return_metrics=return_metrics,
                user_tokens=user_tokens,
                llm_model_provider=llm_model_provider,
                llm_model_name=llm_model_name,
                llm_reasoning_effort=llm_reasoning_effort,
                harness_cli=harness_cli,
                tool_call_limit=tool_call_limit,
                attachments=attachments,
                permission_mode=permission_mode,
                memory_thread_id=memory_thread_id,
                parent_execution_id=parent_execution_id,
                tool_call_name=tool_call_name,
                on_worker_loss=on_worker_loss,
                worker_pool=worker_pool,
            ),
            Task,
        ).parsed

    async def acreate_task(
        self,
        prompt: str = "",
        existing_task_id: str | None = None,
        file_urls: builtins.list[str] | None = None,
        user_details: models.User | None = None,
        principal: models.Principal | None = None,
        agent_version: str | int | None = None,
        tool_call_payload_extension: dict[str, Any] | None = None,
        source: SourceNodeType | str | None = None,
        worker_id: str | None = None,
        run_locally: bool | None = None,
        output_format: OutputFormat | OutputFormatLiteral | None = None,
        output_schema: dict[str, Any] | None = None,
        events_streaming: bool | None = None,
        additional_context: str | None = None,
        instructions_override: str | None = None,
        test_run_node_id: str | None = None,
        user_oidc_token: str | None = None,
        expected_output: str | None = None,
        mcp_servers: builtins.list[models.MCPServerDetails] | None = None,
        triggering_agent_id: str | None = None,
        title: str | None = None,
        think_mode: ThinkMode | ThinkModeLiteral | None = None,
        disable_attachment_injection: bool | None = None,
        return_metrics: bool | None = None,
        user_tokens: dict[str, Any] | None = None,
        llm_model_provider: str | None = None,
        llm_model_name: str | None = None,
        llm_reasoning_effort: LLMReasoningEffort | LLMReasoningEffortLiteral | None = None,
        harness_cli: str | None = None,
        tool_call_limit: int | None = None,
        attachments: builtins.list[models.AttachmentRef] | None = None,
        permission_mode: str | None = None,
        memory_thread_id: str | None = None,
        parent_execution_id: str | None = None,
        tool_call_name: str | None = None,
        on_worker_loss: WorkerLoss | WorkerLossLiteral | None = None,
        worker_pool: str | None = None,
    ) -> Task:
        """Create a task for the agent.

        Args:
            prompt: What the agent is to do.
            existing_task_id: A task to continue, instead of a new one.
            file_urls: Addresses of files that go with it.
            user_details: The person on whose behalf the task runs.
            principal: Who created the task, and how the platform knows them.
            agent_version: The agent's version to use, instead of its current one.
            tool_call_payload_extension: Extra fields for the payload of each tool call.
            source: How the task was submitted, for example by the SDK or a webhook.
            worker_id: The only worker that may run it.
            run_locally: Whether the worker that is named runs it for a test.
            output_format: The format of the result.
            output_schema: The JSON Schema of a JSON result.
            events_streaming: Whether the task's events can be streamed.
            additional_context: Context for the agent in addition to the prompt.
            instructions_override: Instructions added to the agent's own.
            test_run_node_id: The only node of a workflow to run, for trying it.
            user_oidc_token: A token of the user, for servers that want one.
            expected_output: A description of a good result.
            mcp_servers: Servers of tools that it may use.
            triggering_agent_id: The agent that triggered it.
            title: A short name for lists.
            think_mode: The agent's thinking mode.
            disable_attachment_injection: Whether to keep the files out of the model's context.
            return_metrics: Whether the answer includes the resources that the task used.
            user_tokens: The user's tokens for servers of tools.
            llm_model_provider: The provider of the model, instead of the agent's.
            llm_model_name: The model, instead of the agent's.
            llm_reasoning_effort: The model's reasoning effort; overrides the agent's setting.
            harness_cli: For agents that run a command line tool: which.
            tool_call_limit: The maximum number of tool calls; overrides the agent's limit.
            attachments: The same files with what is known about them.
            permission_mode: For the same agents: `full`, or `gated` when a person approves each
                action.
            memory_thread_id: The thread that its messages are kept in.
            parent_execution_id: The task that starts it.
            tool_call_name: The tool by which that task starts it.
            on_worker_loss: What becomes of it when the worker that runs it is lost: another one
                tries, as always, or it ends as an error.
            worker_pool: Only workers of this pool may run it, after the worker that is named and
                gets it first.

        Returns:
            The task, as it was created.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> agent = await Agent.aload("agent-sales", configuration)
            >>> task = await agent.acreate_task(
            ...     prompt="Sum up the sales by region", file_urls=["https://example.com/sales.csv"]
            ... )
            >>> print(task.status)
            pending
        """
        return (
            await self._transport.acall(
                tasks_requests.create(
                    agent_id=self.id,
                    existing_task_id=existing_task_id,
                    prompt=prompt,
                    file_urls=file_urls,
                    user_details=user_details,
                    principal=principal,
                    agent_version=agent_version,
                    tool_call_payload_extension=tool_call_payload_extension,
                    source=source,
                    worker_id=worker_id,
                    run_locally=run_locally,
                    output_format=output_format,
                    output_schema=output_schema,
                    events_streaming=events_streaming,
                    additional_context=additional_context,
                    instructions_override=instructions_override,
                    test_run_node_id=test_run_node_id,
                    user_oidc_token=user_oidc_token,
                    expected_output=expected_output,
                    mcp_servers=mcp_servers,
                    triggering_agent_id=triggering_agent_id,
                    title=title,
                    think_mode=think_mode,
                    disable_attachment_injection=disable_attachment_injection,
                    return_metrics=return_metrics,
                    user_tokens=user_tokens,
                    llm_model_provider=llm_model_provider,
                    llm_model_name=llm_model_name,
                    llm_reasoning_effort=llm_reasoning_effort,
                    harness_cli=harness_cli,
                    tool_call_limit=tool_call_limit,
                    attachments=attachments,
                    permission_mode=permission_mode,
                    memory_thread_id=memory_thread_id,
                    parent_execution_id=parent_execution_id,
                    tool_call_name=tool_call_name,
                    on_worker_loss=on_worker_loss,
                    worker_pool=worker_pool,
                ),
                Task,
            )
        ).parsed


refuse_attributes(
    Agent,
    "adelete_session",
    "aget_args",
    "aget_connection_string",
    "aget_db",
    "aget_knowledge_bases",
    "aget_session",
    "aget_streaming_spec",
    "aget_user_sessions",
    "agno_settings",
    "arun",
    "attach_knowledge_base",
    "can_self_schedule",
    "connectivity_details",
    "delete_session",
    "developer_access",
    "discoverable",
    "get_args",
    "get_connection_string",
    "get_db",
    "get_knowledge_bases",
    "get_session",
    "get_streaming_spec",
    "get_user_sessions",
    "has_knowledge_bases",
    "is_a_team",
    "is_autonomous",
    "is_omni",
    "knowledge_bases_retriever",
    "live_surface_sharing_enabled",
    "llm_api_base",
    "llm_credentials",
    "llm_extra_headers",
    "max_self_schedules",
    "mcp_servers",
    "notification_settings",
    "oidc_pre_auth_token_llm_audience",
    "oidc_pre_auth_token_mcp_audience",
    "orchestration_nodes",
    "origin_template",
    "output",
    "pre_auth_audiences",
    "run",
    "runtime_environment",
    "runtime_environment_id",
    "search_knowledge",
    "should_stage_before_publish",
    "skills",
    "source_nodes",
    "sync_local_tools",
    "task_level_strategies",
    "use_agent_gateway",
    "use_dynamic_tools",
    "use_oidc_pre_auth",
    "use_oidc_pre_auth_token_for_llm",
    "using_nemo",
    "voice_id",
    "with_auto_context_management",
    "workspace_tools_enabled",
)
