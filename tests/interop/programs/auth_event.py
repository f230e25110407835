"""A worker that shows its users where to sign in, by the decorator and by a callback."""

from agno.agent import Agent
from xpander_sdk import Backend, Task, TaskUpdateEvent, on_auth_event, on_task
from xpander_sdk.modules.agents.sub_modules.agent import Agent as XpanderAgent


@on_auth_event
async def show(agent: XpanderAgent, task: Task, event: TaskUpdateEvent) -> None:
    print(f"> sign in: {event.type}", flush=True)


async def call_back(agent: XpanderAgent, task: Task, event: TaskUpdateEvent) -> None:
    print(f"> sign in here: {event.type}", flush=True)


@on_task
async def answer(task: Task) -> Task:
    backend = Backend(configuration=task.configuration)
    arguments = await backend.aget_args(task=task, auth_events_callback=call_back)
    arguments.pop("_xpander_hidden_mcp_toolkits", None)  # which agno does not know
    agent = Agent(**arguments)
    task.result = (await agent.arun(input=task.to_message())).content
    return task
