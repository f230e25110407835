"""A write is made until it is delivered, or until nobody wants it."""

import logging
from typing import Any

import pytest

from xpander_client import Configuration, Tasks
from xpander_client.errors import (
    ApiStatusError,
    CallError,
    ConnectionFailedError,
    DecodingError,
    TimeoutExceededError,
)
from xpander_client.platform import LocalPlatform
from xpander_client.transport import Transport
from xpander_client.worker.activity_digest import digest_activity
from xpander_client.worker.attempt import Attempt, Means
from xpander_client.worker.delivery import Delivery, deliver
from xpander_client.worker.handler import inspect_handler
from xpander_client.worker.threads import HandlerThreads

LOG = logging.LoggerAdapter(logging.getLogger("test"))
CALL: Any = {"method": "PATCH", "path": "/agent-execution/task-1/update"}


def status(code: int, *, retryable: bool = False) -> CallError:
    return ApiStatusError.class_for(code)("said", status_code=code, retryable=retryable, **CALL)


class Write:
    """Fails with these errors, one after the other, then succeeds."""

    def __init__(self, *errors: CallError) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self) -> None:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)


@pytest.mark.parametrize("code", [409, 404])
async def test_what_nobody_wants_any_more_is_lost_and_not_tried_again(code: int) -> None:
    write = Write(status(code))
    assert await deliver(write, "the result", LOG) == (Delivery.LOST, "said")
    assert write.tries == 1


@pytest.mark.parametrize("code", [400, 413, 422])
async def test_what_the_platform_cannot_take_is_refused_and_not_tried_again(code: int) -> None:
    write = Write(status(code))
    assert (await deliver(write, "the result", LOG))[0] is Delivery.REFUSED
    assert write.tries == 1


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailedError("refused", retryable=True, **CALL),
        TimeoutExceededError("late", retryable=True, **CALL),
        status(503, retryable=True),
        status(429, retryable=True),
        status(500),
        # A key may be put right, and the work is done already.
        status(401),
        status(403),
    ],
)
async def test_what_may_pass_is_waited_out(error: CallError) -> None:
    write = Write(error)
    assert await deliver(write, "the result", LOG) == (Delivery.DELIVERED, "")
    assert write.tries == 2


async def test_an_unreadable_answer_to_a_write_does_not_repeat_it() -> None:
    write = Write(DecodingError("what is this?", status_code=200, **CALL))
    assert (await deliver(write, "the result", LOG))[0] is Delivery.DELIVERED
    assert write.tries == 1


async def test_a_task_that_cannot_be_read_ends_as_error_instead_of_coming_back_forever(
    platform: LocalPlatform, configuration: Configuration
) -> None:
    task = await Tasks(configuration).acreate(agent_id="sales", prompt="x")
    handler = inspect_handler(lambda task: task)
    means = Means(handler, Transport.of(configuration), HandlerThreads(1), digest_activity)
    await Attempt(task.id, 0, b'{"id": 5}', means).run()
    await task.areload()
    assert task.status == "error"
    assert "could not read the task: $" in (task.result or "")
