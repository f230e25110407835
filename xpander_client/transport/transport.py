"""What the generated resources call: specs in, objects out, in both worlds."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

from xpander_client.configuration import (
    Configuration,
    RetryPolicy,
    check_configuration,
    check_seconds,
)
from xpander_client.core.answer import Response
from xpander_client.core.call import Call, CallOptions
from xpander_client.core.events import EventText, LoadedData
from xpander_client.core.pages import next_page
from xpander_client.core.requests import HEADER_NAME, RequestSpec, StreamSpec, header_text
from xpander_client.core.serialization import dumps
from xpander_client.core.sse import ServerSentEvent
from xpander_client.core.stream import (
    Created,
    Identified,
    accept_events,
    create_and_follow,
    follow,
    poll_pauses,
)
from xpander_client.errors import ArgumentError
from xpander_client.transport import sync
from xpander_client.transport.httpx_wire import check_client
from xpander_client.transport.pool import Pool
from xpander_client.transport.wire import HttpClient

if TYPE_CHECKING:
    from xpander_client.core.prompts.download import Download, Unavailable

T = TypeVar("T")

M = TypeVar("M", bound=Identified)
R = TypeVar("R", bound=Response[Any])


@attrs.frozen
class Transport:
    """A configuration, its connections, and how calls are to be made on them."""

    configuration: Configuration
    pool: Pool = attrs.field(repr=False, eq=False)
    call_options: CallOptions = attrs.field(factory=CallOptions)

    @classmethod
    def of(
        cls, configuration: Configuration | None = None, http_client: HttpClient | None = None
    ) -> Transport:
        """Return the transport of a configuration (the environment's, if None)."""
        check_configuration(configuration)
        configuration = configuration if configuration is not None else Configuration()
        shared = http_client is None
        if not shared:
            check_client(http_client)
        return cls(configuration, Pool(configuration, http_client, shared=shared))

    def options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Transport:
        """Return a copy that calls differently on the same connections; what is None stays.

        Raises:
            ArgumentError: a time, a policy or a header can't be one.
        """
        before = self.call_options
        merged = {**dict(before.headers), **_check_headers(headers or {})}
        if timeout is not None:
            check_seconds("timeout", timeout)
        if not isinstance(retry, RetryPolicy | None):
            raise ArgumentError(f"retry must be a RetryPolicy, not {type(retry).__name__}")
        if idempotency_key is not None:
            idempotency_key = header_text("idempotency_key", idempotency_key)
            if not idempotency_key:
                raise ArgumentError("idempotency_key must not be empty")
        changed = CallOptions(
            timeout=before.timeout if timeout is None else timeout,
            retry=before.retry if retry is None else retry,
            headers=tuple(merged.items()),
            idempotency_key=idempotency_key or before.idempotency_key,
        )
        return attrs.evolve(self, call_options=changed)

    def __deepcopy__(self, memo: object) -> Transport:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # Connections stay in their process; the configuration makes new ones in another.
        return _in_another_process, (self.configuration, self.call_options)

    def call(self, spec: RequestSpec, answer: type[T] | None) -> Response[T]:
        """Make a call; `answer` is what the answer's JSON is to become (None: nothing).

        Raises:
            CallError: it failed.
        """
        return _bind(self, sync.call(self.pool, self._state(spec), answer))

    async def acall(self, spec: RequestSpec, answer: type[T] | None) -> Response[T]:
        """Make a call; `answer` is what the answer's JSON is to become (None: nothing).

        Raises:
            CallError: it failed.
        """
        from xpander_client.transport import (
            aio,  # here and below: it brings asyncio along, which sync code can do without
        )

        return _bind(self, await aio.call(self.pool, self._state(spec), answer))

    def pages(self, spec: RequestSpec, answer: type[list[T]]) -> Generator[T, None, None]:
        """Go through a list from the page that `spec` asks for; a page is asked for when needed.

        Raises:
            CallError: a page could not be had.
        """
        following: RequestSpec | None = spec
        while following is not None:
            page = self.call(following, answer)
            yield from page.parsed
            following = next_page(following, page)

    async def apages(self, spec: RequestSpec, answer: type[list[T]]) -> AsyncGenerator[T, None]:
        """Go through a list from the page that `spec` asks for; a page is asked for when needed.

        Raises:
            CallError: a page could not be had.
        """
        following: RequestSpec | None = spec
        while following is not None:
            page = await self.acall(following, answer)
            for item in page.parsed:
                yield item
            following = next_page(following, page)

    def stream(
        self,
        spec: StreamSpec,
        decode: Callable[[ServerSentEvent], T],
        is_terminal: Callable[[T], bool],
        deadline: float | None = None,
    ) -> Generator[T, None, None]:
        """Follow a stream to its terminal event; it is resumed where it breaks."""
        return sync.stream(
            self.pool,
            follow(
                spec,
                self._binding(decode),
                is_terminal,
                configuration=self.configuration,
                options=self.call_options,
                deadline=deadline,
            ),
            self._ask,
        )

    def astream(
        self,
        spec: StreamSpec,
        decode: Callable[[ServerSentEvent], T],
        is_terminal: Callable[[T], bool],
        deadline: float | None = None,
    ) -> AsyncGenerator[T, None]:
        """Follow a stream to its terminal event; it is resumed where it breaks."""
        from xpander_client.transport import aio

        return aio.stream(
            self.pool,
            follow(
                spec,
                self._binding(decode),
                is_terminal,
                configuration=self.configuration,
                options=self.call_options,
                deadline=deadline,
            ),
            self._aask,
        )

    def wait_finished(
        self,
        stream: StreamSpec | None,
        probe: RequestSpec,
        answer: type[T],
        decode: Callable[[ServerSentEvent], object],
        is_terminal: Callable[[object], bool],
        is_finished: Callable[[T], bool],
        timeout: float | None = None,
    ) -> T:
        """Wait until `probe` answers with something finished, and follow `stream` until then; where
        its last event holds the finished thing, nothing is asked.

        Raises:
            WaitTimeoutError: `timeout` seconds were not enough.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        last: object = None
        if stream is not None:
            for item in self.stream(stream, decode, is_terminal, deadline):
                last = getattr(item, "data", None)
        if isinstance(last, answer) and is_finished(last):
            return last
        return self._poll(probe, answer, is_finished, deadline)

    async def await_finished(
        self,
        stream: StreamSpec | None,
        probe: RequestSpec,
        answer: type[T],
        decode: Callable[[ServerSentEvent], object],
        is_terminal: Callable[[object], bool],
        is_finished: Callable[[T], bool],
        timeout: float | None = None,
    ) -> T:
        """Wait until `probe` answers with something finished, and follow `stream` until then; where
        its last event holds the finished thing, nothing is asked.

        Raises:
            WaitTimeoutError: `timeout` seconds were not enough.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        last: object = None
        if stream is not None:
            async for item in self.astream(stream, decode, is_terminal, deadline):
                last = getattr(item, "data", None)
        if isinstance(last, answer) and is_finished(last):
            return last
        return await self._apoll(probe, answer, is_finished, deadline)

    def _poll(
        self,
        probe: RequestSpec | None,
        answer: type[T],
        is_finished: Callable[[T], bool],
        deadline: float | None,
    ) -> T:
        """Ask for a thing until it is finished."""
        assert probe is not None
        pauses = poll_pauses(probe, deadline)
        while True:
            found = self.call(probe, answer).parsed
            if is_finished(found):
                return found
            time.sleep(next(pauses))

    async def _apoll(
        self,
        probe: RequestSpec | None,
        answer: type[T],
        is_finished: Callable[[T], bool],
        deadline: float | None,
    ) -> T:
        """Ask for a thing until it is finished."""
        import asyncio

        assert probe is not None
        pauses = poll_pauses(probe, deadline)
        while True:
            found = (await self.acall(probe, answer)).parsed
            if is_finished(found):
                return found
            await asyncio.sleep(next(pauses))

    def create_stream(
        self,
        creation: RequestSpec,
        answer: type[M],
        events: Callable[[str], StreamSpec],
        has_events: Callable[[M], bool],
        decode: Callable[[ServerSentEvent], T],
        is_terminal: Callable[[object], bool],
        deadline: float | None = None,
    ) -> Generator[T | Created[M], None, None]:
        """Create something and follow its `events`, if it `has_events`, to the terminal one. The
        first item says what was created.
        """
        return sync.stream(
            self.pool,
            create_and_follow(
                self._state(accept_events(creation)),
                answer,
                events,
                has_events,
                self._binding(decode),
                is_terminal,
                configuration=self.configuration,
                options=self.call_options,
                deadline=deadline,
            ),
            self._ask,
        )

    def acreate_stream(
        self,
        creation: RequestSpec,
        answer: type[M],
        events: Callable[[str], StreamSpec],
        has_events: Callable[[M], bool],
        decode: Callable[[ServerSentEvent], T],
        is_terminal: Callable[[object], bool],
        deadline: float | None = None,
    ) -> AsyncGenerator[T | Created[M], None]:
        """Create something and follow its `events`, if it `has_events`, to the terminal one. The
        first item says what was created.
        """
        from xpander_client.transport import aio

        return aio.stream(
            self.pool,
            create_and_follow(
                self._state(accept_events(creation)),
                answer,
                events,
                has_events,
                self._binding(decode),
                is_terminal,
                configuration=self.configuration,
                options=self.call_options,
                deadline=deadline,
            ),
            self._aask,
        )

    def run(
        self,
        creation: RequestSpec,
        answer: type[M],
        events: Callable[[str], StreamSpec],
        has_events: Callable[[M], bool],
        decode: Callable[[ServerSentEvent], object],
        is_terminal: Callable[[object], bool],
        is_finished: Callable[[M], bool],
        timeout: float | None = None,
    ) -> M:
        """Create something and wait until it is finished: see `create_stream`, `wait_finished`.

        Raises:
            WaitTimeoutError: `timeout` seconds were not enough.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        last: object = None
        created_id = ""
        for item in self.create_stream(
            creation, answer, events, has_events, decode, is_terminal, deadline
        ):
            if isinstance(item, Created):
                last, created_id = self._bind_created(item), item.id
            else:
                last = getattr(item, "data", None)
        if isinstance(last, answer) and is_finished(last):
            return last
        return self._poll(events(created_id).probe, answer, is_finished, deadline)

    async def arun(
        self,
        creation: RequestSpec,
        answer: type[M],
        events: Callable[[str], StreamSpec],
        has_events: Callable[[M], bool],
        decode: Callable[[ServerSentEvent], object],
        is_terminal: Callable[[object], bool],
        is_finished: Callable[[M], bool],
        timeout: float | None = None,
    ) -> M:
        """Create something and wait until it is finished: see `create_stream`, `wait_finished`.

        Raises:
            WaitTimeoutError: `timeout` seconds were not enough.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        last: object = None
        created_id = ""
        async for item in self.acreate_stream(
            creation, answer, events, has_events, decode, is_terminal, deadline
        ):
            if isinstance(item, Created):
                last, created_id = self._bind_created(item), item.id
            else:
                last = getattr(item, "data", None)
        if isinstance(last, answer) and is_finished(last):
            return last
        return await self._apoll(events(created_id).probe, answer, is_finished, deadline)

    def _bind_created(self, created: Created[M]) -> M | None:
        answer = created.answer
        return None if answer is None else _bind(self, answer).parsed

    def download(self, urls: Sequence[str]) -> list[Download | Unavailable]:
        """Download files that a task names; what can't be had is in its place with the reason."""
        if not urls:
            return []
        # Few programs load files.
        from xpander_client.core.prompts.download import DownloadRules
        from xpander_client.transport.downloads import download_all
        from xpander_client.transport.drivers import drive

        return drive(download_all(urls, DownloadRules.from_environment()))

    async def adownload(self, urls: Sequence[str]) -> list[Download | Unavailable]:
        """Download files that a task names; what can't be had is in its place with the reason."""
        if not urls:
            return []
        from xpander_client.core.prompts.download import DownloadRules
        from xpander_client.transport.downloads import download_all
        from xpander_client.transport.drivers import adrive

        return await adrive(download_all(urls, DownloadRules.from_environment()))

    def close(self) -> None:
        """Let go of the connections of sync code; the next call makes some again."""
        self.pool.close()

    async def aclose(self) -> None:
        """Let go of the connections of the running loop; the next call makes some again."""
        await self.pool.aclose()

    def _state(self, spec: RequestSpec) -> Call:
        return Call(spec, self.configuration, self.call_options, self.pool.platform)

    def _binding(self, decode: Callable[[ServerSentEvent], T]) -> Callable[[ServerSentEvent], T]:
        def bind_result(frame: ServerSentEvent) -> T:
            item = decode(frame)
            if isinstance(data := getattr(item, "data", None), Bindable):
                data._bind(self, data._loaded or dumps(data))
            return item

        return bind_result

    def _ask(self, spec: RequestSpec) -> bytes:
        return sync.call(self.pool, self._state(spec), None).body

    async def _aask(self, spec: RequestSpec) -> bytes:
        from xpander_client.transport import aio

        return (await aio.call(self.pool, self._state(spec), None)).body


class Bindable(LoadedData):
    """The base of answers that keep the transport they were loaded with, for calls of their own."""

    __slots__ = ()

    def _bind(self, transport: Transport, loaded: bytes | EventText | None) -> Self:
        """Keep the transport, and what it was loaded from, where that is known."""
        raise NotImplementedError


def _bind(transport: Transport, response: R) -> R:
    """Bind what a call returned to the transport that made it."""
    parsed = response.parsed
    if isinstance(parsed, Bindable):
        parsed._bind(transport, response.body)
    elif isinstance(parsed, list):
        for item in parsed:
            if isinstance(item, Bindable):
                item._bind(transport, None)
    return response


def _in_another_process(configuration: Configuration, call_options: CallOptions) -> Transport:
    return attrs.evolve(Transport.of(configuration), call_options=call_options)


def _check_headers(headers: object) -> dict[str, str]:
    if not isinstance(headers, Mapping):
        raise ArgumentError(f"headers must map names to strings, not {type(headers).__name__}")
    checked = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not HEADER_NAME.match(name):
            raise ArgumentError(f"headers: {name!r} can't be the name of a header")
        if name.lower() in _MADE_HERE:
            raise ArgumentError(f"headers: {name} says how a request is sent, and is not to be set")
        checked[name.lower()] = header_text(f"headers[{name!r}]", value)
    return checked


_MADE_HERE = frozenset({"content-length", "transfer-encoding", "connection", "upgrade"})
