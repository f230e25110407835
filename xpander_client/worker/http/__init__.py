"""The worker's own HTTP side: `POST /invoke` runs a task without the platform's dispatch.

Needs the extra `[worker]`; what needs it is imported when the server starts.
"""

from __future__ import annotations

from xpander_client.worker.http.invocation import (
    Caller,
    Invocation,
    InvocationFailed,
    InvocationRefused,
    Invocations,
)
from xpander_client.worker.http.server import InvokeServer

__all__ = [
    "Caller",
    "Invocation",
    "InvocationFailed",
    "InvocationRefused",
    "Invocations",
    "InvokeServer",
]
