"""Paths and methods to the endpoints that answer them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping

from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]


class Route:
    """A path with an endpoint for each of its methods, so that a caller with another method is told
    which ones there are. Segments in braces are ids: any text that is not empty.
    """

    def __init__(self, path: str, endpoints: Mapping[str, Endpoint]) -> None:
        self.path = path
        self.endpoints = dict(endpoints)
        self.segments = path.split("/")[1:]
        self.literals: list[tuple[int, str]] = []
        self.ids: dict[str, int] = {}
        """The names of the ids, with their places among the segments."""
        for index, segment in enumerate(self.segments):
            if segment.startswith("{"):
                self.ids[segment[1:-1]] = index
            else:
                self.literals.append((index, segment))

    def wrap(self, wrapper: Callable[[str, Endpoint], Endpoint]) -> None:
        """Put something before each endpoint: the wrapper is given its method and what is there."""
        for method, endpoint in self.endpoints.items():
            self.endpoints[method] = wrapper(method, endpoint)


class Router:
    """Has requests answered by the first route that fits path and method."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = list(routes)
        self._by_length: defaultdict[int, list[Route]] = defaultdict(list)
        for route in self.routes:
            self._by_length[len(route.segments)].append(route)

    def answer(self, request: Request) -> Awaitable[Response]:
        """Have a request answered.

        Raises:
            HttpError: 404, there is no such path; 405, it has no such method.
        """
        segments = request.segments
        other: Route | None = None
        for route in self._by_length.get(len(segments), ()):
            for index, literal in route.literals:
                if segments[index] != literal:
                    break
            else:
                params = {name: segments[index] for name, index in route.ids.items()}
                if "" in params.values():
                    continue
                endpoint = route.endpoints.get(request.method)
                if endpoint is not None:
                    request.path_params = params
                    return endpoint(request)
                other = other or route
        if other is None:
            raise HttpError(404, "there is no such route")
        allowed = ", ".join(other.endpoints)
        raise HttpError(405, f"this route has no {request.method}", headers={"allow": allowed})
