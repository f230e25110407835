"""Carries calls out: drivers, handlers and cancellation."""
