"""The border of the sandbox: what goes in, what comes out, and as what."""

from __future__ import annotations

import datetime
import decimal
import enum
import types
from collections import ChainMap, Counter, OrderedDict, UserDict, UserString, defaultdict, deque
from typing import Any, NamedTuple

import attrs
import numpy
import pandas  # type: ignore[import-untyped]  # has its types in a package of their own
import pytest

from tests.agents.sandbox.sandboxes import Calls, changes, opened, ran, session, succeeded
from xpander_client.agents import Agent, scripted
from xpander_client.agents.sandbox.results import Continue, Success
from xpander_client.errors import ArgumentError


class Status(enum.StrEnum):
    PAID = "paid"


class Kind(str, enum.Enum):  # noqa: UP042  # what programs had before StrEnum prints otherwise
    BIG = "big"


class Level(enum.IntEnum):
    HIGH = 2


class Right(enum.IntFlag):
    READ = 1
    WRITE = 2


class Colour(enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: list[int]


class Loud(str):
    def __str__(self) -> str:
        return "something else"


class TestPlainData:
    @pytest.mark.parametrize(
        ("value", "code", "result"),
        [
            (Status.PAID, "i.v == 'paid' and f'{i.v:>6}' == '  paid' and {'paid': 1}[i.v]", 1),
            (Kind.BIG, "i.v in ['big'] and str(i.v) == 'big'", True),
            (Level.HIGH, "i.v > 1 and i.v + 1", 3),
            (Right.READ | Right.WRITE, "i.v & 2", 2),
            (Loud("quiet"), "i.v", "quiet"),
            (numpy.str_("a"), "i.v + 'b'", "ab"),
            (numpy.int8(3), "i.v", 3),
            (numpy.longdouble(0.5), "i.v", 0.5),
            (numpy.datetime64("2024-01-01T00:00", "ns"), "i.v.year", 2024),
            (pandas.Timestamp("2024-01-01"), "i.v", datetime.datetime(2024, 1, 1)),
            (pandas.NaT, "i.v is None", True),
            (datetime.time(1, 2), "i.v.hour", 1),
            (Point(1, [2]), "i.v[0] + len(i.v) + i.v.y[0]", 5),
            (UserString("ab"), "i.v.upper()", "AB"),
        ],
        ids=repr,
    )
    def test_what_is_a_text_or_a_number_or_a_tuple_is_one_in_agent_code(
        self, value: object, code: str, result: object
    ) -> None:
        assert succeeded(f"i = inputs\ntask_success({code})", v=value) == result

    @pytest.mark.parametrize(
        "value",
        [
            UserDict({"a": 1}),
            ChainMap({"a": 1}),
            OrderedDict({"a": 1}),
            Counter({"a": 1}),
            defaultdict(int, {"a": 1}),
            types.MappingProxyType({"a": 1}),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_what_maps_keys_to_values_is_a_dict(self, value: object) -> None:
        assert succeeded("task_success(inputs.v)", v=value) == {"a": 1}

    def test_an_enum_as_a_key_or_in_a_set_is_its_value(self) -> None:
        value = {Colour.RED: 1, (Colour.RED, Level.HIGH): {Colour.RED}}
        code = "task_success((inputs.v, inputs.v['red'], 'red' in inputs.v['red', 2]))"
        assert succeeded(code, v=value) == ({"red": 1, ("red", 2): {"red"}}, 1, True)

    @pytest.mark.parametrize(
        ("code", "args"),
        [
            ("ship(inputs.v)", (Status.PAID, None, Level.HIGH)),
            ("ship('paid', ['paid'], level=2)", (Status.PAID, [Status.PAID], Level.HIGH)),
            ("ship(status='lost', more=[1])", ("lost", [1], Level.HIGH)),
            ("shop().ship(inputs.v, inputs.more)", (Status.PAID, [Status.PAID], Level.HIGH)),
            ("Order(inputs.v).check()", (Status.PAID,)),
        ],
    )
    def test_a_function_that_asks_for_an_enum_gets_it(self, code: str, args: object) -> None:
        got: list[object] = []

        def ship(
            status: Status,
            more: list[Status] | None = None,
            level: Level | None = Level.HIGH,
        ) -> None:
            got.append((status, more, level))

        class Shop:
            def ship(self, status: Status, more: list[Status]) -> None:
                ship(status, more)

        @attrs.define
        class Order:
            status: Status

            def check(self) -> None:
                got.append((self.status,))

        capabilities = opened(ship, shop=Shop)
        capabilities.add_class(Shop)
        capabilities.add_class(Order)
        code = f"{code}\ntask_success(1)"
        succeeded(code, capabilities, v=Status.PAID, more=[Status.PAID])
        assert repr(got) == repr([args])

    def test_the_attributes_of_an_enum_that_is_a_text_are_told_to_be_none(self) -> None:
        error = str(ran("inputs.v.value", v=Status.PAID).error)
        assert "enums of texts or numbers are texts and numbers here" in error

    def test_a_named_tuple_comes_back_as_what_it_was(self) -> None:
        got: list[object] = []
        code = "keep(inputs.v)\ninputs.v.y.append(3)\ntask_success([inputs.v])"
        values = succeeded(code, opened(keep=got.append), v=Point(1, [2]))
        assert (got, values) == ([Point(1, [2])], [Point(1, [2, 3])])
        assert [type(one) for one in (*values, *got)] == [Point, Point]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (range(1_000_000), "more than 100,000 elements"),
            (pandas.Timestamp("2024-01-01T00:00:00.000000001"), "nanoseconds"),
            (numpy.datetime64("2024-01-01T00:00:00.000000001"), "finer"),
            ({object(): 1}, "can't be a key"),
            ([{"a": "x\ud800"}], "lone surrogate ('\\ud800' at 1)"),
        ],
        ids=["range", "timestamp", "datetime64", "key", "surrogate"],
    )
    def test_what_would_lose_something_is_refused(self, value: object, text: str) -> None:
        assert text in str(ran("give()", opened(give=lambda: value)).error)

    def test_a_result_that_code_cannot_have_is_told_to_be_one_of_a_call_that_ran(self) -> None:
        error = str(ran("give()", opened(give=lambda: [len])).error)
        assert error.startswith(
            "TypeError: give() has run, but its result can't be given to agent code: a builtin"
        )

    def test_an_error_whose_text_no_other_text_may_hold_is_an_error_of_the_code(self) -> None:
        def fail() -> None:
            raise ValueError("bad \ud800")

        with session(opened(fail)) as one:
            assert str(one.run("fail()").error).startswith("ValueError: bad \\ud800")
            assert one.run("task_success(1)").control == Success(1)

    def test_a_deque_of_any_length_goes_in_whole(self) -> None:
        assert succeeded("task_success(len(inputs.v))", v=deque(range(150_000))) == 150_000


TEXTS = [
    "statistics.mean",
    "html.escape",
    "range(0, 5)",
    "<class 'int'>",
    "<module x>",
    "<function f>",
    "<function 'f' at 0x4c>",
    "<function note>",
    "dict_keys(['a'])",
    "<re.Match object; span=(0, 1), match='a'>",
    "<list_iterator object>",
    "slice(1, 2, None)",
    "re.compile('a')",
    "int | str",
    "list[int]",
    "...",
    "[...]",
    "<function f\nof two lines>",
    "note",
]


class TestTextsAndWhatOnlyPrintsAsThem:
    @pytest.mark.parametrize("text", TEXTS)
    def test_a_text_that_prints_as_a_thing_of_the_sandbox_is_a_text(self, text: str) -> None:
        got: list[object] = []
        value = [text, {text: (text, {text})}, "a"]
        code = (
            "class A:\n    pass\na = A()\na.of = inputs.v\n"
            "note(inputs.v, more=inputs.v)\ntask_success([inputs.v, a])"
        )
        result = succeeded(
            code, opened(note=lambda *args, more: got.extend([*args, more])), v=value
        )
        assert result == [value, {"of": value}]
        assert got == [value, value]

    @pytest.mark.parametrize(
        "thing",
        [
            "print",
            "note",
            "html.escape",
            "lambda: 1",
            "own",
            "coroutine()",
            "Own",
            "iter([1])",
            "iter({})",
            "itertools.chain([1])",
            "itertools.count()",
            "itertools.groupby([1])",
            "re",
            "html",
            "re.compile('a')",
            "re.match('a', 'a')",
            "slice(1)",
            "functools.partial(int)",
            "functools.lru_cache(own)",
            "random.Random(1)",
            "int | str",
            "list[int]",
            "dict[str, int] | None",
            "{'a': Own()}.values()",
            "around",
        ],
    )
    @pytest.mark.parametrize(
        "within", ["{}", "[1, {}]", "('own', {{'k': {}}})", "holding({})", "{{'a': 1}}, {}"]
    )
    def test_a_thing_of_the_sandbox_is_refused_aloud_at_any_depth(
        self, thing: str, within: str
    ) -> None:
        got: list[object] = []
        code = (
            "import functools, html, itertools, random, re\n"
            "def own():\n    pass\nasync def coroutine():\n    pass\n"
            "class Own:\n    pass\ndef holding(x):\n    o = Own()\n    o.x = x\n    return o\n"
            "around = [1]\naround.append(around)\n"
            f"note({within.format(f'({thing})')})"
        )
        block = ran(code, opened(note=lambda *args: got.extend(args)))
        assert str(block.error).startswith("TypeError: "), block
        assert "exists only in the sandbox: give data, as list(x)" in str(block.error)
        assert got == []

    @pytest.mark.parametrize(
        ("view", "items"),
        [
            ("{'a': 1}.keys()", ["a"]),
            ("{'a': (1.5, None)}.values()", [(1.5, None)]),
            ("{'a': b'x'}.items()", [("a", b"x")]),
            ("{}.values()", []),
            ("range(1, 8, 3)", [1, 4, 7]),
            ("{'a': float('-inf'), 'b': {1}}.values()", [float("-inf"), {1}]),
            (
                "{1: datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.timezone.utc)}.values()",
                [datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.UTC)],
            ),
            (
                "{datetime.date(2024, 1, 2): Decimal('1.50')}.items()",
                [(datetime.date(2024, 1, 2), decimal.Decimal("1.50"))],
            ),
        ],
    )
    def test_views_and_ranges_are_lists(self, view: str, items: list[object]) -> None:
        got: list[object] = []
        code = f"import datetime\nfrom decimal import Decimal\nv = {view}\nkeep(v, [v])\n"
        capabilities = opened(keep=lambda *args: got.extend(args))
        assert succeeded(f"{code}task_success({{'in': [v]}})", capabilities) == {"in": [items]}
        assert got == [items, [items]]

    def test_what_objects_of_agent_code_print_as_is_never_taken_for_data(self) -> None:
        code = (
            "class Own:\n    def __repr__(self):\n        return '1'\n"
            "task_success({'a': Own()}.values())"
        )
        assert "exists only in the sandbox" in str(ran(code).error)

    def test_objects_of_agent_code_as_keys_are_refused_and_told_when_they_are_missed(self) -> None:
        made = (
            "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    a: int\n"
            "x = {P(1): 2}\ny = 3\n"
        )
        calls = Calls()
        calls.run(made)
        assert calls.run("task_success(y)").control == Success(3)
        assert "'x' was something with objects as keys" in str(calls.run("x").error)
        refused = "objects of your own classes can't be keys of a dict"
        assert refused in str(ran(f"{made}task_success(x)").error)

    def test_a_view_in_a_variable_is_a_list_in_the_next_call(self) -> None:
        with session() as one:
            one.run("ids = {'a': 1}.keys()\nheld = {'ids': [ids], 'n': 'dict_keys([1])'}")
            assert changes(one) == {
                "ids": ["a"],
                "held": {"ids": [["a"]], "n": "dict_keys([1])"},
            }

    def test_what_is_only_looked_at_may_be_anything_that_prints(self) -> None:
        block = ran("import re\ntask_continue(re.match('a', 'ab'), {1: 2}.keys(), str(type(1)))")
        shown = ("<re.Match object; span=(0, 1), match='a'>", "dict_keys([1])", "<class 'int'>")
        assert block.control == Continue(shown)

    def test_a_match_is_no_result_of_a_task_that_promises_a_text(self) -> None:
        agent = Agent(
            llm=scripted(
                ["import re\nm = re.match('a', 'a')\ntask_success(m)", "task_success(m.group())"]
            )
        )

        @agent.task
        def find() -> str:  # type: ignore[empty-body]
            """Find it."""

        assert find() == "a"


class TestArgumentsOfATask:
    @pytest.mark.parametrize(
        "value",
        [[len], {"f": [len]}, ([pytest],), dict, [{1, (len,)}], {len: 1}, "\udc80", ["\udc80"]],
        ids=["list", "dict", "tuple", "class", "set", "key", "surrogate", "surrogates"],
    )
    def test_what_code_cannot_have_is_refused_by_name_before_the_model_is_asked(
        self, value: object
    ) -> None:
        model = scripted(["task_success(1)"])
        agent = Agent(llm=model)

        @agent.task
        def work(a: int, things: Any) -> Any:
            """Work."""

        with pytest.raises(ArgumentError, match=r"argument 'things' of work\(\) can't be given"):
            work(1, value)
        assert model.calls == []

    def test_an_iterator_is_not_read_by_the_check(self) -> None:
        agent = Agent(llm=scripted(["task_success(inputs.items)"]))

        @agent.task
        def work(items: Any) -> Any:
            """Work."""

        assert work(one for one in "ab") == ["a", "b"]


class Mine:
    """Classes of one's own whose objects are data."""

    class Int(int):
        pass

    class Dict(dict[str, int]):
        pass

    class Moment(datetime.datetime):
        pass

    class Day(datetime.date):
        pass


class TestResultsOfATask:
    @pytest.mark.parametrize(
        "value",
        [
            Mine.Int(3),
            Mine.Dict(a=1),
            Mine.Moment(2024, 1, 2, 3, tzinfo=datetime.UTC),
            Mine.Day(2024, 1, 2),
            Loud("quiet"),
            bytearray(b"a"),
            UserDict({"a": 1}),
            pandas.Timestamp("2024-01-02 03:00"),
            pandas.Timedelta("1h"),
        ],
        ids=repr,
    )
    def test_what_is_data_in_agent_code_comes_back_as_what_the_task_promises(
        self, value: Any
    ) -> None:
        agent = Agent(llm=scripted(["task_success([inputs.v])"]))

        def work(v: Any) -> Any:
            """Work."""

        work.__annotations__.update({"v": type(value), "return": list[type(value)]})  # type: ignore[misc]  # made of data
        result = agent.task(work)(value)
        assert result == [value]
        assert type(result[0]) is type(value)

    @pytest.mark.parametrize(
        ("annotation", "value", "result"),
        [
            (int, numpy.int64(3), 3),
            (bool, numpy.bool_(True), True),
            (list[int], list(numpy.array([1, 2])), [1, 2]),
            (dict[str, tuple[int, bool]], {"a": (numpy.int8(1), numpy.True_)}, {"a": (1, True)}),
            (decimal.Decimal, decimal.Decimal("1.5"), decimal.Decimal("1.5")),
        ],
        ids=str,
    )
    def test_numbers_of_numpy_are_numbers(
        self, annotation: Any, value: object, result: object
    ) -> None:
        agent = Agent(llm=scripted(["task_success(inputs.v)"]))

        def work(v: Any) -> Any:
            """Work."""

        work.__annotations__.update({"v": annotation, "return": annotation})
        assert agent.task(work)(value) == result
