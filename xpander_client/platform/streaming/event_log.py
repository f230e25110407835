"""What those who follow tasks are sent: read once and encoded once for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

import attrs

from xpander_client.platform.foundation.clock import Clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.hints import Subscription, WakeEvent, patience, task_topic
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming import frames

PAGE = 500
PAGE_BYTES = 32 * 1024
KEPT_BYTES = 16 * 1024 * 1024
"""How much is kept of what was encoded, for all tasks together."""

_OVERHEAD = 512
"""What a page takes beside its data, about."""

_BREATH = 0.00005
"""How long, in seconds for each reader, what comes is gathered after a page was given out: about as
long as it takes to send it. So what comes often goes out together, and leaves time for others.
"""

_logger = logging.getLogger(__name__)


@attrs.frozen
class EventPage:
    """A piece of a task's stream, as it is sent; `last` is the position behind it.

    One that is `whole` holds as much as a page may, or has `ended` with a terminal event: it stays
    the same whatever comes. `gaps` counts the holes in it.
    """

    data: bytes
    last: int
    gaps: int
    ended: bool
    whole: bool


class EventLog:
    """A task that somebody follows. A reader is no more than a position in it, however slow.

    `last` is the number up to which readers are served. A reader that has all of it waits for its
    alarm.
    """

    def __init__(self, task: TaskRecord) -> None:
        self.task_id = task.id
        self.organization_id = task.organization_id
        self.last = -1
        self.broken = False
        self.alarms: set[WakeEvent] = set()
        self.feeder: asyncio.Task[None] | None = None
        # One reader at a time, so that those who come together read each page once.
        self.reading = asyncio.Lock()

    def ring(self) -> None:
        """Wake all who wait."""
        for alarm in self.alarms:
            alarm.ring()


class EventLogs:
    """The logs of the tasks that somebody follows right now, and the pages that were read last."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.metrics = metrics
        self.closing = False
        self._logs: dict[str, EventLog] = {}
        self._pages: OrderedDict[tuple[str, int], EventPage] = OrderedDict()
        self._kept_bytes = 0

    def close(self) -> None:
        """End all streams, in order: their readers come back with the last id they saw."""
        self.closing = True
        for log in self._logs.values():
            log.ring()

    def join(self, task: TaskRecord, position: int, alarm: WakeEvent) -> EventLog:
        """Return the log of a task; `alarm` rings when there is more in it behind the position."""
        log = self._logs.get(task.id)
        if log is None:
            log = self._logs[task.id] = EventLog(task)
            if position == task.run_from:
                log.last = position  # all of the run is read anyway
            # Subscribe first, then read: what is written in between is heard of.
            watch = self.store.watch(task_topic(task.id))
            log.feeder = asyncio.create_task(self._feed(log, watch))
        log.alarms.add(alarm)
        return log

    def part(self, log: EventLog, alarm: WakeEvent) -> None:
        """Leave the log of a stream that is over; the last one takes the log with it."""
        log.alarms.discard(alarm)
        if not log.alarms:
            if self._logs.get(log.task_id) is log:
                del self._logs[log.task_id]
            if log.feeder is not None:
                log.feeder.cancel()

    async def after(self, log: EventLog, position: int) -> EventPage | None:
        """Return what comes behind a position, or None if there is nothing so far.

        Raises:
            HttpError: 503, the store can't be read now.
        """
        if position >= log.last:
            return None
        page = self._find_kept(log, position)
        if page is None:
            async with log.reading:
                page = self._find_kept(log, position) or await self._read(log, position, log.last)
        return page

    async def _feed(self, log: EventLog, watch: Subscription) -> None:
        """Read what is new, and wake the readers: they find it read."""
        hinted = True
        try:
            with watch:
                while True:
                    try:
                        if await self._advance(log, hinted=hinted):
                            hinted = True
                            continue
                        patience = self._patience()
                    except HttpError as refusal:
                        if refusal.status != 503:
                            raise
                        patience = self.settings.poll_interval
                    hinted = await watch.wait(patience)
        except Exception:
            _logger.exception("the events of task %s can't be followed", log.task_id)
            log.broken = True
            self._logs.pop(log.task_id, None)
            log.ring()

    def _patience(self) -> float:
        """How long a log waits for a hint before it looks without one."""
        return patience(self.settings.poll_interval, hears=self.store.hears)

    async def _advance(self, log: EventLog, *, hinted: bool) -> bool:
        """Go on to the next page; whether there may be one behind it."""
        if log.last < 0:
            log.last = await self.store.last_seq(log.task_id)
            log.ring()
            return False  # what comes behind that is hinted at
        if not hinted and await self.store.last_seq(log.task_id) <= log.last:
            return False
        page = await self._read(log, log.last)
        if page is None:
            return False
        log.last = page.last
        log.ring()
        breath = len(log.alarms) * _BREATH
        await asyncio.sleep(breath if breath >= 0.001 else 0)
        return page.whole

    def _find_kept(self, log: EventLog, position: int) -> EventPage | None:
        key = log.task_id, position
        page = self._pages.get(key)
        if page is None or not (page.whole or page.last == log.last):
            return None
        self._pages.move_to_end(key)
        return page

    async def _read(self, log: EventLog, after: int, until: int | None = None) -> EventPage | None:
        """Read the page behind a position, up to the number `until` if it is given.

        Numbers have no holes but where events were pruned; each hole is told at its place.
        """
        events = await self.store.read(log.task_id, after, PAGE, size=PAGE_BYTES, hinted=True)
        position, gaps, ended, size = after, 0, False, 0
        pieces: list[bytes] = []
        for event in events:
            if until is not None and event.seq > until and pieces:
                break
            if event.seq != position + 1:
                gaps += 1
                pieces.append(
                    frames.gap(
                        log.task_id,
                        log.organization_id,
                        self.clock(),
                        missing_from=position + 1,
                        earliest=event.seq,
                        latest=await self.store.last_seq(log.task_id),
                    )
                )
            pieces.append(frames.encode_stored(event))
            position = event.seq
            size += len(event.body)
            if event.type == "task_finished":
                ended = True
                break
        if not pieces:
            return None
        full = position == events[-1].seq and (len(events) == PAGE or size >= PAGE_BYTES)
        page = EventPage(b"".join(pieces), position, gaps, ended, ended or full)
        self._keep((log.task_id, after), page)
        return page

    def _keep(self, key: tuple[str, int], page: EventPage) -> None:
        before = self._pages.pop(key, None)
        self._pages[key] = page
        self._kept_bytes += _weight(page) - (0 if before is None else _weight(before))
        while self._kept_bytes > KEPT_BYTES:
            self._kept_bytes -= _weight(self._pages.popitem(last=False)[1])


def _weight(page: EventPage) -> int:
    return len(page.data) + _OVERHEAD
