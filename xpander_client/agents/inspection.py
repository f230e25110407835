"""What an agent may use, and what a session of its holds and went through: for people to see."""

from __future__ import annotations

from typing import Any, Literal, overload

from xpander_client.agents.agent import Agent
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.types.events import BaseEvent
from xpander_client.agents.types.rendering import render
from xpander_client.errors import ArgumentError

_LONGEST = 200
"""Characters of a value in a summary."""


def events(session: Session, limit: int | None = None) -> list[BaseEvent]:
    """Return the newest events of the calls in a session that ended, at most `limit`, oldest first.

    Those of a call that runs are what its `on_event` gets.

    Raises:
        ValueError: the limit is negative.

    Example:
        >>> from xpander_client.agents import connect_state, scripted
        >>> state = connect_state("versioned", storage="memory")
        >>> agent = Agent(name="adder", llm=scripted(["n = 1; task_success(n)"]), state=state)
        >>> @agent.task
        ... def count() -> int:
        ...     '''Count.'''
        ...     raise NotImplementedError
        >>> count()
        1
        >>> [event.type for event in events(agent.state())]
        ['TaskStartEvent', 'ActionEvent', 'SuccessEvent']
    """
    return [BaseEvent.from_json(data) for data in session.events(limit)]


@overload
def view(inspected: Agent) -> str: ...
@overload
def view(inspected: Session, focus: Literal["recent"] = "recent") -> str: ...
@overload
def view(inspected: Session, focus: Literal["full"]) -> dict[str, Any]: ...


def view(inspected: Agent | Session, focus: str = "recent") -> str | dict[str, Any]:
    """Return what code of an agent may use, as its model is told, or what is in a session.

    Of a session these are, as a text, the variables that its last commit changed, or all of them
    where it keeps no history; with the focus "full" all variables by name.

    Raises:
        ArgumentError: it is neither, or the focus is another one.

    Example:
        >>> from xpander_client.agents import connect_state, scripted
        >>> state = connect_state("versioned", storage="memory")
        >>> agent = Agent(name="adder", llm=scripted(["n = 1; task_success(n)"]), state=state)
        >>> agent.fn(round, name="nearest", visibility="medium")
        <built-in function round>
        >>> print(view(agent))
        def nearest(number, ndigits=None): ...
        ...
        >>> @agent.task
        ... def count() -> int:
        ...     '''Count.'''
        ...     raise NotImplementedError
        >>> count()
        1
        >>> print(view(agent.state()))
        commit ... of task count
        n = 1
        >>> view(agent.state(), focus="full")
        {'n': 1}
    """
    if isinstance(inspected, Agent):
        from xpander_client.agents.sandbox.stubs import describe_capabilities

        return describe_capabilities(inspected.capabilities)
    if not isinstance(inspected, Session):
        raise ArgumentError(f"view shows an agent, or a session of one, not {inspected!r}")
    if focus not in ("recent", "full"):
        raise ArgumentError(f"the focus is 'recent' or 'full', not {focus!r}")
    from xpander_client.agents.state.codec import decode

    variables = {name: decode(data) for name, data in inspected.variables().items()}
    if focus == "full":
        return variables
    head: list[str] = []
    names = tuple(sorted(variables))
    for commit in inspected.history(1):
        made_by = f" of task {commit.task_name}" if commit.task_name is not None else ""
        head, names = [f"commit {commit.id}{made_by}"], commit.names
    shown = (
        f"{name} = {render(variables[name], _LONGEST)}" if name in variables else f"{name} is gone"
        for name in names
    )
    return "\n".join([*head, *shown])
