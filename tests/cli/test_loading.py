"""What the command needs is loaded when it runs, and missed politely."""

import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command

from tests.cli.conftest import ROOT, environment
from xpander_client.cli.app import app, load_command


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_importing_the_entry_point_loads_neither_typer_nor_rich() -> None:
    code = "import sys, xpander_client.cli; print({'typer', 'rich', 'httpx'} & set(sys.modules))"
    assert python(code).stdout == "set()\n"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_what_runs_no_command_loads_none(arguments: list[str]) -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules))\n"
        f"from xpander_client.cli import main; main({arguments!r})"
    )
    loaded = {*python(code).stdout.split()}
    assert "xpander_client.cli.app" in loaded
    assert not {"httpx", "attrs", "orjson", "rich.console", "asyncio"} & loaded
    ours = {name for name in loaded if name.startswith("xpander_client.")}
    assert ours == {
        "xpander_client.cli",
        "xpander_client.cli.app",
        "xpander_client.cli.messages",
        "xpander_client.lazy",
        "xpander_client.version",
    }


def test_the_platform_is_served_without_the_clients_transport() -> None:
    code = "import sys; from xpander_client.cli import dev, serve; print(*sys.modules)"
    loaded = python(code).stdout.split()
    assert not [name for name in loaded if name.startswith(("rich.", "xpander_client.transport"))]


def test_the_overview_says_of_each_command_what_it_says_itself() -> None:
    stand_ins: dict[str, Any] = vars(get_command(app))["commands"]
    for name, stand_in in stand_ins.items():
        command = load_command(name)
        assert stand_in.get_short_help_str(1000) == command.get_short_help_str(1000)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from xpander_client.cli import main; main(['doctor'])"
    )
    done = python(code)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert 'pip install "xpander-client[cli]"' in done.stderr


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        ("httptools", ["dev", "--port", "0"]),
        ("uvicorn", ["dev", "--port", "0"]),
        ("yaml", ["agents", "apply", "tests/conftest.py", "--store", "s.db"]),
    ],
)
def test_without_the_platforms_extra_one_line_says_what_to_install(
    missing: str, arguments: list[str]
) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        f"from xpander_client.cli import main; main({arguments!r})"
    )
    done = python(code)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert 'pip install "xpander-client[platform]"' in done.stderr


def test_output_that_the_shell_has_closed_is_for_nobody() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m xpander_client.cli --version >&- 2>&-', sys.executable],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_ctrl_c_while_it_loads_ends_it_quietly() -> None:
    code = (
        "import builtins, sys; from xpander_client.cli import main\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if name == 'typer': raise KeyboardInterrupt\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = interrupted; main(['doctor'])"
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
