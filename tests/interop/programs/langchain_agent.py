"""A worker whose agent is LangChain's, with the user's details among the messages."""

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from xpander_sdk import Agents, Task, on_task


@on_task
async def answer(task: Task) -> Task:
    described = await Agents(configuration=task.configuration).aget()
    agent = create_agent(
        model=ChatOpenAI(model=described.model_name, temperature=0),
        tools=described.tools.functions,
    )
    user = task.input.user.model_dump_json() if task.input.user else "unknown"
    state = await agent.ainvoke(
        {
            "messages": [
                ("system", described.instructions.full),
                ("system", f"The user: {user}"),
                ("user", task.to_message()),
            ]
        }
    )
    task.result = state["messages"][-1].content
    return task
