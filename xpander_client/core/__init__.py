"""Decisions without I/O: what to send, what came back, whether to try again, when it is over."""
