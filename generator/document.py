"""The specification as it was read, and the names of the places in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from generator.values import is_object

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@attrs.frozen
class Place:
    """Somewhere in the specification, as in ``openapi.yaml: paths./tasks.get``."""

    file: str
    steps: tuple[str, ...] = ()

    def __truediv__(self, step: str | int) -> Place:
        return Place(self.file, (*self.steps, str(step)))

    def __str__(self) -> str:
        return f"{self.file}: {'.'.join(self.steps)}" if self.steps else self.file


class SpecError(Exception):
    """The specification can't be printed faithfully. One line for each problem and its place."""

    def __init__(self, problems: list[tuple[Place, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{place}: {text}" for place, text in problems))


@attrs.frozen
class Operation:
    """An operation with the parameters of its path."""

    place: Place
    path: str
    method: str
    raw: Mapping[str, Any]
    parameters: list[tuple[Place, dict[str, Any]]]


@attrs.frozen
class Document:
    """A specification: its content, and where it was read from."""

    raw: dict[str, Any]
    root: Place

    def resolve(self, reference: str, place: Place) -> tuple[Place, Any]:
        """Return what a `$ref` within this document refers to, and where that stands."""
        if not reference.startswith("#/"):
            raise SpecError([(place, f"the reference {reference} leaves the document")])
        found: Any = self.raw
        at = self.root
        for part in reference[2:].split("/"):
            step = part.replace("~1", "/").replace("~0", "~")
            if not is_object(found) or step not in found:
                raise SpecError([(place, f"the reference {reference} leads nowhere")])
            found = found[step]
            at = at / step
        return at, found

    def dereference(self, value: Any, place: Place) -> tuple[Place, Any]:
        """Return the value, or what it refers to when it is a reference and nothing else."""
        seen: set[str] = set()
        while is_object(value) and "$ref" in value:
            if value["$ref"] in seen:
                raise SpecError([(place, f"the reference {value['$ref']} refers to itself")])
            seen.add(value["$ref"])
            place, value = self.resolve(value["$ref"], place)
        return place, value

    def walk_schemas(self) -> Iterator[tuple[Place, str, dict[str, Any]]]:
        """Return the named schemas."""
        place = self.root / "components" / "schemas"
        schemas: dict[str, Any] = self.raw.get("components", {}).get("schemas") or {}
        for name, schema in schemas.items():
            yield place / name, name, schema

    def walk_operations(self) -> Iterator[Operation]:
        """Return the operations, each with the parameters of its path and its own."""
        for path, item in self.raw.get("paths", {}).items():
            at = self.root / "paths" / path
            shared = self._resolve_parameters(item, at)
            for method in METHODS:
                if method not in item:
                    continue
                place = at / method
                own = self._resolve_parameters(item[method], place)
                names = {(found["name"], found["in"]) for _, found in own}
                inherited = [
                    (where, found)
                    for where, found in shared
                    if (found["name"], found["in"]) not in names
                ]
                yield Operation(place, path, method, item[method], inherited + own)

    def _resolve_parameters(
        self, holder: Mapping[str, Any], place: Place
    ) -> list[tuple[Place, dict[str, Any]]]:
        return [
            self.dereference(parameter, place / "parameters" / index)
            for index, parameter in enumerate(holder.get("parameters", []))
        ]


def load(spec: Path) -> Document:
    """Read a specification.

    Raises:
        SpecError: it is no YAML (or JSON) object; a key that stands twice counts as such.
    """
    root = Place(spec.name)
    try:
        reader: Any = YAML(typ="safe", pure=True)  # its annotations are not complete
        raw = reader.load(spec.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise SpecError([(root, f"can't be read: {error}")]) from None
    if not is_object(raw) or "openapi" not in raw:
        raise SpecError([(root, "is no OpenAPI document")])
    return Document(raw, root)
