"""Routes of what is kept for later: figures of tasks and of models, and what was done."""

from __future__ import annotations

from typing import Any

import orjson

from xpander_client.api.models import (
    ExecutionMetricsReport,
    LLMUsageReport,
)
from xpander_client.platform.agents.registry import AgentRegistry
from xpander_client.platform.foundation.bounds import ID, within
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.bodies import take_object
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.routing import (
    access,
    idempotency,
    organization,
    path_id,
    read_limit,
)
from xpander_client.platform.http.scope import KeyScope
from xpander_client.platform.rules.records import (
    Report,
)
from xpander_client.platform.stores.base.store import Store


class ReportEndpoints:
    """Answers requests about reports and the audit."""

    def __init__(
        self,
        store: Store,
        agents: AgentRegistry,
        reach: KeyScope,
        settings: Settings,
    ) -> None:
        self._store = store
        self._agents = agents
        self._reach = reach
        self._settings = settings

    async def report_metrics(self, request: Request) -> Response:
        """Keep what running a task took."""
        return await self._answer_kept(request, "metrics", ExecutionMetricsReport)

    async def report_llm_usage(self, request: Request) -> Response:
        """Keep what one call of a model took."""
        return await self._answer_kept(request, "llm-usage", LLMUsageReport)

    async def list_audit(self, request: Request) -> Response:
        """List what was done in the organization, the newest first."""
        if access(request).agent_ids is not None:
            raise HttpError(
                403, "what was done in the organization is not for a key of some agents"
            )
        page = await self._store.audit(
            organization(request),
            cursor=request.query_params.get("cursor"),
            limit=read_limit(request) or 100,
        )
        entries = [
            {
                "id": str(entry.number),
                "time": timestamp(entry.created_at),
                "actor": entry.actor,
                "action": entry.action,
                "target": entry.target,
                "outcome": entry.outcome,
            }
            for entry in page.entries
        ]
        return Json.of(entries, {"x-next-cursor": page.cursor} if page.cursor else None)

    async def _answer_kept(self, request: Request, kind: str, model: type[Any]) -> Response:
        organization_id, agent_id = organization(request), path_id(request, "agent_id")
        body = await take_object(request, self._settings.body_limit, model)
        await self._agents.ensure(organization_id, agent_id)
        task_id = body.get("execution_id")
        within(task_id, ID, "$.execution_id")
        if isinstance(task_id, str) and task_id:
            task_id = await self._reach.find_stored_id(organization_id, task_id)
        by = body.get("triggered_by")
        report = Report(
            kind=kind,
            agent_id=agent_id,
            task_id=task_id if isinstance(task_id, str) and task_id else None,
            # It may be anything, and is no user's id where it could not be one.
            user_id=by if isinstance(by, str) and 0 < len(by) <= 255 and "\0" not in by else None,
            value=orjson.dumps(body),
        )
        await self._store.add_report(
            organization_id, report, key=idempotency(request, f"{kind} {agent_id}", body)
        )
        return Response()
