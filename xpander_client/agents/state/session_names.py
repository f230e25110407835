"""Which names a session may have."""

from __future__ import annotations

import re

_ALLOWED = re.compile(r"[\w.@:-]{1,200}")


def check_session_name(name: object) -> str:
    """Check that a session may be called so, and return the name.

    Letters and digits of any script and `_ - . @ :` are allowed, 200 at most. Names come from
    users and end up in logs and file names, so nothing that means something to a path is.

    Raises:
        ValueError: it may not; the message says what is allowed.

    Example:
        >>> check_session_name("user:42@example.org")
        'user:42@example.org'
        >>> check_session_name("../escaped")
        Traceback (most recent call last):
            ...
        ValueError: '../escaped' is no session name: use up to 200 letters, digits or _ - . @ :
    """
    if isinstance(name, str) and _ALLOWED.fullmatch(name) and name not in {".", ".."}:
        return name
    shown = repr(name)
    if len(shown) > 80:
        shown = f"{shown[:80]}…"
    raise ValueError(f"{shown} is no session name: use up to 200 letters, digits or _ - . @ :")
