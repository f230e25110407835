"""Files and folders that are nobody else's to read, and that nobody else has laid there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from xpander_client.errors import ConfigurationError

_FLAGS = (
    os.O_RDWR
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # what waits for another end, as a pipe does, is refused below
    | getattr(os, "O_BINARY", 0)
)


def make_private_folder(folder: Path) -> None:
    """Make a folder that isn't there, and those above it, for this user alone.

    Raises:
        OSError: it can't be made.
    """
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        if not folder.is_dir():  # else another process was as quick
            raise
    else:
        folder.chmod(0o700)  # the umask may have taken the owner's rights, too


def open_private(path: Path, *, make: bool = True) -> int:
    """Open a file to read and write, and return its descriptor. One that isn't there is made, for
    this user alone, whatever the umask.

    Raises:
        FileNotFoundError: it isn't there, and is not to be made.
        OSError: it can't be opened.
        ConfigurationError: it is a link, no file, or somebody else's.
    """
    try:
        if make:
            try:
                descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass
            else:
                if sys.platform != "win32":
                    os.fchmod(descriptor, 0o600)
                return descriptor
        descriptor = os.open(path, _FLAGS)
    except OSError:
        check_private(path)  # a link has an error of its own, which says less
        raise
    try:
        _check(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_private(path: Path) -> None:
    """Look at a file, if it is there, that something else will open.

    Raises:
        ConfigurationError: it is a link, no file, or somebody else's.
    """
    try:
        found = path.lstat()
    except OSError:
        return
    _check(path, found)


def check_private_folder(folder: Path) -> None:
    """Look at a folder with a name that others could foretell, if it is there.

    Raises:
        ConfigurationError: it is a link, no folder, or somebody else's.
    """
    try:
        found = folder.lstat()
    except OSError:
        return
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError(f"{folder} is a link, or no folder: it isn't used")
    if not _is_trusted(folder, found):
        raise ConfigurationError(
            f"{folder} belongs to somebody else (user {found.st_uid}), so it isn't used"
        )


def real_path(path: Path) -> Path:
    """Resolve the path, or where it leads when it is a link that this user, or root, has laid.

    Raises:
        ConfigurationError: somebody else has laid it.
        OSError: it leads in a circle.
    """
    if not path.is_symlink():
        return path
    if not _is_trusted(path, path.lstat()):
        raise ConfigurationError(f"{path} is a link that somebody else has laid: it isn't followed")
    return path.resolve()


def _check(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise ConfigurationError(f"{path} is a link, which isn't followed: give the file itself")
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"{path} is no file")
    if not _is_trusted(path, found):
        raise ConfigurationError(
            f"{path} belongs to somebody else (user {found.st_uid}), so it isn't used: remove it, "
            "or give it to the user that this process runs as"
        )


def _is_trusted(path: Path, found: os.stat_result) -> bool:
    """Whether this user or root has made it. Root may use what is a user's in the user's folder."""
    if sys.platform == "win32" or found.st_uid in (0, os.geteuid()):
        return True
    if os.geteuid() != 0:
        return False
    folder = path.parent.stat()
    return folder.st_uid == found.st_uid and not folder.st_mode & 0o022
