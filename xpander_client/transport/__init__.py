"""I/O over the decisions of `core`: one driver for sync code, one for async code."""

from xpander_client.transport.closeable import Closeable
from xpander_client.transport.resource import Resource
from xpander_client.transport.tracked_object import TrackedObject
from xpander_client.transport.transport import Transport
from xpander_client.transport.wire import HttpClient

__all__ = ["Closeable", "HttpClient", "Resource", "TrackedObject", "Transport"]
