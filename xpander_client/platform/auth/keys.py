"""The keys that open a platform: given when it starts, or kept in its store."""

from __future__ import annotations

import datetime
import hmac
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

import attrs

from xpander_client.errors import ConfigurationError
from xpander_client.platform.auth.access import ROLES, KeyGrant
from xpander_client.platform.foundation.bounds import ID
from xpander_client.platform.foundation.clock import Clock, timestamp
from xpander_client.platform.foundation.errors import HttpError
from xpander_client.platform.foundation.routes import ROOTS
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.foundation.ttl_cache import Lookups
from xpander_client.platform.rules.records import OPERATOR, make_audit_entry
from xpander_client.platform.stores.base.store import Store

_KIND = "key"
USE = "key-use"
"""When a key was last used is kept beside it, and written about once a minute."""
NOBODY = ""
"""The organization of the keys' documents: one that no organization can be."""

_LATEST = 253_370_764_800.0
"""The year 9999: what comes later has no form on the wire."""

_KEPT = 4096
"""How many keys are remembered, and how many that are none."""

_FORM = re.compile(rb"xpk_([0-9a-f]{8})_[0-9a-f]{48}")


class Keys(Protocol):
    """Says what a key opens."""

    async def access(self, key: str | bytes) -> KeyGrant | None:
        """Return what the key grants, None when it is no key.

        Raises:
            HttpError: 503, that can't be told at the moment.
        """
        ...


class FixedKeys:
    """Keys that stay the same as long as the platform runs, each with its organization. The keys
    themselves are not kept, and never shown.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        if not keys:
            raise ConfigurationError("the platform needs at least one key")
        self._accesses = []
        for number, (key, organization) in enumerate(keys.items(), 1):
            if not key:
                raise ConfigurationError("a key can't be empty")
            access = KeyGrant(
                key_id=f"fixed-{number}", organization_id=check_organization(organization)
            )
            self._accesses.append((_digest(key), access))

    async def access(self, key: str | bytes) -> KeyGrant | None:
        """Return what the key grants. How long this takes says nothing about the keys."""
        given = _digest(key)
        found = None
        for digest, access in self._accesses:
            if hmac.compare_digest(digest, given):
                found = access
        return found


class StoredKeys:
    """The keys that are kept in the store, as they were at most `cache_ttl` seconds ago.

    What was read is believed for that time and no longer: a key that is revoked opens nothing after
    it, and one that was used just now goes on to open while the store is away.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._used: dict[str, float] = {}
        self._known = Lookups(self._read, ttl=settings.cache_ttl, limit=_KEPT, clock=clock)

    async def access(self, key: str | bytes) -> KeyGrant | None:
        """Return what the key grants.

        What does not look like a key, and what differs from one in its secret part, costs no read.
        """
        encoded = key if isinstance(key, bytes) else key.encode()
        key_id = _id_in(encoded)
        stored = None if key_id is None else await self._known.get(key_id)
        # Which ids there are may be found out, and does not help: the rest of a key is 192 bits.
        if stored is None or not hmac.compare_digest(stored.digest, _digest(encoded)):
            return None
        now = self._clock()
        if now >= stored.expires_at:
            return None
        self._used[stored.access.key_id] = now
        return stored.access

    async def note_uses(self) -> None:
        """Write down when the keys were last used that were used since the last time.

        Raises:
            HttpError: 503, the store can't be written to; the rest is noted the next time.
        """
        while self._used:
            key_id, moment = self._used.popitem()
            try:
                # Apart from the key, which may be revoked at the same time.
                used = {"last_used_at": timestamp(moment)}
                await self._store.doc_put(NOBODY, USE, key_id, used)
            except HttpError:
                self._used.setdefault(key_id, moment)
                raise

    async def _read(self, key_id: str) -> _Stored | None:
        document = await self._store.doc_get(NOBODY, _KIND, key_id)
        if document is None or "revoked_at" in document.value:
            return None
        record = _record(document.key, document.value)
        expires_at = float("inf") if record.expires_at is None else _moment(record.expires_at)
        return _Stored(bytes.fromhex(document.value["digest"]), record.access, expires_at)


@attrs.frozen
class _Stored:
    digest: bytes
    access: KeyGrant
    expires_at: float


# Looking after the keys in a store ----------------------------------------------------------------


@attrs.frozen(kw_only=True)
class KeyRecord:
    """A key in the store, as it may be shown: not the key, nor what it could be guessed from.

    From `expires_at` on it opens nothing. `last_used_at` is known to about a minute.
    """

    id: str
    organization_id: str
    agent_ids: tuple[str, ...] | None
    name: str | None
    created_at: str
    rate_limit: float | None = None
    role: str | None = None
    expires_at: str | None = None
    last_used_at: str | None = None

    @property
    def access(self) -> KeyGrant:
        """What the key opens."""
        return KeyGrant(
            key_id=self.id,
            organization_id=self.organization_id,
            agent_ids=None if self.agent_ids is None else frozenset(self.agent_ids),
            rate_limit=self.rate_limit,
            role=self.role,
        )


async def create(
    store: Store,
    organization_id: str,
    *,
    now: float,
    agent_ids: Sequence[str] | None = None,
    name: str | None = None,
    rate_limit: float | None = None,
    role: str | None = None,
    expires_at: float | None = None,
) -> tuple[str, KeyRecord]:
    """Make a key, and return it, which can't be had a second time, with what is kept of it.

    With `agent_ids` it opens only what concerns these agents, which need not be there yet.
    `rate_limit` is in requests a second, `expires_at` in seconds since 1970. With a `role`
    (`application`, `worker` or `reader`) it may do only what is that role's.

    Raises:
        ConfigurationError: no organization can be called so, there is no such role, the limit is
            none, or the key would have expired already.
    """
    if role is not None and role not in ROLES:
        raise ConfigurationError(f"there is no role {role!r}, but {', '.join(sorted(ROLES))}")
    if expires_at is not None and not now < expires_at < _LATEST:
        raise ConfigurationError("a key has to expire later than now, and before the year 9999")
    if rate_limit is not None and not 0 < rate_limit < float("inf"):
        raise ConfigurationError("a rate limit has to be above 0 requests a second")
    if agent_ids is not None and (not agent_ids or not all(agent_ids)):
        raise ConfigurationError("a key for some agents has to name them")
    organization_id = check_organization(organization_id)
    while True:
        record = KeyRecord(
            id=secrets.token_hex(4),
            organization_id=organization_id,
            agent_ids=None if agent_ids is None else tuple(dict.fromkeys(agent_ids)),
            name=name,
            created_at=timestamp(now),
            rate_limit=rate_limit,
            role=role,
            expires_at=None if expires_at is None else timestamp(expires_at),
        )
        key = f"xpk_{record.id}_{secrets.token_hex(24)}"
        value = {**attrs.asdict(record), "digest": _digest(key).hex()}
        del value["id"], value["last_used_at"]
        try:
            made = make_audit_entry(organization_id, OPERATOR, "key.create", record.id, "created")
            await store.doc_put(NOBODY, _KIND, record.id, value, if_version=0, audit=made)
        except HttpError as refusal:
            if refusal.status != 409:
                raise
            continue  # there is, or was, a key of that id
        return key, record


async def list_keys(store: Store, organization_id: str | None = None) -> list[KeyRecord]:
    """List the keys that were not revoked, the oldest first; those of one organization, if it is
    named. Keys that have expired are among them.
    """
    uses = {each.key: each.value["last_used_at"] for each in await store.doc_list(NOBODY, USE)}
    records = [
        attrs.evolve(_record(document.key, document.value), last_used_at=uses.get(document.key))
        for document in await store.doc_list(NOBODY, _KIND)
        if "revoked_at" not in document.value
    ]
    records.sort(key=lambda record: record.created_at)
    return [each for each in records if organization_id in (None, each.organization_id)]


def read_key_id(text: str) -> str:
    """Return the id of a key that is known by its id, or as a whole.

    Example:
        >>> read_key_id("3f9a1c20"), read_key_id("xpk_3f9a1c20_" + 24 * "ab")
        ('3f9a1c20', '3f9a1c20')
    """
    return _id_in(text.encode(errors="replace")) or text


async def revoke(store: Store, key_id: str, *, now: float) -> bool:
    """Make a key open nothing any more; False if it didn't before. Platforms that serve the store
    hear of it within their `cache_ttl`.

    Raises:
        ConfigurationError: there is no such key.
    """
    document = await store.doc_get(NOBODY, _KIND, key_id)
    if document is None:
        raise ConfigurationError(f"there is no key {key_id}")
    if "revoked_at" in document.value:
        return False
    # The id stays taken, so that what was noted about it is never said of another key.
    kept = {name: value for name, value in document.value.items() if name != "digest"}
    revoked = make_audit_entry(kept["organization_id"], OPERATOR, "key.revoke", key_id, "revoked")
    value = {**kept, "revoked_at": timestamp(now)}
    await store.doc_put(NOBODY, _KIND, key_id, value, audit=revoked)
    return True


def check_organization(name: str) -> str:
    """Check the name of an organization, and return it.

    Raises:
        ConfigurationError: it could not be told from a route.
    """
    if not name:
        raise ConfigurationError("an organization can't have an empty name")
    if name in ROOTS or "/" in name or not name.isprintable() or len(name) > ID["maxLength"]:
        raise ConfigurationError(f"an organization can't be called {name!r}")
    return name


def _digest(key: str | bytes) -> bytes:
    # A fast hash is the right one here: a stored key is 192 random bits, which nobody guesses, so
    # that a slow one would only make every request slow.
    return sha256(key if isinstance(key, bytes) else key.encode()).digest()


def _id_in(key: bytes) -> str | None:
    """Return the id that a key begins with, if it looks like one of ours."""
    found = _FORM.fullmatch(key)
    return None if found is None else found[1].decode()


def _record(key_id: str, value: Mapping[str, Any]) -> KeyRecord:
    agent_ids: Collection[str] | None = value["agent_ids"]
    return KeyRecord(
        id=key_id,
        organization_id=value["organization_id"],
        agent_ids=None if agent_ids is None else tuple(agent_ids),
        name=value["name"],
        created_at=value["created_at"],
        rate_limit=value["rate_limit"],
        role=value.get("role"),
        expires_at=value.get("expires_at"),
    )


def _moment(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()
