"""The command inside the process of the tests, where starting one for each call would take long."""

import contextlib
import io
import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from unittest import mock

import attrs
import pytest

from tests.cli.conftest import environment
from xpander_client.cli import main


@attrs.frozen
class Inside:
    """The command, in an environment and a folder of its own."""

    folder: Path
    store: str = "s.db"

    def __call__(self, *arguments: str, **variables: str) -> CompletedProcess[str]:
        output, errors = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(
                os.environ, environment(**{"XPANDER_STORE": self.store, **variables}), clear=True
            ),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
            pytest.raises(SystemExit) as ended,
        ):
            main(arguments)
        status = ended.value.code
        assert isinstance(status, int)
        return CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())

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
