"""A worker whose agent is agno's, as the template for it begins."""

from agno.agent import Agent
from xpander_sdk import Backend, Task, Tokens, on_task


@on_task
async def answer(task: Task) -> Task:
    arguments = await Backend(configuration=task.configuration).aget_args(task=task)
    arguments.pop("_xpander_hidden_mcp_toolkits", None)  # which agno does not know
    agent = Agent(**arguments)
    run = await agent.arun(
        input=task.to_message(), files=task.get_files(), images=task.get_images()
    )
    task.result = run.content
    task.tokens = Tokens(
        prompt_tokens=run.metrics.input_tokens, completion_tokens=run.metrics.output_tokens
    )
    task.used_tools = [tool.tool_name for tool in run.tools or []]
    return task
