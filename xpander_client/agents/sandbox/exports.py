"""Capabilities in the form the sandbox needs: names to functions, types to their open members.

Made once for each change of an agent's capabilities, and shared by all its sessions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Set
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import attrs

from xpander_client.agents.sandbox.capabilities import Capabilities, HostClass, HostModule, is_async
from xpander_client.agents.sandbox.wire_types import find_type_id, wrap_class, wrap_object

if TYPE_CHECKING:
    from pydantic_monty import ExternalModule


_DEEPEST = 4
"""How far below a module that was opened with `recursive` its submodules are open, too."""

INTERPRETER_MODULES = frozenset(
    {
        *("asyncio", "base64", "binascii", "bisect", "collections", "copy", "csv", "dataclasses"),
        *("datetime", "decimal", "functools", "gc", "hashlib", "itertools", "json", "math", "os"),
        *("pathlib", "posixpath", "random", "re", "sys", "time", "tomllib", "typing"),
        "unicodedata",
    }
)
"""Names of modules that the interpreter has itself, and takes from nobody else."""
INTERPRETER_BUILTINS = frozenset(
    {
        *("abs", "all", "any", "bin", "bool", "bytes", "chr", "complex", "dict", "divmod"),
        *("enumerate", "eval", "exec", "filter", "float", "format", "frozenset", "getattr"),
        *("hasattr", "hash", "hex", "id", "int", "isinstance", "iter", "len", "list", "locals"),
        *("map", "max", "min", "next", "object", "oct", "open", "ord", "pow", "property", "range"),
        *("repr", "reversed", "round", "set", "setattr", "slice", "sorted", "str", "sum", "tuple"),
        *("type", "zip"),
    }
)
"""Names that the interpreter does not ask the host for, as it has a meaning for them."""


@attrs.frozen
class Target:
    """Something that agent code can call."""

    name: str
    function: Callable[..., Any]
    is_async: bool = False
    exception_mappings: Mapping[type[BaseException], type[BaseException]] = attrs.field(
        factory=dict, repr=False
    )


@attrs.define
class Openings:
    """What agent code can reach by a name, an import or an object's class."""

    functions: dict[str, Target] = attrs.field(factory=dict)
    """Functions by the name they are called by, those of modules with the module's path."""
    classes: dict[str, HostClass] = attrs.field(factory=dict)
    """Classes by their name in agent code."""
    by_type: dict[type[Any], HostClass] = attrs.field(factory=dict)
    by_id: dict[UUID, HostClass] = attrs.field(factory=dict)
    instances: dict[str, HostModule] = attrs.field(factory=dict)
    by_object: dict[int, HostClass] = attrs.field(factory=dict)
    """What is open of objects that were opened themselves, whatever their class, by `id`."""
    modules: dict[str, Callable[[], ExternalModule]] = attrs.field(factory=dict)
    """What can be imported, by the first part of the path."""
    inner: dict[str, InnerModule] = attrs.field(factory=dict)
    """Modules below others that go in as objects, by their path."""
    inner_by_id: dict[UUID, InnerModule] = attrs.field(factory=dict)
    has_functions: bool = False
    """Whether agent code may call anything but the modules that are open to everybody."""
    has_objects: bool = False
    """Whether agent code may get objects that it can do more with than pass them on."""
    _trees: dict[str, _Tree] = attrs.field(factory=dict)
    _found: dict[type[Any], HostClass | None] = attrs.field(factory=dict)

    def find_class(self, value: object) -> HostClass | None:
        """Return what is open of this object: by itself, or by the nearest of its classes."""
        of_object = self.by_object.get(id(value))
        return of_object if of_object is not None else self.find_type(type(value))

    def over_builtins(self, names: Set[str]) -> frozenset[str]:
        """List those of the names that were opened though they are names of builtins."""
        return frozenset(
            name
            for name in names & INTERPRETER_BUILTINS
            if name in self.functions or name in self.classes or name in self.instances
        )

    def find_type(self, cls: type[Any]) -> HostClass | None:
        """Return what is open of this class's objects: as it was opened, or a class above it."""
        try:
            return self._found[cls]
        except KeyError:
            found = next((self.by_type[one] for one in cls.__mro__ if one in self.by_type), None)
            if len(self._found) < 10_000:
                self._found[cls] = found
            return found


@attrs.define
class _Tree:
    """A module as agent code imports it, with modules below it."""

    members: dict[str, Any] = attrs.field(factory=dict)
    below: dict[str, _Tree] = attrs.field(factory=dict)
    inner: dict[str, InnerModule] = attrs.field(factory=dict)
    objects: dict[str, Any] = attrs.field(factory=dict)
    """The members as they are on the host."""
    exception_mappings: Mapping[type[BaseException], type[BaseException]] = attrs.field(
        factory=dict
    )


class InnerModule:
    """Has what is open of a module as its attributes.

    The interpreter takes no module, at whatever path, that is called like one of its own: no
    `numpy.random`, no `shop.json`. An object may be called so, and its members come to the host.
    """

    __slots__ = ("__dict__", "_id", "_path")

    def __init__(self, path: str, members: Mapping[str, Any]) -> None:
        self._path = path
        self._id = uuid4()
        self.__dict__.update(members)

    def __repr__(self) -> str:
        return f"<module {self._path!r}>"


def derive_openings(capabilities: Capabilities) -> Openings:
    """Return the openings of these capabilities, as they are now."""
    return capabilities.derive("openings", _make_openings)


def _make_openings(capabilities: Capabilities) -> Openings:
    from xpander_client.agents.sandbox.host_modules import standard_modules

    openings = Openings()
    for module in standard_modules():
        if module.name not in capabilities.modules:
            _open_module(openings, module)
    # Classes that were opened by themselves come last, and so win over those found in modules.
    for module in capabilities.modules.values():
        if module.is_instance:
            _open_instance(openings, module)
        else:
            _open_module(openings, module)
    for cls in capabilities.classes.values():
        openings.classes[cls.name] = cls
        openings.by_type[cls.cls] = cls
        openings.by_id[find_type_id(cls.cls)] = cls
    for function in capabilities.functions.values():
        openings.functions[function.name] = Target(
            function.name, function.function, function.is_async
        )
    openings.has_functions = bool(capabilities.functions or capabilities.modules)
    openings.has_objects = bool(openings.by_type or openings.by_object)
    for top, tree in openings._trees.items():
        if top in INTERPRETER_MODULES:
            _inner(openings, tree, top)
            continue
        _hide(openings, tree, top)
        openings.modules[top] = _factory(tree)
    return openings


def _hide(openings: Openings, tree: _Tree, path: str) -> None:
    """Make objects of the modules below this one that the interpreter would not take."""
    for name in [*tree.below]:
        below, whole = tree.below[name], f"{path}.{name}"
        if name in INTERPRETER_MODULES:
            del tree.below[name]
            tree.inner[name] = _inner(openings, below, whole)
        else:
            _hide(openings, below, whole)


def _inner(openings: Openings, tree: _Tree, path: str) -> InnerModule:
    members = {
        **tree.objects,
        **{name: _inner(openings, one, f"{path}.{name}") for name, one in tree.below.items()},
    }
    made = InnerModule(path, members)
    openings.inner[path] = made
    openings.inner_by_id[made._id] = made
    openings.by_object[id(made)] = HostClass(
        name=path,
        cls=InnerModule,
        constructable=False,
        include=members,
        exclude=(),
        exception_mappings=tree.exception_mappings,
    )
    return made


def _factory(tree: _Tree) -> Callable[[], ExternalModule]:
    made: list[ExternalModule] = []

    def module() -> ExternalModule:
        from pydantic_monty import ExternalModule

        def build(tree: _Tree) -> ExternalModule:
            return ExternalModule(
                {
                    **tree.members,
                    **{name: build(below) for name, below in tree.below.items()},
                    **{name: wrap_object(inner, inner._id) for name, inner in tree.inner.items()},
                }
            )

        if not made:
            made.append(build(tree))
        return made[0]

    return module


def _tree(openings: Openings, path: str) -> _Tree:
    top, *rest = path.split(".")
    tree = openings._trees.setdefault(top, _Tree())
    for part in rest:
        tree = tree.below.setdefault(part, _Tree())
    return tree


def _open_instance(openings: Openings, module: HostModule) -> None:
    opened = module.as_instance()
    openings.instances[module.name] = module
    openings.by_object[id(module.target)] = opened
    tree = _tree(openings, module.name)
    for name in opened.members():
        value = getattr(module.target, name, None)
        if callable(value) and not isinstance(value, type):
            path = f"{module.name}.{name}"
            openings.functions[path] = Target(
                path, value, is_async(value), module.exception_mappings
            )
            tree.members[name] = value
        elif type(value) in (str, int, float, bool, bytes, type(None)):
            tree.members[name] = value
        else:
            continue
        tree.objects[name] = value
    tree.exception_mappings = module.exception_mappings


def _open_module(openings: Openings, module: HostModule) -> None:
    names = {module.name}
    own = module.target.__name__
    if "." not in module.name and own not in INTERPRETER_MODULES:
        # `import numpy as np` has to work for a module that was opened as `np`, too.
        names.add(own)
    if module.name in INTERPRETER_MODULES and sys.modules.get(module.name) is module.target:
        # The interpreter's own stands in for it.
        return
    for name in sorted(names):
        _open_names(openings, module, module.target, name, "", _DEEPEST)


def _open_names(
    openings: Openings, module: HostModule, target: ModuleType, path: str, inner: str, depth: int
) -> None:
    tree = _tree(openings, path)
    tree.exception_mappings = module.exception_mappings
    for name, value in _walk_open(module, target, inner):
        within = f"{inner}{name}"
        if isinstance(value, ModuleType):
            if module.recursive and depth and value.__name__.startswith(target.__name__ + "."):
                _open_names(openings, module, value, f"{path}.{name}", f"{within}.", depth - 1)
            continue
        if isinstance(value, type):
            opened = module.as_class(value, within)
            openings.by_type.setdefault(value, opened)
            openings.by_id.setdefault(find_type_id(value), opened)
            tree.members[name] = wrap_class(value)
        elif callable(value):
            called = f"{path}.{name}"
            openings.functions[called] = Target(
                called, value, is_async(value), module.exception_mappings
            )
            tree.members[name] = _Named(called)
        elif type(value) in (str, int, float, bool, bytes, complex, type(None)):
            tree.members[name] = value
        else:
            continue
        tree.objects[name] = value


def open_members(module: HostModule) -> list[tuple[str, Any]]:
    """List what is open of a module, but for modules below it: names and values, sorted."""
    members = _walk_open(module, module.target, "")
    return [(name, value) for name, value in members if not isinstance(value, ModuleType)]


def _walk_open(module: HostModule, target: ModuleType, inner: str) -> Iterator[tuple[str, Any]]:
    for name in _names(target):
        within = f"{inner}{name}"
        if not module.is_open(within):
            continue
        try:
            value = getattr(target, name)
        except Exception:  # a module may load a member only when asked, and fail
            continue
        named = within in module.include or within in module.configure
        if isinstance(value, ModuleType) or _belongs(value, target, name, named=named):
            yield name, value


class _Named:
    """Stands for a function in a module: the call comes to the host under its name."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self) -> None:
        """Is never called: calls are answered by name."""


def _names(target: ModuleType) -> list[str]:
    listed = getattr(target, "__all__", None)
    own = [name for name in vars(target) if not name.startswith("__")]
    return sorted({*own, *(listed or ())})


def _belongs(value: object, target: ModuleType, name: str, *, named: bool) -> bool:
    """Tell whether a module has a member as its own, rather than for having imported it."""
    if named or name in (getattr(target, "__all__", None) or ()):
        return True
    if not (callable(value) or isinstance(value, type)):
        return True
    home = getattr(value, "__module__", None)
    if not isinstance(home, str):
        return True
    if home == "builtins":
        return target.__name__ == "builtins"
    if target.__name__ in sys.stdlib_module_names or "." not in target.__name__:
        top = target.__name__.partition(".")[0]
        return home.lstrip("_").partition(".")[0] == top.lstrip("_")
    return home.partition(".")[0] == target.__name__.partition(".")[0]
