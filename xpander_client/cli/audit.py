"""`xpander-client audit`: what was done to a store's tasks, keys and agents, and by whom."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import note
from xpander_client.cli.stores import StoreAddress, administer
from xpander_client.cli.tables import print_table

if TYPE_CHECKING:
    from xpander_client.platform.rules.records import AuditEntry


app = typer.Typer(add_completion=False, rich_markup_mode=None)

_PAGE = 500


@app.command()
def audit(
    organization: Annotated[
        str | None, typer.Option(help="Only what was done in this organization.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many entries at most.")] = 100,
    store: StoreAddress = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List what was stopped, deleted, created, applied or revoked, the newest first.

    The actor is the id of a key, or "operator" for commands like this one.
    """
    found = asyncio.run(_fetch(store, organization, limit))
    if as_json:
        print_json([attrs.asdict(entry) for entry in found])
    elif found:
        print_table(
            ("TIME", "ORGANIZATION", "ACTOR", "ACTION", "TARGET", "OUTCOME"),
            (
                (
                    datetime.datetime.fromtimestamp(entry.created_at, datetime.UTC),
                    entry.organization_id,
                    entry.actor,
                    entry.action,
                    entry.target,
                    entry.outcome,
                )
                for entry in found
            ),
        )
    else:
        note("nothing was done that is written down")


async def _fetch(address: str | None, organization: str | None, limit: int) -> Sequence[AuditEntry]:
    found: list[AuditEntry] = []
    cursor: str | None = None
    async with administer(address) as store:
        while len(found) < limit:
            page = await store.audit(
                organization, cursor=cursor, limit=min(_PAGE, limit - len(found))
            )
            found += page.entries
            cursor = page.cursor
            if cursor is None:
                break
    return found
