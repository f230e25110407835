"""`xpander-client workers`: who listens, and a word where nobody does."""

from __future__ import annotations

from typing import Annotated

import typer

from xpander_client.api.models import ListeningWorker
from xpander_client.api.resources import Organization
from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import note
from xpander_client.cli.tables import print_table
from xpander_client.configuration import Configuration, RetryPolicy, prefer_direct
from xpander_client.errors import ModuleException

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def workers(
    agent: Annotated[str | None, typer.Option(help="Only workers of this agent.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List the workers that listen now, and the agents whose tasks they take."""
    with Organization(prefer_direct(Configuration())) as organization:
        found = [each for each in organization.list_workers() if agent in (None, each.agent_id)]
    if as_json:
        print_json(found)
    elif found:
        print_table(("WORKER", "AGENT"), ((each.id, each.agent_id) for each in found))
    else:
        note("no worker listens")


def find_unserved(configuration: Configuration, agent_id: str) -> str | None:
    """Return what to say when no worker serves an agent, so that its tasks wait for one."""
    with Organization(configuration) as organization:
        once = organization.options(timeout=5.0, retry=RetryPolicy(attempts=1))
        try:
            found = once.list_workers()
        except ModuleException:
            return None  # another platform, which does not tell
    if any(each.agent_id == agent_id for each in found):
        return None
    return f"no worker serves {agent_id} now ({_others(found)}): its tasks wait for one"


def _others(found: list[ListeningWorker]) -> str:
    served = sorted({each.agent_id for each in found})
    if not served:
        return "and none listens for another agent"
    shown = ", ".join(served[:5]) + (", …" if len(served) > 5 else "")
    return f"those that listen serve {shown}"
