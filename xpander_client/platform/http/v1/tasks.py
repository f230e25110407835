"""Routes of tasks: read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from xpander_client.platform.http.routing import organization, path_id
from xpander_client.platform.http.v1.answers import answer_task
from xpander_client.platform.stores.base.store import Store


class TaskEndpoints:
    """Answers requests about tasks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, request: Request) -> Response:
        """Answer with the task as it is now."""
        return answer_task(
            await self._store.get(organization(request), path_id(request, "task_id"))
        )
