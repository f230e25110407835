"""`Widget`: data of the platform, with the calls that concern it."""

from __future__ import annotations

import datetime
from collections.abc import AsyncGenerator, Generator
from typing import Any, ClassVar, Self

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.stop_request import StopRequest
from xpander_client.transport import TrackedObject, Transport

from .. import models
from ..models.colour import Colour, ColourLiteral
from ..models.widget_state import WidgetState
from ..requests import widgets as widgets_requests


@attrs.define(kw_only=True, slots=True, eq=False, repr=False, init=False)
class Widget(StopRequest, TrackedObject):
    """A widget."""

    id: str
    """The widget's id."""
    name: str
    """What it is called."""
    created_at: datetime.datetime = attrs.field(metadata={"wire": "createdAt"})
    """When it was made."""
    colour: Colour | None = None
    """What it looks like."""
    state: WidgetState | None = WidgetState.Raw
    """How far it is."""
    labels: dict[str, str] | None = attrs.field(factory=dict[str, str])
    """What is written on it."""
    width: int | None = 0
    """In millimetres."""
    height: int | None = 0
    """In millimetres."""
    part: models.Part | None = None
    """Its main part."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""

    __computed__: ClassVar[frozenset[str]] = frozenset({"size"})

    def __init__(
        self,
        *,
        id: str,
        name: str,
        created_at: datetime.datetime,
        colour: Colour | None = None,
        state: WidgetState | None = WidgetState.Raw,
        labels: dict[str, str] | None = None,
        width: int | None = 0,
        height: int | None = 0,
        part: models.Part | None = None,
        additional_properties: dict[str, Any] | None = None,
        size: int | None = None,
    ) -> None:
        # Programs give what is worked out, too: it says nothing new.
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]  # attrs makes it
            id=id,
            name=name,
            created_at=created_at,
            colour=colour,
            state=state,
            labels={} if labels is None else labels,
            width=width,
            height=height,
            part=part,
            additional_properties={} if additional_properties is None else additional_properties,
        )

    @property
    def size(self) -> int:
        """Both together."""
        return (self.width or 0) + (self.height or 0)

    @classmethod
    def load(cls, widget_id: str, configuration: Configuration | None = None) -> Self:
        """Get a widget.

        Args:
            widget_id: The widget.
            configuration: Who calls, and which platform; read from the environment when None.

        Returns:
            The widget.

        Raises:
            NotFoundError: Nothing has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        transport = Transport.of(configuration)
        return transport.call(widgets_requests.get(widget_id=widget_id), cls).parsed

    @classmethod
    async def aload(cls, widget_id: str, configuration: Configuration | None = None) -> Self:
        """Get a widget.

        Args:
            widget_id: The widget.
            configuration: Who calls, and which platform; read from the environment when None.

        Returns:
            The widget.

        Raises:
            NotFoundError: Nothing has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        transport = Transport.of(configuration)
        return (await transport.acall(widgets_requests.get(widget_id=widget_id), cls)).parsed

    def reload(self) -> None:
        """Get a widget.

        Raises:
            NotFoundError: Nothing has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        self._adopt(
            self._transport.call(widgets_requests.get(widget_id=self.id), type(self)).parsed, None
        )

    async def areload(self) -> None:
        """Get a widget.

        Raises:
            NotFoundError: Nothing has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        self._adopt(
            (
                await self._transport.acall(widgets_requests.get(widget_id=self.id), type(self))
            ).parsed,
            None,
        )

    def save(self) -> None:
        """Change a widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        changes = self._changes()
        spec = widgets_requests.update_fields(widget_id=self.id, fields=self._add_fencing(changes))
        self._adopt(self._transport.call(spec, type(self)).parsed, changes)

    async def asave(self) -> None:
        """Change a widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        changes = self._changes()
        spec = widgets_requests.update_fields(widget_id=self.id, fields=self._add_fencing(changes))
        self._adopt((await self._transport.acall(spec, type(self))).parsed, changes)

    def rename(self, name: str, colour: Colour | ColourLiteral | None = None) -> None:
        """Give it another name.

        Args:
            name: What it is called.
            colour: What it looks like.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        fields: dict[str, Any] = {"name": name}
        if colour is not None:
            fields["colour"] = colour
        spec = widgets_requests.update_fields(widget_id=self.id, fields=self._add_fencing(fields))
        self._adopt(self._transport.call(spec, type(self)).parsed, fields)

    async def arename(self, name: str, colour: Colour | ColourLiteral | None = None) -> None:
        """Give it another name.

        Args:
            name: What it is called.
            colour: What it looks like.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        fields: dict[str, Any] = {"name": name}
        if colour is not None:
            fields["colour"] = colour
        spec = widgets_requests.update_fields(widget_id=self.id, fields=self._add_fencing(fields))
        self._adopt((await self._transport.acall(spec, type(self))).parsed, fields)

    def scrap(self) -> None:
        """Scrap a widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        self._transport.call(widgets_requests.scrap(widget_id=self.id), None)

    async def ascrap(self) -> None:
        """Scrap a widget.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        await self._transport.acall(widgets_requests.scrap(widget_id=self.id), None)

    def another(
        self,
        *,
        note: str | None = None,
        colour: Colour | ColourLiteral | None = None,
        weight: float | None = None,
        part: models.Part | None = None,
        request_source: str | None = None,
    ) -> Widget:
        """Make a widget.

        Args:
            note: A remark.
            colour: What a widget looks like.
            weight: In grams.
            part: Its main part.
            request_source: Who asks.

        Returns:
            The widget.

        Raises:
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> widget = self.another(colour=Colour.Red)
            >>> print(widget.name)
            Gear
        """
        return self._transport.call(
            widgets_requests.create(
                name=self.name,
                colour=colour,
                weight=weight,
                note=note,
                part=part,
                request_source=request_source,
            ),
            Widget,
        ).parsed

    async def aanother(
        self,
        *,
        note: str | None = None,
        colour: Colour | ColourLiteral | None = None,
        weight: float | None = None,
        part: models.Part | None = None,
        request_source: str | None = None,
    ) -> Widget:
        """Make a widget.

        Args:
            note: A remark.
            colour: What a widget looks like.
            weight: In grams.
            part: Its main part.
            request_source: Who asks.

        Returns:
            The widget.

        Raises:
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> widget = await self.aanother(colour=Colour.Red)
            >>> print(widget.name)
            Gear
        """
        return (
            await self._transport.acall(
                widgets_requests.create(
                    name=self.name,
                    colour=colour,
                    weight=weight,
                    note=note,
                    part=part,
                    request_source=request_source,
                ),
                Widget,
            )
        ).parsed

    def events(self) -> Generator[models.WidgetEvent, None, None]:
        """Follow a widget's events.

        Yields:
            Each WidgetEvent when it arrives.

        Raises:
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        from . import streams

        return self._transport.stream(
            widgets_requests.events(widget_id=self.id),
            streams.widget_event(self.id),
            streams.is_last_widget_event,
        )

    def aevents(self) -> AsyncGenerator[models.WidgetEvent, None]:
        """Follow a widget's events.

        Yields:
            Each WidgetEvent when it arrives.

        Raises:
            StreamError: The stream broke, and could not be resumed.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.
        """
        from . import streams

        return self._transport.astream(
            widgets_requests.events(widget_id=self.id),
            streams.widget_event(self.id),
            streams.is_last_widget_event,
        )
