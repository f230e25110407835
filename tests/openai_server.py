"""A server that speaks like OpenAI's chat completions, and like its responses where they are not
streamed, and says what a script tells it to.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import attrs

_RESPONSES = "/v1/responses"
_PATHS = ("/v1/chat/completions", _RESPONSES)

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@attrs.frozen
class Says:
    """The model answers with text; `finish` is why it stopped there."""

    text: str
    finish: str = "stop"


@attrs.frozen
class Refuses:
    """The model says that it won't answer, in the field that there is for that."""

    text: str


@attrs.frozen
class Calls:
    """The model calls a tool. Arguments that are a text are sent as they are, JSON or not."""

    tool: str
    arguments: dict[str, Any] | str
    id: str = "call-1"


@attrs.frozen
class CallsAtOnce:
    """The model calls several tools in one answer."""

    calls: tuple[Calls, ...]


@attrs.frozen
class Pauses:
    """The model answers with text, whose second half waits until it is let through."""

    text: str
    gate: threading.Event = attrs.field(factory=threading.Event, eq=False)


@attrs.frozen
class Fails:
    """The provider answers with an error."""

    status: int
    message: str = "it failed"
    headers: dict[str, str] = attrs.field(factory=dict)


Reply = Says | Refuses | Calls | CallsAtOnce | Pauses | Fails


class OpenAIServer:
    """Answers each request with the script's next reply; what was asked is in `requests`.

    A request that the script has no reply for is answered with 400, which clients don't repeat.
    """

    def __init__(self, *script: Reply) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self._script = list(script)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                asked = json.loads(self.rfile.read(length))
                outer.requests.append(asked)
                outer.keys.append(self.headers.get("authorization"))
                if self.path not in _PATHS or not outer._script:
                    self._send(400, "application/json", b'{"error": {"message": "not expected"}}')
                    return
                reply = outer._script.pop(0)
                if isinstance(reply, Fails):
                    body = json.dumps({"error": {"message": reply.message}}).encode()
                    self._send(reply.status, "application/json", body, headers=reply.headers)
                elif self.path == _RESPONSES:
                    self._send(
                        200, "application/json", json.dumps(_response(reply, asked)).encode()
                    )
                elif asked.get("stream"):
                    frames = [f"data: {frame}\n\n".encode() for frame in _streamed(reply, asked)]
                    half = len(frames) // 2
                    whole = sum(map(len, frames))
                    self._send(200, "text/event-stream", b"".join(frames[:half]), length=whole)
                    if isinstance(reply, Pauses):
                        self.wfile.flush()
                        reply.gate.wait(30)
                    self._go_on(b"".join(frames[half:]))
                else:
                    if isinstance(reply, Pauses):
                        reply.gate.wait(30)
                    body = json.dumps(_whole(reply, asked)).encode()
                    self._send(200, "application/json", body)

            def _send(
                self,
                status: int,
                content_type: str,
                body: bytes,
                *,
                length: int | None = None,
                headers: dict[str, str] | None = None,
            ) -> None:
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(length or len(body)))
                # agno never closes its connections, and a test has to leave none open.
                self.send_header("connection", "close")
                self.end_headers()
                self._go_on(body)

            def _go_on(self, body: bytes) -> None:
                # A client that gives up has its reasons.
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _head(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chat-1", "object": kind, "created": 1, "model": asked["model"]}


def _calls(reply: Calls | CallsAtOnce) -> list[dict[str, Any]]:
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.tool, "arguments": _encode(call.arguments)},
        }
        for call in (reply.calls if isinstance(reply, CallsAtOnce) else (reply,))
    ]


def _whole(reply: Reply, asked: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if isinstance(reply, Says | Pauses):
        message["content"] = reply.text
    elif isinstance(reply, Refuses):
        message["refusal"] = reply.text
    elif not isinstance(reply, Fails):
        message["tool_calls"] = _calls(reply)
    choice = {"index": 0, "message": message, "finish_reason": _reason(reply)}
    return {**_head("chat.completion", asked), "choices": [choice], "usage": USAGE}


def _response(reply: Reply, asked: dict[str, Any]) -> dict[str, Any]:
    if isinstance(reply, Says | Pauses):
        text = {"type": "output_text", "text": reply.text, "annotations": []}
        message = {"type": "message", "id": "message-1", "role": "assistant"}
        output = [{**message, "status": "completed", "content": [text]}]
    else:
        assert isinstance(reply, Calls | CallsAtOnce)
        output = [
            {"type": "function_call", "call_id": call["id"], "status": "completed"}
            | call["function"]
            for call in _calls(reply)
        ]
    counted = {
        "input_tokens": USAGE["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": USAGE["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": USAGE["total_tokens"],
    }
    return {
        "id": "response-1",
        "object": "response",
        "created_at": 1,
        "model": asked["model"],
        "status": "completed",
        "output": output,
        "usage": counted,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }


def _streamed(reply: Reply, asked: dict[str, Any]) -> Iterator[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if isinstance(reply, Says | Pauses):
        deltas += [{"content": word} for word in reply.text.replace(" ", " \0").split("\0")]
    elif isinstance(reply, Refuses):
        deltas.append({"refusal": reply.text})
    elif not isinstance(reply, Fails):
        calls = [{"index": index, **call} for index, call in enumerate(_calls(reply))]
        deltas.append({"tool_calls": calls})
    head = _head("chat.completion.chunk", asked)
    for delta in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield json.dumps({**head, "choices": [choice]})
    last = {"index": 0, "delta": {}, "finish_reason": _reason(reply)}
    yield json.dumps({**head, "choices": [last]})
    yield json.dumps({**head, "choices": [], "usage": USAGE})
    yield "[DONE]"


def _reason(reply: Reply) -> str:
    if isinstance(reply, Says):
        return reply.finish
    return "tool_calls" if isinstance(reply, Calls | CallsAtOnce) else "stop"


def _encode(arguments: dict[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)
