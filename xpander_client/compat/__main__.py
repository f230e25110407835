"""The command: runs a program for which `xpander_sdk` is this package."""

from __future__ import annotations

import io
import runpy
import sys
from pathlib import Path
from types import ModuleType

_USAGE = """\
python -m xpander_client.compat program.py [arguments]
python -m xpander_client.compat -m module [arguments]

Runs a program for which xpander_sdk is this package, as Python would run it. Which version of
xpander_sdk it was written for is known by what it imports first; XPANDER_COMPAT=1 or
XPANDER_COMPAT=2 in the environment says it."""


def main() -> None:
    """Run the program that the command line names, with the arguments behind it."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["-m"] and len(arguments) > 1:
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif arguments and not arguments[0].startswith("-"):
        sys.argv = arguments
        _run_file(arguments[0])
    else:
        print(_USAGE, file=sys.stderr)
        sys.exit(0 if arguments in (["-h"], ["--help"]) else 2)


def _run_file(file: str) -> None:
    try:
        with io.open_code(file) as source:
            text = source.read()
    except OSError as error:
        print(f"can't open {file}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(file).resolve().parent)
    # It stays the main module to the end of the process, for its threads and exit functions.
    program = sys.modules["__main__"] = ModuleType("__main__")
    program.__file__ = file
    exec(compile(text, file, "exec", dont_inherit=True), program.__dict__)


if __name__ == "__main__":
    main()
