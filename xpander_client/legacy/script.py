"""What a script has chosen for an agent, and the task that it drives: the loop's whole state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from xpander_client.api.resources import Agent as Definition, Agents, Task, Tasks, Threads
from xpander_client.configuration import Configuration
from xpander_client.errors import ArgumentError
from xpander_client.legacy.instructions import UserDetails
from xpander_client.legacy.providers import LLMProvider, Tool
from xpander_client.legacy.providers.tool_call import ToolCall, ToolCallResult
from xpander_client.legacy.thread_copy import ThreadCopy
from xpander_client.legacy.tools import catalog
from xpander_client.legacy.tools.local_tools import LocalTool

_DEFAULT_TURNS = 50

_STATUS = "x-xpander-execution-status"

_FRESH = 5.0
"""For how many seconds what the platform said about the task is taken for true."""


@attrs.frozen
class Platform:
    """The resources of one configuration."""

    configuration: Configuration
    tasks: Tasks
    agents: Agents
    threads: Threads

    @classmethod
    def of(cls, configuration: Configuration) -> Platform:
        """Make the resources that this configuration gives."""
        return cls(
            configuration, Tasks(configuration), Agents(configuration), Threads(configuration)
        )


@attrs.define
class Current:
    """The task that a script drives, and how far it is.

    `thread` is there once it was read or made, `linked` to the task, and `begun` when what the task
    asks is in it. `told` is where the platform said the task stands, and when, with the last answer
    that nobody looked at yet. `finish` is the call that the model ended the task with, until it is
    carried out; `ended_by` is what came of it.
    """

    task: Task
    worker_id: str
    attempt: int | None = None
    claimed: bool = False
    held_by_other: bool = False
    thread: ThreadCopy | None = None
    linked: bool = False
    begun: bool = False
    told: tuple[str, float] | None = None
    over: bool = False
    finish: ToolCall | None = None
    ended_by: ToolCallResult | None = None
    turns_without_tools: int = 0
    calls_made: list[str] = attrs.field(factory=list)

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take in what an answer says about the task."""
        if _STATUS in headers:
            self.told = headers[_STATUS], time.monotonic()

    def last_told(self) -> str | None:
        """Where the platform just said that the task stands; asked again, it is not news."""
        told, self.told = self.told, None
        return told[0] if told is not None and time.monotonic() - told[1] < _FRESH else None


@attrs.define
class Script:
    """One agent, how it is to be driven, and its task.

    `max_turns` is how many answers in a row may call no tool. `delegate` drives the tasks that the
    agent hands to others, each with a `Script` of its own.
    """

    platform: Platform
    definition: Definition
    version: int | None = None
    provider: LLMProvider = LLMProvider.OPEN_AI
    end_tool: bool = True
    local: list[LocalTool] = attrs.field(factory=list)
    user: UserDetails | None = None
    max_turns: int = _DEFAULT_TURNS
    delegate: Callable[[Script], Any] | None = None
    current: Current | None = None

    @property
    def tools(self) -> list[Tool]:
        """All tools that the model is offered."""
        return catalog.list_offered(self.definition, self.local, end_tool=self.end_tool)

    @property
    def required(self) -> Current:
        """The task that is driven.

        Raises:
            ArgumentError: there is none.
        """
        if self.current is None:
            raise ArgumentError("the agent has no task: call add_task first")
        return self.current
