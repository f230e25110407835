"""Measure the shape of a package: files, circles, comments, docstrings, names, tests."""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from scripts.house.imports import find_circles, find_edges, find_folder_pairs
from scripts.house.source import Module, Strength

# How a docstring begins that says what a function is, and not what it does.
_NOUN_PHRASE = re.compile(
    r"(The|What|Whether|A|An|How|It|Who|Which|Whose|Where|When|Why|One|All|Each|Every|No|Nothing|"
    r"So|Some|This|That|These|Those|Its|Our|Their)\b"
)
_PARTICIPLE = re.compile(
    r"\w{2,}[^e]ed|begun|born|bound|bought|brought|built|caught|chosen|cut|done|drawn|driven|fed|"
    r"found|given|gone|heard|held|hidden|kept|known|laid|led|left|lent|lost|made|meant|met|paid|put|"
    r"read|run|said|seen|sent|set|shown|shut|sold|spent|split|spoken|spread|stood|taken|taught|told|"
    r"thought|thrown|understood|won|worn|woken|written"
)
# Verbs that look the same.
_VERBS = {
    "cut",
    "embed",
    "found",
    "need",
    "put",
    "read",
    "run",
    "seed",
    "set",
    "shut",
    "split",
    "spread",
}


class Function(NamedTuple):
    """What the figures ask about a function."""

    name: str
    path: str
    lines: int
    docstring: str
    is_property: bool


class Figures(NamedTuple):
    """The row of one group of files."""

    files: int
    lines: int
    median_file: int
    p90_file: int
    biggest_files: list[tuple[str, int]]
    widest_folders: list[tuple[str, int]]
    circles: dict[str, list[list[str]]]  # by strength, each with the modules in it
    folder_circles: list[str]
    comments_per_100_lines: float
    docstring_lines: float
    noun_phrase_docstrings: float
    participle_functions: float
    of_functions: int
    repeated_classes: list[str]
    longest_function: tuple[str, int]
    tests_to_code: float


def measure(files: Mapping[str, str], modules: Mapping[str, Module], test_lines: int) -> Figures:
    """Measure the files; `modules` are the facts about these and all that they import."""
    lengths = {path: text.count("\n") for path, text in files.items()}
    total = sum(lengths.values())
    trees = {path: ast.parse(text) for path, text in files.items()}
    functions = [each for path, tree in trees.items() for each in _find_functions(path, tree)]
    documented = [each for each in functions if each.docstring]
    named = [each for each in functions if not each.is_property]
    classes = Counter(
        node.name.lstrip("_")
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    folders = Counter(path.rpartition("/")[0] for path in files)
    own = {name for name, module in modules.items() if module.path in files}
    edges = {strength: find_edges(modules, strength) for strength in Strength}
    ordered = sorted(lengths.values())
    longest = max(functions, key=lambda each: each.lines)
    return Figures(
        files=len(files),
        lines=total,
        median_file=round(statistics.median(ordered)),
        p90_file=ordered[int(0.9 * len(ordered))],
        biggest_files=Counter(lengths).most_common(3),
        widest_folders=folders.most_common(3),
        circles={
            strength.name.lower(): find_circles({name: found[name] & own for name in sorted(own)})
            for strength, found in edges.items()
        },
        folder_circles=[f"{first} and {second}" for first, second in find_folder_pairs(modules)],
        comments_per_100_lines=100 * sum(map(_count_comments, files.values())) / total,
        docstring_lines=sum(map(_count_docstring_lines, trees.values())) / total,
        noun_phrase_docstrings=_share(documented, lambda each: _NOUN_PHRASE.match(each.docstring)),
        participle_functions=_share(named, lambda each: is_participle(each.name)),
        of_functions=sum(each.name.endswith("_of") for each in named),
        repeated_classes=sorted(name for name, count in classes.items() if count > 1),
        longest_function=(f"{longest.path}: {longest.name}", longest.lines),
        tests_to_code=test_lines / total,
    )


def count_rooms(files: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """Return the files and lines of each folder right below the package, largest first."""
    rooms: dict[str, tuple[int, int]] = {}
    for path, text in files.items():
        parts = path.split("/")
        room = parts[1] if len(parts) > 2 else "."
        count, lines = rooms.get(room, (0, 0))
        rooms[room] = (count + 1, lines + text.count("\n"))
    return dict(sorted(rooms.items(), key=lambda room: -room[1][1]))


def is_participle(name: str) -> bool:
    """Tell whether a function is named for what it returns: `described`, `_written`."""
    word = name.strip("_").partition("_")[0]
    return word not in _VERBS and bool(_PARTICIPLE.fullmatch(word))


def format_table(groups: Mapping[str, Figures], rooms: Mapping[str, tuple[int, int]]) -> str:
    """Return the figures as a table with a column for each group, and the rooms below it."""
    columns = [_format_cells(figures) for figures in groups.values()]
    rows = [["", *groups]]
    rows += [[title, *(column[title] for column in columns)] for title in columns[0]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += ["", "Rooms: files, lines"]
    lines += [f"  {name:<12} {count:>4} {size:>8,}" for name, (count, size) in rooms.items()]
    return "\n".join(lines)


def _format_cells(figures: Figures) -> dict[str, str]:
    circles = [
        f"{len(found)} ({len(found[0])})" if found else "0" for found in figures.circles.values()
    ]
    name, length = figures.longest_function
    return {
        "files / lines": f"{figures.files} / {figures.lines:,}",
        "median / p90 file": f"{figures.median_file} / {figures.p90_file}",
        "biggest files": _format_counts(figures.biggest_files),
        "widest folders": _format_counts(figures.widest_folders),
        "circles at import / +in functions / +for types (largest)": " / ".join(circles),
        "folders that import each other": str(len(figures.folder_circles)),
        "comments per 100 lines": f"{figures.comments_per_100_lines:.1f}",
        "docstring lines": f"{figures.docstring_lines:.0%}",
        "noun-phrase docstrings of functions": f"{figures.noun_phrase_docstrings:.0%}",
        "functions named by a participle": f"{figures.participle_functions:.1%}",
        "functions named …_of": str(figures.of_functions),
        "class names there more than once": str(len(figures.repeated_classes)),
        "longest function": f"{length} ({name})",
        "test:code": f"{figures.tests_to_code:.2f}",
    }


def _format_counts(counts: Iterable[tuple[str, int]]) -> str:
    # Two parts say which: `api/tasks.py`, not the whole path.
    return ", ".join(f"{'/'.join(path.split('/')[-2:])} {count}" for path, count in counts)


def _share(items: Iterable[Any], holds: Any) -> float:
    answers = [bool(holds(item)) for item in items]
    return sum(answers) / len(answers) if answers else 0.0


def _find_functions(path: str, tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
            yield Function(
                node.name,
                path,
                (node.end_lineno or node.lineno) - node.lineno + 1,
                ast.get_docstring(node) or "",
                bool(decorators & {"property", "cached_property", "setter"}),
            )


def _count_comments(text: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.COMMENT for token in tokens)


def _count_docstring_lines(tree: ast.Module) -> int:
    return sum(
        (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
    )
