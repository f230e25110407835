"""Each test of a fault runs on each engine that the fault can happen to."""

from pathlib import Path

import pytest

from tests.faults.engines import Engine, Postgres, Sqlite
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
def tally() -> Tally:
    """Where the tests count what they did."""
    return Tally()
