"""A new signal, status or outcome that one place forgets is refused by a type checker there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "xpander_client"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "member", "seen", "places"),
    [
        (
            '    CANCEL = "cancel"\n',
            '    SKIP = "skip"\n',
            ["background"],
            {"signals.py", "text.py", "tasks.py"},
        ),
        ("    FORCED = auto()\n", "    LOST = auto()\n", ["background"], {"lifecycle.py"}),
        ("    NOTHING = auto()\n", "    WAIT = auto()\n", ["background"], {"running.py"}),
        ("-> Create | Look | Pause | Write", " | FinalStatus", ["background"], {"writer.py"}),
        (
            'TaskStatus = Literal["pending"',
            ', "skipped"',
            ["background", "core/statuses.py"],
            {"statuses.py", "writer.py"},
        ),
        (
            '    Stopped = "stopped"\n',
            '    Skipped = "skipped"\n',
            ["worker", "core/enums.py", "api/models/__init__.py"],
            {"plan_retries.py"},
        ),
        (
            "    REFUSED = auto()\n",
            "    LATE = auto()\n",
            ["worker"],
            {"attempt.py", "direct.py", "pushes.py", "record.py"},
        ),
        ("    DENIED = auto()\n", "    OLD = auto()\n", ["worker"], {"app.py", "keys.py"}),
        ("Message = Registered | Offered", " | str", ["worker"], {"worker.py"}),
    ],
    ids=["signal", "stage", "verdict", "step", "status", "enum", "delivery", "access", "message"],
)
def test_what_forgets_a_new_member_is_refused(
    tmp_path: Path, before: str, member: str, seen: list[str], places: set[str]
) -> None:
    package = tmp_path / ROOT.name
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__"))
    [home] = [
        path
        for room in ("background", "worker", "core", "api/models")
        for path in (package / room).rglob("*.py")
        if before in path.read_text("utf-8")
    ]
    home.write_text(home.read_text("utf-8").replace(before, before + member), "utf-8")
    files = {str(path) for each in seen for path in (package / each).rglob("*.py")}
    files |= {str(package / each) for each in seen if each.endswith(".py")} | {str(home)}
    # Only what decides is looked at: to read all the package takes a minute.
    command = [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=skip"]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), *sorted(files)],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    refused = re.findall(r'(\w+\.py):\d+: error: Argument 1 to "assert_never"', done.stdout)
    assert set(refused) == places, done.stdout + done.stderr
