"""The platform put together: a store, its dispatch, its streams, and the routes before them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence

import attrs

from xpander_client.platform.agents.file import DescribedAgent
from xpander_client.platform.agents.functions import Tool, Tools
from xpander_client.platform.agents.http_tools import HttpTools
from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.auth.keys import FixedKeys, Keys, StoredKeys
from xpander_client.platform.auth.rate_limits import RateLimits
from xpander_client.platform.dispatch.dispatcher import Dispatch
from xpander_client.platform.foundation.clock import Clock, server_clock
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.metrics import Metrics
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.agents import AgentEndpoints
from xpander_client.platform.http.creations import Creations
from xpander_client.platform.http.deletions import Deletions
from xpander_client.platform.http.events import EventEndpoints
from xpander_client.platform.http.gate import Gate
from xpander_client.platform.http.health import HealthEndpoints
from xpander_client.platform.http.reports import ReportEndpoints
from xpander_client.platform.http.role_guard import guard_routes
from xpander_client.platform.http.router import Router
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.http.table import make_routes
from xpander_client.platform.http.tasks import TaskEndpoints
from xpander_client.platform.http.threads import ThreadEndpoints
from xpander_client.platform.http.tools import OperationEndpoints
from xpander_client.platform.http.v1 import table as v1
from xpander_client.platform.http.v1.faults import list_faults
from xpander_client.platform.http.v1.invocations import InvocationEndpoints
from xpander_client.platform.http.v1.tasks import OfficialTaskEndpoints
from xpander_client.platform.http.v1.threads import OfficialThreadEndpoints
from xpander_client.platform.http.v1.webhook import WebhookEndpoint
from xpander_client.platform.http.workers import WorkerEndpoints
from xpander_client.platform.stores.base.retention import FAREWELL
from xpander_client.platform.stores.base.store import Store
from xpander_client.platform.streaming.event_log import EventLogs
from xpander_client.platform.streaming.outcomes import Outcomes

_MEASURE_INTERVAL = 1.0
_NOTE_INTERVAL = 60.0

_logger = logging.getLogger(__name__)


class Platform:
    """Everything but the server that it runs in: `app` is served between `start` and `stop`.

    `keys` says which organization each key belongs to; None leaves that to the keys in the store.
    `agents` are described as in the file that `load_agents` reads, and go before those that are
    kept in the store; with `create_agents` others appear when they are first used. `tools` are the
    functions behind the agents' tools, by the tools' ids; a function goes before a request that the
    agent's description has for the tool.
    """

    def __init__(
        self,
        store: Store,
        keys: Mapping[str, str] | None,
        *,
        agents: Sequence[DescribedAgent] = (),
        create_agents: bool = True,
        tools: Mapping[str, Tool] | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.store = store
        self._clock = clock or server_clock()
        known: Keys = (
            StoredKeys(store, self.settings, self._clock) if keys is None else FixedKeys(keys)
        )
        self._keys = known
        reach = KeyScope(store)
        self.metrics = Metrics()
        store.admission.observer = self.metrics
        self.dispatch = Dispatch(store, self.settings, self._clock, self.metrics)
        self.logs = EventLogs(store, self.settings, self._clock, self.metrics)
        self.agents = AgentRegistry(
            store, agents, create=create_agents, settings=self.settings, clock=self._clock
        )
        self.deletions = Deletions(store, self.dispatch)
        self._outcomes = Outcomes(store, self.settings)
        creations = Creations(store, self.agents, self.dispatch, reach)
        routes = make_routes(
            TaskEndpoints(
                store,
                self.agents,
                self.dispatch,
                reach,
                creations,
                self.deletions,
                self.logs,
                self.settings,
            ),
            EventEndpoints(store, self.dispatch, self.logs, self.settings),
            WorkerEndpoints(store, self.agents, self.dispatch, self.logs, self.settings),
            AgentEndpoints(self.agents, known, self.settings),
            ReportEndpoints(store, self.agents, reach, self.settings),
        )
        self._http_tools = HttpTools(
            timeout=self.settings.tool_timeout, limit=self.settings.body_limit
        )
        operations = OperationEndpoints(
            store,
            self.agents,
            self.dispatch,
            Tools(tools or {}, timeout=self.settings.tool_timeout, limit=self.settings.body_limit),
            self._http_tools,
            reach,
            self.settings,
            self._clock,
        )
        threads = ThreadEndpoints(store, reach, self.settings)
        health = HealthEndpoints(store, self.logs, self.metrics, self._clock)
        official = v1.make_routes(
            InvocationEndpoints(creations, self._outcomes, self.logs, self.settings),
            OfficialTaskEndpoints(store, self.agents, self.dispatch, reach, self.deletions),
            OfficialThreadEndpoints(store),
        )
        webhook = WebhookEndpoint(creations, self._outcomes, self.settings)
        guarded = guard_routes(
            reach.guard_routes(
                [
                    *routes,
                    *threads.routes(),
                    *operations.routes(),
                    *health.routes(),
                    *official,
                    *webhook.routes(),
                ]
            )
        )
        list_faults(official)  # of their guards, too
        limits = RateLimits(self.settings, self._clock)
        self.app = Gate(
            Router(guarded),
            known,
            limits,
            self.metrics,
            self.settings,
            is_held=self.dispatch.is_held,
        )
        self._chores: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the store and begin to give out work.

        Raises:
            ConfigurationError: the store can't be used.
        """
        await self.store.open()
        self.dispatch.start()
        self._chores = [
            asyncio.create_task(self._prune(), name="pruner"),
            asyncio.create_task(self._measure(), name="measurer"),
            asyncio.create_task(self._note_keys(), name="key noter"),
        ]

    def end_streams(self) -> None:
        """End all open streams in order; new ones are refused from now on."""
        self.logs.close()
        self._outcomes.close()
        self.dispatch.end_streams()

    async def stop(self) -> None:
        """Stop giving out work and close the store."""
        self.end_streams()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self.dispatch.close()
        await self._http_tools.close()
        await self._note_used_keys()
        await self.store.close()

    async def _prune(self) -> None:
        while True:
            settings = self.settings
            try:
                gone = await self.store.prune(
                    events_before=self._ago(settings.keep_events),
                    keys_before=self._ago(settings.keep_keys),
                    reports_before=self._ago(settings.keep_reports),
                    tasks_before=self._ago(settings.keep_tasks),
                    threads_before=self._ago(settings.keep_threads),
                    audit_before=self._ago(settings.keep_audit),
                )
                self.metrics.pruned_events.inc(gone.events)
                rows = {kind: count for kind, count in attrs.asdict(gone).items() if count}
                if rows.keys() - {"keys"}:
                    _logger.info("forgotten because of their age: %s", rows)
            except Exception:
                _logger.exception("nothing was forgotten")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.settings.prune_interval):
                    await self.deletions.due.wait()
                # What is deleted from now on has a round of its own.
                self.deletions.due.clear()
                await asyncio.sleep(FAREWELL + 1)  # who is reading may read to the end

    def _ago(self, seconds: float | None) -> float | None:
        return None if seconds is None else self._clock() - seconds

    async def _note_keys(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_INTERVAL)
            await self._note_used_keys()

    async def _note_used_keys(self) -> None:
        """Write down when keys were last used: nobody's request waits for that."""
        if isinstance(self._keys, StoredKeys):
            try:
                await self._keys.note_uses()
            except HttpError as refusal:
                _logger.warning("the last uses of keys were not written down: %s", refusal.detail)

    async def _measure(self) -> None:
        """Write down how many writes wait: another process may be asked for it."""
        while True:
            self.metrics.queued.set(self.store.admission.queued)
            await asyncio.sleep(_MEASURE_INTERVAL)
