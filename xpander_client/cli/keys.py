"""`xpander-client keys …`: the keys that open a platform, kept in its store."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import note
from xpander_client.cli.stores import Organization, StoreAddress, administer
from xpander_client.cli.tables import print_table, tell

if TYPE_CHECKING:
    from xpander_client.platform.auth.keys import KeyRecord


app = typer.Typer(
    help="Make, list and revoke the keys that open a platform.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
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
    role: Annotated[
        str | None,
        typer.Option(
            "--role",
            metavar="ROLE",
            help="application, worker or reader. [default: may do everything]",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="When it ends: 90d, 12h, or a date like 2030-12-31."),
    ] = None,
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Make a key and print it, this once.

    Only a digest of it is kept.
    """
    agent_ids = None if agents is None else _ids(agents)
    expires_at = None if expires is None else _end(expires, time.time())
    key, record = asyncio.run(
        _create(
            store,
            organization,
            agent_ids=agent_ids,
            name=name,
            rate_limit=rate_limit,
            role=role,
            expires_at=expires_at,
        )
    )
    if as_json:
        print_json({**attrs.asdict(record), "key": key})
        return
    print(key)
    whom = "all agents" if record.agent_ids is None else f"agents {', '.join(record.agent_ids)}"
    more = "" if record.role is None else f", role {record.role}"
    if record.expires_at is not None:
        more += f", until {record.expires_at[:16].replace('T', ' ')} UTC"
    note(f"key {record.id} for {organization}, {whom}{more}; it is shown only now")


@app.command("list")
def list_(
    organization: Annotated[
        str | None, typer.Option(help="Only keys of this organization.")
    ] = None,
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """List the keys, the oldest first, without what is secret about them."""
    found = asyncio.run(_fetch_keys(store, organization))
    if as_json:
        print_json([attrs.asdict(record) for record in found])
    elif found:
        _print_list(found)
    else:
        note("no keys")


def _print_list(found: Sequence[KeyRecord]) -> None:
    """Print a table; it has columns for what few keys have only if one of these has it."""
    moment = datetime.datetime.fromisoformat
    columns: dict[str, list[Any]] = {
        "ID": [record.id for record in found],
        "ORGANIZATION": [record.organization_id for record in found],
        "AGENTS": [
            "all" if record.agent_ids is None else ", ".join(record.agent_ids) for record in found
        ],
        "ROLE": [record.role for record in found],
        "LIMIT": [
            None if record.rate_limit is None else f"{record.rate_limit:g}/s" for record in found
        ],
        "CREATED": [moment(record.created_at) for record in found],
        "EXPIRES": [record.expires_at and moment(record.expires_at) for record in found],
        "LAST USED": [record.last_used_at and moment(record.last_used_at) for record in found],
        "NAME": [record.name for record in found],
    }
    for name in ("ROLE", "EXPIRES", "LAST USED"):
        if not any(columns[name]):
            del columns[name]
    print_table(tuple(columns), zip(*columns.values(), strict=True))


@app.command()
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
    *,
    agent_ids: Sequence[str] | None,
    **said: Any,
) -> tuple[str, KeyRecord]:
    from xpander_client.platform.agents import stored
    from xpander_client.platform.auth import keys

    async with administer(address, make=True) as store:
        made = await keys.create(
            store,
            organization,
            agent_ids=agent_ids,
            now=time.time(),
            **said,
        )
        for agent_id in agent_ids or ():
            if await stored.find_agent(store, organization, agent_id) is None:
                note(f"there is no agent {agent_id} in {organization} yet")
    return made


async def _fetch_keys(address: str | None, organization: str | None) -> Sequence[KeyRecord]:
    from xpander_client.platform.auth import keys

    async with administer(address) as store:
        return await keys.list_keys(store, organization)


async def _revoke(address: str | None, key: str) -> tuple[str, bool]:
    from xpander_client.platform.auth import keys

    async with administer(address) as store:
        key_id = keys.read_key_id(key)
        return key_id, await keys.revoke(store, key_id, now=time.time())


def _end(text: str, now: float) -> float:
    """When a key ends that is to live so long, or until this day has begun (UTC)."""
    unit = {"d": 86_400.0, "h": 3_600.0, "m": 60.0}.get(text[-1:])
    with contextlib.suppress(ValueError, OverflowError):
        if unit is not None and text[:-1].isdigit():
            return now + int(text[:-1]) * unit
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    raise typer.BadParameter("expected 90d, 12h, 30m, or a date", param_hint="--expires")


def _ids(text: str) -> list[str]:
    ids = [each.strip() for each in text.split(",")]
    if not all(ids):
        raise typer.BadParameter("expected the ids of agents: A,B", param_hint="--agents")
    return ids
