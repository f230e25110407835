"""Tools in the forms of the providers."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.legacy.providers.accepted import ACCEPTED
from tests.legacy.providers.goldens import tools
from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import LLMProvider, Tool, tools_for

CHAT = [
    LLMProvider.OPEN_AI,
    LLMProvider.GEMINI_OPEN_AI,
    LLMProvider.NVIDIA_NIM,
    LLMProvider.FRIENDLI_AI,
    LLMProvider.LANG_CHAIN,
    LLMProvider.OLLAMA,
]
GEMINIS = [LLMProvider.GEMINI, LLMProvider.GEMINI_OPEN_AI]


ANYTHING = {
    "anyOf": [
        {"type": "STRING"},
        {"type": "NUMBER"},
        {"type": "BOOLEAN"},
        {"type": "OBJECT"},
        {"type": "ARRAY", "items": {"type": "STRING"}},
    ]
}


def schema_of(made: dict[str, Any]) -> Any:
    match made:
        case {"function": {"parameters": schema}} | {"input_schema": schema}:
            return schema
        case {"toolSpec": {"inputSchema": {"json": schema}}} | {"parameters": schema}:
            return schema
        case {"function_declarations": [{"parameters": schema}]}:
            return schema
    return None


def parameters(schema: dict[str, Any], provider: LLMProvider) -> Any:
    return schema_of(tools_for([Tool("t", "a tool", schema)], provider)[0])


@pytest.mark.parametrize("provider", LLMProvider)
def test_no_form_changes_or_shares_what_was_given(provider: LLMProvider) -> None:
    given = tools()
    before = copy.deepcopy(given)
    made = tools_for(given, provider)
    assert given == before
    text = repr(tools_for(given, provider))
    _spoil(made)
    assert given == before
    assert repr(tools_for(given, provider)) == text


def test_what_is_done_for_one_provider_does_not_show_in_anothers_form() -> None:
    given = tools()
    alone = tools_for(given, LLMProvider.NVIDIA_NIM)
    tools_for(given, LLMProvider.OPEN_AI)
    assert tools_for(given, LLMProvider.NVIDIA_NIM) == alone


@pytest.mark.parametrize("provider", [p for p in LLMProvider if p not in GEMINIS])
@pytest.mark.parametrize("schema", [None, {}, {"additionalProperties": False}])
def test_a_tool_without_parameters_has_a_schema_with_a_type(
    schema: dict[str, Any] | None, provider: LLMProvider
) -> None:
    made = schema_of(tools_for([Tool("now", "The time", schema)], provider)[0])
    assert made == {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize("provider", GEMINIS)
def test_gemini_gets_no_object_that_lists_nothing(provider: LLMProvider) -> None:
    assert schema_of(tools_for([Tool("now", "The time")], provider)[0]) is None
    groups = {name: {"type": "object", "properties": {}} for name in ("bodyParams", "queryParams")}
    path = {"type": "object", "properties": {"city": {"type": "string"}}}
    schema = {
        "type": "object",
        "properties": {**groups, "pathParams": path},
        "required": ["bodyParams", "queryParams", "pathParams"],
    }
    made = parameters(schema, provider)
    assert list(made["properties"]) == made["required"] == ["pathParams"]


def test_gemini_keeps_a_parameter_that_is_only_named_like_a_group() -> None:
    schema = {"type": "object", "properties": {"headers": {"type": "string"}}}
    made = parameters(schema, LLMProvider.GEMINI_OPEN_AI)
    assert made["properties"] == {"headers": {"type": "string"}}


@pytest.mark.parametrize("provider", LLMProvider)
def test_descriptions_end_after_1024_characters(provider: LLMProvider) -> None:
    made = repr(tools_for([Tool("t", "ä" * 1025)], provider))
    assert "ä" * 1024 in made
    assert "ä" * 1025 not in made


@pytest.mark.parametrize(
    ("provider", "closes"),
    [
        (LLMProvider.OPEN_AI, True),
        (LLMProvider.FRIENDLI_AI, True),
        (LLMProvider.REAL_TIME_OPEN_AI, True),
        (LLMProvider.NVIDIA_NIM, False),
        (LLMProvider.OLLAMA, False),
        (LLMProvider.AMAZON_BEDROCK, False),
        (LLMProvider.LANG_CHAIN, False),
        (LLMProvider.ANTHROPIC, False),
    ],
)
def test_objects_are_closed_everywhere_where_the_provider_wants_it(
    provider: LLMProvider, closes: bool
) -> None:
    leaf = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = {
        "type": "object",
        "properties": {
            "inside": leaf,
            "items": {"type": "array", "items": leaf},
            "any": {"anyOf": [leaf, {"type": "string"}]},
            "one": {"oneOf": [leaf]},
            "all": {"allOf": [leaf]},
            "additionalProperties": {"type": "string"},
        },
    }
    made = parameters(schema, provider)
    assert made["additionalProperties"] is False
    inner = made["properties"]
    leaves = [
        inner["inside"],
        inner["items"]["items"],
        inner["any"]["anyOf"][0],
        inner["one"]["oneOf"][0],
        inner["all"]["allOf"][0],
    ]
    assert [one.get("additionalProperties", True) for one in leaves] == [not closes] * 5
    assert inner["additionalProperties"] == {"type": "string"}


def test_an_object_that_takes_any_keys_stays_open() -> None:
    map_of = {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}
    schema = {"type": "object", "properties": {"labels": map_of, "any": {"type": "object"}}}
    made = parameters(schema, LLMProvider.OPEN_AI)["properties"]
    assert made["labels"] == map_of
    assert made["any"] == {"type": "object"}


@pytest.mark.parametrize("provider", [p for p in LLMProvider if p is not LLMProvider.GEMINI])
def test_a_sub_agent_has_to_be_given_its_task(provider: LLMProvider) -> None:
    body = {"type": "object", "properties": {"input_task": {"type": "string"}}}
    made = parameters({"type": "object", "properties": {"bodyParams": body}}, provider)
    assert made["properties"]["bodyParams"]["required"] == ["input_task"]
    assert "required" not in body


@pytest.mark.parametrize("provider", CHAT)
def test_the_chat_family_has_functions(provider: LLMProvider) -> None:
    assert {tuple(tool) for tool in tools_for(tools(), provider)} == {("type", "function")}


def test_realtime_has_its_tools_flat() -> None:
    for tool in tools_for(tools(), LLMProvider.REAL_TIME_OPEN_AI):
        assert set(tool) == {"type", "name", "description", "parameters"}


def test_bedrock_has_no_key_that_its_client_refuses() -> None:
    for tool in tools_for(tools(), LLMProvider.AMAZON_BEDROCK):
        assert set(tool) == {"toolSpec"}
        assert set(tool["toolSpec"]) == {"name", "description", "inputSchema"}


def test_ollama_says_in_words_what_its_package_leaves_out() -> None:
    city = {"type": "string"}
    path = {"type": "object", "properties": {"city": city}, "description": "The path."}
    made = parameters({"type": "object", "properties": {"pathParams": path}}, LLMProvider.OLLAMA)
    assert made["properties"]["pathParams"]["description"] == (
        'The path. A JSON object with {"properties":{"city":{"type":"string"}}}'
    )


@pytest.mark.parametrize("provider", LLMProvider)
def test_parameters_are_one_object_at_the_top(provider: LLMProvider) -> None:
    one = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    for schema, required in (
        ({"$ref": "#/$defs/One"}, ["a"]),
        ({"allOf": [{"$ref": "#/$defs/One"}], "required": ["b"]}, ["b", "a"]),
        ({"anyOf": [{"$ref": "#/$defs/One"}, {"required": ["b"]}]}, None),
    ):
        other = {"properties": {"b": {"type": "string"}}} if "$ref" not in schema else {}
        made = parameters(schema | other | {"$defs": {"One": one}}, provider)
        assert made["type"].lower() == "object"
        assert set(made["properties"]) == {"a", *other.get("properties", {})}
        assert made.get("required") == required
        assert not {"$ref", "anyOf", "allOf"}.intersection(made)


@pytest.mark.parametrize("provider", LLMProvider)
def test_patterns_that_look_around_are_left_to_the_function(provider: LLMProvider) -> None:
    properties = {
        "a": {"type": "string", "pattern": r"^(?!^[-+.]*$)[+-]?0*\d*$"},
        "b": {"type": "string", "pattern": r"^(?:a|b)$"},
    }
    made = parameters({"type": "object", "properties": properties}, provider)["properties"]
    assert "pattern" not in made["a"]
    assert made["b"]["pattern"] == r"^(?:a|b)$"


def test_ollama_gets_what_is_optional_flat_and_alternatives_in_words() -> None:
    null = {"type": "null"}
    properties = {
        "a": {"anyOf": [{"type": "string"}, null], "description": "The a."},
        "b": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    }
    made = parameters({"type": "object", "properties": properties}, LLMProvider.OLLAMA)
    assert made["properties"]["a"] == {"type": "string", "description": "The a."}
    assert made["properties"]["b"]["description"] == (
        'A JSON value with {"anyOf":[{"type":"string"},{"type":"integer"}]}'
    )


@pytest.mark.parametrize("provider", LLMProvider)
def test_parameters_that_are_no_object_are_refused(provider: LLMProvider) -> None:
    with pytest.raises(
        ArgumentError, match="tool 'list': its parameters must be an object, not 'array'"
    ):
        tools_for([Tool("list", "", {"type": "array"})], provider)


@pytest.mark.parametrize("provider", LLMProvider)
def test_no_tools_are_no_tools(provider: LLMProvider) -> None:
    assert tools_for([], provider) == []


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"type": "integer", "format": "int64", "enum": [1, 2]},
            {"type": "INTEGER", "format": "int64", "description": "(one of 1, 2)"},
        ),
        ({"enum": [1, 2]}, {"type": "INTEGER", "description": "(one of 1, 2)"}),
        (
            {"enum": ["", "a"], "description": "d"},
            {"type": "STRING", "description": 'd (one of "", "a")'},
        ),
        ({"enum": ["a", None]}, {"type": "STRING", "enum": ["a"], "nullable": True}),
        (
            {"enum": ["a", 1], "description": "d"},
            {
                "anyOf": [
                    {"type": "STRING", "description": "d", "enum": ["a"]},
                    {"type": "INTEGER", "description": "d (one of 1)"},
                ]
            },
        ),
        (
            {"type": "string", "format": "date", "description": "The day."},
            {"type": "STRING", "description": "The day. (format: date)"},
        ),
        (
            {"type": "string", "format": "email"},
            {"type": "STRING", "description": "(format: email)"},
        ),
        ({"type": "null"}, {"type": "NULL"}),
        ({"type": "object", "properties": {}}, {"type": "OBJECT"}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"},
            {"type": "STRING", "description": "d", "nullable": True},
        ),
        (
            {"type": ["string", "integer", "null"]},
            {
                "anyOf": [
                    {"type": "STRING", "nullable": True},
                    {"type": "INTEGER", "nullable": True},
                ]
            },
        ),
        (
            {"anyOf": [{"$ref": "#/$defs/Unit"}, {"type": "integer"}], "description": "d"},
            {
                "anyOf": [
                    {"type": "STRING", "enum": ["C"], "description": "d"},
                    {"type": "INTEGER", "description": "d"},
                ]
            },
        ),
        ({"type": "array"}, {"type": "ARRAY", "items": ANYTHING}),
        ({"$ref": "#/$defs/Unit"}, {"type": "STRING", "enum": ["C"]}),
        (
            {"allOf": [{"$ref": "#/$defs/Named"}], "properties": {"b": {"type": "string"}}},
            {
                "type": "OBJECT",
                "properties": {"name": {"type": "STRING"}, "b": {"type": "STRING"}},
                "required": ["name"],
            },
        ),
        ({"oneOf": [{"type": "string"}]}, {"type": "STRING"}),
        ({"$ref": "#/nowhere"}, ANYTHING),
        ({}, ANYTHING),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"type": "OBJECT"}),
    ],
)
def test_gemini_gets_its_part_of_json_schema(
    schema: dict[str, Any], expected: dict[str, Any]
) -> None:
    named = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    whole = {
        "type": "object",
        "properties": {"p": schema},
        "$defs": {"Unit": {"type": "string", "enum": ["C"]}, "Named": named},
    }
    assert parameters(whole, LLMProvider.GEMINI)["properties"]["p"] == expected
    lower = _with_types(expected, str.lower)
    assert parameters(whole, LLMProvider.GEMINI_OPEN_AI)["properties"]["p"] == lower


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("form", ["$ref", "anyOf", "allOf"])
def test_schemas_that_refer_to_themselves_end_for_gemini(count: int, form: str) -> None:
    names = [f"N{number}" for number in range(count)]
    every = [{"$ref": f"#/$defs/{name}"} for name in names]
    inside = {
        "$ref": every[0],
        "anyOf": {"anyOf": every},
        "allOf": {"type": "array", "items": {"allOf": every[:1]}},
    }[form]
    node = {"type": "object", "properties": {"left": inside, "right": inside}}
    whole = {"properties": {"p": every[0]}, "$defs": dict.fromkeys(names, node)}
    for provider in GEMINIS:
        made = tools_for([Tool("t", "", whole)], provider)
        assert 2 <= repr(made).count("left") < 500
        assert "$" not in repr(made)
    made = tools_for([Tool("t", "", whole)], LLMProvider.GEMINI)
    ACCEPTED[LLMProvider.GEMINI](made, [{"role": "user", "parts": [{"text": "a"}]}], {"parts": []})


@pytest.mark.parametrize("provider", LLMProvider)
def test_every_array_says_what_is_in_it(provider: LLMProvider) -> None:
    pair = {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}
    schema = {"properties": {"a": {"type": "array"}, "b": {"anyOf": [{"type": "null"}, pair]}}}
    made = parameters(schema, provider)["properties"]
    assert "items" in made["a"]
    assert [each["type"].lower() for each in _items(made["b"])["anyOf"]] == ["integer", "string"]


def _items(part: dict[str, Any]) -> Any:
    return next(each["items"] for each in part.get("anyOf", [part]) if "items" in each)


def _with_types(value: Any, spelled: Any) -> Any:
    if isinstance(value, list):
        return [_with_types(each, spelled) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: spelled(each) if name == "type" else _with_types(each, spelled)
        for name, each in value.items()
    }


def _spoil(value: Any) -> None:
    for inner in list(value.values() if isinstance(value, dict) else value):
        if isinstance(inner, dict | list):
            _spoil(inner)
    value.clear()
