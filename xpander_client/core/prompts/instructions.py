"""An agent's instructions as texts that frameworks take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Protocol


class _Instructions(Protocol):
    @property
    def role(self) -> Sequence[str] | None: ...
    @property
    def goal(self) -> Sequence[str] | None: ...
    @property
    def general(self) -> str | None: ...


class InstructionTexts:
    """Gives an agent's instructions their `description`, `instructions`, `goal_str` and `full`."""

    __slots__ = ()

    __computed__: ClassVar[frozenset[str]] = frozenset(
        {"description", "full", "goal_str", "instructions"}
    )

    @property
    def description(self: _Instructions) -> str:
        """What the agent is, in general."""
        return self.general or ""

    @property
    def goal_str(self: _Instructions) -> str:
        """What it is after, a line each."""
        return "\n".join(self.goal or ())

    @property
    def instructions(self: _Instructions) -> str:
        """How it behaves and what it is after, each between tags; empty without both.

        Example:
            >>> from xpander_client.api import AgentInstructions
            >>> told = AgentInstructions(role=["Be brief."], general="Sums up sales.")
            >>> print(told.instructions)
            <instructions>
            Be brief.
            </instructions>
        """
        return "\n".join(_write_behaviour(self))

    @property
    def full(self: _Instructions) -> str:
        """The same with what it is, in general, in front.

        Example:
            >>> from xpander_client.api import AgentInstructions
            >>> print(AgentInstructions(goal=["A table."], general="Sums up sales.").full)
            <description>
            Sums up sales.
            </description>
            <goals>
            A table.
            </goals>
        """
        return "\n".join([*_write_block("description", [self.general]), *_write_behaviour(self)])


def _write_behaviour(told: _Instructions) -> Iterator[str]:
    yield from _write_block("instructions", told.role or ())
    yield from _write_block("goals", told.goal or ())


def _write_block(tag: str, lines: Sequence[str | None]) -> Iterator[str]:
    if any(lines):
        yield "\n".join([f"<{tag}>", *filter(None, lines), f"</{tag}>"])
