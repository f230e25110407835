"""What callers of the official REST read of a request that is refused as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.router import Endpoint, Route

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
        route.wrap(_list_faults)
    return routes


def _list_faults(method: str, endpoint: Endpoint) -> Endpoint:
    async def serve(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HttpError as error:
            if error.status not in (400, 422):
                raise
            return Json.of({"detail": [_describe(error)]}, status=422)

    return serve


def _describe(error: HttpError) -> dict[str, object]:
    kind = "json_invalid" if error.status == 400 else "value_error"
    return {"loc": _locate(error), "msg": error.detail, "type": kind}


def _locate(error: HttpError) -> list[str | int]:
    """Return the place of a fault, step by step."""
    if isinstance(error, QueryError):
        return ["query", error.name]
    steps = _STEP.findall(error.path or "")
    return ["body", *(name or int(index) for name, index in steps)]
