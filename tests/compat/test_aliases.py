"""Programs for the official packages run as they are: `import xpander_sdk` means this package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder of its own for the program, so that nothing else is beside it."""
    return tmp_path / "program.py"


def run(
    *arguments: str | Path, version: str = "", cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    # Without the packages that are installed beside ours, were there an official one.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XPANDER_COMPAT": version}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=environment,
    )


def test_a_program_runs_as_python_would_run_it(program: Path) -> None:
    (program.parent / "beside.py").write_text("VALUE = 'from beside'\n")
    program.write_text(
        "import sys, beside\n"
        "import xpander_sdk\n"
        "import __main__\n"
        "from xpander_sdk.modules.tasks.sub_modules.task import Task\n"
        "print(sys.argv[1:], __name__, __file__, beside.VALUE, __main__.Task is Task)\n"
        "print(xpander_sdk.Task is Task, Task.__module__)\n"
        "def annotated(task: Task): pass\n"
        "print(annotated.__annotations__['task'] is Task)\n"
        "sys.exit(7)\n"
    )
    done = run("-m", "xpander_client.compat", program, "--flag", "word")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"['--flag', 'word'] __main__ {program} from beside True",
        "True xpander_client.api.resources.task",
        "True",
    ]
    assert done.returncode == 7


def test_a_module_runs_as_with_python_m(program: Path) -> None:
    program.write_text("import sys, xpander_sdk\nprint(__name__, sys.argv[1:])\n")
    done = run("-m", "xpander_client.compat", "-m", "program", "word", cwd=program.parent)
    assert (done.stdout, done.stderr) == ("__main__ ['word']\n", "")


def test_a_failure_shows_the_lines_of_the_program(program: Path) -> None:
    program.write_text("import xpander_sdk\n\ndef fail():\n    return {}['key']\n\nfail()\n")
    done = run("-m", "xpander_client.compat", program)
    assert done.returncode == 1
    assert f'File "{program}", line 6, in <module>\n    fail()\n' in done.stderr
    assert done.stderr.endswith("KeyError: 'key'\n")


def test_a_program_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    done = run("-m", "xpander_client.compat", tmp_path / "gone.py")
    assert done.returncode == 2
    assert done.stderr == f"can't open {tmp_path / 'gone.py'}: No such file or directory\n"


@pytest.mark.parametrize(("arguments", "status"), [(("--help",), 0), ((), 2), (("-m",), 2)])
def test_the_command_says_how_it_is_used(arguments: tuple[str, ...], status: int) -> None:
    done = run("-m", "xpander_client.compat", *arguments)
    assert done.returncode == status
    assert "python -m xpander_client.compat program.py [arguments]" in done.stderr


def test_an_import_at_the_top_does_for_programs_that_something_else_starts(program: Path) -> None:
    program.write_text(
        "import xpander_client.compat\n"
        "import xpander_sdk.models.events as events, xpander_client.models.events as ours\n"
        "import xpander_sdk, xpander_client\n"
        "print(events is ours, xpander_sdk is xpander_client, xpander_sdk.Tokens.__module__)\n"
    )
    done = run(program)
    assert (done.stderr, done.stdout) == ("", "True True xpander_client.api.models.tokens\n")


@pytest.mark.parametrize(
    ("lines", "version", "home"),
    [
        ("from xpander_sdk import (\n    Tokens,\n    XpanderClient,\n)", "", "legacy.usage"),
        ("import xpander_utils.sdk\nfrom xpander_sdk import Tokens", "", "legacy.usage"),
        ("from xpander_sdk import Agent, Tokens", "1", "legacy.usage"),
        ("from xpander_sdk import Agent, Tokens", "", "api.models.tokens"),
        ("import xpander_sdk.types\nfrom xpander_sdk import Tokens", "", "api.models.tokens"),
        ("from xpander_sdk import Tokens, XpanderClient", "2", "api.models.tokens"),
    ],
)
def test_the_version_is_known_by_what_is_imported_first_or_said(
    program: Path, lines: str, version: str, home: str
) -> None:
    program.write_text(f"import xpander_client.compat\n{lines}\nprint(Tokens.__module__)\n")
    done = run(program, version=version)
    assert (done.stderr, done.stdout) == ("", f"xpander_client.{home}\n")


def test_version_1_means_the_classes_of_that_version(program: Path) -> None:
    program.write_text(
        "from xpander_sdk import Agent, Tokens, ToolCallResult, XpanderClient, LLMTokens\n"
        "print({name.__module__.split('.')[1] for name in (Agent, Tokens, ToolCallResult)})\n"
        "import xpander_client\n"
        "print(xpander_client.Agent is not Agent, xpander_client.XpanderClient is XpanderClient)\n"
    )
    done = run("-m", "xpander_client.compat", program, version="1")
    assert (done.stderr, done.stdout) == ("", "{'legacy'}\nTrue True\n")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("from xpander_sdk import KnowledgeBases", "xpander_client has no KnowledgeBases: know"),
        ("from xpander_sdk.testing import MockTool", "xpander_client has no MockTool: try"),
        ("from xpander_utils.sdk.adapters import AgnoAdapter", "no AgnoAdapter: Agent(**Backend"),
        ("import xpander_sdk.core.state", "xpander_client has no module xpander_sdk.core"),
        ("import xpander_sdk.worker", "xpander_client has no module xpander_sdk.worker: "),
        (
            "from xpander_sdk import XpanderClient\nimport xpander_sdk.models.events",
            "version 1.x of xpander_sdk has no module xpander_sdk.models: set XPANDER_COMPAT=2",
        ),
        ("from xpander_sdk import NoSuchName", "cannot import name 'NoSuchName' from"),
    ],
)
def test_what_is_not_here_says_what_to_use(program: Path, statement: str, message: str) -> None:
    program.write_text(f"import xpander_client.compat\n{statement}\n")
    done = run(program)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]


def test_an_official_package_that_was_imported_before_is_told(program: Path) -> None:
    package = program.parent / "xpander_sdk" / "__init__.py"
    package.parent.mkdir()
    package.write_text("")
    program.write_text("import xpander_sdk\nimport xpander_client.compat\n")
    done = run(program)
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: xpander_sdk was imported already, from {package}: "
        "import xpander_client.compat before anything that imports it"
    )


def test_ours_is_taken_before_an_official_package_that_is_installed(program: Path) -> None:
    package = program.parent / "xpander_sdk" / "__init__.py"
    package.parent.mkdir()
    package.write_text("raise RuntimeError('the official one')")
    program.write_text("import xpander_sdk\nprint(xpander_sdk.__name__)\n")
    done = run("-m", "xpander_client.compat", program)
    assert (done.stderr, done.stdout) == ("", "xpander_client\n")


def test_a_version_that_does_not_exist_is_told(program: Path) -> None:
    program.write_text("import xpander_client.compat\n")
    done = run(program, version="3")
    assert done.stderr.splitlines()[-1] == (
        "ImportError: XPANDER_COMPAT is '3': say 1 or 2, the version of xpander_sdk"
    )
