"""The agents that are kept in a store: how they are written down, and what a file changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import orjson

from xpander_client.errors import ConfigurationError
from xpander_client.platform.agents.file import DescribedAgent
from xpander_client.platform.agents.http_operation import HttpOperation
from xpander_client.platform.foundation.clock import timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.rules.records import OPERATOR, Document, make_audit_entry
from xpander_client.platform.stores.base.store import Store

KIND = "agent"


def to_document(agent: DescribedAgent, created_at: str) -> dict[str, Any]:
    """Write the agent as a document. The requests behind its tools, which may hold secrets, are in
    it.

    Raises:
        ConfigurationError: something that the file says of it is no JSON.
    """
    value = {
        "wire": dict(agent.wire),
        "operations": {
            tool_id: {
                "method": operation.method,
                "url": operation.url,
                "headers": dict(operation.headers),
                **({"private_network": True} if operation.private_network else {}),
            }
            for tool_id, operation in agent.operations.items()
        },
        "sub_agents": dict(agent.sub_agents),
        "created_at": created_at,
    }
    try:
        document: dict[str, Any] = orjson.loads(orjson.dumps(value))
    except TypeError as error:
        raise ConfigurationError(f"the agent {agent.id} can't be kept: {error}") from None
    return document


def read(document: Document | None, organization_id: str) -> DescribedAgent | None:
    """Read the agent of a document, in the version that it has there, or None if there is none."""
    if document is None or "removed_at" in document.value:
        return None
    value = document.value
    if "wire" not in value:  # as earlier releases wrote those that were made on first use
        return DescribedAgent(wire=value)
    parameters = {tool["id"]: tool.get("parameters") for tool in value["wire"]["tools"]}
    return DescribedAgent(
        wire={
            **value["wire"],
            "organization_id": organization_id,
            "created_at": value["created_at"],
            "version": document.version,
        },
        operations={
            tool_id: HttpOperation(**operation, parameters=parameters[tool_id]["properties"])
            for tool_id, operation in value["operations"].items()
        },
        sub_agents=value["sub_agents"],
    )


async def find_agent(store: Store, organization_id: str, agent_id: str) -> DescribedAgent | None:
    """Return the agent, if it is kept in the store."""
    return read(await store.doc_get(organization_id, KIND, agent_id), organization_id)


async def list_agents(store: Store, organization_id: str) -> list[DescribedAgent]:
    """All agents of an organization that are kept in the store, by their ids."""
    documents = await store.doc_list(organization_id, KIND)
    agents = [read(document, organization_id) for document in documents]
    return [agent for agent in agents if agent is not None]


# Looking after them -------------------------------------------------------------------------------


@attrs.frozen
class Change:
    """What became of an agent of a file. `version` is the one that it has now."""

    id: str
    change: Literal["created", "changed", "unchanged"]
    version: int


async def apply(
    store: Store, organization_id: str, agents: Sequence[DescribedAgent], *, now: float
) -> list[Change]:
    """Keep the agents in the store, each in a new version where something about it is new.

    Platforms that serve the store use them within their `cache_ttl`. Other agents stay.

    Raises:
        ConfigurationError: one can't be kept, or hands work to an agent that there is not: nothing
            was changed then. Or one was changed by somebody else just now.
    """
    before = {document.key: document for document in await store.doc_list(organization_id, KIND)}
    known = {agent.id for agent in agents}
    known |= {key for key, document in before.items() if read(document, organization_id)}
    for agent in agents:
        for sub_id in agent.sub_agents.values():
            if sub_id not in known:
                raise ConfigurationError(
                    f"the agent {agent.id} has the sub-agent {sub_id}, which is neither in the "
                    f"file nor in {organization_id}"
                )
    wanted = [to_document(agent, timestamp(now)) for agent in agents]
    return [
        await _apply(store, organization_id, agent.id, value, before.get(agent.id))
        for agent, value in zip(agents, wanted, strict=True)
    ]


async def _apply(
    store: Store,
    organization_id: str,
    agent_id: str,
    wanted: Mapping[str, Any],
    before: Document | None,
) -> Change:
    there = read(before, organization_id) is not None
    if before is not None and there:
        wanted = {**wanted, "created_at": before.value["created_at"]}
        if before.value == wanted:
            return Change(agent_id, "unchanged", before.version)
    version = 0 if before is None else before.version
    outcome: Literal["created", "changed"] = "changed" if there else "created"
    try:
        document = await store.doc_put(
            organization_id,
            KIND,
            agent_id,
            wanted,
            if_version=version,
            audit=make_audit_entry(organization_id, OPERATOR, "agent.apply", agent_id, outcome),
        )
    except HttpError as refusal:
        if refusal.status != 409:
            raise
        raise ConfigurationError(
            f"the agent {agent_id} was changed by somebody else just now: look, and apply again"
        ) from refusal
    return Change(agent_id, outcome, document.version)


async def remove(store: Store, organization_id: str, agent_id: str, *, now: float) -> None:
    """Forget an agent; its tasks stay. One that is applied again goes on in a later version.

    Raises:
        ConfigurationError: there is no such agent, or another one hands work to it.
    """
    agents = {agent.id: agent for agent in await list_agents(store, organization_id)}
    if agent_id not in agents:
        raise ConfigurationError(f"there is no agent {agent_id} in {organization_id}")
    for other in agents.values():
        if agent_id in other.sub_agents.values():
            raise ConfigurationError(f"the agent {other.id} hands work to {agent_id}")
    gone: Mapping[str, Any] = {"removed_at": timestamp(now)}
    audit = make_audit_entry(organization_id, OPERATOR, "agent.remove", agent_id, "removed")
    await store.doc_put(organization_id, KIND, agent_id, gone, audit=audit)
