"""What the official client runs agents with, from the embedded platform."""

from typing import Any

import xpander_sdk
from agno.agent import Agent as AgnoAgent

from tests.interop.processes import AGENT
from tests.openai_server import Calls, OpenAIServer, Says
from xpander_client import Configuration, Tasks
from xpander_client.platform import LocalPlatform

MODEL = {"model_provider": "openai", "model_name": "gpt-5", "instructions": "Sum up sales."}


async def test_the_official_backend_makes_the_arguments_of_an_agent(
    theirs: xpander_sdk.Configuration, monkeypatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("AGNO_TELEMETRY", "false")
    with LocalPlatform(agents=[{"id": AGENT, "name": "Sales", **MODEL}]) as platform:
        ours = platform.configuration
        theirs = theirs.model_copy(
            update={"api_key": ours.api_key, "base_url": ours.base_url, "agent_id": AGENT}
        )
        monkeypatch.setenv("XPANDER_API_KEY", ours.required("api_key"))
        monkeypatch.setenv("XPANDER_BASE_URL", ours.base_url)
        with Tasks(Configuration(ours.api_key, ours.base_url, ours.organization_id)) as tasks:
            created = tasks.create(agent_id=AGENT, prompt="Sum up")
        task = await xpander_sdk.Tasks(configuration=theirs).aget(task_id=created.id)
        backend = xpander_sdk.Backend(configuration=theirs)
        arguments = await backend.aget_args(agent_id=AGENT, task=task)
        assert (arguments["name"], arguments["model"].id) == ("Sales", "gpt-5")
        assert "db" not in arguments
        agent = await xpander_sdk.Agents(configuration=theirs).aget(agent_id=AGENT)
        database = await agent.aget_connection_string()
        assert (database.id, database.connection_uri) == (AGENT, None)


async def test_the_official_backend_runs_an_agent_with_the_platforms_tools(
    theirs: xpander_sdk.Configuration, monkeypatch
) -> None:
    calls: list[dict[str, Any]] = []
    asked = Calls("read_csv", {"payload": {"url": "https://example.com/sales.csv"}})
    schema = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
    described = {"id": AGENT, "name": "Sales", **MODEL}
    described["tools"] = [{"id": "read_csv", "parameters": schema}]
    tools = {"read_csv": lambda **payload: calls.append(payload) or {"north": 120}}
    with (
        LocalPlatform(agents=[described], tools=tools) as platform,
        OpenAIServer(asked, Says("The north sold 120.")) as model,
    ):
        ours = platform.configuration
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        monkeypatch.setenv("AGNO_TELEMETRY", "false")
        monkeypatch.setenv("XPANDER_API_KEY", ours.required("api_key"))
        monkeypatch.setenv("XPANDER_BASE_URL", ours.base_url)
        theirs = theirs.model_copy(
            update={"api_key": ours.api_key, "base_url": ours.base_url, "agent_id": AGENT}
        )
        task = await xpander_sdk.Tasks(configuration=theirs).acreate(
            agent_id=AGENT, prompt="Who sold most?"
        )
        arguments = await xpander_sdk.Backend(configuration=theirs).aget_args(task=task)
        # Of 2.0.537, for its worker alone; agno knows no such argument.
        arguments.pop("_xpander_hidden_mcp_toolkits")
        result = await AgnoAgent(**arguments).arun(input=task.to_message())
    assert result.content == "The north sold 120."
    assert [call["url"] for call in calls] == ["https://example.com/sales.csv"]
    assert "Sum up sales." in str(model.requests[0])
    assert "north" in str(model.requests[1]["messages"][-1])


async def test_an_agent_that_nobody_has_named_before_is_there(
    theirs: xpander_sdk.Configuration,
) -> None:
    agent = await xpander_sdk.Agents(configuration=theirs).aget(agent_id="never-named")
    assert agent.id == "never-named"
