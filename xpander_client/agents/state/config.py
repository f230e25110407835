"""Where agents keep their variables between calls: `connect_state`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from xpander_client.agents.state.session_names import check_session_name
from xpander_client.agents.state.sessions import Session
from xpander_client.agents.state.store import (
    Scope,
    StateStore,
    Variables,
)

Init: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
"""The values that a new session begins with, or what makes them."""

_TYPES = ("versioned", "live", "ephemeral")
_STORAGES = ("memory", "disk")


def connect_state(
    type: Literal["versioned", "live", "ephemeral"] = "ephemeral",
    storage: Literal["memory", "disk"] | None = None,
    path: str | os.PathLike[str] | None = None,
    init: Init | None = None,
) -> StateConfig:
    """Say where agents keep their variables; several agents may share what comes back.

    - `versioned`: each call works on a copy of its own. When it ends, what it changed is merged
      name by name; what others changed meanwhile is a conflict. There is a history to go back in.
    - `live`: one namespace, without a history. What a turn changed is visible at its end.
    - `ephemeral`: each call begins anew, and nothing is kept.

    `storage="memory"` lasts as long as the process; `storage="disk"` keeps a database in the
    directory `path`, made when first used, for any number of processes at once. Live state is in
    memory unless told otherwise. Each agent has variables of its own in a session.

    `init` is what a new session begins with, data by the names of its variables. Where it is a
    function, that is called when a session begins that is not there yet.

    Raises:
        ValueError: the arguments don't go together; the message says what is allowed.

    Example:
        >>> config = connect_state("versioned", storage="memory")
        >>> session = config.session("user_alice", "researcher")
        >>> with session.branch("remember") as branch:
        ...     commit = branch.snapshot({"x": b"42"})
        ...     branch.merge().clean
        True
        >>> dict(session.variables())
        {'x': b'42'}
        >>> config.sessions()
        ['user_alice']
    """
    if type not in _TYPES:
        raise ValueError(f"Unsupported state type {type!r}. Supported: {', '.join(_TYPES)}")
    if storage is not None and storage not in _STORAGES:
        raise ValueError(f"Unsupported storage {storage!r}. Supported: {', '.join(_STORAGES)}")
    if type == "ephemeral" and storage is not None:
        raise ValueError("State type 'ephemeral' keeps nothing, so it takes no storage parameter")
    if type == "versioned" and storage is None:
        raise ValueError("State type 'versioned' requires storage parameter: 'memory' or 'disk'")
    if storage == "disk" and not path:
        raise ValueError("Disk storage requires 'path' parameter: a directory")
    if storage != "disk" and path is not None:
        raise ValueError("'path' is only for storage='disk'")
    if path is not None and (directory := Path(path)).exists() and not directory.is_dir():
        raise ValueError(f"'path' must be a directory, and {os.fspath(path)!r} is none")
    if init is not None and not callable(init) and not isinstance(init, Mapping):
        raise ValueError(
            "'init' must be a mapping of names to values, or a function that makes one"
        )
    if isinstance(init, Mapping):
        _encode(init)
    if type == "live" and storage is None:
        storage = "memory"
    return StateConfig(type, storage, None if path is None else Path(path), init)


@attrs.frozen(eq=False)
class StateConfig:
    """What `connect_state` was asked for, and the way to its sessions.

    Two are never equal: in memory, each has sessions of its own. On disk, those with the same path
    share them. Sent to another process, it is what its arguments make there.
    """

    type: Literal["versioned", "live", "ephemeral"]
    storage: Literal["memory", "disk"] | None
    path: Path | None
    init: Init | None = attrs.field(repr=False)
    _store: StateStore = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # Made once, as the sessions in memory are in it.
        object.__setattr__(self, "_store", _open_store(self))

    def session(self, name: str = "default", agent_name: str = "") -> Session:
        """Return one session of one agent, whether it exists or not.

        Raises:
            ValueError: it can't have that name.
        """
        scope = Scope(self.type, check_session_name(name), agent_name)
        return Session(self._store, scope, self._initial)

    def sessions(self) -> list[str]:
        """List the names of the sessions that calls began, sorted; those of all agents."""
        return list(self._store.list_sessions(self.type))

    def delete(self, name: str) -> bool:
        """Remove a session of all agents, with history and events; False if there was none.

        Calls that are running get a conflict when they come to write what they changed.
        """
        return self._store.delete(self.type, check_session_name(name))

    def _initial(self) -> Variables:
        if self.init is None:
            return {}
        return _encode(self.init() if callable(self.init) else self.init)

    def __reduce__(self) -> tuple[Any, ...]:
        return (connect_state, (self.type, self.storage, self.path, self.init))


def _encode(values: Mapping[Any, Any]) -> Variables:
    """Encode the first values of variables, as they are kept.

    Raises:
        ValueError: one of them can't be kept, or can't be a variable of that name.
    """
    from xpander_client.agents.state.codec import Unstorable, decode, encode
    from xpander_client.agents.types.reserved_names import RESERVED

    encoded = {}
    for name, value in values.items():
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
            raise ValueError(f"'init' has {name!r}, which can't be a name in agent code")
        if name in RESERVED or name.startswith("__x"):
            raise ValueError(f"'init' has {name!r}, which is a name of the sandbox's own")
        data = encode(value)
        kept = decode(data)
        if isinstance(kept, Unstorable):
            raise ValueError(
                f"'init' has {name!r}, and {kept.description} can't be kept: give data, and open "
                "objects and functions to the agent instead"
            )
        encoded[name] = data
    return encoded


def _open_store(config: StateConfig) -> StateStore:
    if config.path is not None:
        from xpander_client.agents.state.disk_store import DiskStore

        return DiskStore(config.path, history=config.type == "versioned")
    if config.storage == "memory":
        from xpander_client.agents.state.memory import MemoryStore

        return MemoryStore(history=config.type == "versioned")
    from xpander_client.agents.state.ephemeral import PassingStore

    return PassingStore()
