"""A worker whose agent is one of the OpenAI Agents SDK."""

from agents import Agent, Runner, set_default_openai_api, set_tracing_disabled
from xpander_sdk import Agents, Task, on_task

set_default_openai_api("chat_completions")
set_tracing_disabled(True)


@on_task
async def answer(task: Task) -> Task:
    described = await Agents(configuration=task.configuration).aget()
    agent = Agent(
        name=described.name,
        instructions=described.instructions.full,
        model=described.model_name,
        tools=described.openai_agents_sdk_tools,
    )
    run = await Runner.run(starting_agent=agent, input=task.to_message())
    task.result = run.final_output
    return task
