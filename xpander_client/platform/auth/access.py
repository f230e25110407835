"""What a caller's key opens."""

from __future__ import annotations

import attrs

from xpander_client.platform.foundation.errors import HttpError

APPLICATION = "application"
"""Makes tasks, follows, changes and stops them. It is no worker: what it writes is a user's edit,
whatever attempt it names."""
WORKER = "worker"
"""Listens, and works on tasks under its attempts. It ends nothing that another attempt holds."""
READER = "reader"
"""Changes nothing."""
ROLES = frozenset({APPLICATION, WORKER, READER})


@attrs.frozen(kw_only=True)
class KeyGrant:
    """An organization, or of it what concerns some agents alone.

    `key_id` is the key's name, not the key. `rate_limit` is how many requests a second it may make,
    None: as many as the platform's settings say. A key without a `role` may do everything there.

    Example:
        >>> access = KeyGrant(
        ...     key_id="k", organization_id="acme", agent_ids=frozenset({"sales"})
        ... )
        >>> access.covers("sales"), access.covers("legal"), access.covers(None)
        (True, False, True)
    """

    key_id: str
    organization_id: str
    agent_ids: frozenset[str] | None = None
    rate_limit: float | None = None
    role: str | None = None

    def covers(self, agent_id: str | None) -> bool:
        """Whether the key may use the agent. What is no agent's is all the organization's."""
        return self.agent_ids is None or agent_id is None or agent_id in self.agent_ids

    def check(self, agent_id: str | None) -> None:
        """Insist that the key may use the agent.

        Raises:
            HttpError: 403, it may not.
        """
        if not self.covers(agent_id):
            raise HttpError(403, f"this key may not use agent {agent_id}")
