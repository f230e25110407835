"""The command: `python -m generator [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generator import SpecError, generate
from generator.output import differences, write

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Generate, or check. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail with a diff if anything would"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "openapi.yaml")
    parser.add_argument("--output", type=Path, default=ROOT / "xpander_client" / "api")
    parser.add_argument("--package", default="xpander_client", help="what examples import from")
    options = parser.parse_args(arguments)
    try:
        files = generate(options.spec, options.package)
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    if not options.check:
        write(files, options.output)
        return 0
    found = differences(files, options.output)
    if found:
        print(found, end="")
        print(
            f"{options.output} is not what {options.spec} says: run `python -m generator`",
            file=sys.stderr,
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
