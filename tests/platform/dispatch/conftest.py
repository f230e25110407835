"""Fixtures for what is asked of the dispatcher itself."""

from collections.abc import AsyncIterator

import pytest

from tests.platform.dispatch.crew import Crew
from tests.platform.wire import (
    Clock,
)
from xpander_client.platform.stores.base.store import Store


@pytest.fixture
async def crew(store: Store, clock: Clock) -> AsyncIterator[Crew]:
    crew = Crew(store, clock)
    yield crew
    await crew.dispatch.close()
