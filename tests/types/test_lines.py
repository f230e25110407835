"""Hold both type checkers to the lines of each front door: one file a door, beside this one.

To add a door, add a file `<door>.py`: typical calls as users write them, and wrong ones. A line
that ends with `# type: ignore[code]` must be rejected by mypy with exactly these codes, and by
pyright; each other line must be accepted by both (`assert_type` says what a call gives). A call
over several lines has its comment where the checkers report it. They see the lines without the
comments here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r"  # type: ignore\[([a-z, -]+)\]$", re.MULTILINE)
DOORS = {
    path.name: path.read_text("utf-8")
    for path in sorted(Path(__file__).parent.glob("[!_]*.py"))
    if not path.name.startswith("test_")
}
REJECTED = {
    (name, number): set(found[1].split(", "))
    for name, text in DOORS.items()
    for number, line in enumerate(text.splitlines(), 1)
    if (found := MARK.search(line))
}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The folder of all doors' files without their comments."""
    for name, text in DOORS.items():
        (tmp_path / name).write_text(MARK.sub("", text), "utf-8")
    return tmp_path


def test_each_door_has_lines_that_are_rejected() -> None:
    assert {name for name, _ in REJECTED} == DOORS.keys()


@pytest.mark.slow
def test_mypy_rejects_these_lines_for_these_reasons(bare: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--cache-dir", str(bare / "cache"), *DOORS],
        cwd=bare,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found: dict[tuple[str, int], set[str]] = {}
    for name, line, code in re.findall(
        r"^(\w+\.py):(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE
    ):
        found.setdefault((name, int(line)), set()).add(code)
    assert found == REJECTED, done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_rejects_the_same_lines(bare: Path) -> None:
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)]}
    (bare / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    scripts = Path(sys.executable).parent
    [command, *_] = [
        str(scripts / name) for name in ("basedpyright", "pyright") if (scripts / name).exists()
    ]
    done = subprocess.run(
        [command, "--outputjson", "--pythonpath", sys.executable, "--project", str(bare)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in json.loads(done.stdout)["generalDiagnostics"]
        if each["severity"] == "error"
    }
    assert lines == REJECTED.keys(), done.stdout
