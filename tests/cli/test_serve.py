"""`xpander-client serve`: what it says, and what it refuses."""

import json
import signal
import socket

import httpx
import pytest

from tests.cli.conftest import Command, interrupt
from xpander_client import Configuration, Tasks
from xpander_client.errors import NotFoundError


@pytest.fixture
def prepared(unconfigured: Command) -> tuple[Command, str]:
    """A folder with a store that has an agent, and a key."""
    (unconfigured.folder / "agents.yaml").write_text("agents: [{id: sales}]")
    unconfigured.json("agents", "apply", "agents.yaml", "--store", "s.db", "--organization", "acme")
    made = unconfigured.json("keys", "create", "--store", "s.db", "--organization", "acme")
    return unconfigured, made["key"]


def test_it_serves_the_keys_and_agents_of_its_store(prepared: tuple[Command, str]) -> None:
    command, key = prepared
    arguments = ("serve", "--store", "s.db", "--port", "0", "--json", "--rate-limit", "1")
    with command.started(*arguments) as serve:
        assert serve.stdout is not None
        told = json.loads(serve.stdout.readline())
        assert (told["pid"], told["store"], len(told["children"])) == (serve.pid, "s.db", 1)
        with Tasks(Configuration(key, told["url"], "acme")) as tasks:
            tasks.create(agent_id="sales", prompt="sum it up")
            with pytest.raises(NotFoundError):
                tasks.create(agent_id="another", prompt="sum it up")
        with httpx.Client(base_url=told["url"], headers={"x-api-key": key}) as http:
            statuses = [http.get("/agents/list").status_code for _ in range(50)]
            assert statuses[0] == 200
            assert 429 in statuses
        assert interrupt(serve)[::2] == (0, "")


def test_it_says_where_it_serves_and_how_to_make_a_key(unconfigured: Command) -> None:
    command = Command(unconfigured.environment | {"XPANDER_STORE": "s.db"}, unconfigured.folder)
    with command.started("serve", "--port", "0") as serve:
        assert serve.stdout is not None
        told = serve.stdout.readline()
        assert "http://127.0.0.1:" in told
        assert "s.db: 1 process," in told
        assert f"supervised by {serve.pid}" in told
        url = told.split(" and ")[0].split()[-1]
        assert httpx.get(f"{url}/health").status_code == 200
        key = command.json("keys", "create", "--organization", "acme")["key"]
        assert httpx.get(f"{url}/agents/list", headers={"x-api-key": key}).status_code == 200
        serve.send_signal(signal.SIGTERM)
        _, errors = serve.communicate(timeout=30)
        assert serve.returncode == 0
        assert errors.count("\n") == 1
        assert "xpander-client keys create --store s.db" in errors


def test_a_store_that_can_not_be_used_is_one_line_and_status_1(unconfigured: Command) -> None:
    (unconfigured.folder / "s.db").write_text(
        "no database, and long enough not to be an empty file"
    )
    done = unconfigured("serve", "--store", "s.db", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "s.db" in done.stderr


def test_several_processes_on_a_file_are_one_line_and_status_1(unconfigured: Command) -> None:
    done = unconfigured("serve", "--store", "s.db", "-n", "2")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "PostgreSQL" in done.stderr
    assert not (unconfigured.folder / "s.db").exists()


def test_a_store_has_to_be_named(unconfigured: Command) -> None:
    done = unconfigured("serve")
    assert (done.returncode, done.stdout) == (1, "")
    assert "XPANDER_STORE" in done.stderr


def test_a_port_that_can_not_be_had_is_one_line_and_status_1(unconfigured: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for refused in (port, "8085"):
            done = unconfigured("serve", "--store", "s.db", "--port", refused)
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr.count("\n") == 1
            assert refused in done.stderr


def test_a_password_is_not_shown(unconfigured: Command) -> None:
    done = unconfigured("serve", "--store", "postgresql://me:hush@127.0.0.1:1/tasks")
    assert done.returncode == 1
    assert "postgresql://me:***@127.0.0.1:1/tasks" in done.stderr
    assert "hush" not in done.stderr
