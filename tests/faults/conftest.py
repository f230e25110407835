"""Each test of a fault runs on each engine that the fault can happen to."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.engines import Engine, Postgres, Sqlite
from tests.faults.reliability import document
from tests.faults.tally import Tally


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty place for data."""
    if request.param == "SQLite":
        return Sqlite(tmp_path)
    return Postgres(request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres"))


@pytest.fixture
def engines(tmp_path: Path, request: pytest.FixtureRequest) -> list[Engine]:
    """An empty place for data on each engine."""
    server = request.getfixturevalue("postgres_server")
    return [Sqlite(tmp_path), Postgres(server, request.getfixturevalue("postgres"))]


@pytest.fixture(scope="session")
def tally() -> Iterator[Tally]:
    """Where the tests count what they did. XPANDER_RELIABILITY names the file to write it to."""
    tally = Tally()
    yield tally
    if path := os.environ.get("XPANDER_RELIABILITY"):
        Path(path).write_text(document(tally.counts), encoding="utf-8")
