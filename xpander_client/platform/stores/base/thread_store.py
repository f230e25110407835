"""The threads of a store: their writes, once for all engines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import orjson

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules import threads
from xpander_client.platform.rules.records import (
    Extended,
    IdempotencyKey,
    MessageRecord,
    ThreadRecord,
)
from xpander_client.platform.rules.task_machine import Leases
from xpander_client.platform.stores.base.commands import (
    audit_action,
    find_task,
    find_thread,
    first_answer,
    forget_thread,
    keep_alive,
    remember_answer,
)
from xpander_client.platform.stores.base.transaction import Command, Reads, Submit, Work


class ThreadStore(ABC):
    """Threads and their messages: adding to one costs what is added, reading what is read.

    A thread of another organization does not exist. Methods raise `HttpError` as those of
    a `Store`.
    """

    def __init__(self, submit: Submit, leases: Leases) -> None:
        self._submit = submit
        self._leases = leases

    async def create(
        self,
        organization_id: str,
        body: Mapping[str, Any],
        *,
        thread_id: str,
        key: IdempotencyKey | None = None,
    ) -> ThreadRecord:
        """Make a thread without messages, or return the one that the key made before.

        That is an `HttpError` with status 409 when there is a thread of that id.
        """

        def run(work: Work) -> ThreadRecord:
            first = first_answer(work, organization_id, key)
            if first is not None:
                return find_thread(work, organization_id, first)
            if work.thread(organization_id, thread_id) is not None:
                raise HttpError(409, f"there is a thread {thread_id} already")
            document = threads.begin(thread_id, body, work.now)
            record = ThreadRecord(thread_id, organization_id, 0, orjson.dumps(document))
            work.insert_thread(record, *threads.belongs_to(document))
            remember_answer(work, organization_id, key, thread_id)
            return record

        return await self._submit(Command(run, Reads(threads=((organization_id, thread_id),))))

    @abstractmethod
    async def get(self, organization_id: str, thread_id: str) -> ThreadRecord:
        """Return the thread."""

    @abstractmethod
    async def read(self, thread: ThreadRecord, after: int = 0) -> Sequence[MessageRecord]:
        """Return the thread's messages but for the first `after`, as far as the record knows of
        them.
        """

    @abstractmethod
    async def tail(self, thread: ThreadRecord, last: int) -> Sequence[MessageRecord]:
        """Return the thread's system messages and the last ones of the others, in their order."""

    async def extend(
        self,
        organization_id: str,
        thread_id: str,
        messages: Sequence[Mapping[str, Any]],
        *,
        task_id: str | None = None,
        attempt: int | None = None,
        key: IdempotencyKey | None = None,
    ) -> Extended:
        """Add messages to the end, all or none; a repeated key adds nothing.

        With a task, its present state comes back. With an attempt of it as well, that is a sign of
        life of the task's holder, or an `HttpError` with status 409 when it is not the holder's.
        """
        added = [MessageRecord(message["role"], orjson.dumps(message)) for message in messages]

        def run(work: Work) -> Extended:
            thread = find_thread(work, organization_id, thread_id)
            task = None if task_id is None else find_task(work, organization_id, task_id)
            if first_answer(work, organization_id, key) is not None:
                return Extended(thread, task)
            if task is not None:
                task = keep_alive(work, task, attempt, self._leases)
            if added:
                work.extend_thread(thread, added)
            remember_answer(work, organization_id, key, thread_id)
            return Extended(attrs.evolve(thread, length=thread.length + len(added)), task)

        reads = Reads(
            threads=((organization_id, thread_id),), tasks=() if task_id is None else (task_id,)
        )
        return await self._submit(Command(run, reads))

    async def update(
        self,
        organization_id: str,
        thread_id: str,
        changes: Mapping[str, Any],
        *,
        messages: Sequence[Mapping[str, Any]] | None = None,
    ) -> ThreadRecord:
        """Set fields of a thread, null takes one away; `messages` replace those that it has."""
        replacing = (
            None
            if messages is None
            else [MessageRecord(message["role"], orjson.dumps(message)) for message in messages]
        )

        def run(work: Work) -> ThreadRecord:
            thread = find_thread(work, organization_id, thread_id)
            document = threads.change(thread.read(), changes)
            changed = attrs.evolve(thread, document=orjson.dumps(document))
            if replacing is not None:
                work.empty_thread(thread)
                changed = attrs.evolve(changed, length=0)
            work.save_thread(changed, *threads.belongs_to(document))
            if replacing:
                work.extend_thread(changed, replacing)
                changed = attrs.evolve(changed, length=len(replacing))
            return changed

        return await self._submit(Command(run, Reads(threads=((organization_id, thread_id),))))

    async def delete(
        self, organization_id: str, thread_id: str, *, actor: str | None = None
    ) -> None:
        """Forget a thread and its messages. An `actor` is written down."""

        def run(work: Work) -> None:
            forget_thread(work, find_thread(work, organization_id, thread_id))
            audit_action(work, organization_id, actor, "thread.delete", thread_id, "deleted")

        await self._submit(Command(run, Reads(threads=((organization_id, thread_id),))))

    @abstractmethod
    async def list_of_user(
        self,
        organization_id: str,
        user_id: str,
        agent_id: str | None,
        *,
        limit: int | None = None,
    ) -> Sequence[ThreadRecord]:
        """Return the threads with a user, and with an agent if one is named, the newest first."""
