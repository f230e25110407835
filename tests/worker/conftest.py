from collections.abc import Iterator

import attrs
import pytest

from xpander_client import Configuration
from xpander_client.platform import LocalPlatform, Settings

AGENT = "agent-under-test"


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    with LocalPlatform() as platform:
        yield platform


@pytest.fixture
def impatient_platform() -> Iterator[LocalPlatform]:
    """A platform that takes a task back soon after its worker fell silent.

    Not before two signs of life are missing, which a worker gives every two seconds.
    """
    settings = Settings(lease=5.0, offer_window=5.0, sweep_interval=0.2, poll_interval=0.2)
    with LocalPlatform(settings=settings) as platform:
        yield platform


def of_agent(platform: LocalPlatform) -> Configuration:
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def configuration(platform: LocalPlatform) -> Configuration:
    return of_agent(platform)
