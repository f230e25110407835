"""Keys: given at the start, and kept in the store."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.platform.serving import WatchedStore
from tests.platform.wire import Clock, OpenStore
from xpander_client.errors import ConfigurationError
from xpander_client.platform.auth import keys
from xpander_client.platform.auth.keys import FixedKeys, StoredKeys
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.base.store import Store

TTL = Settings().cache_ttl


@pytest.fixture
async def watched(tmp_path: Path, clock: Clock) -> AsyncIterator[WatchedStore]:
    store = WatchedStore(tmp_path / "s.db", clock=clock)
    async with OpenStore(store):
        yield store


def known(store: Store, clock: Clock) -> StoredKeys:
    """The keys as a platform that has just started sees them."""
    return StoredKeys(store, Settings(), clock)


async def made(store: Store, organization: str = "acme", **said: Any) -> str:
    key, _ = await keys.create(store, organization, now=1.0, **said)
    return key


def written(folder: Path) -> str:
    """All bytes of a folder's files."""
    return "".join(file.read_bytes().decode("latin-1") for file in folder.iterdir())


# Looking after them -------------------------------------------------------------------------------


async def test_a_key_opens_what_it_was_made_for(store: Store, clock: Clock) -> None:
    key, record = await keys.create(
        store, "acme", now=2.0, agent_ids=["sales", "mail", "sales"], name="CI", rate_limit=2.5
    )
    access = await known(store, clock).access(key)
    assert access == record.access
    assert (access.key_id, access.organization_id) == (record.id, "acme")
    assert (access.agent_ids, access.rate_limit) == (frozenset({"sales", "mail"}), 2.5)
    assert await keys.list_keys(store) == [record]
    assert (record.agent_ids, record.name) == (("sales", "mail"), "CI")
    assert record.created_at.startswith("1970-01-01T00:00:02")
    everything = await known(store, clock).access((await made(store)).encode())
    assert everything is not None
    assert everything.agent_ids is None


async def test_a_key_is_recognizable_and_its_id_says_nothing_of_the_rest(store: Store) -> None:
    made = [await keys.create(store, "acme", now=1.0) for _ in range(50)]
    for key, record in made:
        found = re.fullmatch(r"xpk_([0-9a-f]{8})_([0-9a-f]{48})", key)
        assert found is not None
        assert found[1] == record.id
        assert keys.read_key_id(key) == keys.read_key_id(record.id) == record.id
    assert len({key[13:] for key, _ in made}) == len({record.id for _, record in made}) == 50


async def test_nothing_that_is_kept_opens_anything(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "s.db"
    async with OpenStore(WatchedStore(path, clock=clock)) as store:
        key = await made(store)
        [record] = await keys.list_keys(store)
        [document] = await store.doc_list("", "key")
        kept = written(tmp_path)
        assert record.id in kept
        secret = key.rpartition("_")[2]
        assert secret not in kept
        assert secret not in repr((record, document, known(store, clock)._known.__dict__))
        for text in (record.id, str(document.value["digest"]), f"xpk_{record.id}_"):
            assert await known(store, clock).access(text) is None


async def test_keys_are_listed_oldest_first_and_by_organization(store: Store) -> None:
    for number, organization in enumerate(("b", "a", "b")):
        await keys.create(store, organization, now=float(number), name=str(number))
    assert [record.name for record in await keys.list_keys(store)] == ["0", "1", "2"]
    assert [record.name for record in await keys.list_keys(store, "b")] == ["0", "2"]
    assert await keys.list_keys(store, "c") == []


async def test_a_revoked_key_is_gone_and_its_id_is_not_given_again(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = await made(store), await made(store)
    key_id = keys.read_key_id(key)
    assert await keys.revoke(store, key_id, now=3.0) is True
    assert await known(store, clock).access(key) is None
    assert await known(store, clock).access(other) is not None
    assert [record.id for record in await keys.list_keys(store)] == [keys.read_key_id(other)]
    assert await keys.revoke(store, key_id, now=4.0) is False
    [document] = [doc for doc in await store.doc_list("", "key") if doc.key == key_id]
    assert "digest" not in document.value
    assert document.value["revoked_at"].startswith("1970-01-01T00:00:03")
    ids = iter([key_id, keys.read_key_id(other), "0" * 8])
    real = secrets.token_hex
    monkeypatch.setattr(secrets, "token_hex", lambda n: next(ids) if n == 4 else real(n))
    assert (await made(store)).startswith("xpk_00000000_")
    assert await known(store, clock).access(key) is None


async def test_what_can_not_be_is_refused_and_makes_no_key(store: Store) -> None:
    for organization in ("", "agents", "a/b", "a\nb"):
        with pytest.raises(ConfigurationError, match="organization can't"):
            await made(store, organization)
    for rate_limit in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ConfigurationError, match="rate limit"):
            await made(store, rate_limit=rate_limit)
    # An empty list is no key for everything.
    for agent_ids in ([], ["a", ""]):
        with pytest.raises(ConfigurationError, match="some agents"):
            await made(store, agent_ids=agent_ids)
    with pytest.raises(ConfigurationError, match="there is no key 12345678"):
        await keys.revoke(store, "12345678", now=1.0)
    assert await keys.list_keys(store) == []


# What a platform knows of them --------------------------------------------------------------------


async def test_a_key_in_use_is_read_once_in_a_while(watched: WatchedStore, clock: Clock) -> None:
    key = await made(watched)
    known_keys = known(watched, clock)
    watched.reads = 0
    for _ in range(100):
        assert await known_keys.access(key) is not None
    await asyncio.gather(*(known_keys.access(key) for _ in range(100)))
    assert watched.reads == 1


async def test_a_flood_of_wrong_keys_is_no_flood_of_reads(
    watched: WatchedStore, clock: Clock
) -> None:
    key = await made(watched)
    known_keys = known(watched, clock)
    watched.reads = 0
    wrong = [key[:-3] + f"{number:03x}" for number in range(4096) if f"{number:03x}" != key[-3:]]
    wrong += [f"xpk_{number}" for number in range(500)] + ["", "x" * 10_000, key + "0", key.upper()]
    wrong += ["xpk_ffffffff_" + "0" * 48] * 500
    for each in wrong:
        assert await known_keys.access(each) is None
    assert watched.reads == 2  # of the key that there is, and of the one that there isn't
    assert await known_keys.access(key) is not None


async def test_a_revoked_key_is_refused_after_the_caches_time_at_the_latest(
    watched: WatchedStore, clock: Clock
) -> None:
    key = await made(watched)
    known_keys = known(watched, clock)
    assert await known_keys.access(key) is not None
    await keys.revoke(watched, keys.read_key_id(key), now=clock())
    clock.now += TTL
    assert await known_keys.access(key) is None


async def test_a_new_key_opens_at_once(watched: WatchedStore, clock: Clock) -> None:
    known_keys = known(watched, clock)
    assert await known_keys.access("xpk_00000000_" + "0" * 48) is None
    assert await known_keys.access(await made(watched)) is not None


async def test_while_the_store_is_away_a_key_is_good_for_the_caches_time_and_then_a_503(
    watched: WatchedStore, clock: Clock
) -> None:
    key, unused = await made(watched), await made(watched)
    known_keys = known(watched, clock)
    await known_keys.access(key)
    watched.away = True
    clock.now += TTL - 0.01
    assert await known_keys.access(key) is not None
    clock.now += 0.01
    for each in (key, unused):
        with pytest.raises(HttpError) as refused:
            await known_keys.access(each)
        assert refused.value.status == 503
    watched.away = False
    assert await known_keys.access(key) is not None
    assert await known_keys.access(unused) is not None


# Those given at the start -------------------------------------------------------------------------


async def test_fixed_keys_open_their_organizations_and_all_agents() -> None:
    fixed = FixedKeys({"k1": "one", "k2": "two", "k3": "one"})
    accesses = [await fixed.access(key) for key in ("k1", b"k2", "k3")]
    assert [access and access.organization_id for access in accesses] == ["one", "two", "one"]
    assert len({access.key_id for access in accesses if access is not None}) == 3
    assert all(access is not None and access.agent_ids is None for access in accesses)
    for key in ("", "k", "k11", "K1"):
        assert await fixed.access(key) is None
