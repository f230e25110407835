"""Lets `import xpander_sdk` mean this package, for programs that stay as they are.

`python -m xpander_client.compat program.py` runs a program so; one that is started by something
else begins with `import xpander_client.compat`. With `XPANDER_COMPAT=1` in the environment,
`xpander_sdk` is what its version 1.x was, where `Agent` and `Tokens` are other classes.

Raises:
    ImportError: an official package was imported before, or `XPANDER_COMPAT` is no version.
"""

from __future__ import annotations

from xpander_client.compat.aliases import install

install()
