"""The agents that tasks are for: described in a file, created, or made when they are first used."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ConfigurationError
from .clock import Clock, timestamp
from .descriptions import DescribedAgent, on_the_wire
from .http_operation import HttpOperation
from .refusal import Refusal
from .stores.records import IdempotencyKey
from .stores.store import Store

__all__ = ["Agents", "listed"]

KIND = "agent"
LONGEST_ID = 200


class Agents:
    """The agents of each organization.

    Those described when the platform starts are in every organization. With `create`, others
    appear when a task, a worker or a report names them, and are kept in the store.

    Raises:
        ConfigurationError: one hands work to an agent that there is not and won't be.
    """

    def __init__(
        self, store: Store, agents: Sequence[DescribedAgent], *, create: bool, clock: Clock
    ) -> None:
        self._store = store
        self._create = create
        self._clock = clock
        self._since = timestamp(clock())
        self._described = {agent.id: agent for agent in agents}
        self._known: set[tuple[str, str]] = set()
        for agent in agents:
            for sub_id in agent.sub_agents.values():
                if sub_id not in self._described and not create:
                    raise ConfigurationError(
                        f"the agent {agent.id} has the sub-agent {sub_id}, which is not described, "
                        "and none are made when they are first used"
                    )

    async def get(self, organization_id: str, agent_id: str) -> dict[str, Any]:
        """The agent.

        Raises:
            Refusal: 404, there is none.
        """
        agent = self._described.get(agent_id)
        if agent is not None:
            return self._placed(agent.wire, organization_id)
        document = await self._store.doc_get(organization_id, KIND, agent_id)
        if document is None:
            raise Refusal(404, f"there is no agent {agent_id}")
        return dict(document.value)

    async def ensure(self, organization_id: str, agent_id: str) -> None:
        """Make sure that the agent is there before something is done for it.

        Raises:
            Refusal: 404, there is none and none is made; 422, the id can't be one.
        """
        key = (organization_id, agent_id)
        if agent_id in self._described or key in self._known:
            return
        if await self._store.doc_get(organization_id, KIND, agent_id) is None:
            if not self._create:
                raise Refusal(404, f"there is no agent {agent_id}")
            if len(agent_id) > LONGEST_ID or not agent_id.isprintable():
                raise Refusal(422, "this can't be the id of an agent")
            agent = self._made({"id": agent_id}, organization_id)
            try:
                await self._store.doc_put(organization_id, KIND, agent_id, agent, if_version=0)
            except Refusal as refusal:
                if refusal.status != 409:  # somebody else was first: then it is there
                    raise
        self._known.add(key)

    async def create(
        self, organization_id: str, body: Mapping[str, Any], *, key: IdempotencyKey | None
    ) -> dict[str, Any]:
        """Make an agent of a name, and whatever else the body says of it."""
        agent_id = str(uuid.uuid4())
        said = {
            name: value
            for name in ("name", "type", "description")
            if (value := body.get(name)) is not None
        }
        instructions = body.get("instructions") or {}
        said["instructions"] = {
            name: value for name, value in instructions.items() if value is not None
        }
        agent = self._made({**said, "id": agent_id}, organization_id)
        document = await self._store.doc_put(
            organization_id, KIND, agent_id, agent, if_version=0, idempotency=key
        )
        return dict(document.value)

    def operation(self, agent_id: str, tool_id: str) -> HttpOperation | None:
        """The HTTP request behind an agent's tool."""
        agent = self._described.get(agent_id)
        return None if agent is None else agent.operations.get(tool_id)

    def sub_agent(self, agent_id: str, tool_id: str) -> str | None:
        """The agent to which an agent's tool hands work."""
        agent = self._described.get(agent_id)
        return None if agent is None else agent.sub_agents.get(tool_id)

    async def exists(self, organization_id: str, agent_id: str) -> bool:
        """Whether there is such an agent, or would be one if it were used."""
        if self._create or agent_id in self._described:
            return True
        return await self._store.doc_get(organization_id, KIND, agent_id) is not None

    async def list(self, organization_id: str) -> Sequence[dict[str, Any]]:
        """All agents of an organization: the described ones first, in their order."""
        placed = [self._placed(agent.wire, organization_id) for agent in self._described.values()]
        stored = await self._store.doc_list(organization_id, KIND)
        return placed + [
            dict(document.value) for document in stored if document.key not in self._described
        ]

    def _made(self, agent: Mapping[str, Any], organization_id: str) -> dict[str, Any]:
        made = self._placed(on_the_wire(agent, "agent"), organization_id)
        return made | {"created_at": timestamp(self._clock())}

    def _placed(self, agent: Mapping[str, Any], organization_id: str) -> dict[str, Any]:
        return {**agent, "organization_id": organization_id, "created_at": self._since}


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


def listed(agent: Mapping[str, Any]) -> dict[str, Any]:
    """An agent as lists show it."""
    return {name: agent[name] for name in _LISTED if name in agent}
