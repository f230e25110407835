"""A copy of a store's file, made while a platform writes to it."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.sqlite.file import COMPANIONS, find_file, refuse_other_name
from xpander_client.platform.stores.sqlite.schema import read_version
from xpander_client.private_files import open_private

_PAGES = 256
"""So many pages, a megabyte, are copied in one step."""


def backup(path: Path, file: Path) -> None:
    """Copy the store's file as it is at one moment. Writers don't wait for it; only the log of what
    they write grows meanwhile.

    Raises:
        ConfigurationError: the store is not there, or is none; the file is there already, or can't
            be written.
    """
    path = find_file(path)
    if not path.is_file():
        raise ConfigurationError(f"{path} is not there")
    refuse_other_name(path)
    if os.path.lexists(file):
        raise ConfigurationError(f"{file} is there already: give a file that isn't")
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        os.close(open_private(part))
        _copy(path, part)
        _sync(part)
        os.link(part, file)  # and not over what somebody has put there meanwhile
        _sync(file.absolute().parent)
    except FileExistsError:
        raise ConfigurationError(f"{file} is there already: give a file that isn't") from None
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"{path} can't be backed up to {file}: {error}") from error
    finally:
        for ending in ("", *COMPANIONS):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _copy(path: Path, part: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as source,
        contextlib.closing(sqlite3.connect(part, isolation_level=None)) as target,
    ):
        read_version(source, path)
        # One view for all steps. Without it, each write of the platform would begin them anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(target, pages=_PAGES)
        source.execute("COMMIT")


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # where folders can't be opened
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
