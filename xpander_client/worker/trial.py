"""Tries a handler with one made-up task, and prints how it went."""

from __future__ import annotations

import argparse
import difflib
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

from xpander_client.api.models import AgentExecutionInput, AgentExecutionStatus, OutputFormat
from xpander_client.api.requests import tasks
from xpander_client.api.resources import Task
from xpander_client.core.requests import RequestSpec
from xpander_client.worker.sample_task import LocalTaskTest

_logger = logging.getLogger("xpander_client.worker")

_FORMATS = ("json", "markdown", "text")


def trial_in(arguments: Sequence[str]) -> LocalTaskTest | None:
    """Read the task that a command line asks for with `--invoke`, if it does.

    The first argument is the program's name. What `--invoke` has no use for is left to the program.

    Raises:
        SystemExit: with status 2, after one line on stderr: `--prompt` is missing, the format is
            unknown, or the schema is no JSON object.

    Example:
        >>> trial_in(["worker.py", "--invoke", "--prompt", "hello", "--verbose"]).input.text
        'hello'
        >>> trial_in(["worker.py", "--prompt", "the program's own"])
    """
    if "--invoke" not in arguments[1:]:
        return None
    found, _ = _parser(arguments).parse_known_args(arguments[1:])
    return LocalTaskTest(
        input=AgentExecutionInput(text=found.prompt),
        output_format=None if found.output_format is None else OutputFormat(found.output_format),
        output_schema=found.output_schema,
    )


def print_help(arguments: Sequence[str]) -> None:
    """Print what a worker program's command line may say."""
    _parser(arguments).print_help()


def warn_about(arguments: Sequence[str]) -> None:
    """Log what a command line says in vain: without `--invoke`, or with that misspelt."""
    if "--invoke" in arguments:
        return
    for argument in arguments[1:]:
        option = argument.partition("=")[0]
        if option in ("--prompt", "--output_format", "--output_schema"):
            _logger.warning("%s says nothing to a worker without --invoke", option)
        elif difflib.get_close_matches(option, ["--invoke"], cutoff=0.75):
            _logger.warning("%s says nothing to a worker: is --invoke meant?", option)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        Path(arguments[0]).name,
        allow_abbrev=False,
        add_help=False,
        description="Takes the tasks of the agent in XPANDER_AGENT_ID until it is stopped.",
    )
    parser.add_argument("--invoke", action="store_true", help="run one task instead, and exit")
    parser.add_argument("--prompt", required=True, help="what that task asks")
    parser.add_argument("--output_format", choices=_FORMATS, help="what its result is to be")
    parser.add_argument("--output_schema", type=_schema, help="the JSON Schema of a JSON result")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # Without the usage, which would tell of a part of the program's arguments only.
        self.exit(2, f"{self.prog}: {message}\n")


def _schema(text: str) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"this is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise argparse.ArgumentTypeError("a schema is a JSON object")
    return cast(dict[str, Any], schema)


def describe_creation(
    test: LocalTaskTest, *, agent_id: str, worker_id: str, events_streaming: bool
) -> RequestSpec:
    """Describe the request that creates the task, as one that this worker alone runs."""
    given = test.input
    return tasks.create(
        agent_id=agent_id,
        agent_version=test.agent_version,
        prompt=given.text or "",
        file_urls=given.files,
        attachments=given.attachments,
        user_details=given.user,
        principal=given.principal,
        output_format=test.output_format,
        output_schema=test.output_schema,
        events_streaming=events_streaming or None,
        worker_id=worker_id,
        run_locally=True,
        source="sdk",
    )


def report(task: Task) -> int:
    """Print the task's result, or on stderr how it failed; returns the exit status."""
    if task.status == AgentExecutionStatus.Completed:
        _print(task.result or "", sys.stdout)
        return 0
    why = f": {task.result}" if task.result else ""
    _print(f"task {task.id} ended as {task.status}{why}", sys.stderr)
    return 1


def _print(text: str, file: TextIO) -> None:
    # What a terminal or a pipe has no characters for must not make a failure of it.
    encoding = file.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=file, flush=True)
