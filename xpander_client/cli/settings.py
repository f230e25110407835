"""What the platform works by, as options and environment variables of what serves it."""

from __future__ import annotations

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import attrs
import typer

from xpander_client.errors import ConfigurationError
from xpander_client.platform.foundation.settings import Settings

EPILOG = (
    "TIME is in seconds, or has one of the units s, m, h and d; SIZE is in bytes, or in KiB, MiB "
    "or GiB; where there can be none, `none` says so. Each of these options has an environment "
    "variable as well: --keep-events is XPANDER_KEEP_EVENTS."
)

_TIMES: Mapping[str, float] = {"d": 24 * 3600.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_SIZES: Mapping[str, float] = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10}
_UNITS = {"TIME": _TIMES, "SIZE": _SIZES}
_NUMBER = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)", re.ASCII)

_LONGEST = 100 * 365 * _TIMES["d"]
_LARGEST = 1 << 40


@attrs.frozen
class _Option:
    """An option for a setting: `unit` is what stands for its value in the help."""

    name: str
    unit: str
    help: str
    default: Any
    least: float
    is_whole: bool
    is_optional: bool

    @classmethod
    def of(cls, setting: attrs.Attribute[Any]) -> _Option:
        hint = typing.get_type_hints(Settings)[setting.name]
        kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        said = setting.metadata
        unit = "N" if int in kinds else "TIME" if float in kinds else ""
        return cls(
            setting.name,
            said.get("unit", unit),
            said.get("help", ""),
            getattr(Settings(), setting.name),
            said.get("least", 1 if int in kinds else 0.01),
            int in kinds,
            type(None) in kinds,
        )

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return f"XPANDER_{self.name.upper()}"

    def parameter(self) -> inspect.Parameter:
        """Return the option, as typer takes it."""
        is_flag = isinstance(self.default, bool)
        shown = "" if is_flag else f" [default: {self._format(self.default)}]"
        option = typer.Option(
            self.flag,
            envvar=self.variable,
            metavar=None if is_flag else self.unit,
            help=self.help + shown,
            show_default=False,
            show_envvar=False,
        )
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if is_flag else None,
            annotation=Annotated[bool if is_flag else str | None, option],
        )

    def read(self, text: str) -> Any:
        """Convert the text of an option into its value.

        Raises:
            ConfigurationError: it can't be one.
        """
        text = text.strip()
        if isinstance(self.default, tuple):
            return tuple(filter(None, map(str.strip, text.split(","))))
        if self.is_optional and text == "none":
            return None
        units = _UNITS.get(self.unit, {})
        found = _NUMBER.fullmatch(text)
        most = {"TIME": _LONGEST, "SIZE": _LARGEST}.get(self.unit, 1_000_000_000)
        if found is not None and (not found[2] or found[2] in units):
            value = float(found[1]) * units.get(found[2], 1)
            if self.least <= value <= most and not (self.is_whole and value % 1):
                return int(value) if self.is_whole else value
        raise ConfigurationError(
            f"{self.flag} ({self.variable}) can't be {text!r}: give "
            f"{self._format(self.least)} to {self._format(most)}, as in {self._example()}"
            + (", or none" if self.is_optional else "")
        )

    def _example(self) -> str:
        return {"TIME": "90, 15m or 7d", "SIZE": "65536 or 10MiB"}.get(self.unit, "10")

    def _format(self, value: Any) -> str:
        if value is None or value == ():
            return "none"
        for unit, size in _UNITS.get(self.unit, {}).items():
            if value and value % size == 0:
                return f"{value / size:g}{unit}"
        return f"{value:g}" if isinstance(value, float) else str(value)


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting; it is called with all of them as `settings`."""
    options = [_Option.of(setting) for setting in attrs.fields(Settings)]
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        said = {option: given.pop(option.name) for option in options}
        settings = {
            option.name: option.read(value) if isinstance(value, str) else value
            for option, value in said.items()
            if value is not None
        }
        command(**given, settings=Settings(**settings))

    own = [each for each in signature.parameters.values() if each.name != "settings"]
    by_name = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    parameters = [*by_name, *(option.parameter() for option in options)]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run
