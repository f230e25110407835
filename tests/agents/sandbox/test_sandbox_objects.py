"""Objects of the host in agent code: handles, with what was opened of them and nothing else."""

from __future__ import annotations

import enum
import sqlite3
import types
import uuid
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import attrs
import numpy
import pandas  # type: ignore[import-untyped]  # has its types in a package of their own
import PIL.Image
import pydantic
import pytest

from tests.agents.sandbox.sandboxes import opened, ran, session, succeeded
from xpander_client.agents.sandbox.capabilities import Capabilities, MemberSpec
from xpander_client.agents.sandbox.results import Success


@pytest.fixture
def image() -> PIL.Image.Image:
    return PIL.Image.new("RGB", (10, 8), "red")


@pytest.fixture
def imaging() -> Capabilities:
    capabilities = Capabilities()
    capabilities.add_class(PIL.Image.Image)
    return capabilities


class Box:
    """Something with a bit of everything."""

    SIDES = 4

    def __init__(self, size: int = 1) -> None:
        self.size = size
        self.seen: list[object] = []

    def put(self, *things: object) -> Box:
        self.seen.extend(things)
        return self

    def half(self) -> Box:
        return Box(self.size // 2)

    def boxes(self) -> Iterator[Box]:
        yield self
        yield self.half()

    def fail(self) -> None:
        raise sqlite3.OperationalError("locked")

    @property
    def doubled(self) -> int:
        return self.size * 2

    @classmethod
    def of(cls, size: int) -> Box:
        return cls(size)

    @staticmethod
    def unit() -> str:
        return "cm"

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, key: int) -> int:
        return key * self.size

    def __str__(self) -> str:
        return f"a box of {self.size}"


@pytest.fixture
def boxes() -> Capabilities:
    capabilities = Capabilities()
    capabilities.add_class(Box)
    return capabilities


class TestIdentity:
    def test_an_object_comes_back_as_itself_in_lists_and_dicts(self) -> None:
        host = object()
        value = succeeded(
            "x = inputs.host\ntask_success([x, {'a': (x, [inputs.host])}, x == inputs.host])",
            host=host,
        )
        assert value[0] is host
        assert value[1]["a"][0] is host
        assert value[1]["a"][1][0] is host
        assert value[2] is True

    def test_objects_in_lists_and_dicts_go_in_and_reach_functions_as_themselves(self) -> None:
        got: list[object] = []
        rows = [{"box": Box(n)} for n in range(3)]
        ran("for row in inputs.rows:\n    note(row['box'])", opened(note=got.append), rows=rows)
        assert [id(one) for one in got] == [id(row["box"]) for row in rows]

    def test_two_blocks_see_the_same_object(self, boxes: Capabilities) -> None:
        with session(boxes, box=Box(4)) as one:
            one.run("half = inputs.box.half()")
            block = one.run("task_success((half, half.half(), half.size))")
        assert isinstance(block.control, Success)
        half, quarter, size = block.control.value
        assert (half.size, quarter.size, size) == (2, 1, 2)


class TestImages:
    def test_a_setup_can_view_an_image_that_is_not_open(self, image: PIL.Image.Image) -> None:
        block = ran("print('see')\nview_image(inputs.image)\nprint('seen')", image=image)
        assert block.output == ("see\n", image, "seen\n")
        assert block.output[1] is image

    def test_results_of_methods_are_handles_again(
        self, imaging: Capabilities, image: PIL.Image.Image
    ) -> None:
        code = (
            "part = inputs.image.crop((0, 0, 5, 4)).resize((20, 10)).rotate(90, expand=True)\n"
            "print(part.size, part.mode, inputs.image.getpixel((1, 1)))\n"
            "task_success({'part': [part]})"
        )
        with session(imaging, image=image) as one:
            block = one.run(code)
        assert block.output == ("(10, 20) RGB (255, 0, 0)\n",)
        assert isinstance(block.control, Success)
        assert block.control.value["part"][0].size == (10, 20)

    @pytest.mark.parametrize(
        "imports",
        [
            "from PIL import Image",
            "import PIL.Image\nImage = PIL.Image",
            "import PIL.Image as Image",
            "from PIL.Image import new, Image as Class\nfrom PIL import Image",
        ],
    )
    def test_an_opened_module_is_imported_as_usual(self, imports: str) -> None:
        capabilities = Capabilities()
        capabilities.add_module(PIL.Image)
        code = (
            f"{imports}\nimage = Image.new('L', (3, 4))\nprint(isinstance(image, Image.Image))\n"
            "def thumb(one):\n    return one.resize((1, 1))\ntask_success(thumb(image))"
        )
        with session(capabilities) as one:
            block = one.run(code)
        assert block.output == ("True\n",)
        assert isinstance(block.control, Success)
        assert block.control.value.size == (1, 1)

    def test_what_a_module_imported_itself_is_not_in_it(self) -> None:
        capabilities = Capabilities()
        capabilities.add_module(PIL.Image)
        for name in ("os", "sys", "io", "builtins", "Path", "cast", "isImageType.__globals__"):
            block = ran(f"from PIL import Image\nprint(Image.{name})", capabilities)
            assert "AttributeError" in str(block.error), name

    def test_an_error_of_a_method_is_one_of_the_code(
        self, imaging: Capabilities, image: PIL.Image.Image
    ) -> None:
        block = ran("x = 1\ninputs.image.crop((5, 0, 1, 1))", imaging, image=image)
        assert str(block.error).startswith("ValueError: ")
        assert "line 2: inputs.image.crop" in str(block.error)


class TestDataFrames:
    @pytest.fixture
    def tables(self) -> Capabilities:
        capabilities = Capabilities()
        capabilities.add_class(pandas.DataFrame)
        capabilities.add_class(pandas.Series)
        capabilities.add_module(pandas, name="pd")
        return capabilities

    def test_methods_and_attributes_work_and_it_comes_back_as_itself(
        self, tables: Capabilities
    ) -> None:
        frame = pandas.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
        code = (
            "df = inputs.df\nprint(df.shape, df.sum().to_dict(), df.head(1).to_dict())\n"
            "a = on_host('getitem', df, 'a')\n"
            "print(a.mean(), on_host('len', df), on_host('iter', df), on_host('add', a, 1).sum())\n"
            "print(on_host('str', df.head(1)), on_host('getitem', df, on_host('gt', a, 1)).shape)\n"
            "task_success([df, df.drop(columns=['a'])])"
        )
        with session(tables, df=frame) as one:
            block = one.run(code)
        assert block.output == (
            "(2, 2) {'a': 3.0, 'b': 7.0} {'a': {0: 1}, 'b': {0: 3.0}}\n1.5 2 ['a', 'b'] 5\n"
            "   a    b\n0  1  3.0 (1, 2)\n",
        )
        assert isinstance(block.control, Success)
        assert block.control.value[0] is frame
        assert list(block.control.value[1].columns) == ["b"]

    @pytest.mark.parametrize(
        "code",
        [
            "r = len(df), df.shape, len(df[df.a > 1]), [*df], [c for c in df], "
            "'a' in df, 'z' in df",
            "r = str(df), f'{df.a.mean():.2f} {df}', repr(df['a']), '%d' % len(df), bool(df.empty)",
            "df['c'] = df['a'] * 2 + df.b\ndf['c'] += 1\ndel df['b']\nr = list(df['c']), list(df)",
            "r = df[(df.a > 1) & ~(df['b'] == 6)].to_dict(), (-df.a).tolist(), "
            "(2 ** df['a']).sum()",
            "r = df['a'][1:].tolist(), df.a.to_numpy()[::-1].tolist(), "
            "df['a'].iloc[0], df.loc[1, 'b']",
            "df.loc[0, 'a'] = 9\ndf.iloc[1:, 1] = 0.5\nr = df.to_dict(), df.at[0, 'a']",
            "r = sum(df['a']), max(df['a']), sorted(df['b'], reverse=True), [*df], tuple(df['a'])",
            "r = []\nfor i, row in df.iterrows():\n    r.append((i, row['a'] * 2, row.b))",
            "x = df['a']\nx = x + 1\nx *= 2\ny = x.sum()\ny += 1\n"
            "r = x.tolist(), y, 1 < x.max() < 9",
            "first, *rest = df\nframes = {'x': df, 'y': df.head(1)}\n"
            "r = first, rest, max(frames, key=lambda k: len(frames[k])), "
            "[len(f) for f in sorted(frames.values(), key=len)], list(map(len, [df]))",
            "r = []\nif len(df) and not df.empty: r.append(1)\n"
            "if df is not None and (df.a > 0).all(): r.append(2)",
            "try:\n    if df.a > 1: r = 'yes'\nexcept ValueError as e:\n    r = str(e)[:30]",
            "try:\n    r = df[(df.a > 1) and (df.b < 6)]\n"
            "except ValueError as e:\n    r = str(e)[:30]",
            "df.b *= 2\ndf.a -= df.a\nr = df.to_dict()",
            "try:\n    df['q']\nexcept KeyError as e:\n    r = 'no q'",
            "a = df.to_numpy()\nr = (a @ a.T).tolist(), a[:, 0].tolist(), a[0, 1], "
            "a[..., 1].tolist(), [int(v) for row in a for v in row], (a == 2).any(), "
            "abs(-a).max(), round(a[0, 1], 1)",
        ],
    )
    def test_code_is_what_it_is_in_python(self, code: str) -> None:
        capabilities = Capabilities()
        capabilities.add_module(pandas)
        capabilities.add_module(numpy)
        frame = pandas.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.25, 6.0]})
        names: dict[str, Any] = {"df": frame.copy(), "r": None}
        exec(code, names)
        got = succeeded(f"df = inputs.df\n{code}\ntask_success(r)", capabilities, df=frame)
        assert got == names["r"]

    def test_more_elements_than_come_in_are_not_cut_off(self, tables: Capabilities) -> None:
        frame = pandas.DataFrame({"a": range(100_001)})
        code = "n = 0\nfor x in inputs.df['a']:\n    n += 1\ntask_success(n)"
        assert "with more than 100000 elements" in str(ran(code, tables, df=frame).error)
        assert succeeded("task_success(len(inputs.df['a']))", tables, df=frame) == 100_001

    def test_it_can_be_made_and_read_as_a_module_of_pandas(self, tables: Capabilities) -> None:
        code = "import pandas as pd\ntask_success(pd.DataFrame({'x': [1]}).to_dict())"
        assert succeeded(code, tables) == {"x": {0: 1}}

    def test_numbers_of_numpy_are_numbers_and_arrays_are_handles(self) -> None:
        capabilities = Capabilities()
        capabilities.add_module(numpy, name="np")
        code = (
            "import numpy as np\na = np.array([1, 2, 4])\n"
            "task_success((np.mean(a) + 1, np.max(a), a.tolist(), np.pi, a))"
        )
        mean, largest, items, pi, array = succeeded(code, capabilities)
        assert (mean, largest, items, pi) == (pytest.approx(10 / 3), 4, [1, 2, 4], numpy.pi)
        assert isinstance(array, numpy.ndarray)


class TestWhatIsOpen:
    def test_nothing_of_an_object_whose_class_is_not_open(self) -> None:
        block = ran("inputs.box.half()", box=Box())
        assert "'Box' object is not open to agent code: it has no 'half' here" in str(block.error)
        block = ran("inputs.box.size", box=Box())
        assert "'Box' object has no attribute 'size'" in str(block.error)

    def test_members_and_class_members(self, boxes: Capabilities) -> None:
        code = (
            "b = Box(6)\nf = b.half\ntask_success((b.size, b.doubled, b.half().size, f().size, "
            "Box.of(3).size, Box.SIDES, Box.unit(), b.unit(), on_host('str', b), "
            "on_host('getitem', b, 2), "
            "isinstance(b, Box), type(b) is Box, [x.size for x in b.boxes()]))"
        )
        assert succeeded(code, boxes) == (
            6, 12, 3, 3, 3, 4, "cm", "cm", "a box of 6", 12, True, True, [6, 3],
        )  # fmt: skip

    @pytest.mark.parametrize(
        "code",
        [
            "on_host('getattribute', inputs.b, 'size')",
            "on_host('class', inputs.b)",
            "on_host('init', inputs.b, 5)",
            "on_host('reduce', inputs.b)",
            "on_host('len', inputs.closed)",
            "on_host('len', [1])",
            "on_host('add', inputs.b, 1)",
        ],
    )
    def test_on_host_does_operators_of_open_objects_only(
        self, boxes: Capabilities, code: str
    ) -> None:
        class Closed:
            def __len__(self) -> int:
                return 3

        assert "TypeError" in str(ran(code, boxes, b=Box(4), closed=Closed()).error)

    def test_operators_mean_what_the_class_says(self, boxes: Capabilities) -> None:
        code = (
            "b, empty = inputs.b, inputs.empty\n"
            "r = [len(b), b[3], str(b), f'{b}', bool(empty), 'full' if empty else 'empty']\n"
            "r += [not b, empty or 'other', b and 1, b == b, b != b, b in [b], empty in [b]]\n"
            "print(b, 1)\ntask_success(r)"
        )
        with session(boxes, b=Box(4), empty=Box(0)) as one:
            block = one.run(code)
        assert block.output == ("a box of 4 1\n",)
        assert getattr(block.control, "value", block.error) == [
            4, 12, "a box of 4", "a box of 4", False, "empty",
            False, "other", 1, True, False, True, False,
        ]  # fmt: skip

    def test_a_name_that_may_hold_an_object_is_no_number(self, boxes: Capabilities) -> None:
        class Same(Box):
            def __eq__(self, other: object) -> bool:
                return True

            __hash__ = Box.__hash__

        with session(boxes, b=Same(4)) as one:
            one.run("x = inputs.b\ndef give():\n    global y, w\n    y = w = inputs.b")
            block = one.run(
                "if False: x = 0\ny = w = 1\ngive()\nn = 0\nfor i in range(3):\n"
                "    n += i == 1\nz = 1\nz = inputs.b\n"
                "task_success((x == 5, z == 5, y == 5, w == 5, n == 1, n == 2))"
            )
        assert getattr(block.control, "value", block.error) == (True, True, True, True, True, False)

    @pytest.mark.parametrize(
        "code",
        [
            "len(c)",
            "c[0]",
            "c + 1",
            "1 + c",
            "for x in c: pass",
            "c['a'] = 1",
            "del c[0]",
            "1 in c",
        ],
    )
    def test_operators_of_what_is_not_open_are_refused(self, code: str) -> None:
        class Closed(Box):
            def __iter__(self) -> Iterator[int]:
                raise AssertionError("it was used")

            __contains__ = __add__ = __radd__ = __setitem__ = __delitem__ = __getitem__ = (
                lambda *given: given[0].fail()
            )
            __len__ = __getitem__  # type: ignore[assignment]

        capabilities = Capabilities()
        capabilities.add_class(uuid.SafeUUID)
        block = ran(f"c = inputs.c\n{code}", capabilities, c=Closed())
        assert "TypeError" in str(block.error)
        code = "c = inputs.c\ntask_success((c == 1, c == c, bool(c), 'Closed' in str(c)))"
        assert succeeded(code, capabilities, c=Closed()) == (False, True, True, True)

    def test_an_error_of_an_operator_is_mapped_as_those_of_the_class(self) -> None:
        class Shelf:
            def __getitem__(self, key: str) -> int:
                raise sqlite3.OperationalError(key)

        capabilities = Capabilities()
        module = types.ModuleType("store")
        Shelf.__module__ = "store"
        module.Shelf = Shelf  # type: ignore[attr-defined]
        capabilities.add_module(module, exception_mappings={sqlite3.Error: LookupError})
        code = "try:\n    inputs.s['x']\nexcept LookupError as e:\n    task_success(str(e))"
        assert succeeded(code, capabilities, s=Shelf()) == "x"

    def test_a_change_on_the_host_is_seen(self, boxes: Capabilities) -> None:
        box = Box(1)
        code = "b = inputs.box\na = b.size\ngrow()\ntask_success((a, b.size))"
        boxes.add_function(lambda: setattr(box, "size", 9), name="grow")
        assert succeeded(code, boxes, box=box) == (1, 9)

    @pytest.mark.parametrize(
        ("options", "allowed", "refused"),
        [
            ({"include": ["half"]}, "half()", "put(1)"),
            ({"include": "ha*"}, "half()", "boxes()"),
            ({"exclude": ["_*", "put"]}, "half()", "put(1)"),
            ({"include": [], "configure": {"half": MemberSpec()}}, "half()", "put(1)"),
            ({"include": ["size", "doubled"]}, "doubled", "seen"),
        ],
    )
    def test_patterns_decide(self, options: dict[str, Any], allowed: str, refused: str) -> None:
        capabilities = Capabilities()
        capabilities.add_class(Box, **options)
        assert ran(f"inputs.b.{allowed}", capabilities, b=Box(4)).error is None
        assert "AttributeError" in str(ran(f"inputs.b.{refused}", capabilities, b=Box(4)).error)

    def test_a_subclass_has_what_is_open_of_its_base(self, boxes: Capabilities) -> None:
        class Crate(Box):
            def extra(self) -> int:
                return 5

        assert succeeded("task_success(inputs.c.half().size)", boxes, c=Crate(8)) == 4

    def test_objects_that_may_not_be_made_can_be_used(self) -> None:
        capabilities = Capabilities()
        capabilities.add_class(Box, constructable=False)
        assert succeeded("task_success(inputs.b.size)", capabilities, b=Box(2)) == 2
        for code in ("Box(3)", "type(inputs.b)(3)"):
            block = ran(code, capabilities, b=Box(2))
            assert "objects of Box can't be made by agent code" in str(block.error)

    def test_a_class_under_another_name(self) -> None:
        capabilities = Capabilities()
        capabilities.add_class(Box, name="Carton")
        assert succeeded("task_success(Carton(3).size)", capabilities) == 3
        assert "NameError" in str(ran("Box(3)", capabilities).error)


class TestLiveObjects:
    @pytest.fixture
    def database(self) -> Iterator[Capabilities]:
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        capabilities = Capabilities()
        capabilities.add_module(
            connection,
            name="db",
            include=["execute", "total_changes"],
            exception_mappings={sqlite3.OperationalError: ValueError},
        )
        capabilities.add_class(sqlite3.Cursor, constructable=False)
        yield capabilities
        connection.close()

    def test_an_object_is_used_by_its_name_or_imported(self, database: Capabilities) -> None:
        code = "task_success(db.execute('select 1, 2').fetchall())"
        assert succeeded(code, database) == [(1, 2)]
        assert succeeded(f"import db\n{code}", database) == [(1, 2)]
        assert succeeded(f"from db import execute\n{code}", database) == [(1, 2)]
        assert succeeded("task_success(db.total_changes)", database) == 0

    def test_only_what_is_included_is_open(self, database: Capabilities) -> None:
        assert "AttributeError" in str(ran("db.close()", database).error)
        assert "AttributeError" in str(ran("import db\ndb.close()", database).error)

    def test_exceptions_are_mapped(self, database: Capabilities) -> None:
        for start in ("", "import db\n"):
            code = "try:\n    db.execute('x')\nexcept ValueError as e:\n    task_success(str(e))"
            assert "syntax error" in succeeded(start + code, database)


class TestDataObjects:
    def test_fields_of_data_classes_are_attributes_and_print(self) -> None:
        @attrs.frozen
        class Place:
            city: str

        class User(pydantic.BaseModel):
            name: str
            place: Any

        user = User(name="ann", place=Place("Rome"))
        with session(user=user) as one:
            block = one.run("u = inputs.user\nprint(u)\ntask_success((u.name, u.place.city, u))")
        assert block.output == ("User(name='ann', place=Place(city='Rome'))\n",)
        assert isinstance(block.control, Success)
        assert block.control.value[:2] == ("ann", "Rome")
        assert block.control.value[2] is user

    def test_data_that_leads_back_to_itself_goes_in(self) -> None:
        @attrs.define
        class Node:
            name: str
            next: Any = None

        node = Node("a")
        node.next = Node("b", node)
        code = "n = inputs.node\ntask_success((n.name, n.next.name, n))"
        name, other, back = succeeded(code, node=node)
        assert (name, other) == ("a", "b")
        assert back is node

    def test_enums_ids_and_named_tuples(self) -> None:
        class Colour(enum.Enum):
            RED = "r"

        pair = namedtuple("pair", "a b")
        one_id = uuid.uuid4()
        code = (
            "i = inputs\ntask_success((i.colour.name, i.colour.value, i.colour, str(i.id), "
            "i.pair.a, i.pair))"
        )
        value = succeeded(code, colour=Colour.RED, id=one_id, pair=pair(1, 2))
        assert value == ("RED", "r", Colour.RED, str(one_id), 1, (1, 2))

    def test_an_input_that_can_be_called_can_be_called(self) -> None:
        assert succeeded("task_success(inputs.double(4))", double=lambda n: n * 2) == 8

    def test_views_ranges_and_iterators_are_lists(self) -> None:
        keys = {"a": 1}.keys
        code = "task_success((keys(), numbers(), list(letters())))"
        functions = opened(keys=keys, numbers=lambda: range(3), letters=lambda: iter("ab"))
        assert succeeded(code, functions) == (["a"], [0, 1, 2], ["a", "b"])

    @pytest.mark.parametrize(
        "value",
        [len, Box, pytest, lambda: 1],
        ids=["built-in", "class", "module", "lambda"],
    )
    def test_functions_classes_and_modules_do_not_go_in(self, value: object) -> None:
        block = ran("give()", opened(give=lambda: value))
        assert str(block.error).startswith("TypeError: ")
