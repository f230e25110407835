"""What the operations of `Organization` send."""

from __future__ import annotations

from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    encode_path as _encode_path,
    query as _query,
)


def forget_user(*, user_id: str) -> RequestSpec:
    """Return what `Organization.forget_user` sends."""
    return RequestSpec(
        operation="Organization.forget_user",
        method="DELETE",
        path=_encode_path("/metadata/users/{user_id}", user_id=user_id),
        template="/metadata/users/{user_id}",
        replay=Replay.ALWAYS,
    )


def list_audit(*, limit: int | None = None, cursor: str | None = None) -> RequestSpec:
    """Return what `Organization.list_audit` sends."""
    return RequestSpec(
        operation="Organization.list_audit",
        method="GET",
        path="/metadata/audit",
        template="/metadata/audit",
        replay=Replay.ALWAYS,
        query=_query({"limit": limit, "cursor": cursor}),
    )


def list_workers() -> RequestSpec:
    """Return what `Organization.list_workers` sends."""
    return RequestSpec(
        operation="Organization.list_workers",
        method="GET",
        path="/metadata/workers",
        template="/metadata/workers",
        replay=Replay.ALWAYS,
    )
