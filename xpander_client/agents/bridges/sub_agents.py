"""Tasks of one agent as functions that another agent's code may call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs

from xpander_client.agents.contract.contract import ADDED, BoundArguments, Contract
from xpander_client.agents.contract.wrapper import Runner
from xpander_client.agents.run.call import Call, current_call
from xpander_client.agents.types.errors import AgentTaskError, TaskCancelled, TaskClarify


def wrap_sub_agent(contract: Contract, runner: Runner) -> Callable[..., Any]:
    """Make the function that agent code sees of a task: with its own parameters alone.

    It runs in the session of the call whose code calls it, its events and tokens go where that
    call's go, and it is cancelled with it. How it ends other than with a value is an error that the
    code can catch.
    """
    if contract.is_async:

        async def arun(*args: Any, **kwargs: Any) -> Any:
            outer, bound = _bind(contract, args, kwargs)
            try:
                return await runner.arun(contract, bound, outer)
            except AgentTaskError as error:
                raise _for_code(error) from error

        wrapper: Callable[..., Any] = arun
    else:

        def run(*args: Any, **kwargs: Any) -> Any:
            outer, bound = _bind(contract, args, kwargs)
            try:
                return runner.run(contract, bound, outer)
            except AgentTaskError as error:
                raise _for_code(error) from error

        wrapper = run
    functools.update_wrapper(wrapper, contract.function)
    own = [
        parameter for name, parameter in contract.signature.parameters.items() if name not in ADDED
    ]
    signature = contract.signature.replace(parameters=own)
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper


def _bind(
    contract: Contract, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Call | None, BoundArguments]:
    for name in ADDED:
        if name in kwargs:
            # Whose session it is, is not for agent code to say.
            raise TypeError(f"{contract.name}() got an unexpected keyword argument '{name}'")
    outer = current_call.get()
    bound = contract.bind(args, kwargs)
    return outer, bound if outer is None else attrs.evolve(bound, session=outer.session_name)


def _for_code(error: AgentTaskError) -> RuntimeError:
    if isinstance(error, TaskClarify):
        return RuntimeError(f"Sub-agent needs clarification: {error}")
    if isinstance(error, TaskCancelled):
        return RuntimeError(f"Sub-agent was cancelled: {error}")
    return RuntimeError(f"Sub-agent failed: {error}")
