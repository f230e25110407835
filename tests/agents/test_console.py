"""What is printed of events and tokens."""

from __future__ import annotations

import datetime
import io
import threading
from typing import Any

import pytest

from xpander_client.agents.console import pprint_events, pprint_tokens
from xpander_client.agents.types.events import (
    ActionEvent,
    BaseEvent,
    CancelledEvent,
    ClarifyEvent,
    ErrorEvent,
    FailEvent,
    OutputEvent,
    SuccessEvent,
    SummaryEvent,
    SystemNoteEvent,
    TaskStartEvent,
)
from xpander_client.agents.types.messages import Image
from xpander_client.agents.types.tokens import StreamToken, TokenChunk

WHO: Any = {"agent_name": "analyst", "full_namespace": "analyst"}
SUB: Any = {"agent_name": "helper", "full_namespace": "analyst/helper"}


def printed(events: Any, **options: Any) -> str:
    stream = io.StringIO()
    pprint_events(events, stream=stream, **{"show_delta": False, "width": 80, **options})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (TaskStartEvent(task_name="f", inputs={"x": 1, "y": "a"}), "start: f(x=1, y='a')"),
        (ActionEvent(title="Look"), "action: Look"),
        (OutputEvent(parts=["mean: ", 2.5, "\n"]), "output: mean: 2.5"),
        (OutputEvent(parts=[Image("image/png", b"abc")]), "output: <image/png, 3 bytes>"),
        (OutputEvent(parts=["a"], source="setup"), "setup output: a"),
        (SuccessEvent(result={"a": [1]}), "success: {'a': [1]}"),
        (SuccessEvent(result="[bold]x[/bold]"), "success: '[bold]x[/bold]'"),
        (FailEvent(message="no"), "fail: no"),
        (ClarifyEvent(message="which?"), "question: which?"),
        (CancelledEvent(task_name="f", iterations_completed=2), "cancelled: f, after 2 turns"),
        (ErrorEvent(error="429"), "error: 429, trying again"),
        (ErrorEvent(error="429", recoverable=False), "error: 429"),
        (SummaryEvent(summary="s", summarized_event_count=4), "summary: 4 events: s"),
        (SystemNoteEvent(message="hurry"), "note: hurry"),
        (BaseEvent(), "BaseEvent"),
    ],
)
def test_each_event_is_a_line_that_says_what_happened(event: BaseEvent, line: str) -> None:
    assert printed(event) == line
    assert printed(event, verbosity="brief") == line


def test_code_and_thoughts_stand_below_in_part() -> None:
    code = "\n".join(f"x{n} = {n}" for n in range(10))
    event = ActionEvent(title="Count", thinking="Hm.", code=code, **WHO)
    assert printed(event).splitlines() == [
        "analyst action: Count",
        "  Hm.",
        *(f"  x{n} = {n}" for n in range(8)),
        "  … 2 more lines",
    ]
    assert printed(event, truncate_code_lines=None).endswith("x9 = 9")
    assert "Hm." not in printed(event, verbosity="normal")
    assert printed(event, verbosity="brief") == "analyst action: Count"


def test_what_a_sub_agent_does_is_moved_to_the_right() -> None:
    events = [ActionEvent(title="a", **WHO), FailEvent(message="one\ntwo", **SUB)]
    assert printed(events).splitlines() == [
        "analyst action: a",
        "  helper fail:",
        "    one",
        "    two",
    ]
    assert "\nhelper fail" in printed(events, indent_by_namespace=False)


def test_long_values_are_cut_with_their_length() -> None:
    text = printed(SuccessEvent(result="x" * 5000))
    assert text.endswith("… (5002 characters)")
    assert len(text) < 2100
    assert printed(OutputEvent(parts=["a\nb"]), verbosity="brief") == "output: a b"


def test_the_time_since_the_event_before_is_shown() -> None:
    stream = io.StringIO()
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    for seconds in (0, 1.5):
        moment = start + datetime.timedelta(seconds=seconds)
        pprint_events(FailEvent(message="m", timestamp=moment), stream=stream)
    assert stream.getvalue() == "fail: m\n+1.50s fail: m\n"


def test_colours_are_for_terminals_and_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def colored(stream: io.StringIO, color: Any) -> bool:
        pprint_events(FailEvent(message="m"), stream=stream, color=color)
        return "\x1b[" in stream.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colored(Terminal(), "auto")
    assert not colored(io.StringIO(), "auto")
    assert colored(io.StringIO(), "always")
    assert not colored(Terminal(), "never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored(Terminal(), "auto")
    assert colored(Terminal(), True)


@pytest.mark.parametrize("option", ["verbosity", "color"])
def test_other_options_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option} must be"):
        printed(FailEvent(), **{option: "loud"})


def test_an_object_whose_repr_fails_does_not_stop_the_task() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise RuntimeError

    assert printed(SuccessEvent(result=Bad())) == "success: <Bad: RuntimeError in its repr>"


def test_events_of_many_threads_do_not_mix_within_a_line() -> None:
    stream = io.StringIO()

    def show(letter: str) -> None:
        for _ in range(20):
            pprint_events(FailEvent(message=letter * 50), stream=stream, show_delta=False)

    threads = [threading.Thread(target=show, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert sorted(lines) == sorted(f"fail: {letter * 50}" for letter in "abcd" * 20)


def test_tokens_are_printed_as_they_come_under_the_name_of_their_section() -> None:
    stream = io.StringIO()
    chunks: list[TokenChunk] = [
        StreamToken("thinking", "I ", agent_name="a", full_namespace="p/a", start=True),
        StreamToken("thinking", "[see]", agent_name="a", full_namespace="p/a"),
        StreamToken("thinking", "", True, agent_name="a", full_namespace="p/a"),
        TokenChunk("python", "x = 1\ny = " + "2" * 200),
        TokenChunk("python", "", True),
    ]
    for chunk in chunks:
        pprint_tokens(chunk, stream=stream)
    twos = "2" * 200
    assert stream.getvalue() == f"[p/a thinking]\nI [see]\nx = 1\ny = {twos}\n"


def test_standard_output_is_meant_when_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    pprint_events(FailEvent(message="m"), show_delta=False)
    pprint_tokens(TokenChunk("python", "x"))
    assert capsys.readouterr().out == "fail: m\nx"
