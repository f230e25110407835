"""One table has the names of all providers of models."""

from __future__ import annotations

import attrs

from xpander_client.core import model_providers
from xpander_client.core.model_providers import ModelProvider
from xpander_client.legacy import LLMProvider

ALL = [each for each in vars(model_providers).values() if isinstance(each, ModelProvider)]


def test_no_part_calls_two_providers_the_same() -> None:
    for field in attrs.fields(ModelProvider):
        names = [name for each in ALL if (name := getattr(each, field.name))]
        assert len(names) == len(set(names))


def test_the_providers_of_scripts_are_those_of_the_table() -> None:
    assert {each.scripts for each in ALL} - {""} == set(LLMProvider)
