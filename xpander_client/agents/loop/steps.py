"""What a call of a task asks of the world: the loop yields these, a driver does them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs

if TYPE_CHECKING:
    from xpander_client.agents.types.events import BaseEvent
    from xpander_client.agents.types.messages import Message


T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Brief:
    """All there is to know of a call before it begins."""

    task_name: str
    agent_name: str
    namespace: str
    """The agents from the outermost call to this one, with slashes between."""
    instructions: str
    inputs: Mapping[str, Any]
    returns: Any
    system: str
    validated: Callable[[Any], Any]
    """The result as the caller gets it; raises `OutputInvalid`."""
    setup: str | None = None
    max_iterations: int = 10
    llm_max_retries: int = 2
    provider: str = ""
    model: str = ""
    on_conflict: str = "retry"
    max_conflict_retries: int = 3


@attrs.frozen
class Begin:
    """Take up the session as it is now, dropping what an earlier try made; gives a `View`."""


@attrs.frozen
class View:
    """What a try finds: the names of the session's variables, and what was last told in it."""

    names: tuple[str, ...] = ()
    past: tuple[BaseEvent, ...] = ()


@attrs.frozen
class Ask:
    """Ask the model; gives its `LLMResponse`."""

    messages: tuple[Message, ...]


@attrs.frozen
class RunCode:
    """Run a block of code in the sandbox; gives the `Block`. Prints are told as they come."""

    code: str
    source: Literal["main", "setup"] = "main"


@attrs.frozen
class Tell:
    """Have everybody hear of an event: who follows the call, and later calls of the session."""

    event: BaseEvent
    keep: bool = True


@attrs.frozen
class Snapshot:
    """Keep what the turn changed, on the call's own branch.

    Of live state it is everybody's at once, so here, too, a `Conflict` is raised when another call
    changed the same variables since the turn began.
    """


@attrs.frozen
class LineUp:
    """After a conflict, wait in line with the other calls that had one; whether it is our turn.

    Whoever comes later with changes to the same variables gets a conflict, and lines up behind.
    """


@attrs.frozen
class Renew:
    """Take up live state as it is now, to run the turn's code again."""


@attrs.frozen
class Merge:
    """Make the branch's changes the session's; gives the commit's id, if any.

    A `Conflict` is raised when another call changed the same variables meanwhile.
    """


@attrs.frozen
class Wait:
    """Wait for a time between these two, in seconds."""

    least: float
    most: float


class CancelRequested(Exception):
    """Raised into the loop, at a step that takes time: somebody cancelled the call."""


Step = Begin | Ask | RunCode | Tell | Snapshot | Merge | LineUp | Renew | Wait
Steps = Generator[Step, object, T]
