"""The import paths that a table of names becomes."""

from __future__ import annotations

import pytest

from generator.import_paths import print_import_paths

TABLE = """
[xpander_sdk.""]
package = ["Task"]

[xpander_sdk.types]
lacks = ["Other"]

[xpander_sdk."modules.tasks.task"]
api = ["TaskStop"]
package = ["Task", "Tasks"]

[xpander_sdk_1.""]
legacy = ["Agent"]

[xpander_utils.events]
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    table = tmp_path_factory.mktemp("table") / "names.toml"
    table.write_text(TABLE, "utf-8")
    return print_import_paths(table)


def test_each_path_has_a_file_below_a_folder_that_is_printed_whole(
    folders: dict[str, dict[str, str]],
) -> None:
    assert {folder: sorted(files) for folder, files in folders.items()} == {
        "compat/xpander_sdk_1": ["__init__.py"],
        "compat/xpander_utils": ["__init__.py", "events.py"],
        "modules": ["__init__.py", "tasks/__init__.py", "tasks/task.py"],
        "types": ["__init__.py"],
    }


def test_a_module_names_what_it_has_for_type_checkers_and_loads_it_when_it_is_used(
    folders: dict[str, dict[str, str]],
) -> None:
    assert (
        folders["modules"]["tasks/task.py"]
        == '''"""What `xpander_sdk.modules.tasks.task` has, for programs written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpander_client.lazy import attach

if TYPE_CHECKING:
    from xpander_client import Task as Task, Tasks as Tasks
    from xpander_client.api import TaskStop as TaskStop

_HOMES = {
    "xpander_client": ("Task", "Tasks"),
    "xpander_client.api": ("TaskStop",),
}

# Hidden from type checkers: they would take any name for one that exists.
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = attach(__name__, _HOMES)
'''
    )


def test_a_name_that_is_not_here_is_known_as_such(folders: dict[str, dict[str, str]]) -> None:
    text = folders["types"]["__init__.py"]
    assert '_LACKING = ["Other"]' in text
    assert "attach(__name__, _HOMES, _LACKING)" in text


def test_a_module_without_names_is_its_docstring(folders: dict[str, dict[str, str]]) -> None:
    text = '"""What `xpander_utils.events` has, for programs written for it."""\n'
    assert folders["compat/xpander_utils"]["events.py"] == text
