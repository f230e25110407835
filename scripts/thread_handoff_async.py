"""Ten chains of three agents at once, each with a thread of its own, in async code:
`python -m scripts.thread_handoff_async`.
"""

from __future__ import annotations

import asyncio

from scripts.ending import run
from scripts.handoff import AGENTS, CHAIN, PROMPTS, SALES, TOOLS, stand_in
from xpander_client import XpanderClient
from xpander_client.legacy import Agent
from xpander_client.platform import LocalPlatform

CHAINS = 10


async def drive(agent: Agent) -> None:
    """Ask the model and run what it calls, until the task is over."""
    while not await agent.ais_finished():
        answer = stand_in(await agent.amessages(), agent.get_tools())
        await agent.aadd_messages(answer)
        await agent.arun_tools(agent.extract_tool_calls(answer))


async def chain(client: XpanderClient, season: str) -> str:
    """Return what the last agent of a chain says."""
    thread_id = None
    said = ""
    for agent_id in CHAIN:
        agent = await client.agents.aget(agent_id)
        await agent.aadd_task(PROMPTS[agent_id].format(season=season), thread_id=thread_id)
        await drive(agent)
        result = await agent.aretrieve_execution_result(timeout=20)
        thread_id, said = result.thread_id, result.result or str(result.error)
    return said


async def main() -> None:
    """Run all chains at the same time."""
    seasons = [[*SALES][number % len(SALES)] for number in range(CHAINS)]
    async with (
        LocalPlatform(agents=AGENTS, tools=TOOLS) as platform,
        XpanderClient(configuration=platform.configuration) as client,
    ):
        said = await asyncio.gather(*(chain(client, season) for season in seasons))
    for number, (season, line) in enumerate(zip(seasons, said, strict=True), 1):
        print(f"chain {number:2}, {season}: {line}")


if __name__ == "__main__":
    run(lambda: asyncio.run(main()))
