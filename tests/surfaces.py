"""What a package offers, as lines of text that can be compared with another one's.

A line is a class or function (`Task`), a member of a class (`Task.stop`), or a keyword that one of
these takes (`Task(id=)`, `Tasks.list(filters=)`).
"""

from __future__ import annotations

import dis
import enum
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

_LINE = re.compile(r"(?P<name>\w+)(?:\.(?P<member>\w+))?(?:\((?P<keyword>\w+)=\))?")
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def describe(names: Mapping[str, Any], is_own: Callable[[type], bool]) -> Iterator[str]:
    """Yield the lines of what `names` offer; members of a class count where `is_own` its owner."""
    for name, value in names.items():
        if isinstance(value, TypeVar):
            continue
        yield name
        if not inspect.isclass(value):
            yield from (f"{name}({keyword}=)" for keyword in _find_keywords(value) or ())
            continue
        if issubclass(value, enum.Enum):
            yield from (f"{name}.{member}" for member in value.__members__)
            continue
        yield from (f"{name}({keyword}=)" for keyword in _find_keywords(value) or ())
        for member in _find_members(value, is_own):
            yield f"{name}.{member}"
            called = getattr(value, member, None)
            if inspect.isroutine(called):
                for keyword in _find_keywords(called) or ():
                    yield f"{name}.{member}({keyword}=)"


def find_missing(lines: Iterable[str], find: Callable[[str], Any]) -> list[str]:
    """Return the lines that do not hold of what `find` returns for a name, None if nothing.

    Of what is missing as a whole, members and keywords are not told as well.
    """
    missing: set[str] = set()
    for line in sorted(lines, key=lambda line: line.endswith("=)")):
        parts = _LINE.fullmatch(line)
        assert parts is not None, line
        name, member, keyword = parts.groups()
        if not {name, f"{name}.{member or keyword}"} & missing and not _holds(
            find(name), member, keyword
        ):
            missing.add(line)
    return sorted(missing)


def check_shrinks(missing: Iterable[str], file: Path) -> None:
    """Assert that a file names exactly what is missing: no more, and what has come in no longer."""
    known = set(file.read_text("utf-8").splitlines())
    found = set(missing)
    assert sorted(found - known) == [], f"lost: it was here before, or say why not in {file}"
    assert sorted(known - found) == [], f"here now: remove these lines from {file}"


def _find_members(cls: type, is_own: Callable[[type], bool]) -> set[str]:
    own = {name for owner in cls.__mro__ if is_own(owner) for name in vars(owner)}
    fields: Mapping[str, Any] = getattr(cls, "model_fields", {})
    hooks = {"model_config", "model_fields", "model_computed_fields", "model_post_init"}
    return {name for name in own | fields.keys() if not name.startswith("_")} - hooks


def _find_keywords(called: Any) -> list[str] | None:
    """Return the keywords of a signature; None if it takes any."""
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
        return None
    names = [each.name for each in parameters if each.kind in _KEYWORDS]
    return [name for name in names if not name.startswith("_") and name not in ("self", "cls")]


def _find_set(cls: type) -> set[str]:
    """Return the attributes that a class sets when an object is made."""
    return {
        str(step.argval)
        for owner in cls.__mro__
        if inspect.isfunction(made := vars(owner).get("__init__"))
        for step in dis.get_instructions(made)
        if step.opname == "STORE_ATTR"
    }


def _holds(value: Any, member: str | None, keyword: str | None) -> bool:
    if member is not None and value is not None:
        fields = {field.name for field in getattr(value, "__attrs_attrs__", ())}
        if keyword is None:
            return member in fields or hasattr(value, member) or member in _find_set(value)
        value = getattr(value, member, None)
    if value is None:
        return False
    taken = _find_keywords(value) if keyword is not None else None
    return taken is None or keyword in taken
