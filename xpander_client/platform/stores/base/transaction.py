"""What a write is, in no engine's terms: a command, and the rows that it works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import attrs

from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import (
    AuditEntry,
    Document,
    IdempotencyKey,
    MessageRecord,
    Report,
    TaskRecord,
    ThreadRecord,
)

T = TypeVar("T")


class Work(Protocol):
    """The rows of a transaction. What a command changes, later ones in the transaction see.

    `now` is the moment of the transaction. `topics` are told when it is committed.
    """

    @property
    def now(self) -> float:
        """Seconds since 1970, by the store's clock."""
        ...

    @property
    def topics(self) -> set[str]:
        """Who watches one of these hears of the commit."""
        ...

    def task(self, task_id: str) -> TaskRecord | None:
        """Return the task, whosever it is; its large fields need not have been read."""
        ...

    def whole(self, record: TaskRecord) -> TaskRecord:
        """Return the task as it stands, with its large fields."""
        ...

    def last_seq(self, task_id: str) -> int:
        """Return the number of the last event of a task that there is."""
        ...

    def insert(self, outcome: task_machine.Outcome) -> None:
        """Add a task and its events."""
        ...

    def save(self, before: TaskRecord, outcome: task_machine.Outcome) -> int:
        """Write what changed of a task, and its new events; returns the last one's number."""
        ...

    def renew(self, record: TaskRecord) -> None:
        """Write the end of a task's lease, and nothing else."""
        ...

    def waiting(
        self, organization_id: str, agent_id: str, pins: Sequence[str | None]
    ) -> TaskRecord | None:
        """Return the oldest task that waits in one of these queues; nobody else is given it."""
        ...

    def answer(self, organization_id: str, key: str) -> tuple[bytes, str] | None:
        """Return the fingerprint of the first request with an idempotency key, and its answer."""
        ...

    def remember(self, organization_id: str, key: IdempotencyKey, answer: str) -> None:
        """Keep what the first request with this key made."""
        ...

    def thread(self, organization_id: str, thread_id: str) -> ThreadRecord | None:
        """Return the thread."""
        ...

    def insert_thread(
        self, record: ThreadRecord, user_id: str | None, agent_id: str | None
    ) -> None:
        """Add a thread without messages."""
        ...

    def save_thread(self, record: ThreadRecord, user_id: str | None, agent_id: str | None) -> None:
        """Write a thread's document and its length."""
        ...

    def extend_thread(self, thread: ThreadRecord, messages: Sequence[MessageRecord]) -> None:
        """Add messages behind the thread's last one, and count them in its length."""
        ...

    def empty_thread(self, thread: ThreadRecord) -> None:
        """Forget the thread's messages. Its length stays as it is written."""
        ...

    def delete_thread(self, thread: ThreadRecord) -> None:
        """Forget a thread that has no messages any more."""
        ...

    def document(self, organization_id: str, kind: str, key: str) -> Document | None:
        """Return the document."""
        ...

    def save_document(self, organization_id: str, document: Document) -> None:
        """Write a document, in whatever place of the version before."""
        ...

    def add_report(self, organization_id: str, report: Report) -> None:
        """Add a report, of this moment."""
        ...

    def forget_reports(self, organization_id: str, task_id: str) -> None:
        """Forget the reports of a task."""
        ...

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what is done, at this moment."""
        ...


@attrs.frozen
class Waiting:
    """How many of the tasks that wait in an agent's queues are wanted, at the most, by pin."""

    organization_id: str
    agent_id: str
    most: Mapping[str | None, int]


@attrs.frozen(kw_only=True)
class Reads:
    """What a command is going to read, as far as it is known before. An engine that fetches rows
    for many commands at once begins with these. `whole` are tasks, too, with their large fields.
    """

    tasks: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    threads: tuple[tuple[str, str], ...] = ()
    documents: tuple[tuple[str, str, str], ...] = ()
    waiting: Waiting | None = None


@attrs.frozen
class Command(Generic[T]):
    """One write: what it does with the rows, and which those are."""

    run: Callable[[Work], T]
    reads: Reads = Reads()


class Submit(Protocol):
    """Runs a command."""

    async def __call__(self, command: Command[T], /) -> T:
        """Run the command; returns what it returned, once it is on disk."""
        ...
