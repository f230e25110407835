"""What is so in one process of a session, and is no more when the process is gone."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import attrs

from xpander_client.agents.sandbox.dialect.source_scan import Source
from xpander_client.agents.sandbox.exports import Target
from xpander_client.agents.sandbox.names import give_name
from xpander_client.agents.sandbox.waiting import Turns

_INPUT = re.compile(r"<python-input-(\d+)>")


class Feed(NamedTuple):
    """A piece of code that the process has got: what is known of it, and how it was written."""

    source: Source
    code: str | None
    """None for code that nobody is shown."""


@attrs.define
class ProcessState:
    """What a session knows of the process that it has. A new process begins with a new one."""

    present: set[str] = attrs.field(factory=set)
    """Variables that were fed to it."""
    bound: set[str] = attrs.field(factory=set)
    """Names that its code may have bound."""
    feeds: list[Feed] = attrs.field(factory=list)
    """What ran in it, to find the lines of an error in, and where a call stands."""
    preludes: set[str] = attrs.field(factory=set)
    """What it was given of the code that the dialect needs."""
    shadowed: set[str] = attrs.field(factory=set)
    """Names of builtins that it was given something else for."""
    bound_calls: dict[str, Target] = attrs.field(factory=dict)
    """Methods that its code has as values, by the name they are called by."""
    is_read: bool = True
    """Whether nothing ran in it since its variables were compared."""
    turns: Turns = attrs.field(factory=Turns)

    def bind_call(self, target: Target) -> Any:
        """Return the target as a value for code, by which it is found again when it is called."""
        key = f"<function {target.name}@{len(self.bound_calls)}>"
        self.bound_calls[key] = target
        return give_name(key)

    def find_place(self, position: Any) -> tuple[Source | None, int, int]:
        """Find the code that stands at a position, and where in it begins and ends what is there.

        None for code that was not fed from here.
        """
        number = _INPUT.fullmatch(position.filename)
        if number is None or int(number[1]) >= len(self.feeds):
            return None, 0, 0
        return self.feeds[int(number[1])].source, position.start, position.end
