"""A server of the chaos, as a process: `python -m xpander_client.chaos.server`.

Its store, its key and whose that is are in its environment: command lines are for all to see.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from xpander_client.chaos.processes import end_with_parent, ready
from xpander_client.errors import ModuleException
from xpander_client.platform.foundation.settings import Settings

# A thread's `LocalPlatform` can't be killed, and `xpander-client dev` takes no settings that lose
# leases within seconds. So this runs what `dev` runs, by its one entry.
from xpander_client.platform.process.serve import run

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


def environment(store: str, key: str, organization_id: str) -> Mapping[str, str]:
    """Return the environment variables that a server is started with."""
    return {
        "XPANDER_STORE": store,
        "XPANDER_API_KEY": key,
        "XPANDER_ORGANIZATION_ID": organization_id,
    }


def main(settings: Settings = SETTINGS) -> None:
    """Serve until stopped."""
    end_with_parent()
    run(
        store=os.environ["XPANDER_STORE"],
        keys={os.environ["XPANDER_API_KEY"]: os.environ["XPANDER_ORGANIZATION_ID"]},
        settings=settings,
        announce=lambda address: ready(url=address.url),
    )


if __name__ == "__main__":
    try:
        main()
    except ModuleException as error:
        sys.exit(str(error))
