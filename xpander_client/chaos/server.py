"""A server of the chaos, as a process: `python -m xpander_client.chaos.server STORE KEY ORG`."""

from __future__ import annotations

import sys

from ..errors import ModuleException
from ..platform.serve import run
from ..platform.settings import Settings
from .processes import end_with_parent, ready

__all__ = ["SETTINGS", "main"]

SETTINGS = Settings(
    lease=3.0,
    offer_window=2.0,
    worker_silence=3.0,
    sweep_interval=0.2,
    poll_interval=0.5,
    comment_interval=1.0,
    shutdown_limit=2.0,
)
"""As servers work, but for how long they wait for those who are lost."""


def main(store: str, key: str, organization_id: str, *, settings: Settings = SETTINGS) -> None:
    """Serve until stopped."""
    end_with_parent()
    run(
        store=store,
        keys={key: organization_id},
        settings=settings,
        announce=lambda address: ready(url=address.url),
    )


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ModuleException as error:
        sys.exit(str(error))
