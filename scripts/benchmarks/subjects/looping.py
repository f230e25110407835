"""The execution loop, turn by turn: ours, and the requests that the 1.x client made for the same.

Run by the driver with the platform's address in the environment. `requests` counts instead of
measuring: it gives the number of requests per turn in the place of seconds.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from measured import serve
from xpander_client import Agents, Configuration, Threads, XpanderClient
from xpander_client.api.models import ThreadMessage, ThreadToolCall

AGENT = "looping"
SHORT, LONG = 20, 2_000


class Counter(logging.Handler):
    """Counts requests: httpx logs a line for each."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        self.count += 1


counter = Counter()
logging.getLogger("httpx").addHandler(counter)
logging.getLogger("httpx").propagate = False

ANSWER = {
    "choices": [
        {
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call-1",
                        "type": "function",
                        "function": {"name": "read_news", "arguments": json.dumps({"topic": "x"})},
                    }
                ],
            }
        }
    ]
}


class Ours:
    """The page's loop, with a model that always calls one tool."""

    def __init__(self, messages: int) -> None:
        self.agent = XpanderClient().agents.get(AGENT)
        self.agent.add_task("go on")
        self.turn()
        while len(self.agent.memory.messages) < messages:
            self.turn()

    def turn(self) -> None:
        """One turn, but for the model."""
        assert not self.agent.is_finished()
        _ = self.agent.messages
        self.agent.get_tools()
        self.agent.add_messages(ANSWER)
        self.agent.run_tools(self.agent.extract_tool_calls(ANSWER))


class AsBefore:
    """What the 1.x client asked in a turn, made with our transport and turned into no messages."""

    def __init__(self, messages: int) -> None:
        self.ours = Ours(messages)
        configuration = Configuration()
        self.threads, self.agents = Threads(configuration), Agents(configuration)
        assert self.ours.agent.execution is not None
        self.execution_id = self.ours.agent.execution.id
        self.thread_id = self.ours.agent.memory.id
        call = ThreadToolCall(name="read_news", payload='{"topic": "x"}', tool_call_id="call-1")
        self.message = ThreadMessage(role="assistant", tool_calls=[call])

    def turn(self) -> None:
        """Two reads for `is_finished`, one for `messages`, the message, and the tool."""
        for _ in range(3):
            self.threads.read(self.thread_id, "full")
        self.threads.extend(self.thread_id, [self.message])
        self.agents.run_operation(
            AGENT,
            self.execution_id,
            "read_news",
            body_params={"topic": "x"},
            tool_call_id="call-1",
            with_auto_report_result=True,
        )


made: dict[tuple[type, int], Any] = {}


def of(kind: type, messages: int) -> Any:
    """One of each kind and size, made when it is first wanted."""
    if (kind, messages) not in made:
        made[kind, messages] = kind(messages)
    return made[kind, messages]


def turns(kind: type, messages: int, count: int) -> float:
    """Return the seconds of `count` turns, in a conversation that a short one is begun anew for."""
    if messages == SHORT:
        made.pop((kind, messages), None)
    conversation = of(kind, messages)
    started = time.perf_counter()
    for _ in range(count):
        conversation.turn()
    return time.perf_counter() - started


def requests(kind: type, count: int) -> list[float]:
    """Count the requests in a turn."""
    conversation = of(kind, SHORT)
    logging.getLogger("httpx").setLevel(logging.INFO)
    before = counter.count
    for _ in range(count):
        conversation.turn()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return [(counter.count - before) / count]


if __name__ == "__main__":
    serve(
        {
            "requests": lambda count: requests(Ours, count),
            "requests_before": lambda count: requests(AsBefore, count),
            "short": lambda count: turns(Ours, SHORT, count),
            "long": lambda count: turns(Ours, LONG, count),
            "short_before": lambda count: turns(AsBefore, SHORT, count),
            "long_before": lambda count: turns(AsBefore, LONG, count),
        },
        {},
    )
