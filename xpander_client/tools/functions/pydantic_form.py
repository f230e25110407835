"""The forms of types that only pydantic knows: its own ones, and what is left where it is there."""

from __future__ import annotations

import json
import sys
from typing import Any

from xpander_client.core.tool_schema import Schema, rewrite_schema
from xpander_client.tools.functions.form import ANYTHING, Definitions, Form, MisfitError

_RULES = ("pydantic", "pydantic_core", "annotated_types")
_NOISE = ("title", "discriminator")


def is_own(kind: type[Any]) -> bool:
    """Tell whether a class says itself how pydantic is to take it, as its models do."""
    return hasattr(kind, "__get_pydantic_core_schema__") or hasattr(kind, "__pydantic_validator__")


def is_rule(metadata: Any) -> bool:
    """Tell whether metadata of `Annotated` says what values may be, not only what they are for."""
    if (field := read_field(metadata)) is not None:
        return bool(field.metadata)
    owner = metadata if isinstance(metadata, type) else type(metadata)
    return owner.__module__.partition(".")[0] in _RULES or is_own(owner)


def read_field(value: Any) -> Any:
    """Return the value, if it is what pydantic's `Field` gives, and else None."""
    fields = sys.modules.get("pydantic.fields")  # without it there can be none
    return value if fields is not None and isinstance(value, fields.FieldInfo) else None


def read_form(annotation: Any, definitions: Definitions) -> Form | None:
    """Return the form that pydantic has for a type; None if it has none, or is not there."""
    try:
        from pydantic import PydanticUserError, TypeAdapter, ValidationError
        from pydantic.errors import PydanticInvalidForJsonSchema
        from pydantic.json_schema import GenerateJsonSchema
    except ImportError:
        return None

    class Quiet(GenerateJsonSchema):
        def emit_warning(self, kind: Any, detail: str) -> None:
            """Say nothing: what can't be told is left out."""

    try:
        adapter = TypeAdapter(annotation)
    except Exception:  # types say themselves how they are taken, and may have a fault there
        return None
    try:
        schema = adapter.json_schema(schema_generator=Quiet)
    except PydanticInvalidForJsonSchema:
        schema = {}
    except PydanticUserError:  # it names what is not there
        return None

    def read(value: Any, is_lenient: bool) -> Any:
        try:
            return adapter.validate_json(json.dumps(value), strict=None if is_lenient else True)
        except ValidationError as error:
            raise _misfit(error) from None

    return Form(_inline(schema, definitions), read)


def _misfit(error: Any) -> MisfitError:
    found = error.errors(include_url=False, include_context=False)
    told = [MisfitError(one["msg"], "".join(map(_step, one["loc"]))) for one in found]
    return told[0] if len(told) == 1 else MisfitError("; ".join(map(str, told)))


def _step(step: int | str) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"


def _inline(schema: Schema, definitions: Definitions) -> Schema:
    """Return the schema without titles, its definitions written where they are referred to.

    Those that contain themselves go into `definitions`.
    """
    local = schema.pop("$defs", {})
    scope = json.dumps(local, sort_keys=True)

    def change(part: Schema) -> Schema:
        part = {name: inner for name, inner in part.items() if name not in _NOISE}
        name = part.pop("$ref", "").rpartition("/")[2]
        if not name:
            return part
        defined = definitions.define((scope, name), name, lambda: whole(name))
        return {**defined.schema, **part}

    def whole(name: str) -> Form:
        return Form(rewrite_schema(local[name], change), ANYTHING.read)

    return rewrite_schema(schema, change)
