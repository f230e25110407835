"""A platform as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.platform.agents.file import load_agents, parse_agents
from xpander_client.platform.app import Platform
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.process.news import News
from xpander_client.platform.process.server import Server, bind, run_loop
from xpander_client.platform.stores.addresses import store_at, without_password
from xpander_client.runtime.hosts import is_loopback
from xpander_client.runtime.serving import raise_descriptor_limit

_DEFAULT_STORE = ".xpander/dev.db"


@attrs.frozen
class Address:
    """Where a platform serves, and what opens it. `keys` says each key's organization, `store` is
    without a password.
    """

    url: str
    keys: Mapping[str, str] = attrs.field(repr=False)
    store: str


def run(
    host: str = "127.0.0.1",
    port: int = 0,
    store: str | os.PathLike[str] = _DEFAULT_STORE,
    keys: Mapping[str, str] | None = None,
    agents: str | os.PathLike[str] | Sequence[Mapping[str, Any] | str] = (),
    *,
    organization_id: str = "local",
    create_agents: bool = True,
    settings: Settings | None = None,
    announce: Callable[[Address], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then end the streams in order and return.

    `announce` is called once, when requests are answered. Without `keys` one is made up for
    `organization_id`. The second signal makes it hurry. Nothing is printed.
    `tell` is called with a line when a worker comes or leaves, and when a task waits for an agent
    that none serves.

    Raises:
        ConfigurationError: the store, the agents, the port or the host can't be used. A host that
            others can reach needs `keys`.
    """
    if keys is None:
        if not is_loopback(host):
            raise ConfigurationError(f"{host} can be reached by others: a key has to be given")
        keys = {secrets.token_urlsafe(24): organization_id}
    many = load_agents(agents) if isinstance(agents, str | os.PathLike) else parse_agents(agents)
    platform = Platform(
        store_at(store, settings),
        keys,
        agents=many,
        create_agents=create_agents,
        settings=settings,
    )
    raise_descriptor_limit()
    server = Server(platform, bind(host, port))
    address = Address(server.url, dict(keys), without_password(store))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        handled: list[signal.Signals] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            # Windows has no such handlers, and other threads than the main one can't set any.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, server.stop)
                handled.append(number)
        following: list[asyncio.Task[None]] = []

        def ready() -> None:
            if announce is not None:
                announce(address)
            if tell is not None:
                following.append(loop.create_task(News(platform, tell).follow()))

        try:
            await server.serve(ready)
        finally:
            for each in following:
                each.cancel()
            for number in handled:  # uvloop would leave its own behind
                loop.remove_signal_handler(number)

    run_loop(main())
