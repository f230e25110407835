"""A server that tools are behind: it tells what it was sent, and answers as its path says."""

import contextlib
import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.frozen
class Sent:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@attrs.frozen
class ToolServer:
    url: str
    requests: list[Sent]

    def last(self) -> Sent:
        return self.requests[-1]


@contextmanager
def tool_server() -> Iterator[ToolServer]:
    requests: list[Sent] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(self.command, self.path, headers, body)
            requests.append(sent)
            kind, _, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
            status, content_type, answer, encoding = 200, "application/json", b"", ""
            if kind == "echo":
                told = {"method": sent.method, "target": sent.target, "body": body.decode()}
                answer = json.dumps(told).encode()
            elif kind == "text":
                content_type, answer = "text/plain; charset=utf-8", "fünf".encode()
            elif kind == "number":
                content_type, answer = "text/plain", b"5"
            elif kind == "sloppy":
                content_type, answer = "text/html", b' {"a": 1}'
            elif kind == "broken":
                answer = b'{"a": '
            elif kind == "nothing":
                status = 204
            elif kind == "fail":
                status, content_type = int(rest), "text/plain"
                answer = f"no: {headers.get('x-secret')} {sent.target} ".encode() + b"x" * 2000
            elif kind == "moved":
                self.send_response(302)
                self.send_header("location", "/echo")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            elif kind == "large":
                answer = b'"' + b"x" * 300_000 + b'"'
            elif kind == "slow":
                time.sleep(1.5)
            elif kind == "packed":
                answer, encoding = gzip.compress(b'{"rows": 4}'), "gzip"
            elif kind == "bomb":
                answer, encoding = gzip.compress(gzip.compress(bytes(2**24))), "gzip, gzip"
            elif kind == "swelling":
                answer, encoding = gzip.compress(bytes(2**24)), "gzip"
            elif kind == "deep":
                answer = b"[" * 100_000
            elif kind == "drips":
                self.send_response(200)
                self.send_header("content-length", "1000")
                self.end_headers()
                with contextlib.suppress(OSError):
                    for _ in range(30):
                        self.wfile.write(b" ")
                        time.sleep(0.1)
                self.close_connection = True
                return
            elif kind == "cookie":
                answer = b'"set"'
            elif kind == "drop":
                self.close_connection = True
                return
            self.send_response(status)
            if kind == "cookie":
                self.send_header("set-cookie", "session=1; path=/")
            self.send_header("content-type", content_type)
            if encoding:
                self.send_header("content-encoding", encoding)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(OSError):  # nobody has to listen to the end
                    self.wfile.write(answer)

        # The names are http.server's.
        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ToolServer(f"http://127.0.0.1:{server.server_port}", requests)
        finally:
            server.shutdown()
            thread.join()
