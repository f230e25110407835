"""The store of a plugin: texts by chat, user and key, that outlive the process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from xpander_client.background import Plugin, PluginStore


@pytest.fixture
def store(tmp_path: Path) -> PluginStore:
    return Plugin("Films", "films", "", "1.0.0", "Shop", "", folder=tmp_path / "films").store


async def test_a_text_is_kept_by_all_of_its_keys(store: PluginStore) -> None:
    assert await store.get(chat_key="c1", store_key="k") is None
    assert await store.set(chat_key="c1", store_key="k", value="of the chat") == 0
    assert await store.set(user_key="u1", store_key="k", value="of the user") == 0
    assert await store.set(store_key="k", value="of all") == 0
    assert await store.set(store_key="k", value="of all, again") == 1
    assert await store.get(chat_key="c1", store_key="k") == "of the chat"
    assert await store.get(user_key="u1", store_key="k") == "of the user"
    assert await store.get(store_key="k") == "of all, again"
    assert await store.get("c1", "u1", "k") is None
    assert await store.delete(chat_key="c1", store_key="k") == 0
    assert await store.delete(chat_key="c1", store_key="k") == 1
    assert await store.get(chat_key="c1", store_key="k") is None
    assert await store.get(store_key="k") == "of all, again"


def test_scripts_use_it_without_a_loop_and_later_processes_find_it(tmp_path: Path) -> None:
    first, later = (
        Plugin("Films", "films", "", "1.0.0", "Shop", "", folder=tmp_path).store for _ in range(2)
    )
    assert first.set_blocking(store_key="k", value="kept") == 0
    assert later.get_blocking(store_key="k") == "kept"
    assert later.delete_blocking(store_key="k") == 0
    assert first.get_blocking(store_key="k") is None


async def test_writes_at_the_same_time_are_all_kept(store: PluginStore) -> None:
    writes = (store.set(store_key=str(number), value="x" * number) for number in range(20))
    assert await asyncio.gather(*writes) == [0] * 20
    found = await asyncio.gather(*(store.get(store_key=str(number)) for number in range(20)))
    assert [len(text or "") for text in found] == list(range(20))


async def test_what_is_no_text_is_refused(store: PluginStore) -> None:
    with pytest.raises(TypeError, match=r"keeps texts, not dict: json\.dumps"):
        await store.set(store_key="k", value=cast(Any, {"a": 1}))
    assert await store.get(store_key="k") is None
