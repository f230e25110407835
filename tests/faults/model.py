"""What a store has to do, in plain Python: tasks in a dict, events in lists, no engine.

Written from what the interface promises, without the functions that the engines go by, so that a
mistake in those is a difference, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from xpander_client.platform.foundation.settings import Settings

FINAL = {"completed", "failed", "error", "stopped"}


class Refused(Exception):
    """What the interface calls a refusal, with its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@attrs.define
class ModelTask:
    """A task. `events` are the numbers and types of those that are kept."""

    id: str
    agent: str
    order: int
    status: str = "pending"
    attempt: int = 0
    losses: int = 0
    holder: str | None = None
    lease_until: float | None = None
    pinned: str | None = None
    run_from: int = 0
    scripted: bool = False
    local: bool = False
    once: bool = False
    title: str | None = None
    result: str | None = None
    parent: str | None = None
    children: list[str] = attrs.field(factory=list)
    changed_at: float = 0.0
    last_seq: int = 0
    events: list[tuple[int, str]] = attrs.field(factory=list)

    def tell(self, *kinds: str) -> None:
        for kind in kinds:
            self.last_seq += 1
            self.events.append((self.last_seq, kind))

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    def is_held_by(self, attempt: int) -> bool:
        waits = self.status == "pending" and self.holder is None
        return attempt == self.attempt and (not waits or attempt == 0)

    @property
    def face(self) -> dict[str, Any]:
        """What every engine has to agree about."""
        return {
            "id": self.id,
            "agent": self.agent,
            "status": self.status,
            "attempt": self.attempt,
            "losses": self.losses,
            "holder": self.holder,
            "lease_until": self.lease_until,
            "pinned": self.pinned,
            "run_from": self.run_from,
            "scripted": self.scripted,
            "title": self.title,
            "result": self.result,
            "parent": self.parent,
            "children": list(self.children),
        }


@attrs.define
class Model:
    """A store of one organization. Methods answer as the store's do, and raise `Refused`."""

    settings: Settings
    now: float = 1_000_000.0
    tasks: dict[str, ModelTask] = attrs.field(factory=dict)
    keys: dict[str, tuple[bytes, str, float]] = attrs.field(factory=dict)
    documents: dict[str, tuple[int, dict[str, Any]]] = attrs.field(factory=dict)
    gone: set[str] = attrs.field(factory=set)
    buried: dict[str, float] = attrs.field(factory=dict)
    made: int = 0

    # Looking ---------------------------------------------------------------------------------

    def task(self, task_id: str) -> ModelTask:
        if task_id not in self.tasks:
            raise Refused(404)
        return self.tasks[task_id]

    def first(self, key: tuple[str, bytes] | None) -> str | None:
        if key is None or key[0] not in self.keys:
            return None
        fingerprint, answer, _ = self.keys[key[0]]
        if fingerprint != key[1]:
            raise Refused(422)
        return answer

    def remember(self, key: tuple[str, bytes] | None, answer: str) -> None:
        if key is not None:
            self.keys[key[0]] = (key[1], answer, self.now)

    def listed(self, agent: str | None, status: str | None) -> list[str]:
        newest = sorted(self.tasks.values(), key=lambda task: -task.order)
        return [
            task.id
            for task in newest
            if agent in (None, task.agent) and status in (None, task.status)
        ]

    def waiting_for(self, worker: str) -> str | None:
        fitting = [
            task
            for task in self.tasks.values()
            if task.status == "pending"
            and task.holder is None
            and task.pinned == worker
            and task.parent is not None
        ]
        return min(fitting, key=lambda task: task.order).id if fitting else None

    # Making ----------------------------------------------------------------------------------

    def put(
        self,
        task_id: str,
        agent: str,
        *,
        existing: str | None = None,
        key: tuple[str, bytes] | None = None,
        title: str | None = None,
        worker: str | None = None,
        pool: str | None = None,
        local: bool = False,
        once: bool = False,
        parent: str | None = None,
    ) -> tuple[str, bool]:
        if (answer := self.first(key)) is not None:
            return self.task(answer).id, True
        if existing is None:
            mother = self.tasks.get(parent) if parent is not None else None
            if parent is not None and mother is None:
                raise Refused(422)
            task = self._create(task_id, agent, title, worker, pool, local=local, once=once)
            self._bear(mother, task)
            self.remember(key, task_id)
            return task_id, False
        task = self.task(existing)
        if task.status in ("pending", "executing"):
            raise Refused(409)
        if parent is not None and parent not in self.tasks:
            raise Refused(422)
        task.run_from = task.last_seq
        task.agent, task.status = agent, "pending"
        task.losses, task.holder, task.lease_until = 0, None, None
        task.pinned = pool or worker
        task.result = None
        task.title = title or task.title
        # What the body of an earlier run said about the task holds on.
        task.local = local or task.local
        task.once = once or task.once
        task.changed_at = self.now
        task.tell("task_created")
        if parent is not None:
            self._bear(self.tasks[parent], task)
        self.remember(key, existing)
        return existing, False

    def delegate(
        self, parent: str, task_id: str, agent: str, attempt: int | None
    ) -> tuple[str, bool]:
        mother = self.task(parent)
        renewed = self._signed(mother, attempt)
        if mother.is_over:
            raise Refused(409)
        if task_id in self.buried:
            raise Refused(404)
        mother.lease_until = renewed
        if task_id in self.tasks:
            return task_id, True
        child = self._create(task_id, agent, None, None, None, local=False, once=False)
        self._bear(mother, child)
        return task_id, False

    def report(
        self, task_id: str, agent: str, *, succeeded: bool, key: tuple[str, bytes] | None
    ) -> tuple[str, bool]:
        if (answer := self.first(key)) is not None:
            return self.task(answer).id, True
        if task_id in self.buried:
            raise Refused(404)
        task = self.tasks.get(task_id)
        if task is None:
            task = self._create(task_id, agent, None, None, None, local=False, once=False)
            task.attempt = 1
        elif task.is_over or task.holder is not None:
            raise Refused(409)
        task.result = "reported"
        self._end(task, "completed" if succeeded else "failed")
        self.remember(key, task_id)
        return task_id, False

    def _create(
        self,
        task_id: str,
        agent: str,
        title: str | None,
        worker: str | None,
        pool: str | None,
        *,
        local: bool,
        once: bool,
    ) -> ModelTask:
        task = ModelTask(task_id, agent, self.made, title=title, pinned=pool or worker)
        self.made += 1
        task.local, task.once, task.changed_at = local, once, self.now
        if local and worker is not None:
            task.attempt, task.holder = 1, worker
            task.lease_until = self.now + self.settings.offer_window
        task.tell("task_created")
        self.tasks[task_id] = task
        return task

    def _bear(self, mother: ModelTask | None, child: ModelTask) -> None:
        if mother is None:
            return
        child.parent = mother.id
        if child.id not in mother.children:
            mother.children.append(child.id)
            mother.changed_at = self.now
            if not mother.is_over:
                mother.tell("task_updated")

    # Writing ---------------------------------------------------------------------------------

    def patch(
        self,
        task_id: str,
        *,
        attempt: int | None,
        status: str | None = None,
        result: str | None = None,
        title: str | None = None,
        script: str | None = None,
    ) -> str:
        task = self.task(task_id)
        claims = script is not None and attempt is None and status == "executing"
        if claims and task.holder != script:
            waits = task.status == "pending" and task.holder is None
            if not waits or task.pinned not in (None, script):
                raise Refused(409)
        if claims:
            holding = True
        else:
            holding = attempt is not None and task.is_held_by(attempt)
            outdated = attempt is not None and not holding
            claimed = status not in (None, task.status) or result not in (None, task.result)
            begins = status == "executing" and title in (None, task.title)
            if outdated and (claimed or begins):
                raise Refused(409)
        if status is not None and status not in {"pending", "executing", "paused"} | FINAL:
            raise Refused(422)
        if task.is_over and status not in (None, task.status):
            raise Refused(409)
        # From here on it is done.
        if claims and task.holder != script:
            task.attempt += 1
            task.holder, task.scripted, task.lease_until = script, True, self.now
        was_over = task.is_over
        differs = False
        if (
            result is not None
            and result != task.result
            and (not was_over or attempt is None or task.result is None)
        ):
            task.result, differs = result, True
        if title is not None and title != task.title:
            task.title, differs = title, True
        if status is not None and status != task.status:
            self._move(task, status)
            differs = True
        elif holding:
            task.lease_until = self._renewed(task)
        if differs:
            task.changed_at = self.now
            if not was_over:
                task.tell("task_finished" if task.is_over else "task_updated")
        return task_id

    def append(
        self,
        task_id: str,
        kinds: Sequence[str],
        *,
        attempt: int | None,
        ending: str = "completed",
        key: tuple[str, bytes] | None = None,
    ) -> tuple[int, bool]:
        task = self.task(task_id)
        if self.first(key) is not None:
            return task.last_seq, True
        if attempt is not None and not task.is_held_by(attempt):
            raise Refused(409)
        if task.is_over:
            if any(kind != "task_finished" for kind in kinds):
                raise Refused(409)
        else:
            if "connected" in kinds or "task_finished" in kinds[:-1]:
                raise Refused(422)
            chunks = [kind for kind in kinds if kind != "task_finished"]
            task.tell(*chunks)
            if len(chunks) < len(kinds):
                task.result = "pushed"
                self._end(task, ending)
            elif (task.lease_until or self.now) < self.now + self._term(task) * 2 / 3:
                task.lease_until = self._renewed(task)
        self.remember(key, task_id)
        return task.last_seq, False

    def notify(self, task_id: str, key: tuple[str, bytes] | None) -> tuple[int, bool]:
        task = self.task(task_id)
        if (answer := self.first(key)) is not None:
            return int(answer), True
        if task.is_over:
            raise Refused(409)
        task.tell("notification")
        self.remember(key, str(task.last_seq))
        return task.last_seq, False

    def stop(self, task_id: str) -> str:
        task = self.task(task_id)
        if not task.is_over:
            self._end(task, "stopped")
        return task_id

    def delete(self, task_ids: Sequence[str], *, stop: bool) -> list[str]:
        deleted = []
        for task_id in dict.fromkeys(task_ids):
            task = self.tasks.get(task_id)
            if task is not None and (stop or task.is_over):
                if not task.is_over:
                    self._end(task, "stopped")
                del self.tasks[task_id]
                self.buried[task_id] = self.now
                deleted.append(task)
        for task in deleted:
            if task.parent in self.tasks and task.id in self.tasks[task.parent].children:
                self.tasks[task.parent].children.remove(task.id)
        return [task.id for task in deleted]

    def keep_alive(self, task_id: str, attempt: int | None) -> str:
        task = self.task(task_id)
        task.lease_until = self._signed(task, attempt)
        return task_id

    # Who works -------------------------------------------------------------------------------

    def claim(self, agent: str, workers: Sequence[str], pools: Mapping[str, str]) -> list[str]:
        offered = []
        for worker in workers:
            fitting = [
                task
                for task in self.tasks.values()
                if task.agent == agent
                and task.status == "pending"
                and task.holder is None
                and task.pinned in (pools.get(worker), worker)
            ]
            if fitting:
                task = min(fitting, key=lambda task: task.order)
                task.attempt += 1
                task.holder, task.scripted = worker, False
                task.lease_until = self.now + self.settings.offer_window
                offered.append(task.id)
        return offered

    def renew(self, worker: str, adopt_from: str | None) -> dict[str, int]:
        held = {}
        for task in self.tasks.values():
            if adopt_from is not None and task.holder == adopt_from:
                task.holder = worker
            if task.holder == worker:
                held[task.id] = task.attempt
                if task.status == "executing" and task.lease_until is not None:
                    task.lease_until = max(task.lease_until, self.now + self.settings.lease)
        return held

    def sweep(self) -> tuple[set[str], set[str]]:
        back: set[str] = set()
        out: set[str] = set()
        for task in self.tasks.values():
            if task.lease_until is None or task.lease_until > self.now:
                continue
            task.changed_at = self.now
            waits_on = task.holder not in self.gone and not (task.once and task.local)
            if task.status == "pending" and waits_on:
                task.holder, task.lease_until = None, None
                back.add(task.id)
                continue
            task.losses += 1
            if task.once or task.losses >= self.settings.max_attempts:
                task.result = "lost"
                self._end(task, "error")
                out.add(task.id)
            else:
                task.status, task.holder, task.lease_until = "pending", None, None
                task.tell("task_updated")
                back.add(task.id)
        return back, out

    def reopen(self) -> None:
        for task in self.tasks.values():
            if task.lease_until is not None:
                executing = task.status == "executing"
                term = self._term(task) if executing else self.settings.offer_window
                task.lease_until = max(task.lease_until, self.now + term)

    def prune(
        self, events_before: float, keys_before: float, tasks_before: float | None
    ) -> tuple[int, int]:
        gone = keys = 0
        for task in self.tasks.values():
            if task.is_over and task.changed_at < events_before:
                kept = [each for each in task.events if each[1] == "task_finished"]
                gone += len(task.events) - len(kept)
                task.events = kept
        for key, (_, _, since) in list(self.keys.items()):
            if since < keys_before:
                del self.keys[key]
                keys += 1
        for task in list(self.tasks.values()):
            if tasks_before is not None and task.is_over and task.changed_at < tasks_before:
                del self.tasks[task.id]
        self.buried = {each: since for each, since in self.buried.items() if since >= keys_before}
        return gone, keys

    # Documents -------------------------------------------------------------------------------

    def doc_put(
        self,
        name: str,
        value: dict[str, Any],
        if_version: int | None,
        key: tuple[str, bytes] | None,
    ) -> tuple[int, dict[str, Any]]:
        if (answer := self.first(key)) is not None:
            return self.documents[answer]
        version, _ = self.documents.get(name, (0, {}))
        if if_version not in (None, version):
            raise Refused(409)
        self.documents[name] = (version + 1, value)
        self.remember(key, name)
        return self.documents[name]

    # -----------------------------------------------------------------------------------------

    def _term(self, task: ModelTask) -> float:
        return self.settings.loop_lease if task.scripted else self.settings.lease

    def _renewed(self, task: ModelTask) -> float | None:
        if task.status != "executing" or task.lease_until is None:
            return task.lease_until
        return max(task.lease_until, self.now + self._term(task))

    def _signed(self, task: ModelTask, attempt: int | None) -> float | None:
        if attempt is None:
            return task.lease_until
        if not task.is_held_by(attempt):
            raise Refused(409)
        return self._renewed(task)

    def _move(self, task: ModelTask, status: str) -> None:
        task.status = status
        if status == "executing":
            task.lease_until = None if task.holder is None else self.now + self._term(task)
        elif status == "paused":
            task.lease_until = None
        else:
            task.holder, task.lease_until = None, None
            if status == "pending":
                task.losses = 0

    def _end(self, task: ModelTask, status: str) -> None:
        self._move(task, status)
        task.changed_at = self.now
        task.tell("task_finished")
