"""I/O over the decisions of `core`: one driver for sync code, one for async code."""

from xpander_client.transport.bound import Bound
from xpander_client.transport.closing import Closing
from xpander_client.transport.pool import HttpClient
from xpander_client.transport.resource import Resource
from xpander_client.transport.transport import Transport

__all__ = ["Bound", "Closing", "HttpClient", "Resource", "Transport"]
