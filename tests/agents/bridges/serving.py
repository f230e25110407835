"""A worker with an agent's handler, on a platform in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from xpander_client import Configuration, Tasks
from xpander_client.platform import LocalPlatform
from xpander_client.worker import Worker

AGENT = "agent-served"


def of_agent(platform: LocalPlatform) -> Configuration:
    return attrs.evolve(platform.configuration, agent_id=AGENT)


@asynccontextmanager
async def served(handler: Any, configuration: Configuration) -> AsyncIterator[Tasks]:
    async with Worker(handler, configuration) as worker:
        await worker.registered()
        yield Tasks(configuration)
