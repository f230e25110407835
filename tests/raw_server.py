"""A server that does to its connections what a test tells it to, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from xpander_client.configuration import Configuration, RetryPolicy

Script = Callable[["Connection"], None]


class Connection:
    """One accepted connection, its request read."""

    def __init__(self, sock: socket.socket, request: bytes) -> None:
        self.sock = sock
        self.request = request.decode("latin-1")

    @property
    def line(self) -> str:
        return self.request.partition("\r\n")[0]

    def header(self, name: str) -> str | None:
        for line in self.request.split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return None

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes, status: int = 200, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def stream(self, data: bytes = b"") -> None:
        self.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
            b"connection: close\r\n\r\n" + data
        )

    def reset(self) -> None:
        """Break the connection off, so that the peer sees a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def is_closed_by_peer(self, timeout: float = 5.0) -> bool:
        """Wait until the peer closes; False if it does not within `timeout` seconds."""
        self.sock.settimeout(timeout)
        try:
            while self.sock.recv(1024):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True


class RawServer:
    """Gives each connection that comes to the next script; keeps what was asked."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = iter(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self.connections: list[Connection] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def configuration(
        self, timeout: float = 10.0, idle: float = 10.0, attempts: int = 3
    ) -> Configuration:
        return Configuration(
            "key",
            self.url,
            "org",
            timeout=timeout,
            stream_idle_timeout=idle,
            retry=RetryPolicy(attempts=attempts, initial=0.01),
            stream_retry=RetryPolicy(attempts=attempts, initial=0.01),
        )

    @property
    def lines(self) -> list[str]:
        return [connection.line for connection in self.connections]

    def headers(self, name: str) -> list[str | None]:
        return [connection.header(name) for connection in self.connections]

    def has_ended(self, number: int, timeout: float = 5.0) -> bool:
        """Wait until the script of a connection, by its number from 0, has come to its end."""
        self._threads[number].join(timeout)
        return not self._threads[number].is_alive()

    def _accept(self) -> None:
        for script in self._scripts:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock, script))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, script: Script) -> None:
        with sock, contextlib.suppress(OSError):
            sock.settimeout(10.0)
            connection = Connection(sock, _request(sock))
            self.connections.append(connection)
            script(connection)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A listener that is only closed leaves its accept() waiting.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(10.0)
        for thread in self._threads:
            thread.join(15.0)


def _request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        received = sock.recv(65536)
        if not received:
            raise ConnectionError("closed before a request came")
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body
