"""What paths of the platform begin with."""

from __future__ import annotations

ROOTS = frozenset(
    {
        "",
        "agent-execution",
        "agents",
        "agents-crud",
        "agents-metrics",
        "activity",
        "events",
        "health",
        "memory",
        "metadata",
        "metrics",
        "ready",
        "v1",
    }
)
"""First segments of routes. Anything else there is the organization."""
