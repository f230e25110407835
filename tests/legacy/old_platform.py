"""A platform of the days of the 1.x client: its routes and answers, and nothing that came later.

It answers whole threads, knows no claims, says nothing in headers but `xpander-agent-stop`, and
writes down what it is asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import attrs

from xpander_client.configuration import Configuration

FINISH = "xpfinish-agent-execution-finished"


@attrs.frozen
class Asked:
    """A request, with the headers that belong to the conversation."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@attrs.define
class OldPlatform:
    """Its state, and what it was asked."""

    base_url: str = ""
    asked: list[Asked] = attrs.field(factory=list)
    execution: dict[str, Any] = attrs.field(factory=dict)
    messages: list[dict[str, Any]] = attrs.field(factory=list)
    lock: threading.Lock = attrs.field(factory=threading.Lock)
    fault: str = ""
    """How tools go wrong: `cut` before or `cut after` they ran, `fails`, `text`, `not ok`."""

    @property
    def configuration(self) -> Configuration:
        return Configuration(api_key="key", base_url=self.base_url, organization_id="acme")

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any] | None:
        """Status, headers and body; None cuts the connection."""
        with self.lock:
            self.asked.append(asked)
            fault = self.fault if "/operations/" in asked.path else ""
            if fault == "cut":
                return None
            if fault == "fails":
                return 500, {}, {"detail": "the tool is out of order"}
            answered = self._answer(asked)
            if fault == "text":
                return 200, {}, b"plain words"
            if fault == "not ok":
                return 200, {}, {"ok": False, "error": "the tool is out of order"}
            return None if fault == "cut after" else answered

    def _answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        thread = {"id": "T", "messages": self.messages, "metadata": {"agent_id": "A"}}
        match asked.method, urlsplit(asked.path).path.strip("/").split("/"):
            case "GET", ["agents", "A"]:
                return 200, {}, AGENT
            case "POST", ["agent-execution", "A"]:
                self.execution = {
                    "id": "E",
                    "agent_id": "A",
                    "organization_id": "acme",
                    "status": "pending",
                    "created_at": "2026-01-02T03:04:05Z",
                    **{name: asked.body[name] for name in ("input", "worker_id")},
                }
                return 200, {}, self.execution
            case "PATCH", ["agent-execution", "E", "update"]:
                self.execution |= asked.body
                return 200, {}, self.execution
            case "GET", ["agent-execution", "E", "status"]:
                return 200, {}, self.execution
            case "POST", ["memory"]:
                return 200, {}, thread
            case "PUT", ["memory", "T"]:
                self.messages += asked.body
                return 200, {}, thread
            case "GET", ["memory", "T", "full"]:
                return 200, {}, thread
            case "POST", ["agents", "A", "E", "operations", tool]:
                call_id = asked.headers["x-xpander-tool-call-id"]
                said = json.dumps({"tool": tool})
                self.messages.append({"role": "tool", "tool_call_id": call_id, "content": said})
                if tool == FINISH:
                    given = asked.body["body_params"]
                    status = "completed" if given["is_success"] else "error"
                    self.execution |= {"status": status, "result": given["result"]}
                    return 200, {"xpander-agent-stop": "true"}, {"tool": tool}
                return 200, {}, {"tool": tool}
        return 404, {}, {"detail": f"nothing here: {asked.method} {asked.path}"}


AGENT = {
    "id": "A",
    "name": "Ada",
    "organization_id": "acme",
    "instructions": {"role": ["a clerk"], "goal": [], "general": "You are A."},
    "memory_strategy": "full",
    "tools": [
        {
            "id": "read_news",
            "name": "read_news",
            "function_description": "Reads the news.",
            "parameters": {
                "type": "object",
                "properties": {
                    "body_params": {"type": "object", "properties": {"topic": {"type": "string"}}},
                    "query_params": {"type": "object", "properties": {}},
                    "path_params": {"type": "object", "properties": {}},
                },
            },
        }
    ],
}

_OURS = ("x-api-key", "x-source", "x-agent-version", "x-execution-attempt")


@contextmanager
def old_platform() -> Iterator[OldPlatform]:
    """The platform, serving on a free loopback port."""
    platform = OldPlatform()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {
                name.lower(): value
                for name, value in self.headers.items()
                if name.lower() in _OURS or name.lower().startswith("x-xpander-")
            }
            asked = Asked(self.command, self.path, headers, json.loads(body) if body else None)
            answered = platform.answer(asked)
            if answered is None:
                self.close_connection = True
                return
            status, more, answer = answered
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**more, "content-type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    platform.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
