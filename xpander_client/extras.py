"""Packages that only some doors need, and what is said at each of them when one is missing."""

from __future__ import annotations

from importlib.util import find_spec

from xpander_client.errors import ConfigurationError


def missing(package: str | ImportError, extra: str, purpose: str) -> ConfigurationError:
    """Make the error that says which package is needed for something, and how to install it.

    Example:
        >>> print(missing("asyncpg", "postgres", "a store"))
        a store needs asyncpg, which is not installed: pip install "xpander-client[postgres]"
    """
    if isinstance(package, ImportError):
        package = (package.name or extra).partition(".")[0]
    return ConfigurationError(
        f'{purpose} needs {package}, which is not installed: pip install "xpander-client[{extra}]"'
    )


def require(*packages: str, extra: str, purpose: str) -> None:
    """Look whether packages are there, without importing them.

    Raises:
        ConfigurationError: one is missing; the message says what to install, and the cause is a
            `ModuleNotFoundError`.
    """
    for package in packages:
        if find_spec(package) is None:
            why = ModuleNotFoundError(f"No module named {package!r}", name=package)
            raise missing(package, extra, purpose) from why
