"""Routes of agents, and of the keys that may use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xpander_client.api.models import (
    AgentCreate,
    ApiKeyAllowanceRequest,
)
from xpander_client.platform.agents.registry import AgentRegistry, list_item
from xpander_client.platform.auth.access import READER
from xpander_client.platform.auth.keys import Keys
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http.bodies import take_object
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.routing import access, idempotency, organization, path_id


class AgentEndpoints:
    """Answers requests about agents."""

    def __init__(
        self,
        agents: AgentRegistry,
        keys: Keys,
        settings: Settings,
    ) -> None:
        self._agents = agents
        self._keys = keys
        self._settings = settings

    async def list_agents(self, request: Request) -> Response:
        """List the agents of the organization that the key may use."""
        agents = await self._agents.list(organization(request))
        return Json.of(
            [list_item(agent) for agent in agents if access(request).covers(agent["id"])]
        )

    async def get_agent(self, request: Request) -> Response:
        """Answer with an agent and all that is known about it."""
        agent = await self._agents.ensure(organization(request), path_id(request, "agent_id"))
        return _answer_agent(agent.wire)

    async def create_agent(self, request: Request) -> Response:
        """Make an agent of a name."""
        if access(request).agent_ids is not None:
            raise HttpError(403, "this key is for some agents, and can't make others")
        body = await take_object(request, self._settings.body_limit, AgentCreate)
        agent = await self._agents.create(
            organization(request),
            body,
            key=idempotency(request, "create agent", body),
            actor=access(request).key_id,
        )
        return _answer_agent(agent)

    async def get_database(self, request: Request) -> Response:
        """Where the agent's own sessions are kept: nowhere here."""
        agent = await self._agents.ensure(organization(request), path_id(request, "agent_id"))
        fields = {name: agent.wire[name] for name in ("id", "name", "organization_id")}
        return Json.of({**fields, "connection_uri": None})

    async def get_default_llm_extra_headers(self, request: Request) -> Response:
        """Answer with the headers that calls of models have: none that the platform knows of."""
        return Json.of({})

    async def check_api_key(self, request: Request) -> Response:
        """List the agents that a key may use: those of its organization, told to that organization,
        as far as the asking key may use them as well.
        """
        body = await take_object(request, self._settings.body_limit, ApiKeyAllowanceRequest)
        asking = access(request)
        key: str = body["api_key"]
        asked = await self._keys.access(key)
        allowance: dict[str, Any] = {"api_key": key, "agent_ids": []}
        if asked is not None and asked.organization_id == asking.organization_id:
            agents = await self._agents.list(asking.organization_id)
            allowance["agent_ids"] = [
                agent["id"]
                for agent in agents
                if asked.covers(agent["id"]) and asking.covers(agent["id"])
            ]
            if asked.agent_ids is not None:
                allowance["restricted"] = True
            if asked.role == READER:
                allowance["agent_ids"] = []  # who asks wants to know whom to run tasks for
        return Json.of(allowance)


def _answer_agent(agent: Mapping[str, Any]) -> Response:
    """Answer with an agent and all that is known about it, and with what official clients need.

    2.x would take one of which nothing was said for one that has a database to keep its sessions
    in. 1.x reads of each tool what a model is to be told, and the view of a thread.
    """
    tools = [
        {"function_description": tool.get("description") or "", **tool} for tool in agent["tools"]
    ]
    needed = {"agno_settings": {"session_storage": False}, "memory_strategy": "full"}
    return Json.of({**needed, **agent, "tools": tools})
