"""What goes into the wheel, and what the files around the package say."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_package_and_nothing_beside_it(wheel: zipfile.ZipFile) -> None:
    top = {name.partition("/")[0] for name in wheel.namelist()}
    assert top == {"xpander_client", "xpander_client-0.1.0.dist-info"}


def test_the_wheel_holds_every_module_and_says_that_it_is_typed(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "xpander_client").rglob("*.py")}
    assert {"xpander_client/py.typed", "xpander_client/compat/names.toml"} <= names
    assert sources - names == set()


def test_the_extra_all_holds_every_extra_but_a_database_frameworks_and_single_providers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    (whole,) = extras["all"]
    named = whole.removeprefix("xpander-client[").removesuffix("]").split(",")
    single = {name for name in extras if name.startswith("agents-")}
    frameworks = {"openai-agents", "langchain", "google-adk", "strands"}
    assert set(named) == set(extras) - single - frameworks - {"all", "pg-dev"}


def test_the_command_and_the_python_versions_are_in_the_metadata(wheel: zipfile.ZipFile) -> None:
    entry_points = wheel.read("xpander_client-0.1.0.dist-info/entry_points.txt").decode()
    assert "xpander-client = xpander_client.cli:main" in entry_points
    metadata = Parser().parsestr(wheel.read("xpander_client-0.1.0.dist-info/METADATA").decode())
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


def test_the_readme_gives_a_reason_for_each_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    readme = (ROOT / "README.md").read_text()
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"], *(r for name in extras for r in extras[name])]
    names = {r.partition(">")[0].partition("[")[0] for r in requirements} - {"xpander-client"}
    assert {name for name in names if f"`{name}`" not in readme} == set()


@pytest.mark.parametrize(
    "script", ["scripts/test", "scripts/quickstart", "scripts/bench", "scripts/tox", ".ci/run"]
)
def test_each_script_can_be_executed_and_stops_at_the_first_failure(script: str) -> None:
    file = ROOT / script
    assert file.stat().st_mode & 0o111
    text = file.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
