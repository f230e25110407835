"""A lock on a file that the operating system gives back when its holder dies."""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from pathlib import Path

from xpander_client.errors import ConfigurationError
from xpander_client.private_files import open_private

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_FAR = 2**62
"""The byte of a file that is locked: no database has any use for it."""

_here: set[tuple[int, int]] = set()
"""The files that this process has locked, by what identifies them."""


class OtherName(ConfigurationError):
    """Somebody has locked the file by another name of it."""


class FileLock:
    """Held by one process, and once in it, until released or the process ends.

    What is locked is a file beside the one that is meant, and on Linux that itself as well: it may
    have other names.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside: int | None = None
        self._itself: int | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def held(self) -> bool:
        """Whether it is held here."""
        return self._beside is not None

    def acquire(self, refusal: str) -> None:
        """Take the lock. The file is made when it isn't there, for this user alone.

        Raises:
            ConfigurationError: somebody else has it; the message is `refusal` and the holder's id.
                Or the file is a link, or somebody else's.
        """
        path = self._path.with_name(self._path.name + ".lock")
        try:
            self._beside = open_private(path)
            self._take_beside(self._beside, refusal)
            self._take_itself(refusal)
        except OSError as error:
            self.release()
            raise ConfigurationError(f"{path} can't be opened: {error}") from error
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back. The file beside stays: removing it could let two holders in."""
        beside, self._beside = self._beside, None
        itself, self._itself = self._itself, None
        if self._identity is not None:
            _here.discard(self._identity)
            self._identity = None
        for descriptor in (itself, beside):
            if descriptor is not None:
                os.close(descriptor)

    def _take_beside(self, descriptor: int, refusal: str) -> None:
        try:
            _take(descriptor)
        except OSError:
            holder = ""
            with contextlib.suppress(OSError):  # Windows lets nobody read what is locked
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise ConfigurationError(refusal + (f" (process {holder})" if holder else "")) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())

    def _take_itself(self, refusal: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            # Closing any descriptor of a file gives up the locks that SQLite has on it in this
            # process. So what is locked here is not opened.
            if _identity(self._path.stat()) in _here:
                raise OtherName(f"{refusal}, by another name (process {os.getpid()})")
        self._itself = open_private(self._path)
        if sys.platform == "linux":
            import fcntl

            lock = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _FAR, 1, 0)
            try:
                fcntl.fcntl(self._itself, fcntl.F_OFD_SETLK, lock)
            except (BlockingIOError, PermissionError):
                raise OtherName(f"{refusal}, by another name") from None
            except OSError:
                pass  # a file system without such locks: the one beside has to do
        self._identity = _identity(os.fstat(self._itself))
        _here.add(self._identity)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
