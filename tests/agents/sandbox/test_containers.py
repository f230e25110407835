"""Counters, defaultdicts, deques and ranges in variables are in later calls what they were."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from datetime import timedelta, timezone
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.agents.sandbox.sandboxes import Calls, changes, opened, session, succeeded
from xpander_client.agents import Agent, connect_state, scripted
from xpander_client.agents.sandbox.results import Limits, Success
from xpander_client.agents.state.codec import Factory, Unstorable, decode, encode

IMPORTS = "from collections import Counter, defaultdict, deque\nimport collections\n"
CASES = [
    ("n = Counter('aab')", "n['new'] += 1\ntask_success(n.most_common(1))", [("a", 2)]),
    ("n = defaultdict(list)", "n['k'].append(1)\ntask_success(dict(n))", {"k": [1]}),
    ("n = defaultdict(int, {'a': 1})", "n['b'] += 2\ntask_success(dict(n))", {"a": 1, "b": 2}),
    ("n = defaultdict(None, {1: 2})", "task_success(n.default_factory is None)", True),
    ("n = collections.defaultdict(Counter)", "n[1][2] += 3\ntask_success(n[1][2])", 3),
    ("n = defaultdict(deque)", "n[1].appendleft(2)\ntask_success(list(n[1]))", [2]),
    ("n = deque([1, 2], maxlen=2)", "n.append(3)\ntask_success(list(n))", [2, 3]),
    ("n = deque([1, 2])", "task_success((n.popleft(), n.maxlen))", (1, None)),
    ("n = defaultdict(lambda: [7])", "n[1].append(8)\ntask_success(n[1])", [7, 8]),
    (
        "base = 5\nn = defaultdict(lambda: defaultdict(lambda: base))\nn[0]",
        "task_success(n['new']['newer'])",
        5,
    ),
    ("def start():\n    return [0]\nn = defaultdict(start)", "task_success(n[1])", [0]),
    ("class A:\n    pass\nn = defaultdict(A)", "n[1].x = 2\ntask_success(n[1].x)", 2),
    (
        "n = {'all': [Counter('a'), (deque([1], 1),)]}",
        "n['all'][0]['b'] += 1\nn['all'][1][0].append(2)\n"
        "task_success((n['all'][0]['b'], list(n['all'][1][0])))",
        (1, [2]),
    ),
    (
        "class A:\n    def __init__(self):\n        self.seen = Counter()\n"
        "        self.all = [deque()]\n"
        "n = A()\nn.inner = A()",
        "n.inner.seen['x'] += 1\nn.all[0].appendleft(1)\ntask_success(n.inner.seen['x'])",
        1,
    ),
    ("n = range(2, 9, 3)", "task_success((n[1], len(n), list(n), n == range(2, 9, 3)))",
     (5, 3, [2, 5, 8], True)),
    ("import pathlib\nn = pathlib.Path('a')", "task_success(str(n / 'b'))", "a/b"),
    (
        "import datetime\nn = [datetime.timezone.utc]",
        "task_success(n[0].utcoffset(None).total_seconds())",
        0.0,
    ),
    ("n = range(10 ** 9)", "task_success(len(n))", 10**9),
]  # fmt: skip


@pytest.mark.parametrize(("made", "used", "value"), CASES)
def test_the_next_calls_find_what_was_made(made: str, used: str, value: object) -> None:
    calls = Calls()
    calls.run(f"{IMPORTS}{made}")
    calls.run("m = n")
    assert calls.run(used).control == Success(value)


def test_a_block_that_ran_out_of_time_leaves_them_what_they_are() -> None:
    with session(limits=Limits(seconds=0.2)) as one:
        one.run(f"{IMPORTS}n = Counter('a')\nwhile True: pass")
        assert one.run("n['b'] += 2\ntask_success(n['b'])").control == Success(2)


def test_a_change_in_one_is_a_change_and_none_is_none() -> None:
    with session() as one:
        one.run(f"{IMPORTS}n = [Counter('a'), defaultdict(list)]")
        assert changes(one)["n"] == [Counter("a"), defaultdict(list)]
        one.run("len(n)")
        assert changes(one) == {}
        one.run("n[1]['k'].append(1)")
        assert changes(one) == {"n": [Counter("a"), defaultdict(list, {"k": [1]})]}


def test_a_defaultdict_whose_function_is_gone_is_told_when_it_is_missed() -> None:
    calls = Calls()
    calls.run(f"{IMPORTS}def make():\n    return lambda: 1\nn = [defaultdict(make())]")
    error = str(calls.run("print(n)").error)
    assert "'n' was a defaultdict with a function that has no name, which can't be stored" in error


def test_whoever_reads_the_session_gets_them_as_pythons_own() -> None:
    code = (
        f"{IMPORTS}c = Counter('a')\nd = defaultdict(lambda: 0)\nq = deque([1], 2)\ntask_success(1)"
    )
    agent = Agent(llm=scripted([code]), state=connect_state("versioned", storage="memory"))

    @agent.task
    def work() -> int:  # type: ignore[empty-body]
        """Work."""

    work()
    state = agent.state()
    assert (state.get("c"), state.get("q")) == (Counter("a"), deque([1], 2))
    assert isinstance(state.get("c"), Counter)
    assert state.get("q").maxlen == 2
    assert state.get("d").default_factory == Factory("lambda: 0")
    with pytest.raises(TypeError, match="the code of an agent makes what is missing"):
        state.get("d")["x"]


@pytest.mark.parametrize(
    "value",
    [
        Counter({"a": 1}),
        deque([1, [2]], 5),
        deque(),
        defaultdict(list, {1: [2]}),
        defaultdict(None),
        defaultdict(Factory("lambda: 3"), {1: 2}),
        range(1, 7, 2),
        PurePosixPath("a/b"),
        timezone(timedelta(hours=-3)),
        [Counter(), {"k": (deque([Counter("x")]),)}],
    ],
    ids=str,
)
def test_they_are_the_same_after_they_were_bytes(value: Any) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)
    assert getattr(back, "default_factory", None) == getattr(value, "default_factory", None)
    assert getattr(back, "maxlen", None) == getattr(value, "maxlen", None)


def test_a_function_of_the_host_is_no_part_of_a_variable() -> None:
    assert isinstance(decode(encode(defaultdict(lambda: 1))), Unstorable)


def test_as_results_and_arguments_they_are_dicts_and_lists() -> None:
    got: list[object] = []
    code = (
        f"{IMPORTS}v = [Counter('a'), deque([1]), defaultdict(int, a=1)]\nkeep(v)\ntask_success(v)"
    )
    assert succeeded(code, opened(keep=got.append)) == [{"a": 1}, [1], {"a": 1}]
    assert got == [[{"a": 1}, [1], {"a": 1}]]
