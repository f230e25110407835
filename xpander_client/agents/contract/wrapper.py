"""The function that takes the place of a task's empty one."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any, Protocol

from xpander_client.agents.contract.contract import TASK_MARK, BoundArguments, Contract


class Runner(Protocol):
    """What carries out calls of tasks; `run` for those defined with def, `arun` for the others.

    `outer` is the call whose code makes this one, if an agent's code does: what it is, is between
    that call and the runner.
    """

    def run(self, contract: Contract, bound: BoundArguments, outer: Any = None) -> Any:
        """Return the task's result."""

    async def arun(self, contract: Contract, bound: BoundArguments, outer: Any = None) -> Any:
        """Return the task's result."""

    def cancel(self, contract: Contract, session: str) -> None:
        """Stop all calls of the task in the session."""


def wrap(contract: Contract, function: FunctionType, runner: Runner, *, agent_name: str) -> Any:
    """Make a function that looks like `function` and runs the task.

    It is a plain function, async if the original is, so it works as a method, can be wrapped and
    inspected. `cancel(session="default")` hangs on it.
    """
    if contract.is_async:

        async def arun(*args: Any, **kwargs: Any) -> Any:
            return await runner.arun(contract, contract.bind(args, kwargs))

        wrapper: Any = arun
    else:

        def run(*args: Any, **kwargs: Any) -> Any:
            return runner.run(contract, contract.bind(args, kwargs))

        wrapper = run

    def cancel(session: str = "default") -> None:
        """Stop all calls of this task in the session, and those that are about to start."""
        runner.cancel(contract, session)

    functools.update_wrapper(wrapper, function)
    wrapper.__signature__ = contract.signature
    wrapper.__annotations__ = {
        **function.__annotations__,
        **{
            name: parameter.annotation
            for name, parameter in contract.signature.parameters.items()
            if name in ("session", "on_event", "on_token")
        },
    }
    wrapper.cancel = cancel
    wrapper.contract = contract
    setattr(wrapper, TASK_MARK, agent_name)
    return wrapper
