"""What the routes of all rooms read from requests."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from xpander_client.platform.auth.access import APPLICATION, WORKER, KeyGrant
from xpander_client.platform.foundation.bounds import COUNT, KEY, within
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.http import bodies
from xpander_client.platform.http.requests import Request
from xpander_client.platform.rules.records import IdempotencyKey, TaskRecord

PAGE = 500
"""How many rows are read at once, and how many items a caller may ask for in one answer."""

_COUNT = re.compile(r"[0-9]{1,18}\Z", re.ASCII)


def access(request: Request) -> KeyGrant:
    """Return what the caller's key grants."""
    assert request.access is not None  # the gate lets nobody else in
    return request.access


def organization(request: Request) -> str:
    """Return the organization that the caller's key opens, or a part of it."""
    return access(request).organization_id


def path_id(request: Request, name: str) -> str:
    """Return an id out of the path, which is still as it was sent."""
    sent = request.path_params[name]
    if "%" not in sent and sent.isascii():
        return sent
    try:
        text = unquote_to_bytes(sent.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise HttpError(404, "an id in the path is no text") from None
    if "\0" in text:
        status = 404 if request.method == "GET" else 422
        raise HttpError(status, "nothing can have the id in the path")
    return text


def read_query(request: Request, name: str, bounds: Mapping[str, Any]) -> str | None:
    """Return a text out of the query, if it is there, within bounds."""
    text = request.query_params.get(name)
    within(text, bounds, what=name)
    return text


def count(text: str | None, what: str) -> int | None:
    """Parse a whole number that was sent, if one was."""
    if text is None:
        return None
    if _COUNT.match(text) is None:
        raise HttpError(422, f"{what} has to be a whole number")
    within(number := int(text), COUNT, what=what)
    return number


def read_limit(request: Request) -> int | None:
    """Return how many items the caller wants in one answer, from 1 to `PAGE`, if it says."""
    limit = count(request.query_params.get("limit"), "limit")
    if limit is not None and not 1 <= limit <= PAGE:
        raise HttpError(422, f"limit has to be from 1 to {PAGE}, not {limit}")
    return limit


def flag(request: Request, name: str) -> bool:
    """Whether the query says yes."""
    said = request.query_params.get(name, "false")
    if said not in ("true", "false"):
        raise HttpError(422, f"{name} has to be true or false")
    return said == "true"


def read_held_attempt(request: Request) -> int | None:
    """Return the attempt that the caller believes to hold. An application holds none."""
    if access(request).role == APPLICATION:
        return None
    return count(request.get_header(b"x-execution-attempt"), "x-execution-attempt")


def ending_attempt(request: Request) -> int | None:
    """Return the attempt by which the caller may end a task. A worker that names none ends only
    what was never anybody's.
    """
    attempt = read_held_attempt(request)
    return 0 if attempt is None and access(request).role == WORKER else attempt


def streams_events(record: TaskRecord) -> bool:
    """Tell whether a task's events can be followed."""
    return record.outline().get("events_streaming") is True


def read_place(request: Request, record: TaskRecord) -> int:
    """Return the number of the event behind which a reader goes on: the one that it saw last, or
    the last one before the present run. What is no number is the place of none.
    """
    given = request.get_header(b"last-event-id") or request.query_params.get("after")
    if not given:
        return record.run_from
    is_number = given.isascii() and given.isdigit() and len(given) < 19
    return int(given) if is_number else sys.maxsize


def idempotency(request: Request, operation: str, body: Any) -> IdempotencyKey | None:
    """Return the caller's name for this request."""
    key = request.get_header(b"idempotency-key")
    if key is None:
        return None
    within(key, KEY, what="idempotency-key")
    agent_ids = access(request).agent_ids
    if agent_ids is not None:
        # Nobody else's key is in the way, or can be asked after. No header holds a line's end.
        key = f"{key}\n{bodies.fingerprint('agents', sorted(agent_ids)).hex()}"
    return IdempotencyKey(key, bodies.fingerprint(operation, body))


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of a body's fields."""
    return {name: value for name, value in body.items() if value is not None}
