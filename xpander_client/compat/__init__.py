"""Lets `import xpander_sdk` mean this package, for programs that stay as they are.

`python -m xpander_client.compat program.py` runs a program so; one that is started by something
else begins with `import xpander_client.compat`.

In version 1.x of `xpander_sdk`, `Agent` and `Tokens` are other classes than in 2.x. The version is
known by the names that the first import of it asks for; `XPANDER_COMPAT=1` or `2` says it.

Raises:
    ImportError: an official package was imported before, or `XPANDER_COMPAT` is no version.
"""

from __future__ import annotations

from xpander_client.compat.aliases import install

install()
