"""A write is made until it is delivered, or until nobody wants it."""

import logging
from typing import Any

import pytest

from xpander_client import Configuration, Task, Tasks
from xpander_client.api.models import Tokens
from xpander_client.configuration import RetryPolicy
from xpander_client.core.serialization import dumps
from xpander_client.errors import (
    ApiStatusError,
    CallError,
    ConnectionFailedError,
    DecodingError,
    TimeoutExceededError,
)
from xpander_client.platform import LocalPlatform
from xpander_client.transport import Transport
from xpander_client.worker.attempts.activity_digest import digest_activity
from xpander_client.worker.attempts.attempt import Attempt, WorkerContext
from xpander_client.worker.attempts.handler import inspect_handler
from xpander_client.worker.attempts.record import claiming
from xpander_client.worker.attempts.threads import HandlerThreads
from xpander_client.worker.channel import delivery
from xpander_client.worker.channel.delivery import MOST_FAILURES, Delivery, deliver

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


async def test_a_write_that_fails_while_others_get_through_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", RetryPolicy(initial=0.001, maximum=0.001))
    write = Write(*[status(503, retryable=True)] * 99)
    delivered, why = await deliver(write, "the result", LOG, probe=Write())
    assert (delivered, write.tries) == (Delivery.REFUSED, MOST_FAILURES)
    assert "other writes get through" in why
    # A platform that takes nothing, or cannot be reached, is waited for.
    outage = [status(503, retryable=True)] * 20
    write, probe = Write(*outage), Write(*outage)
    assert (await deliver(write, "the result", LOG, probe=probe))[0] is Delivery.DELIVERED
    assert write.tries == 21
    unreachable = [ConnectionFailedError("refused", retryable=True, **CALL)] * 20
    write, probe = Write(*unreachable), Write()
    assert (await deliver(write, "the result", LOG, probe=probe))[0] is Delivery.DELIVERED
    assert probe.tries == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"internal_status": "x" * 6_000},
        {"internal_status": "a\0b"},
        {"duration": -1e12},
        {"tokens": Tokens(completion_tokens=2**63, prompt_tokens=2**63)},
    ],
)
async def test_a_task_whose_end_cannot_be_kept_ends_as_an_error_that_says_so(
    platform: LocalPlatform, configuration: Configuration, wrong: dict[str, Any]
) -> None:
    async def handle(task: Task) -> Task:
        for name, value in wrong.items():
            setattr(task, name, value)
        task.result = "fine"
        return task

    transport = Transport.of(configuration)
    task = await Tasks(configuration).acreate(agent_id="sales", prompt="x")
    context = WorkerContext(inspect_handler(handle), transport, HandlerThreads(1), digest_activity)
    claimed = (await claiming(transport, task.id, "worker-1")()).parsed
    await Attempt(task.id, 1, dumps(claimed), context).run()
    await task.areload()
    assert task.status == "error"
    assert f"$.{next(iter(wrong))}" in (task.result or "")


async def test_an_unreadable_answer_to_a_write_does_not_repeat_it() -> None:
    write = Write(DecodingError("what is this?", status_code=200, **CALL))
    assert (await deliver(write, "the result", LOG))[0] is Delivery.DELIVERED
    assert write.tries == 1


async def test_a_task_that_cannot_be_read_ends_as_error_instead_of_coming_back_forever(
    platform: LocalPlatform, configuration: Configuration
) -> None:
    task = await Tasks(configuration).acreate(agent_id="sales", prompt="x")
    handler = inspect_handler(lambda task: task)
    context = WorkerContext(
        handler, Transport.of(configuration), HandlerThreads(1), digest_activity
    )
    await Attempt(task.id, 0, b'{"id": 5}', context).run()
    await task.areload()
    assert task.status == "error"
    assert "could not read the task: $" in (task.result or "")
