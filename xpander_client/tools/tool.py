"""A tool, and how it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from xpander_client.api.models import AgentTool
from xpander_client.configuration import Configuration
from xpander_client.core.fields import LOCAL
from xpander_client.core.serialization import complete
from xpander_client.errors import ArgumentError
from xpander_client.lacking import refuse_attributes
from xpander_client.tools.current_task import FollowedTask, current_task
from xpander_client.tools.invocation import Invocation
from xpander_client.tools.payload_model import build_payload_model, wrap_payload_model
from xpander_client.tools.result import ToolInvocationResult
from xpander_client.transport import Transport
from xpander_client.transport.drivers import adrive, drive

if TYPE_CHECKING:
    from pydantic import BaseModel

    from xpander_client.tools.functions.parameters import Parameters


@attrs.define(kw_only=True, slots=True, eq=False)
class Tool(AgentTool):
    """A tool that an agent may call: the platform's, or a function of this process.

    A local tool has its function in `fn`; the others are run by the platform.

    Example:
        >>> def add(a: int, b: int) -> int:
        ...     return a + b
        >>> tool = Tool(id="add", name="add", is_local=True, fn=add)
        >>> tool.invoke("agent-sales", {"a": 1, "b": 2}).result
        3
    """

    is_local: bool = attrs.field(default=False, metadata=LOCAL)
    """Whether it is a function of this process."""
    fn: Callable[..., Any] | None = attrs.field(default=None, repr=False, metadata=LOCAL)
    """The function of a local tool."""
    should_add_to_graph: bool = attrs.field(default=False, metadata=LOCAL)
    """Whether a local tool belongs into the agent's graph, too."""
    is_synced: bool = attrs.field(default=False, metadata=LOCAL)
    """Whether the platform knows of the local tool."""
    is_standalone: bool = attrs.field(default=False, metadata=LOCAL)
    """Whether it was loaded by its id alone, and not as an agent's tool."""
    configuration: Configuration | None = attrs.field(default=None, repr=False, metadata=LOCAL)
    """Who calls, and which platform; read from the environment when None."""

    _transport: Transport | None = attrs.field(default=None, init=False, repr=False, metadata=LOCAL)
    _parameters_read: Any = attrs.field(default=None, init=False, repr=False, metadata=LOCAL)

    def __attrs_post_init__(self) -> None:
        complete(self)
        if self.fn is not None and self.parameters is None:
            self.parameters = dict(self.describe_arguments().schema)

    def connect(self, transport: Transport | None, configuration: Configuration | None) -> None:
        """Have the tool's calls made as those of the repository that it is in."""
        self._transport = transport
        if configuration is not None:
            self.configuration = configuration

    @property
    def schema(self) -> type[BaseModel]:
        """What the tool is given, as a class of pydantic.

        Raises:
            ConfigurationError: pydantic is not installed.
        """
        return build_payload_model(self)

    @property
    def payload_schema(self) -> type[BaseModel]:
        """A class of pydantic with one field, `payload`, which is of the class in `schema`.

        Raises:
            ConfigurationError: pydantic is not installed.
        """
        return wrap_payload_model(self)

    def describe_arguments(self) -> Parameters:
        """Return what the function of a local tool takes, as a schema, and to make arguments of.

        Raises:
            ArgumentError: it has none, or a model can't call it.
        """
        if self.fn is None:
            raise ArgumentError(
                f"the tool {self.id} is local and has no function: give it one as fn"
            )
        from xpander_client.tools.functions.description import describe_function

        if self._parameters_read is None:
            self._parameters_read = describe_function(self.fn).parameters
        parameters: Parameters = self._parameters_read
        return parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AgentTool):
            return NotImplemented
        return _data(self) == _data(other) and getattr(other, "fn", None) == self.fn

    __hash__ = None  # type: ignore[assignment]  # as all data: it may change

    def set_configuration(self, configuration: Configuration) -> None:
        """Have the tool's calls made with another configuration."""
        self.configuration = configuration

    def invoke(
        self,
        agent_id: str,
        payload: Any,
        agent_version: str | int | None = None,
        payload_extension: dict[str, Any] | None = None,
        configuration: Configuration | None = None,
        task_id: str | None = None,
        tool_call_id: str | None = None,
        report_activity: bool = False,
        *,
        task: FollowedTask | None = None,
    ) -> ToolInvocationResult:
        """Run the tool, with the hooks around it.

        A platform's tool is run by the platform, a local one is called here with the payload's
        fields as arguments. A call is never made twice.

        Args:
            agent_id: The agent that calls it.
            payload: What the tool is given, as its `parameters` describe it.
            agent_version: The agent's version, instead of its current one.
            payload_extension: What is added to the payload of a platform's tool.
            configuration: Who calls, and which platform, instead of the tool's own.
            task_id: The task on whose behalf it runs.
            tool_call_id: The model's id of the call.
            report_activity: Whether the followers of the task are told of the run whose handler
                this code runs in.
            task: The task as an object: its followers are always told.

        Returns:
            The answer, or what went wrong: see `is_success` and `raise_for_error`.

        Example:
            >>> from xpander_client.tools import Tool
            >>> tool = Tool(id="read_csv", name="read_csv", configuration=configuration)
            >>> result = tool.invoke("agent-sales", {"url": "https://example.com/sales.csv"})
            >>> result.is_success, result.result
            (True, {'rows': 4})
        """
        return drive(
            self._invocation(
                agent_id,
                payload,
                agent_version,
                payload_extension,
                configuration,
                task_id,
                tool_call_id,
                current_task.get() if report_activity and task is None else task,
            ).steps()
        )

    async def ainvoke(
        self,
        agent_id: str,
        payload: Any,
        agent_version: str | int | None = None,
        payload_extension: dict[str, Any] | None = None,
        configuration: Configuration | None = None,
        task_id: str | None = None,
        tool_call_id: str | None = None,
        report_activity: bool = False,
        *,
        task: FollowedTask | None = None,
    ) -> ToolInvocationResult:
        """Run the tool, with the hooks around it, as `invoke` does.

        A local tool's sync function runs on a thread, an async one on this loop. What it is given
        and returns stands there.

        Example:
            >>> from xpander_client.tools import Tool
            >>> tool = Tool(id="read_csv", name="read_csv", configuration=configuration)
            >>> result = await tool.ainvoke("agent-sales", {"url": "https://example.com/sales.csv"})
            >>> print(result.is_success, result.result)
            True {'rows': 4}
        """
        return await adrive(
            self._invocation(
                agent_id,
                payload,
                agent_version,
                payload_extension,
                configuration,
                task_id,
                tool_call_id,
                current_task.get() if report_activity and task is None else task,
            ).steps()
        )

    def _invocation(
        self,
        agent_id: str,
        payload: Any,
        agent_version: str | int | None,
        payload_extension: dict[str, Any] | None,
        configuration: Configuration | None,
        task_id: str | None,
        tool_call_id: str | None,
        task: FollowedTask | None,
    ) -> Invocation:
        return Invocation(
            tool=self,
            payload=payload,
            agent_id=agent_id,
            agent_version=agent_version,
            payload_extension={} if payload_extension is None else payload_extension,
            transport=self._choose_transport(configuration or self.configuration),
            task_id=task.id if task is not None and task_id is None else task_id,
            tool_call_id=tool_call_id,
            task=task,
        )

    def _choose_transport(self, configuration: Configuration | None) -> Transport:
        if configuration is None and self._transport is not None:
            return self._transport
        return Transport.of(configuration)


def make_tool(described: AgentTool) -> Tool:
    """Return the tool that the platform describes; one that is a `Tool` already is that."""
    if isinstance(described, Tool):
        return described
    fields = {field.name: getattr(described, field.name) for field in attrs.fields(AgentTool)}
    made = Tool(**fields)
    if not made.description:
        made.description = made.additional_properties.get("function_description")
    return made


def _data(tool: AgentTool) -> tuple[Any, ...]:
    return tuple(getattr(tool, field.name) for field in attrs.fields(AgentTool))


refuse_attributes(
    Tool,
    "acall_remote_tool",
    "agraph_preflight_check",
    "call_remote_tool",
    "get_invocation_function",
    "graph_preflight_check",
    "has_schema_override",
    "schema_overrides",
    "set_description_from_function_desc",
    "set_schema_overrides",
)
