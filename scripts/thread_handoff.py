"""Three agents hand one thread on, each with a tool: `python -m scripts.thread_handoff`.

It starts a platform of its own, drives each agent's loop with a stand-in for a model, and gives the
thread of one task to the next.
"""

from __future__ import annotations

from scripts.ending import run
from scripts.handoff import AGENTS, CHAIN, PROMPTS, TOOLS, stand_in
from xpander_client import XpanderClient
from xpander_client.legacy import Agent
from xpander_client.platform import LocalPlatform


def drive(agent: Agent) -> None:
    """Ask the model and run what it calls, until the task is over."""
    while not agent.is_finished():
        answer = stand_in(agent.messages, agent.get_tools())
        agent.add_messages(answer)
        calls = agent.extract_tool_calls(answer)
        for result in agent.run_tools(calls):
            print(f"{agent.name:10} {result.function_name} -> {result.result}")


def main() -> None:
    """Hands a thread from the collector to the analyst to the writer."""
    with (
        LocalPlatform(agents=AGENTS, tools=TOOLS) as platform,
        XpanderClient(configuration=platform.configuration) as client,
    ):
        thread_id = None
        roles: list[str] = []
        for agent_id in CHAIN:
            agent = client.agents.get(agent_id)
            agent.add_task(PROMPTS[agent_id].format(season="spring"), thread_id=thread_id)
            drive(agent)
            result = agent.retrieve_execution_result(timeout=10)
            thread_id = result.thread_id
            print(f"{agent.name:10} {result.status}: {result.result}")
            roles = [message["role"] for message in agent.messages]
        print(f"one thread, {len(roles)} messages: {' '.join(roles)}")


if __name__ == "__main__":
    run(main)
