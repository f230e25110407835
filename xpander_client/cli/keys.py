"""`xpander-client keys …`: the keys that open a platform, kept in its store."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from xpander_client.cli.output import note, print_json, print_table, tell
from xpander_client.cli.stores import Organization, StoreAddress, administered

if TYPE_CHECKING:
    from xpander_client.platform.keys import KeyRecord

__all__ = ["keys"]

keys = typer.Typer(
    help="Make, list and revoke the keys that open a platform.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@keys.command()
def create(
    organization: Organization = "local",
    agents: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="The ids of the agents that it is for. [default: all agents]"
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What or whom it is for.")] = None,
    rate_limit: Annotated[
        float | None,
        typer.Option(metavar="N", help="Requests a second that it may make of each process."),
    ] = None,
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Make a key and print it, this once.

    Only a digest of it is kept.
    """
    agent_ids = None if agents is None else _ids(agents)
    key, record = asyncio.run(_create(store, organization, agent_ids, name, rate_limit))
    if as_json:
        print_json({**attrs.asdict(record), "key": key})
        return
    print(key)
    whom = "all agents" if record.agent_ids is None else f"agents {', '.join(record.agent_ids)}"
    note(f"key {record.id} for {organization}, {whom}; it is shown only now")


@keys.command("list")
def list_(
    organization: Annotated[
        str | None, typer.Option(help="Only keys of this organization.")
    ] = None,
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """List the keys, the oldest first, without what is secret about them."""
    found = asyncio.run(_listed(store, organization))
    if as_json:
        print_json([attrs.asdict(record) for record in found])
    elif found:
        print_table(
            ("ID", "ORGANIZATION", "AGENTS", "LIMIT", "CREATED", "NAME"),
            (
                (
                    record.id,
                    record.organization_id,
                    "all" if record.agent_ids is None else ", ".join(record.agent_ids),
                    None if record.rate_limit is None else f"{record.rate_limit:g}/s",
                    datetime.datetime.fromisoformat(record.created_at),
                    record.name,
                )
                for record in found
            ),
        )
    else:
        note("no keys")


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, or all of it.")],
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Make a key open nothing any more.

    A platform that is being served refuses it within seconds.
    """
    key_id, was_open = asyncio.run(_revoke(store, key))
    if as_json:
        print_json({"id": key_id, "revoked": was_open})
    else:
        tell(key_id, "is revoked" if was_open else "was revoked before")


async def _create(
    address: str | None,
    organization: str,
    agent_ids: Sequence[str] | None,
    name: str | None,
    rate_limit: float | None,
) -> tuple[str, KeyRecord]:
    from xpander_client.platform import kept_agents, keys

    async with administered(address, make=True) as store:
        made = await keys.create(
            store,
            organization,
            agent_ids=agent_ids,
            name=name,
            rate_limit=rate_limit,
            now=time.time(),
        )
        for agent_id in agent_ids or ():
            if await kept_agents.kept_agent(store, organization, agent_id) is None:
                note(f"there is no agent {agent_id} in {organization} yet")
    return made


async def _listed(address: str | None, organization: str | None) -> Sequence[KeyRecord]:
    from xpander_client.platform import keys

    async with administered(address) as store:
        return await keys.listed(store, organization)


async def _revoke(address: str | None, key: str) -> tuple[str, bool]:
    from xpander_client.platform import keys

    async with administered(address) as store:
        key_id = keys.id_of(key)
        return key_id, await keys.revoke(store, key_id, now=time.time())


def _ids(text: str) -> list[str]:
    ids = [each.strip() for each in text.split(",")]
    if not all(ids):
        raise typer.BadParameter("expected the ids of agents: A,B", param_hint="--agents")
    return ids
