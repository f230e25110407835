"""What callers of the official REST read of a request that is refused as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http.routing import Json

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class QueryError(HttpError):
    """A parameter in the query that can't be what it is."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(422, detail)
        self.name = name


def list_faults(routes: Sequence[Route]) -> Sequence[Route]:
    """Make each route answer a request that is no valid one with 422 and a list of what is wrong,
    as the official description has it. What is refused for another reason stays as it is.
    """
    for route in routes:
        route.app = _Listing(route.app)
    return routes


class _Listing:
    """A route's app whose refusals of what was sent are lists of faults."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def pass_on(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, pass_on)
        except HttpError as error:
            if has_begun or error.status not in (400, 422):
                raise
            answer = Json.of({"detail": [_describe(error)]})
            answer.status_code = 422
            await answer(scope, receive, send)


def _describe(error: HttpError) -> dict[str, object]:
    kind = "json_invalid" if error.status == 400 else "value_error"
    return {"loc": _locate(error), "msg": error.detail, "type": kind}


def _locate(error: HttpError) -> list[str | int]:
    """Return the place of a fault, step by step."""
    if isinstance(error, QueryError):
        return ["query", error.name]
    steps = _STEP.findall(error.path or "")
    return ["body", *(name or int(index) for name, index in steps)]
