"""I/O over the decisions of `core`: one driver for sync code, one for async code."""

from .bound import Bound
from .closing import Closing
from .resource import Resource
from .transport import HttpClient, Transport

__all__ = ["Bound", "Closing", "HttpClient", "Resource", "Transport"]
