"""The script that makes a report in the background; the README shows what it prints by itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xpander_client import Configuration, Tasks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-u", "-m", "scripts.background_report")


def test_with_wait_it_waits_for_a_person() -> None:
    with subprocess.Popen(
        [*COMMAND, "--wait"], cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "xpander-client" not in lines[-1]:
            line = process.stdout.readline()
            assert line, lines
            lines.append(line)
        values = dict(re.findall(r"export (\w+)=(\S+)", "".join(lines)))
        found = re.search(r"tasks notify (\S+) approval true", lines[-1])
        assert found is not None
        configuration = Configuration(
            values["XPANDER_API_KEY"],
            values["XPANDER_BASE_URL"],
            values["XPANDER_ORGANIZATION_ID"],
        )
        with Tasks(configuration) as tasks:
            assert tasks.notify(task_id=found[1], key="approval", data=True).delivered
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert output.splitlines()[-1] == "completed: East sold most: 61460.00"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_there_is_a_bar_that_comes_to_its_end() -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdout=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:
            pass  # its end, on Linux
        finally:
            os.close(ours)
        assert process.wait(timeout=30) == 0
    text = shown.decode()
    for part in ("waiting for an approval", " 50%", "sending", "100%", "East sold most"):
        assert part in text
