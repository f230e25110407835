"""Variables on their way into a process of a session, and back when its code has run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from xpander_client.agents.sandbox.containers import (
    SOURCE as CONTAINERS,
    fields,
    with_factories,
    write_box,
)
from xpander_client.agents.sandbox.dialect.source_scan import is_class, scan_source
from xpander_client.agents.sandbox.marshal import Crossing, Doubt, is_builtin
from xpander_client.agents.sandbox.names import Names
from xpander_client.agents.sandbox.process_state import ProcessState
from xpander_client.agents.sandbox.restore import Restored, needs_code
from xpander_client.agents.sandbox.stand_ins import Argument, arguments
from xpander_client.agents.sandbox.variables import Variables
from xpander_client.agents.state.codec import (
    Definition,
    Factory,
    Instance,
    Unstorable,
    merge_unstorable,
)

TELL = "__x_tell"
"""The function by which code of the session's own has variables told."""


@attrs.define
class Transfer:
    """Brings the variables of one session into the process that it has, and reads them there."""

    variables: Variables
    process: ProcessState
    names: Names
    crossing: Crossing
    feed: Callable[[str, Mapping[str, Any]], str | None]
    """Has code run that makes variables, with values for it; the error's text if it fails."""
    put: Callable[[str], None]
    """Has code of ours run, as it is."""
    ask: Callable[[str], dict[str, Any] | None]
    """Has code run that calls `TELL`, and returns what `collect_reported` made of the call."""

    def restore(self, wanted: Iterable[str], given: dict[str, Any]) -> dict[str, str]:
        """Make variables of earlier calls and blocks; data is added to what the next feed gets.

        What can't be made again is in the answer, with the reason.
        """
        failed: dict[str, str] = {}
        for name in wanted:
            if name == "inputs":
                continue
            value = self.variables[name]
            if isinstance(value, Unstorable):
                self.variables.missing[name] = value.description
                continue
            self.process.present.add(name)
            self.variables.enter(name)
            if isinstance(value, Definition):
                self.variables.definitions.setdefault(name, value.source)
                if "inputs" in scan_source(value.source).names:
                    self.give_inputs(given)
                error = self.feed(value.source, given)
            else:
                factory = getattr(value, "default_factory", None)
                if isinstance(factory, Factory):
                    self.variables.factories.setdefault(name, factory.source)
                restored = Restored(name, self.variables.find_class_source)
                try:
                    expression = restored.expression(value)
                    if restored.is_plain:
                        given[name] = self.crossing.into(value)
                        continue
                    prepared = {key: self.crossing.into(one) for key, one in restored.given.items()}
                except (TypeError, ValueError) as refused:
                    failed[name] = str(refused)
                    self.process.present.discard(name)
                    continue
                code = "\n".join([*restored.statements, f"{name} = {expression}", "None"])
                error = self.feed(code, {**given, **prepared})
            given.clear()
            if error is not None:
                failed[name] = error
                self.process.present.discard(name)
        return failed

    def give_inputs(self, given: dict[str, Any]) -> None:
        """Add the inputs to what the next feed gets, unless the process has them."""
        if "inputs" not in self.process.present:
            self.process.present.add("inputs")
            given["inputs"] = self.names.wrap_inputs()

    def find_late(self, name: str) -> tuple[Any, ...]:
        """Find a variable that running code asks for, in a tuple, empty if there is none.

        Only code in a text, as `eval` runs it, names what was not seen before.
        """
        if name == "inputs":
            self.process.present.add(name)
            return (self.names.wrap_inputs(),)
        if name not in self.variables or name in self.process.present:
            return ()
        value = self.variables[name]
        if isinstance(value, Unstorable):
            self.variables.missing[name] = value.description
            return ()
        if isinstance(value, Definition) or needs_code(value):
            return ()
        try:
            found = (self.crossing.into(value),)
        except (TypeError, ValueError):
            return ()
        self.process.present.add(name)
        self.variables.enter(name)
        return found

    def read(self, *, has_containers: bool) -> None:
        """Compare what the code could have touched with what it was."""
        names = sorted(
            name
            for name in self.process.present | self.process.bound
            if name.isidentifier() and name != "inputs" and not name.startswith("__x")
        )
        self.process.is_read = True
        if not names:
            return
        definitions = self.variables.definitions
        # Apart: a class and an object of it in one answer are more than the interpreter bears.
        classes = [name for name in names if is_class(definitions.get(name, ""))]
        others = [name for name in names if name not in classes]
        found = {
            **self._fetch({name: name for name in others}),
            **self._fetch({name: name for name in classes}),
        }
        if has_containers:
            found |= self._read_containers({name: found[name] for name in others if name in found})
        for name, source in definitions.items():
            if name in found and (
                isinstance(found[name], Unstorable) or source.startswith(("import ", "from "))
            ):
                # Whatever it is here: its source makes it again.
                found[name] = Definition(source)
        for name in names:
            if name in found:
                self.variables.compare(name, found[name])
                self.process.present.add(name)
            elif name in self.process.present:
                self.process.present.discard(name)
                self.variables.forget(name)

    def collect_reported(self, snapshot: Any) -> dict[str, Any] | None:
        """Return the variables that a call of `TELL` tells, as they are to be kept; None if one
        has no form.
        """
        try:
            found: dict[str, Any] = snapshot.args[0]
        except TypeError:
            # Objects of agent code as keys have no form outside, and spoil the whole answer.
            return None
        try:
            return self._keep(found, {})
        except Doubt:
            ((asked,), _) = arguments(snapshot.dump(), snapshot.args, {})
            return self._keep(found, asked.items())

    def _keep(self, found: Mapping[str, Any], asked: Mapping[str, Argument]) -> dict[str, Any]:
        kept = {}
        for name, value in found.items():
            if is_builtin(value) and not (
                self.variables.is_given(name) or name in self.process.present
            ):
                # Code mentioned the name, and did not assign it.
                continue
            # One too deep for what is left of our stack is left out, as those are which are too
            # deep for the interpreter's.
            with contextlib.suppress(RecursionError):
                if name in asked:
                    marked = asked[name].mark_stand_ins()
                    kept[name] = merge_unstorable(
                        self.crossing.out(marked, keep=True, is_marked=True)
                    )
                else:
                    kept[name] = merge_unstorable(self.crossing.out(value, keep=True))
        return kept

    def _fetch(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Fetch what expressions come to, as it is to be kept; those that fail are left out."""
        if not expressions:
            return {}
        lines = ["__x = {}"]
        for name, expression in expressions.items():
            lines += ["try:", f" __x[{name!r}] = {expression}", "except: pass"]
        found = self.ask("\n".join([*lines, f"{TELL}(__x)"]))
        if found is not None:
            return found
        if len(expressions) == 1:
            return dict.fromkeys(expressions, Unstorable("something with objects as keys"))
        apart = (self._fetch({name: one}) for name, one in expressions.items())
        return {name: value for found in apart for name, value in found.items()}

    def _read_containers(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables again, with Counters and the like that are not told from dicts and
        lists.

        Those that need no second look are left out.
        """
        classes: dict[str, tuple[str, ...]] = {}
        for value in found.values():
            for name, attributes in fields(value):
                classes[name] = tuple(dict.fromkeys((*classes.get(name, ()), *attributes)))
        asked = {
            name: write_box(name, classes)
            for name, value in found.items()
            if isinstance(value, (list, tuple, dict, Instance))
        }
        if asked and "boxes" not in self.process.preludes:
            self.process.preludes.add("boxes")
            self.put(CONTAINERS)
        return {
            name: with_factories(value, partial(self._find_factory, name))
            for name, value in self._fetch(asked).items()
        }

    def _find_factory(self, variable: str, name: str) -> str | None:
        """Find the source for the function of this name, in a defaultdict in the variable."""
        if name == "<lambda>":
            return self.variables.factories.get(variable)
        return None if self.variables.find_class_source(name) is None else name
