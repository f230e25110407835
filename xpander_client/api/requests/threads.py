"""What the operations of `Threads` send."""

from __future__ import annotations

import builtins
from typing import Any

from xpander_client.core.requests import (
    Replay,
    RequestSpec,
    encode_path as _encode_path,
    header_fields as _header_fields,
    name_argument as _name_argument,
    query as _query,
)
from xpander_client.core.serialization import (
    body as _body,
    dumps as _dumps,
)
from xpander_client.errors import ArgumentError

from .. import models


def create(
    *,
    organization_id: str | None = None,
    user_details: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    thread_id: str | None = None,
) -> RequestSpec:
    """Return what `Threads.create` sends."""
    try:
        return RequestSpec(
            operation="Threads.create",
            method="POST",
            path="/memory",
            template="/memory",
            replay=Replay.KEYED,
            body=_body(
                models.ThreadCreate(
                    id=thread_id,
                    organization_id=organization_id,
                    user_details=user_details,
                    metadata=metadata,
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(
            error,
            {"ThreadCreate.id": "thread_id", "ThreadCreate.": "", "$.id": "thread_id", "$.": ""},
        ) from None


def list_user_threads(*, user_id: str, agent_id: str | None = None) -> RequestSpec:
    """Return what `Threads.list_user_threads` sends."""
    return RequestSpec(
        operation="Threads.list_user_threads",
        method="GET",
        path=_encode_path("/memory/threads/{user_id}", user_id=user_id),
        template="/memory/threads/{user_id}",
        replay=Replay.ALWAYS,
        query=_query({"agent_id": agent_id}),
    )


def rename(*, thread_id: str, name: str) -> RequestSpec:
    """Return what `Threads.rename` sends."""
    return RequestSpec(
        operation="Threads.rename",
        method="PATCH",
        path=_encode_path("/memory/rename/{thread_id}/{name}", thread_id=thread_id, name=name),
        template="/memory/rename/{thread_id}/{name}",
        replay=Replay.ALWAYS,
    )


def get(*, thread_id: str) -> RequestSpec:
    """Return what `Threads.get` sends."""
    return RequestSpec(
        operation="Threads.get",
        method="GET",
        path=_encode_path("/memory/{thread_id}", thread_id=thread_id),
        template="/memory/{thread_id}",
        replay=Replay.ALWAYS,
    )


def extend(
    *,
    thread_id: str,
    messages: builtins.list[models.ThreadMessage],
    after: int | None = None,
    execution_id: str | None = None,
    execution_attempt: int | None = None,
) -> RequestSpec:
    """Return what `Threads.extend` sends."""
    try:
        return RequestSpec(
            operation="Threads.extend",
            method="PUT",
            path=_encode_path("/memory/{thread_id}", thread_id=thread_id),
            template="/memory/{thread_id}",
            replay=Replay.KEYED,
            query=_query({"after": after}),
            headers=_header_fields(
                {"x-xpander-execution-id": execution_id, "x-execution-attempt": execution_attempt}
            ),
            body=_dumps(messages),
        )
    except ArgumentError as error:
        raise _name_argument(
            error,
            {
                "after": "after",
                "x-xpander-execution-id": "execution_id",
                "x-execution-attempt": "execution_attempt",
                "$": "messages",
            },
        ) from None


def delete(*, thread_id: str) -> RequestSpec:
    """Return what `Threads.delete` sends."""
    return RequestSpec(
        operation="Threads.delete",
        method="DELETE",
        path=_encode_path("/memory/{thread_id}", thread_id=thread_id),
        template="/memory/{thread_id}",
        replay=Replay.ALWAYS,
    )


def update(
    *,
    thread_id: str,
    messages: builtins.list[models.ThreadMessage] | None = None,
    metadata: dict[str, Any] | None = None,
    user_details: dict[str, Any] | None = None,
    name: str | None = None,
) -> RequestSpec:
    """Return what `Threads.update` sends."""
    try:
        return RequestSpec(
            operation="Threads.update",
            method="PATCH",
            path=_encode_path("/memory/{thread_id}", thread_id=thread_id),
            template="/memory/{thread_id}",
            replay=Replay.ALWAYS,
            body=_body(
                models.ThreadUpdate(
                    messages=messages, metadata=metadata, user_details=user_details, name=name
                )
            ),
        )
    except ArgumentError as error:
        raise _name_argument(error, {"ThreadUpdate.": "", "$.": ""}) from None


def read(*, thread_id: str, strategy: str, after: int | None = None) -> RequestSpec:
    """Return what `Threads.read` sends."""
    return RequestSpec(
        operation="Threads.read",
        method="GET",
        path=_encode_path("/memory/{thread_id}/{strategy}", thread_id=thread_id, strategy=strategy),
        template="/memory/{thread_id}/{strategy}",
        replay=Replay.ALWAYS,
        query=_query({"after": after}),
    )
