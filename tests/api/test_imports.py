"""Names are loaded when they are used, and data never brings the transport along."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import attrs
import pytest

from xpander_client import api
from xpander_client.api import models

MODELS = sorted(module.name for module in pkgutil.iter_modules(models.__path__))


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_importing_the_api_loads_nothing_heavy() -> None:
    loaded = loaded_by("import xpander_client.api")
    assert not {"httpx", "attrs", "cattrs", "orjson", "tenacity"} & loaded
    assert "xpander_client.api.models.user" not in loaded


def test_importing_all_models_never_loads_the_transport() -> None:
    loaded = loaded_by(
        "import xpander_client.api.models as models\n"
        "for name in models.__all__: getattr(models, name)"
    )
    assert "xpander_client.api.models.task_update" in loaded
    assert not [name for name in loaded if name.startswith(("httpx", "xpander_client.transport"))]
    assert "xpander_client.api.resources" not in loaded


def test_plans_are_made_without_the_transport() -> None:
    loaded = loaded_by("from xpander_client.api.requests import tasks, agents, workers")
    assert not [name for name in loaded if name.startswith(("httpx", "xpander_client.transport"))]


def test_calls_load_the_models_that_they_need() -> None:
    loaded = loaded_by("from xpander_client import Tasks, Threads, Workers")
    kinds = [getattr(models, name) for name in dir(models)]
    data = {kind.__module__ for kind in kinds if isinstance(kind, type) and attrs.has(kind)}
    assert "xpander_client.api.models.task_create" in data
    assert "xpander_client.api.resources.task" in loaded
    assert not data & loaded


def test_what_few_calls_need_is_not_loaded_with_all_of_them() -> None:
    loaded = loaded_by("from xpander_client import Tasks")
    rare = {"asyncio", "base64", "email", "hashlib", "http", "logging", "random", "socket", "ssl"}
    assert not (rare | {"tenacity", "xpander_client.core.prompts.download"}) & loaded


@pytest.mark.parametrize(
    "module", [api, models, importlib.import_module("xpander_client.api.resources")]
)
def test_every_exported_name_exists(module: object) -> None:
    names: list[str] = module.__all__  # type: ignore[attr-defined]  # a module's own list
    assert names == sorted(set(names))
    assert all(getattr(module, name).__name__ == name for name in names)
    assert set(names) <= set(dir(module))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Taks'"):
        _ = api.Taks  # type: ignore[attr-defined]  # type checkers see it, too


@pytest.mark.parametrize("name", MODELS)
def test_a_model_can_be_imported_first(name: str) -> None:
    # Each alone: no order of imports may matter.
    program = f"import xpander_client.api.models.{name}"
    assert f"xpander_client.api.models.{name}" in loaded_by(program)
