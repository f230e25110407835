"""How far a key reaches: one for some agents finds nothing of the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import threads
from .access import Access
from .refusal import Refusal
from .routing import access, path_id
from .stores.store import Store

__all__ = ["Reach"]

_FREE = frozenset({"name", "operation_id", "strategy", "tool_id", "user_id", "worker_id"})
"""What paths have in them that is no agent's by itself. Routes that answer with tasks or threads
for these leave out what the key does not reach."""


class Reach:
    """Holds what requests are about against what their keys open.

    An agent that a key is not for is refused by its name. Tasks and threads of such an agent are
    not there, just as those of another organization. A thread that names no agent is everybody's in
    its organization.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def guarded(self, routes: Sequence[Route]) -> Sequence[Route]:
        """The routes, so that each checks the ids in its path before anything else.

        Raises:
            ValueError: a route has an id in its path of which nobody said whose it is.
        """
        checks: dict[str, Callable[[Access, Request, str], Awaitable[None]]] = {
            "agent_id": self._check_agent,
            "agent_or_task_id": self._check_agent_or_task,
            "execution_id": self._check_task,
            "task_id": self._check_task,
            "thread_id": self._check_thread,
        }
        for route in routes:
            strange = route.param_convertors.keys() - checks.keys() - _FREE
            if strange:
                raise ValueError(f"{route.path}: whose is the {', '.join(sorted(strange))}?")
            named = {name: checks[name] for name in route.param_convertors if name in checks}
            if named:
                route.app = _Guarded(route.app, named)
        return routes

    async def check_task(self, access: Access, task_id: str) -> None:
        """Refuse a task that is there, but not within reach.

        Raises:
            Refusal: 404, in the words for a task that is not there.
        """
        if access.agent_ids is None:
            return
        try:
            task = await self._store.get(access.organization_id, task_id, whole=False)
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return
        if not access.covers(task.agent_id):
            raise Refusal(404, f"there is no task {task_id}")

    async def check_thread(self, access: Access, thread_id: str) -> None:
        """Refuse a thread that is there, but not within reach.

        Raises:
            Refusal: 404, in the words for a thread that is not there.
        """
        if access.agent_ids is None:
            return
        try:
            thread = await self._store.threads.get(access.organization_id, thread_id)
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return
        if not access.covers(threads.belongs_to(thread.read())[1]):
            raise Refusal(404, f"there is no thread {thread_id}")

    async def _check_agent(self, access: Access, request: Request, name: str) -> None:
        access.check(path_id(request, name))

    async def _check_task(self, access: Access, request: Request, name: str) -> None:
        await self.check_task(access, path_id(request, name))

    async def _check_thread(self, access: Access, request: Request, name: str) -> None:
        await self.check_thread(access, path_id(request, name))

    async def _check_agent_or_task(self, access: Access, request: Request, name: str) -> None:
        check = self._check_agent if request.method == "POST" else self._check_task
        await check(access, request, name)


class _Guarded:
    """A route's app behind the checks of the ids in its path."""

    def __init__(
        self,
        app: ASGIApp,
        checks: dict[str, Callable[[Access, Request, str], Awaitable[None]]],
    ) -> None:
        self._app = app
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        opened = access(request)
        if opened.agent_ids is not None:
            for name, check in self._checks.items():
                await check(opened, request, name)
        await self._app(scope, receive, send)
