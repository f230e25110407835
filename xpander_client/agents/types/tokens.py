"""Pieces of a model's answer while it is written."""

from __future__ import annotations

import datetime
from typing import Literal

import attrs

Section = Literal["title", "thinking", "python"]
"""The parts that an answer has."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@attrs.frozen
class TokenChunk:
    """A piece of one section; `done` says that the section is over, and comes with no content."""

    type: Section
    content: str
    done: bool = False


@attrs.frozen
class StreamToken(TokenChunk):
    """What `on_token` gets: a piece, and which agent's model wrote it.

    `start` marks the first piece of a section; `full_namespace` is the path of agents.
    """

    agent_name: str = ""
    full_namespace: str = ""
    timestamp: datetime.datetime = attrs.field(factory=_now)
    start: bool = False

    @classmethod
    def of(
        cls, chunk: TokenChunk, *, agent_name: str, full_namespace: str, start: bool
    ) -> StreamToken:
        """Return the piece with its origin."""
        return cls(
            chunk.type,
            chunk.content,
            chunk.done,
            agent_name=agent_name,
            full_namespace=full_namespace,
            start=start,
        )
