"""Which endpoint answers a request."""

from __future__ import annotations

from typing import Any

import pytest

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Response
from xpander_client.platform.http.router import Endpoint, Route, Router


def says(text: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        ids = "".join(f" {name}={value}" for name, value in request.path_params.items())
        return Response(f"{text}{ids}".encode())

    return endpoint


ROUTER = Router(
    [
        Route("/", {"POST": says("root")}),
        Route("/tasks/all", {"DELETE": says("all")}),
        Route("/tasks/{task_id}", {"GET": says("one"), "PATCH": says("changed")}),
        Route("/{kind}/{name}", {"PUT": says("any")}),
        Route("/events/{agent_id}/", {"GET": says("events")}),
    ]
)


async def ask(method: str, path: str) -> str:
    async def receive() -> Any: ...

    scope = {"method": method, "headers": []}
    segments = path.split("/")[1:]
    request = Request(scope, receive, segments=segments, query_string=b"", access=None)
    return (await ROUTER.answer(request)).body.decode()


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/", "root"),
        ("DELETE", "/tasks/all", "all"),
        ("GET", "/tasks/all", "one task_id=all"),
        ("GET", "/tasks/a%2Fb", "one task_id=a%2Fb"),
        ("PUT", "/tasks/1", "any kind=tasks name=1"),
        ("GET", "/events/a/", "events agent_id=a"),
    ],
)
async def test_the_first_route_that_fits_path_and_method_answers(
    method: str, path: str, said: str
) -> None:
    assert await ask(method, path) == said


@pytest.mark.parametrize("path", ["/tasks", "/tasks/", "/events//", "/events/a/b", "//", "/a/b/c"])
async def test_an_id_is_never_empty_and_a_path_has_as_many_segments_as_its_route(
    path: str,
) -> None:
    with pytest.raises(HttpError) as refused:
        await ask("GET", path)
    assert refused.value.status == 404


async def test_a_method_that_is_not_there_is_told_which_ones_are() -> None:
    with pytest.raises(HttpError) as refused:
        await ask("POST", "/tasks/1")
    assert (refused.value.status, refused.value.headers) == (405, {"allow": "GET, PATCH"})
