"""A worker whose agent is one of Google's ADK, over LiteLLM."""

from google.adk.agents import Agent
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.genai import types
from xpander_sdk import Agents, Task, on_task


@on_task
async def answer(task: Task) -> Task:
    described = await Agents(configuration=task.configuration).aget()
    agent = Agent(
        name=described.sanitized_name,
        model=LiteLlm(model=f"{described.model_provider}/{described.model_name}"),
        description=described.instructions.description,
        instruction=described.instructions.full,
        tools=described.tools.functions,
    )
    user_id = task.input.user.id if task.input.user else "nobody"
    sessions = InMemorySessionService()
    await sessions.create_session(app_name=agent.name, user_id=user_id, session_id=task.id)
    runner = Runner(agent=agent, app_name=agent.name, session_service=sessions)
    message = types.Content(role="user", parts=[types.Part(text=task.to_message())])
    async for event in runner.run_async(user_id=user_id, session_id=task.id, new_message=message):
        if event.is_final_response() and event.content and event.content.parts:
            task.result = event.content.parts[0].text
    return task
