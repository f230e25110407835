"""Agents as a file describes them, checked, and what the platform does for their tools."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.platform.agents.file_keys import (
    FILE,
    TOOL,
    check_agent,
    check_size,
    check_tool,
    plain,
    refuse_unknown,
)
from xpander_client.platform.agents.http_operation import BODILESS, HttpOperation


@attrs.frozen(kw_only=True)
class DescribedAgent:
    """An agent from a file. `wire` is what clients get to see of it.

    `operations` are the requests behind its tools, and `sub_agents` the agents behind those of its
    tools that hand work on, both by the tools' ids.
    """

    wire: Mapping[str, Any]
    operations: Mapping[str, HttpOperation] = attrs.field(factory=dict)
    sub_agents: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def id(self) -> str:
        """The agent's id."""
        agent_id: str = self.wire["id"]
        return agent_id


def load_agents(path: str | os.PathLike[str]) -> list[DescribedAgent]:
    """Read the agents that a YAML file describes: a list `agents` of `id`, `name`, `instructions`,
    `model`, `tools` and `sub_agents`, of which only `id` has to be there.

    A tool with a `url` is an HTTP request (`method`, `url`, `headers`), which the platform makes
    when the tool is called, with the arguments that its `parameters` declare. It reaches a private
    network where the URL names a host of one, or `private_network` is true. `sub_agents` are ids of
    agents to which work can be handed.

    Raises:
        ConfigurationError: the file can't be read, or describes no agents; the message says where.
    """
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    check_size(content, str(path))
    if isinstance(content, dict) and "agents" in content:
        refuse_unknown(content, FILE, f"{path}: $")
    agents = content.get("agents") if isinstance(content, dict) else None
    if not isinstance(agents, list):
        raise ConfigurationError(f"{path}: $.agents: expected a list of agents")
    return parse_agents(agents, source=str(path))


def parse_agents(agents: Sequence[Any], source: str = "agents") -> list[DescribedAgent]:
    """Agents as a file has them, checked.

    Raises:
        ConfigurationError: one is no agent; the message says which and why.
    """
    check_size(list(agents), source)
    made: list[DescribedAgent] = []
    names: dict[str, tuple[str, str]] = {}
    for index, agent in enumerate(agents):
        place = f"{source}: $.agents[{index}]"
        if isinstance(agent, str):
            agent = {"id": agent}
        if not isinstance(agent, Mapping):
            raise ConfigurationError(f"{place}: expected an agent with an id")
        agent_id = agent.get("id")
        if not isinstance(agent_id, str) or not agent_id:
            raise ConfigurationError(f"{place}.id: expected a text")
        if agent_id in names:
            raise ConfigurationError(f"{place}.id: there are two agents {agent_id!r}")
        check_agent(agent, place)
        operations: dict[str, HttpOperation] = {}
        shown = {**agent, "tools": _without_requests(agent, place, operations)}
        delegates = _sub_agents(shown.pop("sub_agents", None), agent_id, f"{place}.sub_agents")
        wire = plain(on_the_wire(shown, place), place)
        names[agent_id] = (wire["name"], wire["description"])
        made.append(DescribedAgent(wire=wire, operations=operations, sub_agents=delegates))
    return [_with_delegation(agent, names) for agent in made]


def on_the_wire(agent: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return an agent as clients get it; what was not said of it has a default."""
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
    made: list[dict[str, Any]] = []
    for index, tool in enumerate(_entries(tools, place)):
        tool_id = tool["id"]
        if any(tool_id == other["id"] for other in made):
            raise ConfigurationError(f"{place}[{index}]: there are two tools {tool_id!r}")
        made.append(
            {
                "name": tool_id,
                "method": "POST",
                "path": f"/{tool_id}",
                "description": "",
                "parameters": {"type": "object"},
                **tool,
            }
        )
        check_tool(made[-1], f"{place}[{index}]")
    return made


def _entries(tools: Any, place: str) -> list[dict[str, Any]]:
    """Return the tools as objects with ids."""
    entries: list[dict[str, Any]] = []
    if not isinstance(tools, list | None):
        raise ConfigurationError(f"{place}: expected a list")
    for index, tool in enumerate(tools or []):
        if isinstance(tool, str):
            tool = {"id": tool}
        tool_id = tool.get("id", tool.get("name")) if isinstance(tool, Mapping) else None
        if not isinstance(tool_id, str) or not tool_id:
            raise ConfigurationError(f"{place}[{index}]: expected a tool with an id")
        refuse_unknown(tool, TOOL, f"{place}[{index}]")
        entries.append({**tool, "id": tool_id})
    return entries


# Tools that are HTTP requests ---------------------------------------------------------------------

_REQUEST = ("url", "headers", "private_network")
_GROUPS = ("path_params", "query_params", "body_params", "headers")
_OTHER_NAMES = {
    "pathParams": "path_params",
    "queryParams": "query_params",
    "bodyParams": "body_params",
}


def _without_requests(
    agent: Mapping[str, Any], place: str, operations: dict[str, HttpOperation]
) -> list[dict[str, Any]]:
    """Return the tools as clients may see them. The requests behind them, which may hold secrets,
    go to `operations`.
    """
    shown = []
    for index, tool in enumerate(_entries(agent.get("tools"), f"{place}.tools")):
        request = {name: tool.pop(name) for name in _REQUEST if name in tool}
        if request:
            where = (
                f"{place}.tools[{index}]: the tool {tool['id']} of the agent {agent.get('id')}: "
            )
            operation = _operation(tool, request, where)
            tool["method"] = operation.method
            tool["parameters"] = _group(tool.get("parameters"), operation, where)
            operations[tool["id"]] = attrs.evolve(
                operation, parameters=tool["parameters"]["properties"]
            )
        shown.append(tool)
    return shown


def _operation(tool: Mapping[str, Any], request: Mapping[str, Any], where: str) -> HttpOperation:
    url, headers = request.get("url"), request.get("headers")
    private_network = request.get("private_network", False)
    if not isinstance(private_network, bool):
        raise ConfigurationError(f"{where}private_network has to be true or false")
    if not isinstance(url, str):
        raise ConfigurationError(f"{where}the url has to be a text")
    headers = {} if headers is None else headers
    if not isinstance(headers, Mapping) or not all(
        isinstance(each, str) for pair in headers.items() for each in pair
    ):
        raise ConfigurationError(f"{where}the headers have to be texts by their names")
    method = tool.get("method", "GET")
    if not isinstance(method, str):
        raise ConfigurationError(f"{where}the method has to be a text")
    try:
        return HttpOperation(
            method=method.upper(),
            url=url,
            headers=dict(headers),
            private_network=private_network,
        )
    except ValueError as error:
        raise ConfigurationError(f"{where}{error}") from None


def _group(parameters: Any, operation: HttpOperation, where: str) -> dict[str, Any]:
    """Group the schema of a tool's payload by where its parts go: into the path, the query or the
    body.

    A schema that names the parameters only is sorted into these groups.
    """
    parameters = {} if parameters is None else parameters
    properties = parameters.get("properties", {}) if isinstance(parameters, Mapping) else None
    if not isinstance(parameters, Mapping) or not isinstance(properties, Mapping):
        raise ConfigurationError(f"{where}the parameters have to be a JSON Schema of an object")
    groups: dict[str, Any] = {}
    for name, schema in properties.items():
        groups[_OTHER_NAMES.get(str(name), str(name))] = schema
    if not groups or set(groups) - set(_GROUPS):
        groups = _sort_schema(parameters, properties, operation)
    path = groups.get("path_params")
    known = path.get("properties", {}) if isinstance(path, Mapping) else {}
    query = groups.get("query_params")
    for name in query.get("properties", {}) if isinstance(query, Mapping) else ():
        if operation.pins(name):
            raise ConfigurationError(
                f"{where}{name} has its value in the url, so it can't be a parameter"
            )
    for name in operation.variables:
        if name not in known:
            raise ConfigurationError(
                f"{where}the url has {{{name}}}, but no parameter of that name"
            )
    needed = [
        name
        for name, schema in groups.items()
        if isinstance(schema, Mapping) and schema.get("required")
    ]
    shown = {"type": "object", "properties": groups, "required": needed}
    rest = {name: value for name, value in parameters.items() if name != "additionalProperties"}
    return rest | shown


def _sort_schema(
    parameters: Mapping[str, Any], properties: Mapping[str, Any], operation: HttpOperation
) -> dict[str, Any]:
    rest = "query_params" if operation.method in BODILESS else "body_params"
    homes = dict.fromkeys(properties, rest) | {
        # Without any word on parameters, those of the path are texts.
        name: "path_params"
        for name in operation.variables
        if name in properties or not properties
    }
    required = {*(parameters.get("required") or ()), *operation.variables}
    groups: dict[str, Any] = {}
    if "additionalProperties" in parameters:
        groups[rest] = {
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": parameters["additionalProperties"],
        }
    for name, home in homes.items():
        group = groups.setdefault(home, {"type": "object", "properties": {}, "required": []})
        group["properties"][name] = properties.get(name, {"type": "string"})
        if name in required:
            group["required"].append(name)
    return groups


# Agents that work is handed to --------------------------------------------------------------------


def _sub_agents(sub_agents: Any, agent_id: str, place: str) -> dict[str, str]:
    """Return the ids of sub-agents, by the ids of the tools that hand work to them."""
    if not isinstance(sub_agents, list | None):
        raise ConfigurationError(f"{place}: expected a list of ids")
    made: dict[str, str] = {}
    for index, sub_id in enumerate(sub_agents or []):
        if not isinstance(sub_id, str) or not sub_id:
            raise ConfigurationError(f"{place}[{index}]: expected the id of an agent")
        if sub_id == agent_id:
            raise ConfigurationError(f"{place}[{index}]: {agent_id} can't hand work to itself")
        if sub_id in made.values():
            raise ConfigurationError(f"{place}[{index}]: {sub_id} is named twice")
        made[f"xpagent-{sub_id}"] = sub_id
    return made


def _with_delegation(agent: DescribedAgent, names: Mapping[str, tuple[str, str]]) -> DescribedAgent:
    if not agent.sub_agents:
        return agent
    tools = list(agent.wire["tools"])
    paths = {}
    for tool_id, sub_id in agent.sub_agents.items():
        if any(tool["id"] == tool_id for tool in tools):
            raise ConfigurationError(
                f"the agent {agent.id} has a tool {tool_id}, which would hand work to {sub_id}"
            )
        name, description = names.get(sub_id, (sub_id, ""))
        paths[f"/{sub_id}"] = {"get": {"operationId": tool_id}}
        tools.append(
            {
                "id": tool_id,
                "name": name,
                "method": "GET",
                "path": f"/{sub_id}",
                "description": description or f"Hands work to the agent {name}.",
                "parameters": _INPUT_TASK,
            }
        )
    return attrs.evolve(agent, wire={**agent.wire, "tools": tools, "oas": {"paths": paths}})


_INPUT_TASK = {
    "type": "object",
    "properties": {
        "body_params": {
            "type": "object",
            "properties": {
                "input_task": {
                    "type": "string",
                    "description": "What to do, with all that has to be known for it.",
                }
            },
            "required": ["input_task"],
        }
    },
    "required": ["body_params"],
}


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{place}: expected a text")
    return value


def _slug(agent_id: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", agent_id.lower()).strip("-") or "agent"
