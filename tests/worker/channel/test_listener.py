"""The stream that tasks come from, with everything that can happen to a stream."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable

import attrs
import pytest

from tests.raw_server import Connection, RawServer
from xpander_client import AuthenticationError, ModuleException
from xpander_client.api.models import WorkerEnvironment
from xpander_client.transport import Transport
from xpander_client.transport.pool import Pool
from xpander_client.worker.channel.listener import (
    Listener,
    Message,
    Offered,
    Registered,
    StopRequested,
    TaskNotification,
)


def frame(event: str, data: object) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


REGISTRATION = frame("worker-registration", {"id": "worker-1", "name": "w"})
TASK = frame("agent-execution", {"id": "task-1", "execution_attempts": 3, "new_field": [1]})


@contextlib.asynccontextmanager
async def listening(server: RawServer, idle: float = 10.0) -> AsyncIterator[AsyncIterator[Message]]:
    configuration = attrs.evolve(server.configuration(idle=idle), agent_id="sales")
    pool = Pool(configuration)
    listener = Listener(Transport(configuration, pool), "sales", WorkerEnvironment.Local)
    async with contextlib.aclosing(listener.messages()) as messages:
        yield messages
    await pool.aclose()


def saying(*frames: bytes, then: Callable[[Connection], object]) -> Callable[[Connection], None]:
    def script(connection: Connection) -> None:
        connection.stream(b"".join(frames))
        then(connection)

    return script


def wait(connection: Connection) -> None:
    connection.is_closed_by_peer()


async def test_what_the_platform_says_is_understood() -> None:
    stop = frame("task-stop", {"id": "task-1", "execution_attempts": 3})
    told = {"id": "task-1", "execution_attempts": 3, "seq": 7, "key": "approval"}
    half = frame("task-notify", {"id": "task-1", "key": "without a number"})
    notices = half + frame("task-notify", told)
    with RawServer(
        saying(REGISTRATION, b": comment\n\n", TASK, notices, stop, then=wait)
    ) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")
            offered = await anext(messages)
            assert isinstance(offered, Offered)
            assert (offered.task_id, offered.attempt) == ("task-1", 3)
            assert json.loads(offered.body)["new_field"] == [1]
            assert await anext(messages) == TaskNotification("task-1", 3, 7, "approval", None)
            assert await anext(messages) == StopRequested("task-1", 3)
        assert server.lines == ["GET /org/events/sales/?environment=local HTTP/1.1"]


@pytest.mark.parametrize(
    ("said", "understood"),
    [(15, 15), (0.5, 0.5), (0, None), (-1, None), (1e300, None), (True, None), ("2", None)],
)
async def test_an_interval_that_nobody_can_keep_is_none(
    said: object, understood: float | None
) -> None:
    registration = frame("worker-registration", {"id": "worker-1", "heartbeat_interval": said})
    with RawServer(saying(registration, then=wait)) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1", understood)


async def test_a_listener_can_say_who_it_is_and_what_it_takes() -> None:
    with RawServer(saying(REGISTRATION, then=wait)) as server:
        configuration = attrs.evolve(server.configuration(idle=10.0), agent_id="sales")
        pool = Pool(configuration)
        listener = Listener(
            Transport(configuration, pool),
            "sales",
            WorkerEnvironment.Local,
            worker_id="mine",
            pool="reports",
            slots=6,
        )
        async with contextlib.aclosing(listener.messages()) as messages:
            assert await anext(messages) == Registered("worker-1")
        await pool.aclose()
        query = "environment=local&pool=reports&slots=6"
        assert server.lines == [f"GET /org/events/sales/?{query} HTTP/1.1"]
        assert server.headers("x-worker-id") == ["mine"]


async def test_what_is_unknown_or_unreadable_is_passed_over() -> None:
    noise = (
        frame("brand-new-event", {"id": "x"})
        + frame("agent-execution", {"without": "an id"})
        + frame("agent-execution", ["no", "object"])
        + b"event: agent-execution\ndata: no json\n\n"
        + b"data: no name\n\n"
    )
    with RawServer(saying(REGISTRATION, noise, TASK, then=wait)) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")
            assert isinstance(await anext(messages), Offered)


@pytest.mark.parametrize(
    "fault",
    [
        Connection.reset,
        lambda connection: None,  # a clean end
        lambda connection: connection.send(b"event: agent-exec"),  # cut inside an event
    ],
)
async def test_a_broken_stream_is_opened_again_as_the_same_worker(
    fault: Callable[[Connection], None],
) -> None:
    with RawServer(
        saying(REGISTRATION, then=fault), saying(REGISTRATION, TASK, then=wait)
    ) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")
            assert await anext(messages) == Registered("worker-1")
            assert isinstance(await anext(messages), Offered)
        assert server.headers("x-worker-id") == [None, "worker-1"]


async def test_a_silent_stream_is_opened_again() -> None:
    with RawServer(saying(REGISTRATION, then=wait), saying(TASK, then=wait)) as server:
        async with listening(server, idle=0.3) as messages:
            assert await anext(messages) == Registered("worker-1")
            assert isinstance(await anext(messages), Offered)


async def test_a_failing_platform_is_asked_again() -> None:
    with RawServer(
        lambda connection: connection.answer(b"{}", 503),
        Connection.reset,
        saying(REGISTRATION, then=wait),
    ) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")


async def test_a_refused_key_is_an_error_at_first_and_waited_out_later() -> None:
    def refuse(connection: Connection) -> None:
        connection.answer(b'{"detail": "no such key"}', 401)

    with RawServer(refuse) as server:
        async with listening(server) as messages:
            with pytest.raises(AuthenticationError, match="no such key"):
                await anext(messages)
    with RawServer(
        saying(REGISTRATION, then=Connection.reset), refuse, saying(TASK, then=wait)
    ) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")
            assert isinstance(await anext(messages), Offered)


async def test_a_stream_that_leads_elsewhere_is_an_error_at_first_that_names_the_target() -> None:
    def moved(connection: Connection) -> None:
        connection.answer(b"", 308, "location: https://platform.test/events", "connection: close")

    with RawServer(moved) as server:
        async with listening(server) as messages:
            with pytest.raises(
                ModuleException, match=r"redirects to https://platform\.test/events"
            ):
                await anext(messages)


async def test_a_stream_is_followed_within_its_origin() -> None:
    def moved(connection: Connection) -> None:
        connection.answer(b"", 307, "location: /new/events", "connection: close")

    with RawServer(moved, saying(REGISTRATION, then=wait)) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")
    assert server.lines[1] == "GET /new/events HTTP/1.1"


async def test_a_warning_says_which_address_was_tried(caplog: pytest.LogCaptureFixture) -> None:
    closing = saying(REGISTRATION, then=lambda connection: None)
    with RawServer(closing, saying(REGISTRATION, then=wait)) as server:
        address = f"{server.url}/org"
        async with listening(server) as messages:
            for _ in range(2):
                assert await anext(messages) == Registered("worker-1")
    [said] = [each for each in caplog.messages if "trying again" in each]
    assert address in said


async def test_an_environment_conflict_is_one_clear_error_and_the_end() -> None:
    conflict = frame("worker-environment-conflict", {"error": "the cloud serves this agent"})
    with RawServer(saying(REGISTRATION, conflict, TASK, then=wait)) as server:
        async with listening(server) as messages:
            assert await anext(messages) == Registered("worker-1")
            with pytest.raises(ModuleException, match="the cloud serves this agent"):
                await anext(messages)
        assert len(server.lines) == 1
