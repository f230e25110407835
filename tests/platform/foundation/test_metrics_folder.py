"""What processes have counted, also those that are gone."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from xpander_client.platform.foundation.metrics_folder import add_up, make_folder

COUNT = """
import sys
from xpander_client.platform.foundation.metrics import Metrics

metrics = Metrics()
for _ in range(int(sys.argv[1])):
    metrics.count_answer("GET", 200)
    metrics.on_commit(3, 0.1)
metrics.queued.set(5)
"""


def counted(folder: str, requests: int) -> int:
    """Have a process count; returns its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", COUNT, str(requests)],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder},
    )
    assert process.wait(60) == 0
    return process.pid


def told(folder: str) -> dict[str, float]:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.value
    }


def test_what_processes_that_are_gone_have_counted_is_kept_in_a_bounded_number_of_files() -> None:
    with make_folder() as folder:
        pids = [counted(folder, requests) for requests in (1, 2, 3)]
        before = told(folder)
        assert before["xpander_requests_total GET 2xx"] == 6
        assert before.pop("xpander_writes_queued") == 15  # which is said of those that live
        for pid in pids:
            add_up(folder, pid)
            add_up(folder, pid)
            assert len([path for path in os.listdir(folder) if str(pid) in path]) == 0
        assert told(folder) == pytest.approx(before)
        assert len(os.listdir(folder)) == 4
    assert not Path(folder).exists()


def test_a_file_that_can_not_be_read_costs_only_what_it_had() -> None:
    with make_folder() as folder:
        pid = counted(folder, 2)
        Path(folder, "counter_1.db").write_bytes(b"\xff\xff\xff\x7f" + 100 * b"?")
        for gone in (pid, 1):
            add_up(folder, gone)
        assert told(folder)["xpander_requests_total GET 2xx"] == 2


def test_the_folder_of_a_process_that_was_killed_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("left", "held", "new", "elsewhere"):
        place = tmp_path / f"xpander-metrics-{name}"
        place.mkdir()
        if name != "new":
            (place / "owner.lock").touch()
    elsewhere = (tmp_path / "xpander-metrics-elsewhere").rename(tmp_path / "elsewhere")
    (tmp_path / "xpander-metrics-link").symlink_to(elsewhere)
    with open(tmp_path / "xpander-metrics-held" / "owner.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with make_folder() as other, make_folder() as folder:
            assert Path(other).exists()
            kept = {path.name for path in tmp_path.iterdir()} - {Path(folder).name}
    assert kept == {
        "elsewhere",
        "xpander-metrics-held",
        "xpander-metrics-link",
        "xpander-metrics-new",
        Path(other).name,
    }
    assert (elsewhere / "owner.lock").exists()
