"""`xpander-client doctor`: what is configured, what is installed, and does the platform answer."""

from __future__ import annotations

import importlib.metadata
import platform as machine
import time
from typing import Annotated, Any

import attrs
import typer

from xpander_client.api.resources import Agents, Tasks
from xpander_client.cli.documents import print_json
from xpander_client.cli.messages import complain
from xpander_client.cli.tables import print_pairs, tell
from xpander_client.cli.workers import find_unserved
from xpander_client.configuration import Configuration, RetryPolicy, prefer_direct, without_login
from xpander_client.errors import CallError, ConfigurationError, ModuleException, NotFoundError
from xpander_client.version import __version__

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_PACKAGES = (
    *("httpx", "attrs", "cattrs", "orjson", "tenacity"),
    *(
        "typer",
        "rich",
        "starlette",
        "uvicorn",
        "httptools",
        "uvloop",
        "pyyaml",
        "prometheus-client",
    ),
    "asyncpg",
    *("pydantic", "pydantic-monty", "pydantic-ai-slim", "agno", "openai"),
    *("openai-agents", "langchain", "google-adk", "strands-agents"),
)


@app.command()
def doctor(
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for the platform.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show what is configured, without secrets, whether the platform is reachable, and versions."""
    configured, configuration, problem = _read_configuration()
    reached: dict[str, Any] = {"reachable": None}
    if configuration is not None:
        reached, problem = _reach(configuration, timeout)
    report = {
        "ok": problem is None,
        "problem": problem,
        "configuration": configured,
        "platform": reached,
        "versions": _versions(),
    }
    if as_json:
        print_json(report)
    else:
        _show(report)
        if problem is not None:
            complain(problem)
    if problem is not None:
        raise typer.Exit(1)


def _read_configuration() -> tuple[dict[str, Any], Configuration | None, str | None]:
    try:
        configuration = prefer_direct(Configuration())
    except ConfigurationError as error:
        return {}, None, str(error)
    configured: dict[str, Any] = {
        "base_url": without_login(configuration.base_url),
        "organization_id": configuration.organization_id,
        "agent_id": configuration.agent_id,
        "api_key": "set" if configuration.api_key else None,
    }
    try:
        configuration.required("api_key")
        configured["api_root"] = without_login(configuration.api_root)
        configured["events_root"] = without_login(configuration.events_root)
    except ConfigurationError as error:
        return configured, None, str(error)
    return configured, configuration, None


def _reach(configuration: Configuration, timeout: float) -> tuple[dict[str, Any], str | None]:
    started = time.perf_counter()
    with Agents(configuration) as agents:
        once = agents.options(timeout=timeout, retry=RetryPolicy(attempts=1))
        try:
            found = once.list()
        except CallError as error:
            reached: dict[str, Any] = {"reachable": error.status_code is not None}
            if error.status_code is not None:
                reached["status_code"] = error.status_code
            return reached, str(error)
        except ModuleException as error:
            return {"reachable": None}, str(error)
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    reached = {"reachable": True, "milliseconds": milliseconds, "agents": len(found)}
    problem = _stream_problem(configuration, timeout)
    if configuration.agent_id:
        reached["unserved"] = find_unserved(configuration, configuration.agent_id)
    return {**reached, "streams": problem is None}, problem


def _stream_problem(configuration: Configuration, timeout: float) -> str | None:
    """Return what keeps event streams and workers from their address.

    The address has the organization in it. It is asked for the events of a task that there is not.
    """
    with Tasks(attrs.evolve(configuration, connect_timeout=timeout)) as tasks:
        once = tasks.options(timeout=timeout, retry=RetryPolicy(attempts=1))
        try:
            next(once.events(task_id="00000000-0000-0000-0000-000000000000"), None)
        except NotFoundError as error:
            if "organization" in error.description:
                return (
                    f"is XPANDER_ORGANIZATION_ID={configuration.organization_id!r} right? {error}"
                )
        except ModuleException as error:
            return f"event streams and workers: {error}"
    return None


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {
        "xpander-client": __version__,
        "python": machine.python_version(),
    }
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _show(report: dict[str, Any]) -> None:
    tell("Configuration")
    missing = {name: value or "not set" for name, value in report["configuration"].items()}
    print_pairs({f"  {name}": value for name, value in missing.items()})
    tell("Platform")
    reached = report["platform"]
    words = {True: "reachable", False: "not reachable", None: "not asked"}
    text = words[reached["reachable"]]
    if "milliseconds" in reached:
        text += f" in {reached['milliseconds']} ms, it knows {reached['agents']} agents"
        text += "" if reached["streams"] else "; its event streams are not"
    tell(" ", text)
    if told := reached.get("unserved"):
        tell(" ", told)
    tell("Versions")
    print_pairs(
        {f"  {name}": version or "not installed" for name, version in report["versions"].items()}
    )
