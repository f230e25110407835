"""Asks an agent something, and prints the answer while it is written.

`python -m scripts.streaming_follower What is new?`, in the same environment as the worker (for
example `streaming_worker.py`): `XPANDER_AGENT_ID` is the agent that is asked.
"""

from __future__ import annotations

import sys

from scripts.ending import run
from xpander_client import AgentExecutionStatus, ChunkEvent, Tasks


def main() -> int:
    """Print the chunks of one task; the exit status is 0 when it was completed."""
    prompt = " ".join(sys.argv[1:]) or "Tell me what a stream of events is good for."
    with Tasks() as tasks:
        agent_id = tasks.configuration.required("agent_id")
        task = tasks.create(agent_id=agent_id, prompt=prompt, events_streaming=True)
        for event in task.events():
            if isinstance(event, ChunkEvent):
                print(event.data, end="", flush=True)
        task.reload()
    print()
    if task.status != AgentExecutionStatus.Completed:
        print(f"the task ended as {task.status}: {task.result}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run(main)
