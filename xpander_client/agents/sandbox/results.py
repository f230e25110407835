"""What a block of agent code may use, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from xpander_client.agents.sandbox.exports import Target


def _positive(instance: object, attribute: Any, value: float) -> None:
    if not value > 0:
        raise ValueError(f"the limit {attribute.name} has to be above 0, not {value!r}")


@attrs.frozen
class Limits:
    """Bounds of one block.

    `seconds` is the time that the code itself runs: what it waits for the host does not count.
    `memory` is in bytes, of the whole session. `host_calls` counts calls of host functions and
    methods, and reads of attributes of host objects. `output` is in characters.
    """

    seconds: float = attrs.field(default=5.0, validator=_positive)
    memory: int = attrs.field(default=256 * 1024 * 1024, validator=_positive)
    host_calls: int = attrs.field(default=10_000, validator=_positive)
    output: int = attrs.field(default=32_768, validator=_positive)


@attrs.frozen
class Success:
    """`task_success(value)` was called."""

    value: Any = None


@attrs.frozen
class Fail:
    """`task_fail(message)` was called."""

    message: str


@attrs.frozen
class Clarify:
    """`task_clarify(message)` was called."""

    message: str


@attrs.frozen
class Continue:
    """`task_continue(*observations)` was called."""

    observations: tuple[Any, ...] = ()


Control = Success | Fail | Clarify | Continue


@attrs.frozen
class Block:
    """What running a block of code came to.

    `output` has what was printed and viewed, in order: a str is printed text, anything else is
    what was given to `view_image`. `error` is the exception's type, text and lines, for the model
    to read; it is None when the block ran through or a control function ended it. `changed` of the
    session can be asked in any case: what ran before an error has happened.
    """

    output: tuple[Any, ...] = ()
    control: Control | None = None
    error: str | None = None
    interrupted: bool = False


@attrs.frozen
class HostCall:
    """Agent code calls a function or method of the host."""

    target: Target
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def name(self) -> str:
        """The name by which agent code calls it."""
        return self.target.name

    @property
    def is_async(self) -> bool:
        """Whether the function has to be awaited."""
        return self.target.is_async

    def run(self) -> Any:
        """Call the function; of an async one this is what to await."""
        return self.target.function(*self.args, **self.kwargs)
