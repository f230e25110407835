"""What the operations of `Widgets` send."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    Root,
    StreamSpec,
    add_filters as _add_filters,
    encode_path as _encode_path,
    header_fields as _header_fields,
    name_argument as _name_argument,
    query as _query,
)
from xpander_client.core.serialization import (
    body as _body,
    body_of_fields as _body_of_fields,
)
from xpander_client.errors import ArgumentError

from .. import models
from ..models.colour import Colour, ColourLiteral


def list(
    *,
    colour: builtins.list[Colour] | None = None,
    max_weight: int | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    where: dict[str, Any] | None = None,
) -> RequestSpec:
    """Return what `Widgets.list` sends."""
    try:
        return RequestSpec(
            operation="Widgets.list",
            method="GET",
            path="/widgets",
            template="/widgets",
            replay=Replay.ALWAYS,
            query=_query(
                _add_filters(
                    {"colour": colour, "maxWeight": max_weight, "limit": limit, "cursor": cursor},
                    where,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"maxWeight": "max_weight"}) from None


def create(
    *,
    name: str,
    colour: Colour | ColourLiteral | None = None,
    weight: float | None = None,
    note: str | None = None,
    part: models.Part | None = None,
    request_source: str | None = None,
) -> RequestSpec:
    """Return what `Widgets.create` sends."""
    colour = Colour.from_argument("colour", colour)
    try:
        return RequestSpec(
            operation="Widgets.create",
            method="POST",
            path="/widgets",
            template="/widgets",
            replay=Replay.KEYED,
            headers=_header_fields({"x-request-source": request_source}),
            body=_body(
                models.WidgetCreate(name=name, colour=colour, weight=weight, note=note, part=part)
            ),
        )
    except ArgumentError as error:
        raise _name_argument(
            error, {"x-request-source": "request_source", "WidgetCreate.": "", "$.": ""}
        ) from None


def get(*, widget_id: str) -> RequestSpec:
    """Return what `Widgets.get` sends."""
    return RequestSpec(
        operation="Widgets.get",
        method="GET",
        path=_encode_path("/widgets/{widget_id}", widget_id=widget_id),
        template="/widgets/{widget_id}",
        replay=Replay.ALWAYS,
    )


def scrap(*, widget_id: str) -> RequestSpec:
    """Return what `Widgets.scrap` sends."""
    return RequestSpec(
        operation="Widgets.scrap",
        method="DELETE",
        path=_encode_path("/widgets/{widget_id}", widget_id=widget_id),
        template="/widgets/{widget_id}",
        replay=Replay.ALWAYS,
    )


def update(
    *, widget_id: str, name: str | None = None, colour: Colour | ColourLiteral | None = None
) -> RequestSpec:
    """Return what `Widgets.update` sends."""
    colour = Colour.from_argument("colour", colour)
    try:
        return RequestSpec(
            operation="Widgets.update",
            method="PATCH",
            path=_encode_path("/widgets/{widget_id}", widget_id=widget_id),
            template="/widgets/{widget_id}",
            replay=Replay.ALWAYS,
            body=_body(models.WidgetUpdate(name=name, colour=colour)),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"WidgetUpdate.": "", "$.": ""}) from None


def update_fields(*, widget_id: str, fields: Mapping[str, Any]) -> RequestSpec:
    """Return what `Widgets.update` sends to change these fields, by their names on the wire."""
    try:
        data = _body_of_fields(models.WidgetUpdate, fields)
    except ArgumentError as error:
        raise _name_argument(error, {"$.": ""}) from None
    return RequestSpec(
        operation="Widgets.update",
        method="PATCH",
        path=_encode_path("/widgets/{widget_id}", widget_id=widget_id),
        template="/widgets/{widget_id}",
        replay=Replay.ALWAYS,
        body=data,
    )


def events(*, widget_id: str) -> StreamSpec:
    """Return what `Widgets.events` sends."""
    return StreamSpec(
        operation="Widgets.events",
        method="GET",
        path=_encode_path("/widgets/{widget_id}/events", widget_id=widget_id),
        template="/widgets/{widget_id}/events",
        root=Root.EVENTS,
        replay=Replay.ALWAYS,
        probe=get(widget_id=widget_id),
        resume=True,
    )
