"""Calls of the host by one block of code, and their answers, those that come later among them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any

from xpander_client.agents.sandbox.exceptions import find_nearest_exception
from xpander_client.agents.sandbox.exports import Target
from xpander_client.agents.sandbox.interruption import Interrupted, Interruption
from xpander_client.agents.sandbox.marshal import Crossing
from xpander_client.agents.sandbox.processes import inside_host_call
from xpander_client.agents.sandbox.results import HostCall

NOTHING = {"return_value": None}
"""The answer to a call that gives None."""
_LATER = {"future": ...}
"""The answer to a call whose result is asked for when the code awaits it."""


class Calls:
    """The calls of one block, and its sleeps beside others."""

    def __init__(
        self, call: Callable[[HostCall], Any], crossing: Crossing, interruption: Interruption
    ) -> None:
        self._call = call
        self._crossing = crossing
        self._interruption = interruption
        # Calls of async functions: not begun, under way, and answered; and sleeps, by their end.
        self._waiting: dict[int, HostCall] = {}
        self._futures: dict[int, tuple[HostCall, Future[Any]]] = {}
        self._settled: dict[int, Any] = {}
        self._due: dict[int, float] = {}

    def make(
        self, call_id: int, call: HostCall, *, is_awaited: bool, may_be_awaited: bool
    ) -> dict[str, Any]:
        """Make a call, now or when it is awaited, and return the answer to it.

        `is_awaited` says that the code awaits it right where it calls, `may_be_awaited` that it may
        do so anywhere.
        """
        if call.is_async and self._call is not plain_call and may_be_awaited:
            # As Python's own, it begins when it is awaited, now or later.
            self._waiting[call_id] = call
            return _LATER
        answer = self._begin(call_id, call, may_take_long=may_be_awaited)
        if answer is None:
            return _LATER
        if is_awaited:
            # A sync function, whose result the code awaits all the same.
            self._settled[call_id] = answer
            return _LATER
        return answer

    def begin_sleep(self, call_id: int, seconds: float) -> dict[str, Any]:
        """Begin a sleep that others may run beside; the interpreter bounds their sum."""
        self._due[call_id] = monotonic() + seconds
        return _LATER

    def collect_settled(self, pending: list[int]) -> dict[int, Any]:
        """Return answers for calls that the code awaits: those that are there, at least one."""
        for one in sorted(self._waiting.keys() & set(pending)):
            call = self._waiting.pop(one)
            answer = self._begin(one, call, may_take_long=True)
            if answer is not None:
                self._settled[one] = answer
        while True:
            answers = {one: self._settled.pop(one) for one in pending if one in self._settled}
            answers |= {one: self._outcome(one) for one in pending if self._is_done(one)}
            if answers:
                return answers
            due = [self._due[one] for one in pending if one in self._due]
            self._interruption.wait(
                [self._futures[one][1] for one in pending if one in self._futures],
                max(0.0, min(due) - monotonic()) if due else None,
            )

    def give_up(self) -> None:
        """End the calls that are still under way."""
        for _, future in self._futures.values():
            future.cancel()

    def describe_left_over(self) -> str | None:
        """Say what there is to say of a call that nobody awaited."""
        for call in self._waiting.values():
            return (
                f"RuntimeError: {call.name}() is async and was never awaited, so it has not run: "
                f"write `await {call.name}(...)`"
            )
        return None

    def _begin(self, call_id: int, call: HostCall, *, may_take_long: bool) -> dict[str, Any] | None:
        """Begin a call, and return the answer to it; None if it comes later, which it may."""
        token = inside_host_call.set(True)
        try:
            result: Any = self._call(call)
            if isinstance(result, Future):
                if may_take_long:
                    self._futures[call_id] = (call, result)
                    return None
                result = self._interruption.result(result)
            return self._convert(result, call.name)
        except Exception as error:
            return self._fail(error, call)
        finally:
            inside_host_call.reset(token)

    def _convert(self, result: Any, name: str) -> dict[str, Any]:
        try:
            return {"return_value": self._crossing.into(result)}
        except (TypeError, ValueError) as error:
            text = f"{name}() has run, but its result can't be given to agent code: {error}"
            raise (TypeError if isinstance(error, TypeError) else ValueError)(text) from error

    def _fail(self, error: Exception, call: HostCall) -> dict[str, Any]:
        if self._interruption.has_come:
            raise Interrupted from error
        return write_failure(error, call.target)

    def _is_done(self, call_id: int) -> bool:
        """Whether a call, or a sleep, is over."""
        if call_id in self._due:
            return self._due[call_id] <= monotonic()
        return call_id in self._futures and self._futures[call_id][1].done()

    def _outcome(self, call_id: int) -> dict[str, Any]:
        """Return the answer to a call, or the end of a sleep, whose time has come."""
        if self._due.pop(call_id, None) is not None:
            return NOTHING
        call, future = self._futures.pop(call_id)
        try:
            return self._convert(self._interruption.result(future), call.name)
        except Exception as error:
            return self._fail(error, call)


def plain_call(call: HostCall) -> Any:
    """Call a sync function; refuse an async one."""
    if call.is_async:
        raise RuntimeError(_only_async(call.name))
    result = call.run()
    if hasattr(result, "__await__") and hasattr(result, "close"):
        result.close()
        raise RuntimeError(_only_async(call.name))
    return result


def write_failure(error: Exception, target: Target | None) -> dict[str, Any]:
    """Return the answer to a call that failed: the error as agent code may catch it."""
    kind, message = find_nearest_exception(error, target.exception_mappings if target else {})
    return {"exc_type": kind, "message": message}


def _only_async(name: str) -> str:
    return (
        f"'{name}' is an async function and cannot be called from a sync task. Either use "
        "'async def' for your @agent.task, or use a synchronous alternative."
    )
