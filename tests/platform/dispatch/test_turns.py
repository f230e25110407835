"""Whose turn it is, without a store."""

import pytest

from xpander_client.platform.dispatch.sessions import OUTBOX, WorkerSession
from xpander_client.platform.dispatch.turns import CLAIMED_BYTES, MOST, WorkerTurns
from xpander_client.platform.stores.base.hints import Topics

SILENCE = 10.0


class Agent:
    """An agent's turns, and the hints that they watch."""

    def __init__(self) -> None:
        self.hints = Topics()
        self.turns = WorkerTurns(
            lambda pin, heard: self.hints.watch(str(pin), heard=heard), SILENCE
        )

    def worker(self, name: str, *, slots: int = 1, pool: str | None = None) -> WorkerSession:
        session = WorkerSession(
            id=name,
            organization_id="o",
            agent_id="a",
            environment=None,
            peer="",
            registered_at=0.0,
            heard_at=0.0,
            renewed_at=0.0,
            pool=pool,
            slots=slots,
        )
        self.turns.join(session)
        return session

    def give(self, **queued: list[int]) -> list[str]:
        """Give out what waits; returns to whom."""
        found = {None if pin == "free" else pin: sizes for pin, sizes in queued.items()}
        dealt = self.turns.deal(found, 0.0)
        for number, session in enumerate(dealt):
            self.turns.gave(session)
            task = f"{session.turn}.{number}"
            session.held[task] = 1
            session.unacknowledged[task] = 0.0
        for session in dealt:
            self.turns.stand(session, 0.0)
        return [session.id for session in dealt]

    def end(self, session: WorkerSession) -> None:
        session.held.clear()
        session.unacknowledged.clear()
        self.turns.stand(session, 0.0)


@pytest.fixture
def agent() -> Agent:
    return Agent()


def test_each_gets_its_first_before_any_gets_a_second(agent: Agent) -> None:
    for name in "abc":
        agent.worker(name, slots=2)
    assert agent.give(free=[1] * 5) == ["a", "b", "c", "a", "b"]
    assert agent.give(free=[1] * 5) == ["c"]


def test_whoever_waited_longest_comes_first_and_one_that_begins_nothing_blocks_nobody(
    agent: Agent,
) -> None:
    a, b, c = (agent.worker(name) for name in "abc")
    assert agent.give(free=[1, 1, 1]) == ["a", "b", "c"]
    for session in (b, c):
        agent.end(session)
    assert agent.give(free=[1]) == ["b"]
    agent.end(b)
    assert agent.give(free=[1, 1]) == ["c", "b"]
    agent.worker("new")
    agent.end(b)
    agent.end(a)
    assert agent.give(free=[1, 1, 1]) == ["new", "a", "b"]


def test_what_is_for_one_worker_or_for_a_pool_goes_there(agent: Agent) -> None:
    agent.worker("a", slots=3)
    agent.worker("b", pool="p")
    assert agent.give(p=[1], b=[1], a=[1]) == ["b", "a"]
    assert agent.give(free=[1], p=[1], c=[1]) == ["a"]


def test_only_queues_are_looked_at_in_which_something_may_wait_for_somebody(agent: Agent) -> None:
    session = agent.worker("a")
    agent.worker("b", pool="p")
    assert agent.turns.list_wanted(0.0) == {"a": 1, "b": 1, None: 1, "p": 1}
    assert agent.turns.list_wanted(0.0) == {}
    agent.hints.notify(["b"])
    assert agent.turns.list_wanted(0.0) == {"b": 1}
    agent.hints.notify(["None", "a"])
    session.busy = True
    assert agent.turns.list_wanted(0.0) == {}
    session.busy = False
    agent.turns.stand(session, 0.0)
    assert agent.turns.list_wanted(0.0) == {"a": 1, None: 1}
    agent.turns.doubt()
    assert agent.turns.list_wanted(0.0).keys() == {"a", "b", None, "p"}
    agent.hints.notify(["None", "p", "a", "b"])
    assert agent.turns.list_wanted(SILENCE + 1) == {}


def test_a_task_costs_the_same_however_many_workers_and_slots_there_are(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    ready = WorkerSession.ready

    def count(session: WorkerSession, now: float, silence: float) -> bool:
        nonlocal asked
        asked += 1
        return ready(session, now, silence)

    monkeypatch.setattr(WorkerSession, "ready", count)
    for number in range(1000):
        agent.worker(f"w{number}", slots=64)
    agent.turns.list_wanted(0.0)
    asked = 0
    for number in range(10):
        agent.hints.notify(["None"])
        assert agent.turns.list_wanted(0.0) == {None: MOST}
        assert agent.give(free=[1]) == [f"w{number}"]
    assert asked <= 50


def test_large_tasks_are_given_one_at_a_time(agent: Agent) -> None:
    session = agent.worker("a", slots=64)
    assert agent.give(free=[2 * CLAIMED_BYTES] * 64) == ["a"]
    agent.worker("b", slots=64)
    agent.worker("c", slots=64)
    assert agent.give(free=[2 * CLAIMED_BYTES] * 64) == ["b"]
    # One that has much still to be sent is given nothing, until that is sent.
    session.send(b"x" * OUTBOX)
    assert agent.give(free=[OUTBOX] * 3) == ["c", "b"]
    session.outbox_size = 0
    agent.turns.stand(session, 0.0)
    assert agent.give(free=[1]) == ["a"]


def test_a_worker_that_is_gone_is_given_nothing_and_watches_nothing(agent: Agent) -> None:
    first = agent.worker("a")
    again = agent.worker("a")
    agent.turns.part(first)
    assert agent.give(a=[1], free=[1]) == ["a"]
    assert again.held
    assert not first.held
    agent.turns.part(again)
    assert not agent.hints._watches
