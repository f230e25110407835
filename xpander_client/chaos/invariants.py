"""What must hold after every fault, checked against what was acknowledged."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs
import orjson

from xpander_client.api.models import TaskUpdateEvent
from xpander_client.api.resources.streams import task_update_event
from xpander_client.chaos.history import (
    Acknowledged,
    Begun,
    Created,
    Ended,
    Pushed,
    SawEnd,
    Seen,
    Stopped,
)
from xpander_client.core.serialization import unstructure
from xpander_client.core.sse import ServerSentEvent
from xpander_client.core.statuses import TERMINAL
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules.records import TaskFilter, TaskRecord
from xpander_client.platform.stores.base.store import Store

INVARIANTS: Mapping[str, str] = {
    "I1": "a create that was acknowledged exists, once",
    "I2": "an event that was acknowledged is in the replay, once, at its number",
    "I3": "the numbers of a task's events have no holes",
    "I4": "a task ends exactly once, by its last attempt",
    "I5": "nothing is unfinished when it has been quiet",
    "I6": "who follows a task, and reconnects, sees exactly its events",
    "I7": "no task has more attempts than it may have",
    "I8": "a stop that was acknowledged wins, unless the task had ended before",
    "I9": "an attempt never belongs to two workers",
}
"""What each invariant says, by its name."""

_PAGE = 1_000

_decoded = task_update_event("")


Effect = Literal["lost", "twice", "wrong"]


@attrs.frozen
class Violation:
    """An invariant that does not hold, and how that shows: something is lost, or there twice, or
    wrong in another way.
    """

    invariant: str
    effect: Effect
    task_id: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant} ({INVARIANTS[self.invariant]}): task {self.task_id}: {self.text}"


@attrs.frozen
class StoredEvent:
    """An event in the store: its number, its type, and its JSON."""

    seq: int
    type: str
    body: bytes

    @property
    def data(self) -> Any:
        """What the event tells."""
        return orjson.loads(self.body).get("data")


@attrs.frozen
class StoredTask:
    """A task as it is in the store, with all of its events."""

    id: str
    status: str
    attempt: int
    losses: int
    result: str | None
    mark: str
    events: tuple[StoredEvent, ...]

    @classmethod
    def of(cls, record: TaskRecord, events: Sequence[StoredEvent]) -> StoredTask:
        """Put a record together with its events."""
        task = record.read()
        mark = (task.get("input") or {}).get("text") or ""
        return cls(
            record.id,
            record.status,
            record.attempt,
            record.losses,
            task.get("result"),
            mark,
            tuple(events),
        )


def fingerprint(event: TaskUpdateEvent | bytes) -> str:
    """Tells an event from others, alike for what a client got and for what is stored."""
    if isinstance(event, bytes):
        event = _decoded(ServerSentEvent("message", event.decode(), ""))
    canonical = orjson.dumps(unstructure(event), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(canonical, digest_size=12).hexdigest()


async def read_stored_tasks(
    store: Store, organization_id: str, task_ids: Iterable[str]
) -> dict[str, StoredTask]:
    """All tasks of the organization, and which of those named are there besides."""
    records: dict[str, TaskRecord] = {}
    cursor: str | None = None
    while True:
        page = await store.list_tasks(organization_id, TaskFilter(), cursor=cursor, limit=_PAGE)
        records |= {record.id: record for record in page.records}
        cursor = page.cursor
        if cursor is None:
            break
    found: dict[str, StoredTask] = {}
    for task_id in {*records, *task_ids}:
        try:
            record = await store.get(organization_id, task_id)
        except HttpError as refusal:
            if refusal.status != 404:
                raise
            continue
        events: list[StoredEvent] = []
        while batch := await store.read(task_id, events[-1].seq if events else 0, _PAGE):
            events += [StoredEvent(event.seq, event.type, event.body) for event in batch]
        if task_id in records:
            found[task_id] = StoredTask.of(record, events)
    return found


def violations(
    acknowledged: Iterable[Acknowledged],
    stored: Mapping[str, StoredTask],
    *,
    max_attempts: int,
    quiet: bool = True,
) -> list[Violation]:
    """Return what does not hold; nothing when all is well.

    `quiet` says that everything had the time to come to its end, so that I5 is asked for, too.
    """
    by_task: dict[str, list[Acknowledged]] = defaultdict(list)
    for each in acknowledged:
        by_task[each.entry.task_id].append(each)
    found = list(_find_made_twice(stored))
    for task_id in sorted({*by_task, *stored}):
        entries, task = by_task[task_id], stored.get(task_id)
        if task is None:
            what = sorted({type(each.entry).__name__.lower() for each in entries})
            found.append(
                Violation("I1", "lost", task_id, f"is not there, but was {', '.join(what)}")
            )
            continue
        found += [
            Violation(invariant, effect, task_id, text)
            for invariant, effect, text in _of_task(task, entries, max_attempts, quiet=quiet)
        ]
    return found


_Fault = tuple[str, Effect, str]


def _find_made_twice(stored: Mapping[str, StoredTask]) -> Iterator[Violation]:
    marked = Counter(task.mark for task in stored.values() if task.mark)
    for task in stored.values():
        if marked[task.mark] > 1:
            text = f"{marked[task.mark]} tasks were made of one call, {task.mark!r}"
            yield Violation("I1", "twice", task.id, text)


def _of_task(
    task: StoredTask, entries: Sequence[Acknowledged], max_attempts: int, *, quiet: bool
) -> Iterator[_Fault]:
    yield from _creation(task, entries)
    yield from _events(task, entries)
    yield from _end(task, entries)
    if quiet and task.status not in TERMINAL:
        yield "I5", "lost", f"is {task.status}"
    yield from _following(task, entries)
    yield from _attempts(task, entries, max_attempts)
    for each in entries:
        if isinstance(each.entry, Stopped) and task.status != each.entry.status:
            yield (
                "I8",
                "lost",
                f"was {each.entry.status} when {each.client} stopped it, is {task.status}",
            )


def _creation(task: StoredTask, entries: Sequence[Acknowledged]) -> Iterator[_Fault]:
    for each in entries:
        if isinstance(each.entry, Created) and each.entry.mark != task.mark:
            yield "I1", "wrong", f"is {task.mark!r}, but {each.client} created {each.entry.mark!r}"


def _events(task: StoredTask, entries: Sequence[Acknowledged]) -> Iterator[_Fault]:
    numbers = [event.seq for event in task.events]
    if numbers != list(range(1, len(numbers) + 1)):
        after = next((seq for n, seq in enumerate(numbers, 1) if seq != n), 0)
        yield "I3", "lost", f"{len(numbers)} events, but number {after} is out of place"
    places: dict[Any, list[int]] = defaultdict(list)
    for event in task.events:
        if isinstance(data := event.data, str):
            places[data].append(event.seq)
    for each in entries:
        if not isinstance(each.entry, Pushed):
            continue
        for back, mark in enumerate(reversed(each.entry.marks)):
            at = places[mark]
            if len(at) != 1:
                effect: Effect = "twice" if at else "lost"
                yield "I2", effect, f"{each.client} pushed {mark!r}, which is there {len(at)} times"
            elif each.entry.last_seq is not None and at[0] != each.entry.last_seq - back:
                said = each.entry.last_seq - back
                yield "I2", "wrong", f"{each.client} pushed {mark!r} as {said}, it is {at[0]}"


def _end(task: StoredTask, entries: Sequence[Acknowledged]) -> Iterator[_Fault]:
    ends = [event for event in task.events if event.type == "task_finished"]
    wanted = int(task.status in TERMINAL)
    if len(ends) != wanted:
        effect: Effect = "twice" if len(ends) > 1 else "lost"
        yield "I4", effect, f"is {task.status} and ended {len(ends)} times"
    elif ends:
        told = ends[0].data
        if ends[0] is not task.events[-1]:
            yield (
                "I4",
                "wrong",
                f"event {ends[0].seq} ended it, event {task.events[-1].seq} came after",
            )
        said = (told.get("status"), told.get("execution_attempts"), told.get("result"))
        if said != (task.status, task.attempt, task.result):
            kept = (task.status, task.attempt, task.result)
            yield "I4", "wrong", f"its last event tells of {said}, the task of {kept}"
    for each in entries:
        entry = each.entry
        if isinstance(entry, Ended):
            took = (entry.attempt, entry.status, entry.result)
            if took != (task.attempt, task.status, task.result):
                has = (task.attempt, task.status, task.result)
                yield "I4", "lost", f"{took} was taken from {each.client}, the task has {has}"


def _following(task: StoredTask, entries: Sequence[Acknowledged]) -> Iterator[_Fault]:
    seen: dict[str, list[str]] = defaultdict(list)
    whole: set[str] = set()
    for each in entries:
        if isinstance(each.entry, Seen):
            seen[each.client].append(each.entry.fingerprint)
        elif isinstance(each.entry, SawEnd):
            whole.add(each.client)
    if not seen and not whole:
        return
    log = [fingerprint(event.body) for event in task.events]
    for client in sorted({*seen, *whole}):
        # Who was cut off for good saw a beginning of it.
        expected = log if client in whole else log[: len(seen[client])]
        if seen[client] != expected:
            same = next(
                (n for n, (a, b) in enumerate(zip(seen[client], log, strict=False)) if a != b),
                min(len(seen[client]), len(log)),
            )
            yield (
                "I6",
                "wrong",
                f"{client} saw {len(seen[client])} events of {len(log)}, alike up to {same}",
            )


def _attempts(
    task: StoredTask, entries: Sequence[Acknowledged], max_attempts: int
) -> Iterator[_Fault]:
    holders: dict[int, set[str]] = defaultdict(set)
    for each in entries:
        if isinstance(each.entry, Begun):
            holders[each.entry.attempt].add(each.client)
    if task.losses > max_attempts or len(holders) > max_attempts:
        yield (
            "I7",
            "wrong",
            f"began {len(holders)} times, {task.losses} workers were lost, of {max_attempts}",
        )
    for attempt, clients in sorted(holders.items()):
        if len(clients) > 1:
            yield "I9", "twice", f"attempt {attempt} was begun by {', '.join(sorted(clients))}"
