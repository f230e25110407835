"""One call under way, and all it works with: its branch of the session, its sandbox, its handlers.

What blocks is said at each method; the drivers know on which thread to call it.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

import attrs

from xpander_client.agents.contract.contract import BoundArguments, Contract
from xpander_client.agents.loop.steps import Brief, CancelRequested, View
from xpander_client.agents.run.cancellation import Cancellation, register_call, watch
from xpander_client.agents.run.handlers import EventDelivery
from xpander_client.agents.sandbox.calls import plain_call
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.exports import derive_openings
from xpander_client.agents.sandbox.marshal import Crossing
from xpander_client.agents.sandbox.results import Block, HostCall, Limits
from xpander_client.agents.sandbox.session import Sandbox, SandboxSession
from xpander_client.agents.state.branches import Branch
from xpander_client.agents.state.config import StateConfig
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.types.events import BaseEvent, OutputEvent
from xpander_client.agents.types.rendering import make_picture, render
from xpander_client.agents.types.tokens import StreamToken, TokenChunk
from xpander_client.errors import ArgumentError

if TYPE_CHECKING:
    from xpander_client.agents.llm.models import LLM


_PAST_EVENTS = 40
"""How many of a session's last events a call is told of, so that its cost does not grow with it."""
PRINTS_AT_ONCE = 100
"""How many prints of a block are told one by one; the rest is told together at its end."""

current_call: ContextVar[Call | None] = ContextVar("xpander_agents_call", default=None)
"""The call whose code runs here: what a sub-agent is called from."""


@attrs.frozen(kw_only=True, eq=False)
class AgentSetup:
    """What a call has to know of its agent, as it is when the call begins."""

    name: str
    llm: Callable[[], LLM]
    """Gives the model, which is looked for when a call first needs it."""
    system_text: Callable[[], str]
    """Gives what the model is told before any task."""
    capabilities: Capabilities
    limits: Limits
    sandbox: Sandbox
    """The agent's own: calls of the same agent have it in common, and no others."""
    state_config: StateConfig
    session: Callable[[str], Session]
    """Gives what a session remembers, by its name."""
    max_iterations: int
    llm_max_retries: int

    def make_call_key(self, task_name: str, session: str) -> Hashable:
        """Return what calls of this process are cancelled by."""
        return (self.state_config, self.name, task_name, session)


class Call:
    """A call of `contract`, for an agent. `outer` is the call whose code made it, for a sub-agent.

    `home` is the event loop of an async call.
    """

    def __init__(
        self,
        agent: AgentSetup,
        contract: Contract,
        bound: BoundArguments,
        *,
        outer: Call | None = None,
        home: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.agent = agent
        self.contract = contract
        self.bound = bound
        self.home = home
        self.llm = agent.llm()
        _check_inputs(agent, contract, bound)
        self._system = agent.system_text()
        self.path: str = agent.name if outer is None else f"{outer.path}/{agent.name}"
        self.session_name = bound.session
        self._session: Session = agent.session(bound.session)
        self._owns_delivery = outer is None
        if outer is None:
            self.delivery: EventDelivery = EventDelivery(bound.on_event, bound.on_token, home)
        else:
            self.delivery = outer.delivery
        self.cancellation: Cancellation = Cancellation(
            None if outer is None else outer.cancellation
        )
        self._key = agent.make_call_key(contract.name, bound.session)
        self._outer = outer
        self._branch: Branch | None = None
        self._sandbox: SandboxSession | None = None
        self._is_lined_up = False
        self._endings: list[Callable[[], object]] = []
        self._running: Future[Any] | None = None

    @property
    def brief(self) -> Brief:
        """What the loop has to know."""
        contract, agent = self.contract, self.agent
        return Brief(
            task_name=contract.name,
            agent_name=agent.name,
            namespace=self.path,
            instructions=contract.instructions,
            inputs=self.bound.inputs,
            returns=contract.returns,
            system=self._system,
            validated=contract.validate_result,
            setup=contract.setup,
            max_iterations=agent.max_iterations,
            llm_max_retries=agent.llm_max_retries,
            provider=self.llm.provider,
            model=self.llm.model,
            on_conflict=contract.on_conflict,
            max_conflict_retries=contract.max_conflict_retries,
        )

    @property
    def is_on_disk(self) -> bool:
        """Whether the session's store means files, which may take their time."""
        return self.agent.state_config.storage == "disk"

    @property
    def is_live(self) -> bool:
        """Whether the session's variables are everybody's at once."""
        return self.agent.state_config.type == "live"

    @property
    def keeps_state(self) -> bool:
        """Whether anything of the call is there for later ones."""
        return self.agent.state_config.type != "ephemeral"

    def begin(self) -> View:
        """Take up the session as it is now. Blocks on disk.

        Raises:
            CancelRequested: it was cancelled, maybe before it began.
        """
        if self._branch is None:
            self._branch = branch = self._session.branch(self.contract.name)
            self._endings.append(register_call(self._key, self.cancellation))
            if self.is_on_disk:
                self._endings.append(watch(branch.is_cancelled, self.cancellation))
        else:
            self._close_sandbox()
            branch = self._branch
            branch.restart()
        self.check()
        return View(tuple(sorted(branch.variables)), self._past())

    def check(self) -> None:
        """Look whether the call was cancelled. Blocks on disk.

        Raises:
            CancelRequested: the call was cancelled.
        """
        cancelled = self.cancellation.is_requested
        if cancelled or (self._branch is not None and self._branch.is_cancelled()):
            raise CancelRequested

    def make_token_handler(self) -> Callable[[TokenChunk], None] | None:
        """Return what the model's client hands its tokens to; None when nobody reads them."""
        if not self.delivery.wants_tokens:
            return None
        section: str | None = None

        def tell(chunk: TokenChunk) -> None:
            nonlocal section
            start, section = chunk.type != section, None if chunk.done else chunk.type
            token = StreamToken.of(
                chunk, agent_name=self.agent.name, full_namespace=self.path, start=start
            )
            self.delivery.token(token)

        return tell

    def run(self, code: str, source: Literal["main", "setup"]) -> Block:
        """Run a block of code. Blocks.

        Raises:
            CancelRequested: the call was cancelled meanwhile.
        """
        if self.is_live and self._branch is not None and self._branch.refresh():
            # What others wrote meanwhile.
            self._close_sandbox()
        sandbox = self._open_sandbox()
        outputs = _Outputs(self, source)
        token = current_call.set(self)
        forget = self.cancellation.listen(sandbox.interrupt)
        try:
            block = sandbox.run(code, prints=outputs.add)
        finally:
            forget()
            current_call.reset(token)
        outputs.flush()
        if any(not isinstance(part, str) for part in block.output):
            block = attrs.evolve(
                block, output=tuple(outputs.show_value(part) for part in block.output)
            )
        if self.cancellation.is_requested and (block.interrupted or block.control is None):
            raise CancelRequested
        return block

    def snapshot(self) -> None:
        """Keep what the last block changed, on the branch. Blocks on disk.

        Raises:
            Conflict: the state is live, and another call changed the same meanwhile.
        """
        if self.keeps_state and self._branch is not None and self._sandbox is not None:
            self._branch.snapshot(self._sandbox.collect_changes())
            if self.is_live:
                self._step_aside()

    def merge(self) -> str | None:
        """Make the branch's changes the session's. Blocks on disk.

        Raises:
            Conflict: another call changed the same meanwhile.
        """
        if self._branch is None:
            return None
        merged = self._branch.merge()
        self._step_aside()
        return merged.commit or None

    def line_up(self) -> bool:
        """Stand in line after a conflict, and tell whether it is the call's turn. Blocks on disk.

        A call that waits for this one may be before it in line; then there is no use in waiting.
        """
        assert self._branch is not None
        if not self._is_lined_up:
            self._branch.line_up()
            self._is_lined_up = True
        return self._is_inside_its_own_kind or self._branch.is_at_front()

    def renew(self) -> None:
        """Take up live state as it is now. Blocks on disk."""
        assert self._branch is not None
        self._close_sandbox()
        self._branch.restart(keep_events=True)

    def keep(self, event: BaseEvent) -> None:
        """Have later calls of the session know of an event."""
        if self.keeps_state and self._branch is not None:
            self._branch.append_event(event.to_json())

    def interrupt_sandbox(self, running: Future[Any]) -> None:
        """End the block that still runs on a thread, as the call is given up."""
        self._running = running
        self.cancellation.request()

    def end(self) -> None:
        """Keep what is to be kept, and give back what the call held. Blocks on disk."""
        for ending in self._endings:
            ending()
        self._endings.clear()
        self.cancellation.close()
        if self._owns_delivery:
            self.delivery.close()
        self._close_sandbox()
        branch, self._branch = self._branch, None
        if branch is not None:
            branch.finish()

    def end_later(self) -> None:
        """End the call as `end` does, once the block that still runs on a thread has ended."""
        if self._running is None or self._running.done():
            self.end()
        else:
            if self._owns_delivery:
                self.delivery.close()
            self._running.add_done_callback(lambda _: self.end())

    def tell_from_code(self, event: BaseEvent) -> None:
        """Tell an event while code runs, from its thread."""
        self.delivery.event(event)
        self.keep(event)

    @property
    def _is_inside_its_own_kind(self) -> bool:
        """Whether a call of the same agent and session waits for this one."""
        outer = self._outer
        while outer is not None:
            if (
                outer.agent.sandbox is self.agent.sandbox
                and outer.session_name == self.session_name
            ):
                return True
            outer = outer._outer
        return False

    def _step_aside(self) -> None:
        if self._is_lined_up and self._branch is not None:
            self._branch.step_aside()
            self._is_lined_up = False

    def _past(self) -> tuple[BaseEvent, ...]:
        events: list[BaseEvent] = []
        for data in self._session.events(limit=_PAST_EVENTS):
            # A newer version of this package may have kept events that this one does not know.
            with contextlib.suppress(ArgumentError):
                events.append(BaseEvent.from_json(data))
        return tuple(events)

    def _open_sandbox(self) -> SandboxSession:
        if self._sandbox is None:
            assert self._branch is not None
            self._sandbox = self.agent.sandbox.session(
                self.agent.capabilities,
                self.agent.limits,
                dict(self._branch.variables),
                self.bound.inputs,
                call=plain_call if self.home is None else self._call_host,
            )
        return self._sandbox

    def _call_host(self, call: HostCall) -> Any:
        """Call a function of the host; an async one runs on the loop of the async task."""
        assert self.home is not None
        result = call.run()
        if inspect.isawaitable(result):
            return asyncio.run_coroutine_threadsafe(_await_result(result), self.home)
        return result

    def _close_sandbox(self) -> None:
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()


def _check_inputs(agent: AgentSetup, contract: Contract, bound: BoundArguments) -> None:
    """Refuse what agent code could not be given, before a model is asked."""
    crossing = Crossing(derive_openings(agent.capabilities))
    for name, value in bound.inputs.items():
        if inspect.isroutine(value):
            # It is called where it is, as `inputs.name(...)`.
            continue
        try:
            crossing.check(value)
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"argument '{name}' of {contract.name}() can't be given to agent code: {error}"
            ) from error


async def _await_result(result: Awaitable[Any]) -> Any:
    return await result


@attrs.define
class _Outputs:
    """Tells what a block prints while it prints it."""

    _call: Call
    _source: Literal["main", "setup"]
    _told: int = 0
    _rest: list[Any] = attrs.field(factory=list)
    _shown: dict[int, tuple[object, Any]] = attrs.field(factory=dict)

    def add(self, part: Any) -> None:
        """Tell a part, now or with those that follow."""
        part = self.show_value(part)
        if self._told < PRINTS_AT_ONCE:
            self._told += 1
            self._tell((part,))
        else:
            self._rest.append(part)

    def flush(self) -> None:
        """Tell what is left."""
        if self._rest:
            self._tell(tuple(self._rest))
            self._rest.clear()

    def show_value(self, part: Any) -> Any:
        """Return the part as events have it: a text or a picture, which is made once."""
        if isinstance(part, str):
            return part
        if id(part) not in self._shown:
            image = make_picture(part)
            self._shown[id(part)] = (part, render(part) if image is None else image)
        return self._shown[id(part)][1]

    def _tell(self, parts: tuple[Any, ...]) -> None:
        event = OutputEvent(
            agent_name=self._call.agent.name,
            full_namespace=self._call.path,
            source=self._source,
            parts=parts,
        )
        self._call.tell_from_code(event)
