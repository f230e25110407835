"""Calls that return whole responses: what `with_raw_response` of a resource gives."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

import attrs

from xpander_client.configuration import Configuration
from xpander_client.core.answer import Response
from xpander_client.core.requests import RequestSpec
from xpander_client.transport.transport import Transport

P = ParamSpec("P")
T = TypeVar("T")


class RawCalls:
    """The base of `TasksWithRawResponse` and its siblings.

    Its methods are those of the resource: they return the `parsed` of what their transport
    answers, and this one's transport answers with the whole response there.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = _RawTransport(transport)


def raw(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[RawCalls, P], Response[T]]:
    """Return a resource's method itself, typed as what it is in `RawCalls`."""
    return cast(Callable[Concatenate[RawCalls, P], Response[T]], method)


def araw(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[RawCalls, P], Coroutine[Any, Any, Response[T]]]:
    """Return a resource's async method itself, typed as what it is in `RawCalls`."""
    return cast(Callable[Concatenate[RawCalls, P], Coroutine[Any, Any, Response[T]]], method)


@attrs.frozen
class _Parsed(Generic[T]):
    parsed: Response[T]


@attrs.frozen
class _RawTransport:
    transport: Transport

    @property
    def configuration(self) -> Configuration:
        return self.transport.configuration

    def call(self, spec: RequestSpec, answer: type[T] | None) -> _Parsed[T]:
        return _Parsed(self.transport.call(spec, answer))

    async def acall(self, spec: RequestSpec, answer: type[T] | None) -> _Parsed[T]:
        return _Parsed(await self.transport.acall(spec, answer))
