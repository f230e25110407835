"""`Widgets`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, Generator
from typing import Any

from xpander_client.core.answer import Response
from xpander_client.core.pages import page_size as _page_size
from xpander_client.transport import Resource
from xpander_client.transport.raw import RawCalls, araw, raw

from .. import models
from ..models.colour import Colour, ColourLiteral
from ..requests import widgets as widgets_requests
from .widget import Widget


class Widgets(Resource):
    """Makes widgets."""

    @property
    def with_raw_response(self) -> WidgetsWithRawResponse:
        """The same calls, each returning a `Response`: status, headers and the object."""
        return WidgetsWithRawResponse(self._transport)

    def list(
        self,
        *,
        colour: builtins.list[Colour] | None = None,
        max_weight: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        where: dict[str, Any] | None = None,
    ) -> builtins.list[Widget]:
        """List the widgets.

        Args:
            colour: Only widgets of these colours.
            max_weight: How heavy they may be, in grams.
            limit: How many at most.
            cursor: Where to go on.
            where: The same parameters in one mapping, by their names on the wire.

        Returns:
            The widgets.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.list(
            colour=colour, max_weight=max_weight, limit=limit, cursor=cursor, where=where
        )
        return self._transport.call(spec, builtins.list[Widget]).parsed

    async def alist(
        self,
        *,
        colour: builtins.list[Colour] | None = None,
        max_weight: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        where: dict[str, Any] | None = None,
    ) -> builtins.list[Widget]:
        """List the widgets.

        Args:
            colour: Only widgets of these colours.
            max_weight: How heavy they may be, in grams.
            limit: How many at most.
            cursor: Where to go on.
            where: The same parameters in one mapping, by their names on the wire.

        Returns:
            The widgets.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.list(
            colour=colour, max_weight=max_weight, limit=limit, cursor=cursor, where=where
        )
        return (await self._transport.acall(spec, builtins.list[Widget])).parsed

    def iter(
        self,
        *,
        colour: builtins.list[Colour] | None = None,
        max_weight: int | None = None,
        where: dict[str, Any] | None = None,
        page_size: int = 3,
    ) -> Generator[Widget, None, None]:
        """Go through the widgets.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            colour: Only widgets of these colours.
            max_weight: How heavy they may be, in grams.
            where: The same parameters in one mapping, by their names on the wire.
            page_size: How many come with one request, from 1 to 9.

        Yields:
            Each Widget.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.list(
            colour=colour, max_weight=max_weight, limit=_page_size(page_size, 1, 9), where=where
        )
        return self._transport.pages(spec, builtins.list[Widget])

    def aiter(
        self,
        *,
        colour: builtins.list[Colour] | None = None,
        max_weight: int | None = None,
        where: dict[str, Any] | None = None,
        page_size: int = 3,
    ) -> AsyncGenerator[Widget, None]:
        """Go through the widgets.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            colour: Only widgets of these colours.
            max_weight: How heavy they may be, in grams.
            where: The same parameters in one mapping, by their names on the wire.
            page_size: How many come with one request, from 1 to 9.

        Yields:
            Each Widget.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.list(
            colour=colour, max_weight=max_weight, limit=_page_size(page_size, 1, 9), where=where
        )
        return self._transport.apages(spec, builtins.list[Widget])

    def create(
        self,
        *,
        name: str,
        colour: Colour | ColourLiteral | None = None,
        weight: float | None = None,
        note: str | None = None,
        part: models.Part | None = None,
        request_source: str | None = None,
    ) -> Widget:
        """Make a widget.

        Args:
            name: What it is called.
            colour: What a widget looks like.
            weight: In grams.
            note: A remark.
            part: Its main part.
            request_source: Who asks.

        Returns:
            The widget.

        Raises:
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> widgets = Widgets(configuration)
            >>> widget = widgets.create(name="Gear", colour=Colour.Red)
            >>> print(widget.name)
            Gear
        """
        spec = widgets_requests.create(
            name=name,
            colour=colour,
            weight=weight,
            note=note,
            part=part,
            request_source=request_source,
        )
        return self._transport.call(spec, Widget).parsed

    async def acreate(
        self,
        *,
        name: str,
        colour: Colour | ColourLiteral | None = None,
        weight: float | None = None,
        note: str | None = None,
        part: models.Part | None = None,
        request_source: str | None = None,
    ) -> Widget:
        """Make a widget.

        Args:
            name: What it is called.
            colour: What a widget looks like.
            weight: In grams.
            note: A remark.
            part: Its main part.
            request_source: Who asks.

        Returns:
            The widget.

        Raises:
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> widgets = Widgets(configuration)
            >>> widget = await widgets.acreate(name="Gear", colour=Colour.Red)
            >>> print(widget.name)
            Gear
        """
        spec = widgets_requests.create(
            name=name,
            colour=colour,
            weight=weight,
            note=note,
            part=part,
            request_source=request_source,
        )
        return (await self._transport.acall(spec, Widget)).parsed

    def get(self, widget_id: str) -> Widget:
        """Get a widget.

        Args:
            widget_id: The widget.

        Returns:
            The widget.

        Raises:
            NotFoundError: Nothing has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.get(widget_id=widget_id)
        return self._transport.call(spec, Widget).parsed

    async def aget(self, widget_id: str) -> Widget:
        """Get a widget.

        Args:
            widget_id: The widget.

        Returns:
            The widget.

        Raises:
            NotFoundError: Nothing has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.get(widget_id=widget_id)
        return (await self._transport.acall(spec, Widget)).parsed

    def scrap(self, widget_id: str) -> None:
        """Scrap a widget.

        Args:
            widget_id: The widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.scrap(widget_id=widget_id)
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def ascrap(self, widget_id: str) -> None:
        """Scrap a widget.

        Args:
            widget_id: The widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.scrap(widget_id=widget_id)
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed

    def update(
        self,
        widget_id: str,
        *,
        name: str | None = None,
        colour: Colour | ColourLiteral | None = None,
    ) -> Widget:
        """Change a widget.

        Args:
            widget_id: The widget.
            name: What it is called.
            colour: What it looks like.

        Returns:
            The widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.update(widget_id=widget_id, name=name, colour=colour)
        return self._transport.call(spec, Widget).parsed

    async def aupdate(
        self,
        widget_id: str,
        *,
        name: str | None = None,
        colour: Colour | ColourLiteral | None = None,
    ) -> Widget:
        """Change a widget.

        Args:
            widget_id: The widget.
            name: What it is called.
            colour: What it looks like.

        Returns:
            The widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        spec = widgets_requests.update(widget_id=widget_id, name=name, colour=colour)
        return (await self._transport.acall(spec, Widget)).parsed

    def events(self, widget_id: str) -> Generator[models.WidgetEvent, None, None]:
        """Follow a widget's events.

        Args:
            widget_id: The widget.

        Yields:
            Each WidgetEvent when it arrives.

        Raises:
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        from . import streams

        return self._transport.stream(
            widgets_requests.events(widget_id=widget_id),
            streams.widget_event(widget_id),
            streams.is_last_widget_event,
        )

    def aevents(self, widget_id: str) -> AsyncGenerator[models.WidgetEvent, None]:
        """Follow a widget's events.

        Args:
            widget_id: The widget.

        Yields:
            Each WidgetEvent when it arrives.

        Raises:
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        from . import streams

        return self._transport.astream(
            widgets_requests.events(widget_id=widget_id),
            streams.widget_event(widget_id),
            streams.is_last_widget_event,
        )


class WidgetsWithRawResponse(RawCalls):
    """The calls of `Widgets`, each returning a `Response`: status, headers and the object."""

    list = raw(Widgets.list)
    alist = araw(Widgets.alist)
    create = raw(Widgets.create)
    acreate = araw(Widgets.acreate)
    get = raw(Widgets.get)
    aget = araw(Widgets.aget)
    scrap = raw(Widgets.scrap)
    ascrap = araw(Widgets.ascrap)
    update = raw(Widgets.update)
    aupdate = araw(Widgets.aupdate)
