"""What a worker says about its own routes: a page for people, a description for programs."""

from __future__ import annotations

import html
import json
import shlex
from typing import Any

import attrs

from xpander_client.api.resources import Task
from xpander_client.version import __version__


def page(agent_id: str, url: str) -> str:
    """Return the page at `/docs`; it loads nothing from anywhere else."""
    task = {
        "id": "TASK_ID",
        "agent_id": agent_id,
        "organization_id": "ORGANIZATION_ID",
        "created_at": "2026-01-02T03:04:05Z",
        "input": {"text": "Summarize the report"},
    }
    command = " \\\n  ".join(
        [
            f"curl -N {shlex.quote(url + '/invoke')}",
            '-H "x-api-key: $XPANDER_API_KEY"',
            "-H 'content-type: application/json'",
            f"-d {shlex.quote(json.dumps(task))}",
        ]
    )
    answers = "\n".join(
        f"<tr><td>{status}</td><td>{html.escape(meaning)}</td></tr>"
        for status, meaning in _MEANINGS.items()
    )
    return _PAGE.format(
        agent_id=html.escape(agent_id), command=html.escape(command), answers=answers
    )


def openapi(*, is_streaming: bool) -> dict[str, Any]:
    """Return the routes as an OpenAPI document.

    It is written here and not printed from `openapi.yaml`, which has the platform's routes: the
    worker's two are not among them, and its task comes from whoever calls, so that only what the
    caller has to give is named. The rest of the task is the platform's to describe.
    """
    events = {"text/event-stream": {"schema": {"type": "string"}}}
    task = {"application/json": {"schema": {"$ref": "#/components/schemas/Task"}}}
    answers: dict[str, Any] = {
        str(status): {"description": meaning} for status, meaning in _MEANINGS.items()
    }
    answers["200"]["content"] = events if is_streaming else task
    text = {"type": "string"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Worker", "version": __version__},
        "paths": {
            "/health": {
                "get": {
                    "summary": "Whether the worker answers",
                    "responses": {"200": {"description": '{"status": "ok"}'}},
                }
            },
            "/invoke": {
                "post": {
                    "summary": "Run a task",
                    "security": [{"key": []}],
                    "requestBody": {"required": True, "content": task},
                    "responses": answers,
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": {
                "Task": {
                    "type": "object",
                    "required": [
                        field.name for field in attrs.fields(Task) if field.default is attrs.NOTHING
                    ],
                    "properties": {
                        "id": text,
                        "agent_id": text,
                        "organization_id": text,
                        "created_at": {"type": "string", "format": "date-time"},
                        "input": {"type": "object", "properties": {"text": text}},
                    },
                    "additionalProperties": True,
                }
            },
        },
    }


_MEANINGS = {
    200: "The finished task as JSON; from a streaming handler its events instead, as an event "
    "stream: each data line is one event, the last is task_finished.",
    400: "The body is no task of this agent; path says where.",
    401: "The header x-api-key is missing.",
    403: "The key may not use this agent.",
    404: "The key is for some agents alone, and reaches no task of this id.",
    409: "The task is finished, or somebody has it.",
    413: "The body is too large.",
    500: "The handler failed; error is its text.",
    503: "The worker is stopping, or the platform can't be asked about the key.",
}

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Worker of {agent_id}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem }}
body {{ margin: 2rem auto; padding: 0 1rem }}
pre {{ background: #8882; padding: 1rem; overflow-x: auto }}
td {{ vertical-align: top; padding: .2rem 1rem .2rem 0 }}
:root {{ color-scheme: light dark }}
</style>
<h1>Worker of agent {agent_id}</h1>
<h2>GET /health</h2>
<p>Answers <code>{{"status": "ok"}}</code> while the worker's event loop runs. Needs no key.</p>
<h2>POST /invoke</h2>
<p>Runs a task with this worker's handler. The body is the task, as the platform gives it out when
it is created: of a task that the platform knows only the id counts, and its record is run. A
caller that goes away in the middle of an event stream stops the task.</p>
<pre>{command}</pre>
<table>
{answers}
</table>
<p>For programs: <a href="/openapi.json">openapi.json</a></p>
</html>
"""
