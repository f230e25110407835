"""What the commands of a store have in common, in no engine's terms.

A write is a command: a function of the rows that it reads and changes. An engine gives it these
rows as a `Work`, inside a transaction that it shares with other commands, and stores what it made
of them. A command that raises `HttpError` leaves nothing behind. It may be run more than once until
its transaction is committed, so it changes nothing but its work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import (
    AUDIT_FIELDS,
    AuditEntry,
    AuditPage,
    IdempotencyKey,
    TaskRecord,
    ThreadRecord,
    make_audit_entry,
)
from xpander_client.platform.stores.base.hints import (
    agent_topic,
    requeue_topic,
    task_topic,
    worker_topic,
)
from xpander_client.platform.stores.base.transaction import Work

_AT_ONCE = 1_000
"""So many messages of a thread are forgotten in one command."""


def unknown_task(task_id: str) -> HttpError:
    """Make the error for a task that is not there."""
    return HttpError(404, f"there is no task {task_id}")


def unknown_thread(thread_id: str) -> HttpError:
    """Make the error for a thread that is not there."""
    return HttpError(404, f"there is no thread {thread_id}")


def parse_cursor(cursor: str | None) -> int | None:
    """Parse the cursor of a page: what the next page shows has lower numbers.

    Returns None without a cursor: the first page begins with the newest.

    Raises:
        HttpError: 422, the cursor is none of ours.
    """
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise HttpError(422, "this cursor was not given out by the platform")
    return int(cursor)


def build_audit_page(rows: Sequence[Any], limit: int) -> AuditPage:
    """Make a page of entries from rows of their fields, of which one more was read."""
    entries = tuple(AuditEntry(**dict(zip(AUDIT_FIELDS, row, strict=True))) for row in rows[:limit])
    return AuditPage(entries, str(entries[-1].number) if len(rows) > limit else None)


def keep_alive(
    work: Work, record: TaskRecord, attempt: int | None, leases: task_machine.Leases
) -> TaskRecord:
    """Give the task's lease a new term, because its holder did something.

    Raises:
        HttpError: 409, the attempt does not hold the task. Nothing has been written then.
    """
    if attempt is None:
        return record
    alive = task_machine.keep_alive(record, attempt, work.now, leases)
    if alive is not record:
        work.renew(alive)
    return alive


def find_task(work: Work, organization_id: str, task_id: str) -> TaskRecord:
    """Return an organization's task; its large fields need not have been read.

    Raises:
        HttpError: 404, there is none.
    """
    record = work.task(task_id)
    if record is None or record.organization_id != organization_id:
        raise unknown_task(task_id)
    return record


def find_thread(work: Work, organization_id: str, thread_id: str) -> ThreadRecord:
    """Return an organization's thread.

    Raises:
        HttpError: 404, there is none, or it was deleted.
    """
    record = work.thread(organization_id, thread_id)
    if record is None or record.gone:
        raise unknown_thread(thread_id)
    return record


def disown_tasks(work: Work, deleted: Sequence[TaskRecord]) -> None:
    """Take deleted tasks off the lists of the tasks that started them."""
    children: dict[str, list[str]] = {}
    for record in deleted:
        if record.parent_task_id is not None:
            children.setdefault(record.parent_task_id, []).append(record.id)
    for parent_id, ids in children.items():
        parent = work.task(parent_id)
        if parent is not None and parent.organization_id == deleted[0].organization_id:
            work.save(parent, task_machine.disown(parent, ids))


def forget_thread(work: Work, thread: ThreadRecord) -> None:
    """Delete a thread, so that nobody finds it any more. The messages of a long one are deleted
    later, as other writers wait for this.
    """
    if thread.length > _AT_ONCE:
        work.save_thread(attrs.evolve(thread, document=b""), None, None)
    else:
        work.empty_thread(thread)
        work.delete_thread(thread)


def audit_action(
    work: Work, organization_id: str, actor: str | None, action: str, what: str, outcome: str
) -> None:
    """Write down what is done, if anybody is to answer for it."""
    if actor is not None:
        work.add_audit(make_audit_entry(organization_id, actor, action, what, outcome))


def audit_stop(work: Work, before: TaskRecord, after: TaskRecord, actor: str | None) -> None:
    """Write down that a task was stopped, if this change did it and anybody is to answer for it."""
    if after.status == "stopped" != before.status:
        audit_action(work, after.organization_id, actor, "task.stop", after.id, "stopped")


def insert_task(work: Work, outcome: task_machine.Outcome) -> None:
    """Add a task and its events, and wake those who wait for it."""
    work.insert(outcome)
    _tell(work, None, outcome)


def save_task(work: Work, before: TaskRecord, outcome: task_machine.Outcome) -> int:
    """Write what changed of a task and its new events, and wake those who wait for either.

    Returns the number of the task's last event.
    """
    last_seq = work.save(before, outcome)
    _tell(work, before, outcome)
    return last_seq


def _tell(work: Work, before: TaskRecord | None, outcome: task_machine.Outcome) -> None:
    """Wake those whom a change concerns: who follows the task, who waits for work, who held it."""
    record = outcome.record
    if outcome.events:
        work.topics.add(task_topic(record.id))
    if record.waits:
        place = record.organization_id, record.agent_id
        work.topics.add(agent_topic(*place, record.pinned_to))
        if before is not None:
            work.topics.add(requeue_topic(*place))
    holder = record.worker_id if before is None else before.worker_id
    if holder is not None and (before is None or _hold(before) != _hold(record)):
        work.topics.add(worker_topic(record.organization_id, holder))


def _hold(record: TaskRecord) -> tuple[str | None, int, str]:
    return record.worker_id, record.attempt, record.status


def adopt_task(work: Work, child: TaskRecord, parent_id: Any) -> None:
    """Add a new task to the list of the one that its body names as its parent, if it names one.

    Raises:
        HttpError: 422, there is no such parent.
    """
    if parent_id is None:
        return
    try:
        parent = find_task(work, child.organization_id, parent_id)
    except HttpError as error:
        raise HttpError(422, error.detail, "$.parent_execution_id") from None
    save_task(work, parent, task_machine.adopt(parent, child.id, work.now))


def first_answer(work: Work, organization_id: str, key: IdempotencyKey | None) -> str | None:
    """Return what the first request with this key made, if there was one.

    Raises:
        HttpError: 422, that was another request.
    """
    if key is None:
        return None
    kept = work.answer(organization_id, key.key)
    if kept is None:
        return None
    fingerprint, answer = kept
    if fingerprint != key.fingerprint:
        raise HttpError(422, "this idempotency key was used for another request")
    return answer


def remember_answer(
    work: Work, organization_id: str, key: IdempotencyKey | None, answer: str
) -> None:
    """Keep what the first request with this key made; see `first_answer`."""
    if key is not None:
        work.remember(organization_id, key, answer)
