"""The store that an address names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.platform.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from xpander_client.platform.clock import Clock
    from xpander_client.platform.settings import Settings
    from xpander_client.platform.stores.store import Store


_FORMS = "give a file, sqlite:FILE, or postgresql://USER:PASSWORD@HOST/DATABASE"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]@:/?#\s]*)(:[0-9]+)?\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SOMEWHERE_ELSE = re.compile(
    r"postgres.*(//|@)|.*\b(password|host|dbname)\s*=", re.IGNORECASE | re.DOTALL
)


def is_postgres(address: str | os.PathLike[str]) -> bool:
    """Whether an address names a PostgreSQL database.

    Example:
        >>> is_postgres("postgresql://db/tasks"), is_postgres("./tasks.db")
        (True, False)
    """
    return str(address).startswith(("postgresql://", "postgres://"))


def check_address(address: str | os.PathLike[str]) -> None:
    """Look whether an address can name a store, before anything is made. No message shows what
    stands in it: that may be a password, in whatever place.

    Raises:
        ConfigurationError: it can't.
    """
    if is_postgres(address):
        _parts(str(address))
    else:
        sqlite_path(address)


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
    check_address(address)
    if is_postgres(address):
        try:
            from xpander_client.platform.stores.postgres import PostgresStore
        except ModuleNotFoundError as error:
            raise missing(error, "postgres", "a store on PostgreSQL") from None
        return PostgresStore(str(address), settings, clock=clock)
    return SqliteStore(sqlite_path(address), settings, clock=clock)


def sqlite_path(address: str | os.PathLike[str]) -> Path:
    """The file that an address names.

    Raises:
        ConfigurationError: it names none.
    """
    text = os.fspath(address)
    path = text.removeprefix("sqlite:")
    if not path.strip() or "\0" in path or path.startswith(":memory:"):
        raise ConfigurationError(f"this address names no file to keep a store in: {_FORMS}")
    if path == text and (scheme := _SCHEME.match(text.strip())) is not None:
        raise ConfigurationError(
            f"{scheme[0]}… is no address of a store: {_FORMS}; a file with a colon in its name is "
            "./FILE"
        )
    if (
        _SOMEWHERE_ELSE.match(path.strip())
        or "://" in path
        or (path.startswith("//") and path[2:3] != "/")
    ):
        raise ConfigurationError(f"this address is neither a file nor a database's URL: {_FORMS}")
    if path.endswith(("/", os.sep)) or Path(path).is_dir():
        raise ConfigurationError(f"{path} is a folder: give a file in it")
    return Path(path)


def without_password(address: str | os.PathLike[str]) -> str:
    """The address as it may be shown; nothing of one that can't be taken apart.

    Example:
        >>> without_password("postgresql://me:secret@db/tasks?sslpassword=x")
        'postgresql://me:***@db/tasks?sslpassword=***'
        >>> without_password("postgresql://me:sec/ret@db/tasks")
        'postgresql://…'
    """
    if not is_postgres(address):
        return os.fspath(address)
    try:
        parts = _parts(str(address))
    except ConfigurationError:
        return "postgresql://…"
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    query = "&".join(
        f"{name}=***" if "pass" in unquote(name).lower() else f"{name}={value}"
        for name, value in (item.split("=", 1) for item in parts.query.split("&") if item)
    )
    netloc = name + (":***" if colon else "") + at + host
    return f"{parts.scheme}://{netloc}{parts.path}" + (f"?{query}" if query else "")


def _parts(address: str) -> SplitResult:
    """The parts of a database's URL.

    Raises:
        ConfigurationError: it can't be taken apart without a doubt. A password with a character
            that has a meaning in URLs would be read as something else, and shown.
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # whose text may hold the password
        parts = urlsplit("")
    hosts = parts.netloc.rpartition("@")[2]
    if (
        not parts.scheme
        or "#" in address
        or any(character.isspace() or not character.isprintable() for character in address)
        or "@" in parts.path + parts.query
        or not all(_HOST.match(host) for host in hosts.split(","))
        or not all("=" in item for item in parts.query.split("&") if item)
    ):
        raise ConfigurationError(
            "the database's URL can't be read: is it postgresql://USER:PASSWORD@HOST/DATABASE, and "
            "are characters like # / ? [ ] @ % in the password written as %23 %2F %3F %5B %5D %40 "
            "%25?"
        )
    return parts
