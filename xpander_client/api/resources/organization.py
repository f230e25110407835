"""`Organization`: calls to the platform, each in a sync and an async form."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, Generator

from xpander_client.core.pages import page_size as _page_size
from xpander_client.transport import Resource
from xpander_client.transport.raw import RawCalls, araw, raw

from .. import models
from ..requests import organization as organization_requests


class Organization(Resource):
    """What concerns an organization as a whole: users who ask to be forgotten, and what was
    done.

    Every call has an `a…` twin for async code, with the same parameters.
    """

    @property
    def with_raw_response(self) -> OrganizationWithRawResponse:
        """The same calls, each returning a `Response`: status, headers and the object."""
        return OrganizationWithRawResponse(self._transport)

    def forget_user(self, user_id: str) -> models.Removed:
        """Delete all there is of a user.

        These are the user's tasks, with those that they started and the threads that they were
        talked about in, the user's threads, and the reports of metrics and usage of these tasks.
        What is not finished is stopped. When the answer says that there is `more`, call it again.
        With a key for some agents, only what concerns those goes.

        Args:
            user_id: The user who is forgotten.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> removed = organization.forget_user(user_id="user-7")
            >>> print(removed.tasks)
            1
        """
        spec = organization_requests.forget_user(user_id=user_id)
        return self._transport.call(spec, models.Removed).parsed

    async def aforget_user(self, user_id: str) -> models.Removed:
        """Delete all there is of a user.

        These are the user's tasks, with those that they started and the threads that they were
        talked about in, the user's threads, and the reports of metrics and usage of these tasks.
        What is not finished is stopped. When the answer says that there is `more`, call it again.
        With a key for some agents, only what concerns those goes.

        Args:
            user_id: The user who is forgotten.

        Returns:
            The number of tasks and threads deleted.

        Raises:
            NotFoundError: Nothing in the organization has that id.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> removed = await organization.aforget_user(user_id="user-7")
            >>> print(removed.tasks)
            1
        """
        spec = organization_requests.forget_user(user_id=user_id)
        return (await self._transport.acall(spec, models.Removed)).parsed

    def list_audit(
        self, limit: int | None = None, cursor: str | None = None
    ) -> builtins.list[models.AuditEntry]:
        """List what was stopped, deleted, created or revoked, and by whom, the newest first.

        Without a `limit` these are the newest hundred. Where there are more, `x-next-cursor` of the
        answer is the `cursor` that goes on behind them. A key for some agents may not ask.

        Args:
            limit: How many entries to answer with at most, from 1 to 500.
            cursor: Where to go on, the `next_cursor` of `with_raw_response.list_audit(...)`.

        Returns:
            The entries.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> entries = organization.list_audit()
            >>> for item in entries:
            ...     print(item.action)
            task.stop
        """
        spec = organization_requests.list_audit(limit=limit, cursor=cursor)
        return self._transport.call(spec, builtins.list[models.AuditEntry]).parsed

    async def alist_audit(
        self, limit: int | None = None, cursor: str | None = None
    ) -> builtins.list[models.AuditEntry]:
        """List what was stopped, deleted, created or revoked, and by whom, the newest first.

        Without a `limit` these are the newest hundred. Where there are more, `x-next-cursor` of the
        answer is the `cursor` that goes on behind them. A key for some agents may not ask.

        Args:
            limit: How many entries to answer with at most, from 1 to 500.
            cursor: Where to go on, the `next_cursor` of `with_raw_response.list_audit(...)`.

        Returns:
            The entries.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> entries = await organization.alist_audit()
            >>> for item in entries:
            ...     print(item.action)
            task.stop
        """
        spec = organization_requests.list_audit(limit=limit, cursor=cursor)
        return (await self._transport.acall(spec, builtins.list[models.AuditEntry])).parsed

    def iter_audit(self, page_size: int = 100) -> Generator[models.AuditEntry, None, None]:
        """Go through what was done, the newest first.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            page_size: How many come with one request, from 1 to 500.

        Yields:
            Each AuditEntry.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> for item in organization.iter_audit():
            ...     print(item.action)
            task.stop
        """
        spec = organization_requests.list_audit(limit=_page_size(page_size, 1, 500))
        return self._transport.pages(spec, builtins.list[models.AuditEntry])

    def aiter_audit(self, page_size: int = 100) -> AsyncGenerator[models.AuditEntry, None]:
        """Go through what was done, the newest first.

        Each page is one request, made when the page before is used up, and tried again as every
        call is. What is created meanwhile repeats nothing that was there before, and hides nothing
        of it. A platform that knows no pages is asked once, for the whole list.

        Args:
            page_size: How many come with one request, from 1 to 500.

        Yields:
            Each AuditEntry.

        Raises:
            ArgumentError: (a ValueError) `page_size` is out of range.
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> async for item in organization.aiter_audit():
            ...     print(item.action)
            task.stop
        """
        spec = organization_requests.list_audit(limit=_page_size(page_size, 1, 500))
        return self._transport.apages(spec, builtins.list[models.AuditEntry])

    def list_workers(self) -> builtins.list[models.ListeningWorker]:
        """List the workers that listen now, by their agents.

        A task of an agent that none of them serves waits until a worker comes. A key for some
        agents sees their workers only.

        Returns:
            The workers.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> workers = organization.list_workers()
            >>> for item in workers:
            ...     print(item.agent_id)
            agent-1
        """
        spec = organization_requests.list_workers()
        return self._transport.call(spec, builtins.list[models.ListeningWorker]).parsed

    async def alist_workers(self) -> builtins.list[models.ListeningWorker]:
        """List the workers that listen now, by their agents.

        A task of an agent that none of them serves waits until a worker comes. A key for some
        agents sees their workers only.

        Returns:
            The workers.

        Raises:
            ModuleException: The base of every other error: an argument that can't be sent, no
                connection, a timeout, a refused key.

        Example:
            >>> organization = Organization(configuration)
            >>> workers = await organization.alist_workers()
            >>> for item in workers:
            ...     print(item.agent_id)
            agent-1
        """
        spec = organization_requests.list_workers()
        return (await self._transport.acall(spec, builtins.list[models.ListeningWorker])).parsed


class OrganizationWithRawResponse(RawCalls):
    """The calls of `Organization`, each returning a `Response`: status, headers and the object."""

    forget_user = raw(Organization.forget_user)
    aforget_user = araw(Organization.aforget_user)
    list_audit = raw(Organization.list_audit)
    alist_audit = araw(Organization.alist_audit)
    list_workers = raw(Organization.list_workers)
    alist_workers = araw(Organization.alist_workers)
