"""Worker programs as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from xpander_client import Configuration

HEADER = "from xpander_client import Task, on_task\n"


@attrs.define
class Program:
    """A running program; `output` is what it has written so far, on both channels."""

    process: subprocess.Popen[str]
    lines: list[str] = attrs.field(factory=list)
    changed: threading.Condition = attrs.field(factory=threading.Condition)
    ended: bool = False

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str, times: int = 1, timeout: float = 30) -> None:
        """Until the program has written this so many times."""
        with self.changed:
            self.changed.wait_for(lambda: self.output.count(text) >= times or self.ended, timeout)
        assert self.output.count(text) >= times, self.output

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()


@contextmanager
def program(
    path: Path,
    code: str,
    environment: Mapping[str, str],
    *arguments: str,
    python: str = sys.executable,
) -> Iterator[Program]:
    """A Python program with this code, running until the block ends."""
    path.write_text(code, encoding="utf-8")
    process = subprocess.Popen(
        [python, *(arguments or (str(path),))],
        cwd=path.parent,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    running = Program(process)
    reader = threading.Thread(target=running.read)
    reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def environment_of(configuration: Configuration) -> dict[str, str]:
    """The environment of a program that is to use this platform."""
    root = str(Path(__file__).resolve().parents[2])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XPANDER_")}
    path = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")]))
    return kept | {
        "PYTHONPATH": path,
        "XPANDER_API_KEY": configuration.required("api_key"),
        "XPANDER_BASE_URL": configuration.base_url,
        "XPANDER_ORGANIZATION_ID": configuration.required("organization_id"),
        "XPANDER_AGENT_ID": configuration.required("agent_id"),
        # Of many programs on one machine only one can have the usual port.
        "XPANDER_STREAMING_PORT": "0",
    }
