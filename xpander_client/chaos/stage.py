"""Servers on one store, workers, and the networks between all of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

from xpander_client.chaos.places import Place
from xpander_client.chaos.processes import Process
from xpander_client.chaos.proxy import Network
from xpander_client.chaos.server import SETTINGS, environment
from xpander_client.chaos.worker import PATIENT
from xpander_client.configuration import Configuration, RetryPolicy, prefer_direct

ORGANIZATION = "chaos"
_AGENT = "chaos"
SERVER = "xpander_client.chaos.server"


class Stage:
    """What runs, and how parts of it are ended and brought back.

    Callers and workers reach each server by networks of their own, `to_callers` and `to_workers`;
    where the store is a database, each server reaches that by one of `to_database`.
    """

    def __init__(
        self, place: Place, folder: Path, seed: int, server: str, tell: Callable[[str], None]
    ) -> None:
        self.settings = SETTINGS
        self.folder = folder
        self.servers: list[Process] = []
        self.workers: list[Process] = []
        self.to_callers: list[Network] = []
        self.to_workers: list[Network] = []
        self.to_database: list[Network] = []
        self._place = place
        self._seed = seed
        self._server = server
        self._key = secrets.token_urlsafe(24)
        self._began = time.monotonic()
        self._say = tell
        self._hired = 0

    def tell(self, what: str) -> None:
        """Say what happens, with the time since the beginning."""
        self._say(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def configuration(self, network: Network) -> Configuration:
        """For a caller that reaches a server by this network."""
        configuration = Configuration(
            api_key=self._key,
            base_url=f"http://127.0.0.1:{network.port}",
            organization_id=ORGANIZATION,
            agent_id=_AGENT,
            timeout=120.0,
            connect_timeout=2.0,
            stream_idle_timeout=4 * self.settings.comment_interval,
            retry=PATIENT,
            stream_retry=RetryPolicy(attempts=1_000, initial=0.05, maximum=0.5),
        )
        return prefer_direct(configuration)

    async def start(self, servers: int, workers: int, stack: contextlib.AsyncExitStack) -> None:
        """Start all of it; the stack ends it."""
        stack.push_async_callback(self._end)
        (self.folder / "histories").mkdir()
        for number in range(servers):
            if (database := self._place.database) is not None:
                self.to_database.append(await stack.enter_async_context(Network(database)))
            server = await self._new_server(number)
            self.servers.append(server)
            for networks in (self.to_callers, self.to_workers):
                networks.append(await stack.enter_async_context(Network(_upstream(server))))
        self.workers += await asyncio.gather(*(self._new_worker(n) for n in range(workers)))

    async def kill_server(self, number: int, *, outage: float) -> None:
        """SIGKILL; another takes its place after `outage` seconds."""
        await self.servers[number].kill()
        await asyncio.sleep(outage)
        server = self.servers[number] = await self._new_server(number)
        for networks in (self.to_callers, self.to_workers):
            networks[number].upstream = _upstream(server)

    async def kill_worker(self, number: int) -> None:
        """SIGKILL; another takes its place."""
        await self.workers[number].kill()
        self.workers[number] = await self._new_worker(number)

    async def freeze_worker(self, number: int, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds."""
        await self.workers[number].freeze(seconds)

    async def _new_server(self, number: int) -> Process:
        address = self._place.address
        if self.to_database:
            address = self._place.through(self.to_database[number].port)
        return await Process.start(
            self._server,
            log=self.folder / f"server-{number + 1}.log",
            environment=environment(address, self._key, ORGANIZATION),
        )

    async def _new_worker(self, number: int) -> Process:
        self._hired += 1
        name = f"worker-{number + 1}-{self._hired}"
        configuration = self.configuration(self.to_workers[number % len(self.to_workers)])
        return await Process.start(
            "xpander_client.chaos.worker",
            *(str(self.folder / "histories" / name), f"{self._seed} {name}"),
            log=self.folder / f"{name}.log",
            environment={
                "XPANDER_API_KEY": configuration.required("api_key"),
                "XPANDER_BASE_URL": configuration.base_url,
                "XPANDER_ORGANIZATION_ID": ORGANIZATION,
                "XPANDER_AGENT_ID": _AGENT,
            },
        )

    async def _end(self) -> None:
        await asyncio.gather(*(worker.end() for worker in self.workers))
        await asyncio.gather(*(server.end() for server in self.servers))


@contextlib.asynccontextmanager
async def set_stage(
    place: Place,
    folder: Path,
    *,
    servers: int,
    workers: int,
    seed: int,
    server: str = SERVER,
    tell: Callable[[str], None],
) -> AsyncIterator[Stage]:
    """All of it, as long as the block runs; then it is ended in order. `server` is the module that
    serves.

    Raises:
        ModuleException: something could not be started; the message says why.
    """
    stage = Stage(place, folder, seed, server, tell)
    async with contextlib.AsyncExitStack() as stack:
        await stage.start(servers, workers, stack)
        yield stage


def _upstream(server: Process) -> tuple[str, int]:
    parts = urlsplit(server.told["url"])
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port
