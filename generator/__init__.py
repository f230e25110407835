"""Prints `xpander_client/api` from `openapi.yaml`, and import paths from a table of names.

`document` reads the specification and knows the name of every place in it, `checks` refuses what
would be lost, `normalise` rewrites it into the plain shape that openapi-python-client understands,
`parsing` drives that library, `description` makes of what it found the `views` that the templates
print, `rendering` prints them, and `output` writes or compares. `import_paths` prints the modules
that the names of the official packages are imported from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from generator.checks import check, check_extensions
from generator.description import describe
from generator.document import SpecError, load
from generator.normalise import normalise
from generator.parsing import parse
from generator.rendering import render

__all__ = ["SpecError", "generate"]


def generate(
    spec: Path, package: str, lacking: Mapping[str, Sequence[str]] | None = None
) -> dict[str, str]:
    """Return the files that a specification becomes: text by path within the output directory.

    `lacking` has for classes the attributes of the official ones that they are without,
    and for their constructors (`Tokens()`) the keywords.

    Raises:
        SpecError: something in the specification would be lost or printed wrong; says where.
    """
    document = load(spec)
    check(document)
    plain = normalise(document)
    check_extensions(plain)
    parsed = parse(plain)
    return render(describe(plain, parsed), parsed.project, package, lacking or {})
