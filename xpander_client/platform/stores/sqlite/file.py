"""The file that a store is in, before anything opens it."""

from __future__ import annotations

from pathlib import Path

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.file_lock import FileLock, OtherName
from xpander_client.private_files import check_private, make_private_folder, real_path

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file, by the endings of their names."""


def find_file(path: Path) -> Path:
    """Find the file that a path names, of itself or by a link.

    Raises:
        ConfigurationError: it is no file, or somebody else has laid it there, or what SQLite keeps
            beside it.
    """
    try:
        real = real_path(path)
    except (OSError, RuntimeError) as error:  # the second: links in a circle
        raise ConfigurationError(f"{path} can't be used as a store: {error}") from error
    for ending in ("", *COMPANIONS):
        check_private(real.with_name(real.name + ending))
    return real


def refuse_other_name(path: Path) -> None:
    """Refuse to open a file beside a platform that has it by another name, a hard link. SQLite
    keeps what was just written under that name, and would not find it.

    Raises:
        ConfigurationError: somebody has it so.
    """
    if not path.exists() or path.stat().st_nlink == 1:
        return
    lock = FileLock(path)
    try:
        lock.acquire(f"the store {path} is in use")
    except OtherName:
        raise
    except ConfigurationError:  # by this name
        return
    lock.release()


def make_folder(path: Path) -> None:
    """Make the folder of a file, for this user alone, if it isn't there.

    Raises:
        ConfigurationError: it can't be made.
    """
    try:
        make_private_folder(path.parent)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be used as a store: {error}") from error
