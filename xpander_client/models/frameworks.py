"""What `xpander_sdk.models.frameworks` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

_HOMES: dict[str, tuple[str, ...]] = {}
_LACKING = [
    "AgnoSettings",
    "AgnoToolCallsCompressionSettings",
    "DEFAULT_HARNESS_CLI",
    "Framework",
    "harness_default_cli",
    "HarnessCli",
    "is_harness_framework",
    "is_legacy_harness_framework",
    "normalize_harness_cli",
    "normalize_permission_mode",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)
