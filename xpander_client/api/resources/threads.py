"""`Threads`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

import builtins
from typing import Any

from xpander_client.core.answer import Response
from xpander_client.transport import Resource
from xpander_client.transport.raw import RawCalls, araw, raw

from .. import models
from ..requests import threads as threads_requests


class Threads(Resource):
    """Keeps conversations: the messages of a task, and of those that go on from it.

    Every call has an `a…` twin for async code, with the same parameters.
    """

    @property
    def with_raw_response(self) -> ThreadsWithRawResponse:
        """The same calls, each returning a `Response`: status, headers and the object."""
        return ThreadsWithRawResponse(self._transport)

    def create(
        self,
        organization_id: str | None = None,
        user_details: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        thread_id: str | None = None,
    ) -> models.Thread:
        """Begin a thread.

        An id that is given must not be another thread's: that is refused with 409.

        Args:
            organization_id: The organization that it belongs to.
            user_details: The person it is led with.
            metadata: Whatever was kept with it.
            thread_id: The thread's id; a new one when there is none.

        Returns:
            The thread, still without messages.

        Raises:
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = threads.create(metadata={"agent_id": "agent-sales"})
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.create(
            organization_id=organization_id,
            user_details=user_details,
            metadata=metadata,
            thread_id=thread_id,
        )
        return self._transport.call(spec, models.Thread).parsed

    async def acreate(
        self,
        organization_id: str | None = None,
        user_details: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        thread_id: str | None = None,
    ) -> models.Thread:
        """Begin a thread.

        An id that is given must not be another thread's: that is refused with 409.

        Args:
            organization_id: The organization that it belongs to.
            user_details: The person it is led with.
            metadata: Whatever was kept with it.
            thread_id: The thread's id; a new one when there is none.

        Returns:
            The thread, still without messages.

        Raises:
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = await threads.acreate(metadata={"agent_id": "agent-sales"})
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.create(
            organization_id=organization_id,
            user_details=user_details,
            metadata=metadata,
            thread_id=thread_id,
        )
        return (await self._transport.acall(spec, models.Thread)).parsed

    def list_user_threads(
        self, user_id: str, agent_id: str | None = None
    ) -> builtins.list[models.ThreadsListItem]:
        """List the threads of a user, the newest first.

        Args:
            user_id: The user.
            agent_id: Only threads with this agent.

        Returns:
            What there is to know about each thread without its messages.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> items = threads.list_user_threads(user_id="user-1")
            >>> for item in items:
            ...     print(item.thread_id)
            thread-1
        """
        spec = threads_requests.list_user_threads(user_id=user_id, agent_id=agent_id)
        return self._transport.call(spec, builtins.list[models.ThreadsListItem]).parsed

    async def alist_user_threads(
        self, user_id: str, agent_id: str | None = None
    ) -> builtins.list[models.ThreadsListItem]:
        """List the threads of a user, the newest first.

        Args:
            user_id: The user.
            agent_id: Only threads with this agent.

        Returns:
            What there is to know about each thread without its messages.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> items = await threads.alist_user_threads(user_id="user-1")
            >>> for item in items:
            ...     print(item.thread_id)
            thread-1
        """
        spec = threads_requests.list_user_threads(user_id=user_id, agent_id=agent_id)
        return (await self._transport.acall(spec, builtins.list[models.ThreadsListItem])).parsed

    def rename(self, thread_id: str, name: str) -> None:
        """Give a thread a name.

        Args:
            thread_id: The thread.
            name: The new name.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> threads.rename(thread_id="thread-1", name="Sales")
        """
        spec = threads_requests.rename(thread_id=thread_id, name=name)
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def arename(self, thread_id: str, name: str) -> None:
        """Give a thread a name.

        Args:
            thread_id: The thread.
            name: The new name.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> await threads.arename(thread_id="thread-1", name="Sales")
        """
        spec = threads_requests.rename(thread_id=thread_id, name=name)
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed

    def get(self, thread_id: str) -> models.Thread:
        """Get a thread with all its messages.

        Args:
            thread_id: The thread.

        Returns:
            The thread.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = threads.get(thread_id="thread-1")
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.get(thread_id=thread_id)
        return self._transport.call(spec, models.Thread).parsed

    async def aget(self, thread_id: str) -> models.Thread:
        """Get a thread with all its messages.

        Args:
            thread_id: The thread.

        Returns:
            The thread.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = await threads.aget(thread_id="thread-1")
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.get(thread_id=thread_id)
        return (await self._transport.acall(spec, models.Thread)).parsed

    def extend(
        self,
        thread_id: str,
        messages: builtins.list[models.ThreadMessage],
        after: int | None = None,
        execution_id: str | None = None,
        execution_attempt: int | None = None,
    ) -> models.Thread:
        """Add messages to the end of a thread.

        All of them or none, and never twice. With `execution_id` the call counts as a sign of life
        of the task's holder, and the answer's headers say where the task stands.

        Args:
            thread_id: The thread.
            messages: The messages to add, oldest first.
            after: How many messages the caller knows. They may be left out of the answer.
            execution_id: The task that the messages belong to.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Returns:
            The thread, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = threads.extend(thread_id="thread-1", messages=[])
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.extend(
            thread_id=thread_id,
            messages=messages,
            after=after,
            execution_id=execution_id,
            execution_attempt=execution_attempt,
        )
        return self._transport.call(spec, models.Thread).parsed

    async def aextend(
        self,
        thread_id: str,
        messages: builtins.list[models.ThreadMessage],
        after: int | None = None,
        execution_id: str | None = None,
        execution_attempt: int | None = None,
    ) -> models.Thread:
        """Add messages to the end of a thread.

        All of them or none, and never twice. With `execution_id` the call counts as a sign of life
        of the task's holder, and the answer's headers say where the task stands.

        Args:
            thread_id: The thread.
            messages: The messages to add, oldest first.
            after: How many messages the caller knows. They may be left out of the answer.
            execution_id: The task that the messages belong to.
            execution_attempt: The attempt that the writing worker holds, the task's
                `execution_attempts`.

        Returns:
            The thread, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ConflictError: It contradicts what is already so, as a finished task or a lost attempt
                does.
            UnknownOutcomeError: The request may have been carried out, and no answer came.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = await threads.aextend(thread_id="thread-1", messages=[])
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.extend(
            thread_id=thread_id,
            messages=messages,
            after=after,
            execution_id=execution_id,
            execution_attempt=execution_attempt,
        )
        return (await self._transport.acall(spec, models.Thread)).parsed

    def delete(self, thread_id: str) -> None:
        """Forget a thread and its messages.

        Args:
            thread_id: The thread.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> threads.delete(thread_id="thread-1")
        """
        spec = threads_requests.delete(thread_id=thread_id)
        response: Response[None] = self._transport.call(spec, None)
        return response.parsed

    async def adelete(self, thread_id: str) -> None:
        """Forget a thread and its messages.

        Args:
            thread_id: The thread.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> await threads.adelete(thread_id="thread-1")
        """
        spec = threads_requests.delete(thread_id=thread_id)
        response: Response[None] = await self._transport.acall(spec, None)
        return response.parsed

    def update(
        self,
        thread_id: str,
        messages: builtins.list[models.ThreadMessage] | None = None,
        metadata: dict[str, Any] | None = None,
        user_details: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> models.Thread:
        """Replace a thread's messages, or other parts of it.

        What is not given stays as it is.

        Args:
            thread_id: The thread.
            messages: What the thread consists of from now on.
            metadata: Whatever was kept with it.
            user_details: The person it is led with.
            name: Its name.

        Returns:
            The thread, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = threads.update(thread_id="thread-1", name="Sales")
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.update(
            thread_id=thread_id,
            messages=messages,
            metadata=metadata,
            user_details=user_details,
            name=name,
        )
        return self._transport.call(spec, models.Thread).parsed

    async def aupdate(
        self,
        thread_id: str,
        messages: builtins.list[models.ThreadMessage] | None = None,
        metadata: dict[str, Any] | None = None,
        user_details: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> models.Thread:
        """Replace a thread's messages, or other parts of it.

        What is not given stays as it is.

        Args:
            thread_id: The thread.
            messages: What the thread consists of from now on.
            metadata: Whatever was kept with it.
            user_details: The person it is led with.
            name: Its name.

        Returns:
            The thread, as it is now.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = await threads.aupdate(thread_id="thread-1", name="Sales")
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.update(
            thread_id=thread_id,
            messages=messages,
            metadata=metadata,
            user_details=user_details,
            name=name,
        )
        return (await self._transport.acall(spec, models.Thread)).parsed

    def read(self, thread_id: str, strategy: str, after: int | None = None) -> models.Thread:
        """Get a thread's messages as a strategy shows them.

        `full` shows them as they are, and then `after` leaves out those that are known already. A
        platform that leaves any out says where it begins (`offset`).

        Args:
            thread_id: The thread.
            strategy: Which view of the thread: the agent's `memory_strategy`.
            after: How many messages the caller knows. They may be left out of the answer.

        Returns:
            The thread.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = threads.read(thread_id="thread-1", strategy="full")
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.read(thread_id=thread_id, strategy=strategy, after=after)
        return self._transport.call(spec, models.Thread).parsed

    async def aread(self, thread_id: str, strategy: str, after: int | None = None) -> models.Thread:
        """Get a thread's messages as a strategy shows them.

        `full` shows them as they are, and then `after` leaves out those that are known already. A
        platform that leaves any out says where it begins (`offset`).

        Args:
            thread_id: The thread.
            strategy: Which view of the thread: the agent's `memory_strategy`.
            after: How many messages the caller knows. They may be left out of the answer.

        Returns:
            The thread.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> threads = Threads(configuration)
            >>> thread = await threads.aread(thread_id="thread-1", strategy="full")
            >>> print(thread.id)
            thread-1
        """
        spec = threads_requests.read(thread_id=thread_id, strategy=strategy, after=after)
        return (await self._transport.acall(spec, models.Thread)).parsed


class ThreadsWithRawResponse(RawCalls):
    """The calls of `Threads`, each returning a `Response`: status, headers and the object."""

    create = raw(Threads.create)
    acreate = araw(Threads.acreate)
    list_user_threads = raw(Threads.list_user_threads)
    alist_user_threads = araw(Threads.alist_user_threads)
    rename = raw(Threads.rename)
    arename = araw(Threads.arename)
    get = raw(Threads.get)
    aget = araw(Threads.aget)
    extend = raw(Threads.extend)
    aextend = araw(Threads.aextend)
    delete = raw(Threads.delete)
    adelete = araw(Threads.adelete)
    update = raw(Threads.update)
    aupdate = araw(Threads.aupdate)
    read = raw(Threads.read)
    aread = araw(Threads.aread)
