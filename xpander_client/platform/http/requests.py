"""A request, as the endpoints read it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from xpander_client.platform.auth.access import KeyGrant
from xpander_client.runtime.exchange import Receive, Scope


class Request:
    """A request, without the organization in its path.

    `access` is what its key opens, None where it needs none. `path_params` are the ids in the path,
    still as they were sent. `receive` returns the parts of the body, as ASGI has it.
    """

    __slots__ = (
        "_query",
        "access",
        "client",
        "headers",
        "method",
        "path_params",
        "query_string",
        "receive",
        "segments",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        *,
        segments: list[str],
        query_string: bytes,
        access: KeyGrant | None,
    ) -> None:
        self.method: str = scope["method"]
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.client: tuple[str, int] | None = scope.get("client")
        self.receive = receive
        self.segments = segments
        self.query_string = query_string
        self.access = access
        self.path_params: dict[str, str] = {}
        self._query: dict[str, str] | None = None

    @property
    def query_params(self) -> Mapping[str, str]:
        """The parameters in the query; of one that stands there more than once, the last."""
        if self._query is None:
            text = self.query_string.decode("latin-1")
            self._query = dict(parse_qsl(text, keep_blank_values=True))
        return self._query

    def get_header(self, name: bytes) -> str | None:
        """Return a header; `name` is in lower case, as the server gives all names."""
        for given, value in self.headers:
            if given == name:
                return value.decode("latin-1")
        return None
