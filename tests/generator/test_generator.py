"""The specification is sound, what is checked in is what it says, and printing is repeatable."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate
from ruamel.yaml import YAML

from generator import generate, literals, naming
from generator.__main__ import main
from generator.document import METHODS
from generator.import_paths import read_lacking_attributes
from generator.output import compare, write
from generator.vocabulary import EXTENSIONS

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "openapi.yaml"
API = ROOT / "xpander_client" / "api"
NAMES = ROOT / "xpander_client" / "compat" / "names.toml"


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(SPEC.read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return generate(SPEC, "xpander_client", read_lacking_attributes(NAMES))


def test_the_specification_is_valid(spec: dict[str, Any]) -> None:
    validate(spec)


def test_the_extensions_are_explained_where_they_are_used(spec: dict[str, Any]) -> None:
    known = {name for names in EXTENSIONS.values() for name in names}
    assert set(re.findall(r"`(x-[a-z-]+)`", spec["info"]["description"])) == known


@pytest.mark.parametrize("module", [naming, literals], ids=lambda module: module.__name__)
def test_the_examples_of_the_generator_show_what_happens(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_every_operation_tells_its_errors_and_shows_an_example(spec: dict[str, Any]) -> None:
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            where = f"{method} {path}"
            assert {"401", "403", "429", "503"} <= operation["responses"].keys(), where
            assert ("413" in operation["responses"]) == ("requestBody" in operation), where
            assert "x-example" in operation, where


def test_every_schema_property_and_parameter_is_described(spec: dict[str, Any]) -> None:
    silent = [
        f"{name}.{wire}"
        for name, schema in spec["components"]["schemas"].items()
        for wire, found in schema.get("properties", {}).items()
        if not found.get("description") and "$ref" not in found
    ]
    silent += [
        name
        for name, schema in spec["components"]["schemas"].items()
        if not schema.get("description")
    ]
    silent += [
        name
        for name, found in spec["components"]["parameters"].items()
        if not found.get("description")
    ]
    assert silent == []


@pytest.mark.slow
def test_what_is_checked_in_is_what_the_specification_says() -> None:
    assert main(["--check"]) == 0


@pytest.mark.slow
def test_printing_twice_gives_the_same(files: dict[str, str]) -> None:
    # Another process has other hashes of strings.
    program = (
        "import hashlib, pathlib, generator;"
        f"files = generator.generate(pathlib.Path({str(SPEC)!r}), 'xpander_client');"
        "print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_no_file_shows_an_object_instead_of_its_text(files: dict[str, str]) -> None:
    assert [
        path for path, text in files.items() if re.search(r"object at 0x|<.*Untrusted", text)
    ] == []


def test_a_changed_specification_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "openapi.yaml"
    changed.write_text(
        SPEC.read_text("utf-8").replace("summary: Get a task as it is now.", "summary: Fetch it."),
        "utf-8",
    )
    assert main(["--check", "--spec", str(changed)]) == 1
    printed = capsys.readouterr().out
    assert '-        """Get a task as it is now.' in printed
    assert '+        """Fetch it.' in printed
    assert "resources/tasks.py" in printed


@pytest.mark.slow
def test_a_file_edited_by_hand_is_found(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(API, tmp_path / "api", ignore=shutil.ignore_patterns("__pycache__"))
    edited = tmp_path / "api" / "models" / "user.py"
    edited.write_text(edited.read_text("utf-8") + "\nEXTRA = 1\n", "utf-8")
    assert main(["--check", "--output", str(tmp_path / "api")]) == 1
    assert "-EXTRA = 1" in capsys.readouterr().out
    write(files, tmp_path / "api")
    assert main(["--check", "--output", str(tmp_path / "api")]) == 0


def test_a_file_that_is_missing_or_left_over_is_found(
    files: dict[str, str], tmp_path: Path
) -> None:
    write(files, tmp_path)
    assert compare(files, tmp_path) == ""
    (tmp_path / "models" / "old.py").write_text("OLD = 1\n", "utf-8")
    (tmp_path / "models" / "user.py").unlink()
    found = compare(files, tmp_path)
    assert "models/old.py: no longer generated" in found
    assert "+class User(Model):" in found
    write(files, tmp_path)
    assert compare(files, tmp_path) == ""


def test_checking_changes_nothing(tmp_path: Path) -> None:
    assert main(["--check", "--output", str(tmp_path / "api")]) == 1
    assert not (tmp_path / "api").exists()


def test_the_specification_is_one_that_every_yaml_reader_takes() -> None:
    """SnakeYAML refuses more than 50 aliases of collections, other readers more than 100."""
    events = list(yaml.parse(SPEC.read_text(encoding="utf-8")))
    assert sum(isinstance(event, yaml.AliasEvent) for event in events) <= 50
