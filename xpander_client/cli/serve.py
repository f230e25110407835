"""`xpander-client serve`: a platform for many, kept going by a process that holds its socket."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import note
from xpander_client.cli.settings import EPILOG, with_settings
from xpander_client.cli.stores import StoreAddress, require_address
from xpander_client.platform.foundation.settings import Settings

if TYPE_CHECKING:
    from xpander_client.platform.process.supervisor import Announcement


app = typer.Typer(add_completion=False, rich_markup_mode=None)

_PORT = 8484


class _Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@app.command(epilog=EPILOG)
@with_settings
def serve(
    *,
    settings: Settings,
    store: StoreAddress = None,
    processes: Annotated[
        int, typer.Option("-n", "--processes", min=1, help="How many processes serve.")
    ] = 1,
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = _PORT,
    log_level: Annotated[_Level, typer.Option(help="What is told on stderr.")] = _Level.WARNING,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say where it serves in JSON, for programs.")
    ] = False,
) -> None:
    """Serve a platform until it is stopped, for the keys and the agents that its store has.

    A process that dies is replaced, and no connection is refused meanwhile. SIGHUP replaces all of
    them, one after the other; SIGTERM and Ctrl-C end streams in order, the second time at once.
    """
    from xpander_client.platform.process.child import LOG_FORMAT
    from xpander_client.platform.process.supervisor import supervise

    logging.basicConfig(level=log_level.upper(), format=LOG_FORMAT)

    def announce(announcement: Announcement) -> None:
        if as_json:
            print_json(announcement)
        else:
            _announce(announcement)
        if not announcement.has_keys:
            note(
                "The store has no key, so nobody gets in. To make one: "
                f"xpander-client keys create --store {announcement.store}"
            )

    supervise(
        require_address(store),
        processes=processes,
        host=host,
        port=port,
        settings=settings,
        log_level=log_level,
        announce=announce,
    )


def _announce(announcement: Announcement) -> None:
    many = len(announcement.children)
    print(
        f"The platform serves at {announcement.url} and keeps its tasks in {announcement.store}: "
        f"{many} process{'es' if many > 1 else ''}, supervised by {announcement.pid}.\n"
        "Ctrl-C stops it.",
        flush=True,
    )
