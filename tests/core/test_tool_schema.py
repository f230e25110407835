"""Schemas of what tools take."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from xpander_client.core.tool_schema import resolve_reference, rewrite_schema, simplify_schema


def test_what_providers_refuse_is_mended_at_every_depth_and_nothing_is_shared() -> None:
    leaf = {"type": ["array", "null"], "description": "d"}
    schema: dict[str, Any] = {
        "properties": {"a": {"anyOf": [leaf]}, "b": {"additionalProperties": {"items": leaf}}},
        "$defs": {"C": {"type": "string", "pattern": "(?<!a)b", "enum": ["b"]}},
    }
    before = copy.deepcopy(schema)
    made = simplify_schema(schema)
    mended: dict[str, Any] = leaf | {"items": {}}
    assert made == {
        "properties": {
            "a": {"anyOf": [mended]},
            "b": {"additionalProperties": {"items": mended}},
        },
        "$defs": {"C": {"type": "string", "enum": ["b"]}},
    }
    made["$defs"]["C"]["enum"].clear()
    assert schema == before


@pytest.mark.parametrize("name", ["type", "pattern", "items", "$ref", "properties", "anyOf"])
def test_a_property_may_be_called_like_a_keyword(name: str) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
    assert simplify_schema(schema) == schema


@pytest.mark.parametrize("odd", [True, None, [], "text"])
def test_what_is_no_schema_is_left_as_it_is(odd: Any) -> None:
    schema = {"properties": {"a": odd}, "items": odd}
    assert simplify_schema(schema) == schema
    assert rewrite_schema({"anyOf": [odd]}, lambda part: part) == {"anyOf": [odd]}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#/$defs/a~1b", {"type": "string"}),
        ("#/$defs/c", {}),
        ("other.json#/a", {}),
        ("#/$defs/a~1b/type", {}),
    ],
)
def test_a_reference_leads_into_the_schema_or_nowhere(
    reference: str, found: dict[str, Any]
) -> None:
    assert resolve_reference(reference, {"$defs": {"a/b": {"type": "string"}}}) == found
