"""Addresses of databases: what is in their URLs, and what of that may be shown."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

from xpander_client.errors import ConfigurationError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]@:/?#\s]*)(:[0-9]+)?\Z")


def hide_password(address: str) -> str:
    """Return a database's URL as it may be shown; nothing of one that can't be parsed.

    Example:
        >>> hide_password("postgresql://me:secret@db/tasks?sslpassword=x")
        'postgresql://me:***@db/tasks?sslpassword=***'
        >>> hide_password("postgresql://me:sec/ret@db/tasks")
        'postgresql://…'
    """
    try:
        parts = parse_url(address)
    except ConfigurationError:
        return "postgresql://…"
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    query = "&".join(
        f"{name}=***" if "pass" in unquote(name).lower() else f"{name}={value}"
        for name, value in (item.split("=", 1) for item in parts.query.split("&") if item)
    )
    netloc = name + (":***" if colon else "") + at + host
    return f"{parts.scheme}://{netloc}{parts.path}" + (f"?{query}" if query else "")


def parse_url(address: str) -> SplitResult:
    """Parse a database's URL.

    Raises:
        ConfigurationError: it is not clear what is what in it. A password with a character
            that has a meaning in URLs would be read as something else, and shown.
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # whose text may hold the password
        parts = urlsplit("")
    hosts = parts.netloc.rpartition("@")[2]
    if (
        not parts.scheme
        or "#" in address
        or any(character.isspace() or not character.isprintable() for character in address)
        or "@" in parts.path + parts.query
        or not all(_HOST.match(host) for host in hosts.split(","))
        or not all("=" in item for item in parts.query.split("&") if item)
    ):
        raise ConfigurationError(
            "the database's URL can't be read: is it postgresql://USER:PASSWORD@HOST/DATABASE, and "
            "are characters like # / ? [ ] @ % in the password written as %23 %2F %3F %5B %5D %40 "
            "%25?"
        )
    return parts
