"""The process that holds the listening socket, and keeps those alive that serve on it.

As long as it runs, no connection is refused: those that come while a child is replaced wait in the
socket's queue. It knows no tasks and opens no store, so there is little in it that can fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.metrics_folder import METRICS_FOLDER, add_up, make_folder
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.process.child import ChildReport, Orders, line, read
from xpander_client.platform.process.server import bind
from xpander_client.platform.stores.addresses import check_address, without_password
from xpander_client.platform.stores.base.engines import find_engine, list_shared
from xpander_client.runtime.listening import format_url

_TRIES = 3
"""So many processes may die without a word before the first one has served."""

_logger = logging.getLogger(__name__)


@attrs.frozen
class Announcement:
    """What is served where: `store` is without its password, `children` are process ids.

    Without `has_keys` nobody gets in, until one is made.
    """

    url: str
    pid: int
    children: list[int]
    store: str
    has_keys: bool


@attrs.frozen
class Backoff:
    """How soon a child that died is replaced: at once, but for one that dies again and again.

    Times are in seconds. What a child died of after `lived` has nothing to do with the last time.
    One that doesn't serve `start` after it began, in which a store may be brought up to date, is
    ended.

    Example:
        >>> [Backoff().delay(deaths) for deaths in (1, 2, 3, 4, 100)]
        [0.0, 0.1, 0.2, 0.4, 5.0]
    """

    first: float = 0.1
    last: float = 5.0
    lived: float = 10.0
    start: float = 600.0

    def delay(self, deaths: int) -> float:
        """How long to wait after so many deaths, one soon after the other."""
        return 0.0 if deaths < 2 else min(self.first * 2.0 ** min(deaths - 2, 30), self.last)


def supervise(
    store: str,
    *,
    processes: int = 1,
    host: str = "127.0.0.1",
    port: int = 0,
    settings: Settings | None = None,
    log_level: str = "warning",
    announce: Callable[[Announcement], None] | None = None,
    backoff: Backoff | None = None,
) -> None:
    """Serve the store at an address by so many processes, until SIGTERM or SIGINT.

    `announce` is called once, when requests are answered. A process that dies is replaced. SIGHUP
    replaces all of them, one after the other, by new ones that have the code of now. The second
    signal to stop kills them instead of waiting for the requests that run.

    Raises:
        ConfigurationError: the host, the port or the store can't be used, or not by so many
            processes, or the first of them can't serve for another reason; or this is Windows.
    """
    if sys.platform == "win32":
        raise ConfigurationError("serve needs Linux or macOS: use `xpander-client dev` on Windows")
    check_address(store)
    if processes > 1 and not find_engine(store).shares_servers:
        raise ConfigurationError(
            f"{processes} processes need a store in {list_shared()}: {store} can be had by one only"
        )
    with bind(host, port) as listener, _environment(processes) as environment:

        def announce_children(children: list[int], has_keys: bool) -> None:
            if announce is not None:
                url, shown = format_url(listener), without_password(store)
                announce(Announcement(url, os.getpid(), children, shown, has_keys))

        supervisor = _Supervisor(
            listener,
            Orders(listener.fileno(), store, attrs.asdict(settings or Settings()), log_level),
            processes,
            environment,
            backoff or Backoff(),
            announce_children,
        )
        asyncio.run(supervisor.run())


@contextlib.contextmanager
def _environment(processes: int) -> Iterator[dict[str, str]]:
    """Set the variables that children see."""
    # They find the modules that this process has found, wherever that was.
    path = os.pathsep.join(place or os.getcwd() for place in sys.path)
    variables = {**os.environ, "PYTHONPATH": path}
    if processes == 1 or METRICS_FOLDER in variables:
        yield variables
    else:
        with make_folder() as folder:
            yield {**variables, METRICS_FOLDER: folder}


@attrs.define(eq=False)
class _Child:
    """A process that serves, or is about to."""

    process: asyncio.subprocess.Process
    connection: asyncio.StreamWriter
    report: asyncio.Task[ChildReport | None]
    born: float = attrs.field(factory=time.monotonic)
    successor: _Child | None = None
    """Who has its place already when it ends."""
    _killer: asyncio.TimerHandle | None = None

    def stop(self, within: float) -> None:
        """Have it end in order, or else by force when the time is over."""
        self._signal(signal.SIGTERM)
        self._killer = self._killer or asyncio.get_running_loop().call_later(within, self.kill)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    async def wait_for_end(self) -> int:
        """Comes when it has; returns its exit status."""
        status = await self.process.wait()
        self.connection.close()
        if self._killer is not None:
            self._killer.cancel()
        return status

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


class _Supervisor:
    def __init__(
        self,
        listener: socket.socket,
        orders: Orders,
        processes: int,
        environment: Mapping[str, str],
        backoff: Backoff,
        announce: Callable[[list[int], bool], None],
    ) -> None:
        self._listener = listener
        self._orders = orders
        self._processes = processes
        self._environment = environment
        self._backoff = backoff
        self._announce = announce
        # Requests that run may take half of it; the other half is for what is left to be written.
        self._patience = 2 * Settings(**orders.settings).shutdown_limit
        self._terminal = os.isatty(0)
        self._children: list[_Child] = []
        self._places: list[asyncio.Task[None]] = []
        self._serves = False
        self._has_keys = True
        self._reload = False
        self._failure: str | None = None
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Keep children that serve, until told to stop."""
        loop = asyncio.get_running_loop()
        handlers = {
            signal.SIGTERM: self._stop,
            signal.SIGINT: self._stop,
            signal.SIGHUP: self._hang_up,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            # One first: it tells what is wrong with all of them, and makes the store ready.
            await self._add()
            await self._until(lambda: self._serves)
            while len(self._places) < self._processes and not self._stopping.is_set():
                await self._add()
            if not self._stopping.is_set():
                self._announce([child.process.pid for child in self._children], self._has_keys)
            while not self._stopping.is_set():
                await self._until(lambda: self._reload)
                self._reload = False
                await self._replace_all()
        finally:
            if not self._stopping.is_set():
                self._stop()
            await asyncio.gather(*self._places)
            for child in list(self._children):  # one may have been on its way to a place
                await self._wait_for_end(child)
            for number in handlers:  # uvloop would leave its own behind
                loop.remove_signal_handler(number)
        if self._failure is not None:
            raise ConfigurationError(self._failure)

    # What may happen ----------------------------------------------------------------------------

    def _stop(self) -> None:
        """Tell all to end in order; the second time, kill them."""
        again = self._stopping.is_set()
        self._stopping.set()
        self._news.set()
        self._listener.close()
        for child in self._children:
            if again:
                child.kill()
            else:
                child.stop(self._patience)

    def _fail(self, reason: str) -> None:
        if not self._stopping.is_set():
            self._failure = reason
            self._stop()

    def _hang_up(self) -> None:
        """Somebody asks for a reload, or the terminal that this was started in is gone."""
        if not self._terminal or os.isatty(0):
            self._reload = True
            self._news.set()
        elif not self._stopping.is_set():
            self._stop()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not (holds() or self._stopping.is_set()):
            await self._news.wait()
            self._news.clear()

    # Children -----------------------------------------------------------------------------------

    async def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                descriptor = theirs.fileno()
                process = await asyncio.create_subprocess_exec(
                    *(
                        sys.executable,
                        "-P",
                        "-m",
                        "xpander_client.platform.process.child",
                        str(descriptor),
                    ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=self._environment,
                    pass_fds=(self._orders.listener, descriptor),
                    # Ctrl-C is for this process alone, which then tells the others.
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            raise
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(line(self._orders))
        report = asyncio.create_task(_report(reader, self._backoff.start))
        child = _Child(process, writer, report)
        self._children.append(child)
        if self._stopping.is_set():
            child.stop(self._patience)
        return child

    async def _wait_for_end(self, child: _Child) -> int:
        """Comes when it has; returns its exit status."""
        status = await child.wait_for_end()
        self._children.remove(child)
        if folder := self._environment.get(METRICS_FOLDER):
            try:
                add_up(folder, child.process.pid)
            except (ImportError, OSError) as error:
                _logger.warning("what process %d counted is lost: %s", child.process.pid, error)
        return status

    async def _add(self) -> None:
        try:
            child = await self._start()
        except OSError as error:
            raise ConfigurationError(f"no process can be started: {error}") from error
        self._places.append(asyncio.create_task(self._fill(child)))

    async def _fill(self, child: _Child) -> None:
        """See that the place of this child is never empty."""
        deaths = 0
        while True:
            report = await child.report
            self._hear(child, report)
            status = await self._wait_for_end(child)
            if report is None and not self._serves and deaths == _TRIES - 1:
                self._fail(
                    f"no process can serve: {_TRIES} died, the last one {_describe_death(status)}"
                )
            if self._stopping.is_set():
                return
            if child.successor is not None:
                child, deaths = child.successor, 0
                continue
            if status == 0:  # it was told to end
                deaths = 0
            else:
                lived = time.monotonic() - child.born > self._backoff.lived
                deaths = 1 if lived else deaths + 1
                if self._serves and (report is None or report.error is None):
                    _logger.warning(
                        "process %d died %s", child.process.pid, _describe_death(status)
                    )
            while (replacement := await self._replacement(deaths)) is None:
                if self._stopping.is_set():
                    return
                deaths += 1
            child = replacement

    async def _replacement(self, deaths: int) -> _Child | None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._backoff.delay(deaths))
        if self._stopping.is_set():
            return None
        try:
            return await self._start()
        except OSError as error:
            _logger.error("no process can be started: %s", error)
            return None

    def _hear(self, child: _Child, report: ChildReport | None) -> None:
        if report is None:
            return
        if report.error is None:
            self._serves, self._has_keys = True, report.has_keys
            self._news.set()
            return
        child.stop(self._patience)  # it ends by itself, unless it hangs
        if self._serves:
            _logger.error("process %d can't serve: %s", child.process.pid, report.error)
        else:
            self._fail(report.error)

    async def _replace_all(self) -> None:
        """Put new children in the places of those that are there now."""
        for old in list(self._children):
            if self._stopping.is_set():
                return
            if old not in self._children:  # it died, and the one in its place is new
                continue
            if not find_engine(self._orders.store).shares_servers:
                # Only one can have the store. Whoever connects in between waits in the queue.
                old.stop(self._patience)
                return
            try:
                new = await self._start()
            except OSError as error:
                _logger.error("nothing is reloaded, as no process can be started: %s", error)
                return
            report = await new.report
            if self._stopping.is_set():
                return
            if report is None or report.error is not None:
                self._hear(new, report)
                await self._wait_for_end(new)
                _logger.error("nothing is reloaded, as a new process can't serve")
                return
            if old not in self._children:
                new.stop(self._patience)
                await self._wait_for_end(new)
                continue
            old.successor = new
            old.stop(self._patience)
            await old.process.wait()


async def _report(reader: asyncio.StreamReader, within: float) -> ChildReport | None:
    try:
        async with asyncio.timeout(within):
            return read(ChildReport, await reader.readline())
    except ConnectionError:  # it ended without reading what it should do
        return None
    except TimeoutError:
        return ChildReport(f"it did not serve within {within:g} s")


def _describe_death(status: int) -> str:
    """Say what a process died of."""
    return f"of {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
