"""What the command needs is loaded when it runs, and missed politely."""

import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, environment


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
        ("starlette", ["dev", "--port", "0"]),
        ("starlette", ["keys", "list", "--store", "s.db"]),
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
