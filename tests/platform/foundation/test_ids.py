"""Ids of tasks: nobody can foretell the platform's, or take them beforehand."""

import os
import uuid

import pytest

from xpander_client.platform.foundation import ids
from xpander_client.platform.foundation.ids import (
    child_task_id,
    derive_task_id,
    is_platforms,
    new_task_id,
)


def test_what_is_random_in_an_id_is_the_systems_chance_and_comes_by_the_thousand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def urandom(size: int) -> bytes:
        asked.append(size)
        return bytes(range(10)) * (size // 10)

    monkeypatch.setattr(ids, "_chances", [])
    monkeypatch.setattr(os, "urandom", urandom)
    made = [uuid.UUID(new_task_id()) for _ in range(1500)]
    assert asked == [10_000, 10_000]
    kept = ~(0xF << 76) & ~(0x3 << 62) & ((1 << 80) - 1)
    assert {each.int & kept for each in made} == {int.from_bytes(bytes(range(10))) & kept}
    assert {(each.version, each.variant) for each in made} == {(7, uuid.RFC_4122)}


def test_a_child_process_does_not_go_on_with_the_ids_of_its_parent() -> None:
    new_task_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_task_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    its_own = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)
    assert its_own[-16:] != new_task_id()[-16:]


def test_a_call_of_a_tool_has_one_id_in_its_organization() -> None:
    made = child_task_id("acme", "p", "c")
    assert made == child_task_id("acme", "p", "c")
    others = [("acme", "p", "d"), ("acme", "q", "c"), ("other", "p", "c")]
    assert made not in {child_task_id(*each) for each in others}


def test_what_callers_choose_is_never_of_the_platforms_form() -> None:
    made = [new_task_id(), child_task_id("o", "p", "c"), derive_task_id("o", "order-1")]
    assert all(is_platforms(each) for each in made)
    for chosen in ("order-1", str(uuid.uuid4()), made[0].upper(), f"{made[0]}\n", ""):
        assert not is_platforms(chosen)
        assert derive_task_id("o", chosen) != derive_task_id("p", chosen)
