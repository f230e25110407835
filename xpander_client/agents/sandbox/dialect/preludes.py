"""Functions that rewritten agent code calls, as code that runs in the sandbox.

Each does what the interpreter does for data. What it does not do, for objects of the host above
all, is behind that, so that the usual case costs one call.
"""

from __future__ import annotations

import re

from xpander_client.agents.sandbox.dialect.inner_modules import SOURCES
from xpander_client.agents.sandbox.dialect.rewriting import SOURCE

_FUNCTIONS = {
    "plain": """\
import collections as __x_collections
__x_mappings = {dict, __x_collections.Counter, __x_collections.defaultdict}
__x_plain = {
    __x_collections.Counter, __x_collections.defaultdict, __x_collections.deque,
    int, float, str, bool, bytes, complex, list, tuple, dict, set, frozenset, range, slice,
    type(None), type(...), type(len), type(lambda: 0), type({}.keys()), type({}.values()),
    type({}.items()), type(iter([])),
}
""",
    "kinds": "__x_kinds = {}\n",
    "kind": """\
def __x_kind(value):
    kind = type(value)
    if kind in __x_plain:
        return 0
    known = __x_kinds.get(kind)
    if known is None:
        known = __x_kinds[kind] = __x_do("kind", value)
    return known
""",
    "bool": """\
def __x_bool(value):
    return bool(__x_truth(value))
""",
    "truth": """\
def __x_truth(value):
    if type(value) in __x_plain:
        return value
    kind = __x_kind(value)
    if kind == 2:
        return value if __x_do("truth", value) else False
    if kind == 0:
        if hasattr(value, "__bool__"):
            return value if value.__bool__() else False
        if hasattr(value, "__len__"):
            return value if value.__len__() else False
    return value
""",
    "eq": """\
def __x_eq(a, b):
    if type(a) in __x_plain and type(b) in __x_plain or not (__x_kind(a) or __x_kind(b)):
        return a == b
    return __x_do("eq", a, b)
""",
    "ne": """\
def __x_ne(a, b):
    if type(a) in __x_plain and type(b) in __x_plain or not (__x_kind(a) or __x_kind(b)):
        return a != b
    return __x_do("ne", a, b)
""",
    "in": """\
def __x_in(a, b):
    if type(a) in __x_plain and type(b) in __x_plain:
        return a in b
    if __x_kind(b):
        return __x_do("contains", b, a)
    if __x_kind(a) and type(b) in (list, tuple):
        for one in b:
            if one is a or __x_truth(__x_eq(one, a)):
                return True
        return False
    return a in b
""",
    "not_in": """\
def __x_not_in(a, b):
    return not __x_in(a, b)
""",
    "iter": """\
def __x_iter(value):
    if type(value) in __x_plain or not __x_kind(value):
        return value
    return __x_do("iter", value)
""",
    "slice": "__x_slice = slice\n",
    "key": """\
def __x_key(key):
    if type(key) is slice:
        return ("__x_slice", key.start, key.stop, key.step)
    if type(key) is tuple:
        return tuple([__x_key(one) for one in key])
    return key
""",
    "item": """\
def __x_item(value, key):
    try:
        return value[key]
    except TypeError:
        if __x_kind(value):
            return __x_do("getitem", value, __x_key(key))
        raise
""",
    "set": """\
def __x_set(item, value, key):
    try:
        value[key] = item
    except TypeError:
        if __x_kind(value):
            __x_do("setitem", value, __x_key(key), item)
        elif type(value) not in __x_plain and hasattr(value, "__setitem__"):
            value.__setitem__(key, item)
        else:
            raise
""",
    "del": """\
def __x_del(value, key):
    if type(value) in __x_mappings:
        if key in value or type(value) is not __x_collections.Counter:
            value.pop(key)
    elif type(value) is __x_collections.deque:
        items = list(value)
        __x_del(items, key)
        value.clear()
        value.extend(items)
    elif type(value) is list:
        if type(key) is slice:
            gone = set(list(range(len(value)))[key])
            value[:] = [one for at, one in enumerate(value) if at not in gone]
        elif type(key) in (int, bool) and not -len(value) <= key < len(value):
            raise IndexError("list assignment index out of range")
        else:
            value.pop(key)
    elif __x_kind(value):
        __x_do("delitem", value, __x_key(key))
    elif hasattr(value, "__delitem__"):
        value.__delitem__(key)
    else:
        raise TypeError(f"'{type(value).__name__}' object doesn't support item deletion")
""",
    "update": """\
def __x_update(value, key, change, other):
    __x_set(change(__x_item(value, key), other()), value, key)
""",
    "len": """\
def __x_len(value):
    try:
        return len(value)
    except TypeError:
        if __x_kind(value):
            return __x_do("len", value)
        if type(value) not in __x_plain and hasattr(value, "__len__"):
            return value.__len__()
        raise
""",
    "str": """\
def __x_str(value):
    text = __x_do("str", value) if __x_kind(value) else None
    return str(value) if text is None else text
""",
    "repr": """\
def __x_repr(value):
    text = __x_do("repr", value) if __x_kind(value) else None
    return repr(value) if text is None else text
""",
    "format": """\
def __x_format(value, specification=""):
    text = __x_do("format", value, specification) if __x_kind(value) else None
    return format(value, specification) if text is None else text
""",
    "print": """\
def __x_print(*values, **options):
    print(*[__x_str(one) if __x_kind(one) else one for one in values], **options)
""",
    "int": """\
def __x_int(value):
    return __x_do("int", value) if __x_kind(value) else int(value)
""",
    "float": """\
def __x_float(value):
    return __x_do("float", value) if __x_kind(value) else float(value)
""",
    "round": """\
def __x_round(value, *digits, **named):
    if type(value) is float and value - value == 0:
        count = digits[0] if digits else named.get("ndigits")
        if type(count) is int and 0 <= count <= 300:
            return float(format(value, f".{count}f"))
    elif __x_kind(value):
        return __x_do("round", value, *digits, **named)
    return round(value, *digits, **named)
""",
    "callable": """\
def __x_callable(value):
    return type(value) in (type(len), type(lambda: 0), type(int)) or hasattr(value, "__call__")
""",
    "sorted": """\
def __x_sorted(items, key=None, reverse=False):
    items = list(__x_iter(items))
    if key is None:
        return sorted(items, reverse=reverse)
    keys = [key(one) for one in items]
    return [items[at] for at in sorted(range(len(items)), key=lambda at: keys[at], reverse=reverse)]
""",
    "sort": """\
def __x_sort(items, *args, **named):
    if type(items) is list and not args:
        items[:] = __x_sorted(items, **named)
        return None
    return items.sort(*args, **named)
""",
    "best": """\
def __x_best(name, items, key, named, better):
    items = list(__x_iter(items[0])) if len(items) == 1 else items
    if not len(items):
        if "default" in named:
            return named["default"]
        raise ValueError(f"{name}() iterable argument is empty")
    if key is None:
        key = lambda one: one
    best = items[0]
    first = key(best)
    for one in items[1:]:
        other = key(one)
        if better(other, first):
            best = one
            first = other
    return best
""",
    "max": """\
def __x_max(*items, key=None, **named):
    return __x_best("max", items, key, named, lambda a, b: a > b)
""",
    "min": """\
def __x_min(*items, key=None, **named):
    return __x_best("min", items, key, named, lambda a, b: a < b)
""",
    "map": """\
def __x_map(function, *items):
    return [function(*one) for one in zip(*[__x_iter(each) for each in items])]
""",
    "filter": """\
def __x_filter(function, items):
    if function is None:
        return [one for one in __x_iter(items) if __x_truth(one)]
    return [one for one in __x_iter(items) if __x_truth(function(one))]
""",
    "any": """\
def __x_any(items, count, value, test):
    for one in items:
        given = one if count else (one,)
        if (test is None or test(*given)) and value(*given):
            return True
    return False
""",
    "all": """\
def __x_all(items, count, value, test):
    for one in items:
        given = one if count else (one,)
        if (test is None or test(*given)) and not value(*given):
            return False
    return True
""",
    "next": """\
def __x_next(items, count, value, test, *default):
    for one in items:
        given = one if count else (one,)
        if test is None or test(*given):
            return value(*given)
    if default:
        return default[0]
    raise StopIteration()
""",
    "bound": """\
def __x_bound(value, read, call):
    if type(value) in __x_plain:
        return lambda *args, **named: call(value, *args, **named)
    return read(value)
""",
    "unbound": """\
def __x_unbound(kind, call):
    def method(value, *args, **named):
        if not isinstance(value, kind):
            raise TypeError(f"it is for a '{kind.__name__}', not a '{type(value).__name__}'")
        return call(value, *args, **named)
    return method
""",
    "maketrans": """\
def __x_maketrans(first, second=None, third=""):
    if second is None:
        return {ord(one) if type(one) is str else one: to for one, to in first.items()}
    if len(first) != len(second):
        raise ValueError("the first two maketrans arguments must have equal length")
    table = {ord(one): ord(to) for one, to in zip(first, second)}
    for one in third:
        table[ord(one)] = None
    return table
""",
    "translate": """\
def __x_translate(value, table):
    if type(value) is not str:
        return value.translate(table)
    made = []
    for one in value:
        to = table.get(ord(one), one) if type(table) is dict else table[ord(one)]
        if to is not None:
            made.append(chr(to) if type(to) is int else to)
    return "".join(made)
""",
    "dumps": """\
def __x_dumps(module, value, default=None, **named):
    import json
    if default is None or type(module) is not type(json) or module.dumps is not json.dumps:
        if default is not None:
            named["default"] = default
        return module.dumps(value, **named)
    def plain(one):
        kind = type(one)
        if kind is dict:
            return {key: plain(item) for key, item in one.items()}
        if kind in (list, tuple):
            return [plain(item) for item in one]
        if one is None or kind in (str, int, float, bool):
            return one
        return plain(default(one))
    return json.dumps(plain(value), **named)
""",
    "is_re": """\
def __x_is_re(value):
    import re
    return type(value) is re.Pattern or (type(value) is type(re) and value.sub is re.sub)
""",
    "sub": """\
def __x_sub(value, *args, **named):
    if __x_is_re(value):
        return __x_replaced(value, args, named)[0]
    return value.sub(*args, **named)
""",
    "subn": """\
def __x_subn(value, *args, **named):
    if __x_is_re(value):
        return __x_replaced(value, args, named)
    return value.subn(*args, **named)
""",
    "replaced": """\
def __x_replaced(value, args, named):
    import re
    names = ["repl", "string", "count"]
    is_module = type(value) is not re.Pattern
    if is_module:
        names = ["pattern", *names, "flags"]
    given = {**dict(zip(names, args)), **named}
    if is_module:
        pattern = given["pattern"]
        value = re.compile(pattern, given.get("flags", 0)) if type(pattern) is str else pattern
    repl, string, count = given["repl"], given["string"], given.get("count", 0)
    if type(repl) is str:
        done = value.sub(repl, string, count=count)
        found = len(value.findall(string))
        return done, min(found, count) if count else found
    made = []
    at = number = 0
    for match in value.finditer(string):
        if count and number >= count:
            break
        number += 1
        made.append(string[at:match.start()])
        made.append(repl(match))
        at = match.end()
    made.append(string[at:])
    return "".join(made), number
""",
}

_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
}  # fmt: skip
_ORDERS = {"lt": ("<", "gt"), "le": ("<=", "ge"), "gt": (">", "lt"), "ge": (">=", "le")}

_BINARY_SOURCE = """\
def __x_o{name}(a, b):
    try:
        return a {sign} b
    except TypeError:
        if __x_kind(a) or __x_kind(b):
            return __x_do("{name}", a, b)
        raise
def __x_i{name}(a, b):
    kind = type(a)
{in_place}    try:
        {change}
        return a
    except TypeError:
        if __x_kind(a) or __x_kind(b):
            return __x_do("i{name}", a, b)
        raise
"""
_IN_PLACE = {
    "add": """\
    if kind is list and type(b) not in __x_plain and __x_kind(b):
        a.extend(__x_do("iter", b))
        return a
""",
    "mul": """\
    if kind is list and type(b) is int:
        a[:] = a * b
        return a
""",
    "or": """\
    if kind is set and type(b) in (set, frozenset) or kind is dict and type(b) is dict:
        a.update(b)
        return a
""",
    **{
        name: f"""\
    if kind is set and type(b) in (set, frozenset):
        made = a {sign} b
        a.clear()
        a.update(made)
        return a
"""
        for name, sign in (("sub", "-"), ("and", "&"), ("xor", "^"))
    },
}
_ORDER_SOURCE = """\
def __x_{name}(a, b):
    try:
        return a {sign} b
    except TypeError:
        if __x_kind(a) or __x_kind(b):
            return __x_do("{name}", a, b)
        if hasattr(a, "__{name}__"):
            return a.__{name}__(b)
        if hasattr(b, "__{other}__"):
            return b.__{other}__(a)
        raise
"""
_TRUTH_SOURCE = """\
def __x_if_{name}(a, b):
    try:
        return a {sign} b
    except TypeError:
        return __x_truth(__x_{name}(a, b))
"""
_EQUAL_SOURCE = """\
def __x_if_{name}(a, b):
    if type(a) in __x_plain and type(b) in __x_plain:
        return a {sign} b
    return __x_truth(__x_{name}(a, b))
"""
_UNARY_SOURCE = """\
def __x_{name}(a):
    if type(a) not in __x_plain and __x_kind(a):
        return __x_do("{name}", a)
    return {sign}a
"""

_SOURCES: dict[str, str] = {f"__x_{name}": source for name, source in _FUNCTIONS.items()}
_SOURCES |= {f"__x_{name}": source for name, source in SOURCES.items()}
_SOURCES |= dict.fromkeys(re.findall(r"^def (__x_\w+)", SOURCE, re.MULTILINE), SOURCE)
for _name, _sign in _BINARY.items():
    _SOURCES[f"__x_o{_name}"] = _SOURCES[f"__x_i{_name}"] = _BINARY_SOURCE.format(
        name=_name,
        sign=_sign,
        in_place=_IN_PLACE.get(_name, ""),
        change="a = a @ b" if _sign == "@" else f"a {_sign}= b",
    )
for _name, (_sign, _other) in _ORDERS.items():
    _SOURCES[f"__x_{_name}"] = _ORDER_SOURCE.format(name=_name, sign=_sign, other=_other)
    _SOURCES[f"__x_if_{_name}"] = _TRUTH_SOURCE.format(name=_name, sign=_sign)
for _name, _sign in {"eq": "==", "ne": "!="}.items():
    _SOURCES[f"__x_if_{_name}"] = _EQUAL_SOURCE.format(name=_name, sign=_sign)
for _name, _sign in {"neg": "-", "pos": "+", "invert": "~"}.items():
    _SOURCES[f"__x_{_name}"] = _UNARY_SOURCE.format(name=_name, sign=_sign)
_SOURCES["__x_abs"] = """\
def __x_abs(value):
    return __x_do("abs", value) if __x_kind(value) else abs(value)
"""

_NAMES = re.compile(r"__x_\w+")


def write_missing(code: str, present: set[str]) -> str:
    """Return the source of the functions that the code calls, and that they call; now they are
    present.
    """
    if "__x_" not in code:
        return ""
    parts: list[str] = []
    waiting = [(name, False) for name in _NAMES.findall(code)]
    while waiting:
        name, is_done = waiting.pop()
        if is_done:
            if _SOURCES[name] not in parts:
                parts.append(_SOURCES[name])
        elif name in _SOURCES and name not in present:
            present.add(name)
            waiting.append((name, True))
            waiting += [(one, False) for one in _NAMES.findall(_SOURCES[name]) if one != name]
    return "".join([*parts, "None\n"]) if parts else ""
