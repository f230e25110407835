"""The loop of 1.x around a model, whose answers are given here."""

import json
import os

from xpander_sdk import (
    ExecutionStatus,
    LLMProvider,
    LLMTokens,
    MemoryStrategy,
    Tokens,
    ToolCallType,
    XpanderClient,
)


def call(number: int, name: str, body: dict) -> dict:
    arguments = {"bodyParams": body, "queryParams": {}, "pathParams": {}}
    function = {"name": name, "arguments": json.dumps(arguments)}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call-{number}", "type": "function", "function": function}],
    }
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    head = {"id": "answer", "object": "chat.completion", "created": 1, "model": "gpt-4.1"}
    return {**head, "choices": [choice], "usage": usage}


FINISH = "xpfinish-agent-execution-finished"
ANSWERS = [
    call(1, "read_csv", {"url": "https://example.com/sales.csv"}),
    call(2, FINISH, {"is_success": True, "result": "The north."}),
]

client = XpanderClient(
    api_key=os.environ["XPANDER_API_KEY"],
    base_url=os.environ["XPANDER_BASE_URL"],
    organization_id=os.environ["XPANDER_ORGANIZATION_ID"],
)
agent = client.agents.get(agent_id=os.environ["XPANDER_AGENT_ID"])
agent.memory_strategy = MemoryStrategy.MOVING_WINDOW
agent.select_llm_provider(LLMProvider.OPEN_AI)

agent.add_task(input="Which region sold most?")
agent.memory.init_messages(input=agent.execution.input_message, instructions=agent.instructions)
tokens = Tokens(worker=LLMTokens(completion_tokens=0, prompt_tokens=0, total_tokens=0))
while not agent.is_finished():
    answer = ANSWERS.pop(0)
    tokens.worker.prompt_tokens += 10
    tokens.worker.completion_tokens += 2
    agent.report_llm_usage(
        llm_response=answer, llm_inference_duration=1, llm_provider=LLMProvider.OPEN_AI
    )
    agent.add_messages(answer)
    calls = agent.extract_tool_calls(llm_response=answer)
    print(f"> {[(each.name, each.type == ToolCallType.LOCAL) for each in calls]}")
    for result in agent.run_tools(tool_calls=calls):
        print(f"> {result.function_name} {result.is_success} {result.result}")
agent.report_execution_metrics(llm_tokens=tokens, ai_model="gpt-4.1")
result = agent.retrieve_execution_result()
print(f"> {result.status == ExecutionStatus.COMPLETED} {result.result}")
print(f"> {result.memory_thread_id == agent.memory.id} {result.input.text}")
