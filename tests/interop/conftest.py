"""The official client beside ours: run with `tox -e interop`, which installs it."""

from collections.abc import Iterator

import attrs
import pytest
import xpander_sdk

from tests.interop.processes import AGENT, variables
from xpander_client import Configuration
from xpander_client.platform import LocalPlatform, Settings


def pytest_configure(config: pytest.Config) -> None:
    # What the official client's dependencies warn about is not ours to mend.
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture
def platform() -> Iterator[LocalPlatform]:
    settings = Settings(lease=5.0, offer_window=5.0, sweep_interval=0.2, poll_interval=0.2)
    with LocalPlatform(settings=settings) as platform:
        yield platform


@pytest.fixture
def ours(platform: LocalPlatform) -> Configuration:
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@pytest.fixture
def theirs(ours: Configuration, monkeypatch: pytest.MonkeyPatch) -> xpander_sdk.Configuration:
    """The official configuration; some of its calls read the environment all the same."""
    for name, value in variables(ours).items():
        monkeypatch.setenv(name, value)
    return xpander_sdk.Configuration(
        api_key=ours.api_key,
        base_url=ours.base_url,
        organization_id=ours.organization_id,
        agent_id=AGENT,
    )
