"""A server that answers each operation of openapi.yaml with the example that stands there."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
import yaml

from xpander_client.configuration import Configuration

SPEC = Path(__file__).resolve().parents[1] / "openapi.yaml"


@attrs.frozen
class Route:
    """One operation: what its path looks like, and what its example answers."""

    method: str
    path: re.Pattern[str]
    content_type: str
    body: bytes


def routes() -> list[Route]:
    """All operations; of two paths that fit, the one with fewer parameters comes first."""
    spec = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    found = []
    for template in sorted(spec["paths"], key=lambda path: path.count("{")):
        # The organization may stand in front.
        pattern = re.compile(r"(/example)?" + re.sub(r"\{\w+\}", r"[^/]+", template))
        for method, operation in spec["paths"][template].items():
            if isinstance(operation, dict) and "operationId" in operation:
                found.append(
                    Route(method.upper(), pattern, *_answer(spec, operation["responses"]["200"]))
                )
    return found


def _answer(spec: dict[str, Any], response: dict[str, Any]) -> tuple[str, bytes]:
    for content_type, content in _resolved(spec, response).get("content", {}).items():
        for example in content.get("examples", {}).values():
            value = _resolved(spec, example)["value"]
            text = value if content_type == "text/event-stream" else json.dumps(value, default=str)
            return content_type, text.encode()
    return "application/json", b"null"


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


@contextmanager
def example_server() -> Generator[Configuration]:
    """Serves the examples on a free port; yields the configuration to call it with."""
    known = routes()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            path = self.path.partition("?")[0]
            for route in known:
                if route.method == self.command and route.path.fullmatch(path):
                    self.send_response(200)
                    self.send_header("content-type", route.content_type)
                    self.send_header("content-length", str(len(route.body)))
                    self.end_headers()
                    self.wfile.write(route.body)
                    return
            self.send_error(404, f"no operation {self.command} {path}")

        # The names are http.server's.
        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Configuration(
                api_key="key",
                base_url=f"http://127.0.0.1:{server.server_port}",
                organization_id="example",
            )
        finally:
            server.shutdown()
            thread.join()
