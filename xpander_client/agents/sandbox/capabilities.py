"""What an agent may use of the host: functions, classes and modules that its owner opened."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal, TypeVar

import attrs

from xpander_client.agents.types.reserved_names import RESERVED
from xpander_client.errors import ArgumentError

T = TypeVar("T")

Visibility = Literal["high", "medium", "low"]
Pattern = str | Callable[[str], bool]
Patterns = Pattern | Iterable[Pattern]
"""Names, glob patterns, or functions that tell whether a name is meant."""

OPERATORS = frozenset(
    f"__{name}__"
    for name in (
        *("getitem", "setitem", "delitem", "len", "contains", "iter", "str", "repr", "abs"),
        *("neg", "pos", "invert", "add", "sub", "mul", "truediv", "floordiv", "mod", "pow"),
        *("matmul", "and", "or", "xor", "lt", "le", "gt", "ge", "eq", "ne"),
    )
)
"""What agent code may do with objects of an open class by `on_host`, besides the operators and
builtins themselves."""


@attrs.frozen
class MemberSpec:
    """What holds for one member of a class or module, where it differs from the rest."""

    visibility: Visibility | None = None
    docstring: str | None = None
    constructable: bool | None = None


def is_async(function: object) -> bool:
    """Tell whether calling it gives something to await."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004  # an object with an async __call__
    )


def _patterns(value: Patterns) -> tuple[Pattern, ...]:
    return (value,) if isinstance(value, str) or callable(value) else tuple(value)


def _matches(path: str, patterns: tuple[Pattern, ...]) -> bool:
    return any(
        fnmatchcase(path, pattern) if isinstance(pattern, str) else pattern(path)
        for pattern in patterns
    )


def _visibility(instance: object, attribute: Any, value: object) -> None:
    if value not in ("high", "medium", "low"):
        raise ArgumentError(f"visibility {value!r} is none of 'high', 'medium' and 'low'")


@attrs.frozen
class HostFunction:
    """A function that agent code may call by `name`."""

    name: str
    function: Callable[..., Any] = attrs.field(repr=False)
    visibility: Visibility = attrs.field(default="high", validator=_visibility)
    docstring: str | None = None

    @property
    def is_async(self) -> bool:
        """Whether it has to be awaited."""
        return is_async(self.function)


@attrs.frozen
class HostClass:
    """A class whose objects agent code may use, and perhaps make.

    `include` and `exclude` are names or glob patterns of members; what `configure` names is open in
    any case.
    """

    name: str
    cls: type[Any]
    visibility: Visibility = attrs.field(default="high", validator=_visibility)
    constructable: bool = True
    include: tuple[Pattern, ...] = attrs.field(default=("*",), converter=_patterns)
    exclude: tuple[Pattern, ...] = attrs.field(default=("_*",), converter=_patterns)
    configure: Mapping[str, MemberSpec] = attrs.field(factory=dict, repr=False)
    docstring: str | None = None
    exception_mappings: Mapping[type[BaseException], type[BaseException]] = attrs.field(
        factory=dict, repr=False
    )
    prefix: str = ""
    """Where `include` and `exclude` are those of a module: the path of this class in it."""

    def is_open(self, member: str) -> bool:
        """Tell whether agent code may use this member."""
        if member in self.configure:
            return True
        if member.startswith("__") and member not in self.include:
            # Whatever the patterns are: these lead to how Python itself works.
            return False
        path = self.prefix + member
        included = _matches(path, self.include) or (
            bool(self.prefix) and self.prefix[:-1] in self.include
        )
        return included and not (_matches(path, self.exclude) and path not in self.include)

    def members(self) -> list[str]:
        """List the open members that the class itself has, methods and properties, sorted."""
        return sorted(
            name for name in dir(self.cls) if self.is_open(name) and name not in OPERATORS
        )


@attrs.frozen
class HostModule:
    """A module that agent code may import by `name`, or an object that it may use by it."""

    name: str
    target: Any = attrs.field(repr=False)
    visibility: Visibility = attrs.field(default="high", validator=_visibility)
    include: tuple[Pattern, ...] = attrs.field(default=("*",), converter=_patterns)
    exclude: tuple[Pattern, ...] = attrs.field(default=("_*", "*._*"), converter=_patterns)
    configure: Mapping[str, MemberSpec] = attrs.field(factory=dict, repr=False)
    exception_mappings: Mapping[type[BaseException], type[BaseException]] = attrs.field(
        factory=dict, repr=False
    )
    recursive: bool = False
    docstring: str | None = None

    @property
    def is_instance(self) -> bool:
        """Whether it is an object rather than a module."""
        return not isinstance(self.target, ModuleType)

    def is_open(self, path: str) -> bool:
        """Tell whether agent code may use what is at this path in the module, as `Image.crop`."""
        if path in self.configure:
            return True
        last = path.rpartition(".")[2]
        if last.startswith("__") and path not in self.include:
            return False
        included = _matches(path, self.include)
        return included and not (_matches(path, self.exclude) and path not in self.include)

    def as_class(self, owner: type[Any], path: str) -> HostClass:
        """Return what is open of a class that stands in this module."""
        spec = self.configure.get(path, MemberSpec())
        inner = f"{path}."
        return HostClass(
            name=path.rpartition(".")[2],
            cls=owner,
            visibility=spec.visibility or self.visibility,
            constructable=True if spec.constructable is None else spec.constructable,
            include=self.include,
            exclude=self.exclude,
            configure={
                name.removeprefix(inner): value
                for name, value in self.configure.items()
                if name.startswith(inner)
            },
            docstring=spec.docstring,
            exception_mappings=self.exception_mappings,
            prefix=inner,
        )

    def as_instance(self) -> HostClass:
        """Return what is open of the object, where this is one."""
        return HostClass(
            name=self.name,
            cls=type(self.target),
            visibility=self.visibility,
            constructable=False,
            include=self.include,
            exclude=self.exclude,
            configure=self.configure,
            docstring=self.docstring,
            exception_mappings=self.exception_mappings,
        )


@attrs.define
class Capabilities:
    """All that one agent has opened, by name. Adding under a name that is there replaces it."""

    functions: dict[str, HostFunction] = attrs.field(factory=dict)
    classes: dict[str, HostClass] = attrs.field(factory=dict)
    modules: dict[str, HostModule] = attrs.field(factory=dict)
    changes: int = 0
    """Counts what was added."""
    variables: frozenset[str] = frozenset()
    """Names that sessions begin with, so that they would hide what is opened under them."""
    _derived: dict[str, tuple[int, Any]] = attrs.field(
        factory=dict, init=False, repr=False, eq=False
    )

    def derive(self, name: str, make: Callable[[Capabilities], T]) -> T:
        """Return what `make` makes of all this, made again only when something was added."""
        kept = self._derived.get(name)
        if kept is None or kept[0] != self.changes:
            kept = (self.changes, make(self))
            self._derived[name] = kept
        made: T = kept[1]
        return made

    def _free(self, name: str) -> str:
        if name in self.variables:
            raise ArgumentError(
                f"The name '{name}' is that of a variable in the state's init, which would hide it."
            )
        return _check_name(name)

    def add_function(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        docstring: str | None = None,
    ) -> HostFunction:
        """Open a function.

        Raises:
            ArgumentError: the name is reserved, or no name of Python's.
        """
        if not callable(function):
            raise ArgumentError(f"{function!r} is no function")
        called: str = name or str(getattr(function, "__name__", ""))
        opened = HostFunction(self._free(called), function, visibility, docstring)
        self.functions[called] = opened
        self.changes += 1
        return opened

    def add_class(
        self,
        cls: type[Any],
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        constructable: bool = True,
        include: Patterns = "*",
        exclude: Patterns = "_*",
        configure: Mapping[str, MemberSpec] | None = None,
    ) -> HostClass:
        """Open a class.

        Raises:
            ArgumentError: it is no class, or the name is reserved.
        """
        if not isinstance(cls, type):
            raise ArgumentError(f"{cls!r} is no class")
        opened = HostClass(
            name=self._free(name or cls.__name__),
            cls=cls,
            visibility=visibility,
            constructable=constructable,
            include=include,
            exclude=exclude,
            configure=dict(configure or {}),
        )
        self.classes[opened.name] = opened
        self.changes += 1
        return opened

    def add_module(
        self,
        target: Any,
        *,
        name: str | None = None,
        visibility: Visibility = "high",
        include: Patterns = "*",
        exclude: Patterns = ("_*", "*._*"),
        configure: Mapping[str, MemberSpec] | None = None,
        exception_mappings: Mapping[type[BaseException], type[BaseException]] | None = None,
        recursive: bool = False,
    ) -> HostModule:
        """Open a module, or an object under a name.

        Raises:
            TypeError: an object without a name, or with `recursive`.
            ArgumentError: the name is reserved, or no name of Python's.
        """
        if not isinstance(target, ModuleType):
            if name is None:
                raise TypeError(
                    "The 'name' parameter is required when registering an instance object."
                )
            if recursive:
                raise TypeError("The 'recursive' parameter is for modules, not for an object.")
        called: str = name or target.__name__
        for part in called.split("."):
            _check_name(part)
        self._free(called.partition(".")[0])
        opened = HostModule(
            name=called,
            target=target,
            visibility=visibility,
            include=include,
            exclude=exclude,
            configure=dict(configure or {}),
            exception_mappings=dict(exception_mappings or {}),
            recursive=recursive,
        )
        self.modules[called] = opened
        self.changes += 1
        return opened


@lru_cache(maxsize=4096)
def _check_name(name: str) -> str:
    if name in RESERVED:
        raise ArgumentError(f"The name '{name}' is reserved and cannot be registered.")
    if not name.isidentifier():
        raise ArgumentError(f"{name!r} can't be a name in agent code")
    return name
