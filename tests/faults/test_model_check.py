"""The same commands on a model in memory and on the engines: the same answers, the same state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence, Set
from contextvars import ContextVar
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, settings as profile, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults.engines import Engine, rounds
from tests.faults.model import FINAL, Model, Refused
from tests.faults.tally import Count, Tally
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import (
    Appended,
    Deleted,
    Document,
    IdempotencyKey,
    Pruned,
    Put,
    Swept,
    TaskFilter,
    TaskRecord,
)
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ORGANIZATION = "o"
SETTINGS = Settings(lease=30.0, loop_lease=100.0, offer_window=10.0, max_attempts=2)

AGENTS = st.sampled_from(["a", "a", "a", "b"])
WORKERS = st.sampled_from(["w1", "w1", "w2", "w3"])
RARELY = st.sampled_from([False, False, True])
PLACES = st.integers(0, 20)
"""Which of the tasks that there are, the last ones more often; 0 is one that there is not."""
TEXTS = st.sampled_from(["x", "y"])
STATUSES = st.sampled_from(["executing", "completed", "error", "paused", "pending", "odd"])
KEYS = st.none() | st.tuples(st.sampled_from(["k1", "k2"]), st.sampled_from([b"1", b"1", b"2"]))
PARTS = [
    *(
        "sweep",
        "sweep",
        "claim",
        "claim",
        "stop",
        "delete",
        "take",
        "work",
        "work",
        "append",
        "notify",
    ),
    *("keep_alive", "continue", "put", "put", "delegate"),
]
BACK = st.sampled_from([None, None, 0, 0, 0, -1, 1])
"""Which attempt somebody believes to hold: none, or so many more than the present one."""


def face_of(record: TaskRecord) -> dict[str, Any]:
    """A record, as the model sees a task."""
    task = record.read()
    assert (task["status"], task["execution_attempts"]) == (record.status, record.attempt)
    result = task.get("result")
    return {
        "id": record.id,
        "agent": record.agent_id,
        "status": record.status,
        "attempt": record.attempt,
        "losses": record.losses,
        "holder": record.worker_id,
        "lease_until": record.lease_until,
        "pinned": record.pinned_to,
        "run_from": record.run_from,
        "scripted": record.scripted,
        "title": task.get("title"),
        "result": "lost" if result and result.startswith("worker ") else result,
        "parent": record.parent_task_id,
        "children": task.get("sub_executions") or [],
    }


def answer_of(value: Any) -> Any:
    """What an engine answered, in the model's words."""
    match value:
        case HttpError():
            return value.status, "refused"
        case TaskRecord():
            return value.id
        case Put():
            return value.record.id, value.repeated
        case Appended():
            return value.last_seq, value.repeated
        case Swept():
            return (
                {record.id for record in value.requeued},
                {record.id for record in value.exhausted},
            )
        case Deleted():
            return [record.id for record in value.tasks]
        case Pruned():
            return value.events, value.keys
        case Document():
            return value.version, dict(value.value)
        case Mapping():
            return dict(value)
        case list() | tuple():
            return [answer_of(each) for each in value]
        case _:
            return value


def whole(value: Any) -> Any:
    """Everything in an engine's answer, to be compared with another engine's."""
    match value:
        case HttpError():
            return value.status, value.detail
        case TaskRecord():
            return attrs.asdict(attrs.evolve(value, document=b"")), value.read()
        case Put():
            return whole(value.record), value.repeated
        case Deleted():
            return whole(value.tasks), value.threads
        case Appended():
            return whole(value.record), value.last_seq, value.repeated
        case Swept():
            return [
                sorted(map(whole, each), key=repr) for each in (value.requeued, value.exhausted)
            ]
        case list() | tuple():
            return [whole(each) for each in value]
        case Mapping():
            return dict(value)
        case _:
            return value


StoreCommand = Callable[[Store], Coroutine[Any, Any, Any]]

PLACE_IN_BATCH: ContextVar[int] = ContextVar("PLACE_IN_BATCH")


class Together:
    """Hands the writes of a batch to a store at once and in their order, when all have come: what a
    command reads before it writes takes it differently long.
    """

    def __init__(self, store: Store, commands: int) -> None:
        self.store = store
        self.turns = [asyncio.Event() for _ in range(commands)]
        self.come: set[int] = set()

    async def run(self, commands: Sequence[StoreCommand]) -> list[Any]:
        """What the commands answered, refusals included."""
        submit: Any = self.store._submit

        async def in_turn(command: Any) -> Any:
            place = PLACE_IN_BATCH.get()
            self.arrive(place)
            await self.turns[place].wait()
            return await submit(command)

        async def one(place: int, command: StoreCommand) -> Any:
            PLACE_IN_BATCH.set(place)
            try:
                return await command(self.store)
            except HttpError as refusal:
                return refusal
            finally:
                self.arrive(place)

        with pytest.MonkeyPatch.context() as patch:
            for part in (self.store, self.store._sweep):
                patch.setattr(part, "_submit", in_turn)
            return await asyncio.gather(*(one(*each) for each in enumerate(commands)))

    def arrive(self, place: int) -> None:
        self.come.add(place)
        if len(self.come) == len(self.turns):
            asyncio.get_running_loop().call_soon(self.release)  # the last one waits, too

    def release(self) -> None:
        for turn in self.turns:
            turn.set()


class Commands(RuleBasedStateMachine):
    """Random commands; each is given to the model and to every engine."""

    engines: Sequence[Engine] = ()
    count: Count

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model(SETTINGS)
        self.stores: list[Store] = []
        self.compared: dict[str, list[tuple[int, str]]] = {}
        self.batch: list[tuple[Callable[[], Any], StoreCommand]] = []
        self.gathering = False

    @initialize()
    def begin(self) -> None:
        for engine in self.engines:
            engine.empty()
        self.count.round(0)
        self.open()

    def open(self) -> None:
        self.stores = [
            store_at(engine.address, SETTINGS, clock=lambda: self.model.now)
            for engine in self.engines
        ]
        for store in self.stores:
            self.runner.run(store.open())
            # Who listens is not the model's business, but what follows from it is.
            store.presence.find_gone = self.gone  # type: ignore[method-assign]

    async def gone(self, workers: Collection[tuple[str, str]]) -> Set[tuple[str, str]]:
        return {place for place in workers if place[1] in self.model.gone}

    def teardown(self) -> None:
        for store in self.stores:
            self.runner.run(store.close())
        self.runner.close()

    def do(self, expected: Callable[[], Any], command: StoreCommand) -> None:
        """Give a command to all of them, and compare what they answer; in a batch, later."""
        self.batch.append((expected, command))
        if not self.gathering:
            self.write()

    def write(self) -> None:
        """Give the commands of a batch to all of them, and compare what they answer."""
        batch, self.batch = self.batch, []
        wanted = []
        for expected, _ in batch:
            try:
                wanted.append(expected())
            except Refused as refused:
                wanted.append((refused.status, "refused"))
        answers = []
        for store in self.stores:
            given = [command for _, command in batch]
            said = self.runner.run(Together(store, len(given)).run(given))
            assert [answer_of(each) for each in said] == wanted
            answers.append([whole(each) for each in said])
        assert all(answer == answers[0] for answer in answers)
        self.count.acknowledged += len(batch)

    def attempt(self, task_id: str, back: int | None) -> int | None:
        if back is None or task_id not in self.model.tasks:
            return None
        return max(0, self.model.tasks[task_id].attempt + back)

    def at(self, place: int) -> str:
        ids = list(self.model.tasks)
        if place == 20 and self.model.buried:
            return list(self.model.buried)[-1]
        return ids[-(place % len(ids))] if place and ids else "unknown"

    def free(self) -> str:
        return f"t{self.model.made}{f'-{len(self.batch)}' if self.gathering else ''}"

    @property
    def is_full(self) -> bool:
        return len(self.model.tasks) + len(self.batch) >= 6

    # The commands --------------------------------------------------------------------------------

    @precondition(lambda self: not self.is_full)
    @rule(
        agent=AGENTS,
        key=KEYS,
        title=st.none() | TEXTS,
        worker=st.sampled_from([None, None, None, "w1", "w2"]),
        pool=st.sampled_from([None, None, None, "p"]),
        local=st.booleans(),
        once=RARELY,
        parent=st.none() | st.none() | PLACES,
    )
    def put(
        self,
        agent: str,
        key: tuple[str, bytes] | None,
        title: str | None,
        worker: str | None,
        pool: str | None,
        local: bool,
        once: bool,
        parent: int | None,
    ) -> None:
        self._put(self.free(), None, agent, key, title, worker, pool, local, once, parent)

    @rule(
        place=PLACES,
        agent=AGENTS,
        key=KEYS,
        title=st.none() | TEXTS,
        worker=st.none() | WORKERS,
        parent=st.none() | st.none() | PLACES,
    )
    def continue_(
        self,
        place: int,
        agent: str,
        key: tuple[str, bytes] | None,
        title: str | None,
        worker: str | None,
        parent: int | None,
    ) -> None:
        self._put("new", self.at(place), agent, key, title, worker, None, False, False, parent)

    def _put(
        self,
        task_id: str,
        existing: str | None,
        agent: str,
        key: tuple[str, bytes] | None,
        title: str | None,
        worker: str | None,
        pool: str | None,
        local: bool,
        once: bool,
        mother: int | None,
    ) -> None:
        parent = None if mother is None else self.at(mother)
        if parent in (task_id, existing):
            parent = None
        body: dict[str, Any] = {"input": {"text": "x"}}
        given = {
            "title": title,
            "worker_id": worker,
            "worker_pool": pool,
            "run_locally": local or None,
            "on_worker_loss": "error" if once else None,
            "parent_execution_id": parent,
        }
        body |= {name: value for name, value in given.items() if value is not None}
        self.do(
            lambda: self.model.put(
                task_id,
                agent,
                existing=existing,
                key=of("put", key),
                title=title,
                worker=worker,
                pool=pool,
                local=local,
                once=once,
                parent=parent,
            ),
            lambda store: store.put(
                ORGANIZATION,
                agent,
                body,
                task_id=task_id,
                existing_id=existing,
                key=key_of("put", key),
            ),
        )

    @rule(place=PLACES, known=PLACES, fresh=st.booleans(), agent=AGENTS, back=BACK)
    def delegate(self, place: int, known: int, fresh: bool, agent: str, back: int | None) -> None:
        parent = self.at(place)
        task_id = self.free() if (fresh and not self.is_full) or not known else self.at(known)
        attempt = self.attempt(parent, back)
        self.do(
            lambda: self.model.delegate(parent, task_id, agent, attempt),
            lambda store: store.delegate(
                ORGANIZATION,
                parent,
                agent,
                {"input": {"text": "x"}},
                task_id=task_id,
                attempt=attempt,
            ),
        )

    @rule(place=PLACES, fresh=st.booleans(), agent=AGENTS, succeeded=st.booleans(), key=KEYS)
    def report(
        self, place: int, fresh: bool, agent: str, succeeded: bool, key: tuple[str, bytes] | None
    ) -> None:
        task_id = self.free() if (fresh and not self.is_full) or not place else self.at(place)
        self.do(
            lambda: self.model.report(task_id, agent, succeeded=succeeded, key=of("report", key)),
            lambda store: store.report(
                ORGANIZATION,
                agent,
                {"result": "reported", "is_success": succeeded},
                task_id=task_id,
                key=key_of("report", key),
            ),
        )

    @rule(
        place=PLACES,
        back=BACK,
        status=st.none() | STATUSES,
        result=st.none() | TEXTS,
        title=st.none() | TEXTS,
    )
    def patch(
        self,
        place: int,
        back: int | None,
        status: str | None,
        result: str | None,
        title: str | None,
    ) -> None:
        self._patch(self.at(place), self.attempt(self.at(place), back), status, result, title, None)

    @rule(place=PLACES, script=st.sampled_from(["w1", "script"]))
    def take(self, place: int, script: str) -> None:
        """A script takes a task for itself."""
        self._patch(self.at(place), None, "executing", None, None, script)

    @rule(place=PLACES, status=st.sampled_from(["executing", "completed", "error", "paused"]))
    def work(self, place: int, status: str) -> None:
        """Whoever holds the task goes on with it."""
        self._patch(self.at(place), self.attempt(self.at(place), 0), status, None, None, None)

    def _patch(
        self,
        task_id: str,
        attempt: int | None,
        status: str | None,
        result: str | None,
        title: str | None,
        script: str | None,
    ) -> None:
        given = {"status": status, "result": result, "title": title, "worker_id": script}
        changes = {name: value for name, value in given.items() if value is not None}
        self.do(
            lambda: self.model.patch(
                task_id,
                attempt=attempt,
                status=status,
                result=result,
                title=title,
                script=script,
            ),
            lambda store: store.patch(ORGANIZATION, task_id, changes, attempt=attempt),
        )

    @rule(
        place=PLACES,
        back=BACK,
        kinds=st.lists(st.sampled_from(["chunk", "chunk", "chunk", "connected"]), max_size=3),
        ends=st.booleans(),
        ending=st.sampled_from([*sorted(FINAL), "executing"]),
        key=KEYS,
    )
    def append(
        self,
        place: int,
        back: int | None,
        kinds: list[str],
        ends: bool,
        ending: str,
        key: tuple[str, bytes] | None,
    ) -> None:
        task_id = self.at(place)
        attempt = self.attempt(task_id, back)
        kinds = [*kinds, "task_finished"] if ends else kinds
        data = {"task_finished": {"status": ending, "result": "pushed"}}
        events = [{"type": kind, "data": data.get(kind, "x")} for kind in kinds]
        self.do(
            lambda: self.model.append(
                task_id,
                kinds,
                attempt=attempt,
                ending=ending if ending in FINAL else "completed",
                key=of("append", key),
            ),
            lambda store: store.append(
                ORGANIZATION, task_id, events, attempt=attempt, key=key_of("append", key)
            ),
        )

    @rule(place=PLACES, key=KEYS)
    def notify(self, place: int, key: tuple[str, bytes] | None) -> None:
        task_id = self.at(place)
        self.do(
            lambda: self.model.notify(task_id, of("notify", key)),
            lambda store: store.notify(
                ORGANIZATION, task_id, {"key": "k", "data": 1}, key=key_of("notify", key)
            ),
        )

    @rule(place=PLACES)
    def stop(self, place: int) -> None:
        task_id = self.at(place)
        self.do(lambda: self.model.stop(task_id), lambda store: store.stop(ORGANIZATION, task_id))

    @rule(place=PLACES, back=BACK)
    def keep_alive(self, place: int, back: int | None) -> None:
        task_id = self.at(place)
        attempt = self.attempt(task_id, back)
        self.do(
            lambda: self.model.keep_alive(task_id, attempt),
            lambda store: store.keep_alive(ORGANIZATION, task_id, attempt=attempt),
        )

    @rule(
        agent=AGENTS,
        workers=st.lists(WORKERS, min_size=1, max_size=3, unique=True),
        pooled=st.booleans(),
    )
    def claim(self, agent: str, workers: list[str], pooled: bool) -> None:
        pools = {"w3": "p"} if pooled and "w3" in workers else {}
        self.do(
            lambda: self.model.claim(agent, workers, pools),
            lambda store: store.claim(ORGANIZATION, agent, workers, pools),
        )

    @rule(agent=AGENTS, worker=WORKERS, is_lost=RARELY)
    def claim_and_begin(self, agent: str, worker: str, is_lost: bool) -> None:
        self.claim(agent, [worker], False)
        for task in list(self.model.tasks.values()):
            if task.holder == worker and task.status == "pending":
                self._patch(task.id, task.attempt, "executing", None, None, None)
        if is_lost:
            self.wait(101.0)
            self.sweep()

    @rule(worker=WORKERS, adopt_from=st.none() | WORKERS)
    def renew(self, worker: str, adopt_from: str | None) -> None:
        self.do(
            lambda: self.model.renew(worker, adopt_from),
            lambda store: store.renew(ORGANIZATION, worker, adopt_from=adopt_from),
        )

    @rule(seconds=st.sampled_from([1.0, 9.0, 11.0, 31.0, 101.0]))
    def wait(self, seconds: float) -> None:
        self.model.now += seconds

    @rule()
    def sweep(self) -> None:
        self.do(self.model.sweep, lambda store: store.sweep())

    @rule(worker=WORKERS, is_gone=st.booleans())
    def lose(self, worker: str, is_gone: bool) -> None:
        """A worker is cut off, or back."""
        (self.model.gone.add if is_gone else self.model.gone.discard)(worker)

    @rule(
        seconds=st.sampled_from([0.0, 0.0, 11.0, 31.0, 101.0]),
        parts=st.lists(st.sampled_from(PARTS), min_size=2, max_size=8),
        data=st.data(),
    )
    def write_together(self, seconds: float, parts: list[str], data: st.DataObject) -> None:
        """Many commands over the same few tasks, in one transaction where an engine has such."""
        self.model.now += seconds
        self.gathering = True
        for part in parts:
            place, agent = data.draw(st.integers(1, 3)), data.draw(AGENTS)
            match part:
                case "sweep":
                    self.sweep()
                case "claim":
                    self.claim(agent, data.draw(st.lists(WORKERS, min_size=1, max_size=3)), False)
                case "stop":
                    self.stop(place)
                case "delete":
                    self.delete([place], data.draw(st.booleans()))
                case "take":
                    self.take(place, "script")
                case "work":
                    self.work(place, data.draw(STATUSES))
                case "append":
                    back, ends = data.draw(BACK), data.draw(st.booleans())
                    self.append(place, back, ["chunk"], ends, "completed", data.draw(KEYS))
                case "notify":
                    self.notify(place, data.draw(KEYS))
                case "keep_alive":
                    self.keep_alive(place, data.draw(BACK))
                case "continue":
                    self.continue_(place, agent, data.draw(KEYS), None, None, None)
                case "put" if not self.is_full:
                    worker = data.draw(st.sampled_from([None, "w1"]))
                    self.put(agent, data.draw(KEYS), None, worker, None, False, False, None)
                case _:
                    self.delegate(place, place, not self.is_full, agent, data.draw(BACK))
        self.gathering = False
        self.write()

    @rule(ago=st.sampled_from([0.0, 20.0]), tasks_too=RARELY)
    def prune(self, ago: float, tasks_too: bool) -> None:
        before = self.model.now - ago
        tasks_before = before if tasks_too else None
        self.do(
            lambda: self.model.prune(before, before, tasks_before),
            lambda store: store.prune(
                events_before=before, keys_before=before, tasks_before=tasks_before
            ),
        )

    @rule(places=st.lists(PLACES, min_size=1, max_size=3), stop=st.booleans())
    def delete(self, places: list[int], stop: bool) -> None:
        ids = [self.at(place) for place in places]
        self.do(
            lambda: self.model.delete(ids, stop=stop),
            lambda store: store.delete(ORGANIZATION, ids, stop=stop),
        )

    @rule(
        name=st.sampled_from(["d", "e"]),
        value=TEXTS,
        if_version=st.none() | st.integers(0, 2),
        key=KEYS,
    )
    def doc_put(
        self, name: str, value: str, if_version: int | None, key: tuple[str, bytes] | None
    ) -> None:
        self.do(
            lambda: self.model.doc_put(name, {"v": value}, if_version, of("doc", key)),
            lambda store: store.doc_put(
                ORGANIZATION,
                "kind",
                name,
                {"v": value},
                if_version=if_version,
                idempotency=key_of("doc", key),
            ),
        )

    @rule()
    def restart(self) -> None:
        for store in self.stores:
            self.runner.run(store.close())
        self.model.reopen()
        self.open()

    # What they know ------------------------------------------------------------------------------

    @rule(agent=st.none() | AGENTS, status=st.none() | st.sampled_from(["pending", "completed"]))
    def list_tasks(self, agent: str | None, status: str | None) -> None:
        async def pages(store: Store) -> list[str]:
            wanted = TaskFilter(agent_id=agent, status=status)
            found: list[str] = []
            cursor: str | None = None
            while True:
                page = await store.list_tasks(ORGANIZATION, wanted, cursor=cursor, limit=2)
                found += [record.id for record in page.records]
                if (cursor := page.cursor) is None:
                    return found

        self.do(lambda: self.model.listed(agent, status), pages)

    @rule(worker=WORKERS)
    def find_delegated(self, worker: str) -> None:
        self.do(
            lambda: self.model.waiting_for(worker),
            lambda store: store.find_delegated(ORGANIZATION, worker),
        )

    @invariant()
    def tasks_are_the_same(self) -> None:
        """And the events of those that have new ones."""
        self.compare([task for task in self.model.tasks if self.has_news(task)])

    @rule()
    def look_at_everything(self) -> None:
        self.compare(list(self.model.tasks))

    def has_news(self, task_id: str) -> bool:
        known, log = self.compared.get(task_id), self.model.tasks[task_id].events
        return known != log

    def compare(self, with_events: Sequence[str]) -> None:
        seen = [self.runner.run(_look(store, with_events)) for store in self.stores]
        for records, logs in seen:
            faces = {record.id: face_of(record) for record in records}
            assert faces == {task.id: task.face for task in self.model.tasks.values()}
            for task_id, log in logs.items():
                assert [event[:2] for event in log] == self.model.tasks[task_id].events
            assert (whole(records), logs) == (whole(seen[0][0]), seen[0][1])
        for task_id in with_events:
            self.compared[task_id] = list(self.model.tasks[task_id].events)


async def _look(
    store: Store, with_events: Sequence[str]
) -> tuple[Sequence[TaskRecord], dict[str, list[tuple[int, str, bytes]]]]:
    page = await store.list_tasks(ORGANIZATION, TaskFilter(), cursor=None, limit=100)
    logs = {}
    for task_id in with_events:
        events = await store.read(task_id, 0, 1_000)
        logs[task_id] = [(event.seq, event.type, event.body) for event in events]
    return page.records, logs


def of(what: str, key: tuple[str, bytes] | None) -> tuple[str, bytes] | None:
    """A key whose fingerprint is of one kind of request."""
    return None if key is None else (key[0], what.encode() + key[1])


def key_of(what: str, key: tuple[str, bytes] | None) -> IdempotencyKey | None:
    named = of(what, key)
    return None if named is None else IdempotencyKey(*named)


def test_engines_do_what_the_model_does(engines: list[Engine], tally: Tally) -> None:
    with tally.of("10 random commands, also on a model", "both") as total:

        class OnTheseEngines(Commands):
            pass

        OnTheseEngines.engines = engines
        OnTheseEngines.count = total
        run_state_machine_as_test(
            OnTheseEngines,
            settings=profile(
                max_examples=rounds(25),
                stateful_step_count=50,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
