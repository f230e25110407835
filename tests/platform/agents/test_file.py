"""What a file may say of agents' tools and sub-agents."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from xpander_client.errors import ConfigurationError
from xpander_client.platform import LocalPlatform
from xpander_client.platform.agents.file import load_agents, parse_agents
from xpander_client.platform.agents.file_keys import AGENT, TOOL

FILE = """
agents:
  - id: traveller
    tools:
      - id: get_weather
        method: GET
        url: "https://weather.test/weather/{city}?key=s3cr3t"
        headers: {Authorization: Bearer s3cr3t}
        description: Tells the weather.
        parameters:
          type: object
          properties:
            city: {type: string, description: A city.}
            day: {type: integer}
          required: [city]
      - id: book
        method: post
        url: https://hotel.test/rooms/{room}
        parameters:
          properties:
            room: {type: integer}
            nights: {type: integer}
            breakfast: {type: boolean}
          required: [nights]
    sub_agents: [writer]
  - writer
"""


def shown(tool: dict[str, Any]) -> Any:
    [agent] = parse_agents([{"id": "a", "tools": [tool]}])
    return agent.wire["tools"][0]


def test_a_tools_parameters_are_sorted_by_where_they_go(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(FILE)
    traveller, writer = load_agents(tmp_path / "agents.yaml")
    weather, book, delegate = traveller.wire["tools"]
    assert weather == {
        "id": "get_weather",
        "name": "get_weather",
        "method": "GET",
        "path": "/get_weather",
        "description": "Tells the weather.",
        "parameters": {
            "type": "object",
            "properties": {
                "path_params": {
                    "type": "object",
                    "properties": {"city": {"type": "string", "description": "A city."}},
                    "required": ["city"],
                },
                "query_params": {
                    "type": "object",
                    "properties": {"day": {"type": "integer"}},
                    "required": [],
                },
            },
            "required": ["path_params"],
        },
    }
    groups = book["parameters"]["properties"]
    assert (book["method"], list(groups)) == ("POST", ["path_params", "body_params"])
    assert groups["path_params"]["required"] == ["room"]
    assert groups["body_params"]["required"] == ["nights"]
    assert delegate["id"] == "xpagent-writer"
    assert (writer.id, writer.sub_agents) == ("writer", {})
    assert "s3cr3t" not in repr(traveller)
    assert traveller.operations["get_weather"].target({"city": "Rome"}, {}) == (
        "https://weather.test/weather/Rome?key=s3cr3t"
    )


@pytest.mark.parametrize("group", ["path_params", "pathParams"])
def test_parameters_that_are_sorted_already_stay_so(group: str) -> None:
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"id": "w", "url": "https://t.test/{city}", "parameters": {"properties": {group: city}}}
    assert shown(tool)["parameters"] == {
        "type": "object",
        "properties": {"path_params": city},
        "required": ["path_params"],
    }


def test_a_tool_without_parameters_has_those_of_its_path() -> None:
    parameters = shown({"id": "w", "url": "https://t.test/{city}"})["parameters"]
    assert parameters["properties"]["path_params"]["properties"] == {"city": {"type": "string"}}
    assert shown({"id": "w", "url": "https://t.test/"})["parameters"]["properties"] == {}


def test_a_tool_that_is_no_request_stays_as_it_was() -> None:
    tool = {"id": "w", "parameters": {"type": "object", "properties": {"a": {}}}, "path": "/x"}
    assert tool.items() <= shown(tool).items()


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ({"url": 5}, "the url has to be a text"),
        ({"url": "ftp://t.test"}, "http:// or https://"),
        ({"url": "https://{host}/"}, "in its path only"),
        ({"url": "https://t.test/", "method": "SEND"}, "the method has to be one of"),
        ({"url": "https://t.test/", "method": 5}, "the method has to be a text"),
        ({"url": "https://t.test/", "headers": ["x"]}, "the headers have to be texts"),
        ({"url": "https://t.test/", "headers": {"x": 5}}, "the headers have to be texts"),
        ({"url": "https://t.test/", "headers": {"x y": "z"}}, "can't be sent"),
        ({"headers": {"x": "y"}}, "the url has to be a text"),
        ({"url": "https://t.test/", "parameters": 5}, "JSON Schema of an object"),
        ({"url": "https://t.test/", "parameters": {"properties": []}}, "JSON Schema of an object"),
        ({"url": "https://t.test/", "private_network": "yes"}, "has to be true or false"),
        (
            {"url": "https://t.test/?City=1", "parameters": {"properties": {"city": {}}}},
            "city has its value in the url",
        ),
        (
            {"url": "https://t.test/{city}", "parameters": {"properties": {"day": {}}}},
            r"the url has \{city\}",
        ),
    ],
)
def test_a_request_that_can_not_be_made_is_refused_with_agent_and_tool(
    tool: dict[str, Any], why: str
) -> None:
    agents = ["first", {"id": "traveller", "tools": ["other", {"id": "weather", **tool}]}]
    with pytest.raises(ConfigurationError, match=why) as refused:
        parse_agents(agents, "file")
    assert str(refused.value).startswith(
        "file: $.agents[1].tools[1]: the tool weather of the agent traveller: "
    )


@pytest.mark.parametrize(
    ("agent", "why"),
    [
        ({"sub_agents": "b"}, r"\$\.agents\[0\]\.sub_agents: expected a list"),
        ({"sub_agents": [5]}, r"sub_agents\[0\]: expected the id"),
        ({"sub_agents": ["a"]}, r"sub_agents\[0\]: a can't hand work to itself"),
        ({"sub_agents": ["b", "b"]}, r"sub_agents\[1\]: b is named twice"),
        ({"sub_agents": ["b"], "tools": ["xpagent-b"]}, "a has a tool xpagent-b"),
        ({"tools": ["x", {"name": "x"}]}, r"tools\[1\]: there are two tools 'x'"),
    ],
)
def test_an_agent_that_can_not_be_is_refused(agent: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_agents([{"id": "a", **agent}])


@pytest.mark.parametrize(
    ("agent", "why"),
    [
        ({"nmae": "x"}, r"\$\.agents\[0\]: unknown key 'nmae': did you mean name\?"),
        ({"zzz": 1}, r"agents\[0\]: unknown key 'zzz': there are access_scope, "),
        ({"model": {"provder": "x"}}, r"\.model: unknown key 'provder': did you mean provider\?"),
        ({"instructions": {"goals": []}}, r"\.instructions: unknown key .*mean goal\?"),
        ({"tools": [{"id": "t", "uri": "https://t.test"}]}, r"tools\[0\]: unknown key .*url\?"),
        (
            {"tools": [{"id": "t", "parameters": {"requried": ["a"]}}]},
            r"tools\[0\]\.parameters: unknown key 'requried': did you mean required\?",
        ),
        (
            {
                "tools": [
                    {
                        "id": "t",
                        "url": "https://t.test",
                        "parameters": {"properties": {"a": {"maxLenght": 3}}},
                    }
                ]
            },
            r"properties\.query_params\.properties\.a: unknown key 'maxLenght'",
        ),
        ({"description": 5}, r"\.description: expected"),
        ({"status": "GONE"}, r"\.status: 'GONE' is not one of the values"),
        ({"instructions": {"role": "x"}}, r"\.instructions\.role: expected"),
        ({"output_schema": {"a": {1: "x"}}}, "can't be kept as JSON"),
        ({"output_schema": {"x": 2**70}}, "can't be kept as JSON"),
        ({"tools": [{"id": "t", "path": 5}]}, r"tools\[0\]\.path: expected"),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(agent: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_agents([{"id": "a", **agent}])


def test_all_that_a_client_reads_of_an_agent_or_a_tool_can_be_said() -> None:
    schemas = yaml.safe_load(Path("openapi.yaml").read_text())["components"]["schemas"]
    assert schemas["Agent"]["properties"].keys() <= AGENT
    assert schemas["AgentTool"]["properties"].keys() <= TOOL


BOMB = "\n".join(
    [
        "agents:",
        "  - id: a",
        "    output_schema:",
        "      l0: &l0 [xxxxxxxxxx, xxxxxxxxxx]",
        *(f"      l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)),
    ]
)
ENDLESS = "agents: [{id: a, output_schema: &s {again: *s}}]"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "more than 16 MB, with what its aliases stand for"),
        (ENDLESS, "contains itself"),
        ("agents: []\nagent: []", r"\$: unknown key 'agent': did you mean agents\?"),
        ("agents: [" + "[" * 5_000, "agents.yaml"),
        ("agents: [{id: a, version: 1" + "0" * 5_000 + "}]", "agents.yaml"),
    ],
)
def test_a_file_is_small_with_all_that_its_aliases_stand_for(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "agents.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=why):
        load_agents(tmp_path / "agents.yaml")


def test_a_sub_agent_has_to_be_described_where_none_are_made() -> None:
    agents = [{"id": "a", "sub_agents": ["b"]}]
    with pytest.raises(ConfigurationError, match="the agent a has the sub-agent b"):
        LocalPlatform(agents=agents, create_agents=False).start()
    with LocalPlatform(agents=[*agents, "b"], create_agents=False):
        pass
    with LocalPlatform(agents=agents):
        pass
