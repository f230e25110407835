"""A platform inside the process that uses it, for tests and scripts."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from xpander_client.configuration import Configuration
from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.runtime.loop_thread import LoopThread
from xpander_client.runtime.loops import new_event_loop

if TYPE_CHECKING:
    from xpander_client.platform.agents.functions import Tool
    from xpander_client.platform.foundation.settings import Settings
    from xpander_client.platform.process.server import Server

_logger = logging.getLogger(__name__)


class LocalPlatform:
    """Serves the platform on a free loopback port, from a thread with an event loop of its own.

    `store` is where tasks are kept: a file's path, or the address of a PostgreSQL database
    (`postgresql://…`, extra `[postgres]`); without it they are gone with the platform.
    `agents` is a file of agents, or a list of them; any other agent appears when it is first used,
    unless `create_agents` is false. `tools` are functions, sync or async, by the ids of the agents'
    tools: called with the payload's fields as keywords, they return what becomes JSON; one that
    raises is an answer of 424 with the exception's text. Tools that the agents describe with a
    `url` are HTTP requests, which the platform makes; a function of that id goes before. `api_key`
    is made up when it isn't given.

    Raises (when entered):
        ConfigurationError: the store or the agents can't be used, or `[platform]` isn't installed.

    Example:
        >>> with LocalPlatform() as platform:
        ...     platform.configuration.organization_id
        'local'
    """

    def __init__(
        self,
        *,
        store: str | os.PathLike[str] | None = None,
        api_key: str | None = None,
        organization_id: str = "local",
        agents: str | os.PathLike[str] | Sequence[Mapping[str, Any] | str] = (),
        create_agents: bool = True,
        tools: Mapping[str, Tool] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        settings: Settings | None = None,
    ) -> None:
        self.api_key = api_key or secrets.token_urlsafe(24)
        self.organization_id = organization_id
        self._store = store
        self._agents = agents
        self._create_agents = create_agents
        self._tools = tools
        self._host = host
        self._port = port
        self._settings = settings
        self._configuration: Configuration | None = None
        self._server: Server | None = None
        self._thread: LoopThread | None = None
        self._serving: Future[None] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        """Where the platform is.

        Raises:
            ConfigurationError: it isn't running.
        """
        if self._server is None:
            raise ConfigurationError("the platform is not running: enter it first, using `with`")
        return self._server.url

    @property
    def configuration(self) -> Configuration:
        """What a client needs to use this platform."""
        if self._configuration is None:
            # One object, so that all who take it share one pool of connections.
            self._configuration = Configuration(
                api_key=self.api_key, base_url=self.url, organization_id=self.organization_id
            )
        return self._configuration

    def start(self) -> None:
        """Start to serve; returns when requests are answered."""
        if self._thread is not None:
            raise ConfigurationError("the platform is running already")
        try:
            self._server = self._assemble()
        except BaseException:
            self.close()
            raise
        started = threading.Event()
        self._thread = LoopThread("xpander-platform", new_loop=new_event_loop)
        self._serving = self._thread.submit(_serve(self._server, started))
        # Where it fails before it has begun, nobody else says so.
        self._serving.add_done_callback(lambda _: started.set())
        started.wait()
        if self._serving.done() and (failure := self._serving.exception()) is not None:
            self.close()
            raise failure

    def close(self) -> None:
        """End the streams in order, write what is queued, and stop."""
        server, thread, serving = self._server, self._thread, self._serving
        if thread is not None:
            # In a forked process there is no thread, and what it did goes on in the parent.
            if server is not None and serving is not None and thread.is_alive:
                thread.call_soon(server.stop)
                wait({serving})
            thread.stop()
        self._server = self._thread = self._serving = self._configuration = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> LocalPlatform:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> LocalPlatform:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.close)

    def _assemble(self) -> Server:
        try:
            from xpander_client.platform.agents.file import load_agents, parse_agents
            from xpander_client.platform.app import Platform
            from xpander_client.platform.process.server import Server, bind
            from xpander_client.platform.stores.addresses import store_at
        except ModuleNotFoundError as error:
            raise missing(error, "platform", "the platform") from error
        if isinstance(self._agents, str | os.PathLike):
            agents = load_agents(self._agents)
        else:
            agents = parse_agents(self._agents)
        address = self._store
        if address is None:
            self._folder = tempfile.TemporaryDirectory(prefix="xpander-")
            address = Path(self._folder.name) / "platform.db"
        platform = Platform(
            store_at(address, self._settings),
            {self.api_key: self.organization_id},
            agents=agents,
            create_agents=self._create_agents,
            tools=self._tools,
            settings=self._settings,
        )
        return Server(platform, bind(self._host, self._port))


async def _serve(server: Server, started: threading.Event) -> None:
    try:
        await server.serve(started.set)
    except Exception:
        if started.is_set():
            _logger.exception("the platform has failed")
        raise
    finally:
        # Functions of tools run there, and what they still do is over when the platform is.
        await asyncio.get_running_loop().shutdown_default_executor()
