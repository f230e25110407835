"""`xpander-client chaos`: a short run on one's own store."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import Collection
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Command, environment, interrupt
from xpander_client.chaos.invariants import StoredTask
from xpander_client.chaos.places import Place
from xpander_client.chaos.run import _read_stored, run
from xpander_client.chaos.stage import Stage
from xpander_client.cli import main
from xpander_client.platform import LocalPlatform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def command(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(environment(TMPDIR=str(tmp_path_factory.mktemp("remains"))), tmp_path)


def children_of(process: int) -> list[psutil.Process]:
    return psutil.Process(process).children(recursive=True)


def test_a_run_says_what_went_wrong_and_that_nothing_was_lost(
    command: Command, tmp_path: Path
) -> None:
    # Beside a platform that has the store: what it keeps is not touched.
    with LocalPlatform(store=tmp_path / "s.db"):
        before = set(tmp_path.iterdir())
        report = command.json("chaos", "--store", "s.db", "--seconds", "3", "--seed", "7")
        assert set(tmp_path.iterdir()) == before
    assert report["holds"] is True
    assert (report["seed"], report["violations"], report["kept"]) == (7, [], [])
    assert sum(report["faults"].values()) >= 1
    assert report["tasks"].keys() <= {"completed", "stopped", "error"}
    assert report["acknowledged"]["creates"] <= sum(report["tasks"].values())
    # Of tasks that are run with one call nobody sees the events.
    assert 0 < report["acknowledged"]["events seen by followers"] <= report["events"]


def test_ctrl_c_ends_it_in_order_and_leaves_nothing(command: Command, tmp_path: Path) -> None:
    with command.started("chaos", "--store", "s.db", "--seconds", "600") as process:
        assert process.stderr is not None
        assert "callers" in process.stderr.readline()
        children = children_of(process.pid)
        assert len(children) >= 4
        status, output, errors = interrupt(process)
    assert (status, output) == (130, "")
    assert "Traceback" not in errors
    assert not list(tmp_path.iterdir())
    assert not any(child.is_running() for child in children)


def test_no_process_outlives_it_when_it_is_killed_and_the_next_run_takes_the_rest_away(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remains = Path(command.environment["TMPDIR"])
    with command.started("chaos", "--store", "s.db", "--seconds", "600") as process:
        assert process.stderr is not None
        assert "callers" in process.stderr.readline()
        children = children_of(process.pid)
        process.send_signal(signal.SIGKILL)
        gone, alive = psutil.wait_procs(children, timeout=30)
    assert len(gone) >= 4
    assert not alive
    assert list(remains.iterdir())
    assert list(tmp_path.iterdir())
    monkeypatch.setattr("tempfile.tempdir", str(remains))
    told: list[str] = []
    asyncio.run(run(str(tmp_path / "s.db"), seconds=0.1, seed=1, workers=1, tell=told.append))
    assert sum("which a run that was killed had left" in each for each in told) == 2
    assert not [*remains.iterdir(), *tmp_path.iterdir()]


def test_a_place_that_can_not_be_used_is_refused_in_one_line(
    command: Command, tmp_path: Path
) -> None:
    for store, why in (
        ("mysql://x", "no address of a store"),
        ("none/s.db", "no folder"),
        ("postgresql://127.0.0.1:1/x", "postgresql://127.0.0.1:1/x"),
    ):
        done = command("chaos", "--store", store)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert why in done.stderr
    assert "Give --store" in command("chaos").stderr
    assert not list(tmp_path.iterdir())


def test_what_was_lost_is_told_and_kept_to_look_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def losing(place: Place, stage: Stage, ids: Collection[str]) -> dict[str, StoredTask]:
        with sqlite3.connect(place.address.removeprefix("sqlite:")) as store:
            store.execute("DELETE FROM events WHERE type = 'chunk'")
            store.execute("DELETE FROM tasks WHERE number = 1")
        store.close()
        return await _read_stored(place, stage, ids)

    monkeypatch.setattr("xpander_client.chaos.run._read_stored", losing)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["chaos", "--store", str(tmp_path / "s.db"), "--seconds", "1", "--seed", "3"])
    output, errors = capsys.readouterr()
    assert ended.value.code == 1
    assert "I1 (a create that was acknowledged exists, once)" in errors
    assert "I2 " in errors
    assert "I3 " in errors
    assert f"--store {tmp_path / 's.db'} --seconds 1 --seed 3" in errors
    assert "nothing was lost" not in output
    [kept] = tmp_path.glob("s.db.chaos_*.lock")
    assert kept.with_suffix("").name in output
