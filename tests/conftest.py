import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.worlds import World

# A run tells about the change that it is for, so it is the same every time, and no slow moment of
# the machine decides it. XPANDER_HYPOTHESIS=searching looks for new examples instead.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("XPANDER_HYPOTHESIS", "repeatable"))


@pytest.fixture(params=["sync", "async"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each test that takes it runs twice: with the sync methods, and with the async ones."""
    with asyncio.Runner() as runner:
        yield World(request.param, runner)
