"""Addresses of stores: what each names, and what of it may be shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xpander_client.platform.stores.base.engines import find_engine

if TYPE_CHECKING:
    from xpander_client.platform.foundation.clock import Clock
    from xpander_client.platform.foundation.settings import Settings
    from xpander_client.platform.stores.base.store import Store


def check_address(address: str | os.PathLike[str]) -> None:
    """Check that an address can name a store, before anything is made. No message shows what
    stands in it: that may be a password, in whatever place.

    Raises:
        ConfigurationError: it can't.
    """
    find_engine(address).check_address(address)


def without_password(address: str | os.PathLike[str]) -> str:
    """Return an address as it may be shown; nothing of one that can't be parsed.

    Example:
        >>> without_password("postgresql://me:secret@db/tasks")
        'postgresql://me:***@db/tasks'
    """
    return find_engine(address).hide_password(address)


def store_at(
    address: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
) -> Store:
    """Make the store at an address, not open yet: `postgresql://…`, `sqlite:FILE`, or a file's
    path.

    Raises:
        ConfigurationError: the address is of no such form, or the extra `[postgres]` is missing.
    """
    engine = find_engine(address)
    engine.check_address(address)
    return engine.make_store(address, settings, clock)
