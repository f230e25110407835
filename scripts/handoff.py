"""Three agents for the examples that hand a thread on, their tools, and a stand-in for a model.

The collector reads figures, the analyst sums them up, the writer publishes a line about them. The
stand-in calls an agent's tool once, with what the thread says last, and then ends the task: so the
examples need no key. A real model takes its place in one line, as in `ask` below it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

FINISH = "xpfinish-agent-execution-finished"

SALES = {"spring": {"north": [120, 80], "south": [50]}, "autumn": {"north": [30], "south": [200]}}


def read_sales(season: str) -> dict[str, list[int]]:
    """Return the sales of a season: the collector's tool."""
    return SALES.get(season, {"north": [1], "south": [2]})


def sum_up(figures: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Sum figures up: the analyst's tool."""
    return {region: sum(sales) for region, sales in figures.items()}


def publish(totals: Mapping[str, int]) -> str:
    """Publish totals: the writer's tool."""
    best = max(totals, key=lambda region: totals[region])
    return f"{best} sold most: {totals[best]}"


TOOLS: dict[str, Callable[..., Any]] = {
    "read_sales": read_sales,
    "sum_up": sum_up,
    "publish": publish,
}


def _tool(name: str, argument: str, kind: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {argument: {"type": kind}}}
    return {"id": name, "parameters": parameters}


AGENTS: list[dict[str, Any]] = [
    {
        "id": "collector",
        "instructions": "You collect figures.",
        "tools": [_tool("read_sales", "season", "string")],
    },
    {
        "id": "analyst",
        "instructions": "You sum up what was collected.",
        "tools": [_tool("sum_up", "figures", "object")],
    },
    {
        "id": "writer",
        "instructions": "You write a line about what was found.",
        "tools": [_tool("publish", "totals", "object")],
    },
]

CHAIN = ("collector", "analyst", "writer")
PROMPTS = {
    "collector": "Collect the sales of {season}.",
    "analyst": "Sum up the sales by region.",
    "writer": "Publish which region sold most.",
}


def stand_in(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> Any:
    """Return what a model would answer, as OpenAI's client gives it with `model_dump()`.

    With a real model: `openai.OpenAI().chat.completions.create(model="gpt-5", messages=messages,
    tools=tools).model_dump()`.
    """
    question = max(place for place, each in enumerate(messages) if each["role"] == "user")
    since = messages[question:]
    answers = [each["content"] for each in since if each["role"] == "tool"]
    if answers:
        arguments = {"bodyParams": {"is_success": True, "result": answers[-1]}}
        return _calls(FINISH, arguments, len(messages))
    described = tools[0]["function"]
    [argument] = described["parameters"]["properties"]
    return _calls(described["name"], {argument: _given(messages, question)}, len(messages))


def _given(messages: Sequence[Mapping[str, Any]], question: int) -> Any:
    """Return what the thread says last before the question, or the season that this names."""
    earlier = [each["content"] for each in messages[:question] if each["role"] == "tool"]
    told = [each for each in earlier if each.startswith("{") and '"ok"' not in each]
    if told:
        return json.loads(told[-1])
    return str(messages[question]["content"]).rstrip(".").split()[-1]


def _calls(name: str, arguments: Mapping[str, Any], place: int) -> dict[str, Any]:
    call = {
        "id": f"call-{place}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
    return {"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [call]}}]}
