"""Addresses of stores in files: `sqlite:FILE`, or the file's path."""

from __future__ import annotations

import os
import re
from pathlib import Path

from xpander_client.errors import ConfigurationError
from xpander_client.platform.stores.base.engines import list_forms

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SOMEWHERE_ELSE = re.compile(
    r"postgres.*(//|@)|.*\b(password|host|dbname)\s*=", re.IGNORECASE | re.DOTALL
)


def parse_path(address: str | os.PathLike[str]) -> Path:
    """Parse the file that an address names.

    Raises:
        ConfigurationError: it names none.
    """
    text = os.fspath(address)
    path = text.removeprefix("sqlite:")
    if not path.strip() or "\0" in path or path.startswith(":memory:"):
        raise ConfigurationError(
            f"this address names no file to keep a store in: give {list_forms()}"
        )
    if path == text and (scheme := _SCHEME.match(text.strip())) is not None:
        raise ConfigurationError(
            f"{scheme[0]}… is no address of a store: give {list_forms()}; a file with a colon in "
            "its name is ./FILE"
        )
    if (
        _SOMEWHERE_ELSE.match(path.strip())
        or "://" in path
        or (path.startswith("//") and path[2:3] != "/")
    ):
        raise ConfigurationError(
            f"this address is neither a file nor a database's URL: give {list_forms()}"
        )
    if path.endswith(("/", os.sep)) or Path(path).is_dir():
        raise ConfigurationError(f"{path} is a folder: give a file in it")
    return Path(path)
