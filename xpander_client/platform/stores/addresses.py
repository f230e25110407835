"""The store that an address names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from ...errors import ConfigurationError
from .sqlite import SqliteStore

if TYPE_CHECKING:
    from ..clock import Clock
    from ..settings import Settings
    from .store import Store

__all__ = ["is_postgres", "sqlite_path", "store_at", "without_password"]


def is_postgres(address: str | os.PathLike[str]) -> bool:
    """Whether an address names a PostgreSQL database.

    Example:
        >>> is_postgres("postgresql://db/tasks"), is_postgres("./tasks.db")
        (True, False)
    """
    return str(address).startswith(("postgresql://", "postgres://"))


def store_at(
    address: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
) -> Store:
    """The store at an address, not open yet: `postgresql://…`, `sqlite:FILE`, or a file's path.

    Raises:
        ConfigurationError: the address is of neither form, or the extra `[postgres]` is missing.
    """
    if is_postgres(address):
        try:
            from .postgres import PostgresStore
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f'a store on PostgreSQL needs {error.name}: pip install "xpander-client[postgres]"'
            ) from None
        return PostgresStore(str(address), settings, clock=clock)
    return SqliteStore(sqlite_path(address), settings, clock=clock)


def sqlite_path(address: str | os.PathLike[str]) -> Path:
    """The file that an address names.

    Raises:
        ConfigurationError: it names none.
    """
    text = os.fspath(address)
    path = text.removeprefix("sqlite:")
    if "://" in path or not path:
        raise ConfigurationError(
            f"{text!r} is no address of a store: give a file, sqlite:FILE or postgresql://…"
        )
    return Path(path)


def without_password(address: str | os.PathLike[str]) -> str:
    """The address as it may be shown.

    Example:
        >>> without_password("postgresql://me:secret@db/tasks?sslpassword=x")
        'postgresql://me:***@db/tasks?sslpassword=***'
    """
    if not is_postgres(address):
        return os.fspath(address)
    parts = urlsplit(str(address))
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    query = re.sub(r"(?<=password=)[^&]*", "***", parts.query)
    return urlunsplit(
        parts._replace(netloc=name + (":***" if colon else "") + at + host, query=query)
    )
