"""The official client beside ours: run with `tox -e interop`, which installs it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import xpander_sdk

from xpander_client import Configuration
from xpander_client.platform import LocalPlatform, Settings

AGENT = "shared-agent"
ROOT = Path(__file__).resolve().parents[2]


def pytest_configure(config: pytest.Config) -> None:
    # What the official client's dependencies warn about is not ours to mend.
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    settings = Settings(lease=5.0, offer_window=5.0, sweep_interval=0.2, poll_interval=0.2)
    with LocalPlatform(settings=settings) as platform:
        yield platform


@pytest.fixture
def ours(platform: LocalPlatform) -> Configuration:
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def theirs(ours: Configuration, monkeypatch: pytest.MonkeyPatch) -> xpander_sdk.Configuration:
    """The official configuration; some of its calls read the environment all the same."""
    for name, value in variables(ours).items():
        monkeypatch.setenv(name, value)
    return xpander_sdk.Configuration(
        api_key=ours.api_key,
        base_url=ours.base_url,
        organization_id=ours.organization_id,
        agent_id=AGENT,
    )


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
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XPANDER_", "GIT_", "IS_"))
    }
    paths = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-u", str(path)],
        cwd=path.parent,
        env={**kept, "PYTHONPATH": paths, **variables(configuration), **more},
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
