"""`xpander-client agents`: what a platform knows of agents."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command, environment
from tests.cli.test_dev import announced, configuration_of
from tests.platform.wire import eventually
from xpander_client import Agents

FILE = """
agents:
  - id: sales
    name: Sales
    model: openai/gpt-5
    instructions: {role: [You sell.], goal: [A contract.], general: Be kind.}
    tools:
      - id: weather
        url: https://weather.test/{city}?key=s3cr3t
        headers: {Authorization: Bearer s3cr3t}
      - note
    sub_agents: [mail]
  - id: mail
    description: Writes letters.
"""


@pytest.fixture
def command(tmp_path: Path) -> Command:
    (tmp_path / "agents.yaml").write_text(FILE, encoding="utf-8")
    return Command(environment(XPANDER_STORE="s.db"), tmp_path)


def lines(command: Command, *arguments: str) -> list[list[str]]:
    """The table that a command prints, without its head."""
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()[1:]]


def test_applying_says_what_changed(command: Command) -> None:
    apply = ("agents", "apply", "agents.yaml")
    assert lines(command, *apply) == [["sales", "created", "1"], ["mail", "created", "1"]]
    assert lines(command, *apply) == [["sales", "unchanged", "1"], ["mail", "unchanged", "1"]]
    changed = FILE.replace("Be kind", "Be brief")
    (command.folder / "agents.yaml").write_text(changed, encoding="utf-8")
    assert command.json(*apply) == [
        {"id": "sales", "change": "changed", "version": 2},
        {"id": "mail", "change": "unchanged", "version": 1},
    ]
    assert lines(command, *apply, "--organization", "acme")[0] == ["sales", "created", "1"]


def test_agents_are_listed_and_shown_without_what_is_secret(command: Command) -> None:
    command("agents", "apply", "agents.yaml")
    assert lines(command, "agents", "list") == [
        ["mail", "mail", "1", "0", "Writes", "letters."],
        ["sales", "Sales", "1", "3"],
    ]
    shown = command("agents", "show", "sales").stdout
    for text in (
        *("Sales", "openai/gpt-5", "You sell.", "A contract.", "Be kind."),
        *("weather (HTTP GET)", "note", "xpagent-mail (hands work to mail)"),
    ):
        assert text in shown
    agent = command.json("agents", "show", "sales")
    assert (agent["organization_id"], agent["version"]) == ("local", 1)
    assert agent in command.json("agents", "list")
    assert "s3cr3t" not in shown + json.dumps(agent)
    done = command("agents", "list", "--organization", "acme")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no agents in acme\n")
    assert command.json("agents", "list", "--organization", "acme") == []


def test_an_agent_is_removed(command: Command) -> None:
    command("agents", "apply", "agents.yaml")
    assert "sales hands work to mail" in command.refusal("agents", "remove", "mail")
    assert command("agents", "remove", "sales").stdout == "sales is removed\n"
    assert command.json("agents", "remove", "mail") == {"id": "mail", "removed": True}
    assert command.json("agents", "list") == []
    for verb in ("show", "remove"):
        assert "there is no agent sales in local" in command.refusal("agents", verb, "sales")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("agents: {", "agents.yaml: "),
        ("agents: 5", "$.agents: expected a list of agents"),
        ("agents: [a, {id: b, tools: [{id: x, url: 5}]}]", "$.agents[1].tools[0]"),
        ("agents: [a, {id: b, sub_agents: [c]}]", "b has the sub-agent c"),
        (
            "agents: [a, {id: b, output_schema: {a: {1: x}}}]",
            "$.agents[1]: this can't be kept as JSON",
        ),
        ("agents: [a, {id: b, instuctions: x}]", "'instuctions': did you mean instructions?"),
    ],
)
def test_a_file_with_a_fault_is_refused_as_a_whole(
    command: Command, content: str, why: str
) -> None:
    command("agents", "apply", "agents.yaml", "--organization", "acme")
    (command.folder / "agents.yaml").write_text(content, encoding="utf-8")
    assert why in command.refusal("agents", "apply", "agents.yaml")
    assert command.json("agents", "list") == []


def test_what_is_not_there_is_said_in_a_line(command: Command) -> None:
    assert "nofile.yaml" in command.refusal("agents", "apply", "nofile.yaml")
    assert "--store" in command.refusal("agents", "apply", "agents.yaml", XPANDER_STORE="")
    for arguments in (("list",), ("show", "sales"), ("remove", "sales")):
        assert "there is no store at s.db" in command.refusal("agents", *arguments)
    assert "can't be called 'a/b'" in command.refusal(
        "agents", "apply", "agents.yaml", "--organization", "a/b"
    )


def test_a_platform_that_serves_the_store_knows_of_it_soon(
    command: Command, unconfigured: Command
) -> None:
    with (
        unconfigured.started("dev", "--port", "0", "--store", "s.db", "--json") as dev,
        Agents(configuration_of(announced(dev))) as agents,
    ):
        assert agents.list() == []
        assert command("agents", "apply", "agents.yaml").returncode == 0
        assert agents.get(agent_id="sales").name == "Sales"
        assert command("agents", "remove", "sales").returncode == 0
        eventually(lambda: len(agents.list()) == 1, "one is left")
