"""A sign that a process is alive, which no crash can leave behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

from xpander_client.private_files import make_private_folder, open_private

if sys.platform == "win32":
    import msvcrt

    def _hold(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    _probe = _hold

else:
    import fcntl

    def _hold(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _probe(descriptor: int) -> None:
        # Shared, so that two who ask at once don't take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


class ProcessMark:
    """A file in a directory that is locked until `close`, or until the process ends.

    The operating system unlocks it, however the process ends, so nobody needs a heartbeat, and a
    process id that is used again misleads nobody. `name` is what others ask for with `alive`.
    """

    def __init__(self, directory: Path) -> None:
        make_private_folder(directory)
        self._directory = directory
        self.name = secrets.token_hex(8)
        self._descriptor = open_private(directory / self.name)
        _hold(self._descriptor)

    def alive(self, name: str) -> bool:
        """Tell whether the process that made the mark of that name still holds it."""
        if name == self.name:
            return True
        path = self._directory / name
        try:
            descriptor = open_private(path, make=False)
        except FileNotFoundError:
            return False
        try:
            _probe(descriptor)
        except OSError:
            return True
        else:
            with contextlib.suppress(OSError):  # another process may be as quick
                path.unlink()
            return False
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Take the mark away."""
        os.close(self._descriptor)
        with contextlib.suppress(OSError):
            (self._directory / self.name).unlink()

    def leave_to_parent(self) -> None:
        """Leave the mark to the parent, in a process that was forked."""
        os.close(self._descriptor)
