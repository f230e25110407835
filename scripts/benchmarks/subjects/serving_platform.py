"""The embedded platform over the store STORE, as a process: `python serving_platform.py STORE`."""

from __future__ import annotations

import json
import sys

from xpander_client.platform import LocalPlatform

with LocalPlatform(store=sys.argv[1]) as platform:
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
