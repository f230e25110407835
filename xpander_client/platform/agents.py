"""The agents that tasks are for: described in a file, or made when they are first used."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .clock import Clock, timestamp
from .refusal import Refusal
from .store import Store

__all__ = ["Agents", "load_agents"]

KIND = "agent"
LONGEST_ID = 200


def load_agents(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The agents that a YAML file describes: a list `agents` of `id`, `name`, `instructions`,
    `model` and `tools`, of which only `id` has to be there.

    Raises:
        ConfigurationError: the file can't be read, or describes no agents; the message says where.
    """
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    agents = content.get("agents") if isinstance(content, dict) else None
    if not isinstance(agents, list):
        raise ConfigurationError(f"{path}: $.agents: expected a list of agents")
    return described(agents, source=str(path))


def described(agents: Sequence[Any], source: str = "agents") -> list[dict[str, Any]]:
    """Agents as a file has them, checked and in the wire's form.

    Raises:
        ConfigurationError: one is no agent; the message says which and why.
    """
    made = []
    seen: set[str] = set()
    for index, agent in enumerate(agents):
        place = f"{source}: $.agents[{index}]"
        if isinstance(agent, str):
            agent = {"id": agent}
        if not isinstance(agent, Mapping):
            raise ConfigurationError(f"{place}: expected an agent with an id")
        agent_id = agent.get("id")
        if not isinstance(agent_id, str) or not agent_id:
            raise ConfigurationError(f"{place}.id: expected a text")
        if agent_id in seen:
            raise ConfigurationError(f"{place}.id: there are two agents {agent_id!r}")
        seen.add(agent_id)
        made.append(_on_the_wire(agent, place))
    return made


class Agents:
    """The agents of each organization.

    Those described when the platform starts are in every organization. With `create`, others
    appear when a task, a worker or a report names them, and are kept in the store.
    """

    def __init__(
        self, store: Store, agents: Sequence[Mapping[str, Any]], *, create: bool, clock: Clock
    ) -> None:
        self._store = store
        self._create = create
        self._clock = clock
        self._since = timestamp(clock())
        self._described = {agent["id"]: agent for agent in agents}
        self._known: set[tuple[str, str]] = set()

    async def get(self, organization_id: str, agent_id: str) -> dict[str, Any]:
        """The agent.

        Raises:
            Refusal: 404, there is none.
        """
        agent = self._described.get(agent_id)
        if agent is not None:
            return self._placed(agent, organization_id)
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
            agent = self._placed(_on_the_wire({"id": agent_id}, "agent"), organization_id)
            agent["created_at"] = timestamp(self._clock())
            try:
                await self._store.doc_put(organization_id, KIND, agent_id, agent, if_version=0)
            except Refusal as refusal:
                if refusal.status != 409:  # somebody else was first: then it is there
                    raise
        self._known.add(key)

    async def exists(self, organization_id: str, agent_id: str) -> bool:
        """Whether there is such an agent, or would be one if it were used."""
        if self._create or agent_id in self._described:
            return True
        return await self._store.doc_get(organization_id, KIND, agent_id) is not None

    async def list(self, organization_id: str) -> Sequence[dict[str, Any]]:
        """All agents of an organization: the described ones first, in their order."""
        placed = [self._placed(agent, organization_id) for agent in self._described.values()]
        stored = await self._store.doc_list(organization_id, KIND)
        return placed + [
            dict(document.value) for document in stored if document.key not in self._described
        ]

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


def _on_the_wire(agent: Mapping[str, Any], place: str) -> dict[str, Any]:
    agent_id = agent["id"]
    provider, model = _model(agent.get("model"), place)
    return {
        "icon": "🤖",
        "description": "",
        "status": "ACTIVE",
        "access_scope": "organizational",
        "type": "regular",
        "framework": "agno",
        "version": 1,
        "graph": [],
        "knowledge_bases": [],
        **{name: value for name, value in agent.items() if name != "model"},
        "id": agent_id,
        "name": _text(agent.get("name", agent_id), f"{place}.name"),
        "unique_name": _text(agent.get("unique_name", _slug(agent_id)), f"{place}.unique_name"),
        "instructions": _instructions(agent.get("instructions"), f"{place}.instructions"),
        "model_provider": agent.get("model_provider", provider),
        "model_name": agent.get("model_name", model),
        "tools": _tools(agent.get("tools"), f"{place}.tools"),
    }


def _model(model: Any, place: str) -> tuple[str, str]:
    """`openai/gpt-5`, `gpt-5`, or the two parts by name."""
    if model is None:
        return "", ""
    if isinstance(model, str):
        provider, slash, name = model.partition("/")
        return (provider, name) if slash else ("", model)
    if isinstance(model, Mapping):
        return str(model.get("provider", "")), str(model.get("name", ""))
    raise ConfigurationError(f"{place}.model: expected a text like openai/gpt-5")


def _instructions(instructions: Any, place: str) -> dict[str, Any]:
    if instructions is None:
        return {"role": [], "goal": [], "general": ""}
    if isinstance(instructions, str):
        return {"role": [], "goal": [], "general": instructions}
    if isinstance(instructions, list):
        return {"role": [_text(line, place) for line in instructions], "goal": [], "general": ""}
    if not isinstance(instructions, Mapping):
        raise ConfigurationError(f"{place}: expected a text, a list of texts, or role/goal/general")
    return {"role": [], "goal": [], "general": "", **instructions}


def _tools(tools: Any, place: str) -> list[dict[str, Any]]:
    made = []
    if not isinstance(tools, list | None):
        raise ConfigurationError(f"{place}: expected a list")
    for index, tool in enumerate(tools or []):
        if isinstance(tool, str):
            tool = {"id": tool}
        tool_id = tool.get("id", tool.get("name")) if isinstance(tool, Mapping) else None
        if not isinstance(tool_id, str) or not tool_id:
            raise ConfigurationError(f"{place}[{index}]: expected a tool with an id")
        made.append(
            {
                "name": tool_id,
                "method": "POST",
                "path": f"/{tool_id}",
                "description": "",
                "parameters": {"type": "object"},
                **tool,
                "id": tool_id,
            }
        )
    return made


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{place}: expected a text")
    return value


def _slug(agent_id: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", agent_id.lower()).strip("-") or "agent"
