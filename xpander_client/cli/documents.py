"""JSON for programs: one document, on one line."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from xpander_client.core.serialization import dumps, unstructure


def print_json(value: object) -> None:
    """Print one JSON document, on one line."""
    sys.stdout.write(dumps(unstructure(value)).decode())
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_json_list(values: Iterable[object]) -> None:
    """Print one JSON document, a list, on one line. Each value is written when it comes."""
    mark = "["
    for value in values:
        sys.stdout.write(mark + dumps(unstructure(value)).decode())
        mark = ","
    sys.stdout.write("[]\n" if mark == "[" else "]\n")
    sys.stdout.flush()
