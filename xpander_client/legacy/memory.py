"""The thread of a task, as scripts reach it: `agent.memory`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from xpander_client.api.models import ThreadMessage
from xpander_client.core.steps import Steps, ask
from xpander_client.lacking import refuse_attributes
from xpander_client.legacy.conversation import Conversation
from xpander_client.legacy.driven_agent import DrivenAgent
from xpander_client.legacy.providers import LLMProvider, provider, system_for
from xpander_client.legacy.providers.tool_call import ToolCallResult
from xpander_client.transport.drivers import adrive, drive


class MemoryStrategy(StrEnum):
    """Which view of a thread an agent gets.

    A platform without a model of its own shows all of a thread for `SUMMARIZATION` and `CONTEXT`.

    Example:
        >>> agent = XpanderClient(configuration=configuration).agents.get("agent-sales")
        >>> agent.memory_strategy = MemoryStrategy.MOVING_WINDOW
        >>> agent.memory_strategy is MemoryStrategy.MOVING_WINDOW
        True
    """

    FULL = "full"
    SUMMARIZATION = "summarization"
    BUFFERING = "buffering"
    MOVING_WINDOW = "MovingWindow"
    CONTEXT = "context"
    CLEAN_TOOL_CALLS = "cleanToolCallResponses"


class Memory:
    """The messages of an agent's task, and of those that it goes on from.

    Made by `agent.memory`. `id` is what `add_task(thread_id=…)` takes to go on from here.
    """

    def __init__(self, agent: DrivenAgent, conversation: Conversation, thread_id: str) -> None:
        self._agent = agent
        self._conversation = conversation
        self.id = thread_id

    @property
    def llm_provider(self) -> LLMProvider:
        """The provider whose form `agent.messages` has."""
        return self._agent.provider

    @llm_provider.setter
    def llm_provider(self, llm_provider: LLMProvider | str) -> None:
        self.select_llm_provider(llm_provider)

    def select_llm_provider(self, llm_provider: LLMProvider | str) -> None:
        """Choose the provider, as `agent.select_llm_provider` does.

        Raises:
            ArgumentError: there is no such provider.
        """
        self._agent.provider = provider(llm_provider)

    @property
    def messages(self) -> list[ThreadMessage]:
        """The stored messages, oldest first, in the platform's form."""
        return list(drive(self._conversation.messages()))

    async def amessages(self) -> list[ThreadMessage]:
        """As `messages`."""
        return list(await adrive(self._conversation.messages()))

    @property
    def system_message(self) -> Any:
        """The instructions as the selected provider takes them beside the messages.

        A list of `{"text": …}` for Amazon Bedrock, one text for Anthropic, `{"parts": …}` for
        Gemini.
        """
        return system_for(drive(self._conversation.messages()), self.llm_provider)

    async def asystem_message(self) -> Any:
        """As `system_message`."""
        return system_for(await adrive(self._conversation.messages()), self.llm_provider)

    def add_messages(self, messages: Any) -> None:
        """As `agent.add_messages`."""
        drive(self._conversation.add_messages(messages))

    async def aadd_messages(self, messages: Any) -> None:
        """As `add_messages`."""
        await adrive(self._conversation.add_messages(messages))

    def add_tool_call_results(self, tool_call_results: Sequence[ToolCallResult]) -> None:
        """As `agent.add_tool_call_results`."""
        drive(self._conversation.add_results(tool_call_results))

    async def aadd_tool_call_results(self, tool_call_results: Sequence[ToolCallResult]) -> None:
        """As `add_tool_call_results`."""
        await adrive(self._conversation.add_results(tool_call_results))

    def init_messages(
        self,
        input: Any = None,
        instructions: Any = None,
        llm_provider: LLMProvider | str | None = None,
        files: Sequence[Any] | None = None,
    ) -> None:
        """Make sure that the thread has the agent's instructions and the task's input.

        Older scripts call this; the thread has both when `agent.memory` returns, so the arguments
        change nothing.
        """
        drive(self._conversation.open_thread())

    async def ainit_messages(
        self,
        input: Any = None,
        instructions: Any = None,
        llm_provider: LLMProvider | str | None = None,
        files: Sequence[Any] | None = None,
    ) -> None:
        """As `init_messages`."""
        await adrive(self._conversation.open_thread())

    def initialize_thread(self, input: Any = None, instructions: Any = None) -> None:
        """Do what `init_messages` does; early releases of version 1.x call it so."""
        drive(self._conversation.open_thread())

    async def ainitialize_thread(self, input: Any = None, instructions: Any = None) -> None:
        """As `initialize_thread`."""
        await adrive(self._conversation.open_thread())

    def retrieve_messages(self) -> list[dict[str, Any]]:
        """Return the messages in the selected provider's form, as `agent.messages` has them."""
        return drive(self._conversation.list_messages())

    async def aretrieve_messages(self) -> list[dict[str, Any]]:
        """As `retrieve_messages`."""
        return await adrive(self._conversation.list_messages())

    def update_messages(self, messages: Any) -> None:
        """Replace the thread's messages.

        Raises:
            ArgumentError: these are no messages.
        """
        drive(self._conversation.replace_messages(messages))

    async def aupdate_messages(self, messages: Any) -> None:
        """As `update_messages`."""
        await adrive(self._conversation.replace_messages(messages))

    def rename(self, name: str) -> None:
        """Give the thread a name for lists."""
        drive(self._rename(name))

    async def arename(self, name: str) -> None:
        """As `rename`."""
        await adrive(self._rename(name))

    def delete(self) -> None:
        """Forget the thread and its messages."""
        drive(self._delete())

    async def adelete(self) -> None:
        """As `delete`."""
        await adrive(self._delete())

    def _rename(self, name: str) -> Steps[None]:
        threads = self._agent.platform.threads
        return ask(threads.rename, threads.arename, self.id, name)

    def _delete(self) -> Steps[None]:
        threads = self._agent.platform.threads
        return ask(threads.delete, threads.adelete, self.id)


refuse_attributes(
    Memory,
    "add_knowledge_base",
    "create",
    "delete_thread_by_id",
    "fetch",
    "fetch_user_threads",
    "init_instructions",
    "memory_type",
    "metadata",
    "rename_thread_by_id",
    "update",
    "user_details",
)
