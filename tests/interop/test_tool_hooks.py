"""One program with hooks and tools of its own, under both packages: they print the same."""

from pathlib import Path

import attrs
import pytest

from tests.interop.processes import AGENT, program
from tests.openai_server import Calls, OpenAIServer, Says
from xpander_client.platform import LocalPlatform

# In the ways of the official pages on hooks, tools and agents.
PROGRAM = """
import asyncio
from typing import Any, Dict, Optional

from agno.agent import Agent as AgnoAgent
from pydantic import BaseModel
from xpander_sdk import (
    Agents,
    Backend,
    Tasks,
    Tool,
    ToolsRepository,
    on_tool_after,
    on_tool_before,
    on_tool_error,
    register_tool,
)


class Order(BaseModel):
    item: str
    count: int


@register_tool
def add(a: int, b: int) -> int:
    \"\"\"Add two numbers.\"\"\"
    return a + b


@register_tool(add_to_graph=False)
async def total(order: Order, price: int) -> int:
    \"\"\"Work out what an order costs.\"\"\"
    return order.count * price


@register_tool
def breaks(reason: str) -> None:
    raise ValueError(reason)


@on_tool_before
def log_invocation(
    tool: Tool,
    payload: Any,
    payload_extension: Optional[Dict[str, Any]] = None,
    tool_call_id: Optional[str] = None,
    agent_version: Optional[str] = None,
):
    print("before", tool.id, tool.name, tool.is_local, payload, payload_extension)
    # The model's own id is known to hooks here, and not there.
    print(tool_call_id if payload_extension else "call-0")


@on_tool_before
async def broken(tool, payload, payload_extension, tool_call_id, agent_version):
    raise RuntimeError("a hook is broken")


@on_tool_after
async def log_success(tool, payload, payload_extension, tool_call_id, agent_version, result):
    print("after", tool.id, result)


@on_tool_error
def log_failure(tool, payload, payload_extension, tool_call_id, agent_version, error):
    print("error", tool.id, type(error).__name__ if tool.is_local else "")


async def main():
    agent = await Agents().aget("shared-agent")
    for tool in agent.tools.list:
        print(tool.id, tool.is_local, tool.should_add_to_graph, tool.description)
    print(agent.tools.should_sync_local_tools(), agent.tools.get_tool_by_id("none"))
    for tool_id, payload in (
        ("add", {"a": 1, "b": 2}),
        ("total", {"order": {"item": "a", "count": 2}, "price": 3}),
        ("breaks", {"reason": "no reason"}),
        ("read_csv", {"url": "a.csv"}),
        ("fails", {"url": "b.csv"}),
    ):
        tool = agent.tools.get_tool_by_id(tool_id)
        result = await agent.ainvoke_tool(
            tool=tool, payload=payload, payload_extension={"more": 1}, tool_call_id="call-1"
        )
        shown = result.result if tool_id != "fails" else ""
        print(result.tool_id, result.is_success, result.is_error, result.is_local, shown)
        print(result.status_code, result.tool_call_id, result.task_id, result.payload)
    print([function.__name__ for function in agent.tools.functions])
    called = await agent.tools.functions[-3](Tool.schema.fget(agent.tools.list[-3])(a=3, b=4))
    print(called.result)
    print(add(5, 6), [tool.id for tool in ToolsRepository().list])
    task = await Tasks().acreate(agent_id="shared-agent", prompt="Add up")
    args = await Backend().aget_args(agent=agent, task=task)
    args.pop("_xpander_hidden_mcp_toolkits", None)
    print((await AgnoAgent(**args).arun("Add up")).content)


asyncio.run(main())
"""


@pytest.mark.parametrize("package", ["xpander_sdk", "xpander_client"])
def test_a_program_with_hooks_prints_the_same_under_both_packages(
    package: str, tmp_path: Path
) -> None:
    schema = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
    described = {
        "id": AGENT,
        "name": "Sales",
        "model": "openai/gpt-5",
        "tools": [
            {"id": "read_csv", "description": "Reads a file", "parameters": schema},
            {"id": "fails", "description": "Fails", "parameters": schema},
        ],
    }
    payload = {"a": 1, "b": 1}
    # The official functions take all in one object.
    script = Calls("add", {"payload": payload} if package == "xpander_sdk" else payload)
    with (
        LocalPlatform(
            agents=[described], tools={"read_csv": lambda **given: given, "fails": fail}
        ) as platform,
        OpenAIServer(script, Says("The sum is 2.")) as model,
    ):
        configuration = attrs.evolve(platform.configuration, agent_id=AGENT)
        code = PROGRAM.replace("xpander_sdk", package)
        settings = {
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": model.base_url,
            "AGNO_TELEMETRY": "false",
        }
        with program(tmp_path / "program.py", code, configuration, **settings) as running:
            running.wait_for("The sum is 2.")
    printed = [line for line in running.output.splitlines() if line.startswith(STARTS)]
    assert printed == EXPECTED.strip().splitlines()


def fail(**_: object) -> None:
    raise ValueError("there is no such file")


STARTS = (
    *("add ", "total ", "breaks ", "read_csv ", "fails ", "before ", "after ", "error "),
    *("True", "False", "200", "500", "424", "[", "7", "11", "call-", "The sum"),
)

EXPECTED = """
read_csv False False Reads a file
fails False False Fails
add True False Add two numbers.
total True False Work out what an order costs.
breaks True False \n\
False None
before add add True {'a': 1, 'b': 2} {'more': 1}
call-1
after add 3
add True False True 3
200 call-1 None {'a': 1, 'b': 2}
before total total True {'order': {'item': 'a', 'count': 2}, 'price': 3} {'more': 1}
call-1
after total 6
total True False True 6
200 call-1 None {'order': {'item': 'a', 'count': 2}, 'price': 3}
before breaks breaks True {'reason': 'no reason'} {'more': 1}
call-1
error breaks ValueError
breaks False True True no reason
500 call-1 None {'reason': 'no reason'}
before read_csv read_csv False {'url': 'a.csv'} {'more': 1}
call-1
after read_csv {'url': 'a.csv', 'more': 1}
read_csv True False False {'url': 'a.csv', 'more': 1}
200 call-1 None {'url': 'a.csv'}
before fails fails False {'url': 'b.csv'} {'more': 1}
call-1
error fails \n\
fails False True False \n\
424 call-1 None {'url': 'b.csv'}
['read_csv', 'fails', 'add', 'total', 'breaks']
before add add True {'a': 3, 'b': 4} {}
call-0
after add 7
7
11 ['add', 'total', 'breaks']
before add add True {'a': 1, 'b': 1} {}
call-0
after add 2
The sum is 2.
"""
