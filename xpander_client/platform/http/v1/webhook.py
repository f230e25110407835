"""The inbound webhook: whatever another system sends becomes a task of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import orjson

from xpander_client.api.models import TaskCreate
from xpander_client.platform.foundation.bounds import ID, LOOKED_UP, within
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.models import check_model
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.http import bodies
from xpander_client.platform.http.creations import Creations
from xpander_client.platform.http.requests import Request
from xpander_client.platform.http.responses import Json, Response
from xpander_client.platform.http.router import Route
from xpander_client.platform.http.routing import access, idempotency
from xpander_client.platform.http.v1.answers import encode_task
from xpander_client.platform.http.v1.forms import (
    MULTIPART,
    URLENCODED,
    Form,
    parse_multipart,
    parse_urlencoded,
)
from xpander_client.platform.streaming.outcomes import Outcomes

_MAPPED = frozenset(
    {"prompt", "task_id", "user_id", "user_email", "user_first_name", "user_last_name"}
)
"""What a payload may say in a place of its own, which `params_mapping` names."""

_PARAMETERS = _MAPPED | {
    *("agent_id", "asynchronous", "getter", "json", "params_mapping", "user_tokens"),
    "disable_attachment_injection",
}
"""What is for the webhook. All other fields are the agent's."""

_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


class WebhookEndpoint:
    """Answers what other systems send: JSON or a form, also with files, with the parameters in it
    or in the query, which goes before.
    """

    def __init__(self, creations: Creations, outcomes: Outcomes, settings: Settings) -> None:
        self._creations = creations
        self._outcomes = outcomes
        self._settings = settings

    def routes(self) -> list[Route]:
        """The route of the webhook."""
        return [Route("/", {"POST": self.take_call})]

    async def take_call(self, request: Request) -> Response:
        """Create a task, and answer with it when it is finished or paused, or at once."""
        content_type = request.get_header(b"content-type") or ""
        call = await bodies.take_bytes(
            request,
            self._settings.body_limit,
            lambda body: _Call.parse(request.query_params, content_type, body),
        )
        access(request).check(call.agent_id)
        begun = await self._creations.create(
            access(request),
            call.agent_id,
            call.task,
            key=idempotency(request, f"webhook {call.agent_id}", call.task),
            version=None,
            create_missing=True,
        )
        if call.asynchronous:
            return Json.of({"status": "Started"})
        settled = encode_task(await self._outcomes.wait(begun, request.receive))
        if not (call.json or call.getter):
            return Json(settled)
        task = orjson.loads(settled)
        if call.json or "." in (call.getter or ""):
            task["result"] = _parse_json(task["result"])
        return Json.of(_find(task, call.getter) if call.getter else task)


@attrs.frozen(kw_only=True)
class _Call:
    """What somebody asked of the webhook: `task` is the body of the task to create."""

    agent_id: str
    task: dict[str, Any]
    asynchronous: bool
    getter: str | None
    json: bool

    @classmethod
    def parse(cls, query: Mapping[str, str], content_type: str, body: bytes) -> _Call:
        """Parse a request.

        Raises:
            HttpError: 400, it names no agent, or is neither JSON nor a form; 422, a parameter
                can't be what it is.
        """
        form, payload = _parse_body(content_type, body)
        said = {**form.fields, **query}
        for name, path in _read_object(said, "params_mapping").items():
            if name not in _MAPPED:
                raise HttpError(422, f"{name} can't be mapped", "$.params_mapping")
            if isinstance(path, str) and (found := _find(payload, path)) is not None:
                said[name] = found
        agent_id = _read_text(said, "agent_id", ID)
        if not agent_id:
            raise HttpError(400, "agent_id is required")
        rest = {name: value for name, value in said.items() if name not in _PARAMETERS}
        text = [_read_text(said, "prompt") or ""]
        if rest or not isinstance(payload, dict):
            text.append(orjson.dumps(rest if isinstance(payload, dict) else payload).decode())
        task = {
            "id": _read_text(said, "task_id", ID),
            "source": "webhook",
            "input": {
                "text": "\n\n".join(filter(None, text)),
                "files": list(form.files),
                "user": _read_user(said),
            },
            "user_tokens": _read_object(said, "user_tokens") or None,
            "disable_attachment_injection": _read_flag(said, "disable_attachment_injection"),
        }
        check_model(task, TaskCreate)
        return cls(
            agent_id=agent_id,
            task=task,
            asynchronous=_read_flag(said, "asynchronous"),
            getter=_read_text(said, "getter"),
            json=_read_flag(said, "json"),
        )


def _parse_body(content_type: str, body: bytes) -> tuple[Form, Any]:
    """Return a body as a form, and as it came."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == MULTIPART:
        form = parse_multipart(content_type, body)
        return form, form.fields
    # curl calls everything a form that it isn't told of.
    is_form = kind == URLENCODED and not body.lstrip().startswith(b"{")
    if is_form or not body.strip():
        form = parse_urlencoded(body)
        return form, form.fields
    payload = bodies.parse(body)
    return Form(payload if isinstance(payload, dict) else {}), payload


def _read_text(said: Mapping[str, Any], name: str, bounds: Any = None) -> str | None:
    """Return a parameter as a text. Numbers are some systems' ids."""
    value = said.get(name)
    if value is None:
        return None
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    within(text, bounds or {}, f"$.{name}")
    return text


def _read_flag(said: Mapping[str, Any], name: str) -> bool:
    text = _read_text(said, name) or ""
    if text.lower() not in _FLAGS:
        raise HttpError(422, "expected true or false", f"$.{name}")
    return _FLAGS[text.lower()]


def _read_object(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a parameter that is a JSON object, which may come as a text."""
    value = _parse_json(said.get(name) or None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HttpError(422, "expected a JSON object", f"$.{name}")
    return value


def _read_user(said: Mapping[str, Any]) -> dict[str, Any] | None:
    names = ("id", "email", "first_name", "last_name")
    user = {name: _read_text(said, f"user_{name}", LOOKED_UP) for name in names}
    given = {name: text for name, text in user.items() if text}
    return {"email": "", **given} if given else None


def _parse_json(text: Any) -> Any:
    """Return what a text holds as JSON, within the bounds of a body; what holds none stays as it
    is.
    """
    try:
        return bodies.parse(text.encode()) if isinstance(text, str) else text
    except HttpError:
        return text


def _find(value: Any, path: str) -> Any:
    """Return what is at a path of names and numbers with dots in between; None if nothing is."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step[:9]) < len(value):
            value = value[int(step[:9])]
        else:
            return None
    return value
