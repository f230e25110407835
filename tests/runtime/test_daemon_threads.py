"""Threads that are daemons: how many there are, and when they end."""

from __future__ import annotations

import threading

import pytest

from xpander_client.runtime.daemon_threads import DaemonExecutor, DaemonThreads


def list_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("under-test")]


def end(threads: list[threading.Thread]) -> None:
    for each in threads:
        each.join(10)
    assert not any(each.is_alive() for each in threads)


def test_a_thread_ends_when_there_is_nothing_more_to_do() -> None:
    threads = DaemonThreads("under-test", 2)
    released, done = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        released.wait(10)
        done.release()

    for _ in range(5):
        threads.run(work)
    begun = list_threads()
    assert [each.name for each in begun] == ["under-test-1", "under-test-2"]
    assert all(each.daemon for each in begun)
    released.set()
    end(begun)
    assert all(done.acquire(timeout=10) for _ in range(5))
    threads.run(done.release, "under-test-by-name")
    assert done.acquire(timeout=10)
    end(list_threads())


def test_an_idle_thread_is_kept_for_the_next_job_until_the_close() -> None:
    threads = DaemonThreads("under-test", 2, keeps_idle=True)
    done = threading.Semaphore(0)
    threads.run(done.release)
    assert done.acquire(timeout=10)
    (begun,) = list_threads()
    while threads._idle == 0:
        begun.join(0.001)
    threads.run(done.release)
    assert done.acquire(timeout=10)
    assert list_threads() == [begun]
    threads.close()
    end([begun])
    # What comes later is done all the same.
    threads.run(done.release)
    assert done.acquire(timeout=10)
    end(list_threads())


def test_what_waits_at_the_close_is_done() -> None:
    threads = DaemonThreads("under-test", 1, keeps_idle=True)
    released, done = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        released.wait(10)
        done.release()

    threads.run(work)
    threads.run(done.release)
    threads.close()
    released.set()
    end(list_threads())
    assert all(done.acquire(timeout=10) for _ in range(2))


def test_a_thread_that_can_not_begin_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads = DaemonThreads("under-test", 1)
    done = threading.Event()
    with monkeypatch.context() as patches:
        patches.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            threads.run(done.set)
    assert not done.is_set()
    threads.run(done.set)
    assert done.wait(10)
    end(list_threads())


def test_what_an_executor_was_not_to_do_any_more_is_not_done() -> None:
    done: list[int] = []
    over = threading.Event()
    executor = DaemonExecutor(1)
    executor.submit(over.wait)
    assert executor.submit(done.append, 1).cancel()
    over.set()
    executor.submit(done.append, 2).result(10)
    executor.shutdown()
    assert done == [2]


def test_an_executor_hands_on_what_its_functions_raise() -> None:
    executor = DaemonExecutor(1)
    with pytest.raises(ValueError, match="invalid literal"):
        executor.submit(int, "x").result(10)
    executor.shutdown()
