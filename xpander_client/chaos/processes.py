"""Processes that may be killed, and that never outlive whoever started them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import orjson

from xpander_client.errors import ModuleException

_PATIENCE = 60.0


def ready(**what: object) -> None:
    """In the process: say that it does what it is there for."""
    sys.stdout.write(orjson.dumps(what).decode() + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """In the process: end at once when whoever started it is gone, however that happened."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


class Process:
    """A module of ours that runs as a process of its own. What it says of itself goes to `log`."""

    def __init__(self, process: asyncio.subprocess.Process, told: Mapping[str, str]) -> None:
        self._process = process
        self.told = told

    @classmethod
    async def start(
        cls, module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None
    ) -> Process:
        """Start it; returns when it says that it is ready.

        Raises:
            ModuleException: it ended instead; the message is what it said last.
        """
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C is for us: we end them in order
            )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await process.stdout.readline()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if not line:
            await process.wait()
            raise ModuleException(None, _last_line(log) or f"{module} ended at once")
        return cls(process, orjson.loads(line))

    @property
    def pid(self) -> int:
        """The operating system's number for it."""
        return self._process.pid

    async def kill(self) -> None:
        """SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def freeze(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds."""
        # By somebody else, who does the second as well when we are killed in between: a process
        # that is stopped can't notice that.
        thawing = await asyncio.create_subprocess_exec(
            *("sh", "-c", 'kill -STOP "$0" && sleep "$1" && kill -CONT "$0"'),
            *(str(self.pid), f"{seconds:.3f}"),
            stderr=asyncio.subprocess.DEVNULL,  # it may be killed at the same time
            start_new_session=True,
        )
        try:
            await thawing.wait()
        except asyncio.CancelledError:
            thawing.kill()
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            raise

    async def end(self) -> int:
        """SIGTERM, and SIGKILL when that doesn't help; returns the exit status."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._process.wait()
        except TimeoutError:
            await self.kill()
            return -signal.SIGKILL


def _last_line(log: Path) -> str:
    said = log.read_text("utf-8", "replace").strip().splitlines()
    return said[-1] if said else ""
