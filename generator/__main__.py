"""The command: `python -m generator [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generator import SpecError, generate
from generator.import_paths import print_import_paths, read_lacking_attributes
from generator.output import compare, write

ROOT = Path(__file__).resolve().parent.parent
_PACKAGE = ROOT / "xpander_client"


def main(arguments: list[str] | None = None) -> int:
    """Generate, or check. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail with a diff if anything would"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "openapi.yaml")
    parser.add_argument("--output", type=Path, default=_PACKAGE / "api")
    parser.add_argument("--package", default="xpander_client", help="what examples import from")
    parser.add_argument("--names", type=Path, default=_PACKAGE / "compat" / "names.toml")
    options = parser.parse_args(arguments)
    try:
        files = generate(options.spec, options.package, read_lacking_attributes(options.names))
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    printed = [(options.spec, options.output, files)]
    for folder, texts in print_import_paths(options.names).items():
        printed.append((options.names, _PACKAGE / folder, texts))
    if not options.check:
        for _, output, texts in printed:
            write(texts, output)
        return 0
    status = 0
    for source, output, texts in printed:
        if found := compare(texts, output):
            print(found, end="")
            print(f"{output} is not what {source} says: run `python -m generator`", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
