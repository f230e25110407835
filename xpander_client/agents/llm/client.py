"""A model of a provider, asked through pydantic-ai."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import queue
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from xpander_client.agents.llm import model_loop
from xpander_client.agents.llm.providers import Connection, open_model
from xpander_client.agents.llm.response import LLMResponse, ResponseReader
from xpander_client.agents.types.errors import AgentTaskError, LLMCallError
from xpander_client.agents.types.messages import Image, Message
from xpander_client.agents.types.tokens import TokenChunk
from xpander_client.core.retry import parse_retry_after
from xpander_client.errors import ConfigurationError
from xpander_client.runtime.shielding import shield

Emit = Callable[[TokenChunk], None]


class ProviderLLM:
    """A model that `connect_llm` leads to. It may be used by many threads and event loops at once.

    Its connections are kept for the next request, and closed when nobody has the model any more.
    """

    def __init__(self, connection: Connection) -> None:
        self.provider = connection.provider.name
        self.model = connection.model
        self._client = _Client(connection)
        # At the end of the interpreter, the loop closes what is still open.
        weakref.finalize(self, self._client.dispose).atexit = False

    def complete(self, messages: Sequence[Message], on_token: Emit | None = None) -> LLMResponse:
        """Ask the model, and return its answer; `on_token` is called on this thread.

        Raises:
            LLMCallError: The request failed.
            ResponseParseError: The answer has no code in it.
            ConfigurationError: Something that the provider needs is missing, such as a key.
        """
        chunks: queue.SimpleQueue[TokenChunk | None] = queue.SimpleQueue()
        emit = None if on_token is None else chunks.put
        future = model_loop.submit(self._client.answer(messages, emit))
        future.add_done_callback(lambda _: chunks.put(None))
        try:
            if on_token is not None:
                for chunk in iter(chunks.get, None):
                    on_token(chunk)
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise LLMCallError("the interpreter is ending", retryable=False) from error
        except BaseException:
            future.cancel()
            raise

    async def acomplete(
        self, messages: Sequence[Message], on_token: Emit | None = None
    ) -> LLMResponse:
        """Ask the model, and return its answer; `on_token` is called on this task's event loop.

        Raises:
            LLMCallError: The request failed.
            ResponseParseError: The answer has no code in it.
            ConfigurationError: Something that the provider needs is missing, such as a key.
        """
        if on_token is None:
            return await asyncio.wrap_future(model_loop.submit(self._client.answer(messages)))
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[TokenChunk | None] = asyncio.Queue()

        def emit(chunk: TokenChunk | None) -> None:
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)

        future = asyncio.wrap_future(model_loop.submit(self._client.answer(messages, emit)))
        future.add_done_callback(lambda _: chunks.put_nowait(None))
        try:
            while (chunk := await chunks.get()) is not None:
                on_token(chunk)
            return await future
        except BaseException:
            future.cancel()
            raise

    def __repr__(self) -> str:
        return f"<model {self.model} of {self.provider}>"


class _Client:
    """What lives on the loop of the models: pydantic-ai's model with its connections."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._opening: asyncio.Task[Any] | None = None

    async def answer(self, messages: Sequence[Message], emit: Emit | None = None) -> LLMResponse:
        from pydantic_ai import direct

        async with self._failures():
            model = await self._open_once()
            asked = _convert_messages(messages)
            settings: Any = self.connection.make_settings()
            if emit is not None:
                return await self._stream(
                    direct.model_request_stream(model, asked, model_settings=settings), emit
                )
            answer = await self._in_time(
                direct.model_request(model, asked, model_settings=settings)
            )
            self._refuse_refusals(answer)
        reader = ResponseReader()
        reader.feed(answer.text or "")
        response = reader.response(answer.finish_reason)
        if response.thinking or not answer.thinking:
            return response
        return LLMResponse(response.title, answer.thinking, response.code)

    def dispose(self) -> None:
        """Close the connections, on the loop, some time soon; from any thread."""
        if self._opening is not None:
            model_loop.forget(self._close)
            model_loop.submit(self._close())

    async def _stream(self, request: Any, emit: Emit) -> LLMResponse:
        reader = ResponseReader()
        thoughts: list[str] = []
        stream = await self._in_time(request.__aenter__())
        try:
            pieces = aiter(stream)
            while (event := await self._in_time(anext(pieces, None))) is not None:
                kind, text = _read_delta(event)
                if kind == "text":
                    for chunk in reader.feed(text):
                        emit(chunk)
                elif kind == "thinking":
                    thoughts.append(text)
                    emit(TokenChunk("thinking", text))
                elif kind == "end of thinking":
                    emit(TokenChunk("thinking", "", True))
        except BaseException as error:
            await request.__aexit__(type(error), error, error.__traceback__)
            raise
        await request.__aexit__(None, None, None)
        answer = stream.get()
        self._refuse_refusals(answer)
        response = reader.response(answer.finish_reason)
        for chunk in reader.rest(response):
            emit(chunk)
        if response.thinking or not thoughts:
            return response
        return LLMResponse(response.title, "".join(thoughts), response.code)

    def _refuse_refusals(self, answer: Any) -> None:
        """Says who refused to answer: asked the same again, they would refuse again."""
        if answer.finish_reason != "content_filter":
            return
        details = answer.provider_details or {}
        refusal = details.get("refusal") or ""
        if refusal or details.get("finish_reason") == "refusal":
            text = f"the model refused to answer{': ' if refusal else ''}{refusal}"
        else:
            text = "the provider's content filter stopped the answer"
        raise LLMCallError(f"{self._name}: {text}", retryable=False)

    async def _in_time(self, step: Any) -> Any:
        """Return what the step gives, if it comes in time: a whole answer, or a stream's next
        piece.
        """
        seconds = self.connection.timeout_seconds
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await step
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise LLMCallError(f"{self._name} gave no sign of life for {seconds:g} s") from error

    async def _open_once(self) -> Any:
        # After a fork the loop is another one, and the connections are the parent's.
        if self._opening is None or self._opening.get_loop() is not asyncio.get_running_loop():
            self._opening = asyncio.ensure_future(self._open())
        # Whoever asks first may give up; the others go on waiting.
        return await shield(self._opening)

    async def _open(self) -> Any:
        try:
            model = open_model(self.connection)
            await model.__aenter__()
        except BaseException:
            # What was missing may be there the next time.
            self._opening = None
            raise
        model_loop.close_at_end(self._close)
        return model

    async def _close(self) -> None:
        if self._opening is not None:
            model = await self._opening
            await model.__aexit__(None, None, None)

    @property
    def _name(self) -> str:
        return f"{self.connection.provider.name} {self.connection.model}"

    @asynccontextmanager
    async def _failures(self) -> AsyncIterator[None]:
        """Raise errors of this package for those of pydantic-ai and the providers' clients."""
        from pydantic_ai import exceptions

        try:
            yield
        except (AgentTaskError, ConfigurationError, ImportError):
            raise
        except exceptions.UserError as error:
            raise ConfigurationError(f"{self._name} can't be asked: {error}") from error
        except exceptions.ModelAPIError as error:
            rejected = (exceptions.ModelRequestRejectedError, exceptions.ModelQuotaExceededError)
            raise LLMCallError(
                f"{self._name}: {error}",
                status_code=getattr(error, "status_code", None),
                retryable=not isinstance(error, rejected),
                retry_after=_retry_after(error),
            ) from error
        except Exception as error:
            raise LLMCallError(f"{self._name}: {type(error).__name__}: {error}") from error


def _retry_after(error: Any) -> float | None:
    """Read the wait in seconds that the provider asks for, in a header or in the error's body."""
    headers = getattr(error, "headers", None) or {}
    asked = parse_retry_after(headers, datetime.datetime.now(datetime.UTC))
    return error.retry_after if asked is None else asked


def _convert_messages(messages: Sequence[Message]) -> list[Any]:
    """Return the messages as pydantic-ai has them."""
    from pydantic_ai import messages as theirs

    asked: list[Any] = []
    for message in messages:
        if message.role == "assistant":
            asked.append(theirs.ModelResponse(parts=[theirs.TextPart(message.text)]))
            continue
        part: Any
        if message.role == "system":
            part = theirs.SystemPromptPart(message.text)
        else:
            part = theirs.UserPromptPart([_content(item) for item in message.parts])
        if asked and isinstance(asked[-1], theirs.ModelRequest):
            asked[-1] = theirs.ModelRequest(parts=[*asked[-1].parts, part])
        else:
            asked.append(theirs.ModelRequest(parts=[part]))
    return asked


def _content(part: str | Image) -> Any:
    from pydantic_ai.messages import BinaryContent

    if isinstance(part, str):
        return part
    return BinaryContent(part.data, media_type=part.media_type)


def _read_delta(event: Any) -> tuple[str, str]:
    """Read what an event of a stream adds: of which kind, and which text."""
    from pydantic_ai import messages as theirs

    match event:
        case theirs.PartStartEvent(part=theirs.TextPart(content=text)):
            return "text", text
        case theirs.PartDeltaEvent(delta=theirs.TextPartDelta(content_delta=text)):
            return "text", text
        case theirs.PartStartEvent(part=theirs.ThinkingPart(content=text)):
            return "thinking" if text else "", text
        case theirs.PartDeltaEvent(delta=theirs.ThinkingPartDelta(content_delta=str() as text)):
            return "thinking" if text else "", text
        case theirs.PartEndEvent(part=theirs.ThinkingPart(content=text)) if text:
            return "end of thinking", ""
        case _:
            return "", ""
