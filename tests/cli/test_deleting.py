"""`tasks delete`, `forget` and `audit`, as programs run them."""

from pathlib import Path

from tests.cli.conftest import AGENT, Command
from xpander_client import Configuration, Tasks, User


def made(command: Command, *options: str) -> str:
    task_id: str = command.json("tasks", "create", "Sum up", *options)["id"]
    return task_id


def test_tasks_are_deleted_by_their_ids(command: Command, configuration: Configuration) -> None:
    first, second = made(command), made(command)
    refused = command("tasks", "delete", first, "--yes")
    assert refused.returncode == 1
    assert "409" in refused.stderr
    done = command("tasks", "delete", first, second, "--stop", "--yes")
    assert (done.returncode, done.stdout) == (0, "2 tasks and 0 threads were deleted\n")
    assert command("tasks", "get", first).returncode == 1
    assert Tasks(configuration).list(AGENT) == []


def test_tasks_are_deleted_by_what_they_are(command: Command, configuration: Configuration) -> None:
    stopped, pending = made(command), made(command)
    command("tasks", "stop", stopped)
    for options in (
        ["--status", "failed"],
        ["--user", "nobody"],
        ["--agent", "other"],
        ["--before", "2001-01-01"],
    ):
        assert command.json("tasks", "delete", *options, "--yes") == {"tasks": 0, "threads": 0}
    assert command.json("tasks", "delete", "--agent", "sales", "--yes")["tasks"] == 1
    assert [item.id for item in Tasks(configuration).list(AGENT)] == [pending]


def test_nothing_is_deleted_without_a_yes_or_without_saying_what(command: Command) -> None:
    task_id = made(command)
    for arguments in ([], [task_id, "--status", "failed", "--yes"]):
        assert command("tasks", "delete", *arguments).returncode == 2
    for arguments in (["tasks", "delete", task_id, "--stop"], ["forget", "u"]):
        refused = command(*arguments)
        assert refused.returncode == 1
        assert "--yes" in refused.stderr
    assert command("tasks", "get", task_id).returncode == 0


def test_a_user_is_forgotten(command: Command, configuration: Configuration) -> None:
    task = Tasks(configuration).create(AGENT, prompt="x", user_details=User(id="u", email="e"))
    assert command.json("forget", "u", "--yes") == {"tasks": 1, "threads": 0}
    assert command("tasks", "get", task.id).returncode == 1


def test_what_is_done_to_a_store_by_hand_is_in_its_audit(
    unconfigured: Command, tmp_path: Path
) -> None:
    store = ("--store", str(tmp_path / "s.db"))
    key = unconfigured.json("keys", "create", "--organization", "acme", *store)
    unconfigured("keys", "revoke", key["id"], *store)
    (tmp_path / "agents.yaml").write_text("agents:\n  - sales\n")
    for name in ("acme", "other"):
        options = ("--organization", name, *store)
        unconfigured("agents", "apply", str(tmp_path / "agents.yaml"), *options)
    unconfigured("agents", "remove", "sales", "--organization", "acme", *store)
    entries = unconfigured.json("audit", *store)
    assert [(each["action"], each["organization_id"], each["outcome"]) for each in entries] == [
        ("agent.remove", "acme", "removed"),
        ("agent.apply", "other", "created"),
        ("agent.apply", "acme", "created"),
        ("key.revoke", "acme", "revoked"),
        ("key.create", "acme", "created"),
    ]
    assert {each["actor"] for each in entries} == {"operator"}
    assert {each["target"] for each in entries} == {"sales", key["id"]}
    shown = unconfigured("audit", "--organization", "other", *store)
    assert shown.stdout.count("\n") == 2
    assert key["key"] not in unconfigured("audit", *store).stdout
    assert len(unconfigured.json("audit", "--limit", "2", *store)) == 2
