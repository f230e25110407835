"""A lock on a file that the operating system gives back when its holder dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from ..errors import ConfigurationError

__all__ = ["FileLock"]

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held by one process, and once in it, until released or the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether it is held here."""
        return self._file is not None

    def acquire(self, refusal: str) -> None:
        """Take the lock.

        Raises:
            ConfigurationError: somebody else has it; the message is `refusal` and the holder's id.
        """
        try:
            file = open(self._path, "a+", encoding="ascii")  # noqa: SIM115 - held until released
        except OSError as error:
            raise ConfigurationError(f"{self._path} can't be opened: {error}") from error
        try:
            _take(file)
        except OSError:
            file.seek(0)
            holder = file.read(32).strip()
            file.close()
            raise ConfigurationError(refusal + (f" (process {holder})" if holder else "")) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back. The file stays: removing it could let two holders in."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
