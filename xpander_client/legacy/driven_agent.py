"""An agent as a script drives it, and the task that it drives: the whole state of the loop."""

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
"""For how many seconds a status that the platform reported is taken for true."""


@attrs.frozen
class PlatformResources:
    """The resources of one configuration."""

    configuration: Configuration
    tasks: Tasks
    agents: Agents
    threads: Threads

    @classmethod
    def of(cls, configuration: Configuration) -> PlatformResources:
        """Make the resources that this configuration gives."""
        return cls(
            configuration, Tasks(configuration), Agents(configuration), Threads(configuration)
        )


@attrs.define
class DrivenTask:
    """The task that a script drives, and how far it is.

    `thread` is there once it was read or made, `linked` to the task, and `begun` when what the task
    asks is in it. `reported` is the task's status as the platform's last answer had it, and when
    that came, until `pop_status` returns it. `finish` is the call that the model ended the task
    with, until it is carried out; `ended_by` is what came of it.
    """

    task: Task
    worker_id: str
    attempt: int | None = None
    claimed: bool = False
    held_by_other: bool = False
    thread: ThreadCopy | None = None
    linked: bool = False
    begun: bool = False
    reported: tuple[str, float] | None = None
    over: bool = False
    finish: ToolCall | None = None
    ended_by: ToolCallResult | None = None
    turns_without_tools: int = 0
    calls_made: list[str] = attrs.field(factory=list)

    def take_status(self, headers: Mapping[str, str]) -> None:
        """Take note of the task's status, if an answer has it in its headers."""
        if _STATUS in headers:
            self.reported = headers[_STATUS], time.monotonic()

    def pop_status(self) -> str | None:
        """Return, only once, the status that the platform reported, or None if it is not recent."""
        reported, self.reported = self.reported, None
        if reported is None or time.monotonic() - reported[1] >= _FRESH:
            return None
        return reported[0]


@attrs.define
class DrivenAgent:
    """One agent, how it is to be driven, and its task.

    `max_turns` is how many answers in a row may call no tool. `delegate` drives the tasks that the
    agent hands to others, each with a `DrivenAgent` of its own.
    """

    platform: PlatformResources
    definition: Definition
    version: int | None = None
    provider: LLMProvider = LLMProvider.OPEN_AI
    end_tool: bool = True
    local: list[LocalTool] = attrs.field(factory=list)
    user: UserDetails | None = None
    max_turns: int = _DEFAULT_TURNS
    delegate: Callable[[DrivenAgent], Any] | None = None
    current: DrivenTask | None = None

    @property
    def tools(self) -> list[Tool]:
        """All tools that the model is offered."""
        return catalog.list_offered(self.definition, self.local, end_tool=self.end_tool)

    @property
    def driven_task(self) -> DrivenTask:
        """The task that is driven.

        Raises:
            ArgumentError: there is none.
        """
        if self.current is None:
            raise ArgumentError("the agent has no task: call add_task first")
        return self.current
