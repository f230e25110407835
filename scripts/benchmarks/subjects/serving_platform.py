"""The embedded platform over the store STORE, as a process: `python serving_platform.py STORE`."""

from __future__ import annotations

import json
import sys

from xpander_client.platform import LocalPlatform, Settings

AGENTS = [{"id": "looping", "tools": ["read_news"]}]


def read_news(topic: str) -> str:
    """Answer the loops' calls."""
    return f"no news about {topic}"


with LocalPlatform(
    store=sys.argv[1],
    api_key="key",  # one for all the processes of a store
    organization_id="bench",
    agents=AGENTS,
    tools={"read_news": read_news},
    settings=Settings(worker_silence=3600.0),  # the plain workers of some figures say nothing
) as platform:
    configuration = platform.configuration
    print(
        json.dumps(
            {
                "XPANDER_API_KEY": configuration.api_key,
                "XPANDER_BASE_URL": configuration.base_url,
                "XPANDER_ORGANIZATION_ID": configuration.organization_id,
                "XPANDER_AGENT_ID": "bench",
            }
        ),
        flush=True,
    )
    sys.stdin.read()
