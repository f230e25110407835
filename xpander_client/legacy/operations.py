"""One call of a tool, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from xpander_client.api.models import ThreadMessage
from xpander_client.core.serialization import dumps
from xpander_client.core.steps import Steps, ask
from xpander_client.core.tool_message import tool_message
from xpander_client.errors import (
    ApiStatusError,
    ArgumentError,
    CallError,
    ConflictError,
    DecodingError,
)
from xpander_client.legacy.providers.tool_call import ToolCall, ToolCallResult

if TYPE_CHECKING:
    from xpander_client.legacy.driven_agent import PlatformResources


_LENGTH = "x-xpander-thread-length"
_STOP = "xpander-agent-stop"

_NO_ANSWER = 500
"""The status of a call that nobody answered, as scripts know it."""


@attrs.frozen
class Ran:
    """A call that was carried out. `message` is what the model is to be told.

    `reported` says whether the platform has put that into the thread: None when nobody knows.
    `length` is how long the thread is with it.
    """

    call: ToolCall
    result: ToolCallResult
    message: ThreadMessage
    reported: bool | None = False
    length: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def hands_over(self) -> bool:
        """Whether the platform wants the task of another agent to be carried out now."""
        return self.headers.get(_STOP, "").lower() == "true"


def run(
    platform: PlatformResources,
    agent_id: str,
    execution_id: str | None,
    call: ToolCall,
    payload: Mapping[str, Any],
    *,
    attempt: int | None,
    version: int | None,
    several: bool,
) -> Steps[Ran]:
    """Have the platform run a tool, for a task or for nobody.

    A tool that fails is a result that says so, as is no answer.
    """
    agents = platform.agents.with_raw_response
    try:
        if execution_id is None:
            answer = yield from ask(
                agents.invoke_tool,
                agents.ainvoke_tool,
                agent_id,
                call.name,
                _list_arguments(payload),
                version,
                tool_call_id=call.tool_call_id,
            )
        else:
            answer = yield from ask(
                agents.run_operation,
                agents.arun_operation,
                agent_id,
                execution_id,
                call.name,
                body_params=payload["body_params"],
                path_params=payload["path_params"],
                query_params=payload["query_params"],
                headers={**payload["headers"], "x-xpander-execution-id": execution_id},
                tool_call_id=call.tool_call_id,
                parallel=several,
                with_auto_report_result=True,
                agent_version=version,
                execution_attempt=attempt,
            )
    except DecodingError as error:  # an answer that is no JSON is a text
        return _ran(call, error.body, error.status_code or 200, error.headers)
    except ConflictError as error:
        # Either the task is over, or it is not this script's any more: the next look asks which.
        headers = {name: value for name, value in error.headers.items() if name == _LENGTH}
        return _ran(call, error.description, 409, headers)
    except ApiStatusError as error:
        return _ran(call, error.description, error.status_code or _NO_ANSWER, error.headers)
    except CallError as error:
        return _ran(call, f"The tool gave no answer: {error.description}", _NO_ANSWER, {})
    except ArgumentError as error:  # no request can be made of what the model wrote
        return make_refused_ran(call, f"The tool was not called: {error}")
    status = answer.status_code
    said = answer.parsed
    if isinstance(said, Mapping) and said.get("ok") is False and said.get("error"):
        status = _NO_ANSWER
    return _ran(call, said, status, answer.headers)


def _list_arguments(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments side by side, as a tool is called with outside of a task."""
    query = {name.removesuffix("[]"): value for name, value in payload["query_params"].items()}
    return {**payload["path_params"], **query, **payload["body_params"]}


def make_refused_ran(call: ToolCall, why: str, *, local: bool = False) -> Ran:
    """Return what came of a call that failed here or was not made, unknown to the platform."""
    return _here(call, why, 400, local=local)


def make_local_ran(call: ToolCall, value: Any, *, local: bool = True) -> Ran:
    """Return what came of a call whose answer the platform has still to be told."""
    return _here(call, value, 200, local=local)


def make_known_ran(call: ToolCall, result: ToolCallResult) -> Ran:
    """Return what came of a call that was carried out before."""
    return Ran(call, result, _write_message(call, result.result), reported=True)


def child_id(answer: Any) -> str | None:
    """Return the task that a call made for another agent, if the answer names it."""
    given = answer.get("execution_id") if isinstance(answer, Mapping) else None
    return given if isinstance(given, str) else None


def write_answer(payload: Mapping[str, Any]) -> str:
    """Return a payload as threads keep it."""
    return dumps(payload).decode()


def _here(call: ToolCall, value: Any, status: int, *, local: bool) -> Ran:
    return Ran(call, _result(call, value, status, local=local), _write_message(call, value))


def _result(call: ToolCall, value: Any, status: int, *, local: bool = False) -> ToolCallResult:
    success = 200 <= status < 300
    return ToolCallResult(
        call.name,
        call.tool_call_id,
        call.payload,
        status_code=status,
        result=value,
        is_success=success,
        is_error=not success,
        is_local=local,
    )


def _ran(call: ToolCall, said: Any, status: int, headers: Mapping[str, str]) -> Ran:
    result = _result(call, said, status)
    # A platform of before does not say how long the thread is, but it reports what succeeds.
    length = headers.get(_LENGTH, "")
    return Ran(
        call,
        result,
        _write_message(call, said),
        reported=True if result.is_success or length.isdigit() else None,
        length=int(length) if length.isdigit() else None,
        headers=headers,
    )


def _write_message(call: ToolCall, value: Any) -> ThreadMessage:
    return ThreadMessage(**tool_message(call.tool_call_id, value))
