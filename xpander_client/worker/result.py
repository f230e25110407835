"""A handler's result as the wire wants it: text."""

from __future__ import annotations

from typing import Any

from xpander_client.core.convert import dumps, unstructure

__all__ = ["error_text", "result_text"]


def result_text(result: Any) -> str | None:
    """The result as text: text stays, anything else becomes JSON.

    Raises:
        ArgumentError: something in it has no JSON form; the message says where.

    Example:
        >>> result_text({"north": 120}), result_text("done"), result_text(None)
        ('{"north":120}', 'done', None)
    """
    if result is None or isinstance(result, str):
        return result
    # Structured answers of language models mostly come as pydantic models, which know how.
    to_json = getattr(result, "model_dump_json", None)
    if callable(to_json):
        return str(to_json())
    return dumps(unstructure(result)).decode()


def error_text(error: BaseException) -> str:
    """What to tell about an exception: its text, or its name where it has none.

    Example:
        >>> error_text(ValueError("no such region")), error_text(KeyError())
        ('no such region', 'KeyError')
    """
    return str(error) or type(error).__name__
