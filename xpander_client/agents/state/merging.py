"""When changes go together, and what a revert leaves to be seen: the rules, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xpander_client.agents.state.store import Changes, TurnChanges, Variables


def overlay(turns: Iterable[TurnChanges]) -> dict[str, bytes | None]:
    """Merge the changes of several turns to one: the last one of each name.

    Example:
        >>> one = TurnChanges("1", {"a": b"1", "b": b"1"}, 0, 0.0)
        >>> two = TurnChanges("2", {"b": None}, 0, 0.0)
        >>> overlay([one, two])
        {'a': b'1', 'b': None}
    """
    whole: dict[str, bytes | None] = {}
    for turn in turns:
        whole |= turn.changes
    return whole


def drop_unchanged(changes: Changes, variables: Variables) -> dict[str, bytes | None]:
    """Return the changes that change anything."""
    return {name: value for name, value in changes.items() if variables.get(name) != value}


def find_changes(now: Variables, then: Variables) -> dict[str, bytes | None]:
    """Find the changes that make `then` of `now`."""
    gone: dict[str, bytes | None] = dict.fromkeys(sorted(now.keys() - then.keys()))
    return gone | drop_unchanged(then, now)


def find_clashes(changes: Changes, base: Variables, head: Mapping[str, bytes | None]) -> list[str]:
    """List the names that a call changed and that are no longer what the call began with.

    Two calls that both made 2 of 1 clash, although they agree: each may have counted by one. Only
    a function or class that both defined in the same words is the same for everyone.

    Example:
        >>> find_clashes({"n": b"2", "mine": b"1"}, {"n": b"1"}, {"n": b"2"})
        ['n']
        >>> find_clashes({"n": b"2"}, {"n": b"1"}, {"n": b"1"})
        []
    """
    return [
        name
        for name, value in changes.items()
        if (now := head.get(name)) != base.get(name)
        and not (now is not None and now == value and _is_definition(now))
    ]


def list_visible_ranges(head: int, reverts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """List the commits that led to `head`, as ranges from the oldest, ends included.

    Commits count from 1; `reverts` are pairs of a commit and the one that it went back to, in
    order. What lies between the two led nowhere.

    Example:
        >>> list_visible_ranges(7, [(5, 2)])
        [(1, 2), (5, 7)]
    """
    ranges: list[tuple[int, int]] = []
    top = head
    for number, target in reversed(reverts):
        if number <= top:
            ranges.append((number, top))
            top = target
    ranges.append((1, top))
    return ranges[::-1]


def _is_definition(value: bytes) -> bool:
    from xpander_client.agents.state.codec import Definition, UnreadableValue, decode

    try:
        return isinstance(decode(value), Definition)
    except UnreadableValue:
        return False
