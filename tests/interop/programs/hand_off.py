"""A script that hands a conversation through three agents, and reads back what was said."""

import asyncio
import sys

from xpander_sdk import Agents, Tasks
from xpander_sdk.models.events import TaskUpdateEventType


async def main() -> None:
    said = "Which region sold most?"
    for name in ("researcher", "writer", "reviewer"):
        agent = await Agents().aget(agent_id=name)
        task = await agent.acreate_task(prompt=said, events_streaming=True)
        async for event in task.aevents():
            if event.type == TaskUpdateEventType.TaskFinished:
                said = event.data.result
        await task.areload()
        print(f"> {agent.id}: {task.status.value}: {task.result}", flush=True)
    listed = await Tasks().alist(agent_id="writer")
    print(f"> the writer has {len(listed)} tasks, {listed[0].status.value}", flush=True)


asyncio.run(main())
sys.exit(3)
