"""The numbers of tasks' last events, read for all who want to know one at the same time."""

from __future__ import annotations

import asyncio

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.stores.postgres.connections import Database
from xpander_client.runtime.shielding import shield


class LastNumbers:
    """Whoever asks while others are being answered is answered next, together with all who came
    meanwhile: those who follow thousands of tasks come back at once, and look at the same times.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[str, asyncio.Future[int]] = {}
        self._answering: asyncio.Task[None] | None = None

    async def read(self, task_id: str) -> int:
        """Return the number of the task's last event as it is from now on, 0 without one."""
        asked = self._asked.get(task_id)
        if asked is None:
            asked = asyncio.get_running_loop().create_future()
            self._asked[task_id] = asked
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer(), name="store-last-numbers")
        # Whoever asked first may go away; the others still wait for the answer.
        return await shield(asked)

    async def _answer(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                rows = await self._database.fetch(
                    "SELECT id, last_seq FROM tasks WHERE id = ANY($1::text[])",
                    [each for each in asked if "\0" not in each],
                )
            except HttpError as error:
                for future in asked.values():
                    future.set_exception(HttpError(error.status, error.detail))
            except BaseException:
                for future in asked.values():
                    future.cancel()
                raise
            else:
                last = {row["id"]: int(row["last_seq"]) for row in rows}
                for task_id, future in asked.items():
                    future.set_result(last.get(task_id, 0))
