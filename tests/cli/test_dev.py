"""`xpander-client dev`: a platform to try things on."""

import json
import re
import socket
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.cli.conftest import Command, interrupt
from tests.platform.tool_server import tool_server
from tests.platform.wire import create, worker
from tests.postgres import needs_the_wheel
from xpander_client import Agents, Configuration, Tasks


def announced(dev: subprocess.Popen[str]) -> dict[str, Any]:
    assert dev.stdout is not None
    line = dev.stdout.readline()
    assert line, dev.communicate(timeout=30)
    told: dict[str, Any] = json.loads(line)
    return told


def configuration_of(told: dict[str, Any]) -> Configuration:
    return Configuration(told["api_key"], told["url"], told["organization_id"], "sales")


def test_it_serves_until_stopped_and_keeps_tasks_and_key(unconfigured: Command) -> None:
    with unconfigured.started("dev", "--port", "0", "--json") as dev:
        first = announced(dev)
        with Tasks(configuration_of(first)) as tasks:
            task = tasks.create(agent_id="sales", prompt="sum it up")
        status, _, errors = interrupt(dev)
        assert (status, errors) == (0, "")
    assert first["store"] == str(Path(".xpander") / "dev.db")
    assert (unconfigured.folder / ".xpander" / "dev.db").is_file()
    with unconfigured.started("dev", "--port", "0", "--json") as dev:
        second = announced(dev)
        assert second["api_key"] == first["api_key"]
        with Tasks(configuration_of(second)) as tasks:
            assert tasks.get(task_id=task.id).input.text == "sum it up"
        dev.terminate()
        assert dev.wait(timeout=30) == 0


@needs_the_wheel
@pytest.mark.slow
def test_it_keeps_tasks_in_a_postgresql_of_its_own(unconfigured: Command) -> None:
    # Not below pytest's folders: those are root's own, and PostgreSQL doesn't run as root.
    with tempfile.TemporaryDirectory(prefix="xpander-test-") as place:
        command = attrs.evolve(unconfigured, folder=Path(place))
        running = command.folder / ".xpander" / "pg" / "postmaster.pid"
        listed = []
        for store in ("pg", "pg:.xpander/pg"):
            with command.started("dev", "--port", "0", "--json", "--store", store) as dev:
                told = announced(dev)
                assert told["store"].startswith("postgresql://")
                key = command.folder / ".xpander" / "pg.key"
                assert key.read_text(encoding="ascii").strip() == told["api_key"]
                with Tasks(configuration_of(told)) as tasks:
                    tasks.create(agent_id="sales", prompt="sum it up")
                    listed.append(len(tasks.list(agent_id="sales")))
                assert running.is_file()
                assert interrupt(dev)[::2] == (0, "")
            assert not running.exists()
        assert listed == [1, 2]


def test_an_address_that_means_nothing_is_refused_before_anything_is_made(
    unconfigured: Command,
) -> None:
    for store in (":memory:", "mysql://me:hush@db/tasks", "postgresql:/me:hush@db/x", "/"):
        done = unconfigured("dev", "--port", "0", "--store", store)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "hush" not in done.stderr
    (unconfigured.folder / ".xpander").symlink_to(unconfigured.folder)
    for store in (".xpander/dev.db", "pg"):
        done = unconfigured("dev", "--port", "0", "--store", store)
        assert (done.returncode, "is a link" in done.stderr) == (1, True)
    (unconfigured.folder / ".xpander").unlink()
    (unconfigured.folder / "s.db.key").symlink_to(unconfigured.folder / "theirs")
    done = unconfigured("dev", "--port", "0", "--store", "s.db")
    assert (done.returncode, "is a link" in done.stderr) == (1, True)
    assert [path.name for path in unconfigured.folder.iterdir()] == ["s.db.key"]


def test_the_kept_key_is_for_its_owner_only(unconfigured: Command) -> None:
    with unconfigured.started("dev", "--port", "0", "--json") as dev:
        told = announced(dev)
    path = unconfigured.folder / ".xpander" / "dev.db.key"
    assert path.read_text(encoding="ascii").strip() == told["api_key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_says_where_it_serves_and_prints_the_environment(unconfigured: Command) -> None:
    arguments = ("--port", "0", "--store", "here.db", "--api-key", "k 1", "--organization", "acme")
    with unconfigured.started("dev", *arguments) as dev:
        assert dev.stdout is not None
        lines = []
        for line in dev.stdout:
            lines.append(line.strip())
            if "Ctrl-C" in line:
                break
        environment = dict(line.split(" ", 1)[1].split("=") for line in lines if "export" in line)
        assert environment["XPANDER_API_KEY"] == "'k 1'"
        assert environment["XPANDER_ORGANIZATION_ID"] == "acme"
        configuration = Configuration("k 1", environment["XPANDER_BASE_URL"], "acme")
        with Tasks(configuration) as tasks:
            assert tasks.list(agent_id="any") == []
        assert any("official" in line for line in lines)
    assert not (unconfigured.folder / "here.db.key").exists()


def test_agents_come_from_a_file_and_others_on_first_use(unconfigured: Command) -> None:
    (unconfigured.folder / "agents.yaml").write_text(
        "agents:\n  - id: sales\n    name: Sales\n    instructions: Sum up.\n", encoding="utf-8"
    )
    with unconfigured.started("dev", "--port", "0", "--agents", "agents.yaml", "--json") as dev:
        configuration = configuration_of(announced(dev))
        with Tasks(configuration) as tasks, Agents(configuration) as agents:
            assert agents.get(agent_id="sales").name == "Sales"
            tasks.create(agent_id="another", prompt="x")
            assert {agent.id for agent in agents.list()} == {"sales", "another"}


def test_it_says_when_workers_come_and_leave_and_tasks_wait_for_one(
    unconfigured: Command,
) -> None:
    arguments = ("dev", "--port", "0", "--api-key", "k")
    with unconfigured.started(*arguments) as dev:
        assert dev.stdout is not None
        assert dev.stderr is not None
        url = dev.stdout.readline().split(" and ")[0].split()[-1]
        with httpx.Client(base_url=url, headers={"x-api-key": "k"}, timeout=20) as http:
            for _ in range(3):
                create(http, agent="sales")
            assert "a task of agent sales waits" in dev.stderr.readline()
            with worker(http, "sales") as busy:
                assert f"worker {busy.id} takes tasks of agent sales" in dev.stderr.readline()
            assert f"worker {busy.id} of agent sales left" in dev.stderr.readline()
            assert "a task of agent sales waits" in dev.stderr.readline()
        assert interrupt(dev)[::2] == (0, "")


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_it_can_be_quiet(unconfigured: Command, option: str) -> None:
    with unconfigured.started("dev", "--port", "0", "--api-key", "k", option) as dev:
        assert dev.stdout is not None
        url = re.search(r"http://[0-9.:]+", dev.stdout.readline())
        assert url is not None
        with httpx.Client(base_url=url[0], headers={"x-api-key": "k"}, timeout=20) as http:
            create(http, agent="sales")
            with worker(http, "sales") as busy:
                busy.task()
        assert interrupt(dev)[::2] == (0, "")


def test_a_port_that_is_taken_is_one_line_and_status_1(unconfigured: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = unconfigured("dev", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr


def test_the_port_that_the_official_client_redirects_is_refused(unconfigured: Command) -> None:
    done = unconfigured("dev", "--port", "8085")
    assert (done.returncode, done.stdout) == (1, "")
    assert "8085" in done.stderr


def test_an_address_that_others_reach_needs_a_key(unconfigured: Command) -> None:
    done = unconfigured("dev", "--host", "0.0.0.0", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "key" in done.stderr


def test_a_broken_file_of_agents_is_one_line(unconfigured: Command) -> None:
    (unconfigured.folder / "agents.yaml").write_text("agents: {", encoding="utf-8")
    done = unconfigured("dev", "--port", "0", "--agents", "agents.yaml")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "agents.yaml" in done.stderr


def test_it_runs_the_tools_that_a_file_describes(unconfigured: Command) -> None:
    with tool_server() as tools:
        (unconfigured.folder / "agents.yaml").write_text(
            f"agents: [{{id: sales, tools: [{{id: echo, url: '{tools.url}/echo/{{city}}'}}]}}]"
        )
        arguments = ("--port", "0", "--json", "--agents", "agents.yaml")
        with unconfigured.started("dev", *arguments) as dev:
            configuration = configuration_of(announced(dev))
            with Tasks(configuration) as tasks, Agents(configuration) as agents:
                task = tasks.create(agent_id="sales", prompt="how is it there?")
                answer = agents.run_operation(
                    "sales", task.id, "echo", path_params={"city": "Rome"}
                )
            assert answer["target"] == "/echo/Rome"
