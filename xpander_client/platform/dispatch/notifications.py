"""Notifications: what a task was told while it runs, passed on to the worker that has it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import orjson

from xpander_client.platform.dispatch.frames import task_notice
from xpander_client.platform.dispatch.roster import Roster
from xpander_client.platform.dispatch.sessions import WorkerSession
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import NOTIFICATION, TaskRecord
from xpander_client.platform.stores.base.store import Store

_logger = logging.getLogger(__name__)


class Notifications:
    """Brings workers the notifications of their tasks, in order and without a gap.

    The store keeps them all. One is sent at once where the worker has had those before it and there
    is space; else its session falls behind, and catches up from the store when it has sent the
    rest.
    """

    def __init__(self, store: Store, settings: Settings, roster: Roster) -> None:
        self._store = store
        self._settings = settings
        self._roster = roster

    async def notify_holder(
        self, record: TaskRecord, seq: int, notification: Mapping[str, Any]
    ) -> bool:
        """Pass on what a task was told. Returns whether the worker that has it is listening."""
        session = self._roster.find_holder(record.id)
        if session is not None and session.held.get(record.id) == record.attempt:
            if session.listening:
                if session.space > 0 and record.id not in session.behind:
                    session.notified[record.id] = seq
                    session.send(task_notice(record, seq, notification))
                else:
                    session.fall_behind(record.id, seq)
            return session.listening
        if record.worker_id is None:
            return False
        # The server that it listens at hears of it by the store.
        return await self._store.presence.is_listening(record.organization_id, record.worker_id)

    async def catch_up(self, session: WorkerSession) -> None:
        """Tell a worker what its tasks were told, until there is something to be sent."""
        for task_id in list(session.behind):
            await asyncio.sleep(0)  # there may be thousands
            if session.outbox:
                return  # that comes first
            known = session.behind.get(task_id)
            complete = True
            try:
                complete = await self._send_next(session, task_id)
            except HttpError as error:
                if error.status == 503:
                    await asyncio.sleep(self._settings.poll_interval)
                    return
            except Exception:
                _logger.exception("worker %s was not told everything", session.id)
            if complete and session.behind.get(task_id) == known:
                session.behind.pop(task_id, None)

    async def _send_next(self, session: WorkerSession, task_id: str) -> bool:
        """Send a worker the next of a task's notifications, as many as there is space for. Returns
        whether those were all.
        """
        record = await self._store.get(session.organization_id, task_id, whole=False)
        space = session.space
        after = session.notified.get(task_id, 0)
        for event in await self._store.notifications(record, after=after, size=space):
            if session.held.get(task_id) != record.attempt:
                break
            space -= len(event.body)
            session.notified[task_id] = event.seq
            body = orjson.loads(event.body)
            # Earlier releases let callers push events that are called as the store calls these.
            if body["type"] != NOTIFICATION:
                session.send(task_notice(record, event.seq, body["notification"]))
        return space > 0
