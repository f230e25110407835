"""Starts tasks again whose process has died."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from xpander_client.api.requests import tasks
from xpander_client.background.record.connection import WorkerConnection
from xpander_client.background.record.text import read_start
from xpander_client.core.conversion_errors import ConversionError
from xpander_client.core.serialization import parse
from xpander_client.errors import CallError
from xpander_client.worker.channel.listener import Offered

if TYPE_CHECKING:
    from xpander_client.background.plugin import Plugin


_logger = logging.getLogger("xpander_client.background")

_HANDING_BACK = 1.0
"""Seconds before a task that cannot be run here goes back, so that it does not come at once."""


class Takeover:
    """Starts the tasks that the platform offers, or gives them back."""

    def __init__(self, plugin: Plugin, connection: WorkerConnection) -> None:
        self._plugin = plugin
        self._connection = connection
        # The platform's name and the attempt, by the type and the id of the task here.
        self._started: dict[tuple[str, str], tuple[str, int]] = {}

    async def take(self, offered: Offered) -> None:
        """Start the task again, in this process.

        One that is not restarted here, or is running here, goes back to the platform; one that
        cannot be started at all ends there as an error.
        """
        try:
            self._start(offered)
        except TypeError as error:
            await self._refuse(offered, f"it cannot be started again: {error}")
        except ValueError as error:
            _logger.warning("task %s goes to another process: %s", offered.task_id, error)
            await self._hand_back(offered)

    def pop_origin(self, key: tuple[str, str]) -> tuple[str, int] | None:
        """Return the platform's name for a task that was started again, and its attempt; only once.

        `key` is the task's type and its id. None stands for a new task.
        """
        return self._started.pop(key, None)

    def _start(self, offered: Offered) -> None:
        from xpander_client.background.tasks import task

        try:
            body = parse(offered.body.decode())
            start = read_start(body["input"]["text"])
        except (ConversionError, ValueError, KeyError, TypeError) as error:
            raise TypeError(str(error)) from None
        task_type = body.get("title") or ""
        if not self._plugin.find_task(task_type).restart:
            raise ValueError(f"tasks of type {task_type!r} are not restarted here")
        if task.is_running(task_type, start.task_id):
            raise ValueError(f"{task_type}:{start.task_id} is running here")
        key = (task_type, start.task_id)
        self._started[key] = (offered.task_id, offered.attempt)
        try:
            task.start_soon(
                task_type,
                start.task_id,
                body.get("memory_thread_id") or "",
                self._plugin,
                *start.args,
                **start.kwargs,
            )
        except BaseException:
            self._started.pop(key, None)
            raise
        _logger.info("background task %s:%s is started again", *key)

    async def _hand_back(self, offered: Offered) -> None:
        # An offer is no attempt yet: only what was begun can be given back.
        await self._answer(offered, {"status": "executing"})
        await asyncio.sleep(_HANDING_BACK)
        await self._answer(offered, {"status": "pending"})

    async def _refuse(self, offered: Offered, why: str) -> None:
        _logger.error("task %s: %s", offered.task_id, why)
        await self._answer(offered, {"status": "error", "result": why})

    async def _answer(self, offered: Offered, fields: dict[str, Any]) -> None:
        fields = {"execution_attempts": offered.attempt, **fields}
        spec = tasks.update_fields(task_id=offered.task_id, fields=fields)
        try:
            await self._connection.send(lambda: spec, is_brief=True)
        except CallError as error:
            _logger.info("task %s is somebody else's by now: %s", offered.task_id, error)
