"""Names of agents in the letters that frameworks and providers of models take."""

from __future__ import annotations

import re


def make_identifier(name: str) -> str:
    """Return the name with other letters than those of an identifier replaced.

    Example:
        >>> make_identifier("Sales & more")
        'Sales___more'
        >>> make_identifier("7 dwarfs")
        '_7_dwarfs'
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
