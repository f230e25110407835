"""What `@on_task` was told about the functions it decorated."""

from __future__ import annotations

import attrs

from xpander_client.configuration import Configuration

from .handler import HandlerFunction

__all__ = ["Registration", "configuration_of", "remember"]


@attrs.frozen(eq=False)
class Registration:
    """A decorated function, and the configuration that it is to work with."""

    function: HandlerFunction
    configuration: Configuration | None


_registrations: list[Registration] = []


def remember(registration: Registration) -> None:
    """Keep a registration: the function may be run later, by its name alone."""
    _registrations.append(registration)


def configuration_of(function: HandlerFunction) -> Configuration | None:
    """The configuration that a function was decorated with, if any; the last one counts."""
    for registration in reversed(_registrations):
        if registration.function is function:
            return registration.configuration
    return None
