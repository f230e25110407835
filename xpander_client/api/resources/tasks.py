"""`Tasks`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import AsyncGenerator, Generator
from typing import Any, cast

from xpander_client.core.answer import Response
from xpander_client.core.pages import page_size as _page_size
from xpander_client.transport import Resource
from xpander_client.transport.raw import RawCalls, araw, raw

from .. import models
from ..models.agent_execution_status import AgentExecutionStatus, AgentExecutionStatusLiteral
from ..models.llm_reasoning_effort import LLMReasoningEffort, LLMReasoningEffortLiteral
from ..models.output_format import OutputFormat, OutputFormatLiteral
from ..models.source_node_type import SourceNodeType
from ..models.think_mode import ThinkMode, ThinkModeLiteral
from ..models.worker_loss import WorkerLoss, WorkerLossLiteral
from ..requests import tasks as tasks_requests
from .task import Task
from .tasks_list_item import TasksListItem


class Tasks(Resource):
    """Creates, finds, changes, stops and follows tasks.

    A task is one piece of work for an agent. Every call has an `a…` twin for async code, with the
    same parameters.
    """

    @property
    def with_raw_response(self) -> TasksWithRawResponse:
        """The same calls, each returning a `Response`: status, headers and the object."""
        return TasksWithRawResponse(self._transport)

    def create(
        self,
        agent_id: str,
        existing_task_id: str | None = None,
        prompt: str = "",
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
        """Create a task for an agent.

        The platform queues the task for the agent's workers and answers at once. The call is never
        made twice: its retries carry one idempotency key, and where the platform does not honour
        keys, a create whose fate is unknown is not sent again.

        Args:
            agent_id: The agent that is to work on the task.
            existing_task_id: A task to continue, instead of a new one.
            prompt: What the agent is to do.
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
            >>> tasks = Tasks(configuration)
            >>> task = tasks.create(
            ...     agent_id="agent-sales",
            ...     prompt="Sum up the sales by region",
            ...     file_urls=["https://example.com/sales.csv"],
            ... )
            >>> print(task.status)
            pending
        """
        spec = tasks_requests.create(
            agent_id=agent_id,
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
        )
        return self._transport.call(spec, Task).parsed

    async def acreate(
        self,
        agent_id: str,
        existing_task_id: str | None = None,
        prompt: str = "",
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
        """Create a task for an agent.

        The platform queues the task for the agent's workers and answers at once. The call is never
        made twice: its retries carry one idempotency key, and where the platform does not honour
        keys, a create whose fate is unknown is not sent again.

        Args:
            agent_id: The agent that is to work on the task.
            existing_task_id: A task to continue, instead of a new one.
            prompt: What the agent is to do.
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
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.acreate(
            ...     agent_id="agent-sales",
            ...     prompt="Sum up the sales by region",
            ...     file_urls=["https://example.com/sales.csv"],
            ... )
            >>> print(task.status)
            pending
        """
        spec = tasks_requests.create(
            agent_id=agent_id,
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
        )
        return (await self._transport.acall(spec, Task)).parsed

    def run(
        self,
        agent_id: str,
        existing_task_id: str | None = None,
        prompt: str = "",
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
        events_streaming: bool = True,
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
        *,
        timeout: float | None = None,
    ) -> Task:
        """Create a task for an agent, and wait until it is over.

        The same as `create` and the task's `wait_finished`, with one request where the platform
        answers a creation with the task's events. A task that failed is returned like any other:
        its `status` says how it ended. With `events_streaming=False` the task's status is asked for
        now and then instead.

        Args:
            agent_id: The agent that is to work on the task.
            existing_task_id: A task to continue, instead of a new one.
            prompt: What the agent is to do.
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
            timeout: How long to wait, in seconds; without end when None.

        Returns:
            What was created, as it is when it is over.

        Raises:
            WaitTimeoutError: It was not over in time; it goes on.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.run(
            ...     agent_id="agent-sales",
            ...     prompt="Sum up the sales by region",
            ...     file_urls=["https://example.com/sales.csv"],
            ... )
            >>> print(task.status)
            completed
        """
        from . import streams

        spec = tasks_requests.create(
            agent_id=agent_id,
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
        )
        return self._transport.run(
            spec,
            Task,
            lambda id: tasks_requests.events(task_id=id),
            lambda created: bool(created.events_streaming),
            streams.task_update_event(""),
            streams.is_last_task_update_event,
            lambda found: found.status is not None and found.status.is_terminal,
            timeout,
        )

    async def arun(
        self,
        agent_id: str,
        existing_task_id: str | None = None,
        prompt: str = "",
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
        events_streaming: bool = True,
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
        *,
        timeout: float | None = None,
    ) -> Task:
        """Create a task for an agent, and wait until it is over.

        The same as `create` and the task's `wait_finished`, with one request where the platform
        answers a creation with the task's events. A task that failed is returned like any other:
        its `status` says how it ended. With `events_streaming=False` the task's status is asked for
        now and then instead.

        Args:
            agent_id: The agent that is to work on the task.
            existing_task_id: A task to continue, instead of a new one.
            prompt: What the agent is to do.
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
            timeout: How long to wait, in seconds; without end when None.

        Returns:
            What was created, as it is when it is over.

        Raises:
            WaitTimeoutError: It was not over in time; it goes on.
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.arun(
            ...     agent_id="agent-sales",
            ...     prompt="Sum up the sales by region",
            ...     file_urls=["https://example.com/sales.csv"],
            ... )
            >>> print(task.status)
            completed
        """
        from . import streams

        spec = tasks_requests.create(
            agent_id=agent_id,
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
        )
        return await self._transport.arun(
            spec,
            Task,
            lambda id: tasks_requests.events(task_id=id),
            lambda created: bool(created.events_streaming),
            streams.task_update_event(""),
            streams.is_last_task_update_event,
            lambda found: found.status is not None and found.status.is_terminal,
            timeout,
        )

    def stop(self, task_id: str) -> Task:
        """Stop a task.

        A task that has not started never will; one that is running is told to stop. A task that is
        finished stays as it is.

        Args:
            task_id: The task to stop.

        Returns:
            The task, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.stop(task_id="task-1")
            >>> print(task.status)
            stopped
        """
        spec = tasks_requests.stop(task_id=task_id)
        return self._transport.call(spec, Task).parsed

    async def astop(self, task_id: str) -> Task:
        """Stop a task.

        A task that has not started never will; one that is running is told to stop. A task that is
        finished stays as it is.

        Args:
            task_id: The task to stop.

        Returns:
            The task, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.astop(task_id="task-1")
            >>> print(task.status)
            stopped
        """
        spec = tasks_requests.stop(task_id=task_id)
        return (await self._transport.acall(spec, Task)).parsed

    def get(self, task_id: str) -> Task:
        """Get a task as it is now.

        Args:
            task_id: The task.

        Returns:
            The task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.get(task_id="task-1")
            >>> print(task.result)
            north: 120, south: 80
        """
        spec = tasks_requests.get(task_id=task_id)
        return self._transport.call(spec, Task).parsed

    async def aget(self, task_id: str) -> Task:
        """Get a task as it is now.

        Args:
            task_id: The task.

        Returns:
            The task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.aget(task_id="task-1")
            >>> print(task.result)
            north: 120, south: 80
        """
        spec = tasks_requests.get(task_id=task_id)
        return (await self._transport.acall(spec, Task)).parsed

    def update(
        self,
        task_id: str,
        tool_call_payload_extension: dict[str, Any] | None = None,
        source: SourceNodeType | str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        last_executed_node_id: str | None = None,
        result: str | dict[str, Any] | builtins.list[Any] | None = None,
        memory_thread_id: str | None = None,
        worker_id: str | None = None,
        progress: models.TaskProgress | None = None,
    ) -> Task:
        """Change some fields of a task.

        Only what is given changes. A terminal status is final: changing it is refused with 409, but
        that a stopped task can be set to `paused` or `pending`, by who holds no attempt of it, or
        who says with it that it `is_manually_stopped` and so knows of the stop. Refused is also a
        worker's write that carries an `execution_attempts` other than the current one. With
        `worker_id` and the status `executing` a script takes the task for itself, under the next
        attempt; when a worker has it already, that is refused with 409. With the header `prefer:
        return=minimal` the answer leaves out fields of more than 4 KB.

        Args:
            task_id: The task.
            tool_call_payload_extension: Extra fields for the payload of each tool call.
            source: How the task was submitted, for example by the SDK or a webhook.
            status: The current status.
            last_executed_node_id: The node of the agent's graph that ran last.
            result: What came out, or the error's text. What is no text is kept as its JSON.
            memory_thread_id: The thread that its messages are kept in.
            worker_id: Together with the status `executing`: the script that takes the task, which
                goes to it if no worker has it.
            progress: The progress, as reported by the worker.

        Returns:
            The task, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.update(
            ...     task_id="task-1",
            ...     status=AgentExecutionStatus.Completed,
            ...     result="north: 120, south: 80",
            ... )
            >>> print(task.status)
            completed
        """
        spec = tasks_requests.update(
            task_id=task_id,
            tool_call_payload_extension=tool_call_payload_extension,
            source=source,
            status=status,
            last_executed_node_id=last_executed_node_id,
            result=result,
            memory_thread_id=memory_thread_id,
            worker_id=worker_id,
            progress=progress,
        )
        return self._transport.call(spec, Task).parsed

    async def aupdate(
        self,
        task_id: str,
        tool_call_payload_extension: dict[str, Any] | None = None,
        source: SourceNodeType | str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        last_executed_node_id: str | None = None,
        result: str | dict[str, Any] | builtins.list[Any] | None = None,
        memory_thread_id: str | None = None,
        worker_id: str | None = None,
        progress: models.TaskProgress | None = None,
    ) -> Task:
        """Change some fields of a task.

        Only what is given changes. A terminal status is final: changing it is refused with 409, but
        that a stopped task can be set to `paused` or `pending`, by who holds no attempt of it, or
        who says with it that it `is_manually_stopped` and so knows of the stop. Refused is also a
        worker's write that carries an `execution_attempts` other than the current one. With
        `worker_id` and the status `executing` a script takes the task for itself, under the next
        attempt; when a worker has it already, that is refused with 409. With the header `prefer:
        return=minimal` the answer leaves out fields of more than 4 KB.

        Args:
            task_id: The task.
            tool_call_payload_extension: Extra fields for the payload of each tool call.
            source: How the task was submitted, for example by the SDK or a webhook.
            status: The current status.
            last_executed_node_id: The node of the agent's graph that ran last.
            result: What came out, or the error's text. What is no text is kept as its JSON.
            memory_thread_id: The thread that its messages are kept in.
            worker_id: Together with the status `executing`: the script that takes the task, which
                goes to it if no worker has it.
            progress: The progress, as reported by the worker.

        Returns:
            The task, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.aupdate(
            ...     task_id="task-1",
            ...     status=AgentExecutionStatus.Completed,
            ...     result="north: 120, south: 80",
            ... )
            >>> print(task.status)
            completed
        """
        spec = tasks_requests.update(
            task_id=task_id,
            tool_call_payload_extension=tool_call_payload_extension,
            source=source,
            status=status,
            last_executed_node_id=last_executed_node_id,
            result=result,
            memory_thread_id=memory_thread_id,
            worker_id=worker_id,
            progress=progress,
        )
        return (await self._transport.acall(spec, Task)).parsed

    def finish(
        self,
        task_id: str,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral,
        result: str | dict[str, Any] | builtins.list[Any] | None = None,
        execution_attempt: int | None = None,
    ) -> Task:
        """End a task with its result.

        For whoever carries a task out. A terminal status is final: changing it is refused with 409.

        Args:
            task_id: The task.
            status: How it ended.
            result: What came out, or the error's text. What is no text is kept as its JSON.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Returns:
            The task, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.finish(
            ...     task_id="task-1",
            ...     status=AgentExecutionStatus.Completed,
            ...     result="north: 120, south: 80",
            ... )
            >>> print(task.status)
            completed
        """
        spec = tasks_requests.finish(
            task_id=task_id, status=status, result=result, execution_attempt=execution_attempt
        )
        return self._transport.call(spec, Task).parsed

    async def afinish(
        self,
        task_id: str,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral,
        result: str | dict[str, Any] | builtins.list[Any] | None = None,
        execution_attempt: int | None = None,
    ) -> Task:
        """End a task with its result.

        For whoever carries a task out. A terminal status is final: changing it is refused with 409.

        Args:
            task_id: The task.
            status: How it ended.
            result: What came out, or the error's text. What is no text is kept as its JSON.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Returns:
            The task, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.afinish(
            ...     task_id="task-1",
            ...     status=AgentExecutionStatus.Completed,
            ...     result="north: 120, south: 80",
            ... )
            >>> print(task.status)
            completed
        """
        spec = tasks_requests.finish(
            task_id=task_id, status=status, result=result, execution_attempt=execution_attempt
        )
        return (await self._transport.acall(spec, Task)).parsed

    def notify(self, task_id: str, key: str, data: Any = None) -> models.TaskNotified:
        """Tell a task under way something that it waits for.

        Whoever runs the task gets it at once; one that is away gets it when it comes back. It is
        kept among the task's events, as a `task_updated` with a `notification`. A task that is
        finished waits for nothing: that is refused with 409.

        Args:
            task_id: The task.
            key: The name of what the task waits for.
            data: The data to deliver.

        Returns:
            Whether it was delivered already.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> notified = tasks.notify(task_id="task-1", key="approval", data=True)
            >>> print(notified.delivered)
            True
        """
        spec = tasks_requests.notify(task_id=task_id, key=key, data=data)
        return self._transport.call(spec, models.TaskNotified).parsed

    async def anotify(self, task_id: str, key: str, data: Any = None) -> models.TaskNotified:
        """Tell a task under way something that it waits for.

        Whoever runs the task gets it at once; one that is away gets it when it comes back. It is
        kept among the task's events, as a `task_updated` with a `notification`. A task that is
        finished waits for nothing: that is refused with 409.

        Args:
            task_id: The task.
            key: The name of what the task waits for.
            data: The data to deliver.

        Returns:
            Whether it was delivered already.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> notified = await tasks.anotify(task_id="task-1", key="approval", data=True)
            >>> print(notified.delivered)
            True
        """
        spec = tasks_requests.notify(task_id=task_id, key=key, data=data)
        return (await self._transport.acall(spec, models.TaskNotified)).parsed

    def get_pending(self, worker_id: str) -> Task | None:
        """Get the oldest task that waits for one worker alone.

        A tool that hands work to another agent makes such a task, for the script that called the
        tool.

        Args:
            worker_id: The script or worker that carries tasks out.

        Returns:
            The task, or null when none waits.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.get_pending(worker_id="worker-1")
            >>> print(task)
            None
        """
        spec = tasks_requests.get_pending(worker_id=worker_id)
        return self._transport.call(spec, cast("type[Task | None]", Task | None)).parsed

    async def aget_pending(self, worker_id: str) -> Task | None:
        """Get the oldest task that waits for one worker alone.

        A tool that hands work to another agent makes such a task, for the script that called the
        tool.

        Args:
            worker_id: The script or worker that carries tasks out.

        Returns:
            The task, or null when none waits.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.aget_pending(worker_id="worker-1")
            >>> print(task)
            None
        """
        spec = tasks_requests.get_pending(worker_id=worker_id)
        return (await self._transport.acall(spec, cast("type[Task | None]", Task | None))).parsed

    def list(
        self,
        agent_id: str,
        user_id: str | None = None,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        filters: dict[str, Any] | None = None,
    ) -> builtins.list[TasksListItem]:
        """List the tasks of an agent, the newest first.

        The list is whole, unless there is a `limit`. Then it is a page of the newest tasks, and
        where there are more, `x-next-cursor` of the answer is the `cursor` that goes on behind it.
        Tasks that are created meanwhile shift nothing: no task comes twice, and none that was there
        is left out. A platform that knows no pages answers with the whole list and without a
        cursor.

        Args:
            agent_id: The agent.
            user_id: Only tasks of this user.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            limit: How many tasks to answer with at most, from 1 to 500; all of them without it.
            cursor: Where to go on, the `next_cursor` of `with_raw_response.list(...)`.
            filters: The same parameters in one mapping, by their names on the wire.

        Returns:
            What there is to know about each task without loading it.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> items = tasks.list(agent_id="agent-sales", status=AgentExecutionStatus.Completed)
            >>> for item in items:
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=limit,
            cursor=cursor,
            filters=filters,
        )
        return self._transport.call(spec, builtins.list[TasksListItem]).parsed

    async def alist(
        self,
        agent_id: str,
        user_id: str | None = None,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        filters: dict[str, Any] | None = None,
    ) -> builtins.list[TasksListItem]:
        """List the tasks of an agent, the newest first.

        The list is whole, unless there is a `limit`. Then it is a page of the newest tasks, and
        where there are more, `x-next-cursor` of the answer is the `cursor` that goes on behind it.
        Tasks that are created meanwhile shift nothing: no task comes twice, and none that was there
        is left out. A platform that knows no pages answers with the whole list and without a
        cursor.

        Args:
            agent_id: The agent.
            user_id: Only tasks of this user.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            limit: How many tasks to answer with at most, from 1 to 500; all of them without it.
            cursor: Where to go on, the `next_cursor` of `with_raw_response.list(...)`.
            filters: The same parameters in one mapping, by their names on the wire.

        Returns:
            What there is to know about each task without loading it.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> items = await tasks.alist(
            ...     agent_id="agent-sales", status=AgentExecutionStatus.Completed
            ... )
            >>> for item in items:
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=limit,
            cursor=cursor,
            filters=filters,
        )
        return (await self._transport.acall(spec, builtins.list[TasksListItem])).parsed

    def iter(
        self,
        agent_id: str,
        user_id: str | None = None,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        filters: dict[str, Any] | None = None,
        page_size: int = 100,
    ) -> Generator[TasksListItem, None, None]:
        """Go through the tasks of an agent, the newest first.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            agent_id: The agent.
            user_id: Only tasks of this user.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            filters: The same parameters in one mapping, by their names on the wire.
            page_size: How many come with one request, from 1 to 500.

        Yields:
            Each TasksListItem.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> for item in tasks.iter(
            ...     agent_id="agent-sales", status=AgentExecutionStatus.Completed
            ... ):
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=_page_size(page_size, 1, 500),
            filters=filters,
        )
        return self._transport.pages(spec, builtins.list[TasksListItem])

    def aiter(
        self,
        agent_id: str,
        user_id: str | None = None,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        filters: dict[str, Any] | None = None,
        page_size: int = 100,
    ) -> AsyncGenerator[TasksListItem, None]:
        """Go through the tasks of an agent, the newest first.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            agent_id: The agent.
            user_id: Only tasks of this user.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            filters: The same parameters in one mapping, by their names on the wire.
            page_size: How many come with one request, from 1 to 500.

        Yields:
            Each TasksListItem.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> async for item in tasks.aiter(
            ...     agent_id="agent-sales", status=AgentExecutionStatus.Completed
            ... ):
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=_page_size(page_size, 1, 500),
            filters=filters,
        )
        return self._transport.apages(spec, builtins.list[TasksListItem])

    def list_user_tasks(
        self,
        user_id: str,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        filters: dict[str, Any] | None = None,
    ) -> builtins.list[TasksListItem]:
        """List the tasks of a user, the newest first.

        The list is whole, unless there is a `limit`. Then it is a page of the newest tasks, and
        where there are more, `x-next-cursor` of the answer is the `cursor` that goes on behind it.
        Tasks that are created meanwhile shift nothing: no task comes twice, and none that was there
        is left out. A platform that knows no pages answers with the whole list and without a
        cursor.

        Args:
            user_id: The user whose tasks are listed.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            limit: How many tasks to answer with at most, from 1 to 500; all of them without it.
            cursor: Where to go on, the `next_cursor` of `with_raw_response.list_user_tasks(...)`.
            filters: The same parameters in one mapping, by their names on the wire.

        Returns:
            What there is to know about each task without loading it.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> items = tasks.list_user_tasks(user_id="user-7")
            >>> for item in items:
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list_user_tasks(
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=limit,
            cursor=cursor,
            filters=filters,
        )
        return self._transport.call(spec, builtins.list[TasksListItem]).parsed

    async def alist_user_tasks(
        self,
        user_id: str,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        filters: dict[str, Any] | None = None,
    ) -> builtins.list[TasksListItem]:
        """List the tasks of a user, the newest first.

        The list is whole, unless there is a `limit`. Then it is a page of the newest tasks, and
        where there are more, `x-next-cursor` of the answer is the `cursor` that goes on behind it.
        Tasks that are created meanwhile shift nothing: no task comes twice, and none that was there
        is left out. A platform that knows no pages answers with the whole list and without a
        cursor.

        Args:
            user_id: The user whose tasks are listed.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            limit: How many tasks to answer with at most, from 1 to 500; all of them without it.
            cursor: Where to go on, the `next_cursor` of `with_raw_response.list_user_tasks(...)`.
            filters: The same parameters in one mapping, by their names on the wire.

        Returns:
            What there is to know about each task without loading it.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> items = await tasks.alist_user_tasks(user_id="user-7")
            >>> for item in items:
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list_user_tasks(
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=limit,
            cursor=cursor,
            filters=filters,
        )
        return (await self._transport.acall(spec, builtins.list[TasksListItem])).parsed

    def iter_user_tasks(
        self,
        user_id: str,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        filters: dict[str, Any] | None = None,
        page_size: int = 100,
    ) -> Generator[TasksListItem, None, None]:
        """Go through the tasks of a user, the newest first.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            user_id: The user whose tasks are listed.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            filters: The same parameters in one mapping, by their names on the wire.
            page_size: How many come with one request, from 1 to 500.

        Yields:
            Each TasksListItem.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> for item in tasks.iter_user_tasks(user_id="user-7"):
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list_user_tasks(
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=_page_size(page_size, 1, 500),
            filters=filters,
        )
        return self._transport.pages(spec, builtins.list[TasksListItem])

    def aiter_user_tasks(
        self,
        user_id: str,
        parent_task_id: str | None = None,
        triggering_agent_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        internal_status: str | None = None,
        filters: dict[str, Any] | None = None,
        page_size: int = 100,
    ) -> AsyncGenerator[TasksListItem, None]:
        """Go through the tasks of a user, the newest first.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            user_id: The user whose tasks are listed.
            parent_task_id: Only tasks that this task started.
            triggering_agent_id: Only tasks that this agent triggered.
            status: Only tasks with this status.
            internal_status: Only tasks with this internal status.
            filters: The same parameters in one mapping, by their names on the wire.
            page_size: How many come with one request, from 1 to 500.

        Yields:
            Each TasksListItem.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> async for item in tasks.aiter_user_tasks(user_id="user-7"):
            ...     print(item.id)
            task-2
            task-1
        """
        spec = tasks_requests.list_user_tasks(
            user_id=user_id,
            parent_task_id=parent_task_id,
            triggering_agent_id=triggering_agent_id,
            status=status,
            internal_status=internal_status,
            limit=_page_size(page_size, 1, 500),
            filters=filters,
        )
        return self._transport.apages(spec, builtins.list[TasksListItem])

    def delete(
        self, task_id: str, stop: bool | None = None, with_thread: bool | None = None
    ) -> models.Removed:
        """Delete a task with its events, its result and its reports.

        The task is gone at once: whoever asks for it, or still writes to it, is told that there is
        no such task. One that is not finished is refused with 409, unless it may be stopped first;
        those who follow it see that it was stopped, and a worker that has it is told. Tasks that it
        started stay.

        Args:
            task_id: The task.
            stop: Stop the task first, if it is not finished.
            with_thread: Delete the thread that it was talked about in as well.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> removed = tasks.delete(task_id="task-1", stop=True)
            >>> print(removed.tasks)
            1
        """
        spec = tasks_requests.delete(task_id=task_id, stop=stop, with_thread=with_thread)
        return self._transport.call(spec, models.Removed).parsed

    async def adelete(
        self, task_id: str, stop: bool | None = None, with_thread: bool | None = None
    ) -> models.Removed:
        """Delete a task with its events, its result and its reports.

        The task is gone at once: whoever asks for it, or still writes to it, is told that there is
        no such task. One that is not finished is refused with 409, unless it may be stopped first;
        those who follow it see that it was stopped, and a worker that has it is told. Tasks that it
        started stay.

        Args:
            task_id: The task.
            stop: Stop the task first, if it is not finished.
            with_thread: Delete the thread that it was talked about in as well.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> removed = await tasks.adelete(task_id="task-1", stop=True)
            >>> print(removed.tasks)
            1
        """
        spec = tasks_requests.delete(task_id=task_id, stop=stop, with_thread=with_thread)
        return (await self._transport.acall(spec, models.Removed)).parsed

    def delete_many(
        self,
        agent_id: str | None = None,
        user_id: str | None = None,
        parent_task_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        finished_before: datetime.datetime | None = None,
        stop: bool | None = None,
        with_threads: bool | None = None,
        cursor: str | None = None,
    ) -> models.Removed:
        """Delete the tasks that fit, each as `delete` does.

        One request looks at so many tasks, the newest first. When the answer says that there are
        `more`, its `cursor` goes on behind those. Tasks that are not finished are left out, unless
        they may be stopped first. At least one thing has to be said about the tasks.

        Args:
            agent_id: Only tasks of this agent.
            user_id: Only tasks of this user.
            parent_task_id: Only tasks that this task started.
            status: Only tasks in this status.
            finished_before: Only tasks that have not changed since.
            stop: Stop those first that are not finished.
            with_threads: Delete the threads that they were talked about in as well.
            cursor: Where to go on, the `cursor` of the answer before.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> removed = tasks.delete_many(
            ...     agent_id="agent-sales", status=AgentExecutionStatus.Failed
            ... )
            >>> print(removed.tasks)
            1
        """
        spec = tasks_requests.delete_many(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=parent_task_id,
            status=status,
            finished_before=finished_before,
            stop=stop,
            with_threads=with_threads,
            cursor=cursor,
        )
        return self._transport.call(spec, models.Removed).parsed

    async def adelete_many(
        self,
        agent_id: str | None = None,
        user_id: str | None = None,
        parent_task_id: str | None = None,
        status: AgentExecutionStatus | AgentExecutionStatusLiteral | None = None,
        finished_before: datetime.datetime | None = None,
        stop: bool | None = None,
        with_threads: bool | None = None,
        cursor: str | None = None,
    ) -> models.Removed:
        """Delete the tasks that fit, each as `delete` does.

        One request looks at so many tasks, the newest first. When the answer says that there are
        `more`, its `cursor` goes on behind those. Tasks that are not finished are left out, unless
        they may be stopped first. At least one thing has to be said about the tasks.

        Args:
            agent_id: Only tasks of this agent.
            user_id: Only tasks of this user.
            parent_task_id: Only tasks that this task started.
            status: Only tasks in this status.
            finished_before: Only tasks that have not changed since.
            stop: Stop those first that are not finished.
            with_threads: Delete the threads that they were talked about in as well.
            cursor: Where to go on, the `cursor` of the answer before.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> removed = await tasks.adelete_many(
            ...     agent_id="agent-sales", status=AgentExecutionStatus.Failed
            ... )
            >>> print(removed.tasks)
            1
        """
        spec = tasks_requests.delete_many(
            agent_id=agent_id,
            user_id=user_id,
            parent_task_id=parent_task_id,
            status=status,
            finished_before=finished_before,
            stop=stop,
            with_threads=with_threads,
            cursor=cursor,
        )
        return (await self._transport.acall(spec, models.Removed)).parsed

    def report_external_task(
        self,
        agent_id: str | None = None,
        id: str | None = None,
        input: str | None = None,
        llm_response: Any = None,
        tokens: models.Tokens | None = None,
        is_success: bool | None = None,
        result: str | None = None,
        duration: float | None = None,
        used_tools: builtins.list[str] | None = None,
    ) -> Task:
        """Report a task that was run elsewhere.

        The platform keeps it as a finished task of the agent: completed, or failed when it was no
        success.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            id: The task's id; a new one when there is none.
            input: The prompt.
            llm_response: The model's answer.
            tokens: The tokens that models used for the task.
            is_success: Whether it succeeded. The platform takes it for a success when not given.
            result: The result.
            duration: The running time in seconds.
            used_tools: The tools that were called.

        Returns:
            The task that stands for the report.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = tasks.report_external_task(
            ...     agent_id="agent-sales", input="Sum up the sales", result="200"
            ... )
            >>> print(task.status)
            completed
        """
        spec = tasks_requests.report_external_task(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            id=id,
            input=input,
            llm_response=llm_response,
            tokens=tokens,
            is_success=is_success,
            result=result,
            duration=duration,
            used_tools=used_tools,
        )
        return self._transport.call(spec, Task).parsed

    async def areport_external_task(
        self,
        agent_id: str | None = None,
        id: str | None = None,
        input: str | None = None,
        llm_response: Any = None,
        tokens: models.Tokens | None = None,
        is_success: bool | None = None,
        result: str | None = None,
        duration: float | None = None,
        used_tools: builtins.list[str] | None = None,
    ) -> Task:
        """Report a task that was run elsewhere.

        The platform keeps it as a finished task of the agent: completed, or failed when it was no
        success.

        Args:
            agent_id: The agent. The configuration's `agent_id` when None.
            id: The task's id; a new one when there is none.
            input: The prompt.
            llm_response: The model's answer.
            tokens: The tokens that models used for the task.
            is_success: Whether it succeeded. The platform takes it for a success when not given.
            result: The result.
            duration: The running time in seconds.
            used_tools: The tools that were called.

        Returns:
            The task that stands for the report.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> task = await tasks.areport_external_task(
            ...     agent_id="agent-sales", input="Sum up the sales", result="200"
            ... )
            >>> print(task.status)
            completed
        """
        spec = tasks_requests.report_external_task(
            agent_id=agent_id
            if agent_id is not None
            else self._transport.configuration.required("agent_id"),
            id=id,
            input=input,
            llm_response=llm_response,
            tokens=tokens,
            is_success=is_success,
            result=result,
            duration=duration,
            used_tools=used_tools,
        )
        return (await self._transport.acall(spec, Task)).parsed

    def report_metrics(
        self,
        agent_id: str,
        execution_id: str,
        source: SourceNodeType | str,
        memory_thread_id: str,
        task: str,
        status: str,
        duration: float,
        ai_model: str,
        sub_executions: builtins.list[str] | None = None,
        triggered_by: str | None = None,
        skills: builtins.list[str] | None = None,
        internal_status: str | None = None,
        worker: str | None = None,
        ai_employee_id: str | None = None,
        api_calls_made: builtins.list[Any] | None = None,
        result: str | None = None,
        llm_tokens: models.ExecutionTokens | None = None,
    ) -> None:
        """Report what running a task took.

        Args:
            agent_id: The agent.
            execution_id: The task's id.
            source: How the task was submitted, for example by the SDK or a webhook.
            memory_thread_id: The conversation's id.
            task: The prompt.
            status: The current status.
            duration: The running time in seconds.
            ai_model: The model that answered.
            sub_executions: The tasks that it started.
            triggered_by: The caller or system that triggered it.
            skills: The skills that were used.
            internal_status: The platform's own name for the current status.
            worker: The worker that ran it.
            ai_employee_id: The agent's id as an employee.
            api_calls_made: The calls that were made: names of tools, or more about each.
            result: The result.
            llm_tokens: The tokens that models used.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> tasks.report_metrics(
            ...     agent_id="agent-sales",
            ...     execution_id="task-1",
            ...     source=SourceNodeType.SDK,
            ...     memory_thread_id="task-1",
            ...     task="Sum up the sales by region",
            ...     status="completed",
            ...     duration=1.5,
            ...     ai_model="gpt-5",
            ... )
        """
        spec = tasks_requests.report_metrics(
            agent_id=agent_id,
            execution_id=execution_id,
            source=source,
            memory_thread_id=memory_thread_id,
            task=task,
            status=status,
            duration=duration,
            ai_model=ai_model,
            sub_executions=sub_executions,
            triggered_by=triggered_by,
            skills=skills,
            internal_status=internal_status,
            worker=worker,
            ai_employee_id=ai_employee_id,
            api_calls_made=api_calls_made,
            result=result,
            llm_tokens=llm_tokens,
        )
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def areport_metrics(
        self,
        agent_id: str,
        execution_id: str,
        source: SourceNodeType | str,
        memory_thread_id: str,
        task: str,
        status: str,
        duration: float,
        ai_model: str,
        sub_executions: builtins.list[str] | None = None,
        triggered_by: str | None = None,
        skills: builtins.list[str] | None = None,
        internal_status: str | None = None,
        worker: str | None = None,
        ai_employee_id: str | None = None,
        api_calls_made: builtins.list[Any] | None = None,
        result: str | None = None,
        llm_tokens: models.ExecutionTokens | None = None,
    ) -> None:
        """Report what running a task took.

        Args:
            agent_id: The agent.
            execution_id: The task's id.
            source: How the task was submitted, for example by the SDK or a webhook.
            memory_thread_id: The conversation's id.
            task: The prompt.
            status: The current status.
            duration: The running time in seconds.
            ai_model: The model that answered.
            sub_executions: The tasks that it started.
            triggered_by: The caller or system that triggered it.
            skills: The skills that were used.
            internal_status: The platform's own name for the current status.
            worker: The worker that ran it.
            ai_employee_id: The agent's id as an employee.
            api_calls_made: The calls that were made: names of tools, or more about each.
            result: The result.
            llm_tokens: The tokens that models used.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> await tasks.areport_metrics(
            ...     agent_id="agent-sales",
            ...     execution_id="task-1",
            ...     source=SourceNodeType.SDK,
            ...     memory_thread_id="task-1",
            ...     task="Sum up the sales by region",
            ...     status="completed",
            ...     duration=1.5,
            ...     ai_model="gpt-5",
            ... )
        """
        spec = tasks_requests.report_metrics(
            agent_id=agent_id,
            execution_id=execution_id,
            source=source,
            memory_thread_id=memory_thread_id,
            task=task,
            status=status,
            duration=duration,
            ai_model=ai_model,
            sub_executions=sub_executions,
            triggered_by=triggered_by,
            skills=skills,
            internal_status=internal_status,
            worker=worker,
            ai_employee_id=ai_employee_id,
            api_calls_made=api_calls_made,
            result=result,
            llm_tokens=llm_tokens,
        )
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed

    def get_activity_log(self, agent_id: str, task_id: str) -> models.AgentActivityThread:
        """Get what was said and done in a task, in order.

        Args:
            agent_id: The agent.
            task_id: The task.

        Returns:
            The thread of the task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> thread = tasks.get_activity_log(agent_id="agent-sales", task_id="task-1")
            >>> print(thread.id)
            task-1
        """
        spec = tasks_requests.get_activity_log(agent_id=agent_id, task_id=task_id)
        return self._transport.call(spec, models.AgentActivityThread).parsed

    async def aget_activity_log(self, agent_id: str, task_id: str) -> models.AgentActivityThread:
        """Get what was said and done in a task, in order.

        Args:
            agent_id: The agent.
            task_id: The task.

        Returns:
            The thread of the task.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> thread = await tasks.aget_activity_log(agent_id="agent-sales", task_id="task-1")
            >>> print(thread.id)
            task-1
        """
        spec = tasks_requests.get_activity_log(agent_id=agent_id, task_id=task_id)
        return (await self._transport.acall(spec, models.AgentActivityThread)).parsed

    def push_events(
        self,
        task_id: str,
        events: builtins.list[models.TaskUpdateEvent],
        execution_attempt: int | None = None,
    ) -> None:
        """Add events to a task's stream.

        The events get the stream's next numbers, in the order given, and reach everyone who follows
        the task. With an attempt that is no longer the current one they are refused with 409. Each
        names the task and its organization. Types that are not listed are passed on, up to 200
        characters; `connected`, `gap` and `notification` are the platform's own to say.

        Args:
            task_id: The task.
            events: The events to add, oldest first.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> tasks.push_events(task_id="task-1", events=[])
        """
        spec = tasks_requests.push_events(
            task_id=task_id, events=events, execution_attempt=execution_attempt
        )
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def apush_events(
        self,
        task_id: str,
        events: builtins.list[models.TaskUpdateEvent],
        execution_attempt: int | None = None,
    ) -> None:
        """Add events to a task's stream.

        The events get the stream's next numbers, in the order given, and reach everyone who follows
        the task. With an attempt that is no longer the current one they are refused with 409. Each
        names the task and its organization. Types that are not listed are passed on, up to 200
        characters; `connected`, `gap` and `notification` are the platform's own to say.

        Args:
            task_id: The task.
            events: The events to add, oldest first.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> await tasks.apush_events(task_id="task-1", events=[])
        """
        spec = tasks_requests.push_events(
            task_id=task_id, events=events, execution_attempt=execution_attempt
        )
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed

    def events(
        self, task_id: str, last_event_id: str | None = None
    ) -> Generator[models.TaskUpdateEvent, None, None]:
        """Follow a task's events as they happen, from the first to the last.

        Events that happened before the call come first. The stream is over after `task_finished`;
        one that breaks earlier is resumed where it broke, so that no event is lost or comes twice.
        A task that was not created with `events_streaming` is refused with 409.

        On the wire each event's `id` is its number in the task, from 1 without holes; `connected`,
        which opens every stream, has none. A comment is sent every 15 seconds. Where events are
        kept no more a `gap` stands for them, with the number of the last of them as its `id`.

        Args:
            task_id: The task.
            last_event_id: Only events after this one, as a stream that broke names its last one. An
                id that the task has no event of (yet) is answered with a `gap` and all events.

        Yields:
            Each TaskUpdateEvent when it arrives.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> for event in tasks.events(task_id="task-1"):
            ...     print(event.type)
            connected
            task_created
            chunk
            task_finished
        """
        from . import streams

        return self._transport.stream(
            tasks_requests.events(task_id=task_id, last_event_id=last_event_id),
            streams.task_update_event(task_id),
            streams.is_last_task_update_event,
        )

    def aevents(
        self, task_id: str, last_event_id: str | None = None
    ) -> AsyncGenerator[models.TaskUpdateEvent, None]:
        """Follow a task's events as they happen, from the first to the last.

        Events that happened before the call come first. The stream is over after `task_finished`;
        one that breaks earlier is resumed where it broke, so that no event is lost or comes twice.
        A task that was not created with `events_streaming` is refused with 409.

        On the wire each event's `id` is its number in the task, from 1 without holes; `connected`,
        which opens every stream, has none. A comment is sent every 15 seconds. Where events are
        kept no more a `gap` stands for them, with the number of the last of them as its `id`.

        Args:
            task_id: The task.
            last_event_id: Only events after this one, as a stream that broke names its last one. An
                id that the task has no event of (yet) is answered with a `gap` and all events.

        Yields:
            Each TaskUpdateEvent when it arrives.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> tasks = Tasks(configuration)
            >>> async for event in tasks.aevents(task_id="task-1"):
            ...     print(event.type)
            connected
            task_created
            chunk
            task_finished
        """
        from . import streams

        return self._transport.astream(
            tasks_requests.events(task_id=task_id, last_event_id=last_event_id),
            streams.task_update_event(task_id),
            streams.is_last_task_update_event,
        )


class TasksWithRawResponse(RawCalls):
    """The calls of `Tasks`, each returning a `Response`: status, headers and the object."""

    create = raw(Tasks.create)
    acreate = araw(Tasks.acreate)
    stop = raw(Tasks.stop)
    astop = araw(Tasks.astop)
    get = raw(Tasks.get)
    aget = araw(Tasks.aget)
    update = raw(Tasks.update)
    aupdate = araw(Tasks.aupdate)
    finish = raw(Tasks.finish)
    afinish = araw(Tasks.afinish)
    notify = raw(Tasks.notify)
    anotify = araw(Tasks.anotify)
    get_pending = raw(Tasks.get_pending)
    aget_pending = araw(Tasks.aget_pending)
    list = raw(Tasks.list)
    alist = araw(Tasks.alist)
    list_user_tasks = raw(Tasks.list_user_tasks)
    alist_user_tasks = araw(Tasks.alist_user_tasks)
    delete = raw(Tasks.delete)
    adelete = araw(Tasks.adelete)
    delete_many = raw(Tasks.delete_many)
    adelete_many = araw(Tasks.adelete_many)
    report_external_task = raw(Tasks.report_external_task)
    areport_external_task = araw(Tasks.areport_external_task)
    report_metrics = raw(Tasks.report_metrics)
    areport_metrics = araw(Tasks.areport_metrics)
    get_activity_log = raw(Tasks.get_activity_log)
    aget_activity_log = araw(Tasks.aget_activity_log)
    push_events = raw(Tasks.push_events)
    apush_events = araw(Tasks.apush_events)
