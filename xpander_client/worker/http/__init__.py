"""The worker's own HTTP side: `POST /invoke` runs a task without the platform's dispatch.

Needs the extra `[worker]`; what needs it is imported when the server starts.
"""

from __future__ import annotations

from .invocation import Caller, Invocation, InvocationFailed, InvocationRefused, Invocations
from .server import InvokeServer

__all__ = [
    "Caller",
    "Invocation",
    "InvocationFailed",
    "InvocationRefused",
    "Invocations",
    "InvokeServer",
]
