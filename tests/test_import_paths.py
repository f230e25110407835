"""Each name of the official packages is what the table of names says, or says what to use."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import xpander_client
import xpander_client.agents
import xpander_client.background
import xpander_client.legacy
from xpander_client.lacking import read_table

TABLE = read_table()
INSTEAD = {name: group["say"].strip() for group in TABLE["instead"] for name in group["names"]}
PACKAGES = {
    "xpander_sdk": "xpander_client",
    "xpander_sdk_1": "xpander_client.compat.xpander_sdk_1",
    "xpander_utils": "xpander_client.compat.xpander_utils",
    "agex": "xpander_client.agents",
    "nekro_agent": "xpander_client.background",
}
MODULES = {
    ".".join(filter(None, (package, path))): names
    for official, package in PACKAGES.items()
    for path, names in TABLE[official].items()
}


def walk_names() -> Iterator[tuple[str, str, str]]:
    """Yield each name that is here, with its import path and the module that has it."""
    for path, names in MODULES.items():
        for home, listed in names.items():
            if home != "lacks":
                module = "xpander_client" if home == "package" else f"xpander_client.{home}"
                yield from ((path, name, module) for name in listed)


def walk_lacking() -> Iterator[tuple[str, str]]:
    for path, names in MODULES.items():
        yield from ((path, name) for name in names.get("lacks", ()))
    # Names of version 1.x are told of by the package itself as well, but for TypeScript's IName.
    known = {*vars(xpander_client)["__all__"], *TABLE["xpander_sdk"][""]["lacks"]}
    for name in TABLE["xpander_sdk_1"][""]["lacks"]:
        yield "xpander_client.legacy", name
        if name not in known and not re.match("I[A-Z]", name):
            yield "xpander_client", name


@pytest.mark.parametrize("path", MODULES)
def test_a_name_that_is_here_is_the_same_thing_by_its_path(path: str) -> None:
    for by, name, home in walk_names():
        if by == path:
            assert getattr(import_module(path), name) is getattr(import_module(home), name)


@pytest.mark.parametrize("path", MODULES)
def test_a_path_lists_the_names_that_are_here_and_no_others(path: str) -> None:
    listed = {name for by, name, _ in walk_names() if by == path}
    offered = set(vars(import_module(path))["__all__"])
    if path in ("xpander_client", "xpander_client.agents", "xpander_client.background"):
        assert listed <= offered  # it has names of its own besides
    else:
        assert listed == offered


@pytest.mark.parametrize("path", sorted({path for path, _ in walk_lacking()}))
def test_a_name_that_is_not_here_is_an_import_error_that_says_what_to_use(path: str) -> None:
    for by, name in walk_lacking():
        if by == path:
            with pytest.raises(ImportError) as raised:
                exec(f"from {path} import {name}", {})
            assert str(raised.value) == f"xpander_client has no {name}: {INSTEAD[name]}"
            assert raised.value.name == path
            assert name not in dir(import_module(path))


def test_no_name_stands_as_lacking_that_is_here() -> None:
    """Once it is: move it in `compat/names.toml`, and run `python -m generator`."""
    here: dict[str, Any] = {
        "xpander_client": vars(xpander_client)["__all__"],
        "xpander_client.compat.xpander_sdk_1": vars(xpander_client.legacy)["__all__"],
        "xpander_client.legacy": vars(xpander_client.legacy)["__all__"],
        "xpander_client.agents": vars(xpander_client.agents)["__all__"],
        "xpander_client.background": vars(xpander_client.background)["__all__"],
    }
    elsewhere = {  # other classes of these names
        ("xpander_client.models.events", "Task"),
        ("xpander_client.modules.agents.models.agent", "AgentGraphItemSubType"),
        ("xpander_client.modules.agents.models.agent", "AgentGraphItemType"),
    }
    late = {
        (path, name)
        for path, name in walk_lacking()
        if name in here.get(path, here["xpander_client"])
    }
    assert late == elsewhere


def test_a_name_of_version_1_that_clashes_with_none_is_in_the_package_itself() -> None:
    official = TABLE["xpander_sdk"][""]
    clashes = {"ToolCallResult", *(name for listed in official.values() for name in listed)}
    for path, name, home in walk_names():
        if path == PACKAGES["xpander_sdk_1"] and name not in clashes:
            assert getattr(xpander_client, name) is getattr(import_module(home), name)


@pytest.mark.parametrize("path", ["xpander_client", "xpander_client.legacy"])
def test_a_package_knows_the_names_that_are_not_here_and_no_others(path: str) -> None:
    known = vars(import_module(path))["_LACKING"]
    assert sorted(known) == sorted(name for by, name in walk_lacking() if by == path)


def test_each_name_that_is_not_here_is_told_of_once() -> None:
    told = [name for group in TABLE["instead"] for name in group["names"]]
    assert sorted(told) == sorted(set(told))
    assert {name for _, name in walk_lacking()} == {name for name in told if name.isidentifier()}


def test_other_names_are_missing_as_ever() -> None:
    for path in MODULES:
        module = import_module(path)
        assert not hasattr(module, "NoSuchName")
        with pytest.raises(ImportError, match="cannot import name 'NoSuchName'"):
            exec(f"from {path} import NoSuchName", {})


def test_no_path_loads_anything_before_a_name_is_used() -> None:
    code = (
        "import sys, json, importlib; [importlib.import_module(name) for name in sys.argv[1:]];"
        "print(json.dumps(sorted(sys.modules)))"
    )
    paths = [path for path in MODULES if not path.startswith("xpander_client.compat")]
    done = subprocess.run(
        [sys.executable, "-c", code, *paths],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    ours = {name for name in json.loads(done.stdout) if name.startswith("xpander_client")}
    packages = {path.rsplit(".", depth)[0] for path in paths for depth in range(path.count("."))}
    assert ours == packages | {"xpander_client", "xpander_client.lazy"}


def test_the_test_task_of_the_page_is_made_as_printed() -> None:
    namespace: dict[str, object] = {}
    exec(
        """
from xpander_client import on_task
from xpander_client.modules.tasks.models.task import LocalTaskTest, AgentExecutionInput
from xpander_client.models.shared import OutputFormat

local_test_task = LocalTaskTest(
    input=AgentExecutionInput(text="What can you do?"),
    output_format=OutputFormat.Json,
    output_schema={"capabilities": "list of capabilities"},
)
""",
        namespace,
    )
    made = namespace["local_test_task"]
    assert isinstance(made, xpander_client.LocalTaskTest)
    assert (made.input.text, made.input.files) == ("What can you do?", [])
    assert (made.output_format, made.agent_version) == ("json", None)
    assert made.output_schema == {"capabilities": "list of capabilities"}
