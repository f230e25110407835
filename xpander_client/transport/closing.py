"""What can be closed in both worlds, and so can stand in a `with` and an `async with`."""

from __future__ import annotations

from types import TracebackType
from typing import Self

__all__ = ["Closing"]


class Closing:
    """The base of what holds connections; as a context manager it closes them at the end."""

    def close(self) -> None:
        """Close the connections of sync code; the next call opens new ones."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections of the running event loop; the next call opens new ones."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
