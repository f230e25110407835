"""Threads for sync handlers."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Job = Callable[[], None]


class DaemonThreads:
    """Threads that are started when they are first needed.

    They are daemons, unlike those of `concurrent.futures`: a function that never returns must not
    keep a stopped worker's process from ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def start(self, job: _Job, most: int) -> None:
        """Do the job as soon as a thread is free; there are `most` threads at most."""
        if not self._idle.acquire(blocking=False) and len(self._threads) < most:
            number = len(self._threads) + 1
            thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        """Let the threads end when they are done with what they do."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            # Nothing of a finished task is kept until the next one comes.
            del job
            self._idle.release()


class DaemonExecutor(ThreadPoolExecutor):
    """An executor for an event loop (which takes no other class) with threads that are daemons."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._limit = limit
        self._daemons = DaemonThreads("xpander-executor")

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function in a thread."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._daemons.start(job, self._limit)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when they are done with what they do, and wait for none."""
        self._daemons.close()


class HandlerThreads:
    """Threads for `limit` functions at once, started when they are first needed.

    A function that nobody waits for any more does not count: it must not keep others waiting.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._daemons = DaemonThreads("xpander-handler")
        self._abandoned: set[threading.Event] = set()

    async def call(self, function: Callable[[Any], T], argument: Any) -> T:
        """What `function(argument)` returns in a thread that has the caller's context variables.

        A caller that is cancelled stops waiting; the thread runs on to the function's end, and
        another one takes its place until then.
        """
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        answer: asyncio.Future[T] = loop.create_future()
        is_over = threading.Event()

        def settle(result: T | None, error: BaseException | None) -> None:
            if answer.cancelled():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]  # a T, as there is no error

        def job() -> None:
            result: T | None = None
            error: BaseException | None = None
            try:
                result = context.run(function, argument)
            except StopIteration as stop:
                # A future can't hold one.
                error = RuntimeError(f"StopIteration: {stop}")
            except BaseException as raised:
                error = raised
            is_over.set()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        self._abandoned = {one for one in self._abandoned if not one.is_set()}
        self._daemons.start(job, self._limit + len(self._abandoned))
        try:
            return await answer
        except asyncio.CancelledError:
            if not is_over.is_set():
                self._abandoned.add(is_over)
            raise

    def close(self) -> None:
        """Let the threads end when they are done with what they do."""
        self._daemons.close()
