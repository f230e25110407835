from collections.abc import Iterator

import pytest

from xpander_client.background import BackgroundTasks, Plugin


@pytest.fixture
def plugin() -> Plugin:
    return Plugin(
        name="My Plugin",
        module_name="my_plugin",
        description="A plugin under test",
        version="1.0.0",
        author="Developer",
        url="https://example.org",
    )


@pytest.fixture
def tasks() -> Iterator[BackgroundTasks]:
    """Tasks that are forced to end soon."""
    tasks = BackgroundTasks(grace=0.1)
    yield tasks
    tasks.close()
