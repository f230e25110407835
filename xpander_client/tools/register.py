"""`@register_tool`: makes a tool of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from xpander_client.tools.functions.description import describe_function
from xpander_client.tools.repository import ToolsRepository
from xpander_client.tools.tool import Tool

F = TypeVar("F", bound=Callable[..., Any])


@overload
def register_tool(func: F) -> F: ...
@overload
def register_tool(
    func: None = None,
    *,
    add_to_graph: bool | None = False,
    name: str | None = None,
    description: str | None = None,
) -> Callable[[F], F]: ...
def register_tool(
    func: F | None = None,
    *,
    add_to_graph: bool | None = False,
    name: str | None = None,
    description: str | None = None,
) -> F | Callable[[F], F]:
    """Make a function a tool of each agent that this process has a framework's agent made for.

    What it takes is told to models by its annotations (classes of pydantic included) and its
    docstring. In async code a sync function runs on a thread.

    Args:
        func: The function, where the decorator stands without parentheses.
        add_to_graph: Whether the tool belongs into the agent's graph, too: see
            `ToolsRepository.should_sync_local_tools`.
        name: The tool's id and name, instead of the function's name.
        description: What models are told of it, instead of its docstring.

    Returns:
        The function, unchanged.

    Raises:
        ArgumentError: A model can't call the function.

    Example:
        >>> @register_tool
        ... def add(a: int, b: int = 1) -> int:
        ...     "Add two numbers."
        ...     return a + b
        >>> add(1, 2)
        3
        >>> tool = ToolsRepository(configuration).get_tool_by_id("add")
        >>> tool.description, tool.invoke("agent-sales", {"a": "4"}).result
        ('Add two numbers.', 5)
    """

    def register(function: F) -> F:
        described = describe_function(function)
        tool_id = name or described.name
        ToolsRepository.register_tool(
            Tool(
                id=tool_id,
                name=tool_id,
                method="POST",
                path=f"/tools/{tool_id}",
                description=description or inspect.getdoc(function) or "",
                is_local=True,
                fn=function,
                should_add_to_graph=bool(add_to_graph),
            )
        )
        return function

    return register if func is None else register(func)
