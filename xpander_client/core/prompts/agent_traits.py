"""What frameworks ask of an agent besides its fields."""

from __future__ import annotations

import re
from typing import Protocol


class _Agent(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str | None: ...


class AgentTraits:
    """Gives an agent its `sanitized_name` and `is_active`."""

    __slots__ = ()

    @property
    def sanitized_name(self: _Agent) -> str:
        """The name as an identifier, for frameworks that take no other.

        Example:
            >>> from xpander_client import Agent
            >>> Agent(id="a", organization_id="o", name="3 sales agents").sanitized_name
            '_3_sales_agents'
        """
        name = re.sub(r"[^A-Za-z0-9_]", "_", self.name)
        return name if re.match(r"[A-Za-z_]", name) else f"_{name}"

    @property
    def is_active(self: _Agent) -> bool:
        """Whether it can be used; one whose status the platform does not say can."""
        return self.status is None or self.status == "ACTIVE"
