"""The pages for contributors name what is there: files, folders, commands, links, names."""

from __future__ import annotations

import configparser
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "xpander_client"
PAGES = sorted(
    [
        *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "tests/README.md")),
        *PACKAGE.rglob("README.md"),
    ]
)
# A folder of printed code, and those that the official client's import paths lead to, need no page.
PRINTED = {"exceptions", "models", "modules", "requests", "resources", "testing", "types"}
PRINTED |= {"xpander_sdk_1", "xpander_utils"}
ROOMS = sorted(
    folder
    for folder in {file.parent for file in PACKAGE.rglob("*.py")} - {PACKAGE}
    if folder == PACKAGE / "agents" / "types"
    or not PRINTED & set(folder.relative_to(PACKAGE).parts)
)
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

_PATH = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:py|md|yaml|toml|ini|jinja|sql|json)|(?:[\w.-]+/)+")
_SOURCES = {".py", ".yaml", ".toml", ".ini", ".jinja"}


def read(page: Path) -> str:
    return page.read_text("utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def find_code(page: Path) -> list[str]:
    """Return what stands in backticks in the text, without the blocks of code."""
    return re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", read(page), flags=re.DOTALL | re.MULTILINE)
    )


def exists(path: str, page: Path) -> bool:
    """Tell whether there is a file beside the page, or where a path begins that names it."""
    return any((base / path).exists() for base in (page.parent, ROOT, PACKAGE))


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_every_room_has_a_page_that_is_short(room: Path) -> None:
    assert 5 < len(read(room / "README.md").splitlines()) <= 40


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    paths = {code for code in find_code(page) if _PATH.fullmatch(code) or code.startswith("tests/")}
    assert sorted(path for path in paths if not exists(path, page)) == []


@pytest.fixture(scope="module")
def words() -> set[str]:
    """All words of the repository's code, and of the names of its files."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not in a clone")
    found: set[str] = set()
    for name in listed.stdout.splitlines():
        path = ROOT / name
        found.update(re.findall(r"\w+", name))
        is_code = path.suffix in _SOURCES or name.startswith("scripts/")
        if is_code and path != Path(__file__) and path.exists():
            found.update(re.findall(r"\w+", path.read_text("utf-8", errors="replace")))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_name_that_a_page_has_in_backticks_is_in_the_code(
    page: Path, words: set[str]
) -> None:
    named = {word for code in find_code(page) for word in re.findall(r"[A-Za-z_]\w+", code)}
    assert sorted(named - words) == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", read(page)):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), target
        assert not anchor or anchor in find_anchors(place), target


def find_anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def find_commands() -> Iterator[str]:
    for page in (ROOT / "CONTRIBUTING.md", ROOT / "tests/README.md", ROOT / "README.md"):
        for block in re.findall(r"^```bash\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE):
            for line in block.splitlines():
                command = line.partition(" #")[0].strip()
                if command.startswith((".tox", "scripts/", "python -m")):
                    yield command


def list_environments(setup: configparser.ConfigParser) -> set[str]:
    """Return the environments of tox, those that are written with braces one by one."""
    found: set[str] = set()
    for section in setup.sections():
        name = section.removeprefix("testenv:")
        parts = [part.split(",") for part in re.split(r"[{}]", name)]
        found.update("".join(part.strip() for part in each) for each in product(*parts))
    return found


def test_the_commands_that_pages_show_exist() -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "tox.ini", encoding="utf-8")
    environments = list_environments(setup)
    commands = list(find_commands())
    assert len(commands) > 10
    for command in commands:
        words = command.split()
        if words[0].startswith("scripts/"):
            assert (ROOT / words[0]).exists(), command
        if "-e" in words and words[0] == "scripts/tox":
            assert set(words[words.index("-e") + 1].split(",")) <= environments, command
        if "-m" in words[:3] and words[0].endswith("python"):
            assert find_spec(words[2]), command
        assert [
            word for word in words if word.startswith("tests/") and not exists(word, ROOT)
        ] == []


def is_named_for_a_module(test: Path) -> bool:
    path = test.relative_to(ROOT / "tests")
    name = path.parent / path.stem.removeprefix("test_")
    return (PACKAGE / name).with_suffix(".py").exists() or any(
        (base / name).is_dir() for base in (PACKAGE, ROOT)
    )


def test_the_page_on_tests_lists_each_file_that_is_not_named_for_a_module() -> None:
    listed = set(find_code(ROOT / "tests/README.md"))
    unnamed = {name_of(test) for test in TESTS if not is_named_for_a_module(test)}
    assert sorted(unnamed - listed) == []


def test_the_names_of_environments_are_those_that_tox_has() -> None:
    page = read(ROOT / "CONTRIBUTING.md")
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "tox.ini", encoding="utf-8")
    told = re.findall(r"^\| (?:apart: )?`(\w+)`", page, re.MULTILINE)
    assert set(told) | {"py312", "py313", "py314", "py315", "any", "tox", "testenv"} >= (
        list_environments(setup)
    )
