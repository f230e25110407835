"""Tasks that are created and followed with one request, over a socket whose server breaks them."""

import orjson
import pytest
import respx
from httpx import Response

from tests.raw_server import Connection, RawServer, Script
from tests.worlds import World
from xpander_client import (
    AgentExecutionStatus,
    Configuration,
    NotFoundError,
    RetryPolicy,
    Task,
    Tasks,
    UnknownOutcomeError,
    WaitTimeoutError,
)

TASK = {
    "id": "t1",
    "agent_id": "sales",
    "organization_id": "org",
    "input": {"text": "sum up"},
    "created_at": "2026-01-02T03:04:05Z",
    "status": "pending",
    "events_streaming": True,
}
ENDED = {**TASK, "status": "failed", "result": "no luck"}
HONORED = "idempotency-keys: honored"


def event(kind: str, number: int | None, data: object) -> bytes:
    body = {
        "type": kind,
        "task_id": "t1",
        "organization_id": "org",
        "time": "2026-01-02T03:04:05Z",
        "data": data,
    }
    return (b"" if number is None else b"id: %d\n" % number) + b"data: %b\n\n" % orjson.dumps(body)


HELLO = event("connected", None, None)
FIRST = event("task_created", 1, TASK)
LAST = event("task_finished", 2, ENDED)


def streaming(*pieces: bytes, honored: bool = True) -> Script:
    def script(connection: Connection) -> None:
        head = [
            "HTTP/1.1 200 OK",
            "content-type: text/event-stream",
            "connection: close",
            *([HONORED] if honored else []),
            "",
            "",
        ]
        connection.send("\r\n".join(head).encode() + b"".join(pieces))

    return script


def answering(body: object, status: int = 200, *headers: str) -> Script:
    return lambda connection: connection.answer(
        orjson.dumps(body), status, "content-type: application/json", "connection: close", *headers
    )


POST = "POST /agent-execution/sales HTTP/1.1"
GET = "GET /org/agent-execution/t1/events HTTP/1.1"


pytestmark = pytest.mark.usefixtures("http")


def run(world: World, server: RawServer, timeout: float | None = None, **more: bool) -> Task:
    tasks = Tasks(server.configuration(attempts=2))
    task: Task = world.run(tasks, "run", "sales", prompt="sum up", timeout=timeout, **more)
    return task


def test_a_task_that_failed_is_returned_with_one_request(world: World) -> None:
    with RawServer(streaming(HELLO, FIRST, LAST)) as server:
        task = run(world, server, timeout=10.0)
    assert (task.status, task.result) == (AgentExecutionStatus.Failed, "no luck")
    assert server.lines == [POST]
    body = orjson.loads(server.connections[0].request.partition("\r\n\r\n")[2])
    assert body["events_streaming"] is True


def test_a_stream_that_breaks_goes_on_where_it_broke(world: World) -> None:
    with RawServer(
        streaming(HELLO, FIRST), answering({"status": "executing"}), streaming(HELLO, LAST)
    ) as server:
        assert run(world, server).result == "no luck"
    assert server.lines[::2] == [POST, GET]
    assert server.headers("last-event-id")[2] == "1"


def test_a_stream_that_breaks_before_its_first_event_is_asked_for_again_by_its_key(
    world: World,
) -> None:
    with RawServer(streaming(HELLO[:-1]), streaming(HELLO, FIRST, LAST)) as server:
        assert run(world, server).result == "no luck"
    assert server.lines == [POST, POST]
    first, second = server.headers("idempotency-key")
    assert first == second is not None


def test_no_task_is_created_twice_where_keys_mean_nothing(world: World) -> None:
    wanted = pytest.raises(UnknownOutcomeError, match=r"Tasks\.create may have happened")
    with RawServer(streaming(b": hello\n\n", honored=False)) as server, wanted:
        run(world, server)
    assert server.lines == [POST]


def test_a_platform_that_answers_with_the_task_is_followed(world: World) -> None:
    with RawServer(answering(TASK), streaming(HELLO, FIRST, LAST)) as server:
        assert run(world, server).result == "no luck"
    assert server.lines == [POST, GET]


@pytest.mark.parametrize("streams", [True, False])
def test_a_platform_that_streams_nothing_is_asked_until_it_is_over(
    world: World, streams: bool
) -> None:
    # Whether the task was to stream its events or not.
    created = {**TASK, "events_streaming": False}
    with RawServer(answering(created), answering(created), answering(ENDED)) as server:
        assert run(world, server, events_streaming=streams).result == "no luck"
    asked = "GET /agent-execution/t1/status HTTP/1.1"
    assert server.lines == [POST, asked, asked]


def test_a_task_that_is_finished_when_it_is_created_is_the_answer(world: World) -> None:
    with RawServer(answering({**ENDED, "events_streaming": False})) as server:
        task = run(world, server)
    assert task.result == "no luck"
    task.title = "mine"
    assert task._changes() == {"title": "mine"}


def test_refusals_are_those_of_create(world: World) -> None:
    refusing = answering({"detail": "no such agent"}, 404)
    with RawServer(refusing) as server, pytest.raises(NotFoundError, match="no such agent"):
        run(world, server)


def test_the_time_ends_the_waiting(world: World) -> None:
    def silent(connection: Connection) -> None:
        streaming(HELLO, FIRST)(connection)
        connection.is_closed_by_peer()

    with RawServer(silent) as server, pytest.raises(WaitTimeoutError):
        run(world, server, timeout=0.2)
    assert server.lines == [POST]


def test_a_mocked_platform_runs_tasks(world: World) -> None:
    configuration = Configuration(
        "key", "http://platform.test", "org", retry=RetryPolicy(attempts=1), http="httpx"
    )
    with respx.mock(base_url="http://platform.test") as router:
        head = {"content-type": "text/event-stream"}
        stream = Response(200, headers=head, content=HELLO + FIRST + LAST)
        route = router.post("/agent-execution/sales").mock(return_value=stream)
        task: Task = world.run(Tasks(configuration), "run", "sales")
    assert task.result == "no luck"
    assert route.call_count == 1
