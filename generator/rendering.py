"""Prints a description with the templates, and has ruff format what came out."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from openapi_python_client import Project

from generator import documentation, printing
from generator.docstrings import print_comment, print_docstring
from generator.literals import print_literal
from generator.views import Api

RUNTIME = "xpander_client"


def render(
    api: Api, project: Project, package: str, lacking: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return the files of a package: formatted text by path."""
    environment = project.env
    environment.undefined = StrictUndefined
    environment.filters["literal"] = print_literal
    data_names = printing.name_data(api)
    known: dict[str, Any] = environment.globals  # jinja's annotation allows its own only
    known.update(
        api=api,
        data_names=data_names,
        names=data_names | printing.LIST,
        print_comment=print_comment,
        print_docstring=print_docstring,
        package=package,
        printing=printing,
        runtime=RUNTIME,
        documentation=documentation,
        lacking_attributes=lacking,
    )
    files: dict[str, str] = {}

    def add(path: str, template: str, **context: Any) -> None:
        files[path] = environment.get_template(template).render(**context)

    models = {each.name: each.module for each in api.models}
    models |= {each.name: each.module for each in api.enumerations}
    literals = printing.collect_literals(api)
    resources = {each.name: each.module for each in api.resources}
    for collection in api.collections:
        resources[collection.name] = collection.module
        resources[f"{collection.name}WithRawResponse"] = collection.module
    streams = printing.collect_streams(api)
    resources |= {kind.name: "event_kinds" for stream in streams for kind in stream.kinds}
    add(
        "__init__.py",
        "lazy_init.py.jinja",
        about=f"{api.title}: models, and the resources that speak of them.",
        exports={
            **{name: f".models.{module}" for name, module in models.items()},
            **{name: f".resources.{module}" for name, module in resources.items()},
        },
    )
    add(
        "models/__init__.py",
        "lazy_init.py.jinja",
        about="Data as it goes over the wire.",
        exports={name: f".{module}" for name, module in models.items()},
    )
    for model in api.models:
        add(f"models/{model.module}.py", "data.py.jinja", model=model)
    for enumeration in api.enumerations:
        add(
            f"models/{enumeration.module}.py",
            "enumeration.py.jinja",
            enumeration=enumeration,
            has_literal=enumeration.name in literals,
        )
    if api.collections:
        add("requests/__init__.py", "requests_init.py.jinja")
        add(
            "resources/__init__.py",
            "lazy_init.py.jinja",
            about="Objects that call the platform.",
            exports={name: f".{module}" for name, module in resources.items()},
        )
    for collection in api.collections:
        add(f"requests/{collection.module}.py", "requests.py.jinja", collection=collection)
        add(f"resources/{collection.module}.py", "collection.py.jinja", collection=collection)
    for model in api.resources:
        add(f"resources/{model.module}.py", "resource.py.jinja", model=model)
    if streams:
        add("resources/streams.py", "streams.py.jinja", streams=streams)
    if any(stream.kinds for stream in streams):
        add("resources/event_kinds.py", "event_kinds.py.jinja", streams=streams)
    return format_files(files)


def format_files(files: dict[str, str]) -> dict[str, str]:
    """Return the files as ruff formats them, imports sorted, whatever the project around says."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        settings = ["--isolated", "--no-cache", "--target-version=py311"]
        settings += ["--config=line-length=100", "."]
        order = f"known-first-party=['{RUNTIME}'], combine-as-imports=true"
        order = f"--config=lint.isort={{{order}}}"
        _run_ruff(["check", "--fix-only", "--select=F401,I,RUF022", order, *settings], root)
        _run_ruff(["format", "--config=format.docstring-code-format=true", *settings], root)
        return {path: (root / path).read_text(encoding="utf-8") for path in sorted(files)}


def _run_ruff(arguments: list[str], directory: Path) -> None:
    command = [sys.executable, "-m", "ruff", *arguments]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"ruff {arguments[0]} failed:\n{done.stdout}{done.stderr}")
