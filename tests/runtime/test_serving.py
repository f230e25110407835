"""The listening socket."""

import contextlib
import socket
import time

from xpander_client.runtime.serving import bind

PART = b"x" * 65536


def test_what_a_reader_does_not_take_is_not_hidden_in_the_kernel() -> None:
    with bind("127.0.0.1", 0) as listener, socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.connect(listener.getsockname())
        listener.setblocking(True)
        connection, _ = listener.accept()
        taken = 0
        with connection:
            connection.setblocking(False)
            for _ in range(50):
                with contextlib.suppress(BlockingIOError):
                    for _ in range(64):
                        taken += connection.send(PART)
                time.sleep(0.001)  # the kernel moves what it has
        assert taken < 1024 * 1024
