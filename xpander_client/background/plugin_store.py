"""Texts that a plugin keeps, in a file of its own."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from xpander_client.private_files import make_private_folder

_SCHEMA = """CREATE TABLE IF NOT EXISTS texts (
    chat_key TEXT, user_key TEXT, store_key TEXT, value TEXT NOT NULL,
    PRIMARY KEY (chat_key, user_key, store_key)
) WITHOUT ROWID"""
_WHERE = "WHERE chat_key = ? AND user_key = ? AND store_key = ?"

_PATIENCE = 10.0
"""Seconds that one waits for others to have written."""


class PluginStore:
    """Texts that a plugin keeps, each by a chat, a user and a key of its own, all in one file.

    Leave out the chat or the user for what belongs to none. All processes that have the plugin, in
    the same folder, have the same texts; those on other machines do not. Code without an event loop
    calls `get_blocking`, `set_blocking` and `delete_blocking`.

    Example:
        >>> import tempfile
        >>> from xpander_client.background import Plugin
        >>> folder = tempfile.TemporaryDirectory()
        >>> plugin = Plugin("Shop", "shop", "Sells", "1.0.0", "Shop", "", folder=folder.name)
        >>> await plugin.store.set(chat_key="chat-1", store_key="basket", value='["tea"]')
        0
        >>> await plugin.store.get(chat_key="chat-1", store_key="basket")
        '["tea"]'
        >>> await plugin.store.get(chat_key="chat-2", store_key="basket") is None
        True
        >>> folder.cleanup()
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    async def get(self, chat_key: str = "", user_key: str = "", store_key: str = "") -> str | None:
        """Return a text, or None where there is none."""
        return await asyncio.to_thread(self.get_blocking, chat_key, user_key, store_key)

    async def set(
        self, chat_key: str = "", user_key: str = "", store_key: str = "", value: str = ""
    ) -> Literal[0, 1]:
        """Keep a text, in the place of one that was there: 0 says that it is new, 1 that it is not.

        Raises:
            TypeError: it is no text; `json.dumps` makes one of other data.
        """
        return await asyncio.to_thread(self.set_blocking, chat_key, user_key, store_key, value)

    async def delete(
        self, chat_key: str = "", user_key: str = "", store_key: str = ""
    ) -> Literal[0, 1]:
        """Remove a text: 0 says that it was there, 1 that there was none."""
        return await asyncio.to_thread(self.delete_blocking, chat_key, user_key, store_key)

    def get_blocking(
        self, chat_key: str = "", user_key: str = "", store_key: str = ""
    ) -> str | None:
        """Return a text as `get` does, in code on a thread."""
        with self._connect() as connection:
            key = (chat_key, user_key, store_key)
            row = connection.execute(f"SELECT value FROM texts {_WHERE}", key).fetchone()
        return None if row is None else cast(str, row[0])

    def set_blocking(
        self, chat_key: str = "", user_key: str = "", store_key: str = "", value: str = ""
    ) -> Literal[0, 1]:
        """Keep a text as `set` does, in code on a thread.

        Raises:
            TypeError: it is no text; `json.dumps` makes one of other data.
        """
        if not isinstance(value, str):  # sqlite3 would make a text of a number
            kind = type(value).__name__  # type: ignore[unreachable]  # JSON from who knows where
            raise TypeError(f"a plugin's store keeps texts, not {kind}: json.dumps makes one of it")
        key = (chat_key, user_key, store_key)
        with self._connect() as connection:
            updated = connection.execute(f"UPDATE texts SET value = ? {_WHERE}", (value, *key))
            if updated.rowcount:
                return 1
            connection.execute("INSERT INTO texts VALUES (?, ?, ?, ?)", (*key, value))
            return 0

    def delete_blocking(
        self, chat_key: str = "", user_key: str = "", store_key: str = ""
    ) -> Literal[0, 1]:
        """Remove a text as `delete` does, in code on a thread."""
        with self._connect() as connection:
            key = (chat_key, user_key, store_key)
            return 0 if connection.execute(f"DELETE FROM texts {_WHERE}", key).rowcount else 1

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        # Opened for each call: it may come from any thread, and in a process that was forked.
        make_private_folder(self._file.parent)
        with contextlib.closing(sqlite3.connect(self._file, timeout=_PATIENCE)) as connection:
            connection.execute(_SCHEMA)
            with connection:
                yield connection
