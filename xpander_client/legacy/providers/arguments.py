"""The arguments that a model wrote, read as a tool takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from xpander_client.core.serialization import dumps
from xpander_client.legacy.providers.tool_call import (
    FINISH_TOOL,
    GROUPS,
    LOCAL_PREFIX,
    ToolCall,
    ToolCallType,
    empty_payload,
)

_KINDS = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}
# Claude's own notation for arguments, which it sometimes writes into a JSON text.
_PARAMETER = re.compile(
    r'<parameter name="(\w+)">(.*?)(?=</parameter>|<parameter name=|\Z)', re.DOTALL
)


class MalformedError(ValueError):
    """The arguments can't be read; the text says why, for the model to read."""


def read_arguments(written: Any) -> dict[str, Any]:
    """Read the object that a model wrote, as JSON text or as a value. Nothing at all is `{}`.

    Raises:
        MalformedError: it is no JSON, or no object.
    """
    value = written
    if written is None or (isinstance(written, str) and not written.strip()):
        return {}
    if isinstance(written, str):
        try:
            value = json.loads(written, parse_constant=_refuse)
        except RecursionError:
            raise MalformedError("the arguments are nested too deeply") from None
        except ValueError as error:
            raise MalformedError(f"the arguments are not JSON: {error}") from None
    if not isinstance(value, Mapping):
        kind = _KINDS.get(type(value), "a number")
        raise MalformedError(f"the arguments are {kind}, not a JSON object")
    try:
        # What JSON allows and no request can carry: a number beyond 64 bits, half a character.
        dumps(value)
    except (TypeError, ValueError) as error:
        raise MalformedError(f"the arguments can't be sent on: {error}") from None
    return dict(value)


def read_call(name: str, written: Any, call_id: str) -> ToolCall:
    """Return the call of a model that wrote these arguments for the tool `name`."""
    kind = ToolCallType.LOCAL if name.startswith(LOCAL_PREFIX) else ToolCallType.XPANDER
    bare = name.removeprefix(LOCAL_PREFIX)
    arguments = None
    try:
        payload = arguments = read_arguments(written)
        if kind is ToolCallType.XPANDER:
            payload = _finish(arguments) if name == FINISH_TOOL else group_arguments(arguments)
    except MalformedError as error:
        # A tool of the script may still take them: only there is it known.
        return ToolCall(bare, kind, tool_call_id=call_id, malformed=str(error), written=arguments)
    return ToolCall(bare, kind, payload, call_id, written=arguments)


def json_text(value: Any) -> str:
    """JSON text of a value, or the text that it already is. None has no arguments: `{}`."""
    if isinstance(value, str):
        return value
    # Not `dumps`: a number beyond 64 bits is kept as the model wrote it.
    return json.dumps({} if value is None else value, ensure_ascii=False, separators=(",", ":"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def group_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments in their groups; those that are in none go into the body.

    Raises:
        MalformedError: a group is no object.
    """
    payload = empty_payload()
    flat = dict(arguments)
    for group, snake in GROUPS.items():
        for key in dict.fromkeys((group, snake)):
            if key in flat and (found := _group(key, flat[key])) is not None:
                payload[group] = found | payload[group]
                del flat[key]
    payload["bodyParams"] = flat | payload["bodyParams"]
    return payload


def _group(key: str, value: Any) -> dict[str, Any] | None:
    """Return what a group holds, or None if it is a tool's parameter named like one."""
    if key == "headers" and value is not None and not isinstance(value, Mapping):
        return None
    try:
        if value is None or isinstance(value, Mapping | str):
            return read_arguments(value)  # some models write JSON into JSON
    except MalformedError as error:
        raise MalformedError(f"{key}: {error}") from None
    raise MalformedError(f"{key} is not a JSON object")


def _finish(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the finish tool's two arguments, wherever the model put them."""
    body: Any = next((arguments[k] for k in ("bodyParams", "body_params") if k in arguments), {})
    if isinstance(body, str):
        tags = {name: text.strip() for name, text in _PARAMETER.findall(body)}
        body = tags or read_arguments(body)
    given = arguments | (dict(body) if isinstance(body, Mapping) else {})
    result = given.get("result")
    success = given.get("is_success", given.get("isSuccess"))
    if isinstance(success, str) and success.strip().lower() in ("true", "false"):
        success = success.strip().lower() == "true"
    if success is None:
        if not result:
            raise MalformedError("is_success and result are missing")
        success = True
    if not isinstance(success, bool):
        raise MalformedError("is_success is neither true nor false")
    text = "" if result is None else json_text(result)
    return empty_payload() | {"bodyParams": {"is_success": success, "result": text}}
