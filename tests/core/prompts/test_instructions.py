"""An agent as what frameworks take: its instructions as texts, and its name."""

import pytest

from xpander_client import Agent
from xpander_client.api import AgentInstructions


def test_what_an_agent_is_told_stands_between_tags_without_empty_ones() -> None:
    told = AgentInstructions(role=["Be brief.", ""], goal=["One", "Two"], general="Sums up.")
    assert told.description == "Sums up."
    assert told.goal_str == "One\nTwo"
    assert told.instructions == (
        "<instructions>\nBe brief.\n</instructions>\n<goals>\nOne\nTwo\n</goals>"
    )
    assert told.full == f"<description>\nSums up.\n</description>\n{told.instructions}"
    assert AgentInstructions(role=None, goal=None, general=None).full == ""


def test_these_texts_are_dumped_and_never_sent() -> None:
    told = AgentInstructions(general="Sums up.")
    written = told.model_dump()
    assert written["full"] == told.full
    assert AgentInstructions.model_validate(written) == told
    assert told.to_dict() == {"role": [], "goal": [], "general": "Sums up."}


@pytest.mark.parametrize(
    ("name", "sanitized"),
    [("Sales", "Sales"), ("Sales (EU)", "Sales__EU_"), ("3rd", "_3rd"), ("é", "_"), ("", "_")],
)
def test_a_name_becomes_an_identifier(name: str, sanitized: str) -> None:
    agent = Agent(id="a", organization_id="o", name=name)
    assert agent.sanitized_name == sanitized
    assert agent.sanitized_name.isidentifier()


def test_an_agent_can_be_used_unless_the_platform_says_otherwise() -> None:
    active = [
        Agent(id="a", organization_id="o", name="n", status=status).is_active  # type: ignore[arg-type]
        for status in (None, "ACTIVE", "DRAFT", "INACTIVE")
    ]
    assert active == [True, True, False, False]
