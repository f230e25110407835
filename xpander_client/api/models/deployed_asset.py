"""`DeployedAsset`, as it goes over the wire."""

from __future__ import annotations

import datetime
from typing import Any

import attrs

from xpander_client.core.model import Model

from .deployment_type import DeploymentType


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class DeployedAsset(Model):
    """A worker as the platform knows it."""

    id: str
    """The worker's id."""
    name: str
    """The worker's name."""
    organization_id: str
    """The organization that it belongs to."""
    type: DeploymentType
    """What it is."""
    created_at: datetime.datetime
    """When it registered."""
    last_heartbeat: datetime.datetime
    """When it was last heard of."""
    created_by: str | None = attrs.field(default=None, metadata={"always": True})
    """The caller who started it."""
    configuration: dict[str, Any] | None = None
    """Its settings."""
    dedicated_agent_id: str | None = attrs.field(default=None, metadata={"always": True})
    """The only agent that it serves."""
    parent_asset_id: str | None = attrs.field(default=None, metadata={"always": True})
    """The asset that it belongs to."""
    is_busy: bool | None = False
    """Whether it takes no tasks."""
    metadata: dict[str, Any] | None = None
    """More about it, like its agent's `name` and `unique_name`."""
    heartbeat_interval: float | None = None
    """How often it is to give a sign of life, in seconds. Where the platform does not say: every
    two.
    """
    refused_id: str | None = None
    """The id that the worker gave, which is that of another agent's worker."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
