"""What a function takes: told to a model as a schema, and made of what it wrote."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

import attrs

from xpander_client.core.signatures import read_signature
from xpander_client.core.tool_schema import Schema
from xpander_client.tools.functions.form import ANYTHING, Form, MisfitError, describe_form
from xpander_client.tools.functions.forms import Forms, nullable, read_default
from xpander_client.tools.functions.hints import read_hints
from xpander_client.tools.functions.pydantic_form import read_field
from xpander_client.tools.functions.wire_names import WIRE_NAMES

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@attrs.frozen
class Parameters:
    """The parameters of a function that a model can call."""

    signature: inspect.Signature
    schema: Schema
    _names: Mapping[str, str]
    """The parameters by the names that models know them by, where those are others."""
    _forms: Mapping[str, Form]
    _others: Form | None
    """The form of what `**` takes; None without it."""
    _defaults: Mapping[str, Callable[[], Any]]
    """Makes the defaults that Python does not know: those in `x: int = Field(3)`."""

    @property
    def takes_any(self) -> bool:
        """Whether the function takes every name."""
        return self._others is not None

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments for a call, made of JSON.

        Raises:
            MisfitError: the function can't be called with them; the text names all that is wrong.
        """
        made: dict[str, Any] = {}
        wrong = []
        for told, value in given.items():
            name = self._names.get(told, told)
            form = self._forms.get(name) or self._others or ANYTHING
            try:
                made[name] = form.read(value, True)
            except MisfitError as error:
                wrong.append(str(error.within(f".{name}")))
            except RecursionError:
                wrong.append(f"{name}: it is nested too deeply")
        if wrong:
            raise MisfitError("; ".join(wrong))
        made |= {name: make() for name, make in self._defaults.items() if name not in made}
        try:
            self.signature.bind(**made)
        except TypeError as error:
            raise MisfitError(str(error)) from None
        return made


def read_parameters(function: Callable[..., Any], descriptions: Mapping[str, str]) -> Parameters:
    """Find out what a function takes; `descriptions` are those of its docstring.

    Raises:
        ValueError: nothing is known of its parameters.
    """
    signature = read_signature(function)
    is_class = isinstance(function, type)
    hints = read_hints(getattr(function, "__init__", function) if is_class else function)
    forms = Forms()
    made: dict[str, Form] = {}
    others = None
    defaults: dict[str, Callable[[], Any]] = {}
    required = []
    for name, parameter in signature.parameters.items():
        hint, default = hints.get(name, Any), parameter.default
        if parameter.kind is parameter.VAR_KEYWORD:
            others = forms.of(hint)
        if parameter.kind not in _NAMED:
            continue
        if (field := read_field(default)) is not None:
            hint = Annotated[hint, field]
            default = parameter.empty
            if not field.is_required():
                default = field.default
                defaults[name] = partial(field.get_default, call_default_factory=True)
        if default is parameter.empty:
            required.append(name)
        form = forms.of(hint)
        if default is None:
            form = nullable(form)
        if "description" not in form.schema:
            form = describe_form(form, descriptions.get(name))
        made[name] = attrs.evolve(form, schema={**form.schema, **read_default(default)})
    # Anthropic refuses a request in which one parameter of one tool has a letter of another
    # language in its name.
    told = {name: WIRE_NAMES.apply(name) for name in made}
    schema: Schema = {
        "type": "object",
        "properties": {told[name]: form.schema for name, form in made.items()},
        "required": [told[name] for name in required],
    }
    if forms.schemas:
        schema["$defs"] = forms.schemas
    names = {shown: name for name, shown in told.items() if shown != name}
    return Parameters(signature, schema, names, made, others, defaults)
