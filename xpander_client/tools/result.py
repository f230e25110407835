"""What a run of a tool gives."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

from xpander_client.core.fields import LOCAL
from xpander_client.core.model import Model
from xpander_client.core.result import value_text
from xpander_client.errors import ModuleException


@cache
def _make_serializer(owner: Any) -> Any:
    from pydantic import TypeAdapter  # it is pydantic that asks

    return TypeAdapter(owner).serializer


class _WrittenByPydantic:
    """A base of data that frameworks put into models of theirs, as a value of any type."""

    __slots__ = ()

    # Hidden from type checkers: this is between pydantic and the object.
    if not TYPE_CHECKING:

        class _Serializer:
            def __get__(self, instance: object, owner: type) -> Any:
                try:
                    return _make_serializer(owner)
                except ImportError as error:
                    raise AttributeError("__pydantic_serializer__") from error

        __pydantic_serializer__ = _Serializer()


@attrs.define(kw_only=True, slots=True)
class ToolInvocationResult(_WrittenByPydantic, Model):
    """What a run of a tool gives, also where the tool failed.

    Example:
        >>> result = ToolInvocationResult(tool_id="add", result={"sum": 3}, is_success=True)
        >>> result.is_success, result.text
        (True, '{"sum":3}')
    """

    tool_id: str
    """The tool that ran."""
    tool_call_id: str | None = None
    """The model's id of the call."""
    task_id: str | None = None
    """The task on whose behalf it ran."""
    payload: Any = None
    """What it was given."""
    status_code: int | None = 200
    """The HTTP status that the platform answered; 500 where a function failed."""
    result: Any = None
    """The tool's answer, or the text of the error."""
    is_success: bool = False
    """Whether it has done its work."""
    is_error: bool = False
    """Whether it failed."""
    is_local: bool = False
    """Whether it is a function of this process."""
    error: Exception | None = attrs.field(default=None, repr=False, eq=False, metadata=LOCAL)
    """The exception, where it failed here and just now."""

    @property
    def text(self) -> str:
        """The answer as a model reads it: text as it is, anything else as JSON."""
        return value_text(self.result)

    def raise_for_error(self) -> None:
        """Raise an exception if the tool failed.

        Raises:
            ModuleException: The platform's tool failed, or could not be called.
            Exception: What the function of a local tool raised.
        """
        if self.is_error:
            raise self.error or ModuleException(self.status_code, self.text)
