"""Each test of a fault runs on each engine that the fault can happen to."""

from pathlib import Path

import pytest

from tests.faults.engines import Engine, Sqlite


@pytest.fixture(params=["SQLite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty place for data."""
    return Sqlite(tmp_path)
