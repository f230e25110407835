"""What is open to an agent, written for a model: stubs, as a reader of Python knows them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from xpander_client.agents.sandbox.capabilities import (
    Capabilities,
    HostClass,
    HostModule,
    Visibility,
    is_async,
)
from xpander_client.agents.sandbox.dialect.inner_modules import SOURCES
from xpander_client.agents.sandbox.exports import open_members
from xpander_client.agents.sandbox.host_modules import standard_modules
from xpander_client.core.signatures import read_signature

_MOST_MEMBERS = 80
"""Of one module or class; the others are usable, and counted."""
_LONGEST_DOC = 2_000


def describe_capabilities(capabilities: Capabilities) -> str:
    """Return stubs of all that is open, for a model.

    Of what has high visibility signature and docstring, of medium the signature, of low nothing.

    Example:
        >>> capabilities = Capabilities()
        >>> _ = capabilities.add_function(round, name="nearest", visibility="medium")
        >>> describe_capabilities(capabilities).splitlines()[0]
        'def nearest(number, ndigits=None): ...'
    """
    return capabilities.derive("stubs", _describe)


def _describe(capabilities: Capabilities) -> str:
    parts = [
        "\n".join(_function(one.name, one.function, one.visibility, one.docstring))
        for one in capabilities.functions.values()
        if one.visibility != "low"
    ]
    parts += [
        "\n".join(_class(one)) for one in capabilities.classes.values() if one.visibility != "low"
    ]
    parts += [
        "\n".join(_module(one)) for one in capabilities.modules.values() if one.visibility != "low"
    ]
    if capabilities.classes or capabilities.modules:
        parts.append(
            "# Objects of these classes live on the host. Methods, attributes, operators, x[key],\n"
            "# len(x), loops and print work with them as usual; functions can't be given to them."
        )
    names = sorted({*(one.name for one in standard_modules()), *SOURCES})
    parts.append(f"# Also to be imported: {', '.join(names)}")
    return "\n\n".join(parts)


def _function(
    name: str,
    function: Any,
    visibility: Visibility,
    docstring: str | None,
    *,
    is_method: bool = False,
) -> list[str]:
    define = "async def" if is_async(function) else "def"
    lines = [f"{define} {name}{_signature(function, is_method=is_method)}:"]
    doc = docstring if docstring is not None else inspect.getdoc(function)
    return _with_doc(lines, doc if visibility == "high" else None)


def _with_doc(lines: list[str], doc: str | None) -> list[str]:
    if not doc or not doc.strip():
        return [*lines[:-1], f"{lines[-1]} ..."]
    text = inspect.cleandoc(doc)
    if len(text) > _LONGEST_DOC:
        text = f"{text[:_LONGEST_DOC]} [...]"
    first, *rest = text.split("\n")
    body = [f'"""{first}', *rest]
    body[-1] += '"""'
    return [*lines, *(f"    {line}".rstrip() for line in body)]


def _signature(function: Any, *, is_method: bool) -> str:
    try:
        signature = read_signature(function)
    except (TypeError, ValueError):
        return "(self, ...)" if is_method else "(...)"
    if is_method and next(iter(signature.parameters), None) != "self":
        self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        if not any(
            one.kind is inspect.Parameter.POSITIONAL_ONLY for one in signature.parameters.values()
        ):
            signature = signature.replace(parameters=[self, *signature.parameters.values()])
    # A default's repr may hold an address, and so differ from call to call.
    return re.sub(r"<([\w.]+)[^<>]* at 0x[0-9a-f]+>", r"<\1>", str(signature))


def _class(opened: HostClass) -> list[str]:
    lines = [f"class {opened.name}:"]
    doc = opened.docstring if opened.docstring is not None else inspect.getdoc(opened.cls)
    if opened.visibility == "high" and doc:
        lines = _with_doc(lines, doc)
    body = list(_members(opened))
    if not body and len(lines) == 1:
        return [f"{lines[0]} ..."]
    return [*lines, *(f"    {line}".rstrip() for line in body)]


def _members(opened: HostClass) -> Iterator[str]:
    if opened.constructable and "__init__" not in opened.configure:
        try:
            yield f"def __init__{_signature(opened.cls, is_method=True)}: ..."
        except Exception:
            yield "def __init__(self, ...): ..."
    else:
        yield "# objects of it can't be made here"
    fields = getattr(opened.cls, "__annotations__", {})
    for name, kind in fields.items():
        if opened.is_open(name) and not hasattr(opened.cls, name):
            yield f"{name}: {kind if isinstance(kind, str) else getattr(kind, '__name__', kind)}"
    shown = 0
    names = opened.members()
    for name in names:
        spec = opened.configure.get(name)
        visibility = (spec.visibility if spec else None) or opened.visibility
        if visibility == "low":
            continue
        if shown == _MOST_MEMBERS:
            yield f"# ... and {len(names) - shown} more"
            return
        shown += 1
        member = inspect.getattr_static(opened.cls, name)
        value = getattr(opened.cls, name, None)
        doc = spec.docstring if spec is not None else None
        if isinstance(member, (classmethod, staticmethod)):
            yield f"@{type(member).__name__}"
        if callable(value) and not isinstance(value, type):
            is_method = not isinstance(member, (classmethod, staticmethod))
            short = doc or (inspect.getdoc(value) or "").partition("\n")[0]
            yield from _function(name, value, visibility, short, is_method=is_method)
        else:
            yield name


def _module(opened: HostModule) -> list[str]:
    if opened.is_instance:
        doc = opened.docstring or ""
        lines = [f"# {opened.name}: an object" + (f". {doc}" if doc else "")]
        cls = opened.as_instance()
        names = cls.members()
        for name in names[:_MOST_MEMBERS]:
            value = getattr(opened.target, name, None)
            spec = opened.configure.get(name)
            if callable(value):
                doc = (spec.docstring if spec else None) or (
                    (inspect.getdoc(value) or "").partition("\n")[0]
                )
                visibility = (spec.visibility if spec else None) or opened.visibility
                lines += _function(f"{opened.name}.{name}", value, visibility, doc)
            else:
                lines.append(f"{opened.name}.{name}")
        return lines
    lines = [f"# import {opened.name}"]
    if opened.visibility == "high" and opened.target.__doc__:
        lines.append(f"# {opened.target.__doc__.strip().partition(chr(10))[0]}")
    members = open_members(opened)
    for name, value in members[:_MOST_MEMBERS]:
        spec = opened.configure.get(name)
        visibility = (spec.visibility if spec else None) or opened.visibility
        if visibility == "low":
            continue
        if isinstance(value, type):
            lines.append(f"class {opened.name}.{name}: ...")
        elif callable(value):
            doc = (spec.docstring if spec else None) or (
                (inspect.getdoc(value) or "").partition("\n")[0]
            )
            lines += _function(f"{opened.name}.{name}", value, visibility, doc)
        else:
            lines.append(f"{opened.name}.{name}")
    if len(members) > _MOST_MEMBERS:
        lines.append(f"# ... and {len(members) - _MOST_MEMBERS} more")
    return lines
