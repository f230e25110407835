"""What `@on_task` remembers of the functions that it decorates."""

from __future__ import annotations

import attrs

from xpander_client.configuration import Configuration
from xpander_client.worker.attempts.handler import HandlerFunction
from xpander_client.worker.attempts.plan_retries import OnCompact
from xpander_client.worker.sample_task import LocalTaskTest


@attrs.frozen(eq=False)
class Registration:
    """A decorated function, and what it is to work with.

    With `test_task` it is tried with that task alone, instead of waiting for the platform's.
    """

    function: HandlerFunction
    configuration: Configuration | None = None
    test_task: LocalTaskTest | None = None
    on_compact: OnCompact | None = None


_registrations: list[Registration] = []


def remember(registration: Registration) -> None:
    """Keep a registration: the function may be run later, by its name alone."""
    _registrations.append(registration)


def find_configuration(function: HandlerFunction) -> Configuration | None:
    """Return the configuration that a function was decorated with, if any; the last one counts."""
    registration = _find_registration(function)
    return None if registration is None else registration.configuration


def find_hook(function: HandlerFunction) -> OnCompact | None:
    """Return the `on_compact` that a function was decorated with, if any; the last one counts."""
    registration = _find_registration(function)
    return None if registration is None else registration.on_compact


def _find_registration(function: HandlerFunction) -> Registration | None:
    for registration in reversed(_registrations):
        if registration.function is function:
            return registration
    return None
