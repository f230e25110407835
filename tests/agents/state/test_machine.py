"""Memory and disk are one thing: the same commands get the same answers."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from tests.agents.state.state_calls import connected
from xpander_client.agents.state.branches import Branch
from xpander_client.agents.state.codec import Definition, encode
from xpander_client.agents.state.config import StateConfig
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.state.store import Conflict

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(
    [None, b"1", b"2", encode(Definition("def f(): return 1")), encode(Definition("x"))]
)
SESSIONS = st.sampled_from(["s", "t"])
AGENTS = st.sampled_from(["one", "two"])
TASKS = st.sampled_from(["work", "play"])


class Pair:
    """The same call in both."""

    def __init__(self, branches: list[Branch]) -> None:
        self.branches = branches


class Both(RuleBasedStateMachine):
    """Sends each command to state in memory and to state on disk."""

    calls = Bundle("calls")
    commits = Bundle("commits")
    kind = "versioned"

    @initialize()
    def open(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.configs = [
            connected(self.kind, None),
            connected(self.kind, Path(self.directory.name)),
        ]
        # Ids are random: what is compared is which came when.
        self.ids: list[dict[str, int]] = [{"": -1}, {"": -1}]

    def teardown(self) -> None:
        del self.configs
        gc.collect()
        self.directory.cleanup()

    def numbered(self, which: int, commit: str) -> int:
        return self.ids[which].setdefault(commit, len(self.ids[which]))

    def same(self, command: Callable[[int], Any]) -> Any:
        """What both answered to a command, which gets the number of the one to do it on."""

        def answer(which: int) -> Any:
            try:
                return command(which)
            except Conflict as conflict:
                return ("conflict", conflict.keys)
            except ValueError:
                return "refused"

        memory, disk = answer(0), answer(1)
        assert memory == disk
        return memory

    def session(self, which: int, name: str, agent: str) -> Session:
        config: StateConfig = self.configs[which]
        return config.session(name, agent)

    @rule(target=calls, name=SESSIONS, agent=AGENTS, task=TASKS)
    def begin(self, name: str, agent: str, task: str) -> Pair:
        pair = Pair([self.session(which, name, agent).branch(task) for which in range(2)])
        self.look(pair)
        return pair

    @rule(call=calls)
    def look(self, call: Pair) -> None:
        self.same(lambda which: dict(call.branches[which].variables))
        self.same(lambda which: call.branches[which].is_cancelled())
        self.same(lambda which: call.branches[which].is_at_front())

    @rule(
        target=commits,
        call=calls,
        changes=st.dictionaries(NAMES, VALUES, max_size=2),
        event=st.booleans(),
    )
    def turn(self, call: Pair, changes: dict[str, bytes | None], event: bool) -> tuple[str, str]:
        made = ["", ""]

        def snapshot(which: int) -> int:
            if event:
                call.branches[which].append_event(b"turn")
            made[which] = call.branches[which].snapshot(changes)
            return self.numbered(which, made[which])

        self.same(snapshot)
        return (made[0], made[1])

    @rule(call=calls)
    def merge(self, call: Pair) -> None:
        self.same(lambda which: self.numbered(which, call.branches[which].merge().commit))

    @rule(call=calls, keep=st.booleans())
    def restart(self, call: Pair, keep: bool) -> None:
        self.same(lambda which: call.branches[which].restart(keep_events=keep))
        self.look(call)

    @rule(call=calls, keep=st.booleans())
    def discard(self, call: Pair, keep: bool) -> None:
        self.same(lambda which: call.branches[which].discard(keep_events=keep))

    @rule(call=calls)
    def refresh(self, call: Pair) -> None:
        self.same(lambda which: call.branches[which].refresh())

    @rule(call=calls, text=st.binary(max_size=3))
    def event(self, call: Pair, text: bytes) -> None:
        self.same(lambda which: call.branches[which].append_event(text))

    @rule(call=calls)
    def line_up(self, call: Pair) -> None:
        self.same(lambda which: call.branches[which].line_up())

    @rule(call=calls)
    def step_aside(self, call: Pair) -> None:
        self.same(lambda which: call.branches[which].step_aside())

    @rule(call=consumes(calls))
    def finish(self, call: Pair) -> None:
        self.same(lambda which: call.branches[which].finish())

    @rule(name=SESSIONS, agent=AGENTS, task=TASKS)
    def cancel(self, name: str, agent: str, task: str) -> None:
        self.same(lambda which: self.session(which, name, agent).cancel(task))

    @rule(name=SESSIONS, agent=AGENTS, commit=commits)
    def revert(self, name: str, agent: str, commit: tuple[str, str]) -> None:
        self.same(
            lambda which: self.numbered(
                which, self.session(which, name, agent).revert(commit[which])
            )
        )

    @rule(name=SESSIONS, agent=AGENTS, back=st.integers(0, 6))
    def revert_far(self, name: str, agent: str, back: int) -> None:
        def revert(which: int) -> object:
            session = self.session(which, name, agent)
            history = session.history()
            if not history:
                return None
            return self.numbered(which, session.revert(history[min(back, len(history) - 1)].id))

        self.same(revert)

    @rule(name=SESSIONS)
    def delete(self, name: str) -> None:
        self.same(lambda which: self.configs[which].delete(name))

    @rule(name=SESSIONS, agent=AGENTS, limit=st.none() | st.integers(0, 4))
    def read(self, name: str, agent: str, limit: int | None) -> None:
        def history(which: int) -> object:
            return [
                (
                    self.numbered(which, commit.id),
                    commit.task_name,
                    commit.names,
                    commit.reverts_to and self.numbered(which, commit.reverts_to),
                )
                for commit in self.session(which, name, agent).history(limit)
            ]

        self.same(history)
        self.same(lambda which: self.session(which, name, agent).events(limit))
        self.same(lambda which: self.session(which, name, agent).cancellations())

    @invariant()
    def looks_the_same(self) -> None:
        self.same(lambda which: self.configs[which].sessions())
        for agent in ("one", "two"):
            self.same(partial(self.contents, agent))

    def contents(self, agent: str, which: int) -> object:
        session = self.session(which, "s", agent)
        return dict(session.variables()), session.events(), session.running()


class BothLive(Both):
    """The same of live state."""

    kind = "live"


TestVersioned = Both.TestCase
TestLive = BothLive.TestCase
TestVersioned.settings = TestLive.settings = settings(max_examples=15, stateful_step_count=40)
