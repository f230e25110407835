"""Data as plain values in the way of pydantic's `model_dump`."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Set
from typing import Any

import attrs

from xpander_client.core.conversion_errors import TOO_DEEP
from xpander_client.core.fields import EXTRA, wire_name
from xpander_client.core.plain_values import Selection
from xpander_client.core.result import plain
from xpander_client.errors import ArgumentError

_WHOLE = (True, ...)
"""What a mapping says of a field that is meant with all that is in it."""


@attrs.frozen
class Dump:
    """How to write models, and what to leave out."""

    as_json: bool
    without_defaults: bool
    without_none: bool
    without_computed: bool

    def write_model(
        self, model: Any, include: Selection | None, exclude: Selection | None
    ) -> dict[str, Any]:
        """Return a model's fields by their names.

        Raises:
            ArgumentError: values are nested too deeply.
        """
        try:
            return self._write_model(model, include, exclude)
        except RecursionError:
            raise ArgumentError(TOO_DEEP) from None

    def _write_model(self, model: Any, include: Any, exclude: Any) -> dict[str, Any]:
        fields = (
            (name, value)
            for name, value in self._list_fields(model)
            if value is not None or not self.without_none
        )
        return dict(self._write_pairs(fields, include, exclude))

    def _list_fields(self, model: Any) -> Iterator[tuple[str, Any]]:
        for field in attrs.fields(type(model)):
            value = getattr(model, field.name)
            if field.name == EXTRA:
                yield from value.items()
            elif not (self.without_defaults and value == _make_default(field)):
                yield wire_name(field), value
        if not self.without_computed:
            for name in sorted(getattr(model, "__computed__", ())):
                yield name, getattr(model, name)

    def _write_pairs(
        self, pairs: Iterator[tuple[Any, Any]], include: Any, exclude: Any
    ) -> Iterator[tuple[Any, Any]]:
        for key, value in pairs:
            inside, outside = _find_in(include, key), _find_in(exclude, key)
            if (include is None or inside) and outside not in _WHOLE:
                within = None if include is None or inside in _WHOLE else inside
                yield key, self._write(value, within, outside or None)

    def _write(self, value: Any, include: Any, exclude: Any) -> Any:
        if attrs.has(type(value)):
            return self._write_model(value, include, exclude)
        if isinstance(value, Mapping):
            written = self._write_pairs(iter(value.items()), include, exclude)
            return {str(plain(key)) if self.as_json else key: item for key, item in written}
        if isinstance(value, list | tuple):
            length = len(value)
            include, exclude = (
                _count_from_start(include, length),
                _count_from_start(exclude, length),
            )
            written = self._write_pairs(iter(enumerate(value)), include, exclude)
            items = [item for _, item in written]
            return items if self.as_json or isinstance(value, list) else tuple(items)
        if not self.as_json:
            return value
        if isinstance(value, datetime.datetime):
            text = value.isoformat()
            return f"{text.removesuffix('+00:00')}Z" if text.endswith("+00:00") else text
        return plain(value)


def _make_default(field: attrs.Attribute[Any]) -> Any:
    default: Any = field.default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]


def _find_in(selection: Any, key: Any) -> Any:
    """Return what a selection says of a field or an item: nothing, True, or a selection inside."""
    if isinstance(selection, Mapping):
        return selection.get(key, selection.get("__all__"))
    return selection is not None and (key in selection or "__all__" in selection)


def _count_from_start(selection: Any, length: int) -> Any:
    """Return the selection of a list's items without negative numbers."""

    def count(index: Any) -> Any:
        return index + length if isinstance(index, int) and index < 0 else index

    if isinstance(selection, Mapping):
        return {count(index): inside for index, inside in selection.items()}
    return {count(index) for index in selection} if isinstance(selection, Set) else selection
