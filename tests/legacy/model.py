"""Answers of a model, and how tests of both worlds read an agent."""

from __future__ import annotations

import json
from typing import Any

from tests.worlds import World
from xpander_client.legacy import Agent


def chat(text: str | None = None, *calls: tuple[str, Any], first: int = 1) -> dict[str, Any]:
    """A chat completion, as the OpenAI client gives it with `model_dump()`."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [
            {
                "id": f"call-{index}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given),
                },
            }
            for index, (name, given) in enumerate(calls, first)
        ]
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


FINISH = "xpfinish-agent-execution-finished"


def finish(result: str, *, is_success: bool = True, id: int = 9) -> dict[str, Any]:
    """A chat completion that ends the task."""
    payload = {"bodyParams": {"is_success": is_success, "result": result}}
    return chat(None, (FINISH, payload), first=id)


def messages(world: World, agent: Agent) -> list[dict[str, Any]]:
    """`agent.messages`, in either world."""
    if world.name == "sync":
        return agent.messages
    return world.runner.run(agent.amessages())
