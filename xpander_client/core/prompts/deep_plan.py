"""Where the plan of a task stands: what is done, what is open, and whether that keeps it going."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class PlanItem(Protocol):
    """A step of a plan."""

    id: str
    title: str
    completed: bool | None


Item_co = TypeVar("Item_co", bound=PlanItem, covariant=True)


class Plan(Protocol[Item_co]):
    """A plan with its steps in order."""

    enabled: bool | None
    enforce: bool | None
    started: bool | None

    @property
    def tasks(self) -> Sequence[Item_co] | None:
        """The steps."""


def open_items(plan: Plan[Item_co] | None) -> list[Item_co]:
    """Return the steps that are not completed, in order.

    Example:
        >>> plan = DeepPlanning(tasks=[
        ...     DeepPlanningItem(id="1", title="Read the sales", completed=True),
        ...     DeepPlanningItem(id="2", title="Sum them up"),
        ... ])
        >>> [item.title for item in open_items(plan)]
        ['Sum them up']
    """
    return [item for item in _items(plan) if not item.completed]


def list_completed(plan: Plan[Item_co] | None) -> list[Item_co]:
    """Return the steps that are completed, in order.

    Example:
        >>> list_completed(None)
        []
    """
    return [item for item in _items(plan) if item.completed]


def is_unfinished(plan: Plan[PlanItem] | None) -> bool:
    """Tell whether the task has to go on: its plan is enabled, started and enforced, and a step is
    open.

    Example:
        >>> steps = [DeepPlanningItem(id="1", title="Read the sales")]
        >>> is_unfinished(DeepPlanning(enabled=True, started=True, enforce=True, tasks=steps))
        True
        >>> is_unfinished(DeepPlanning(enabled=True, started=True, tasks=steps))
        False
    """
    if plan is None or not (plan.enabled and plan.started and plan.enforce):
        return False
    return bool(open_items(plan))


def _items(plan: Plan[Item_co] | None) -> Sequence[Item_co]:
    return () if plan is None else plan.tasks or ()
