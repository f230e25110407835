from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest

from tests.platform.wire import Clock, OpenStore
from xpander_client.platform import LocalPlatform, Settings
from xpander_client.platform.stores.addresses import store_at
from xpander_client.platform.stores.base.store import Store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of one engine is, that is empty at first."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    postgres: str = request.getfixturevalue("postgres")
    return postgres


@pytest.fixture
def make_store(address: str, clock: Clock) -> Callable[[], Store]:
    """Makes stores of one engine over the same data; they are not open yet."""
    return lambda: store_at(address, Settings(), clock=clock)


@pytest.fixture
async def store(make_store: Callable[[], Store]) -> AsyncIterator[Store]:
    async with OpenStore(make_store()) as store:
        yield store


QUICK = Settings(worker_silence=60.0, sweep_interval=0.05, comment_interval=0.2, body_limit=200_000)
"""As the platform works, but for what a test would have to wait for."""

HASTY = attrs.evolve(QUICK, lease=2.0, offer_window=1.5)
"""For tests in which offers and leases run out."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests over HTTP on each engine where the mark `all_engines` says so."""
    if "place" in metafunc.fixturenames and metafunc.definition.get_closest_marker("all_engines"):
        metafunc.parametrize("place", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str | None:
    """Where a platform keeps its tasks; None: in a file that goes with it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    postgres: str = request.getfixturevalue("postgres")
    return postgres


@pytest.fixture
def platform(place: str | None) -> Iterator[LocalPlatform]:
    with LocalPlatform(store=place, settings=QUICK, organization_id="acme") as platform:
        yield platform


def client(place: str | None, settings: Settings) -> Iterator[httpx.Client]:
    """A client of a platform of its own."""
    with (
        LocalPlatform(store=place, settings=settings, organization_id="acme") as platform,
        httpx.Client(
            base_url=platform.url,
            headers={"x-api-key": platform.api_key},
            timeout=20,
            verify=False,
        ) as http,
    ):
        yield http


@pytest.fixture
def hasty(place: str | None) -> Iterator[httpx.Client]:
    """A client of a platform on which offers and leases run out soon."""
    yield from client(place, HASTY)


@pytest.fixture
def short_loops(place: str | None) -> Iterator[httpx.Client]:
    """A client of a platform that does not wait long for a script."""
    yield from client(place, attrs.evolve(QUICK, loop_lease=0.5))


@pytest.fixture
def http(platform: LocalPlatform) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=platform.url,
        headers={"x-api-key": platform.api_key},
        timeout=20,
        verify=False,  # no TLS on loopback: setting it up would cost more than the test
    ) as client:
        yield client
