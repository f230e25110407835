"""The `xpander-client` command; the libraries it is made with are loaded when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with these arguments (the process's own, if None), and end the process.

    The exit status is 0 on success, 1 on an error, which is told in one line on stderr, 2 for wrong
    usage and 130 after Ctrl-C.
    """
    # A shell can close them (`>&-`); what is written then is for nobody.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    try:
        from xpander_client.cli.app import app
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich", "click"):
            raise
        print(
            f'xpander-client: the command needs {error.name}: pip install "xpander-client[cli]"',
            file=sys.stderr,
        )
        sys.exit(1)
    app(args=None if arguments is None else list(arguments), prog_name="xpander-client")
