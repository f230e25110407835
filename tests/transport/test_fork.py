"""A forked child speaks on connections of its own, through objects that were made before."""

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tests.raw_server import Connection, RawServer
from tests.transport.test_pool import GET, keeping
from tests.transport.test_users import data, is_last
from xpander_client.core.requests import StreamSpec
from xpander_client.transport import Transport, pool

pytestmark = pytest.mark.usefixtures("http")


def in_child(work: Callable[[], str]) -> str:
    """What `work` returns in a forked child."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        # The test runner has threads; the child does nothing but work and leave.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(20)  # a child that hangs must not stay
        with contextlib.suppress(BaseException):
            warnings.simplefilter("error")
            os.write(write, work().encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(child, 0)
    return said


def test_objects_made_before_a_fork_have_connections_of_their_own_in_the_child() -> None:
    def naming(connection: Connection) -> None:
        number = server.connections.index(connection)
        connection.answer(b'{"on": %d}' % number)
        while connection.sock.recv(65536):
            connection.answer(b'{"on": %d}' % number)

    with RawServer(naming, naming) as server:
        there = Transport.of(server.configuration())

        def ask() -> str:
            return str(there.call(GET, dict[str, Any]).parsed["on"])

        assert ask() == "0"
        assert in_child(lambda: ask() + ask()) == "11"
        assert ask() == "0"
        there.close()
        # The child does not hold its parent's connections open either.
        assert server.has_ended(0)


def test_a_child_forked_while_another_thread_has_the_lock_can_call() -> None:
    with RawServer(keeping) as server:
        there = Transport.of(server.configuration())
        locked, over = threading.Event(), threading.Event()

        def hold() -> None:
            with pool._lock:
                locked.set()
                over.wait()

        holding = threading.Thread(target=hold)
        holding.start()
        locked.wait()
        assert in_child(lambda: str(there.call(GET, dict[str, Any]).parsed)) == "{}"
        over.set()
        holding.join()


def test_a_stream_that_is_followed_across_a_fork_goes_on_in_both() -> None:
    forked = threading.Event()

    def parents(connection: Connection) -> None:
        connection.stream(b"id: 1\ndata: one\n\n")
        forked.wait(10)
        connection.send(b"id: 2\ndata: last\n\n")

    def childs(connection: Connection) -> None:
        connection.stream(b"id: 1\ndata: one\n\nid: 2\ndata: last\n\n")

    with RawServer(parents, childs) as server:
        spec = StreamSpec(operation="x", method="GET", path="/events", template="/events")
        following = Transport.of(server.configuration()).stream(spec, data, is_last)
        assert next(following) == "one"
        assert in_child(lambda: " ".join(following)) == "last"
        forked.set()
        assert list(following) == ["last"]
        assert server.headers("last-event-id") == [None, "1"]
