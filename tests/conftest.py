from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.worlds import World

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

# A run tells about the change that it is for, so it is the same every time, and no slow moment of
# the machine decides it. XPANDER_HYPOTHESIS=searching looks for new examples instead.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("XPANDER_HYPOTHESIS", "repeatable"))


# What the person who runs the tests has set up for programs of theirs is not for the tests.
_FOR_TESTS = re.compile("XPANDER_(TEST_|HYPOTHESIS|CHAOS_|RELIABILITY|OFFICIAL_|CROWD)")
for variable in [*os.environ]:
    if variable.startswith("XPANDER_") and not _FOR_TESTS.match(variable):
        del os.environ[variable]

# Where the tests are started in the background, Ctrl-C would be ignored by their programs as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a test has logged in a form that goes from one process to another: some log half a
    character.
    """
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(params=["sync", "async"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each test that takes it runs twice: with the sync methods, and with the async ones."""
    with asyncio.Runner() as runner:
        yield World(request.param, runner)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests that leave it running; others make one of their own."""
    from tests.postgres import postgres_cluster  # what it needs isn't there in all of the runs

    with postgres_cluster() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty schema in PostgreSQL, of this test alone."""
    with postgres_server.schema() as address:
        yield address
