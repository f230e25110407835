"""`xpander-client forget`: all that a platform has of a user, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from xpander_client.api.models import Removed
from xpander_client.api.resources import Organization
from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import confirm
from xpander_client.cli.tables import tell
from xpander_client.configuration import Configuration, prefer_direct

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def forget(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Delete all there is of a user who asks to be forgotten: tasks, threads and reports.

    What is not finished is stopped.
    """
    if not yes:
        confirm(f"Delete all there is of user {user} for ever?")
    removed: list[Removed] = []
    with Organization(prefer_direct(Configuration())) as api:
        while not removed or removed[-1].more:
            removed.append(api.forget_user(user_id=user))
    tell_removed(removed, as_json=as_json)


def tell_removed(removed: Sequence[Removed], *, as_json: bool) -> None:
    """Say how much was deleted in all."""
    tasks, threads = sum(each.tasks for each in removed), sum(each.threads for each in removed)
    if as_json:
        print_json({"tasks": tasks, "threads": threads})
    else:
        tell(f"{tasks} tasks and {threads} threads were deleted")
