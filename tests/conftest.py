import asyncio
from collections.abc import Iterator

import pytest

from tests.worlds import World


@pytest.fixture(params=["sync", "async"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each test that takes it runs twice: with the sync methods, and with the async ones."""
    with asyncio.Runner() as runner:
        yield World(request.param, runner)
