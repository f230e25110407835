import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
import pytest

from xpander_client import Configuration
from xpander_client.cli import main
from xpander_client.platform import LocalPlatform

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "xpander_client.cli")
AGENT = "sales"


@attrs.frozen
class Command:
    """The command, in an environment and a folder of its own.

    What ends by itself runs inside the process of the tests: starting one takes longer than most
    tests.
    """

    environment: dict[str, str]
    folder: Path

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        output, errors = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment | variables, clear=True),
            mock.patch.object(sys, "stdin", io.StringIO()),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
            pytest.raises(SystemExit) as ended,
        ):
            main(arguments)
        status = ended.value.code
        assert isinstance(status, int)
        return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())

    def json(self, *arguments: str) -> Any:
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refusal(self, *arguments: str, **variables: str) -> str:
        """The one line in which the command says why not."""
        done = self(*arguments, **variables)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert done.stderr.startswith("xpander-client: ")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The command as it runs; it is ended with the block."""
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XPANDER_")}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "TERM": "dumb", **variables}


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Ctrl-C; the exit status and what was written since."""
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


@pytest.fixture
def unconfigured(tmp_path: Path) -> Command:
    return Command(environment(), tmp_path)


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    with LocalPlatform() as platform:
        yield platform


@pytest.fixture
def configuration(platform: LocalPlatform) -> Configuration:
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def command(configuration: Configuration, tmp_path: Path) -> Command:
    return command_of(configuration, tmp_path)


def command_of(configuration: Configuration, folder: Path) -> Command:
    variables = {
        "XPANDER_API_KEY": configuration.required("api_key"),
        "XPANDER_BASE_URL": configuration.base_url,
        "XPANDER_ORGANIZATION_ID": configuration.required("organization_id"),
        "XPANDER_AGENT_ID": AGENT,
    }
    return Command(environment(**variables), folder)
