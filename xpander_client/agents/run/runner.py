"""Carries out the calls of an agent's tasks in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from xpander_client.agents.contract.contract import BoundArguments, Contract
from xpander_client.agents.loop.loop import step_through
from xpander_client.agents.run.call import AgentSetup, Call
from xpander_client.agents.run.cancellation import cancel_all
from xpander_client.agents.run.drivers import adrive, drive
from xpander_client.extras import require


class LocalRunner:
    """The calls of one agent's tasks: its model writes the code, its sandbox runs it.

    Each call begins with what `setup` says of the agent at the time.
    """

    def __init__(self, setup: Callable[[], AgentSetup]) -> None:
        require("pydantic_monty", extra="agents", purpose="code of an agent")
        self._setup = setup

    def run(self, contract: Contract, bound: BoundArguments, outer: Call | None = None) -> Any:
        """Return the task's result. `outer` is the call whose code makes this one."""
        return self.carry_out(self.call(contract, bound, outer))

    def call(self, contract: Contract, bound: BoundArguments, outer: Call | None = None) -> Call:
        """Return a call that has not begun, for `carry_out`; its `cancellation` ends it."""
        return Call(self._setup(), contract, bound, outer=outer)

    def carry_out(self, call: Call) -> Any:
        """Carry out a call, and return its result."""
        return drive(step_through(call.brief), call)

    async def arun(
        self, contract: Contract, bound: BoundArguments, outer: Call | None = None
    ) -> Any:
        """Return the task's result. `outer` is the call whose code makes this one."""
        home = asyncio.get_running_loop()
        call = Call(self._setup(), contract, bound, outer=outer, home=home)
        return await adrive(step_through(call.brief), call)

    def cancel(self, contract: Contract, session: str) -> None:
        """End all calls of the task in the session, and the next one if there are none."""
        agent = self._setup()
        agent.session(session).cancel(contract.name)
        cancel_all(agent.make_call_key(contract.name, session))
