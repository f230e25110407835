"""Usual Python that the interpreter lacks: it works, means what it means, and costs no lines."""

from __future__ import annotations

import ast
import contextlib
from typing import Any

import pytest

from tests.agents.sandbox.sandboxes import ran, session, succeeded
from xpander_client.agents.sandbox.capabilities import Capabilities
from xpander_client.agents.sandbox.dialect.idioms import rewrite_idioms

SNIPPETS = [
    # What the interpreter lacks.
    "d = {'a': 1, 'b': 3}\nr = max(d, key=d.get), sorted(d, key=d.get, reverse=True)",
    "r = sorted(['b', 'A'], key=str.lower), list(map(str.strip, [' a '])), str.upper('x')",
    "f = [3].append, 'a-b'.split\nr = f[1]('-'), dict.get({1: 2}, 1), list(map(' {} '.format, "
    "[1]))",
    "r = next((x for x in [1, 7, 9] if x > 5), None), next((x for x in [1] if x > 5), 'none')",
    "n = []\ndef f(x):\n    n.append(x)\n    return x > 1\nr = any(f(x) for x in range(9)), n",
    "n = []\ndef f(x):\n    n.append(x)\n    return x < 1\nr = all(f(x) for x in range(9) if x), n",
    "d = {'a': 1}\nr = any(k == 'a' and v for k, v in d.items()), next(k for k, v in d.items() "
    "if v)",
    "import json\nr = json.dumps({'a': {1}, 'b': [(2,)]}, default=list, sort_keys=True)",
    "import json\nr = json.dumps([1], indent=2), json.dumps({'x': None})",
    "import re\nr = re.sub('a(.)', lambda m: m.group(1).upper(), 'abac', count=1), "
    "re.sub('a', 'x', 'aa'), re.compile('b').sub(lambda m: '-', 'abb'), "
    "re.subn('a', lambda m: 'q', 'aba')",
    "import re\nr = bool(re.match('a$', 'a\\n')), bool(re.search(r'\\$[$]$', '$$\\n')), "
    "re.sub('$', '!', 'a')",
    "d, l = {1: 2, 3: 4}, [0, 1, 2, 3, 4]\ndel d[1], l[0]\ndel l[1:3]\nr = d, l",
    "from collections import Counter, defaultdict, deque\nc, d, q = Counter('aab'), "
    "defaultdict(int), deque([1, 2])\nd['x'] += 1\nc['a'] -= 1\nbest = max(c, key=c.get)\n"
    "del c['a'], c['zz'], d['x'], q[0]\nr = dict(c), dict(d), list(q), best, bool(q), len(c)",
    "r = 'abc'.translate(str.maketrans('ab', 'xy', 'c')), 'ab'.translate({97: None, 98: 'zz'})",
    "r = [round(x, 2) for x in (2.675, 1.005, -68.755, 0.125)], round(2.5), round(7, -1), "
    "round(1e300, 2), list(map(round, [1.5, 2.5])), round(1234.5, -2), round(1.5, ndigits=0)",
    "r = callable(len), callable(lambda: 1), callable(3), callable(str)",
    "class A:\n    def __len__(self): return 0\n    def __bool__(self): return True\n"
    "class B:\n    def __len__(self): return 0\n"
    "r = bool(A()), bool(B()), len(B()), 'y' if B() else 'n', not B(), B() or 1, A() and 2",
    "class A:\n    def __init__(self, n): self.n = n\n    def __lt__(self, o): return self.n < "
    "o.n\n"
    "    def __setitem__(self, k, v): self.n = (k, v)\n    def __delitem__(self, k): self.n = k\n"
    "a = A(1)\nr = [a < A(2), a > A(2)]\na['x'] = 1\nr.append(a.n)\ndel a['q']\nr.append(a.n)",
    "try:\n    assert 1 == 2, 'no'\nexcept AssertionError as e:\n    r = str(e)",
    "import heapq as h, operator\nfrom heapq import (heappush,\n    heappop as pop)\n"
    "q = []\nheappush(q, 2)\nh.heappush(q, 1)\nr = pop(q), operator.add(1, 2)",
    # Plain data, as it is.
    "r = 7 + 2 * 3 - 4 ** 2 // 3 % 5 / 2, -3 ** 2, ~5 & 3 | 8 ^ 1, 1 << 3 >> 1, +True, - -2",
    "a = 3\nr = 1 < a < 5, 1 < a > 5, a == 3 == 3, not a == 4 != 3, a in [3] in [[3]]",
    "r = (1)+(2)*( 3 ), ((1))+((2)), (1 +  # one\n  2), 'a' 'b' + \"c\"",
    "a = [1, 2, 3, 4]\nr = a[1:], a[:-1], a[::2], a[-1], a[1], 'text'[1:3], (1, 2)[0], a[slice(2)]",
    "a = [[0] * 2 for _ in range(2)]\na[0][1] = 5\na[1][0] += 2\na[0][1] -= 1\nr = a",
    "a = b = [1]\na += [2]\na *= 2\ns = {1}\nt = s\ns |= {2, 3}\ns -= {3}\nd = e = {}\nd |= "
    "{1: 2}\n"
    "x = 5\nx -= 1\nx *= 3\nx |= 16\nr = b, a is b, t, s is t, e, x",
    "d = {}\nd['k'], x = 1, 2\nd[1, 2] = 3\nd[(1)] = (4,)\nd['t'] = 1, 2\nr = d, x",
    "n = [0]\ndef f():\n    n[0] += 10\n    return 1\nn[0] += f()\nr = n",
    "i = 0\ndef f():\n    global i\n    i = 1\n    return 'v'\nd = {}\nd[i] = f()\nr = d",
    "r = [] or 'x', 0 and 1, '' or [] or {}, 1 and [2], None or 0, [1] and []",
    "r = [(a, b) for a in range(3) if a for b in 'xy' if b != 'x'], {k: v for k, v in [(1, 2)]}",
    "def f(*a, **k): return a, k\nr = f(*[1, 2], *range(2), **{'x': 3}), [*{1: 2}, *'ab'], {*[1]}",
    "a, *b = [1, 2, 3]\n(c, d), e = (1, 2), 3\nr = a, b, c, d, e",
    "x = 3.14159\nn = 'q'\nr = f'{x:.2f} {n!r:>5} {{}} {x + 1:{5}.1f}' f\"{n}{'a' + 'b'}\" '!'",
    "r = f'''a\n{1 + 1}\n b''', f'{ {1: 2}[1] }', f'{3=}', f'{[1, 2][0]:>{2 + 1}}'",
    "r = sum([1, 2]), max(1, 2), min([3, 1]), max(['a', 'bb'], key=len), min([], default=4), "
    "sorted([2, 1], reverse=True), list(zip([1], 'a')), list(enumerate('a', 1)), abs(-2)",
    "r = list(map(lambda a, b: a + b, [1], [2])), list(filter(None, [0, 1])), len('abc'), str(1), "
    "repr('a'), int('3'), float('2'), bool([]), list('ab'), set([1]), dict([(1, 2)]), tuple([1])",
    "x = [3, 1, 2]\nx.sort(key=lambda i: -i)\ny = [1]\ny.extend(i for i in [2])\nr = x, y, "
    "','.join('ab')",
    "def f(x: int | None = None, *y: 'a[b]', z: list[int] = []) -> dict[str, int]:\n    v: "
    "list[int] = [1]\n"
    "    return x, y, z, v\nr = f(1, 2)",
    "len = lambda x: 'mine'\nr = len([1])",
    "def f(round, sum):\n    return round(2.675, 2), sum([1])\nr = f(lambda *a: a, lambda a: a)",
    "match {'a': [1, 2]}:\n    case {'a': [x, *y]} if x == 1 and y:\n        r = x, y",
    "x = 0\nwhile x < 5 and not x == 3: x += 1\nelse: x = 9\nr = x",
    "r = [i for i in(1, 2)if(i)>1], not(1)+0",
    "def f(n): return 1 if n < 2 else n * f(n - 1)\nr = f(30)",
    "class P:\n    z = [1, 2][0]\n    def __init__(self): self.c = 0\n    def up(self):\n"
    "        self.c += 1\n        return self\nr = P().up().c, P.z",
    "try:\n    [1][5]\nexcept IndexError as e:\n    r = str(e)\ntry:\n    {}['k']\nexcept "
    "KeyError as e:\n"
    "    r = r, str(e)",
    "r = isinstance(1, int | str), isinstance([], (list, tuple)), type(1) == int, 1 == 1.0, "
    "'a' != 1",
    "r = {1, 2} - {1}, {1: 2}.keys() & {1}, {1: 2} | {3: 4}, [1] + [2], 'a' * 3, '%s-%d' % "
    "('x', 2)",
    "r = (lambda x, *, y=2: x[0] + y)([1]), [n := 3, n + 1], [y for x in [1] if (y := x + 1)]",
    "x = 'tail' \\\n    + 'end'\nr = x \\\n    == 'tailend'",
    "import math\nr = math.nan == math.nan, math.nan in [math.nan], 0.1 + 0.2 == 0.3",
    "class E:\n    def __eq__(self, o): return True\nr = E() == 1, E() != 1, 1 in [E()]",
]


@pytest.fixture(scope="module")
def with_objects() -> Capabilities:
    """What makes operators meet objects: an open class."""
    capabilities = Capabilities()
    capabilities.add_class(ast.AST)
    return capabilities


def same(given: Any) -> Any:
    """A text that tells 1 from True and sets from lists, in an order that does not matter."""
    if isinstance(given, (set, frozenset)):
        return ("set", sorted(map(repr, given)))
    if isinstance(given, (list, tuple)):
        return (type(given).__name__, [same(one) for one in given])
    if isinstance(given, dict):
        return ("dict", [(same(key), same(value)) for key, value in given.items()])
    return repr(given)


@pytest.mark.parametrize("code", SNIPPETS)
def test_it_means_what_python_means_with_objects_about_and_without(
    code: str, with_objects: Capabilities
) -> None:
    names: dict[str, Any] = {}
    exec(code, names)
    whole = f"{code}\ntask_success(r)"
    for capabilities in (None, with_objects):
        assert same(succeeded(whole, capabilities)) == same(names["r"])


@pytest.mark.parametrize("code", SNIPPETS)
@pytest.mark.parametrize("has_objects", [True, False])
def test_lines_stay_where_they_are(code: str, has_objects: bool) -> None:
    made = rewrite_idioms(code, has_objects=has_objects)
    assert made.count("\n") == code.count("\n")
    ast.parse(made)
    before, after = (
        [one.lineno for one in ast.walk(ast.parse(text)) if isinstance(one, ast.stmt)]
        for text in (code, made)
    )
    assert set(before) == set(after)


def test_code_with_nothing_of_the_kind_stays_as_it_is() -> None:
    code = "# ä\nfor i in range(3):\n    x = f(i)  # ok\n    y = [i + 1 for i in x]\n"
    assert rewrite_idioms(code) == code
    for broken in ("def (", "x = = 1", "é = 'ü" * 3, "\0"):
        assert rewrite_idioms(broken, has_objects=True) == broken


def test_errors_name_the_lines_and_the_code_of_the_block_alone(with_objects: Capabilities) -> None:
    code = "def f(d):\n    return d['x'] + 1\nif f({'x': 2}) == 3:\n    del [][\n        5]"
    assert (
        str(ran(code, with_objects).error)
        == ("IndexError: list assignment index out of range\n  line 4: del [][\n"[:-1])
    )
    with session(with_objects) as one:
        assert one.run("def f(d):\n    return d['x'] + 1").error is None
        error = str(one.run("f({'x': 'a'})").error)
    assert error.startswith("TypeError: ")
    assert "  line 1: f({'x': 'a'})" in error
    assert "line 2 of earlier code, in f: return d['x'] + 1" in error
    assert "__x" not in error


def test_names_of_builtins_that_earlier_blocks_bound_are_theirs(with_objects: Capabilities) -> None:
    with session(with_objects) as one:
        one.run("def len(x):\n    return 'mine'\nround = lambda x, n: 'mine, too'")
        block = one.run("task_success((len([1]), round(2.675, 2)))")
    assert getattr(block.control, "value", None) == ("mine", "mine, too")


def test_what_was_defined_is_rewritten_when_a_later_call_makes_it_again() -> None:
    with session() as one:
        one.run("def best(d):\n    del d['x']\n    return max(d, key=d.get)")
        kept = {name: data for name, data in one.collect_changes().items() if data is not None}
    with session(variables=kept) as one:
        block = one.run("task_success(best({'x': 9, 'y': 1, 'z': 2}))")
    assert getattr(block.control, "value", None) == "z"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("x = 1\ndel x", "leave it out, or assign None"),
        ("from datetime import *", "write the names"),
        ("raise ValueError('a', 1)", "write one text"),
        ("next(zip)", "next(iter(x))"),
        ("g = (x for x in [1])\nnext(g)", "next(iter(x))"),
        ("def f():\n    yield 1", "write a list and return it"),
        ("class A(dict):\n    pass", "write one class"),
        ("class A:\n    @property\n    def x(self): return 1", "write a method"),
        ("v + 1", "write inputs.v"),
        ("inputs[0]", "write inputs.name"),
        ("'a'.__len__()", "len(x)"),
        ("inputs.get('v')", "write inputs.name"),
        ("import requests", "that are open to you instead"),
        ("open('x')", "what is open instead"),
        ("globals()", "names and dicts of your own"),
    ],
)
def test_what_can_not_work_is_told_with_what_to_write_instead(code: str, advice: str) -> None:
    if code == "next(zip)":
        code = "x = zip([1])\nnext(x)"
    first = str(ran(code, v=1).error).partition("\n")[0]
    assert advice in first


def test_any_piece_of_python_stays_python() -> None:
    from pathlib import Path

    import xpander_client.agents

    for path in sorted(Path(xpander_client.agents.__file__).parent.rglob("*.py")):
        made = rewrite_idioms(path.read_text(), has_objects=True)
        with contextlib.suppress(RecursionError):
            ast.parse(made)
        assert made.count("\n") == path.read_text().count("\n"), path.name
