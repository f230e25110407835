"""Signals stop the worker, and end the processes that its handlers fork."""

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable

import pytest

from xpander_client.worker.signals import stop_by_signals


def forked(work: Callable[[], None]) -> int:
    """A forked child that does this, and then leaves with status 0."""
    with warnings.catch_warnings():
        # The test runner has threads; the child does nothing but wait.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(20)  # a child that hangs must not stay
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return child


def wait() -> None:
    time.sleep(60)


def status_of(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def stops() -> list[str]:
    return []


def on_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize("where", [lambda work: work(), on_thread], ids=["main", "thread"])
def test_a_child_ends_by_a_signal_that_comes_before_it_has_run(
    where: Callable[[Callable[[], None]], None], stops: list[str]
) -> None:
    ends: list[int] = []

    def fork_and_end() -> None:
        for _ in range(20):
            child = forked(wait)
            os.kill(child, signal.SIGTERM)
            ends.append(status_of(child))

    with stop_by_signals(lambda: stops.append("stop")):
        where(fork_and_end)
    assert ends == [-signal.SIGTERM] * 20
    assert not stops


def test_a_child_has_the_handlers_that_stood_before_the_workers() -> None:
    before = [signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def compare() -> None:
        assert [signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)] == before
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask

    with stop_by_signals(lambda: None), stop_by_signals(lambda: None):
        assert status_of(forked(compare)) == 0
    assert status_of(forked(compare)) == 0
    compare()


def test_the_worker_itself_is_still_stopped_after_a_fork(stops: list[str]) -> None:
    with stop_by_signals(lambda: stops.append("stop")):
        assert status_of(forked(lambda: None)) == 0
        os.kill(os.getpid(), signal.SIGTERM)
        assert stops == ["stop"]
