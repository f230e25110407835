"""Programs as processes, which know where the platform is."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from xpander_client import Configuration

AGENT = "shared-agent"
ROOT = Path(__file__).resolve().parents[2]


def variables(configuration: Configuration) -> dict[str, str]:
    return {
        "XPANDER_API_KEY": configuration.required("api_key"),
        "XPANDER_BASE_URL": configuration.base_url,
        "XPANDER_ORGANIZATION_ID": configuration.required("organization_id"),
        "XPANDER_AGENT_ID": AGENT,
        # A free port for the HTTP server that the official worker always starts.
        "XPANDER_STREAMING_PORT": "0",
    }


@attrs.define
class Program:
    """A worker program; `output` is what it has written so far."""

    process: subprocess.Popen[str]
    lines: list[str] = attrs.field(factory=list)
    changed: threading.Condition = attrs.field(factory=threading.Condition)
    ended: bool = False

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str, times: int = 1, timeout: float = 60) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.output.count(text) >= times or self.ended, timeout)
        assert self.output.count(text) >= times, self.output

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
def program(path: Path, code: str, configuration: Configuration, **more: str) -> Iterator[Program]:
    """A program in a process of its own, because the official worker keeps its state globally."""
    path.write_text(code, encoding="utf-8")
    with start_program([str(path)], path.parent, {**variables(configuration), **more}) as running:
        yield running


@contextmanager
def start_program(
    arguments: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[Program]:
    """Run Python with these arguments, in a folder of its own and without our environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XPANDER_", "GIT_", "IS_"))
    }
    paths = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-u", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": paths, **environment},
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
