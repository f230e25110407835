"""A script without asyncio: it creates a task, follows it, sums up its tools, and dumps it."""

from xpander_sdk import AgentExecutionStatus, Configuration, OutputFormat, Tasks
from xpander_sdk.exceptions.module_exception import ModuleException
from xpander_sdk.models.events import TaskUpdateEventType

tasks = Tasks(configuration=Configuration())
task = tasks.create(
    agent_id="researcher",
    prompt="Sum up as JSON",
    output_format=OutputFormat.Json,
    output_schema={"type": "object", "properties": {"sum": {"type": "integer"}}},
    events_streaming=True,
)
for event in task.events():
    if event.type in (TaskUpdateEventType.ToolCallRequest, TaskUpdateEventType.ToolCallResult):
        # The official package leaves these as it reads them.
        call = event.data if isinstance(event.data, dict) else event.data.model_dump()
        print(f"> {event.type.value} {call['tool_name']} {call.get('result')}", flush=True)
task.reload()
assert task.status == AgentExecutionStatus.Completed
dumped = task.model_dump(mode="json", exclude_none=True)
print(f"> {dumped['status']} {dumped['result']} {dumped['input']['text']}", flush=True)
again = tasks.get(task_id=task.id)
print(f"> {again.id == task.id} {again.output_format.value}", flush=True)
try:
    tasks.get(task_id="there-is-none")
except ModuleException as error:
    print(f"> {error.status_code}", flush=True)
