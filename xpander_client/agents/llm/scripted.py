"""A model that says what a test wrote down for it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from xpander_client.agents.llm.response import LLMResponse
from xpander_client.agents.types.errors import ScriptEndedError
from xpander_client.agents.types.messages import Message
from xpander_client.agents.types.tokens import TokenChunk

Answer = (
    LLMResponse | str | BaseException | Callable[[Sequence[Message]], "Answer | Awaitable[Answer]"]
)
"""What a script holds: an answer, only its code, an error to raise, or what makes one of these."""


class ScriptedLLM:
    """Answers each request with the next of its script; `calls` holds what it was asked.

    It may be used by any number of threads and tasks; each answer is given once.
    """

    provider = "scripted"
    model = "scripted"

    def __init__(self, script: Iterable[Answer]) -> None:
        self.calls: list[tuple[Message, ...]] = []
        self._script = list(script)
        self._lock = threading.Lock()

    def complete(
        self,
        messages: Sequence[Message],
        on_token: Callable[[TokenChunk], None] | None = None,
    ) -> LLMResponse:
        """Return the next answer.

        Raises:
            ScriptEndedError: There is none left.
        """
        answer: Any = self._next(messages)
        while callable(answer) and not isinstance(answer, type):
            answer = answer(messages)
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise TypeError("the script has an async function, which a sync call can't wait for")
        return _make_response(answer, on_token)

    async def acomplete(
        self,
        messages: Sequence[Message],
        on_token: Callable[[TokenChunk], None] | None = None,
    ) -> LLMResponse:
        """Return the next answer; functions of the script may be async.

        Raises:
            ScriptEndedError: There is none left.
        """
        answer: Any = self._next(messages)
        while callable(answer) and not isinstance(answer, type):
            answer = answer(messages)
            if inspect.isawaitable(answer):
                answer = await answer
        return _make_response(answer, on_token)

    def _next(self, messages: Sequence[Message]) -> Answer:
        with self._lock:
            self.calls.append(tuple(messages))
            asked = len(self.calls)
            if asked > len(self._script):
                raise ScriptEndedError(
                    f"the script has {len(self._script)} answers, this is request {asked}"
                )
            return self._script[asked - 1]

    def __repr__(self) -> str:
        return f"<scripted model: {len(self.calls)} of {len(self._script)} answers given>"


def _make_response(answer: Any, on_token: Callable[[TokenChunk], None] | None) -> LLMResponse:
    if isinstance(answer, str):
        answer = LLMResponse(code=answer)
    if isinstance(answer, BaseException) or (
        isinstance(answer, type) and issubclass(answer, BaseException)
    ):
        raise answer
    if not isinstance(answer, LLMResponse):
        raise TypeError(f"a script holds answers, code, errors and functions, not {answer!r}")
    if on_token is not None:
        for chunk in answer.chunks():
            on_token(chunk)
    return answer


def scripted(answers: Iterable[Answer]) -> ScriptedLLM:
    """Make a model for tests: it gives `answers` one after the other, and never starts again.

    An answer is an `LLMResponse`, a text that is its code, an exception that is raised, or a
    function that makes one of these of the messages that the model is asked.

    Example:
        >>> llm = scripted(["task_success(42)", ValueError("overloaded")])
        >>> llm.complete([Message("user", "What is 6 * 7?")]).code
        'task_success(42)'
        >>> llm.calls[0][0].text
        'What is 6 * 7?'
    """
    return ScriptedLLM(answers)
