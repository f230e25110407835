"""The platform as a process: starting, stopping, and being killed."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platform.conftest import QUICK
from tests.platform.wire import create, event, frames, push, replay, status, update, worker
from xpander_client import Configuration
from xpander_client.errors import ConfigurationError
from xpander_client.platform import LocalPlatform
from xpander_client.platform.agents.file import load_agents, parse_agents
from xpander_client.platform.process.serve import run
from xpander_client.runtime.hosts import is_loopback

SERVE = """
import json, sys
from xpander_client.platform import run
run(port=int(sys.argv[2]), store=sys.argv[1], keys={"k": "acme"},
    announce=lambda address: print(json.dumps({"url": address.url}), flush=True))
"""


class Process:
    """A platform in a process of its own."""

    def __init__(self, store: Path, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(store), str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.url: str = json.loads(line)["url"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"x-api-key": "k"}, timeout=20, verify=False)

    def signal(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; returns the exit status and what was said on the way."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@contextlib.contextmanager
def process(store: Path, port: int = 0) -> Iterator[Process]:
    served = Process(store, port)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.process.kill()
        served.process.communicate()


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    acknowledged: list[str] = []
    events: dict[str, int] = {}
    messages: dict[str, int] = {}
    for _ in range(3):
        with process(store) as served:
            enough = threading.Event()

            def create_tasks(url: str = served.url, enough: threading.Event = enough) -> None:
                with (
                    httpx.Client(base_url=url, headers={"x-api-key": "k"}, verify=False) as http,
                    contextlib.suppress(httpx.TransportError),
                ):
                    thread_id = http.post("/memory", json={}).json()["id"]
                    while True:
                        message = {"role": "user", "content": str(messages.get(thread_id, 0))}
                        said = http.put(f"/memory/{thread_id}", json=[message], params={"after": 0})
                        if said.status_code == 200:
                            messages[thread_id] = messages.get(thread_id, 0) + 1
                        task = create(http)
                        acknowledged.append(task["id"])
                        if len(acknowledged) % 100 == 0:
                            enough.set()
                        pushed = push(http, task, event("chunk", task["id"], "x"))
                        if pushed.status_code == 200:
                            events[task["id"]] = 2

            callers = [threading.Thread(target=create_tasks) for _ in range(4)]
            for caller in callers:
                caller.start()
            assert enough.wait(60)
            assert served.signal(signal.SIGKILL)[0] == -signal.SIGKILL
            for caller in callers:
                caller.join()
    with process(store) as served, served.client() as http:
        listed = http.get("/agent-execution/executions/history/sales").json()
        assert set(acknowledged) <= {item["id"] for item in listed}
        assert len(acknowledged) >= 300
        for task_id in acknowledged[::10]:
            task = http.delete(f"/agent-execution/{task_id}").json()
            numbers = [int(frame.id or 0) for frame in replay(http, task)]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) > events.get(task_id, 1)
        assert sum(messages.values()) >= 300
        for thread_id, count in messages.items():
            kept = http.get(f"/memory/{thread_id}").json()["messages"]
            # In their order, and at most one more than was acknowledged.
            assert [message["content"] for message in kept] == [str(n) for n in range(len(kept))]
            assert count <= len(kept) <= count + 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_streams_in_order_and_the_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    with process(tmp_path / "s.db") as served, served.client() as http:
        task = create(http)
        with http.stream("GET", f"/agent-execution/{task['id']}/events") as response:
            stream = frames(response)
            assert next(stream).data["type"] == "connected"
            with worker(http) as w:
                w.task()
                status_code, errors = served.signal(number)
                assert w.rest() == []
            assert [frame.id for frame in stream if frame.id] == ["1"]
    assert status_code == 0
    assert errors == ""


def test_a_restarted_platform_goes_on_where_it_was(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with process(store) as served, served.client() as http:
        task = create(http)
        with worker(http) as w:
            given = w.task()
            w.begin(given)
        assert served.signal(signal.SIGTERM)[0] == 0
    with process(store, served.port) as again, again.client() as http:
        assert again.url == served.url
        assert status(http, task)["status"] == "executing"
        body = {"status": "completed", "result": "r", "execution_attempts": 1}
        assert update(http, task, **body).status_code == 200
        assert [frame.id for frame in replay(http, task)] == ["1", "2", "3"]


def test_a_restarted_platform_has_the_threads_and_the_claims(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with process(store) as served, served.client() as http:
        thread = http.post("/memory", json={"user_details": {"id": "u"}}).json()
        said = [{"role": "user", "content": "go"}]
        assert http.put(f"/memory/{thread['id']}", json=said).status_code == 200
        task = create(http, memory_thread_id=thread["id"])
        claim = {"status": "executing", "worker_id": "s"}
        claimed = update(http, task, **claim).json()
        assert served.signal(signal.SIGTERM)[0] == 0
    with process(store, served.port) as again, again.client() as http:
        assert http.get(f"/memory/{thread['id']}/full").json()["messages"] == said
        [listed] = http.get("/memory/threads/u").json()
        assert listed["thread_id"] == thread["id"]
        assert update(http, task, **claim).json() == claimed
        assert update(http, task, status="executing", worker_id="other").status_code == 409


def test_a_second_platform_on_the_same_store_says_why_it_can_not(tmp_path: Path) -> None:
    with process(tmp_path / "s.db") as served:
        with pytest.raises(ConfigurationError, match=f"process {served.process.pid}"):
            run(store=tmp_path / "s.db", keys={"k": "o"})
        with pytest.raises(ConfigurationError, match="in use"):
            LocalPlatform(store=tmp_path / "s.db").start()
        with pytest.raises(ConfigurationError, match="can't be listened on"):
            run(port=served.port, store=tmp_path / "other.db", keys={"k": "o"})
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL  # nothing is left of its loops


def test_the_port_that_the_official_client_rewrites_is_never_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="8085"):
        run(port=8085, store=tmp_path / "s.db")


def test_others_are_let_in_only_with_a_key_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="key"):
        run(host="0.0.0.0", store=tmp_path / "s.db")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.1", False),
        ("example.com", False),
    ],
)
def test_which_hosts_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


# In this process ---------------------------------------------------------------------------------


def test_a_local_platform_gives_what_a_client_needs() -> None:
    with LocalPlatform(organization_id="acme") as platform:
        configuration = platform.configuration
        assert isinstance(configuration, Configuration)
        assert configuration.base_url == platform.url
        assert (configuration.organization_id, configuration.api_key) == ("acme", platform.api_key)
        assert httpx.get(f"{platform.url}/health").status_code == 200
    with pytest.raises(ConfigurationError):
        _ = platform.url


async def test_a_local_platform_is_entered_from_async_code_without_stopping_it() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    async with LocalPlatform() as platform, httpx.AsyncClient(verify=False) as http:
        assert (await http.get(f"{platform.url}/health")).status_code == 200
    ticking.cancel()
    assert ticks > 10


def test_local_platforms_do_not_meet(tmp_path: Path) -> None:
    with LocalPlatform() as one, LocalPlatform(store=tmp_path / "s.db") as two:
        assert one.url != two.url
        headers = {"x-api-key": one.api_key}
        assert httpx.get(f"{two.url}/agents/list", headers=headers).status_code == 401


def test_a_local_platform_can_be_used_again_and_keeps_its_store(tmp_path: Path) -> None:
    platform = LocalPlatform(store=tmp_path / "s.db", settings=QUICK)
    ids = []
    for _ in range(3):
        with platform, httpx.Client(base_url=platform.url, verify=False) as http:
            http.headers["x-api-key"] = platform.api_key
            ids.append(create(http)["id"])
            listed = http.get("/agent-execution/executions/history/sales").json()
            assert [item["id"] for item in listed] == ids[::-1]


def test_nothing_is_left_of_a_platform_without_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    threads = threading.active_count()
    with LocalPlatform() as platform:
        assert list(tmp_path.iterdir())
        url = platform.url
    assert not list(tmp_path.iterdir())
    assert threading.active_count() == threads
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


def test_a_platform_that_can_not_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_text("no database at all, and long enough not to be an empty file")
    threads = threading.active_count()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"s\.db"):
            LocalPlatform(store=tmp_path / "s.db").start()
    assert threading.active_count() == threads


def test_closing_is_bounded_by_a_client_that_never_goes() -> None:
    with LocalPlatform(settings=QUICK) as platform:
        host, port = platform.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)))
        connection.sendall(b"POST /agent-execution/a HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n")
    connection.close()


def test_importing_the_package_of_the_platform_loads_nothing_heavy() -> None:
    code = (
        "import sys, xpander_client.platform as p; dir(p); "
        "print([m for m in ('starlette', 'uvicorn', 'sqlite3', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_platform_is_there_before_anything_can_send_requests() -> None:
    code = "import sys, xpander_client.platform.app; print('httpx' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


# Agents ------------------------------------------------------------------------------------------

AGENTS = """
agents:
  - id: sales
    name: Sales
    instructions: Sums up sales.
    model: openai/gpt-5
    tools:
      - read_csv
      - {id: mail, description: Sends mail, method: GET}
  - id: support
    instructions: {role: [Be kind], general: Helps}
    model: {provider: anthropic, name: opus}
"""


def test_agents_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(AGENTS)
    platform = LocalPlatform(agents=tmp_path / "agents.yaml", create_agents=False)
    with platform, httpx.Client(base_url=platform.url, verify=False) as http:
        http.headers["x-api-key"] = platform.api_key
        sales, support = (http.get(f"/agents/{name}").json() for name in ("sales", "support"))
        assert (sales["name"], sales["model_provider"], sales["model_name"]) == (
            "Sales",
            "openai",
            "gpt-5",
        )
        assert sales["instructions"]["general"] == "Sums up sales."
        assert [tool["id"] for tool in sales["tools"]] == ["read_csv", "mail"]
        assert (support["instructions"]["role"], support["model_name"]) == (["Be kind"], "opus")
        listed = http.get("/agents/list").json()
        assert [agent["id"] for agent in listed] == ["sales", "support"]
        assert "tools" not in listed[0]
        assert http.post("/agents/sales/operations/mail", json={}).status_code == 404
        unknown: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "/agent-execution/nobody", {"input": {"text": "x"}}),
            ("GET", "/agents/nobody", {}),
            ("GET", "/agent-execution/executions/history/nobody", {}),
            ("POST", "/agent-execution/nobody/report_task", {}),
            ("GET", "/events/nobody/", {}),
        ]
        for method, path, body in unknown:
            assert http.request(method, path, json=body).status_code == 404


def test_agents_that_appeared_are_there_after_a_restart(tmp_path: Path) -> None:
    platform = LocalPlatform(store=tmp_path / "s.db")
    made: list[Any] = []
    for _ in range(2):
        with platform, httpx.Client(base_url=platform.url, verify=False) as http:
            http.headers["x-api-key"] = platform.api_key
            if not made:
                assert http.get("/agents/list").json() == []
                create(http)
            made.append(http.get("/agents/sales").json())
    assert made[0] == made[1]
    assert made[0]["organization_id"] == "local"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("agents: [", ""),
        ("[]", "$.agents"),
        ("agents: 5", "$.agents"),
        ("agents: [5]", "$.agents[0]"),
        ("agents: [{name: x}]", "$.agents[0].id"),
        ("agents: [{id: a}, {id: a}]", "$.agents[1].id"),
        ("agents: [{id: a, name: 5}]", "$.agents[0].name"),
        ("agents: [{id: a, model: 5}]", "$.agents[0].model"),
        ("agents: [{id: a, instructions: 5}]", "$.agents[0].instructions"),
        ("agents: [{id: a, tools: 5}]", "$.agents[0].tools"),
        ("agents: [{id: a, tools: [5]}]", "$.agents[0].tools[0]"),
    ],
)
def test_a_file_that_describes_no_agents_is_refused_with_the_place(
    tmp_path: Path, content: str, place: str
) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        load_agents(file)
    assert str(file) in str(refused.value)
    assert place in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        load_agents(tmp_path / "none.yaml")


def test_agents_can_be_named_only() -> None:
    assert [agent.wire["unique_name"] for agent in parse_agents(["My Agent!", {"id": "b"}])] == [
        "my-agent",
        "b",
    ]


def test_the_lock_file_says_who_has_the_store(tmp_path: Path) -> None:
    with LocalPlatform(store=tmp_path / "s.db"):
        assert (tmp_path / "s.db.lock").read_text() == str(os.getpid())
