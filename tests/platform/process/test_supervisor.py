"""The process that holds the socket: what becomes of its children, and of those who connect."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.platform.wire import OpenStore, create, eventually, frames, status, worker
from tests.postgres import PostgresServer, is_running
from xpander_client.errors import ConfigurationError
from xpander_client.platform.agents import stored
from xpander_client.platform.agents.file import parse_agents
from xpander_client.platform.auth import keys
from xpander_client.platform.process.supervisor import Backoff, supervise
from xpander_client.platform.stores.addresses import store_at

SERVE = """
import fcntl, json, os, sys, termios
import attrs
from xpander_client.platform import Settings
from xpander_client.platform.process.supervisor import Backoff, supervise

if os.isatty(0):
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # as a shell does for what it starts
store, processes, shutdown_limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
supervise(
    store,
    processes=processes,
    settings=Settings(shutdown_limit=shutdown_limit, sweep_interval=0.05),
    backoff=Backoff(first=0.01, last=0.1),
    announce=lambda announced: print(json.dumps(attrs.asdict(announced)), flush=True),
)
"""


async def key_of(address: str | Path) -> str:
    """A key of the store, which knows the agent that the tests use as well."""
    async with OpenStore(store_at(address)) as store:
        await stored.apply(store, "acme", parse_agents(["sales"]), now=0.0)
        return (await keys.create(store, "acme", now=0.0))[0]


class Supervisor:
    """A supervisor in a process of its own, with the children that it has at the moment."""

    def __init__(
        self,
        store: str | Path,
        processes: int = 1,
        *,
        shutdown_limit: float = 5.0,
        terminal: int | None = None,
    ) -> None:
        self.key = asyncio.run(key_of(store))
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(store), str(processes), str(shutdown_limit)],
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        told = json.loads(line)
        self.url: str = told["url"]
        self.first: list[int] = told["children"]
        self.told = told
        self.address = ("127.0.0.1", int(self.url.rsplit(":", 1)[1]))
        self.seen = set(self.first)

    def client(self) -> httpx.Client:
        headers = {"x-api-key": self.key}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)

    def children(self) -> list[int]:
        """Those that are there now; whoever was there once is ended with the test."""
        found = psutil.Process(self.process.pid).children()
        now = [child.pid for child in found if serves(child)]
        self.seen.update(now)
        return now

    def answers(self) -> bool:
        """Whether requests are answered, by whomever."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=30).status_code == 200
        return False

    def close(self) -> None:
        """Leave nobody behind, whatever went wrong."""
        if self.process.poll() is None:
            self.process.kill()
        for pid in self.seen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()

    def reload(self) -> None:
        """Have the only child replaced."""
        before = self.children()
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: self.children() not in ([], before), "there is a new child")

    def ended(self) -> tuple[int, str]:
        """The exit status and what was said on the way."""
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors

    def stopped(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        return self.ended()


@contextlib.contextmanager
def supervisor(store: str | Path, processes: int = 1, **options: float) -> Iterator[Supervisor]:
    served = Supervisor(store, processes, **options)  # type: ignore[arg-type]
    try:
        yield served
    finally:
        served.close()


def serves(process: psutil.Process) -> bool:
    """Whether it is a child that runs; one that is just being forked is not."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return is_running(process) and "xpander_client.platform.process.child" in process.cmdline()
    return False


def is_gone(pid: int) -> bool:
    try:
        return not is_running(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return True


class Caller(threading.Thread):
    """Connects and asks, over and over, each time on a new connection; keeps what went wrong."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__()
        self._address = address
        self._enough = threading.Event()
        self.answered = 0
        self.broken = 0
        self.not_connected: list[OSError] = []

    def run(self) -> None:
        while not self._enough.is_set():
            try:
                connection = socket.create_connection(self._address, timeout=60)
            except OSError as error:
                self.not_connected.append(error)
                continue
            with connection:
                try:
                    connection.sendall(
                        b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                    )
                    self.answered += connection.recv(1000).startswith(b"HTTP/1.1 200")
                except ConnectionError:
                    self.broken += 1  # whoever had accepted it was killed

    def goes_on(self) -> None:
        """Wait for answers to requests that are not sent yet."""
        enough = self.answered + 2
        eventually(lambda: self.answered >= enough, "requests are answered")

    def __enter__(self) -> Caller:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._enough.set()
        self.join()


# Children that die --------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_connection_is_refused_while_the_only_child_is_killed_again_and_again(
    tmp_path: Path,
) -> None:
    with supervisor(tmp_path / "s.db") as served, Caller(served.address) as caller:
        for _ in range(6):
            eventually(served.answers, "a child serves")
            [child] = served.children()
            os.kill(child, signal.SIGKILL)
            caller.goes_on()
        assert served.children() != served.first
    assert caller.not_connected == []
    assert caller.answered > 12


def test_what_was_acknowledged_is_there_after_a_child_was_killed(tmp_path: Path) -> None:
    with supervisor(tmp_path / "s.db") as served, served.client() as http:
        task = create(http)
        os.kill(served.first[0], signal.SIGKILL)
        eventually(served.answers, "another serves")
        assert status(http, task)["status"] == "pending"
        code, errors = served.stopped()
    assert code == 0
    assert errors.count("\n") == 1
    assert f"process {served.first[0]} died of SIGKILL" in errors


@pytest.mark.slow
def test_a_child_that_can_not_serve_for_now_is_tried_again(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with supervisor(store) as served:
        os.kill(served.first[0], signal.SIGSTOP)  # so that nobody has the file
        for path in tmp_path.glob("s.db*"):
            path.rename(tmp_path / f"kept-{path.name}")
        store.write_text("no database at all, and long enough not to be an empty file")
        os.kill(served.first[0], signal.SIGKILL)
        assert served.process.stderr is not None
        told = [served.process.stderr.readline() for _ in range(4)]
        assert sum("s.db" in line and "can't serve" in line for line in told) >= 1
        store.unlink()
        for path in tmp_path.glob("kept-*"):
            path.rename(tmp_path / path.name.removeprefix("kept-"))
        eventually(served.answers, "a child serves again")
        assert served.stopped()[0] == 0


# The end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_streams_in_order_and_all_processes(
    tmp_path: Path, number: signal.Signals
) -> None:
    with supervisor(tmp_path / "s.db") as served, served.client() as http:
        task = create(http)
        with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
            stream = frames(response)
            assert next(stream).data["type"] == "connected"
            with worker(http) as w:
                w.task()
                assert served.stopped(number) == (0, "")
                assert w.rest() == []
            assert [frame.id for frame in stream if frame.id] == ["1"]
        assert all(is_gone(pid) for pid in served.first)
        with pytest.raises(httpx.ConnectError):
            http.get("/health")


def test_a_child_that_does_not_end_is_killed_after_its_time(tmp_path: Path) -> None:
    with supervisor(tmp_path / "s.db", shutdown_limit=0.2) as served:
        os.kill(served.first[0], signal.SIGSTOP)
        assert served.stopped() == (0, "")
        assert is_gone(served.first[0])


def test_the_second_signal_kills_instead_of_waiting(tmp_path: Path) -> None:
    with supervisor(tmp_path / "s.db", shutdown_limit=3600.0) as served:
        os.kill(served.first[0], signal.SIGSTOP)
        served.process.terminate()

        process = psutil.Process(served.process.pid)
        eventually(lambda: not process.net_connections("inet"), "it has heard the first")
        assert served.stopped() == (0, "")
        assert is_gone(served.first[0])


def test_a_supervisor_that_is_killed_leaves_no_child_behind(tmp_path: Path) -> None:
    with supervisor(tmp_path / "s.db") as served, served.client() as http:
        task = create(http)
        with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
            stream = frames(response)
            assert next(stream).data["type"] == "connected"
            assert served.stopped(signal.SIGKILL)[0] == -signal.SIGKILL
            assert [frame.id for frame in stream if frame.id] == ["1"]  # it ended in order
        eventually(lambda: is_gone(served.first[0]), "the child is gone")


@contextlib.contextmanager
def in_terminal(store: Path) -> Iterator[tuple[Supervisor, int]]:
    """A supervisor in the foreground of a terminal, and the other end of that."""
    ours, theirs = pty.openpty()
    try:
        served = Supervisor(store, terminal=theirs)
    finally:
        os.close(theirs)
    try:
        yield served, ours
    finally:
        with contextlib.suppress(OSError):
            os.close(ours)
        served.close()


def test_ctrl_c_in_a_terminal_ends_children_in_order_as_well(tmp_path: Path) -> None:
    with in_terminal(tmp_path / "s.db") as (served, keyboard), served.client() as http:
        task = create(http)
        with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
            stream = frames(response)
            assert next(stream).data["type"] == "connected"
            os.write(keyboard, b"\x03")
            assert served.ended() == (0, "")
            assert [frame.id for frame in stream if frame.id] == ["1"]


def test_the_end_of_the_terminal_is_no_reload(tmp_path: Path) -> None:
    with in_terminal(tmp_path / "s.db") as (served, keyboard):
        served.reload()
        eventually(served.answers, "it serves")
        os.close(keyboard)
        assert served.ended() == (0, "")


# Reloading ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_reload_of_the_only_child_refuses_nobody(tmp_path: Path) -> None:
    with supervisor(tmp_path / "s.db") as served:
        with Caller(served.address) as caller:
            for _ in range(2):
                served.reload()
                caller.goes_on()
        assert (caller.not_connected, caller.broken) == ([], 0)
        assert served.stopped() == (0, "")


@pytest.mark.slow
def test_a_reload_replaces_one_child_after_the_other(postgres: str) -> None:
    with supervisor(postgres, 2) as served:
        counts = []
        with Caller(served.address) as caller:
            served.process.send_signal(signal.SIGHUP)

            def is_done() -> bool:
                now = served.children()
                counts.append(len(now))
                return len(now) == 2 and not set(now) & set(served.first)

            eventually(is_done, "two new children", 60)
        assert (caller.not_connected, caller.broken) == ([], 0)
        assert set(counts) == {2, 3}
        assert served.stopped() == (0, "")


@pytest.mark.slow
def test_the_old_children_go_on_when_new_ones_can_not_serve(
    postgres: str, postgres_server: PostgresServer
) -> None:
    schema = postgres.partition("=")[2]
    with supervisor(postgres, 2) as served:
        there = f"select count(*) from {schema}.servers"
        eventually(lambda: postgres_server.sql(there) == "2", "both have opened the store")
        postgres_server.sql(f"update {schema}.xpander_store set version = version + 1")
        served.process.send_signal(signal.SIGHUP)
        assert served.process.stderr is not None
        assert "schema version" in served.process.stderr.readline()
        assert "nothing is reloaded" in served.process.stderr.readline()
        assert sorted(served.children()) == sorted(served.first)
        assert served.answers()
        # Whoever dies now is missed until a new one can serve.
        os.kill(served.first[0], signal.SIGKILL)
        assert "SIGKILL" in served.process.stderr.readline()
        assert "schema version" in served.process.stderr.readline()
        assert served.answers()
        postgres_server.sql(f"update {schema}.xpander_store set version = version - 1")
        eventually(lambda: len(served.children()) == 2, "there are two again")
        assert served.stopped()[0] == 0


@pytest.mark.slow
def test_a_child_that_dies_while_it_is_replaced_is_replaced_once(postgres: str) -> None:
    with supervisor(postgres, 2) as served:
        served.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(served.children()) == 3, "a new child starts")
        [new] = set(served.children()) - set(served.first)
        os.kill(new, signal.SIGSTOP)  # it takes long
        os.kill(served.first[0], signal.SIGKILL)
        gone = served.first[0]
        eventually(lambda: gone not in (now := served.children()) and len(now) == 3, "another")
        os.kill(new, signal.SIGCONT)

        def is_done() -> bool:
            now = served.children()
            return len(now) == 2 and not set(now) & set(served.first)

        eventually(is_done, "two new children", 60)
        assert served.stopped()[0] == 0


# What can't be ------------------------------------------------------------------------------------


def test_a_file_is_served_by_one_process() -> None:
    with pytest.raises(ConfigurationError, match=r"2 processes need a store in PostgreSQL: s\.db"):
        supervise("s.db", processes=2)


def test_a_store_that_can_not_be_used_ends_it_at_once(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    store.write_text("no database at all, and long enough not to be an empty file")
    with pytest.raises(ConfigurationError, match=r"s\.db"):
        supervise(str(store))
    with pytest.raises(ConfigurationError, match="can't be used as a store"):
        supervise("postgresql://postgres@127.0.0.1:1/none", processes=3)


def test_any_reason_for_which_the_first_child_can_not_serve_is_told_in_a_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for store, reason in ((tmp_path / "file" / "s.db", "File exists"), (Path("/"), r"\S")):
        with pytest.raises(ConfigurationError, match=reason) as told:
            supervise(str(store))
        assert "\n" not in str(told.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("exit 7", "3 died, the last one with status 7"),
        ("kill -SEGV $$", "3 died, the last one of SIGSEGV"),
        ("exec sleep 60", "did not serve within 0.5 s"),
        (None, "no process can be started"),
    ],
)
def test_children_that_die_without_a_word_or_hang_end_it_after_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, reason: str
) -> None:
    python = tmp_path / "python"
    if program is not None:
        python.write_text(f"#!/bin/sh\n{program}\n")
        python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ConfigurationError, match=reason):
        supervise(str(tmp_path / "s.db"), backoff=Backoff(first=0.01, start=0.5))


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"{port} can't be listened on"):
            supervise(str(tmp_path / "s.db"), port=port)


# What children know -------------------------------------------------------------------------------


@pytest.mark.slow
def test_children_count_in_one_folder_and_keep_the_password(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgres.replace("postgres@", "postgres:hush@")
    with tempfile.TemporaryDirectory() as place:
        monkeypatch.setenv("TMPDIR", place)
        monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
        with supervisor(address, 2) as served:
            assert served.told["store"] == postgres.replace("postgres@", "postgres:***@")
            children = [psutil.Process(pid) for pid in served.first]
            folders = {child.environ()["PROMETHEUS_MULTIPROC_DIR"] for child in children}
            assert [str(path) for path in Path(place).iterdir()] == list(folders)
            for child in children:
                assert not any("hush" in word for word in child.cmdline())
            # What a process that is dead has counted goes into one file with that of others.
            [gone] = [Path(folder, f"counter_{served.first[0]}.db") for folder in folders]
            assert gone.exists()
            children[0].kill()
            eventually(lambda: not gone.exists(), "it is added up")
            assert gone.with_name("counter_gone.db").exists()
            assert served.stopped()[0] == 0
        assert list(Path(place).iterdir()) == []
