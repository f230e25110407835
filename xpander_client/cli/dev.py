"""`xpander-client dev`: the embedded platform, served until it is stopped."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import note
from xpander_client.cli.settings import EPILOG, with_settings
from xpander_client.errors import ConfigurationError
from xpander_client.extras import missing
from xpander_client.platform.foundation.settings import Settings
from xpander_client.private_files import check_private_folder, make_private_folder, open_private

if TYPE_CHECKING:
    from xpander_client.platform import Address


app = typer.Typer(add_completion=False, rich_markup_mode=None)

_PORT = 8484
_FOLDER = Path(".xpander")


@app.command(epilog=EPILOG)
@with_settings
def dev(
    *,
    settings: Settings,
    host: Annotated[
        str, typer.Option(help="The address to serve on. One that others reach needs --api-key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = _PORT,
    store: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Where tasks are kept: a file, a database's URL, or pg, a PostgreSQL of its own "
            "with its data in .xpander/pg (in another folder: pg:FOLDER).",
        ),
    ] = ".xpander/dev.db",
    api_key: Annotated[
        str | None,
        typer.Option(help="The key that opens the platform. [default: kept beside the store]"),
    ] = None,
    organization: Annotated[str, typer.Option(help="The organization that has the key.")] = "local",
    agents: Annotated[
        Path | None,
        typer.Option(help="A YAML file that describes agents. Others appear on first use."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing of workers and waiting tasks.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say where it serves in JSON, for programs.")
    ] = False,
) -> None:
    """Serve a platform on this machine until it is stopped, and say how to use it.

    A line on stderr says when a worker comes or leaves, and when tasks wait for one.
    """
    try:
        from xpander_client.platform.process.serve import run
        from xpander_client.runtime.hosts import is_loopback
    except ModuleNotFoundError as error:
        raise missing(error, "platform", "the platform") from None
    with _running(store) as (address, place):
        if api_key is None and is_loopback(host):
            api_key = _keep_key(place)
        run(
            host,
            port,
            address,
            None if api_key is None else {api_key: organization},
            agents if agents is not None else (),
            organization_id=organization,
            settings=settings,
            announce=_announce_json if as_json else _announce,
            tell=None if as_json or quiet else note,
        )


@contextlib.contextmanager
def _running(store: str) -> Iterator[tuple[str, Path]]:
    """Yield the address of the store, and the path that its key is kept beside."""
    from xpander_client.platform.stores.addresses import check_address
    from xpander_client.platform.stores.base.engines import find_engine

    if store == "pg" or store.startswith("pg:"):
        from xpander_client.platform.process.dev_postgres import DEFAULT_FOLDER, postgres_server

        folder = Path(store.removeprefix("pg").removeprefix(":") or DEFAULT_FOLDER)
        check_private_folder(_FOLDER)
        with postgres_server(folder) as address:
            yield address, folder
        return
    check_address(store)
    place = find_engine(store).locate_file(store) or _FOLDER / "postgres"
    if place.parent == _FOLDER:
        check_private_folder(_FOLDER)
    yield store, place


def _keep_key(store: Path) -> str:
    """Return the key that goes with a store, so that clients stay set up after a restart."""
    path = store.with_name(store.name + ".key")
    try:
        make_private_folder(path.parent)
        with os.fdopen(open_private(path), "r+", encoding="ascii") as file:
            if not (key := file.read().strip()):
                key = secrets.token_urlsafe(24)
                file.write(key + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't keep the key: {error}") from error
    return key


def _announce_json(address: Address) -> None:
    ((api_key, organization_id),) = address.keys.items()
    print_json(
        {
            "url": address.url,
            "api_key": api_key,
            "organization_id": organization_id,
            "store": address.store,
        }
    )


def _announce(address: Address) -> None:
    ((api_key, organization_id),) = address.keys.items()
    print(
        f"The platform serves at {address.url} and keeps its tasks in {address.store}.\n"
        "\n"
        "For this client, and for the official one (xpander-sdk), in another terminal:\n"
        f"  export XPANDER_BASE_URL={shlex.quote(address.url)}\n"
        f"  export XPANDER_API_KEY={shlex.quote(api_key)}\n"
        f"  export XPANDER_ORGANIZATION_ID={shlex.quote(organization_id)}\n"
        "and for a worker also the agent whose tasks it takes, by the name they are created for:\n"
        "  export XPANDER_AGENT_ID=agent123\n"
        "\n"
        "Ctrl-C stops it.",
        flush=True,
    )
