"""What a thread begins with: what the agent is told, and what it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from xpander_client.api.models import AgentInstructions, ThreadMessage
from xpander_client.core.plain_values import PlainValues
from xpander_client.core.serialization import dumps
from xpander_client.legacy import files
from xpander_client.legacy.providers.tool_call import FINISH_TOOL


@attrs.frozen
class UserDetails(PlainValues):
    """The person that a thread is led with.

    Example:
        >>> UserDetails("user-1", first_name="Ada").on_the_wire()["first_name"]
        'Ada'
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    additional_attributes: dict[str, Any] = attrs.field(factory=dict)

    def on_the_wire(self) -> dict[str, Any]:
        """Return the same as the platform has it."""
        return attrs.asdict(self)

    @property
    def label(self) -> str:
        """A name to show: the first and last name, or the e-mail address, or `Unknown`."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or "Unknown"


def system(
    instructions: AgentInstructions | None, *, order: str, end_tool: bool, agent_id: str
) -> ThreadMessage:
    """Return the message that tells a model which agent it is."""
    given = instructions or AgentInstructions()
    parts = [given.general or ""]
    parts += _list_lines("Your role", given.role)
    parts += _list_lines("Your goals", given.goal)
    parts.append(order)
    if end_tool:
        parts.append(
            f"When the task is done, or can't be done, call {FINISH_TOOL} with what came out: the "
            "task goes on until you do. Tell the user nothing that isn't in there."
        )
    text = "\n\n".join(part for part in parts if part)
    return ThreadMessage(role="system", content=text, node_name=agent_id)


def question(text: str, urls: Sequence[str], user: UserDetails | None) -> list[ThreadMessage]:
    """Return the messages that ask: the user's, and what goes with it."""
    made = [ThreadMessage(role="user", content=text)]
    if user is not None:
        details = dumps(user.on_the_wire()).decode()
        made.append(ThreadMessage(role="system", content=f"The user: {details}"))
    if urls:
        made.append(ThreadMessage(role="system", content=files.describe_file(urls)))
    return made


def _list_lines(title: str, lines: Sequence[str] | None) -> list[str]:
    written = [f"- {line}" for line in lines or () if line]
    return ["\n".join([f"{title}:", *written])] if written else []
