"""`xpander-client keys`: who may use a platform."""

import asyncio
import datetime
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, environment
from tests.platform.serving import WatchedStore, caller, serving
from tests.platform.wire import eventually
from xpander_client.platform.app import Platform
from xpander_client.platform.foundation.settings import Settings
from xpander_client.platform.stores.addresses import store_at

KEY = re.compile(r"xpk_([0-9a-f]{8})_[0-9a-f]{48}\n")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(environment(XPANDER_STORE="s.db"), tmp_path)


def test_a_key_is_shown_once_and_alone_on_its_line(command: Command) -> None:
    made = command("keys", "create", "--name", "CI")
    found = KEY.fullmatch(made.stdout)
    assert found is not None, made
    key, key_id = made.stdout.strip(), found[1]
    assert made.stderr.splitlines() == [
        "making the store s.db",
        f"key {key_id} for local, all agents; it is shown only now",
    ]
    listed = command("keys", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    head, line = listed.stdout.splitlines()
    assert head.split() == ["ID", "ORGANIZATION", "AGENTS", "LIMIT", "CREATED", "NAME"]
    assert line.split()[:3] == [key_id, "local", "all"]
    assert line.split()[-1] == "CI"
    secret = key.rpartition("_")[2]
    assert secret not in listed.stdout + command("keys", "list", "--json").stdout
    files = [file.read_bytes() for file in command.folder.iterdir()]
    assert not any(secret.encode() in content for content in files)


def test_a_key_is_for_an_organization_and_some_of_its_agents(command: Command) -> None:
    arguments = ("--organization", "acme", "--agents", "sales, mail", "--rate-limit", "2.5")
    done = command("keys", "create", *arguments, "--json")
    assert done.stderr.splitlines()[1:] == [
        "there is no agent sales in acme yet",
        "there is no agent mail in acme yet",
    ]
    made: dict[str, Any] = json.loads(done.stdout)
    assert KEY.fullmatch(made.pop("key") + "\n")
    assert made["agent_ids"] == ["sales", "mail"]
    assert (made["organization_id"], made["rate_limit"], made["name"]) == ("acme", 2.5, None)
    command("keys", "create", XPANDER_ORGANIZATION_ID="beta")
    first, second = command.json("keys", "list")
    assert (first, second["organization_id"]) == (made, "beta")
    assert command.json("keys", "list", "--organization", "acme") == [made]
    line = command("keys", "list", "--organization", "acme").stdout.splitlines()[1]
    assert line.split()[1:5] == ["acme", "sales,", "mail", "2.5/s"]


def test_a_key_has_a_role_and_an_end(command: Command) -> None:
    done = command("keys", "create", "--role", "worker", "--expires", "90d", "--json")
    made: dict[str, Any] = json.loads(done.stdout)
    created, expires = (
        datetime.datetime.fromisoformat(made[name]) for name in ("created_at", "expires_at")
    )
    assert abs((expires - created).total_seconds() - 90 * 86_400) < 60
    assert made["role"] == "worker"
    said = command("keys", "create", "--role", "reader", "--expires", "2999-12-31").stderr
    assert "all agents, role reader, until 2999-12-31 00:00 UTC; it is shown only now" in said
    head, *lines = command("keys", "list").stdout.splitlines()
    assert head.split() == [
        *("ID", "ORGANIZATION", "AGENTS", "ROLE", "LIMIT", "CREATED", "EXPIRES", "NAME")
    ]
    assert [line.split()[3] for line in lines] == ["worker", "reader"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--role", "boss"), "there is no role 'boss', but application, reader, worker"),
        (("--expires", "2001-01-01"), "has to expire later than now"),
        (("--expires", "soon"), "expected 90d, 12h, 30m, or a date"),
        (("--expires", "9" * 30 + "d"), "has to expire later than now, and before the year 9999"),
    ],
)
def test_a_key_that_can_not_be_is_not_made(
    command: Command, arguments: tuple[str, ...], why: str
) -> None:
    done = command("keys", "create", *arguments)
    assert done.returncode != 0
    assert why in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_agents_that_are_known_are_not_remarked_on(command: Command) -> None:
    (command.folder / "agents.yaml").write_text("agents: [sales]", encoding="utf-8")
    assert command("agents", "apply", "agents.yaml").returncode == 0
    done = command("keys", "create", "--agents", "sales,mail")
    assert done.stderr.splitlines()[:-1] == ["there is no agent mail in local yet"]


def test_a_key_is_revoked_by_its_id_or_as_a_whole(command: Command) -> None:
    keys = [command("keys", "create").stdout.strip() for _ in range(2)]
    ids = [key.split("_")[1] for key in keys]
    assert command("keys", "revoke", ids[0]).stdout == f"{ids[0]} is revoked\n"
    assert command("keys", "revoke", ids[0]).stdout == f"{ids[0]} was revoked before\n"
    assert [key["id"] for key in command.json("keys", "list")] == [ids[1]]
    assert command.json("keys", "revoke", keys[1]) == {"id": ids[1], "revoked": True}
    done = command("keys", "list")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no keys\n")
    assert command.json("keys", "list") == []


def test_what_went_wrong_is_said_in_a_line(command: Command) -> None:
    command("keys", "create")
    assert "there is no key 12345678" in command.refusal("keys", "revoke", "12345678")
    assert "can't be called 'agents'" in command.refusal(
        "keys", "create", "--organization", "agents"
    )
    assert "above 0" in command.refusal("keys", "create", "--rate-limit", "0")
    assert len(command.json("keys", "list")) == 1
    for agents in (",", "", "a,,b"):
        done = command("keys", "create", "--agents", agents)
        assert (done.returncode, done.stdout) == (2, "")
        assert "expected the ids of agents" in done.stderr


def test_the_store_has_to_be_named_and_to_be_one(command: Command, tmp_path: Path) -> None:
    for arguments in (("create",), ("list",), ("revoke", "x")):
        told = command.refusal("keys", *arguments, XPANDER_STORE="")
        assert "--store" in told
        assert "XPANDER_STORE" in told
    for arguments in (("list",), ("revoke", "x")):
        assert "there is no store at s.db" in command.refusal("keys", *arguments)
    assert not (tmp_path / "s.db").exists()
    (tmp_path / "letter").write_text("Dear Sir or Madam, " * 100, encoding="utf-8")
    assert "letter can't be used" in command.refusal("keys", "create", "--store", "letter")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (a)")
    other.close()
    assert "not of this platform" in command.refusal("keys", "create", "--store", "other.db")
    assert "no address of a store" in command.refusal("keys", "list", "--store", "redis://x")
    nobody = "postgresql://me:s3cr3t@127.0.0.1:1/tasks"
    told = command.refusal("keys", "list", "--store", nobody)
    assert "127.0.0.1:1/tasks" in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_keys_are_made_and_revoked_beside_a_platform_that_serves_the_store(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = str(tmp_path / "s.db")
    address = path if engine == "sqlite" else request.getfixturevalue("postgres")
    command = Command(environment(XPANDER_STORE=address), tmp_path)
    settings = Settings(cache_ttl=0.2)
    platform = Platform(store_at(address, settings), None, settings=settings)
    with serving(platform) as url:
        made = command("keys", "create", "--agents", "sales")
        assert "there is no agent sales" in made.stderr
        key = made.stdout.strip()
        with caller(url, key) as client:
            assert client.get("/local/agents/list").status_code == 200
            assert client.get("/agents/mail").status_code == 403
            assert client.get("/agent-execution/executions/history/user/u").json() == []
            assert command("keys", "revoke", key).returncode == 0
            eventually(lambda: client.get("/agents/list").status_code == 401, "it is refused")
        assert command.json("keys", "list") == []


def test_a_store_of_an_earlier_release_is_not_changed_under_its_platform(
    command: Command, tmp_path: Path
) -> None:
    store = WatchedStore(tmp_path / "s.db")

    async def meanwhile() -> str:
        await store.open()
        try:
            connection = sqlite3.connect(tmp_path / "s.db")
            connection.execute("PRAGMA user_version = 2")
            connection.close()
            return await asyncio.to_thread(command.refusal, "keys", "list")
        finally:
            await store.close()

    assert "in use by another platform" in asyncio.run(meanwhile())
