"""What the tests of the platform speak: the wire, by hand."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, NamedTuple

import httpx

from xpander_client.platform.stores.base.store import Store


class Clock:
    """A clock that goes only when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class OpenStore:
    def __init__(self, store: Store) -> None:
        self.store = store

    async def __aenter__(self) -> Store:
        await self.store.open()
        return self.store

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.store.close()


class Sse(NamedTuple):
    event: str
    data: Any
    id: str | None
    comment: bool = False


def frames(response: httpx.Response) -> Iterator[Sse]:
    """The frames of an event stream as they arrive, comments included."""
    event, data, number = "message", None, None
    for line in response.iter_lines():
        if not line:
            if data is not None:
                yield Sse(event, data, number)
            event, data, number = "message", None, None
        elif line.startswith(":"):
            yield Sse("", None, None, comment=True)
        elif line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            data = json.loads(line[6:])
        elif line.startswith("id: "):
            number = line[4:]


def create(http: httpx.Client, agent: str = "sales", **body: Any) -> dict[str, Any]:
    """A new task, that streams its events."""
    body = {"input": {"text": "sum up"}, "events_streaming": True, **body}
    answer = http.post(f"/agent-execution/{agent}", json=body)
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()
    return task


def update(http: httpx.Client, task: dict[str, Any], **fields: Any) -> httpx.Response:
    return http.patch(f"/agent-execution/{task['id']}/update", json=fields)


def status(http: httpx.Client, task: dict[str, Any]) -> dict[str, Any]:
    answer = http.get(f"/agent-execution/{task['id']}/status")
    assert answer.status_code == 200, answer.text
    now: dict[str, Any] = answer.json()
    return now


def event(kind: str, task_id: str, data: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "task_id": task_id,
        "organization_id": "acme",
        "time": "2026-01-02T03:04:05Z",
        "data": data,
    }


def push(
    http: httpx.Client, task: dict[str, Any], *events: dict[str, Any], **headers: str
) -> httpx.Response:
    return http.post(
        f"/agent-execution/{task['id']}/events/push", json=list(events), headers=headers
    )


def replay(http: httpx.Client, task: dict[str, Any], **headers: str) -> list[Sse]:
    """All events of a finished task, without `connected`."""
    with http.stream("GET", f"/agent-execution/{task['id']}/events", headers=headers) as response:
        assert response.status_code == 200
        return [frame for frame in frames(response) if frame.id is not None]


def eventually(holds: Callable[[], bool], what: str, patience: float = 20.0) -> None:
    """Wait for something that has to come true; how soon is not what is tested."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.02)


class Worker:
    """A worker that does just what it is told."""

    def __init__(self, http: httpx.Client, agent: str, response: httpx.Response) -> None:
        self._http = http
        self._agent = agent
        self.response = response
        self._frames = frames(response)
        registration = self.next()
        assert registration.event == "worker-registration"
        self.asset: dict[str, Any] = registration.data
        self.id: str = registration.data["id"]

    def next(self) -> Sse:
        """The next frame that is no comment."""
        return next(frame for frame in self._frames if not frame.comment)

    def rest(self) -> list[Sse]:
        """What still comes until the platform ends the stream."""
        return [frame for frame in self._frames if not frame.comment]

    def comment(self) -> Sse:
        """The next comment."""
        return next(frame for frame in self._frames if frame.comment)

    def task(self) -> dict[str, Any]:
        """The next task that comes; it must be the next thing that comes."""
        frame = self.next()
        assert frame.event == "agent-execution", frame
        task: dict[str, Any] = frame.data
        return task

    def begin(self, task: dict[str, Any]) -> httpx.Response:
        return self.write(task, status="executing")

    def finish(self, task: dict[str, Any], result: str = "done") -> httpx.Response:
        return self.write(task, status="completed", result=result)

    def write(self, task: dict[str, Any], **fields: Any) -> httpx.Response:
        return update(self._http, task, execution_attempts=task["execution_attempts"], **fields)

    def say(self, kind: str, data: Any = None) -> httpx.Response:
        return self._http.post(
            f"/events/{self.id}",
            params={"type": "worker", "agent_id": self._agent},
            json={"id": "6f1d7a52-6f0e-4a5e-9b0f-0b5a6f0d9d11", "event": kind, "data": data},
        )

    def beat(self) -> httpx.Response:
        return self.say("worker-heartbeat", "2026-01-02T03:04:05.123456")


@contextlib.contextmanager
def worker(
    http: httpx.Client,
    agent: str = "sales",
    *,
    slots: str = "",
    begins: str = "",
    **headers: str,
) -> Iterator[Worker]:
    params = {"environment": "local"} | ({"slots": slots} if slots else {})
    params |= {"begins": begins} if begins else {}
    with http.stream("GET", f"/events/{agent}/", params=params, headers=headers) as response:
        assert response.status_code == 200, response.read()
        yield Worker(http, agent, response)
