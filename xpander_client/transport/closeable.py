"""What can be closed in both worlds, and so can stand in a `with` and an `async with`."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closeable:
    """The base of what holds connections; as a context manager it lets go of them at the end.

    Connections are shared, and closed when the last one has let go of them: calls and streams of
    others go on, and so do those of its own that are under way.
    """

    def close(self) -> None:
        """Let go of the connections of sync code; the next call makes some again."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Let go of the connections of the running event loop; the next call makes some again."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
