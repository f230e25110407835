"""What openapi-python-client read of a type, as a Python annotation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import attrs
from openapi_python_client.parser.properties import (
    AnyProperty,
    EnumProperty,
    ModelProperty,
)
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.date import DateProperty
from openapi_python_client.parser.properties.datetime import DateTimeProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.string import StringProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.properties.uuid import UuidProperty

from generator.document import Place, SpecError

_AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class PythonType:
    """An annotation: a name, or `list`, `dict` or a union of others."""

    name: str
    members: tuple[PythonType, ...] = ()
    is_model: bool = False
    is_enum: bool = False
    is_literal: bool = False

    def code(self, names: Mapping[str, str] = _AS_THEY_ARE) -> str:
        """Return the annotation's text; `names` has those that are written in another way."""
        if self.name == "|":
            return " | ".join(member.code(names) for member in self.members)
        name = names.get(self.name, self.name)
        if self.name == "list":
            return f"{name}[{self.members[0].code(names)}]"
        if self.name == "dict":
            return f"{name}[str, {self.members[0].code(names)}]"
        return name

    def factory(self, names: Mapping[str, str] = _AS_THEY_ARE) -> str:
        """Return what makes an empty list or dictionary of the type, as code to run any time."""
        inner = self.members[0]
        # A class may not exist yet when its own fields are declared.
        code = f'"{inner.code(names)}"' if inner.classes else inner.code(names)
        return f"list[{code}]" if self.name == "list" else f"dict[str, {code}]"

    def optional(self) -> PythonType:
        """Return the same, or None."""
        if self in (ANY, NONE) or (self.name == "|" and NONE in self.members):
            return self
        members = self.members if self.name == "|" else (self,)
        return PythonType("|", (*members, NONE))

    def required(self) -> PythonType:
        """Return the same, but for None."""
        if self.name != "|":
            return self
        members = tuple(member for member in self.members if member != NONE)
        return members[0] if len(members) == 1 else PythonType("|", members)

    def parts(self) -> Iterator[PythonType]:
        """Yield this and all within it."""
        yield self
        for member in self.members:
            yield from member.parts()

    @property
    def classes(self) -> set[str]:
        """The generated classes that it names."""
        return {
            part.name for part in self.parts() if part.is_model or part.is_enum or part.is_literal
        }

    def with_literals(self) -> PythonType:
        """Return the same, or one of an enumeration's values as text, where not any will do."""
        members = self.members if self.name == "|" else (self,)
        if STR in members or not any(member.is_enum for member in members):
            return self
        texts = [make_literal(member.name) for member in members if member.is_enum]
        nothing = [member for member in members if member == NONE]
        return PythonType(
            "|", (*(member for member in members if member != NONE), *texts, *nothing)
        )

    @property
    def checked_enum(self) -> str | None:
        """The enumeration whose values a text has to be one of."""
        names = [member.name for member in self.members if member.is_enum]
        return names[0] if any(member.is_literal for member in self.members) else None

    def names(self, text: str) -> bool:
        """Tell whether the annotation contains a name, such as `Any`."""
        return any(part.name == text for part in self.parts())


def make_literal(enum: str) -> PythonType:
    """Return the type of an enumeration's values as texts."""
    return PythonType(f"{enum}Literal", is_literal=True)


ANY = PythonType("Any")
NONE = PythonType("None")
STR = PythonType("str")

_SIMPLE: tuple[tuple[type, PythonType], ...] = (
    (BooleanProperty, PythonType("bool")),
    (IntProperty, PythonType("int")),
    (FloatProperty, PythonType("float")),
    (DateTimeProperty, PythonType("datetime.datetime")),
    (DateProperty, PythonType("datetime.date")),
    (StringProperty, STR),
    (UuidProperty, STR),  # an id is an id, whatever it is made of
    (NoneProperty, NONE),
    (AnyProperty, ANY),
)


def find_type(
    found: PropertyProtocol | None, models: dict[str, ModelProperty], place: Place
) -> PythonType:
    """Return the annotation for a property.

    Raises:
        SpecError: there is none that the client could convert.
    """
    if found is None:
        return ANY
    for kind, simple in _SIMPLE:
        if isinstance(found, kind):
            return simple
    if isinstance(found, ListProperty):
        return PythonType("list", (find_type(found.inner_property, models, place),))
    if isinstance(found, UnionProperty):
        members = (find_type(inner, models, place) for inner in found.inner_properties)
        flat = [
            part for each in members for part in (each.members if each.name == "|" else (each,))
        ]
        if ANY in flat:
            return ANY
        ordered = list(dict.fromkeys(flat))
        if NONE in ordered:
            ordered.remove(NONE)
            ordered.append(NONE)
        return ordered[0] if len(ordered) == 1 else PythonType("|", tuple(ordered))
    if isinstance(found, EnumProperty):
        return PythonType(str(found.class_info.name), is_enum=True)
    if isinstance(found, ModelProperty):
        model = models[str(found.class_info.name)]
        if model.required_properties or model.optional_properties:
            return PythonType(str(found.class_info.name), is_model=True)
        return PythonType("dict", (find_type(model.additional_properties, models, place),))
    raise SpecError([(place, f"a {type(found).__name__} is not supported")])
