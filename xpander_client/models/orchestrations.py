"""What `xpander_sdk.models.orchestrations` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import OutputFormat as OutputFormat

_HOMES = {
    "xpander_client": ("OutputFormat",),
}
_LACKING = [
    "can_add_edge",
    "ClassificationGroup",
    "DuplicationPreventionSettings",
    "OrchestrationClassifierNode",
    "OrchestrationClassifierNodeLLMSettings",
    "OrchestrationCodeNode",
    "OrchestrationCondition",
    "OrchestrationConditionType",
    "OrchestrationGuardrailNode",
    "OrchestrationIterativeStrategy",
    "OrchestrationNode",
    "OrchestrationNodePointerDefinition",
    "OrchestrationNodeType",
    "OrchestrationParallelNode",
    "OrchestrationPointerNode",
    "OrchestrationPointerNodeInstructionsMode",
    "OrchestrationRetryStrategy",
    "OrchestrationSelfScheduleNode",
    "OrchestrationSendToEndNode",
    "OrchestrationStopStrategy",
    "OrchestrationSummarizerNode",
    "OrchestrationWaitNode",
    "OrchestrationWaitNodeType",
    "SchemaOverride",
    "validate_dag",
]

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES, _LACKING)
