"""Names of tools, as each provider takes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from xpander_client.errors import ArgumentError
from xpander_client.legacy.providers import LLMProvider, provider, wire_name
from xpander_client.legacy.providers.tool_call import FINISH_TOOL, LOCAL_PREFIX

LEGAL = r"[A-Za-z0-9_-]{1,64}"
RULES = dict.fromkeys(LLMProvider, LEGAL) | {
    LLMProvider.GEMINI: r"[A-Za-z_][A-Za-z0-9_.-]{0,63}",
    LLMProvider.GEMINI_OPEN_AI: r"[A-Za-z_][A-Za-z0-9_.-]{0,63}",
    LLMProvider.AMAZON_BEDROCK: r"[A-Za-z][A-Za-z0-9_-]{0,63}",
}
providers = st.sampled_from(LLMProvider)


@given(st.text(max_size=100), providers)
def test_every_name_becomes_a_legal_one_and_stays_it(name: str, one: LLMProvider) -> None:
    made = wire_name(name, one)
    assert re.fullmatch(RULES[one], made)
    assert wire_name(name, one) == made == wire_name(made, one)


@given(st.text("ab .", max_size=80), st.text("ab .", max_size=80), providers)
def test_two_names_never_become_one(one: str, other: str, whose: LLMProvider) -> None:
    assert (wire_name(one, whose) == wire_name(other, whose)) == (one == other)


@pytest.mark.parametrize("one", LLMProvider)
@pytest.mark.parametrize("name", [FINISH_TOOL, "xpLocal_note", "get_weather", "a" * 64])
def test_legal_names_are_left_alone(name: str, one: LLMProvider) -> None:
    assert wire_name(name, one) == name


@pytest.mark.parametrize("one", LLMProvider)
def test_a_local_tool_stays_one_under_a_name_that_had_to_be_changed(one: LLMProvider) -> None:
    assert wire_name(f"{LOCAL_PREFIX}{'send mail ' * 10}", one).startswith(LOCAL_PREFIX)


def test_names_that_differ_only_behind_the_end_stay_apart() -> None:
    names = [wire_name("a" * 64 + end, "openai") for end in ("", "b", "c")]
    assert len(set(names)) == 3
    assert names[0] == "a" * 64


def test_bedrock_gets_a_letter_in_front() -> None:
    assert wire_name("2nd-opinion", LLMProvider.AMAZON_BEDROCK).startswith("a2nd-opinion_")
    assert wire_name("2nd-opinion", LLMProvider.OPEN_AI) == "2nd-opinion"


@pytest.mark.parametrize("one", LLMProvider)
def test_a_provider_is_found_by_its_value_and_by_its_name(one: LLMProvider) -> None:
    assert provider(one) is provider(one.value) is provider(one.name) is one


def test_a_provider_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(ArgumentError, match=r"provider \(gpt\) not found; .*openai.*anthropic"):
        provider("gpt")
