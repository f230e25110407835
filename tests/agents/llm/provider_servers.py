"""Servers that speak like the other providers of models, and give one answer to all requests."""

from __future__ import annotations

import binascii
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

Bodies = tuple[str, bytes]


@attrs.define
class Served:
    """Where the server is, and what it was asked."""

    base_url: str
    requests: list[dict[str, Any]] = attrs.field(factory=list)
    paths: list[str] = attrs.field(factory=list)


@contextmanager
def serving(provider: str, answer: str, reason: str | None = None) -> Iterator[Served]:
    """A server of the provider's, until the end of the block; `reason` is why answers end."""
    written, ended = {
        "anthropic": (anthropic, "end_turn"),
        "google": (google, "STOP"),
        "bedrock": (bedrock, "end_turn"),
    }[provider]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            served.requests.append(asked)
            served.paths.append(self.path)
            content_type, body = written(self.path, asked, answer, reason or ended)
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pieces(answer: str) -> list[str]:
    return [answer[at : at + 7] for at in range(0, len(answer), 7)]


def sse(events: list[dict[str, Any]], *, named: bool) -> Bodies:
    text = "".join(
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n"
        for event in events
    )
    return "text/event-stream", text.encode()


def anthropic(path: str, asked: dict[str, Any], answer: str, reason: str) -> Bodies:
    assert path.startswith("/v1/messages")
    message = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": answer}],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    if not asked.get("stream"):
        return "application/json", json.dumps(message).encode()
    start = {**message, "content": [], "stop_reason": None}
    deltas: list[dict[str, Any]] = [
        {"type": "thinking_delta", "thinking": "Deep "},
        {"type": "thinking_delta", "thinking": "thoughts."},
    ]
    texts: list[dict[str, Any]] = [{"type": "text_delta", "text": text} for text in pieces(answer)]
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    return sse(
        [
            {"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": thinking},
            *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "text", "text": ""},
            },
            *({"type": "content_block_delta", "index": 1, "delta": delta} for delta in texts),
            {"type": "content_block_stop", "index": 1},
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": {"output_tokens": 5},
            },
            {"type": "message_stop"},
        ],
        named=True,
    )


def google(path: str, asked: dict[str, Any], answer: str, reason: str) -> Bodies:
    del asked

    def part(text: str, ended: str | None) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
        if ended:
            candidate["finishReason"] = ended
        usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-x"}

    if ":streamGenerateContent" in path:
        *texts, last = pieces(answer)
        return sse([*(part(text, None) for text in texts), part(last, reason)], named=False)
    assert ":generateContent" in path
    return "application/json", json.dumps(part(answer, reason)).encode()


def bedrock(path: str, asked: dict[str, Any], answer: str, reason: str) -> Bodies:
    del asked
    usage = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
    if path.endswith("/converse"):
        message = {"role": "assistant", "content": [{"text": answer}]}
        body = {
            "output": {"message": message},
            "stopReason": reason,
            "usage": usage,
            "metrics": {"latencyMs": 1},
        }
        return "application/json", json.dumps(body).encode()
    assert path.endswith("/converse-stream")
    frames = [
        ("messageStart", {"role": "assistant"}),
        *(
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})
            for text in pieces(answer)
        ),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": reason}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}),
    ]
    body_bytes = b"".join(aws_frame(kind, json.dumps(value).encode()) for kind, value in frames)
    return "application/vnd.amazon.eventstream", body_bytes


def aws_frame(kind: str, payload: bytes) -> bytes:
    """One message of AWS's event stream: lengths and checksums round headers and payload."""
    headers = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", 7, len(value)) + value
        for name, value in (
            (b":event-type", kind.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", binascii.crc32(message))
