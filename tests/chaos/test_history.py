"""What a client noted is there, however the client ended."""

import signal
import subprocess
import sys
from pathlib import Path

from xpander_client.chaos.history import (
    Acknowledged,
    Begun,
    Created,
    Ended,
    Entry,
    History,
    Pushed,
    SawEnd,
    Seen,
    Stopped,
    read_histories,
)

ENTRIES: list[Entry] = [
    Created("t", "m"),
    Pushed("t", ("a", "b"), 3),
    Pushed("t", ("c",)),
    Stopped("t", "stopped"),
    Begun("t", 1),
    Ended("t", 1, "completed", "r"),
    Seen("t", "f"),
    SawEnd("t"),
]


def test_what_was_noted_is_read_in_its_order_with_the_name_of_who_noted_it(tmp_path: Path) -> None:
    for name in ("b", "a"):
        with History(tmp_path / name) as history:
            history.note(*ENTRIES[:3])
            for entry in ENTRIES[3:]:
                history.note(entry)
    expected = [Acknowledged(name, entry) for name in ("a", "b") for entry in ENTRIES]
    assert list(read_histories(tmp_path)) == expected


def test_a_line_that_was_not_finished_is_left_out(tmp_path: Path) -> None:
    with History(tmp_path / "c") as history:
        history.note(ENTRIES[0])
    with (tmp_path / "c").open("ab") as file:
        file.write(b'{"kind": "Created", "task')
    assert list(read_histories(tmp_path)) == [Acknowledged("c", ENTRIES[0])]


def test_it_outlives_a_client_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from xpander_client.chaos.history import Begun, History\n"
        "history = History(Path(sys.argv[1]))\n"
        "for n in range(100):\n"
        "    history.note(Begun('t', n))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "c")], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    noted = [each.entry for each in read_histories(tmp_path)]
    assert noted == [Begun("t", n) for n in range(100)]
