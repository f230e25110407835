"""`DeepPlanning`, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import attrs

from xpander_client.core.model import Model

from .deep_planning_item import DeepPlanningItem


@attrs.define(kw_only=True, slots=True, eq=False, repr=False)
class DeepPlanning(Model):
    """The plan by which a task is worked off. It is unfinished while `enabled`, `started` and
    `enforce` are all true and a step is not completed.
    """

    enabled: bool | None = False
    """Whether there is a plan."""
    enforce: bool | None = False
    """Whether the task may finish only when all steps are completed."""
    started: bool | None = False
    """Whether work on the plan has started."""
    question_raised: bool | None = False
    """Whether the agent waits for an answer."""
    tasks: list[DeepPlanningItem] | None = attrs.field(factory=list["DeepPlanningItem"])
    """The steps, in order."""
    additional_properties: dict[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this class does not declare, by their names on the wire; they are sent back."""
