"""`xpander-client tasks …`: what an application does with tasks, by hand."""

from __future__ import annotations

import datetime
import itertools
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

import typer

from xpander_client.api.models import (
    AgentExecutionStatus,
    EventGap,
    OutputFormat,
    TaskUpdateEventType,
)
from xpander_client.api.resources import Task, Tasks, TasksListItem
from xpander_client.cli.documents import print_json, print_json_list
from xpander_client.cli.forget import tell_removed
from xpander_client.cli.messages import confirm, note
from xpander_client.cli.tables import print_pairs, print_table, tell
from xpander_client.cli.workers import find_unserved
from xpander_client.configuration import Configuration, prefer_direct
from xpander_client.errors import ArgumentError, ModuleException

app = typer.Typer(
    help="Create, list, show, follow, notify, stop and delete tasks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_Agent = Annotated[
    str | None, typer.Option("--agent", help="The agent's id. [default: XPANDER_AGENT_ID]")
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_TaskId = Annotated[str, typer.Argument(metavar="TASK", help="The task's id.")]

_LIMIT = 100
_PAGE = 500
"""The most that the platform answers one request with."""


@app.command()
def create(
    prompt: Annotated[str, typer.Argument(help="What the agent is to do.")],
    agent: _Agent = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--file", help="A URL, or a file on this machine. May be repeated."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="A short name for the task.")] = None,
    context: Annotated[str | None, typer.Option(help="What the agent should know as well.")] = None,
    output_format: Annotated[
        OutputFormat | None, typer.Option(help="The format of the result.")
    ] = None,
    output_schema: Annotated[
        str | None, typer.Option(help="JSON: what a JSON result is made of.")
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream/--no-stream", help="Whether events can be followed.")
    ] = True,
    follow: Annotated[
        bool, typer.Option("--follow", help="Follow the events until the task is finished.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Create a task for an agent."""
    if not prompt.strip() and not files:
        raise typer.BadParameter("there is nothing to do in it", param_hint="PROMPT")
    with _tasks() as api:
        task = api.create(
            agent_id=_agent_id(api.configuration, agent),
            prompt=prompt,
            file_urls=[_url(file) for file in files or []],
            title=title,
            additional_context=context,
            output_format=output_format,
            output_schema=_schema(output_schema),
            events_streaming=stream or follow,
        )
        if follow and not as_json:
            note(f"following task {task.id}")
        if not as_json:
            _note_unserved(task)
        if follow:
            _follow(task, as_json)
        elif as_json:
            print_json(task)
        else:
            _show(task)


@app.command("list")
def list_(
    agent: _Agent = None,
    status: Annotated[
        AgentExecutionStatus | None, typer.Option(help="Only tasks in this status.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="Only tasks of this user's id.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many at most. [default: {_LIMIT}]")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All tasks, however many there are.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """List the tasks of an agent, the newest first."""
    if everything and limit is not None:
        raise typer.BadParameter("--limit and --all can't go together", param_hint="--limit")
    wanted = None if everything else limit or _LIMIT
    with _tasks() as api:
        found = api.iter(
            agent_id=_agent_id(api.configuration, agent),
            status=status,
            user_id=user,
            # One more shows whether there are more.
            page_size=_PAGE if wanted is None else min(wanted + 1, _PAGE),
        )
        shown = itertools.islice(found, wanted)
        if as_json:
            print_json_list(shown)
        else:
            _show_list(shown)
        if wanted is not None and next(found, None) is not None:
            note(f"these are the newest {wanted}: --limit shows more, --all shows all")


@app.command()
def get(task: _TaskId, as_json: _Json = False) -> None:
    """Show a task with its result."""
    with _tasks() as api:
        found = api.get(task_id=task)
    if as_json:
        print_json(found)
    else:
        _show(found)


@app.command()
def tail(task: _TaskId, as_json: _Json = False) -> None:
    """Follow a task's events, from the first one on, until it is finished."""
    with _tasks() as api:
        found = api.get(task_id=task)
        if found.status == AgentExecutionStatus.Pending and not as_json:
            _note_unserved(found)
        _follow(found, as_json)


@app.command()
def stop(task: _TaskId, as_json: _Json = False) -> None:
    """Stop a task."""
    with _tasks() as api:
        stopped = api.stop(task_id=task)
    if as_json:
        print_json(stopped)
    else:
        tell(stopped.id, "is", stopped.status)


@app.command()
def delete(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="TASK…", help="The ids of the tasks.")
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="All tasks of this agent.")] = None,
    user: Annotated[str | None, typer.Option(help="All tasks of this user's id.")] = None,
    status: Annotated[
        AgentExecutionStatus | None, typer.Option(help="All tasks in this status.")
    ] = None,
    before: Annotated[
        datetime.datetime | None,
        typer.Option(help="All tasks that have not changed since this moment, in UTC."),
    ] = None,
    with_threads: Annotated[
        bool,
        typer.Option("--with-threads", help="Also the threads they were talked about in."),
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop those first that are not finished.")
    ] = False,
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Delete tasks with their events, results and reports: those that are named, or all that fit.

    What is not finished is only deleted with --stop.
    """
    filtered = any(each is not None for each in (agent, user, status, before))
    if bool(ids) == filtered:
        expected = "expected the ids of tasks, or else options that say which"
        raise typer.BadParameter(expected, param_hint="TASK")
    if not yes:
        which = f"{len(ids)} tasks" if ids else "all tasks that fit"
        confirm(f"Delete {which} for ever?")
    with _tasks() as api:
        removed = [
            api.delete(task_id=task_id, stop=stop, with_thread=with_threads)
            for task_id in ids or ()
        ]
        cursor = None
        while filtered and (not removed or cursor):
            removed.append(
                api.delete_many(
                    agent_id=agent,
                    user_id=user,
                    status=status,
                    finished_before=before and before.replace(tzinfo=datetime.UTC),
                    stop=stop,
                    with_threads=with_threads,
                    cursor=cursor,
                )
            )
            cursor = removed[-1].cursor
    tell_removed(removed, as_json=as_json)


@app.command()
def notify(
    task: _TaskId,
    key: Annotated[str, typer.Argument(metavar="KEY", help="What the task waits for.")],
    data: Annotated[str, typer.Argument(metavar="JSON", help="What there is to tell it.")],
    as_json: _Json = False,
) -> None:
    """Tell a task under way something that it waits for, as an approval."""
    try:
        value = json.loads(data)
    except ValueError as error:
        message = f"this is no JSON: {error}. Texts have quotes: '\"yes\"'"
        raise typer.BadParameter(message, param_hint="JSON") from None
    with _tasks() as api:
        told = api.notify(task_id=task, key=key, data=value)
    if as_json:
        print_json(told)
    elif told.delivered:
        tell(task, "was told")
    else:
        tell(task, "will be told: who runs it is not connected")


def _tasks() -> Tasks:
    return Tasks(prefer_direct(Configuration()))


def _agent_id(configuration: Configuration, given: str | None) -> str:
    agent_id = given or configuration.agent_id
    if not agent_id:
        raise ModuleException(None, "which agent? Give --agent, or set XPANDER_AGENT_ID")
    return agent_id


def _url(file: str) -> str:
    # A scheme of one letter is a drive.
    if len(urlsplit(file).scheme) > 1:
        return file
    path = Path(file)
    if not path.is_file():
        raise ArgumentError(f"--file {file}: there is no such file, and it is no URL")
    return path.resolve().as_uri()


def _schema(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise ArgumentError(f"--output-schema is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise ArgumentError("--output-schema must be a JSON object")
    return cast(dict[str, Any], schema)


def _show_list(items: Iterator[TasksListItem]) -> None:
    rows = ((item.id, item.status, item.created_at, _about(item)) for item in items)
    # A table is printed as a whole, so a long list is several.
    part = list(itertools.islice(rows, _PAGE))
    if not part:
        note("no tasks")
    while part:
        print_table(("ID", "STATUS", "CREATED", "TITLE OR RESULT"), part)
        part = list(itertools.islice(rows, _PAGE))


def _about(item: TasksListItem) -> str | None:
    """Return the title, or what came out of a task without one, in a line."""
    if item.title or not item.result:
        return item.title
    return textwrap.shorten(item.result, 60, placeholder="…")


def _show(task: Task) -> None:
    print_pairs(
        {
            "id": task.id,
            "agent": task.agent_id,
            "status": task.status,
            "title": task.title,
            "prompt": task.input.text,
            "files": task.input.files,
            "created": task.created_at,
            "started": task.started_at,
            "finished": task.finished_at,
            "attempts": task.execution_attempts,
            "progress": _progress(task),
            "result": task.result,
        }
    )


def _progress(task: Task) -> str | None:
    if task.progress is None:
        return None
    percent = task.progress.percent
    shown = () if percent is None else (f"{percent:g} %",)
    return " ".join((*shown, task.progress.message or "")).strip()


def _note_unserved(task: Task) -> None:
    if told := find_unserved(task.configuration, task.agent_id):
        note(told)


def _follow(task: Task, as_json: bool) -> None:
    for event in task.events():
        if as_json:
            print_json(event)
        elif isinstance(event.data, Task):
            told = event.notification.key if event.notification is not None else None
            about = _progress(event.data) if told is None else f"was told: {told}"
            tell(event.time, event.type, event.data.status, *filter(None, [about]))
            if event.data.status and event.data.status.is_terminal and event.data.result:
                tell(event.data.result)
        elif isinstance(event.data, EventGap):
            first, last = event.data.missing_from, event.data.earliest - 1
            which = f"event {first} is" if first == last else f"events {first} to {last} are"
            tell(event.time, event.type, which, "no longer kept")
        elif event.type != TaskUpdateEventType.Connected:
            tell(event.time, event.type, event.data)
