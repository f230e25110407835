"""The mark of a run, by which the next one knows what a run that was killed has left behind."""

from __future__ import annotations

from pathlib import Path

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.file_lock import FileLock


class Mark:
    """A file that is locked as long as the run's process lives, and then until it is cleared.

    Raises:
        ConfigurationError: it can't be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path)
        self._lock.acquire(f"{path} is the mark of another run")

    def clear(self) -> None:
        """Take the mark away: what it stands beside is gone, or to be kept."""
        self._lock.release()
        for path in (self._path, self._path.with_name(self._path.name + ".lock")):
            path.unlink(missing_ok=True)


def is_abandoned(path: Path) -> bool:
    """Whether the run that has made this mark was killed."""
    lock = FileLock(path)
    try:
        lock.acquire("")
    except ConfigurationError:
        return False
    lock.release()
    return True
