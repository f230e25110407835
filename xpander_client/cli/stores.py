"""The store that a command works on: `--store`, or `XPANDER_STORE`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from xpander_client.cli.messages import note
from xpander_client.errors import ConfigurationError

if TYPE_CHECKING:
    from xpander_client.platform.stores.base.store import Store


StoreAddress = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="XPANDER_STORE",
        metavar="ADDRESS",
        help="Where the platform keeps its tasks, agents and keys: a file, or a database's URL.",
        show_default=False,
    ),
]

Organization = Annotated[
    str, typer.Option(envvar="XPANDER_ORGANIZATION_ID", help="The organization that is meant.")
]


def require_address(given: str | None) -> str:
    """Return the address of the store.

    Raises:
        ConfigurationError: none was given.
    """
    if not given:
        raise ConfigurationError(
            "which store? Give --store, or set XPANDER_STORE, to what the platform is served from: "
            "a file, or a database's URL"
        )
    return given


@contextlib.asynccontextmanager
async def administer(address: str | None, *, make: bool = False) -> AsyncIterator[Store]:
    """Open the store beside the platform that may be serving from it.

    Raises:
        ConfigurationError: no store was given, or there is none that can be used. One in a file is
            only made with `make`, so that a slip of the pen is no new store.
    """
    from xpander_client.platform.foundation.errors import HttpError
    from xpander_client.platform.stores.addresses import store_at, without_password
    from xpander_client.platform.stores.base.engines import find_engine

    address = require_address(address)
    store = store_at(address)
    file = find_engine(address).locate_file(address)
    if file is not None and not file.exists():
        if not make:
            raise ConfigurationError(f"there is no store at {file}")
        note(f"making the store {file}")
    try:
        await store.open(exclusive=False)
        try:
            yield store
        finally:
            await store.close()
    except HttpError as refusal:
        raise ConfigurationError(f"{without_password(address)}: {refusal.detail}") from refusal
