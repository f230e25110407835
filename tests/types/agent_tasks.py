"""Lines of code that defines and calls functions whose body an agent supplies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_type

from xpander_client.agents import (
    Agent,
    BaseEvent,
    Event,
    Session,
    StreamToken,
    SuccessEvent,
    TokenChunk,
    events,
    view,
)

agent = Agent()
remote = Agent.remote("agent-sales")


@agent.task
def solve(equation: str, digits: int = 2) -> float:
    """Solve an equation."""
    raise NotImplementedError


@agent.task("What to do.", setup="print(inputs)", on_conflict="abandon", max_conflict_retries=1)
async def asolve(equation: str, *, digits: int = 2) -> float:
    raise NotImplementedError("An agent solves it.")


@remote.task
def total(region: str) -> dict[str, float]:
    """Add up the sales of a region."""
    raise NotImplementedError


@remote.task(primer="Add up the sales.")
def total_of_all() -> float:
    raise NotImplementedError


@agent.task
def clear(folder: str) -> None:
    """Clear a folder: a body without a result needs nothing."""


@agent.fn
@agent.task("Forget it.")
def forget(name: str) -> bool:  # type: ignore[empty-body]
    """Forget a name: no body at all is allowed, but not to type checkers."""


class Service:
    """Tasks as methods."""

    @agent.task
    def solve(self, equation: str, digits: int = 2) -> float:
        """Solve an equation."""
        raise NotImplementedError

    @agent.task
    async def asolve(self, equation: str) -> list[float]:
        """Solve an equation."""
        raise NotImplementedError

    @classmethod
    @agent.task
    def named(cls, equation: str) -> int:
        """Solve an equation."""
        raise NotImplementedError

    @staticmethod
    @agent.task
    def free(equation: str) -> int:
        """Solve an equation."""
        raise NotImplementedError


def on_event(event: BaseEvent) -> None:
    print(event)


async def on_event_async(event: BaseEvent) -> None:
    print(event)


def on_token(token: StreamToken) -> None:
    print(token)


def on_chunk(chunk: TokenChunk) -> None:
    print(chunk)


def on_success(event: SuccessEvent) -> None:
    print(event)


def calls() -> None:
    """A call is held to the function's own parameters."""
    assert_type(solve("x = 1"), float)
    assert_type(solve("x = 1", 3), float)
    assert_type(solve(equation="x = 1", digits=3), float)
    assert_type(total("EMEA"), dict[str, float])
    assert_type(total_of_all(), float)
    assert_type(forget("me"), bool)
    clear("/tmp")
    solve()  # type: ignore[call-overload]
    solve(1)  # type: ignore[call-overload]
    solve("x = 1", digits="two")  # type: ignore[call-overload]
    solve("x = 1", digts=3)  # type: ignore[call-overload]
    solve("x = 1", 2, 3)  # type: ignore[call-overload]
    total(region=5)  # type: ignore[call-overload]
    total_of_all("EMEA")  # type: ignore[call-overload]
    text: str = solve("x = 1")  # type: ignore[assignment]
    del text


def calls_with_more() -> None:
    """What every task has besides."""
    assert_type(solve("x = 1", session="alice"), float)
    assert_type(solve("x = 1", 3, on_event=on_event), float)
    assert_type(solve("x = 1", on_event=on_event_async, session="alice"), float)
    assert_type(solve("x = 1", on_token=on_token), float)
    assert_type(solve("x = 1", on_token=on_chunk, on_event=None), float)
    solve("x = 1", session=5)  # type: ignore[call-overload]
    solve("x = 1", session=5, on_event=on_event)  # type: ignore[call-overload]
    solve("x = 1", on_event="print")  # type: ignore[call-overload]
    solve("x = 1", on_event=on_token)  # type: ignore[arg-type]
    solve("x = 1", on_event=on_success)  # type: ignore[arg-type]
    solve("x = 1", on_token=on_event)  # type: ignore[arg-type]
    solve("x = 1", on_tokens=on_token)  # type: ignore[call-overload]
    solve.cancel()
    solve.cancel(session="alice")
    solve.cancel(5)  # type: ignore[arg-type]
    solve.stop()  # type: ignore[attr-defined]


async def awaiting() -> None:
    """A function that was written with `async def` is awaited, and no other."""
    assert_type(await asolve("x = 1"), float)
    assert_type(await asolve("x = 1", session="alice"), float)
    assert_type(await Service().asolve("x = 1"), list[float])
    asolve("x = 1").hex()  # type: ignore[attr-defined]
    await asolve("x = 1", 2)  # type: ignore[call-overload]
    await solve("x = 1")  # type: ignore[misc]


def methods(service: Service) -> None:
    """A method gets its object by itself."""
    assert_type(service.solve("x = 1", digits=3), float)
    assert_type(service.solve("x = 1", session="alice"), float)
    assert_type(Service.solve(service, "x = 1"), float)
    assert_type(Service.named("x = 1"), int)
    assert_type(service.named("x = 1"), int)
    assert_type(Service.free("x = 1"), int)
    service.solve.cancel("alice")
    service.solve()  # type: ignore[call-overload]
    service.solve("x = 1", digts=3)  # type: ignore[call-overload]
    service.named()  # type: ignore[call-overload]
    service.named(1)  # type: ignore[call-overload]
    service.solve(service, "x = 1")  # type: ignore[call-overload]


def functions() -> None:
    """A task is a function, for whoever takes functions."""
    plain: Callable[[str], float] = solve
    other: Callable[[int], float] = solve  # type: ignore[assignment]
    print(solve.__name__, plain("x = 1"), other)


agent.task(5)  # type: ignore[call-overload]
agent.task("What to do.", on_conflict="retyr")  # type: ignore[call-overload]
agent.task("What to do.", primer="What to do.")  # type: ignore[call-overload]
remote.task("What to do.", setup="print(1)")  # type: ignore[call-overload]
Agent(llm="gpt-5")  # type: ignore[arg-type]


def look(agent: Agent, handler: Callable[[Event], None]) -> None:
    """Inspect what there is of a session, and of its agent."""
    session: Session = agent.state("chat-1")
    assert_type(events(session), list[BaseEvent])
    assert_type(view(agent), str)
    assert_type(view(agent.state()), str)
    assert_type(view(agent.state(), focus="full"), dict[str, Any])
    handler(events(agent.state(), limit=1)[0])
    view("agent")  # type: ignore[call-overload]
    view(agent.state(), "tokens")  # type: ignore[call-overload]


Agent(fs=None)
agent.fn(print, network_access=True)
agent.fn(print, network_access=False)  # type: ignore[call-overload]
agent.cls(str, host_fs_access=False)  # type: ignore[call-overload]
Agent(isolation="process")  # type: ignore[arg-type]
agent.module(look, name="look", include=lambda name: name.islower(), exclude=["a*", str.isupper])
