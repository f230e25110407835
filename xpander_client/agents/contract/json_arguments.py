"""Arguments and results on their way through a platform's task, as JSON and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from xpander_client.agents.contract.contract import Contract
from xpander_client.errors import ArgumentError

_BLOCK = re.compile(r"^```json\n(.*?)\n```\s*\Z", re.DOTALL | re.MULTILINE)


def write_prompt(contract: Contract, inputs: Mapping[str, Any]) -> str:
    """Write the task in words, with its arguments as JSON, which `read_arguments` finds again.

    Raises:
        ArgumentError: An argument has no JSON form.
    """
    if not inputs:
        return contract.instructions
    try:
        arguments = write_json(dict(inputs))
    except ValueError as error:
        raise ArgumentError(f"an argument of {contract.name}() can't be sent: {error}") from error
    return f"{contract.instructions}\n\nArguments:\n```json\n{arguments}\n```"


def read_arguments(contract: Contract, text: str) -> dict[str, Any]:
    """Read the arguments in a task's input: a JSON object, or else a text for the only parameter.

    Raises:
        ArgumentError: There are none, and the task has several parameters.
    """
    names = [parameter.name for parameter in contract.parameters]
    block = _BLOCK.search(text)
    try:
        said = orjson.loads(block[1] if block else text)
    except ValueError:
        said = None
    if isinstance(said, dict) and (said.keys() <= set(names)):
        return {
            str(name): _from_json(contract.annotations[str(name)], value)
            for name, value in said.items()
        }
    if not names:
        return {}
    if len(names) == 1:
        return {names[0]: text}
    wanted = ", ".join(names)
    raise ArgumentError(
        f"the input of {contract.name}() must be a JSON object with its arguments ({wanted})"
    )


def read_result(contract: Contract, text: str | None) -> Any:
    """Return what a task's result is to its caller.

    Raises:
        OutputInvalid: It is not of the task's type.
    """
    value: Any = text
    if text is not None and contract.returns is not str:
        try:
            value = orjson.loads(text)
        except ValueError:
            value = text
        value = _from_json(contract.returns, value)
    return contract.validate_result(value)


def _from_json(annotation: Any, value: Any) -> Any:
    """Make a value that JSON has no form for (a date, a tuple, a model) of the one it has instead.

    One that does not fit comes back as it is: the contract says what is wrong with it.
    """
    from pydantic import PydanticUserError, TypeAdapter, ValidationError

    try:
        return TypeAdapter(annotation).validate_json(orjson.dumps(value), strict=True)
    except (PydanticUserError, ValidationError):
        return value


def write_json(value: Any) -> str:
    """Write a value as JSON.

    Raises:
        ValueError: It has no JSON form.
    """
    from pydantic_core import to_json

    return to_json(value).decode()
