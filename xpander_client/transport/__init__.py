"""I/O over the decisions of `core`: one driver for sync code, one for async code."""

from .bound import Bound
from .resource import Resource
from .transport import HttpClient, Transport

__all__ = ["Bound", "HttpClient", "Resource", "Transport"]
