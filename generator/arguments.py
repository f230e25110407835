"""The Python keywords of an operation, and where each goes on the wire."""

from __future__ import annotations

from typing import Any

import attrs

from generator.document import Document, Operation, Place, SpecError
from generator.naming import name_attribute
from generator.values import is_object

MISSING: Any = object()


@attrs.frozen(kw_only=True)
class Argument:
    """A keyword. `where` is path, query, header or body; `steps` leads there on the wire."""

    name: str
    where: str
    steps: tuple[str, ...]
    place: Place
    schema: dict[str, Any]
    required: bool
    default: Any = MISSING
    configuration: str | None = None
    description: str = ""


def find_body_schema(
    operation: Operation, document: Document
) -> tuple[Place, dict[str, Any]] | None:
    """Return the schema of the operation's JSON body, and where it stands; None without a body."""
    if "requestBody" not in operation.raw:
        return None
    place, body = document.dereference(
        operation.raw["requestBody"], operation.place / "requestBody"
    )
    [(kind, media)] = body["content"].items()
    return place / "content" / kind / "schema", media["schema"]


def list_arguments(operation: Operation, document: Document) -> list[Argument]:
    """Return the keywords of an operation, in order.

    `x-arguments` says them all; without it there is one for each parameter and for each property
    of the body, called as on the wire, those that are required first.

    Raises:
        SpecError: a keyword goes nowhere, or a parameter or a property has no keyword.
    """
    targets = _find_targets(operation, document)
    given = operation.raw.get("x-arguments")
    if given is None:
        # A path's parameters come in the order in which the path names them.
        found = [
            _make_argument(name_attribute(target.steps[-1] if target.steps else "body"), {}, target)
            for target in targets.values()
            if not (target.where == "body" and len(target.steps) > 1)
            and not (target.where == "body" and not target.steps and _is_spread(targets))
        ]
        order = {"path": 0, "body": 1, "query": 2, "header": 3}
        return sorted(found, key=lambda each: (not each.required, order[each.where]))
    arguments: list[Argument] = []
    for name, value in given.items():
        spec = value if is_object(value) else {"in": value}
        place = operation.place / "x-arguments" / name
        where = str(spec.get("in", ""))
        if where not in targets:
            raise SpecError([(place, f"{where} is no place in the request")])
        arguments.append(_make_argument(name, spec, targets[where]))
    used = {(each.where, each.steps) for each in arguments}
    for target in targets.values():
        covered = any(
            target.where == where and target.steps[: len(steps)] == steps for where, steps in used
        )
        leads = any(
            target.where == where and steps[: len(target.steps)] == target.steps
            for where, steps in used
        )
        partial = target.where == "body" and operation.raw.get("x-partial")
        if not (covered or leads or partial):
            raise SpecError([(target.place, "no keyword of x-arguments goes here")])
    return arguments


@attrs.frozen
class _Target:
    where: str
    steps: tuple[str, ...]
    place: Place
    schema: dict[str, Any]
    required: bool
    description: str


def _find_targets(operation: Operation, document: Document) -> dict[str, _Target]:
    """Return where keywords can go, by `x-arguments`' name for it."""
    targets: dict[str, _Target] = {}
    for place, parameter in operation.parameters:
        if parameter.get("x-transport"):
            continue
        where, wire = parameter["in"], parameter["name"]
        targets[f"{where}.{wire}"] = _Target(
            where,
            (wire,),
            place,
            parameter.get("schema", {}),
            bool(parameter.get("required")),
            parameter.get("description", ""),
        )
    body = find_body_schema(operation, document)
    if body is not None:
        place, schema = body
        at, found = document.dereference(schema, place)
        described = schema.get("description", found.get("description", ""))
        targets["body"] = _Target("body", (), place, schema, True, described)
        if "$ref" in schema:
            for target in _list_properties(("body",), at, found, document):
                targets[".".join(("body", *target.steps))] = target
    return targets


def _list_properties(
    path: tuple[str, ...], place: Place, schema: dict[str, Any], document: Document
) -> list[_Target]:
    found: list[_Target] = []
    for wire, described in schema.get("properties", {}).items():
        required = wire in schema.get("required", [])
        at = place / "properties" / wire
        steps = (*path[1:], wire)
        _, target = document.dereference(described, at)
        description = described.get("description") or target.get("description", "")
        found.append(_Target("body", steps, at, described, required, description))
        if required and "$ref" in described:
            inner_at, inner = document.dereference(described, at)
            found += _list_properties((*path, wire), inner_at, inner, document)
    return found


def _is_spread(targets: dict[str, _Target]) -> bool:
    return any(target.where == "body" and target.steps for target in targets.values())


def _make_argument(name: str, spec: dict[str, Any], target: _Target) -> Argument:
    has_default = "default" in spec or "configuration" in spec
    return Argument(
        name=name,
        where=target.where,
        steps=target.steps,
        place=target.place,
        schema=target.schema,
        required=target.required and not has_default,
        default=spec.get("default", MISSING),
        configuration=spec.get("configuration"),
        description=spec.get("description", target.description),
    )
