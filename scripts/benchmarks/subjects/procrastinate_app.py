"""What Procrastinate's worker and its client share: `python procrastinate_….py ADDRESS`."""

from __future__ import annotations

import sys

from procrastinate import App, PsycopgConnector

# No job waits for a connection.
app = App(connector=PsycopgConnector(conninfo=sys.argv[1], min_size=20, max_size=40))


@app.task
async def finish() -> str:
    """Says that it is done."""
    return "done"
