"""Read what the signature of an agent's task promises, and hold calls and results to it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import Parameter
from types import FunctionType
from typing import Any, Literal, NoReturn, cast

import attrs

from xpander_client.agents.contract.annotations import (
    find_enclosing_names,
    resolve_annotation,
    write_type,
)
from xpander_client.agents.contract.empty_body import is_empty
from xpander_client.agents.contract.shapes import find_unreachable
from xpander_client.agents.contract.validation import Check, Misfit, find_unpacked
from xpander_client.agents.types.errors import OutputInvalid
from xpander_client.agents.types.events import BaseEvent
from xpander_client.agents.types.tokens import TokenChunk
from xpander_client.core.signatures import read_signature
from xpander_client.errors import ArgumentError
from xpander_client.extras import require

TASK_MARK = "__agent_task_namespace__"
"""The attribute by which a function shows that it is a task; its value is the agent's name."""

FUNCTION_MARK = "__agent_function_owners__"
"""The attribute by which a function shows that agents may call it (`@agent.fn`)."""

OnConflict = Literal["retry", "abandon"]

_ADDED = (
    Parameter("session", Parameter.KEYWORD_ONLY, default="default", annotation=str),
    Parameter(
        "on_event",
        Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Callable[[BaseEvent], Any] | None,
    ),
    Parameter(
        "on_token",
        Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Callable[[TokenChunk], Any] | None,
    ),
)
ADDED = tuple(parameter.name for parameter in _ADDED)
"""The parameters that every task has, besides its own."""


@attrs.frozen
class BoundArguments:
    """The arguments of one call: the agent's `inputs`, and what is for the call itself."""

    inputs: dict[str, Any]
    session: str = "default"
    on_event: Callable[..., Any] | None = None
    on_token: Callable[..., Any] | None = None


@attrs.define(eq=False, slots=False)
class Contract:
    """A task as its signature, docstring and decorator describe it."""

    name: str
    instructions: str
    """What the agent is told to do: the primer, or else the docstring."""
    docstring: str
    setup: str | None
    on_conflict: OnConflict
    max_conflict_retries: int
    parameters: tuple[Parameter, ...]
    """The task's own, with their annotations as written; without `self`, and without the added."""
    has_self: bool
    is_async: bool
    signature: inspect.Signature
    """As callers see it: with `self` where it is a method, and with the added parameters."""
    # Not FunctionType: that is a descriptor, and would be taken for a method.
    function: Any = attrs.field(repr=False)
    _names: Mapping[str, Any] = attrs.field(alias="names", repr=False)

    @cached_property
    def annotations(self) -> dict[str, Any]:
        """The types of the task's own parameters by name; `Any` where none is written."""
        return {
            parameter.name: self._type(parameter.annotation, f"argument '{parameter.name}'")
            for parameter in self.parameters
        }

    @cached_property
    def returns(self) -> Any:
        """The type of the result; `Any` where none is written, `NoneType` for None."""
        return self._type(read_signature(self.function).return_annotation, "the result")

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BoundArguments:
        """Validate the arguments of a call.

        Raises:
            TypeError: An argument is missing, or there is no such parameter.
            ArgumentError: A value is not of its parameter's type; it is a `ValueError`, too.
        """
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}() {error}") from None
        given = bound.arguments
        checks = self._checks
        inputs = {}
        for parameter in self.parameters:
            name = parameter.name
            if name in given:
                each = name not in self._whole
                inputs[name] = _validate(parameter, checks[name], given[name], each=each)
            elif parameter.kind is Parameter.VAR_POSITIONAL:
                inputs[name] = ()
            elif parameter.kind is Parameter.VAR_KEYWORD:
                inputs[name] = {}
            else:
                inputs[name] = _copy_default(parameter, checks[name])
        session = given.get("session", "default")
        if not isinstance(session, str):
            raise ArgumentError(f"session must be a text, not {session!r}")
        for handler in ("on_event", "on_token"):
            if given.get(handler) is not None and not callable(given[handler]):
                raise ArgumentError(f"{handler} must be a function, not {given[handler]!r}")
        return BoundArguments(
            inputs=inputs,
            session=session,
            on_event=given.get("on_event"),
            on_token=given.get("on_token"),
        )

    def validate_result(self, value: Any) -> Any:
        """Return the value as the caller gets it.

        A task that promises None gives None, whatever the agent ended it with.

        Raises:
            OutputInvalid: It is not what the task promises; the message is for the agent.
        """
        if self.returns is type(None):
            return None
        try:
            return self._result_check(value)
        except Misfit as misfit:
            raise OutputInvalid(
                "Output validation failed. The returned value did not match the expected type "
                f"'{write_type(self.returns)}'.\nDetails: {misfit.text}"
            ) from misfit.__cause__

    def result_schema(self) -> dict[str, Any] | None:
        """Return the result's type as a JSON Schema; None where there is none for it."""
        return None if self.returns is type(None) else self._result_check.json_schema()

    @cached_property
    def _checks(self) -> dict[str, Check]:
        checks = {}
        for parameter in self.parameters:
            annotation = self.annotations[parameter.name]
            inner = find_unpacked(annotation)
            checks[parameter.name] = self._check(
                annotation if inner is None else inner, f"argument '{parameter.name}'"
            )
        return checks

    @cached_property
    def _whole(self) -> frozenset[str]:
        """The names of `*args` and `**kwargs` whose annotation is about all of them at once."""
        return frozenset(name for name, type in self.annotations.items() if find_unpacked(type))

    @cached_property
    def _result_check(self) -> Check:
        return self._check(self.returns, "the result", is_result=True)

    def _type(self, annotation: Any, of: str) -> Any:
        if annotation is Parameter.empty:
            return Any
        return resolve_annotation(annotation, self.function, self._names, of=of)

    def refuse_unreachable_result(self, *, is_closed: bool) -> None:
        """Refuse a result that the agent's code can never give.

        `is_closed` says that nothing of the host is open to it, so that objects come with the
        arguments or not at all.

        Raises:
            ArgumentError: There is no value of the result's type.
        """
        try:
            part = find_unreachable(self.returns, is_closed=is_closed)
            brought = [find_unreachable(one, is_closed=True) for one in self.annotations.values()]
        except ArgumentError:
            # A name that is defined later: the first call finds out.
            return
        if part is None:
            return
        if part.startswith("Callable"):
            remedy = "functions stay in the sandbox, so promise data"
        elif any(brought):
            return
        else:
            remedy = (
                "open the class, or a function that gives one, above the task; or annotate the "
                "argument that brings one with its class"
            )
        raise ArgumentError(
            f"Task '{self.name}' promises {write_type(self.returns)}, but its agent's code has no "
            f"value of type {part}: {remedy}."
        )

    def _check(self, annotation: Any, of: str, *, is_result: bool = False) -> Check:
        try:
            return Check.of(annotation, is_result=is_result)
        except TypeError as error:
            raise ArgumentError(
                f"No value can be held against the annotation of {of} of task '{self.name}', "
                f"{write_type(annotation)}: {error}"
            ) from error


def read_contract(
    function: Any,
    primer: str | None = None,
    *,
    agent_name: str,
    setup: str | None = None,
    on_conflict: str = "retry",
    max_conflict_retries: int = 3,
) -> Contract:
    """Read what a function promises that an agent is to stand in for.

    Raises:
        ArgumentError: It can't be a task, or one of the decorator's arguments is wrong; it is a
            `ValueError`, too.

    Example:
        >>> def double(x: int) -> int:
        ...     '''Double a number.'''
        >>> contract = read_contract(double, agent_name="calculator")
        >>> contract.bind((21,), {}).inputs, contract.validate_result(42)
        ({'x': 21}, 42)
    """
    if not isinstance(function, FunctionType):
        _refuse_what_is_no_function(function)
    _refuse_what_is_decorated(function, agent_name)
    name = function.__name__
    require("pydantic", extra="agents", purpose=f"the task '{name}'")
    if not is_empty(function):
        raise ArgumentError(
            f"Function '{name}' decorated with @task must have an empty body. "
            "The agent will provide the implementation."
        )
    docstring = inspect.getdoc(function) or ""
    if primer is not None and not isinstance(primer, str):
        raise ArgumentError(f"The primer of task '{name}' must be a text, not {primer!r}.")
    instructions = (primer or "").strip() or docstring.strip()
    if not instructions:
        raise ArgumentError(
            f"Function '{name}' decorated with @task must have either a primer argument or a "
            "non-empty docstring to provide agent instructions."
        )
    if setup is not None and not isinstance(setup, str):
        raise ArgumentError(f"The setup of task '{name}' must be code, as a text, not {setup!r}.")
    signature = read_signature(function)
    own = tuple(signature.parameters.values())
    has_self = _is_method(function, own)
    for parameter in own:
        if parameter.name in ADDED:
            raise ArgumentError(
                f"Function '{name}' has a parameter named '{parameter.name}', which @task adds to "
                "every task. Please give it another name."
            )
    return Contract(
        name=name,
        instructions=instructions,
        docstring=docstring,
        setup=setup,
        on_conflict=_check_on_conflict(on_conflict),
        max_conflict_retries=_check_retries(max_conflict_retries),
        parameters=own[1:] if has_self else own,
        has_self=has_self,
        is_async=inspect.iscoroutinefunction(function),
        signature=_add_parameters(signature),
        function=function,
        names=find_enclosing_names(function),
    )


def _refuse_what_is_no_function(value: Any) -> NoReturn:
    if isinstance(value, staticmethod | classmethod):
        kind = type(value).__name__
        raise ArgumentError(
            f"@task must be applied BEFORE @{kind}: put @{kind} on the line above @task."
        )
    raise ArgumentError(f"@task is for functions that are written with def, not for {value!r}.")


def _refuse_what_is_decorated(function: FunctionType, agent_name: str) -> None:
    name = function.__name__
    if (namespace := getattr(function, TASK_MARK, None)) is not None:
        raise ArgumentError(
            f"Function '{name}' already has a task decorator (namespace: '{namespace}'). "
            "Multi-agent tasks are not supported."
        )
    if getattr(function, FUNCTION_MARK, None):
        raise ArgumentError(
            f"Invalid decorator order on '{name}'. @agent.fn() must be applied AFTER "
            "@agent.task(), not before.\n"
            "Correct order:\n"
            "  @orchestrator.fn()\n"
            f'  @{agent_name if agent_name.isidentifier() else "specialist"}.task("...")\n'
            f"  def {name}(...): pass"
        )


def _check_on_conflict(value: str) -> OnConflict:
    if value in ("retry", "abandon"):
        return cast(OnConflict, value)
    raise ArgumentError(f"on_conflict must be 'retry' or 'abandon', not {value!r}")


def _check_retries(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ArgumentError(f"max_conflict_retries must be 0 or a larger int, not {value!r}")
    return value


def _is_method(function: FunctionType, parameters: tuple[Parameter, ...]) -> bool:
    """Tell whether the first parameter is the object that the function is a method of.

    The class does not exist yet when its methods are decorated, so names have to tell.
    """
    scope = function.__qualname__.rpartition(".")[0]
    return (
        bool(parameters)
        and parameters[0].name in ("self", "cls")
        and parameters[0].kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        and bool(scope)
        and not scope.endswith("<locals>")
    )


def _add_parameters(signature: inspect.Signature) -> inspect.Signature:
    own = list(signature.parameters.values())
    at = len(own) - (bool(own) and own[-1].kind is Parameter.VAR_KEYWORD)
    return signature.replace(parameters=[*own[:at], *_ADDED, *own[at:]])


def _validate(parameter: Parameter, check: Check, value: Any, *, each: bool) -> Any:
    name = parameter.name
    if each and parameter.kind is Parameter.VAR_POSITIONAL:
        return tuple(_check_value(check, item, f"{name}[{at}]") for at, item in enumerate(value))
    if each and parameter.kind is Parameter.VAR_KEYWORD:
        return {key: _check_value(check, item, key) for key, item in value.items()}
    return _check_value(check, value, name)


def _check_value(check: Check, value: Any, name: str) -> Any:
    try:
        return check(value)
    except Misfit as misfit:
        raise ArgumentError(
            f"Validation failed for argument '{name}':\n{misfit.text}"
        ) from misfit.__cause__


def _copy_default(parameter: Parameter, check: Check) -> Any:
    """Copy the default, for the call alone.

    It is made to fit where it can be (1 for a float); one that does not fit is what its author
    wants, like None for "not given".
    """
    value = parameter.default
    if type(value) in (list, dict, set):
        value = copy.deepcopy(value)
    try:
        return check(value)
    except Misfit:
        return value
