"""How a call of an agent's task can end, other than with a value."""

from __future__ import annotations

from xpander_client.errors import ModuleException


class AgentTaskError(ModuleException):
    """The base of all of them; `message`, which is also `str(error)`, says what happened.

    Example:
        >>> error = TaskFail("no such file")
        >>> str(error), error.message
        ('no such file', 'no such file')
    """

    def __init__(self, message: str) -> None:
        super().__init__(None, message)

    @property
    def message(self) -> str:
        """What happened, in words."""
        return self.description

    def __str__(self) -> str:
        return self.description


class TaskFail(AgentTaskError):
    """The agent gave the task up, and says why."""


class TaskClarify(AgentTaskError):
    """The agent can't go on without an answer; the message is its question."""


class TaskTimeout(AgentTaskError):
    """The agent used up its turns without an end."""


class TaskCancelled(AgentTaskError):
    """The task was cancelled, after `iterations_completed` whole turns."""

    def __init__(self, message: str, task_name: str, iterations_completed: int = 0) -> None:
        super().__init__(message)
        self.task_name = task_name
        self.iterations_completed = iterations_completed


class LLMFail(AgentTaskError):
    """The model gave no usable answer, also not when asked `retries` more times."""

    def __init__(self, message: str, provider: str, model: str, retries: int) -> None:
        super().__init__(message)
        self.provider = provider
        self.model = model
        self.retries = retries


class ConcurrencyError(AgentTaskError):
    """Other calls changed the same variables of the session, each time this one was tried."""

    retryable = True


class OutputInvalid(AgentTaskError):
    """What the agent returned is not of the task's type; the message is for the model to read."""


class LLMCallError(AgentTaskError):
    """One request to a model failed.

    `retryable` says whether the same request may succeed later: not so with a wrong key.
    `retry_after` is the wait in seconds that the provider asks for before the next request.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.retryable = retryable
        self.retry_after = retry_after


class ResponseParseError(LLMCallError):
    """The model answered, but not in the sections that it was asked for.

    `answer` is what it wrote.
    """

    def __init__(self, message: str, answer: str = "") -> None:
        super().__init__(message)
        self.answer = answer


class ScriptEndedError(LLMCallError):
    """A scripted model was asked more often than its script has answers."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)
