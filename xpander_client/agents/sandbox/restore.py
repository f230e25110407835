"""Values with objects of agent-made classes, as code that makes them again."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

from xpander_client.agents.state.codec import Factory, Instance

_RECORD = re.compile(r"^\s*@(?:\w+\.)?dataclass\b", re.MULTILINE)
_INIT = re.compile(r"^\s+def __init__\b", re.MULTILINE)


class Restored:
    """The code for one variable. `given` are the values that it needs, by name."""

    def __init__(self, name: str, class_source: Callable[[str], str | None]) -> None:
        self._class_source = class_source
        self.statements: list[str] = []
        self.given: dict[str, Any] = {}
        self.is_plain = True

    def expression(self, value: Any) -> str:
        """Write the code for a value.

        Raises:
            ValueError: an object's class is not there any more.
        """
        if not needs_code(value):
            key = f"__x_{len(self.given)}"
            self.given[key] = value
            return key
        self.is_plain = False
        if isinstance(value, Instance):
            return self._instance(value)
        if isinstance(value, range):
            return repr(value)
        if isinstance(value, (Counter, defaultdict, deque)):
            return self._container(value)
        if isinstance(value, dict):
            pairs = (f"{self.expression(k)}: {self.expression(v)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        items = "".join(f"{self.expression(one)}, " for one in value)
        if isinstance(value, list):
            return f"[{items}]"
        if isinstance(value, tuple):
            return f"({items})"
        # Not written as a display: an empty one would be a dict, and frozen ones have none.
        return f"{'frozenset' if isinstance(value, frozenset) else 'set'}([{items}])"

    def _container(self, value: Counter[Any] | defaultdict[Any, Any] | deque[Any]) -> str:
        imports = "import collections as __x_collections"
        if imports not in self.statements:
            self.statements.insert(0, imports)
        kind = f"__x_collections.{type(value).__name__}"
        if isinstance(value, deque):
            return f"{kind}({self.expression(list(value))}, {value.maxlen})"
        content = self.expression(dict(value))
        if isinstance(value, Counter):
            return f"{kind}({content})"
        factory = value.default_factory
        if factory is None or isinstance(factory, Factory):
            return f"{kind}({factory and factory.source}, {content})"
        home = "__x_collections." if factory.__module__ == "collections" else ""
        return f"{kind}({home}{factory.__name__}, {content})"

    def _instance(self, value: Instance) -> str:
        name = value.class_name
        source = self._class_source(name)
        if source is None or not name.isidentifier():
            raise ValueError(f"its class {name} is not known any more")
        if not all(one.isidentifier() for one in value.attributes):
            raise ValueError(f"an object of {name} has attributes without names")
        attributes = {one: self.expression(item) for one, item in value.attributes.items()}
        if value.record or _RECORD.search(source):
            return f"{name}({', '.join(f'{one}={item}' for one, item in attributes.items())})"
        made = f"__x_{len(self.statements)}_{len(self.given)}_made"
        if _INIT.search(source):
            # The object is made again as it was, not by whatever its class does at the beginning.
            self.statements += [
                f"__x_init = {name}.__init__",
                f"{name}.__init__ = lambda self: None",
                f"{made} = {name}()",
                f"{name}.__init__ = __x_init",
            ]
        else:
            self.statements.append(f"{made} = {name}()")
        self.statements += [f"{made}.{one} = {item}" for one, item in attributes.items()]
        return made


def needs_code(value: Any) -> bool:
    """Tell whether a value is more than the data that goes into the sandbox as it is."""
    if isinstance(value, (Instance, Counter, defaultdict, deque, range)):
        return True
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(needs_code(one) for one in value)
    if isinstance(value, dict):
        return any(needs_code(one) for pair in value.items() for one in pair)
    return False
