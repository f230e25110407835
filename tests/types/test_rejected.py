"""Type checkers reject what is wrong: each line of `rejected.py` that says so, and no other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r"  # type: ignore\[([a-z, -]+)\]$")
LINES = Path(__file__).with_name("rejected.py").read_text("utf-8").splitlines()
REJECTED = {
    number: set(found[1].split(", "))
    for number, line in enumerate(LINES, 1)
    if (found := MARK.search(line))
}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The file without its comments."""
    path = tmp_path / "bare.py"
    path.write_text("\n".join(MARK.sub("", line) for line in LINES) + "\n", "utf-8")
    return path


@pytest.mark.slow
def test_mypy_rejects_these_lines_for_these_reasons(bare: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--cache-dir", str(bare.parent / "cache"), bare.name],
        cwd=bare.parent,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found: dict[int, set[str]] = {}
    for line, code in re.findall(
        r"^bare\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE
    ):
        found.setdefault(int(line), set()).add(code)
    assert found == REJECTED, done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_rejects_the_same_lines(bare: Path) -> None:
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)]}
    (bare.parent / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    scripts = Path(sys.executable).parent
    [command, *_] = [
        str(scripts / name) for name in ("basedpyright", "pyright") if (scripts / name).exists()
    ]
    done = subprocess.run(
        [command, "--outputjson", "--pythonpath", sys.executable, "--project", str(bare.parent)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    diagnostics = json.loads(done.stdout)["generalDiagnostics"]
    lines = {
        each["range"]["start"]["line"] + 1 for each in diagnostics if each["severity"] == "error"
    }
    assert lines == REJECTED.keys(), done.stdout
