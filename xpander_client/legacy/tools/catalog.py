"""What a model is told of an agent's tools, and what its calls become on the wire."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xpander_client.api.models import AgentTool
from xpander_client.api.resources import Agent as Definition
from xpander_client.legacy.providers import LLMProvider, Tool, wire_name
from xpander_client.legacy.providers.tool_call import FINISH_TOOL
from xpander_client.legacy.tools.local_tools import LocalTool

_GROUPS = {"body_params": "bodyParams", "query_params": "queryParams", "path_params": "pathParams"}

_FINISH = Tool(
    FINISH_TOOL,
    "Ends the task. Call it once, when the task is done or can't be done, with what came out.",
    {
        "type": "object",
        "properties": {
            "bodyParams": {
                "type": "object",
                "properties": {
                    "is_success": {
                        "type": "boolean",
                        "description": "Whether the task was carried out.",
                    },
                    "result": {
                        "type": "string",
                        "description": "The answer to the user, or why there is none.",
                    },
                },
                "required": ["is_success", "result"],
            },
            "queryParams": {"type": "object", "properties": {}},
            "pathParams": {"type": "object", "properties": {}},
        },
        "required": ["bodyParams", "queryParams", "pathParams"],
    },
)


def list_offered(
    definition: Definition, local: Sequence[LocalTool], *, end_tool: bool
) -> list[Tool]:
    """Return the tools in the order in which a model gets them: the script's own, the agent's, the
    end.

    Nothing in `definition` is shared with what is returned.
    """
    own = [each.tool for each in local]
    agents = [
        _describe(tool, _settings(definition, tool.id))
        for tool in definition.tools or ()
        if tool.id != FINISH_TOOL
    ]
    if not end_tool:
        return own + agents
    given = next((tool for tool in definition.tools or () if tool.id == FINISH_TOOL), None)
    return [*own, *agents, _FINISH if given is None else _describe(given, {})]


def original_name(name: str, tools: Iterable[Tool]) -> str:
    """Return the tool's own name, from the one that a provider's model knows it by."""
    known = [tool.name for tool in tools]
    if name in known:
        return name
    for provider in LLMProvider:
        for each in known:
            if wire_name(each, provider) == name:
                return each
    return name


def on_the_wire(payload: Mapping[str, Any], tool: Tool | None) -> dict[str, Any]:
    """Return a call's payload as the platform takes it, in new objects.

    Arguments that a model wrote without the groups that they belong to are put there, as far as
    the tool's description says where. Lists in the query get the brackets that mark them.
    """
    given = {name: dict(payload.get(name) or {}) for name in (*_GROUPS.values(), "headers")}
    groups = _properties(tool)
    described = (tool.parameters or {}).get("properties") or {} if tool is not None else {}
    if given["headers"] and not groups and "headers" in described and len(described) > 1:
        # A tool that is described without groups has a parameter of this name.
        given["bodyParams"].setdefault("headers", given["headers"])
        given["headers"] = {}
    for group in ("pathParams", "queryParams"):
        for name in groups.get(group, ()):
            if name in given["bodyParams"] and name not in groups.get("bodyParams", ()):
                given[group].setdefault(name, given["bodyParams"].pop(name))
    query = {
        f"{name}[]" if isinstance(value, list) and not name.endswith("[]") else name: value
        for name, value in given["queryParams"].items()
    }
    return copy.deepcopy(
        {
            "body_params": given["bodyParams"],
            "path_params": given["pathParams"],
            "query_params": query,
            "headers": given["headers"],
        }
    )


def _describe(tool: AgentTool, settings: Mapping[str, Any]) -> Tool:
    description = settings.get("description") or (
        tool.additional_properties.get("function_description") or tool.description or ""
    )
    if settings.get("instructions"):
        description = f"{description}\nHow to use it: {settings['instructions']}".strip()
    return Tool(tool.id, description, _group(tool.parameters))


def _settings(definition: Definition, tool_id: str) -> Mapping[str, Any]:
    """Return how the agent's graph sets a tool up."""
    for node in definition.graph or ():
        if tool_id in (node.item_id, node.name):
            return node.settings or {}
    return {}


def _group(parameters: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the tool's parameters with all groups, by the names that models know them by."""
    if parameters is None:
        return None
    made = copy.deepcopy(dict(parameters))
    properties = made.get("properties")
    if not isinstance(properties, dict) or not any(_is_group(name) for name in properties):
        return made
    groups = {_GROUPS.get(name, name): schema for name, schema in properties.items()}
    empty = {"type": "object", "properties": {}}
    made["properties"] = {
        **{name: groups.get(name) or dict(empty) for name in _GROUPS.values()},
        **{name: schema for name, schema in groups.items() if name not in _GROUPS.values()},
    }
    made["properties"].pop("headers", None)  # never a model's to choose
    made["required"] = list(_GROUPS.values())
    return made


def _is_group(name: str) -> bool:
    return name in _GROUPS or name in _GROUPS.values()


def _properties(tool: Tool | None) -> dict[str, set[str]]:
    """Return the names of what each group holds."""
    properties = (tool.parameters or {}).get("properties") if tool is not None else None
    if not isinstance(properties, dict):
        return {}
    return {
        name: set((schema or {}).get("properties") or ())
        for name, schema in properties.items()
        if name in _GROUPS.values()
    }
