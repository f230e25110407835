"""Blocks of code in the sandbox: what they print, how they end, and what is told of errors."""

from __future__ import annotations

import sys

import pytest

from tests.agents.sandbox.sandboxes import opened, ran, session, succeeded
from xpander_client.agents.sandbox.results import Block, Clarify, Continue, Fail, Limits, Success


def test_print_makes_the_text_that_pythons_print_makes() -> None:
    block = ran("print('a', 1, sep='-')\nprint('b', end='!')\nprint([1, 'x'])")
    assert block == Block(output=("a-1\nb![1, 'x']\n",))


def test_prints_of_helpers_and_between_host_calls_come_in_order() -> None:
    told: list[object] = []
    code = "def helper():\n    print('in')\n    note()\n    print('out')\nhelper()"
    with session(opened(note=lambda: told.append("note"))) as one:
        block = one.run(code, prints=told.append)
    assert told == ["in\n", "note", "out\n"]
    assert block.output == ("in\nout\n",)


@pytest.mark.parametrize(
    ("code", "control"),
    [
        ("task_success()", Success(None)),
        ("task_success({'a': (1, {2})})", Success({"a": (1, {2})})),
        ("task_success(result=3)", Success(3)),
        ("task_fail('no')", Fail("no")),
        ("task_fail(message='no')", Fail("no")),
        ("task_clarify('which?')", Clarify("which?")),
        ("task_continue()", Continue()),
        ("task_continue(1, 'b')", Continue((1, "b"))),
        ("f = task_success\nf(4)", Success(4)),
    ],
)
def test_control_functions_end_a_block(code: str, control: object) -> None:
    block = ran(f"print(1)\n{code}\nprint(2)")
    assert block == Block(output=("1\n",), control=control)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "code",
    [
        "def a():\n    b()\ndef b():\n    task_success(1)\na()",
        "try:\n    task_success(1)\nexcept Exception:\n    task_fail('caught')",
        "try:\n    task_success(1)\nexcept:\n    task_fail('caught')",
        "try:\n    task_success(1)\nexcept BaseException:\n    pass\ntask_success(2)",
        "try:\n    task_success(1)\nfinally:\n    task_fail('finally')",
        "for n in range(1, 9):\n    try:\n        task_success(n)\n    except:\n        continue",
        "while True:\n    try:\n        task_success(1)\n    except:\n        pass",
        "[task_success(n) for n in (1, 2)]",
        "class A:\n    def run(self):\n        task_success(1)\nA().run()",
    ],
)
def test_the_first_control_call_holds_wherever_it_stands(code: str) -> None:
    assert ran(code).control == Success(1)


def test_a_finally_runs_and_may_use_the_host_when_a_control_call_ends_the_block() -> None:
    calls: list[str] = []
    code = "try:\n    task_success(1)\nfinally:\n    note('closed')\n    print('done')"
    block = ran(code, opened(note=calls.append))
    assert block.control == Success(1)
    assert calls == ["closed"]
    assert block.output == ("done\n",)


def test_what_caught_a_control_call_can_do_nothing_more_on_the_host() -> None:
    calls: list[str] = []
    code = "try:\n    task_success(1)\nexcept:\n    pass\nnote('after')"
    assert ran(code, opened(note=calls.append)).control == Success(1)
    assert calls == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError: division by zero\n  line 2: 1 / 0"),
        (
            "def f(n):\n    return 1 / n\n\ndef g():\n    return f(0)\ng()",
            "ZeroDivisionError: division by zero\n  line 6: g()\n  line 5, in g: return f(0)\n"
            "  line 2, in f: return 1 / n",
        ),
        ("print(undefined)", "NameError: name 'undefined' is not defined\n  line 1: "),
        ("undefined(1)", "NameError: name 'undefined' is not defined"),
        ("raise ValueError('ä: no')", "ValueError: ä: no\n  line 1: raise"),
        ("x = (", "SyntaxError: "),
        (
            "x = 1\ndel x",
            "does not yet support the 'del' statement (names and attributes stay: leave it out, "
            "or assign None instead)\n  line 2: del x",
        ),
        ("def f():\n    yield 1", "does not yet support yield expressions"),
        ("class A(B):\n    pass", "does not yet support class inheritance"),
        ("task_success(1, 2)", "TypeError: task_success() takes result and nothing else"),
        ("task_fail()", "TypeError: task_fail() missing required argument: 'message'"),
        ("task_success(lambda: 1)", "exists only in the sandbox: give data"),
        ("import nothing", "ModuleNotFoundError: No module named 'nothing'"),
        ("view_image('a')", "TypeError: view_image needs an image, not str"),
    ],
)
def test_an_error_is_told_with_type_text_and_lines(code: str, text: str) -> None:
    block = ran(code)
    assert block.control is None
    assert block.error is not None
    assert text in block.error


def test_nothing_of_a_block_that_cannot_be_parsed_runs() -> None:
    block = ran("print(1)\ndef f():\n    yield 1")
    assert block.output == ()


def test_an_error_deep_in_recursion_is_told_in_a_few_lines() -> None:
    block = ran("def f(n):\n    return f(n + 1)\nf(0)")
    assert block.error is not None
    assert "RecursionError" in block.error
    assert len(block.error.splitlines()) < 12


def test_a_value_that_is_too_deep_for_what_is_left_of_the_stack_breaks_nothing() -> None:
    def deep_in(frames: int, code: str) -> Block:
        return one.run(code) if frames == 0 else deep_in(frames - 1, code)

    with session(limits=Limits(seconds=0.2)) as one:
        # The variables of a block that is stopped are read.
        code = "y = 1\nx = []\nfor n in range(450):\n    x = [x]\nwhile True:\n    pass"
        error = deep_in(sys.getrecursionlimit() // 10, code).error
        assert error is not None
        assert "seconds" in error
        assert one.run("task_success(y)").control == Success(1)


def test_an_error_in_a_helper_of_an_earlier_block_names_its_line() -> None:
    with session() as one:
        one.run("def half(n):\n    return n / 0")
        block = one.run("\n\nhalf(1)")
    assert block.error == (
        "ZeroDivisionError: division by zero\n  line 3: half(1)\n"
        "  line 2 of earlier code, in half: return n / 0"
    )


def test_newer_syntax_than_the_hosts_works_as_far_as_the_sandbox_knows_it() -> None:
    with session() as one:
        block = one.run('d = {\'a\': 1}\ndef f():\n    return f"{d["a"]}"\nprint(f())')
        assert block.output == ("1\n",)
        assert set(one.collect_changes()) == {"d", "f"}


def test_lines_that_end_as_on_windows_are_lines() -> None:
    block = ran("x = 1\r\nif x:\r\n    print(x)\r\n1 / 0")
    assert block.output == ("1\n",)
    assert "line 4: 1 / 0" in str(block.error)


class TestLimits:
    @pytest.mark.parametrize(
        ("code", "seconds", "text"),
        [
            ("while True: pass", 0.2, "TimeoutError: the block ran longer than 0.2 seconds"),
            (
                "x = []\nwhile True: x.append('y' * 9999)",
                60,
                "MemoryError: the block needed more than",
            ),
            ("while True: note()", 60, "RuntimeError: the block called the host more than 50"),
        ],
    )
    def test_a_block_beyond_a_limit_is_an_error(self, code: str, seconds: float, text: str) -> None:
        limits = Limits(seconds=seconds, memory=32 * 2**20, host_calls=50)
        with session(opened(note=lambda: None), limits=limits) as one:
            assert one.run("kept = [1]").error is None
            one.collect_changes()
            assert text in str(one.run(code).error)
            assert one.run("task_success(kept)").control == Success([1])

    def test_catching_everything_does_not_help_against_the_limit_of_host_calls(self) -> None:
        calls: list[int] = []
        code = "while True:\n    try:\n        note(1)\n    except:\n        pass"
        block = ran(code, opened(note=calls.append), limits=Limits(host_calls=20))
        assert "more than 20 times" in str(block.error)
        assert len(calls) == 20

    def test_time_in_host_functions_does_not_count(self) -> None:
        import time

        block = ran("wait(0.3)\ntask_success(1)", opened(wait=time.sleep), limits=Limits(0.1))
        assert block.control == Success(1)

    def test_what_was_assigned_before_the_time_was_over_stays(self) -> None:
        with session(limits=Limits(seconds=0.2)) as one:
            one.run("n = 1")
            one.run("n = 2\nwhile True: pass")
            assert one.run("task_success(n)").control == Success(2)

    def test_limits_of_nothing_are_refused(self) -> None:
        with pytest.raises(ValueError, match="memory"):
            Limits(memory=0)


class TestHostFunctions:
    def test_arguments_and_results_are_data_of_all_kinds(self) -> None:
        import datetime
        from decimal import Decimal

        values = [
            None, True, 3, 2**70, 1.5, 2j, "ä", b"b", (1, 2), {1}, frozenset({2}), {"k": [1]},
            datetime.datetime(2024, 1, 2, 3), datetime.date(2024, 1, 2), Decimal("1.5"), ...,
        ]  # fmt: skip
        assert succeeded("task_success(same(inputs.values))", opened(same=list), values=values) == (
            values
        )

    def test_what_it_changes_in_its_arguments_is_its_own(self) -> None:
        def grow(items: list[int]) -> list[int]:
            items.append(9)
            return items

        assert succeeded("x = [1]\ny = grow(x)\ntask_success((x, y))", opened(grow)) == (
            [1],
            [1, 9],
        )

    def test_the_callers_lists_are_never_changed(self) -> None:
        mine = [1]
        succeeded("inputs.items.append(2)\ntask_success()", items=mine)
        assert mine == [1]

    @pytest.mark.parametrize(
        ("error", "text"),
        [
            (ValueError("bad"), "ValueError: bad"),
            (KeyError("k"), "KeyError: k"),
            (FileNotFoundError(2, "none"), "FileNotFoundError: [Errno 2] none"),
            (type("OwnError", (LookupError,), {})("own"), "LookupError: OwnError: own"),
            (type("Odd", (Exception,), {"__str__": lambda self: 1 / 0})(), "Exception: Odd"),
            (UnicodeDecodeError("utf-8", b"x", 0, 1, "no"), "UnicodeDecodeError: 'utf-8'"),
            (StopIteration(3), "StopIteration: 3"),
        ],
    )
    def test_what_it_raises_is_raised_in_the_code(self, error: Exception, text: str) -> None:
        def fail() -> None:
            raise error

        block = ran("fail()", opened(fail))
        assert text in str(block.error)
        caught = ran("try:\n    fail()\nexcept Exception:\n    task_success(1)", opened(fail))
        assert caught.control == Success(1)

    def test_what_is_no_exception_comes_out_and_the_session_goes_on(self) -> None:
        class Stop(BaseException):
            pass

        def stop() -> None:
            raise Stop

        with session(opened(stop)) as one:
            one.run("n = 1")
            one.collect_changes()
            with pytest.raises(Stop):
                one.run("try:\n    stop()\nexcept BaseException:\n    pass")
            assert one.run("task_success(n)").control == Success(1)

    def test_what_a_listener_to_prints_raises_comes_out(self) -> None:
        def refuse(part: object) -> None:
            raise KeyError(part)

        with session() as one:
            with pytest.raises(KeyError):
                one.run("print(1)", prints=refuse)
            assert one.run("task_success(1)").control == Success(1)

    @pytest.mark.parametrize("argument", ["lambda: 1", "print", "iter([1])", "slice(3)", "add"])
    def test_what_exists_only_in_the_sandbox_is_refused(self, argument: str) -> None:
        calls: list[object] = []
        block = ran(f"add({argument})", opened(add=calls.append))
        assert "exists only in the sandbox" in str(block.error)
        assert calls == []

    def test_an_async_function_is_refused_where_nothing_can_await_it(self) -> None:
        async def fetch() -> None:
            pass

        for code in ("fetch()", "await fetch()"):
            block = ran(code, opened(fetch))
            assert str(block.error).startswith(
                "RuntimeError: 'fetch' is an async function and cannot be called from a sync task. "
                "Either use 'async def' for your @agent.task, or use a synchronous alternative."
            )

    def test_helpers_of_agent_code_may_call_them(self) -> None:
        code = "def twice(n):\n    return add(n, n)\ntask_success([twice(n) for n in [1, 2]])"
        assert succeeded(code, opened(add=lambda a, b: a + b)) == [2, 4]

    def test_builtins_that_are_given_functions_may_call_them(self) -> None:
        code = (
            "x = [3, 1, 2]\nx.sort(key=neg)\ntask_success((sorted([1, 2], key=neg), x, "
            "max([1, 2], key=lambda n: neg(n)), list(map(neg, [1, 2])), min([3], key=neg), "
            "list(filter(lambda n: neg(n) < -1, [1, 2])), any(neg(n) == -2 for n in [1, 2, 3])))"
        )
        asked: list[int] = []

        def neg(n: int) -> int:
            asked.append(n)
            return -n

        capabilities = opened(neg)
        assert succeeded(code, capabilities) == ([2, 1], [3, 2, 1], 1, [-1, -2], 3, [2], True)
        assert asked == [3, 1, 2, 1, 2, 1, 2, 1, 2, 3, 1, 2, 1, 2]

    def test_in_a_special_method_they_are_refused_and_the_text_says_what_to_do(self) -> None:
        code = "class A:\n    def __eq__(self, other):\n        return add(1, 2)\nA() == 1"
        block = ran(code, opened(add=lambda a, b: a + b))
        assert "cannot suspend" in str(block.error)
        assert "write a loop" in str(block.error)

    def test_objects_of_agents_classes_arrive_as_their_attributes(self) -> None:
        code = (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
            "class Q:\n    def __init__(self):\n        self.p = [P(1)]\n"
            "task_success(same(Q()))"
        )
        assert succeeded(code, opened(same=lambda value: value)) == {"p": [{"x": 1}]}


class TestModules:
    @pytest.mark.parametrize(
        ("code", "value"),
        [
            ("import statistics\ntask_success(statistics.mean([1, 2, 3]))", 2),
            ("from statistics import median as m\ntask_success(m([1, 9, 3]))", 3),
            ("import string\ntask_success(string.digits)", "0123456789"),
            ("import textwrap\ntask_success(textwrap.wrap('a b', 1))", ["a", "b"]),
            ("import uuid\ntask_success(len(str(uuid.uuid4())))", 36),
            ("import html\ntask_success(html.escape('<'))", "&lt;"),
            ("from urllib.parse import quote\ntask_success(quote('ä b'))", "%C3%A4%20b"),
            ("import math, json\ntask_success(json.dumps([math.floor(1.5)]))", "[1]"),
        ],
    )
    def test_gaps_of_the_interpreters_library_are_filled(self, code: str, value: object) -> None:
        assert succeeded(code) == value

    def test_heapq_works_on_the_callers_own_list(self) -> None:
        import heapq
        import random

        numbers = [random.Random(5).randrange(100) for _ in range(200)]
        code = (
            "import heapq\nfrom heapq import heappush, heappop as pop\n"
            "h = []\nfor n in inputs.numbers:\n    heappush(h, n)\n"
            "out = [pop(h) for _ in range(len(h))]\nx = list(inputs.numbers)\nheapq.heapify(x)\n"
            "y = [heapq.heapreplace(x, 50), heapq.heappushpop(x, 3), x[0]]\n"
            "task_success((out, y, heapq.nlargest(3, out, key=lambda v: -v), "
            "heapq.nsmallest(2, out), list(heapq.merge([1, 4], [2]))))"
        )
        mine = list(numbers)
        heapq.heapify(mine)
        expected = [heapq.heapreplace(mine, 50), heapq.heappushpop(mine, 3), mine[0]]
        assert succeeded(code, numbers=numbers) == (
            sorted(numbers),
            expected,
            sorted(numbers)[:3],
            sorted(numbers)[:2],
            [1, 2, 4],
        )

    def test_operator_gives_functions_for_sorting(self) -> None:
        code = (
            "    \nfrom operator import itemgetter, add\nimport operator as op\n"
            "rows = sorted([(2, 'a'), (1, 'b')], key=itemgetter(0))\n"
            "class A:\n    pass\na = A()\na.b = A()\na.b.c = 7\n"
            "task_success((rows, add(1, 2), op.attrgetter('b.c')(a), op.itemgetter(0, 1)('xyz')))"
        )
        assert succeeded(code) == ([(1, "b"), (2, "a")], 3, 7, ("x", "y"))

    def test_an_error_below_such_an_import_names_the_right_line(self) -> None:
        block = ran("import heapq  # heaps\n1 / 0")
        assert "line 2: 1 / 0" in str(block.error)
