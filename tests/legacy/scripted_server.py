"""A model's API on loopback: each request gets the next of the answers that a test gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.define
class ScriptedServer:
    """Where it is, what is still to be said, and what it was asked."""

    url: str
    answers: list[dict[str, Any]]
    asked: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)


@contextmanager
def scripted_server(*answers: dict[str, Any]) -> Iterator[ScriptedServer]:
    """The server; a request that nothing is left to say to is answered with 400."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            script.asked.append((self.path, json.loads(body)))
            status = 200 if script.answers else 400
            answer = script.answers.pop(0) if script.answers else {"message": "not expected"}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = ScriptedServer(f"http://127.0.0.1:{server.server_port}", list(answers))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
