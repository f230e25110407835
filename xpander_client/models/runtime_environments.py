"""What `xpander_sdk.models.runtime_environments` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

_HOMES: dict[str, tuple[str, ...]] = {}
_LACKING = [
    "render_environment_context",
    "resolve_runtime_environment",
    "ResolvedRuntimeEnvironment",
    "RuntimeConfigFile",
    "RuntimeContextLayer",
    "RuntimeEnvironment",
    "RuntimeEnvironmentCreateRequest",
    "RuntimeEnvironmentCycleError",
    "RuntimeEnvironmentPublicItem",
    "RuntimeEnvironmentUpdateRequest",
    "RuntimePackages",
    "RuntimeScript",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)
