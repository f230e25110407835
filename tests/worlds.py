"""The same test in both worlds: calls are made sync or async, the test reads the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, TypeVar

import attrs

from xpander_client.core.answer import Response
from xpander_client.core.requests import RequestSpec, StreamSpec
from xpander_client.core.sse import ServerSentEvent
from xpander_client.transport import Transport

T = TypeVar("T")


@attrs.frozen
class World:
    """How calls are made: `name` is "sync" or "async"."""

    name: str
    runner: asyncio.Runner

    def call(self, transport: Transport, spec: RequestSpec, answer: type[T]) -> Response[T]:
        if self.name == "sync":
            return transport.call(spec, answer)
        return self.runner.run(transport.acall(spec, answer))

    def stream(
        self,
        transport: Transport,
        spec: StreamSpec,
        decode: Callable[[ServerSentEvent], T],
        is_terminal: Callable[[T], bool],
    ) -> Iterator[T]:
        if self.name == "sync":
            yield from transport.stream(spec, decode, is_terminal)
            return
        yield from self._stepped(transport.astream(spec, decode, is_terminal))

    def run(self, obj: Any, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call `obj.method`, or `obj.amethod`."""
        if self.name == "sync":
            return getattr(obj, method)(*args, **kwargs)
        return self.runner.run(getattr(obj, f"a{method}")(*args, **kwargs))

    def each(self, obj: Any, method: str, /, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Go through what the generator `obj.method`, or `obj.amethod`, yields."""
        if self.name == "sync":
            yield from getattr(obj, method)(*args, **kwargs)
        else:
            yield from self._stepped(getattr(obj, f"a{method}")(*args, **kwargs))

    def _stepped(self, stream: AsyncGenerator[T, None]) -> Iterator[T]:
        try:
            while True:
                try:
                    yield self.runner.run(_step(stream))
                except StopAsyncIteration:
                    return
        finally:
            self.runner.run(stream.aclose())


async def _step(stream: AsyncGenerator[T, None]) -> T:
    return await anext(stream)
