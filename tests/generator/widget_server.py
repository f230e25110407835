"""A server of widgets over real HTTP, for clients generated from `small.yaml`."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class WidgetServer:
    """Keeps widgets in memory; `requests` lists what was asked of it."""

    def __init__(self) -> None:
        self.widgets: dict[str, dict[str, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle_request(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length)
                parts = urlsplit(self.path)
                request = {
                    "method": self.command,
                    "path": parts.path,
                    "query": parse_qs(parts.query),
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": json.loads(body) if body else None,
                }
                server.requests.append(request)
                status, headers, answer = server.answer(request)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.send_header("x-request-id", f"r-{len(server.requests)}")
                self.end_headers()
                self.wfile.write(answer)

        for method in ("GET", "POST", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.handle_request)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request."""
        steps = [step for step in request["path"].split("/") if step and step != "acme"]
        method, body = request["method"], request["body"]
        if len(steps) == 1 and method == "POST":
            made: dict[str, Any] = {
                "id": f"w-{len(self.widgets) + 1}",
                "createdAt": "2026-01-02T03:04:05Z",
            }
            made |= body
            self.widgets[made["id"]] = made
            return _json(200, made)
        if len(steps) == 1:
            query = request["query"]
            colours = query.get("colour")
            found = list(self.widgets.values())
            found = [each for each in found if not colours or each["colour"] in colours]
            begin = int(query.get("cursor", ["0"])[0])
            end = begin + int(query.get("limit", [str(len(found))])[0])
            return _json(200, found[begin:end], str(end) if end < len(found) else None)
        if steps[1] not in self.widgets:
            return _json(404, {"detail": f"there is no widget {steps[1]}"})
        widget = self.widgets[steps[1]]
        if steps[2:] == ["events"]:
            events = [{"type": "count", "data": 3}, {"type": "finished", "data": widget}]
            frames = [f"id: {n}\ndata: {json.dumps(each)}\n\n" for n, each in enumerate(events, 1)]
            return 200, {"content-type": "text/event-stream"}, "".join(frames).encode()
        if steps[2:] == ["polish"]:
            widget["polished"] = body["times"]
        if method == "PATCH":
            widget |= body
        if method == "DELETE":
            del self.widgets[steps[1]]
            return 204, {}, b""
        return _json(200, widget)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _json(
    status: int, body: Any, next_cursor: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    headers = {"content-type": "application/json"}
    if next_cursor is not None:
        headers["x-next-cursor"] = next_cursor
    return status, headers, json.dumps(body).encode()
