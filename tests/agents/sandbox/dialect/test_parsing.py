"""Code is parsed whatever other threads parse meanwhile, and whatever it is warned of."""

from __future__ import annotations

import ast
import gc
import threading
import warnings
from collections.abc import Iterator

import pytest

from xpander_client.agents.sandbox.dialect.source_scan import scan_source

LONG = "\n".join(f"name_{number} = [1, 2, 3]" for number in range(500))


class ParsesElsewhere:
    """Garbage that has another thread parse something, at the moment it is collected."""

    def __init__(self) -> None:
        self.itself = self
        self.was_collected = threading.Event()

    def __del__(self) -> None:
        other = threading.Thread(target=ast.parse, args=("1",))
        other.start()
        other.join(20)
        self.was_collected.set()


@pytest.fixture
def few_objects_between_collections() -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.collect()
    gc.disable()
    gc.set_threshold(200, 10, 10)
    yield
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.mark.usefixtures("few_objects_between_collections")
def test_code_is_parsed_while_another_thread_parses() -> None:
    was_collected = ParsesElsewhere().was_collected
    gc.enable()
    source = scan_source(LONG)
    gc.disable()
    assert source.bound is not None
    assert len(source.bound) == 500
    assert was_collected.is_set()


def test_threads_that_parse_at_once_leave_the_filters_of_warnings_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parse = ast.parse
    second_parses, first_is_done = threading.Event(), threading.Event()

    def meet(code: str, *args: object, **kwargs: object) -> ast.AST:
        if code == "first = 1":
            second.start()
            # In turns, the second one comes only when this one is done.
            second_parses.wait(0.2)
        else:
            second_parses.set()
            first_is_done.wait(20)
        return parse(code, *args, **kwargs)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(ast, "parse", meet)
    before = list(warnings.filters)
    second = threading.Thread(target=scan_source, args=("second = 1",))
    scan_source("first = 1")
    first_is_done.set()
    second.join(20)
    assert list(warnings.filters) == before


def test_nobody_is_warned_of_what_a_model_writes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = scan_source(r"pattern = '\d'")
    assert source.bound == frozenset({"pattern"})
