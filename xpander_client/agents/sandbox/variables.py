"""What a session knows of its variables, whichever process has them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container, Iterable, Mapping
from typing import Any

import attrs

from xpander_client.agents.sandbox.dialect.source_scan import Source, scan_source
from xpander_client.agents.state.codec import (
    Definition,
    Factory,
    Instance,
    Unstorable,
    decode,
    encode,
)

_GLOBAL = re.compile(r"\bglobal[ \t]+(\w+(?:[ \t]*,[ \t]*\w+)*)")


@attrs.define
class Variables:
    """What a session has learned of its variables, each by its name.

    It outlives a process: a process that is lost gets them again out of this.
    """

    stored: Mapping[str, bytes]
    """The variables as earlier calls left them, encoded."""
    definitions: dict[str, str] = attrs.field(factory=dict)
    """The source of functions and classes."""
    factories: dict[str, str] = attrs.field(factory=dict)
    """The source of functions in defaultdicts, by the variable."""
    missing: dict[str, str] = attrs.field(factory=dict)
    """What could not be stored: what it was."""
    _known: dict[str, Any] = attrs.field(factory=dict)
    """Values that blocks of this session have left."""
    _decoded: dict[str, Any] = attrs.field(factory=dict)
    """Values out of `stored`, as far as they were read: most calls need few of them."""
    _baseline: dict[str, bytes] = attrs.field(factory=dict)
    """Bytes against which a change is told."""
    _assigned: set[str] = attrs.field(factory=set)
    """What code gave a value, in whichever block."""
    _changes: dict[str, bytes | None] = attrs.field(factory=dict)
    """What `collect_changes` has not told yet."""

    def __contains__(self, name: str) -> bool:
        return name in self._known or name in self.stored

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        if name not in self._decoded:
            self._decoded[name] = decode(self.stored[name])
        return self._decoded[name]

    def find_wanted(self, names: Iterable[str], present: Container[str]) -> dict[str, None]:
        """List the variables that code with these names needs, each behind what it needs.

        Those that are present already are left out.
        """
        wanted: dict[str, None] = {}
        opened: set[str] = set()

        # Deep chains of helpers are rare, and a stack is not what should bound them.
        waiting = [(name, False) for name in sorted(names, reverse=True)]
        while waiting:
            name, is_done = waiting.pop()
            if is_done:
                wanted[name] = None
            elif name not in opened:
                opened.add(name)
                if name == "inputs":
                    wanted[name] = None
                elif name not in present and name in self:
                    waiting.append((name, True))
                    waiting.extend((one, False) for one in sorted(_needs(self[name])))
        return wanted

    def find_class_source(self, name: str) -> str | None:
        """Return the source of the function or class of this name."""
        if name in self.definitions:
            return self.definitions[name]
        if name in self:
            value = self[name]
            return value.source if isinstance(value, Definition) else None
        return None

    def find_globals(self) -> set[str]:
        """Find the variables that functions of earlier blocks may set."""
        declared = (names for one in self.definitions.values() for names in _GLOBAL.findall(one))
        return {name for names in declared for name in names.replace(",", " ").split()}

    def is_given(self, name: str) -> bool:
        """Tell whether code of this session gave the name a meaning of its own."""
        return name in self._assigned or name in self.definitions

    def learn(self, source: Source) -> None:
        """Note what a block that is about to run assigns and defines."""
        self._assigned |= source.bound or frozenset()
        for name in (source.bound or ()) - source.definitions.keys():
            self.definitions.pop(name, None)
        self.definitions.update(source.definitions)
        self.factories.update(source.factories)

    def enter(self, name: str) -> None:
        """Note that a process gets the variable: what it becomes there is compared with it."""
        if name in self.stored:
            self._baseline.setdefault(name, self.stored[name])

    def compare(self, name: str, value: Any) -> None:
        """Note what a process has in the variable, and whether that is a change."""
        if isinstance(value, type):
            source = self.definitions.get(name)
            value = Unstorable("a class") if source is None else Definition(source)
        data = encode(value)
        # What can't be stored can still be carried from block to block.
        self._known[name] = value
        self.missing.pop(name, None)
        before = self._baseline.get(name, self.stored.get(name))
        if data != before:
            self._baseline[name] = data
            self._changes[name] = data

    def forget(self, name: str) -> None:
        """Note that a process had the variable and has it no more."""
        self._known.pop(name, None)
        if self._baseline.pop(name, None) is not None:
            self._changes[name] = None

    def collect_changes(self) -> dict[str, bytes | None]:
        """Return what changed since this was asked last, encoded; None for what is gone."""
        changes, self._changes = self._changes, {}
        return changes


def _needs(value: Any) -> frozenset[str]:
    if isinstance(value, Definition):
        return scan_source(value.source).names
    return frozenset(_class_names(value))


def _class_names(value: Any) -> set[str]:
    """Find the classes whose objects are in a value, and what its functions name."""
    if isinstance(value, Instance):
        return {value.class_name}.union(*(_class_names(one) for one in value.attributes.values()))
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return set().union(*(_class_names(one) for one in value)) if value else set()
    if isinstance(value, dict):
        within = (_class_names(one) for pair in value.items() for one in pair)
        factory = getattr(value, "default_factory", None)
        own = scan_source(factory.source).names if isinstance(factory, Factory) else ()
        return set(own).union(*within)
    return set()
