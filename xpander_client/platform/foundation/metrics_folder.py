"""The folder in which processes write down what they count, so that each can tell the sum of all.

Each process has a file for each kind of figure. What those that are gone have counted is added up
in one file for each kind, so that there are never more files than there are processes to need them.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder to all who count."""

_PREFIX = "xpander-metrics-"
_OWNED = "owner.lock"
"""Locked as long as the process lives that made the folder."""

_READING = "reading.lock"

_logger = logging.getLogger(__name__)

if sys.platform == "win32":

    def _lock(file: int, *, shared: bool = False, wait: bool = True) -> None:
        """Several processes, which need this, are not for Windows."""

else:
    import fcntl

    def _lock(file: int, *, shared: bool = False, wait: bool = True) -> None:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)


@contextlib.contextmanager
def make_folder() -> Iterator[str]:
    """Make a folder that goes with this process, or else when the next one is made."""
    _remove_left()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        path = Path(folder, _OWNED)
        with open(path.with_suffix(".new"), "w", encoding="ascii") as file:
            _lock(file.fileno())
            os.rename(file.name, path)  # locked from the first moment that it is there
            yield folder


def add_up(folder: str, pid: int) -> None:
    """Add what a process that is gone has counted to what others had, and forget its files."""
    metrics: Any = importlib.import_module("prometheus_client.mmap_dict")
    with _hold_lock(folder):
        for kind in ("counter", "histogram", "summary"):
            path = Path(folder, f"{kind}_{pid}.db")
            if not path.exists():
                continue
            total = metrics.MmapedDict(os.path.join(folder, f"{kind}_gone.db"))
            try:
                for key, value, _, _ in metrics.MmapedDict.read_all_values_from_file(path):
                    total.write_value(key, total.read_value(key)[0] + value, 0.0)
            except Exception as error:
                _logger.warning("what process %d counted is lost: %s", pid, error)
            finally:
                total.close()
            path.unlink()
        for path in Path(folder).glob(f"gauge_live*_{pid}.db"):
            path.unlink()


def reading(folder: str) -> contextlib.AbstractContextManager[None]:
    """Hold off what would take files away from who reads them, or let him read them twice."""
    return _hold_lock(folder, shared=True)


@contextlib.contextmanager
def _hold_lock(folder: str, *, shared: bool = False) -> Iterator[None]:
    with open(Path(folder, _READING), "a", encoding="ascii") as file:
        _lock(file.fileno(), shared=shared)
        yield


def _remove_left() -> None:
    """Remove the folders of processes that were killed, which can be told by their locks."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            there = folder.lstat()
            if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
                continue
            descriptor = os.open(folder / _OWNED, os.O_RDWR | os.O_NOFOLLOW)
            try:
                _lock(descriptor, wait=False)
                shutil.rmtree(folder)
            finally:
                os.close(descriptor)
