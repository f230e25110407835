"""What was acknowledged, written down by whoever it was acknowledged to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
import orjson


def _tuple(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Created:
    """A task was made. `mark` is in its prompt, and in that of no other."""

    task_id: str
    mark: str


@attrs.frozen
class Pushed:
    """Events were stored. Each has a mark of its own as its data; `last_seq` is the number of the
    last one, where it was told.
    """

    task_id: str
    marks: tuple[str, ...] = attrs.field(converter=_tuple)
    last_seq: int | None = None


@attrs.frozen
class Stopped:
    """A stop was answered, with the task in this status."""

    task_id: str
    status: str


@attrs.frozen
class Begun:
    """A worker may begin with a task, in this attempt."""

    task_id: str
    attempt: int


@attrs.frozen
class Ended:
    """A worker's result was taken."""

    task_id: str
    attempt: int
    status: str
    result: str


@attrs.frozen
class Seen:
    """Somebody who follows a task saw its next event; see `fingerprint`."""

    task_id: str
    fingerprint: str


@attrs.frozen
class SawEnd:
    """The stream of somebody who follows a task was over, in order."""

    task_id: str


Entry = Created | Pushed | Stopped | Begun | Ended | Seen | SawEnd

_KINDS: dict[str, type[Entry]] = {
    kind.__name__: kind for kind in (Created, Pushed, Stopped, Begun, Ended, Seen, SawEnd)
}


@attrs.frozen
class Acknowledged:
    """An entry, and who wrote it down."""

    client: str
    entry: Entry


class History:
    """A client's own file. What is noted there outlives the client, however that ends.

    Each entry is one write to the operating system, behind those that are there. It is not synced:
    the power of the machine that clients run on stays on.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with History(folder / "caller-1") as history:
        ...     history.note(Created("t-1", "first"))
        >>> list(read_histories(folder))
        [Acknowledged(client='caller-1', entry=Created(task_id='t-1', mark='first'))]
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, *entries: Entry) -> None:
        """Write down what was just acknowledged."""
        lines = (
            orjson.dumps({"kind": type(entry).__name__, **attrs.asdict(entry)}) + b"\n"
            for entry in entries
        )
        os.write(self._descriptor, b"".join(lines))

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read_histories(folder: Path) -> Iterator[Acknowledged]:
    """Yield what all clients noted, each in its order.

    A line that a client did not live to finish is left out.
    """
    for path in sorted(folder.iterdir()):
        *lines, _ = path.read_bytes().split(b"\n")
        for line in lines:
            fields = orjson.loads(line)
            yield Acknowledged(path.name, _KINDS[fields.pop("kind")](**fields))
