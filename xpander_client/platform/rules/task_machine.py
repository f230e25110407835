"""The life of a task, as pure functions: a record goes in, the next record and its events come out.

    pending ──claim──> offered ──PATCH executing──> executing ──PATCH──> completed | failed | error
       ^                  │ not begun within                │ lease over      | stopped
       └──────────────────┴ the offer window ───────────────┘

"Offered" is a pending task that a worker holds. A worker may have its tasks begun with the offer,
and a script that runs a task itself claims it and begins in one PATCH. `paused` stands beside
`executing`. Each claim raises `attempt`, which goes over the wire as `execution_attempts`: whoever
writes with an older one has lost the task. What can't be done is an `HttpError`. Every engine goes
by these functions.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs
import orjson

from xpander_client.core.statuses import STATUSES, TERMINAL, TaskStatus
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.foundation.errors import HttpError, StaleAttempt
from xpander_client.platform.rules.large_fields import (
    LargeField,
    divide,
    is_left_out,
    is_same,
    read_fields,
)
from xpander_client.platform.rules.records import NOTIFICATION, NewEvent, TaskRecord

PLATFORM_OWNED = frozenset(
    {"id", "organization_id", "agent_id", "created_at", "execution_attempts"}
)
"""Nobody's PATCH changes these."""

WORKER_OWNED = frozenset(
    {
        "status",
        "internal_status",
        "last_executed_node_id",
        "result",
        "started_at",
        "paused_at",
        "finished_at",
        "duration",
        "tokens",
        "used_tools",
        "sub_executions",
        "is_manually_stopped",
        "hitl_request",
        "pending_eca_request",
        "deep_planning",
        "progress",
    }
)
"""What only the worker of the present attempt may change, if it says which attempt it is."""

_NEVER_CLEARED = frozenset(
    {"status", "started_at", "paused_at", "finished_at", "duration", "input", "source"}
)
"""What the platform knows itself, and what no task is without: null is no statement about them."""

_TAKEN_UP_AGAIN: frozenset[TaskStatus] = frozenset({"pending", "paused"})
"""To what a user may set a stopped task, which no worker's late word does."""

_SAID_BY_STOPPING = frozenset({"is_manually_stopped", "finished_at", "duration"})
"""What a task forgets when it is taken up again."""

_LAST_RUN = WORKER_OWNED - {"status", "deep_planning", "sub_executions"}
"""What a task forgets when it is continued."""

_OWN_KINDS = frozenset({"connected", "gap", NOTIFICATION})
"""Events that nobody pushes: what opens a stream or stands for a hole in it, and the store's name
for what a task was told."""

_CLAIM = frozenset({"worker_id", "run_locally"})
"""What a PATCH says of who takes a task."""

_ALIASES = {
    "tool_call_payload_extension": "payload_extension",
    "parent_execution_id": "parent_execution",
}


@attrs.frozen(kw_only=True)
class Leases:
    """How long a task is its holder's after each sign of life, in seconds. A script is silent while
    its model thinks; a worker has heartbeats beside its work.
    """

    worker: float
    script: float

    def get_term(self, record: TaskRecord) -> float:
        """Return how long a sign of life from the task's holder counts."""
        return self.script if record.scripted else self.worker


@attrs.frozen
class Outcome:
    """What a step made: the record as it is now, and the events to store with it."""

    record: TaskRecord
    events: tuple[NewEvent, ...] = ()


def create(
    *,
    task_id: str,
    organization_id: str,
    agent_id: str,
    body: Mapping[str, Any],
    now: float,
    offer_window: float,
) -> Outcome:
    """Make a task that waits for a worker.

    With `worker_id` in the body it waits for that one; with `run_locally` as well, that worker runs
    it without being sent it, so the task is its from the beginning. With a `worker_pool` it waits
    for a worker of that pool, now or when the worker that has it is lost.
    """
    given = _name_fields(body, without=PLATFORM_OWNED | WORKER_OWNED)
    task: dict[str, Any] = {
        "id": task_id,
        "agent_id": agent_id,
        "organization_id": organization_id,
        "status": "pending",
        "created_at": timestamp(now),
        "execution_attempts": 0,
        "conversation_id": task_id,
        **given,
    }
    _converse(task, given)
    worker_id = _text(given.get("worker_id"))
    claimed = worker_id is not None and given.get("run_locally") is True
    if claimed:
        task["execution_attempts"] = 1
    record = TaskRecord(
        id=task_id,
        organization_id=organization_id,
        agent_id=agent_id,
        created_at=now,
        updated_at=now,
        pinned_to=_pin(given),
        attempt=int(claimed),
        worker_id=worker_id if claimed else None,
        lease_until=now + offer_window if claimed else None,
        **_look_up(task, None),
    )
    return Outcome(record, (_task_event("task_created", None, record, now),))


def report(
    *,
    task_id: str,
    organization_id: str,
    agent_id: str,
    body: Mapping[str, Any],
    now: float,
    name: str | None = None,
) -> Outcome:
    """Make a task that ran elsewhere: it is finished when the platform hears of it. `name` is what
    its reporter calls it.
    """
    task = {
        "id": name or task_id,
        "agent_id": agent_id,
        "organization_id": organization_id,
        "created_at": timestamp(now),
        "execution_attempts": 1,
        "conversation_id": task_id,
        **_make_report(body, now),
    }
    bare = TaskRecord(
        id=task_id,
        organization_id=organization_id,
        agent_id=agent_id,
        status="pending",
        document=b"",
        created_at=now,
        updated_at=now,
        attempt=1,
    )
    record = _rewrite(bare, task, now)
    begun = _rewrite(bare, {**_without_result(task), "status": "pending"}, now)
    said = {"task_id": name or task_id}
    return Outcome(
        record,
        (
            _task_event("task_created", None, begun, now, **said),
            _task_event("task_finished", begun, record, now, **said),
        ),
    )


def report_existing(record: TaskRecord, body: Mapping[str, Any], now: float) -> Outcome:
    """End a task of the platform that ran elsewhere: the report is its end."""
    if record.finished:
        raise HttpError(409, f"the task is {record.status}, its result is final")
    if record.worker_id is not None:
        raise HttpError(409, "a worker has the task; only its result counts")
    task = {**read_fields(record), **_make_report(body, now)}
    changed = _rewrite(attrs.evolve(record, worker_id=None, lease_until=None), task, now)
    return Outcome(changed, (_task_event("task_finished", record, changed, now),))


def continue_(
    record: TaskRecord,
    *,
    agent_id: str,
    body: Mapping[str, Any],
    now: float,
    last_seq: int,
) -> Outcome:
    """Continue a finished or paused task with a new input: it waits for a worker again.

    Attempts go on counting, so that no worker of an earlier run can write into this one.
    """
    if record.status in ("pending", "executing"):
        raise HttpError(
            409, f"the task is {record.status}; it can be continued when it is finished"
        )
    given = _name_fields(body, without=PLATFORM_OWNED | WORKER_OWNED)
    task = {name: value for name, value in read_fields(record).items() if name not in _LAST_RUN}
    task |= given
    # Whoever works on it calls it by the platform's name.
    task |= {"id": record.id, "agent_id": agent_id, "status": "pending"}
    _converse(task, given)
    queued = attrs.evolve(
        record,
        agent_id=agent_id,
        losses=0,
        worker_id=None,
        lease_until=None,
        pinned_to=_pin(given),
        run_from=last_seq,
    )
    changed = _rewrite(queued, task, now)
    return Outcome(changed, (_task_event("task_created", record, changed, now),))


def claim(
    record: TaskRecord,
    worker_id: str,
    *,
    pool: str | None = None,
    now: float,
    offer_window: float,
) -> TaskRecord:
    """Offer the task to a worker under a new attempt. One of a pool takes only what is for the
    pool, or for itself.
    """
    _check_waits(record, worker_id, pool)
    return _assign(record, worker_id, lease_until=now + offer_window, scripted=False, now=now)


def begin(
    record: TaskRecord, worker_id: str, *, pool: str | None = None, now: float, leases: Leases
) -> Outcome:
    """Give the task to a worker that begins as soon as it is offered one: `claim`, and the worker's
    word that it executes, in one step.
    """
    _check_waits(record, worker_id, pool)
    attempt = record.attempt + 1
    task = {**read_fields(record), "execution_attempts": attempt}
    given = attrs.evolve(record, attempt=attempt, worker_id=worker_id, scripted=False)
    begun = _move(given, task, "executing", now=now, lease=leases.worker)
    changed = _rewrite(begun, task, now)
    return Outcome(changed, (_task_event("task_updated", record, changed, now),))


def _check_waits(record: TaskRecord, worker_id: str, pool: str | None) -> None:
    if record.status != "pending" or record.worker_id is not None:
        raise HttpError(409, "the task is not waiting for a worker")
    if record.pinned_to not in (pool, worker_id):
        raise HttpError(409, "the task waits for another worker")


def _claim_directly(record: TaskRecord, taker: str, now: float, *, scripted: bool) -> TaskRecord:
    """Give the task to a script, or to a worker that was asked to run it directly, under a new
    attempt, whoever it waited for. Either begins with it at once. A task that it holds already
    stays as it is, so that a claim whose answer was lost can be repeated.
    """
    if record.finished:
        raise HttpError(409, f"the task is {record.status}, which is final")
    if record.worker_id == taker:
        return record
    if record.worker_id is not None:
        raise HttpError(409, f"worker {record.worker_id} has the task, in attempt {record.attempt}")
    if record.status != "pending":
        raise HttpError(409, f"the task is {record.status} already, by somebody who gave no name")
    if scripted and record.pinned_to not in (None, taker):
        raise HttpError(409, f"the task waits for worker {record.pinned_to} alone")
    return _assign(record, taker, lease_until=now, scripted=scripted, now=now)


def _assign(
    record: TaskRecord, worker_id: str, *, lease_until: float, scripted: bool, now: float
) -> TaskRecord:
    attempt = record.attempt + 1
    return _rewrite(
        record,
        {**read_fields(record), "execution_attempts": attempt},
        now,
        attempt=attempt,
        worker_id=worker_id,
        lease_until=lease_until,
        scripted=scripted,
    )


def adopt(parent: TaskRecord, child_id: str, now: float) -> Outcome:
    """Add another task to those that this one started."""
    task = read_fields(parent)
    children = task.get("sub_executions") or []
    if child_id in children:
        return Outcome(parent)
    task["sub_executions"] = [*children, child_id]
    changed = _rewrite(parent, task, now)
    if parent.finished:
        return Outcome(changed)
    return Outcome(changed, (_task_event("task_updated", parent, changed, now),))


def disown(parent: TaskRecord, children: Collection[str]) -> Outcome:
    """Remove tasks that were deleted from those that this one started. It is no younger by that."""
    task = parent.outline()
    kept = [child for child in task.get("sub_executions") or [] if child not in children]
    if len(kept) == len(task.get("sub_executions") or []):
        return Outcome(parent)
    task["sub_executions"] = kept
    return Outcome(attrs.evolve(parent, document=orjson.dumps(task)))


def bury(record: TaskRecord, now: float) -> TaskRecord:
    """Leave of a deleted task, for a while, its id, so that no late write brings it back.

    It is of no organization, so nobody finds it; whose it was stands for its agent.
    """
    return TaskRecord(
        id=record.id,
        organization_id="",
        agent_id=record.organization_id,
        status="deleted",
        document=b"",
        created_at=record.created_at,
        updated_at=now,
        attempt=record.attempt,
        large=record.large,  # they are many bytes, and go with the events
    )


def is_grave(record: TaskRecord | None, organization_id: str) -> bool:
    """Tell whether this is what stays of a deleted task of the organization."""
    return (
        record is not None
        and record.status == "deleted"
        and (record.organization_id, record.agent_id) == ("", organization_id)
    )


def holds(record: TaskRecord, attempt: int) -> bool:
    """Tell whether a writer that says it is this attempt may write what is a worker's to write.

    An attempt ends with its offer or its lease, also while nobody else has the task yet. A task
    that was never offered belongs to whoever made it, who knows it by attempt 0.
    """
    if attempt != record.attempt:
        return False
    return record.status != "pending" or record.worker_id is not None or attempt == 0


def is_worn(record: TaskRecord, now: float, leases: Leases) -> bool:
    """Tell whether a good part of the task's lease is over."""
    whole = leases.get_term(record)
    return record.lease_until is not None and record.lease_until < now + whole * 2 / 3


def keep_alive(record: TaskRecord, attempt: int, now: float, leases: Leases) -> TaskRecord:
    """Renew the lease after a sign of life of who believes to hold this attempt."""
    if not holds(record, attempt):
        raise StaleAttempt(attempt)
    return _renew(record, now, leases)


def _renew(record: TaskRecord, now: float, leases: Leases) -> TaskRecord:
    # A lease is never cut short by a sign of life.
    if record.status != "executing" or record.lease_until is None:
        return record
    until = now + leases.get_term(record)
    return attrs.evolve(record, lease_until=max(record.lease_until, until))


def patch(
    record: TaskRecord,
    changes: Mapping[str, Any],
    *,
    attempt: int | None,
    now: float,
    leases: Leases,
) -> Outcome:
    """Set some fields of the task; null takes a field away.

    `attempt` is the one that the writer believes to hold; None is a user's edit, which passes. A
    final status stays, but that a user may take up again what was stopped; the caller says where
    that run begins. Some clients save all of a task, its attempt as well: who saves a stop along
    with the new status knows of it, so that is no worker's late word. Other fields of a finished
    task can still be corrected, without an event, because its last event is the one that says how
    it ended. A client that saves all of a task that it has from an event does not clear what events
    leave out.

    A writer that holds no attempt yet, gives its name as `worker_id` and says `executing`, is a
    script that claims the task; with `run_locally` it is a worker, which has it like any other.
    Apart from that a PATCH says nothing about who has a task.
    """
    taker, directly = _text(changes.get("worker_id")), changes.get("run_locally") is True
    changes = {name: value for name, value in changes.items() if name not in _CLAIM}
    if taker is not None and attempt is None and changes.get("status") == "executing":
        record = _claim_directly(record, taker, now, scripted=not directly)
        attempt = record.attempt
    task = read_fields(record)
    for name in ("id", "agent_id", "organization_id"):
        if changes.get(name) not in (None, getattr(record, name), task[name]):
            raise HttpError(422, f"the {name} of a task can't change", f"$.{name}")
    said = {
        _ALIASES.get(name, name): value
        for name, value in changes.items()
        if name not in PLATFORM_OWNED and not (value is None and name in _NEVER_CLEARED)
    }
    if "created_at" in changes:
        said = {
            name: value for name, value in said.items() if not is_left_out(task.get(name), value)
        }
    differing = {name for name, value in said.items() if not is_same(task.get(name), value)}
    if attempt is not None and not holds(record, attempt):
        if differing & WORKER_OWNED:
            kept = ", ".join(sorted(differing & WORKER_OWNED))
            raise StaleAttempt(attempt, f", so these stay as they are: {kept}")
        if said.get("status") == "executing" and not differing:
            # It begins, so it must hear that another has begun; or it would do the same, too.
            raise StaleAttempt(attempt)
        # Nor does it put an empty value where there was none.
        said = {name: value for name, value in said.items() if name not in WORKER_OWNED}
    status = said.get("status", record.status)
    if status not in STATUSES:
        raise HttpError(422, f"there is no status {status!r}", "$.status")
    if record.finished and status != record.status:
        is_users = attempt is None or takes_up_again(said)
        if not (is_users and record.status == "stopped" and status in _TAKEN_UP_AGAIN):
            raise HttpError(409, f"the task is {record.status}, which is final")
        record, attempt = _take_up_again(record, task), None
        said = {name: value for name, value in said.items() if name not in _SAID_BY_STOPPING}
    if record.finished and attempt is not None:
        # A worker's word on how the task ended is there: a second one adds, but changes nothing.
        said = {
            name: value
            for name, value in said.items()
            if name not in WORKER_OWNED or task.get(name) in (None, "", [], {}, 0)
        }
    before = dict(task)
    for name, value in said.items():
        if value is None:
            task.pop(name, None)
        elif name in differing or task.get(name).__class__ is not LargeField:
            task[name] = value
    _converse(task, said)
    changed = record
    if status != record.status:
        term = leases.get_term(record)
        changed = _move(record, task, status, now=now, lease=term)
    elif attempt is not None and holds(record, attempt):
        changed = _renew(record, now, leases)
    if task == before:
        return Outcome(changed)
    changed = _rewrite(changed, task, now)
    if (record.finished and changed.finished) or not differing:
        return Outcome(changed)
    kind = "task_finished" if changed.finished else "task_updated"
    return Outcome(changed, (_task_event(kind, record, changed, now),))


def takes_up_again(changes: Mapping[str, Any]) -> bool:
    """Tell whether a writer of a whole task knows that it was stopped, and sets it to go on."""
    return changes.get("is_manually_stopped") is True and changes.get("status") in _TAKEN_UP_AGAIN


def _take_up_again(record: TaskRecord, task: dict[str, Any]) -> TaskRecord:
    """Take a stopped task up again, without what stopping said of it, and under an attempt that
    nobody holds who had it before.
    """
    for name in _SAID_BY_STOPPING:
        task.pop(name, None)
    task["execution_attempts"] = record.attempt + 1
    return attrs.evolve(record, attempt=record.attempt + 1)


def stop(record: TaskRecord, now: float) -> Outcome:
    """Stop the task for a user. A finished task stays as it is: stopping twice is no fault."""
    if record.finished:
        return Outcome(record)
    task = read_fields(record)
    task["is_manually_stopped"] = True
    changed = _rewrite(_move(record, task, "stopped", now=now, lease=0), task, now)
    return Outcome(changed, (_task_event("task_finished", record, changed, now),))


def notify(record: TaskRecord, key: str, data: Any, now: float) -> Outcome:
    """Keep what the task was told, and waits for, as one of its events.

    To those who follow the task it is a `task_updated`; the store can tell it from others.
    """
    if record.finished:
        raise HttpError(409, f"the task is {record.status}, it waits for nothing any more")
    notification = {"key": key, "data": data}
    event = _task_event("task_updated", record, record, now, notification=notification)
    return Outcome(record, (attrs.evolve(event, type=NOTIFICATION),))


def append(
    record: TaskRecord,
    events: Sequence[Mapping[str, Any]],
    *,
    attempt: int | None,
    now: float,
    leases: Leases,
) -> Outcome:
    """Append the events that were pushed to a task, with what they do to it.

    `task_finished` is never stored as it came: it finishes the task with the status and the result
    in its data, as a PATCH would, and the platform writes the terminal event. That way there is
    one, and it agrees with the task.
    """
    if attempt is not None and not holds(record, attempt):
        raise StaleAttempt(attempt)
    if record.finished:
        if all(event.get("type") == "task_finished" for event in events):
            return Outcome(record)
        raise HttpError(409, f"the task is {record.status}, its events are complete")
    stored: list[NewEvent] = []
    for index, event in enumerate(events):
        kind = event.get("type")
        if kind in _OWN_KINDS:
            raise HttpError(422, f"only the platform itself says {kind!r}", f"$[{index}].type")
        if kind == "task_finished":
            if index + 1 < len(events):
                raise HttpError(422, "nothing follows task_finished", f"$[{index + 1}]")
            ending = patch(
                record,
                _ending(event.get("data")),
                attempt=attempt,
                now=now,
                leases=leases,
            )
            return Outcome(ending.record, (*stored, *ending.events))
        stored.append(NewEvent(str(kind), orjson.dumps(event)))
    # Written only when a good part of the lease is over: events come by the thousand.
    if is_worn(record, now, leases):
        record = _renew(record, now, leases)
    return Outcome(record, tuple(stored))


def expire(
    record: TaskRecord, *, now: float, max_attempts: int, gone: bool = False
) -> Outcome | None:
    """Take the task back after its lease ran out; None if it hasn't.

    An offer that its worker let pass goes back to the queue in silence. A worker that was lost
    while executing is named in an event; the last one allowed ends the task as an error, and with
    `on_worker_loss` the first one may. One that is `gone` before it began counts like these: the
    task may have killed it. So does the worker of a task that was its own from the beginning, if
    its loss is to be the end, because nobody else would ever take it.
    """
    if record.lease_until is None or record.lease_until > now or record.worker_id is None:
        return None
    task = read_fields(record)
    once = task.get("on_worker_loss") == "error"
    if record.status == "pending" and not gone and not (once and task.get("run_locally") is True):
        back = attrs.evolve(record, worker_id=None, lease_until=None, updated_at=now)
        return Outcome(back)
    if record.status not in ("pending", "executing"):
        return None
    losses = record.losses + 1
    lost = {"id": record.worker_id, "execution_attempts": record.attempt}
    note = f"worker {record.worker_id} was lost in attempt {record.attempt}"
    if once or losses >= max_attempts:
        task["result"] = f"{note}; " + (
            "the task is not restarted"
            if once
            else f"{losses} workers were lost with this task, so it is not tried again"
        )
        task["internal_status"] = note
        ended = _move(attrs.evolve(record, losses=losses), task, "error", now=now, lease=0)
        changed = _rewrite(ended, task, now)
        event = _task_event("task_finished", record, changed, now, lost_worker=lost)
        return Outcome(changed, (event,))
    task["internal_status"] = note
    task["status"] = "pending"
    back = attrs.evolve(record, losses=losses, worker_id=None, lease_until=None)
    changed = _rewrite(back, task, now)
    event = _task_event("task_updated", record, changed, now, lost_worker=lost)
    return Outcome(changed, (event,))


def _move(
    record: TaskRecord, task: dict[str, Any], status: TaskStatus, *, now: float, lease: float
) -> TaskRecord:
    """Move the record to another status; `task` gets the times that go with it."""
    task["status"] = status
    if status == "executing":
        if record.status == "pending" or not task.get("started_at"):
            task["started_at"] = timestamp(now)
        task.pop("paused_at", None)
        if record.losses and str(task.get("internal_status", "")).startswith("worker "):
            task.pop("internal_status")
        held_until = now + lease if record.worker_id is not None else None
        return attrs.evolve(record, lease_until=held_until)
    if status == "pending":
        return attrs.evolve(record, worker_id=None, lease_until=None, losses=0)
    if status == "paused":
        task["paused_at"] = task.get("paused_at") or timestamp(now)
        return attrs.evolve(record, lease_until=None)
    if status != "stopped" and not task.get("started_at"):
        task["started_at"] = timestamp(now)
    task["finished_at"] = task.get("finished_at") or timestamp(now)
    if task.get("started_at") and not task.get("duration"):
        task["duration"] = round(max(0.0, now - _moment(task["started_at"], now)), 6)
    return attrs.evolve(record, worker_id=None, lease_until=None)


def _rewrite(record: TaskRecord, task: dict[str, Any], now: float, **also: Any) -> TaskRecord:
    """Give the record this JSON, and `also` other values of its own."""
    changes = _look_up(task, record) | also
    if record.large is not None and isinstance(task.get("input"), LargeField):
        changes["user_id"] = record.user_id
    return attrs.evolve(record, updated_at=now, **changes)


def _look_up(task: Mapping[str, Any], before: TaskRecord | None) -> dict[str, Any]:
    """Return the JSON, and what is looked up by taken from it."""
    given = task.get("input")
    user = given.get("user") if isinstance(given, dict) else None
    return {
        "status": task["status"],
        "internal_status": _text(task.get("internal_status")),
        "user_id": _text(user.get("id")) if isinstance(user, dict) else None,
        "parent_task_id": _text(task.get("parent_execution")),
        "triggering_agent_id": _text(task.get("triggering_agent_id")),
        **divide(task, before),
    }


def _task_event(
    kind: str, before: TaskRecord | None, record: TaskRecord, now: float, **more: Any
) -> NewEvent:
    """Make an event with the task as its data, but for large fields that are as they were. The last
    one has the result in any case.
    """
    changed: list[str] = []
    if record.large is not None:
        changed, _ = record.compare(before)
        if kind == "task_finished" and "result" in record.digests and "result" not in changed:
            changed.append("result")
    event = {
        "type": kind,
        "task_id": record.id,
        "organization_id": record.organization_id,
        "time": timestamp(now),
        "data": record.encodable(changed),
        **more,
    }
    return NewEvent(kind, orjson.dumps(event))


def _name_fields(body: Mapping[str, Any], *, without: frozenset[str]) -> dict[str, Any]:
    return {
        name: value
        for key, value in body.items()
        if value is not None and (name := _ALIASES.get(key, key)) not in without
    }


def _pin(given: Mapping[str, Any]) -> str | None:
    """Return the only pool or worker that a task waits for."""
    return _text(given.get("worker_pool")) or _text(given.get("worker_id"))


def _converse(task: dict[str, Any], said: Mapping[str, Any]) -> None:
    """Set the conversation, which is what a thread is called, too."""
    thread_id = _text(said.get("memory_thread_id"))
    if thread_id is not None:
        task["conversation_id"] = thread_id


def _make_report(body: Mapping[str, Any], now: float) -> dict[str, Any]:
    said = {
        name: value
        for name, value in body.items()
        if value is not None and name not in PLATFORM_OWNED
    }
    succeeded = said.pop("is_success", True)
    duration = said.get("duration") or 0.0
    given = said.get("input")
    said["input"] = {"text": given} if isinstance(given, str) else given or {}
    result = said.get("result", said.get("llm_response"))
    if result is not None:
        said["result"] = result if isinstance(result, str) else orjson.dumps(result).decode()
    return said | {
        "status": "completed" if succeeded else "failed",
        "duration": duration,
        "started_at": timestamp(max(0.0, now - min(duration, now))),
        "finished_at": timestamp(now),
    }


def _without_result(task: Mapping[str, Any]) -> dict[str, Any]:
    ending = ("result", "llm_response", "finished_at", "duration", "tokens", "used_tools")
    return {name: value for name, value in task.items() if name not in ending}


def _ending(data: Any) -> dict[str, Any]:
    """Return what a pushed `task_finished` says about the task."""
    given = data if isinstance(data, dict) else {}
    names = ("result", "internal_status", "tokens", "used_tools", "duration", "deep_planning")
    said = {name: given[name] for name in names if given.get(name) is not None}
    status = given.get("status")
    return said | {"status": status if status in TERMINAL else "completed"}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(text: str, otherwise: float) -> float:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()
