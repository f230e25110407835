"""A worker whose agent is one of Strands."""

from strands import Agent
from strands.models.openai import OpenAIModel
from xpander_sdk import Agents, Task, on_task


@on_task
async def answer(task: Task) -> Task:
    described = await Agents(configuration=task.configuration).aget()
    agent = Agent(
        model=OpenAIModel(model_id=described.model_name),
        description=described.instructions.description,
        system_prompt=described.instructions.full,
        tools=described.strands_tools,
        callback_handler=None,
    )
    user = task.input.user
    state = {"user_details": user.model_dump_json()} if user else None
    run = agent(prompt=task.to_message(), invocation_state=state)
    task.result = run.message["content"][0]["text"]
    return task
