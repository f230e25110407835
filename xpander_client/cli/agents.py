"""`xpander-client agents …`: the agents that a platform knows, kept in its store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import note
from xpander_client.cli.stores import Organization, StoreAddress, administer
from xpander_client.cli.tables import print_pairs, print_table, tell
from xpander_client.errors import ConfigurationError

if TYPE_CHECKING:
    from xpander_client.platform.agents.file import DescribedAgent
    from xpander_client.platform.agents.stored import Change


app = typer.Typer(
    help="Apply, list, show and remove the agents that a platform knows.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_AgentId = Annotated[str, typer.Argument(metavar="ID", help="The agent's id.")]


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML that describes agents.")],
    organization: Organization = "local",
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Make the agents of a file known, and say what changed.

    Agents that are not in it stay. A platform that is being served uses them within seconds. What
    the file says of tools' requests, secrets included, is kept in the store.
    """
    from xpander_client.platform.agents.file import load_agents

    changes = asyncio.run(_apply(store, organization, load_agents(file)))
    if as_json:
        print_json([attrs.asdict(change) for change in changes])
    elif changes:
        print_table(
            ("AGENT", "WAS", "VERSION"),
            ((change.id, change.change, change.version) for change in changes),
        )
    else:
        note(f"{file} describes no agents")


@app.command("list")
def list_(
    organization: Organization = "local", store: StoreAddress = None, as_json: _Json = False
) -> None:
    """List the agents of an organization."""
    found = asyncio.run(_fetch_kept(store, organization))
    if as_json:
        print_json([agent.wire for agent in found])
    elif found:
        print_table(
            ("ID", "NAME", "VERSION", "TOOLS", "DESCRIPTION"),
            (
                (
                    agent.id,
                    agent.wire["name"],
                    agent.wire["version"],
                    len(agent.wire["tools"]),
                    agent.wire["description"],
                )
                for agent in found
            ),
        )
    else:
        note(f"no agents in {organization}")


@app.command()
def show(
    agent: _AgentId,
    organization: Organization = "local",
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Show an agent, without the requests behind its tools."""
    found = asyncio.run(_one(store, organization, agent))
    if as_json:
        print_json(found.wire)
    else:
        _show(found)


@app.command()
def remove(
    agent: _AgentId,
    organization: Organization = "local",
    store: StoreAddress = None,
    as_json: _Json = False,
) -> None:
    """Make an agent unknown; its tasks stay."""
    asyncio.run(_remove(store, organization, agent))
    if as_json:
        print_json({"id": agent, "removed": True})
    else:
        tell(agent, "is removed")


async def _apply(
    address: str | None, organization: str, described: Sequence[DescribedAgent]
) -> Sequence[Change]:
    from xpander_client.platform.agents import stored
    from xpander_client.platform.auth import keys

    keys.check_organization(organization)
    async with administer(address, make=True) as store:
        return await stored.apply(store, organization, described, now=time.time())


async def _fetch_kept(address: str | None, organization: str) -> Sequence[DescribedAgent]:
    from xpander_client.platform.agents import stored

    async with administer(address) as store:
        return await stored.list_agents(store, organization)


async def _one(address: str | None, organization: str, agent_id: str) -> DescribedAgent:
    from xpander_client.platform.agents import stored

    async with administer(address) as store:
        found = await stored.find_agent(store, organization, agent_id)
    if found is None:
        raise ConfigurationError(f"there is no agent {agent_id} in {organization}")
    return found


async def _remove(address: str | None, organization: str, agent_id: str) -> None:
    from xpander_client.platform.agents import stored

    async with administer(address) as store:
        await stored.remove(store, organization, agent_id, now=time.time())


def _show(agent: DescribedAgent) -> None:
    wire = agent.wire
    model = "/".join(filter(None, (wire["model_provider"], wire["model_name"])))
    instructions = wire["instructions"]
    print_pairs(
        {
            "id": agent.id,
            "name": wire["name"],
            "description": wire["description"],
            "version": wire["version"],
            "created": wire["created_at"],
            "model": model,
            "role": "\n".join(instructions["role"]),
            "goal": "\n".join(instructions["goal"]),
            "instructions": instructions["general"],
            "tools": "\n".join(_tool(agent, tool["id"]) for tool in wire["tools"]),
        }
    )


def _tool(agent: DescribedAgent, tool_id: str) -> str:
    if tool_id in agent.sub_agents:
        return f"{tool_id} (hands work to {agent.sub_agents[tool_id]})"
    if tool_id in agent.operations:
        return f"{tool_id} (HTTP {agent.operations[tool_id].method})"
    return tool_id
