"""What a file of agents can say: the keys at each level, and values that can be kept as JSON."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from xpander_client.api.models import (
    AgentAccessScope,
    AgentDeploymentType,
    AgentGraphItem,
    AgentInstructions,
    AgentKnowledgeBase,
    AgentStatus,
    AgentTool,
    AgentType,
    LLMReasoningEffort,
    OutputFormat,
)
from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.models import check_model

FILE = frozenset({"agents"})
_MODEL = frozenset({"provider", "name"})
_INSTRUCTIONS = frozenset({"role", "goal", "general"})
TOOL = frozenset(
    {
        "connector_id",
        "description",
        "headers",
        "id",
        "method",
        "name",
        "operation_id",
        "parameters",
        "path",
        "private_network",
        "url",
    }
)

_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(
        (
            "created_at",
            "created_by",
            "description",
            "environment_id",
            "expected_output",
            "framework",
            "icon",
            "id",
            "memory_strategy",
            "model_name",
            "model_provider",
            "name",
            "organization_id",
            "unique_name",
            "webhook_url",
        ),
        str | None,
    ),
    "access_scope": AgentAccessScope | None,
    "deep_planning": bool | None,
    "deployment_type": AgentDeploymentType | None,
    "enforce_deep_planning": bool | None,
    "graph": list[AgentGraphItem] | None,
    "knowledge_bases": list[AgentKnowledgeBase] | None,
    "llm_reasoning_effort": LLMReasoningEffort | None,
    "oas": dict[str, Any] | None,
    "output_format": OutputFormat | None,
    "output_schema": dict[str, Any] | None,
    "status": AgentStatus | None,
    "type": AgentType | None,
    "version": int | None,
}
AGENT = frozenset({*_KINDS, "instructions", "model", "sub_agents", "tools"})

_KEYWORDS = """
    $anchor $comment $defs $id $ref $schema additionalProperties allOf anyOf const contains
    default definitions dependentRequired deprecated description else enum examples
    exclusiveMaximum exclusiveMinimum format if items maxItems maxLength maxProperties maximum
    minItems minLength minProperties minimum multipleOf not oneOf pattern patternProperties
    prefixItems properties propertyNames readOnly required then title type uniqueItems
    writeOnly
"""
_SCHEMA = frozenset(_KEYWORDS.split())

_LARGEST = 16 * 1024 * 1024
"""How much a file may describe, in bytes, with all that its aliases stand for."""

_DEEPEST = 60
"""How deep it may be nested."""


def refuse_unknown(given: Mapping[Any, Any], known: Collection[str], place: str) -> None:
    """Refuse keys that mean nothing: what they were to say would not hold.

    Raises:
        ConfigurationError: there is one; the message says where, and what may have been meant.
    """
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0.6)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
            raise ConfigurationError(f"{place}: unknown key {key!r}: {meant}")


def check_agent(agent: Mapping[str, Any], place: str) -> None:
    """Hold what is said of an agent against what can be said of one.

    Raises:
        ConfigurationError: it says something else; the message says where.
    """
    refuse_unknown(agent, AGENT, place)
    for name, kind in _KINDS.items():
        if name in agent:
            _check(agent[name], kind, f"{place}.{name}")
    if isinstance(model := agent.get("model"), Mapping):
        refuse_unknown(model, _MODEL, f"{place}.model")
        for name in model:
            _check(model[name], str, f"{place}.model.{name}")
    if isinstance(instructions := agent.get("instructions"), Mapping):
        refuse_unknown(instructions, _INSTRUCTIONS, f"{place}.instructions")
        _check(dict(instructions), AgentInstructions, f"{place}.instructions")


def check_tool(tool: Mapping[str, Any], place: str) -> None:
    """Hold a tool, as clients get it, against what can be said of one.

    Raises:
        ConfigurationError: it says something else; the message says where.
    """
    _check(dict(tool), AgentTool, place)
    _check_schema(tool.get("parameters"), f"{place}.parameters")


def check_size(content: Any, source: str) -> None:
    """Refuse what is small in a file and large once its aliases are followed, or without an end.

    Raises:
        ConfigurationError: it is too large, or nested too deeply.
    """
    size, level = 0, [content]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            size += 8 + (len(value) if isinstance(value, str | bytes) else 0)
            if isinstance(value, Mapping):
                below.extend(value.values())
                size += sum(len(key) for key in value if isinstance(key, str))
            elif isinstance(value, list | tuple):
                below.extend(value)
            if size + 8 * len(below) > _LARGEST:
                raise ConfigurationError(
                    f"{source}: it describes more than {_LARGEST >> 20} MB, with what its aliases "
                    "stand for"
                )
        if not below:
            return
        level = below
    raise ConfigurationError(f"{source}: it is nested too deeply, or contains itself")


def plain(value: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the value as it is kept and sent.

    Raises:
        ConfigurationError: something in it is no JSON.
    """
    try:
        made: dict[str, Any] = orjson.loads(orjson.dumps(value))
    except TypeError as error:
        raise ConfigurationError(f"{place}: this can't be kept as JSON: {error}") from None
    return made


def _check(value: Any, kind: Any, place: str) -> None:
    try:
        check_model(value, kind, place)
    except HttpError as refusal:
        raise ConfigurationError(f"{refusal.path}: {refusal.detail}") from None


def _check_schema(schema: Any, place: str) -> None:
    """Refuse what is nearly a keyword of JSON Schema; others may be anybody's own."""
    if not isinstance(schema, Mapping):
        return
    for key in schema:
        if key not in _SCHEMA and difflib.get_close_matches(str(key), _SCHEMA, 1, 0.8):
            refuse_unknown({key: None}, _SCHEMA, place)
    for name in ("properties", "$defs", "definitions", "patternProperties"):
        if isinstance(schema.get(name), Mapping):
            for each, inner in schema[name].items():
                _check_schema(inner, f"{place}.{name}.{each}")
    for name in ("items", "additionalProperties", "not"):
        _check_schema(schema.get(name), f"{place}.{name}")
    for name in ("allOf", "anyOf", "oneOf"):
        for index, inner in enumerate(schema.get(name) or ()):
            _check_schema(inner, f"{place}.{name}[{index}]")
