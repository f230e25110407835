"""The agents that tasks are for: described, kept in the store, or made when first used."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.platform.agents import stored
from xpander_client.platform.agents.file import DescribedAgent, on_the_wire
from xpander_client.platform.agents.stored import KIND
from xpander_client.platform.foundation.bounds import ID, within
from xpander_client.platform.foundation.clock import Clock, timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.foundation.ttl_cache import Lookups
from xpander_client.platform.rules.records import AuditEntry, IdempotencyKey, make_audit_entry
from xpander_client.platform.stores.base.store import Store

_KEPT = 4096
"""How many agents of the store are remembered."""


class AgentRegistry:
    """The agents of each organization.

    Those described when the platform starts are in every organization. The others are kept in the
    store, and known as they were at most `cache_ttl` seconds ago. With `create` one that a task, a
    worker or a report names appears there by itself.

    Raises:
        ConfigurationError: one hands work to an agent that there is not and won't be.
    """

    def __init__(
        self,
        store: Store,
        agents: Sequence[DescribedAgent],
        *,
        create: bool,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._store = store
        self._create = create
        self._clock = clock
        self._since = timestamp(clock())
        self._described = {agent.id: agent for agent in agents}
        self._kept = Lookups(self._read, ttl=settings.cache_ttl, limit=_KEPT, clock=clock)
        for agent in agents:
            for sub_id in agent.sub_agents.values():
                if sub_id not in self._described and not create:
                    raise ConfigurationError(
                        f"the agent {agent.id} has the sub-agent {sub_id}, which is not described, "
                        "and none are made when they are first used"
                    )

    async def get(self, organization_id: str, agent_id: str) -> DescribedAgent:
        """Return the agent.

        Raises:
            HttpError: 404, there is none.
        """
        described = self._described.get(agent_id)
        if described is not None:
            return self._place(described, organization_id)
        found = await self._kept.get((organization_id, agent_id))
        assert found is not None  # what isn't there is refused, and not remembered
        return found

    async def ensure(self, organization_id: str, agent_id: str) -> DescribedAgent:
        """Return the agent, made if it isn't there, before something is done for it.

        Raises:
            HttpError: 404, there is none and none is made; 422, the id can't be one.
        """
        try:
            return await self.get(organization_id, agent_id)
        except HttpError as refusal:
            if refusal.status != 404 or not self._create:
                raise
        within(agent_id, ID, what="the agent's id")
        before = await self._store.doc_get(organization_id, KIND, agent_id)
        version = 0 if before is None else before.version  # one that was removed has a document
        agent = DescribedAgent(wire=on_the_wire({"id": agent_id}, "agent"))
        try:
            await self._put(organization_id, agent, version)
        except HttpError as refusal:
            if refusal.status != 409:  # somebody else was first: then it is there
                raise
        return await self.get(organization_id, agent_id)

    async def create(
        self,
        organization_id: str,
        body: Mapping[str, Any],
        *,
        key: IdempotencyKey | None,
        actor: str,
    ) -> Mapping[str, Any]:
        """Make an agent of a name, and whatever else the body says of it."""
        said = {
            name: value
            for name in ("name", "type", "description")
            if (value := body.get(name)) is not None
        }
        instructions = body.get("instructions") or {}
        said["instructions"] = {
            name: value for name, value in instructions.items() if value is not None
        }
        agent = DescribedAgent(wire=on_the_wire({**said, "id": str(uuid.uuid4())}, "agent"))
        audit = make_audit_entry(organization_id, actor, "agent.create", agent.id, "created")
        return (await self._put(organization_id, agent, 0, key, audit)).wire

    async def exists(self, organization_id: str, agent_id: str) -> bool:
        """Whether there is such an agent, or would be one if it were used."""
        if self._create:
            return True
        try:
            await self.get(organization_id, agent_id)
        except HttpError as refusal:
            if refusal.status != 404:
                raise
            return False
        return True

    async def list(self, organization_id: str) -> Sequence[Mapping[str, Any]]:
        """All agents of an organization: the described ones first, in their order."""
        described = [self._place(agent, organization_id).wire for agent in self._described.values()]
        kept = await stored.list_agents(self._store, organization_id)
        return described + [agent.wire for agent in kept if agent.id not in self._described]

    async def _read(self, place: tuple[str, str]) -> DescribedAgent:
        organization_id, agent_id = place
        agent = await stored.find_agent(self._store, organization_id, agent_id)
        if agent is None:
            known_by = "" if self._create else "; `xpander-client agents apply` makes agents known"
            raise HttpError(404, f"there is no agent {agent_id}{known_by}")
        return agent

    async def _put(
        self,
        organization_id: str,
        agent: DescribedAgent,
        version: int,
        key: IdempotencyKey | None = None,
        audit: AuditEntry | None = None,
    ) -> DescribedAgent:
        document = await self._store.doc_put(
            organization_id,
            KIND,
            agent.id,
            stored.to_document(agent, timestamp(self._clock())),
            if_version=version,
            idempotency=key,
            audit=audit,
        )
        made = stored.read(document, organization_id)
        assert made is not None
        return made

    def _place(self, agent: DescribedAgent, organization_id: str) -> DescribedAgent:
        placed = {"organization_id": organization_id, "created_at": self._since}
        return attrs.evolve(agent, wire={**agent.wire, **placed})


_LISTED = (
    "id",
    "name",
    "icon",
    "instructions",
    "status",
    "organization_id",
    "created_at",
    "description",
    "access_scope",
    "created_by",
    "type",
)


def list_item(agent: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent as lists show it."""
    return {name: agent[name] for name in _LISTED if name in agent}
