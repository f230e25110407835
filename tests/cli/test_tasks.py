"""`xpander-client tasks …`, run as a person or a program runs it."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.cli.conftest import AGENT, Command, command_of, interrupt
from tests.raw_server import RawServer
from xpander_client import Configuration, Task, Tasks, TaskUpdateEvent, TaskUpdateEventType
from xpander_client.api.models import TaskProgress
from xpander_client.background import AsyncTaskHandle, BackgroundTasks, Plugin
from xpander_client.background.record.record import PlatformRecord
from xpander_client.platform import LocalPlatform, Settings
from xpander_client.worker import Worker


def finish(configuration: Configuration, task_id: str, result: str) -> None:
    with Tasks(configuration) as tasks:
        tasks.update(task_id=task_id, status="completed", result=result)  # as text


def test_a_task_is_created_shown_listed_and_stopped(command: Command) -> None:
    created = command.json("tasks", "create", "sum it up", "--title", "Sales")
    assert created["agent_id"] == AGENT
    assert created["status"] == "pending"
    assert created["events_streaming"] is True
    shown = command("tasks", "get", created["id"])
    assert shown.returncode == 0
    for text in (created["id"], "pending", "Sales", "sum it up"):
        assert text in shown.stdout
    listed = command("tasks", "list")
    assert created["id"] in listed.stdout
    assert [item["id"] for item in command.json("tasks", "list")] == [created["id"]]
    stopped = command("tasks", "stop", created["id"])
    assert stopped.stdout == f"{created['id']} is stopped\n"
    assert command.json("tasks", "get", created["id"])["status"] == "stopped"
    assert command.json("tasks", "list", "--status", "pending") == []


def test_a_list_is_the_newest_tasks_with_a_note_that_there_are_more(
    command: Command, configuration: Configuration
) -> None:
    with Tasks(configuration) as tasks:
        made = [tasks.create(AGENT, prompt=str(n)).id for n in range(103)][::-1]

    def listed(*options: str) -> tuple[list[str], str]:
        done = command("tasks", "list", "--json", *options)
        assert done.returncode == 0
        return [item["id"] for item in json.loads(done.stdout)], done.stderr

    note = "these are the newest {}: --limit shows more, --all shows all\n"
    assert listed() == (made[:100], note.format(100))
    assert listed("--limit", "1") == (made[:1], note.format(1))
    assert listed("--limit", "102") == (made[:102], note.format(102))
    assert listed("--limit", "103") == (made, "")
    assert listed("--limit", "501") == (made, "")
    assert listed("--all") == (made, "")
    shown = command("tasks", "list", "--limit", "2")
    assert shown.stderr == note.format(2)
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["ID", *made[:2]]


def test_all_tasks_are_listed_page_by_page(command: Command, configuration: Configuration) -> None:
    with Tasks(configuration) as tasks:
        made = [tasks.create(AGENT, prompt=str(n)).id for n in range(502)][::-1]
    assert [item["id"] for item in command.json("tasks", "list", "--all")] == made
    shown = command("tasks", "list", "--all")
    assert [line.split()[0] for line in shown.stdout.splitlines()] == [
        *("ID", *made[:500]),
        *("ID", *made[500:]),
    ]
    newest = command("tasks", "list", "--limit", "500")
    assert "these are the newest 500" in newest.stderr


def test_a_page_that_can_not_be_had_leaves_no_list_that_looks_whole(unconfigured: Command) -> None:
    first = (
        b'[{"id": "t-2", "agent_id": "a", "organization_id": "o", "status": "pending"},'
        b' {"id": "t-1", "agent_id": "a", "organization_id": "o", "status": "pending"}]'
    )
    refusal = b'{"detail": "no more today"}'
    with RawServer(
        lambda c: c.answer(first, 200, "x-next-cursor: c", "connection: close"),
        lambda c: c.answer(refusal, 422, "connection: close"),
    ) as server:
        done = unconfigured(
            *("tasks", "list", "--agent", "a", "--all", "--json"),
            XPANDER_BASE_URL=server.url,
            XPANDER_API_KEY="k",
        )
    assert done.returncode == 1
    assert "no more today" in done.stderr
    assert done.stdout.startswith('[{"id":"t-2"')
    assert done.stdout.endswith('"status":"pending"}')
    assert [line.split()[1].partition("?")[2] for line in server.lines] == [
        "limit=500",
        "limit=500&cursor=c",
    ]


def test_a_task_is_told_what_it_waits_for(command: Command, configuration: Configuration) -> None:
    task_id = command.json("tasks", "create", "sum it up")["id"]
    told = command("tasks", "notify", task_id, "approval", '{"by": "ann"}')
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"{task_id} will be told: who runs it is not connected\n"
    plugin = Plugin("P", "p", "", "1", "", "", configuration=configuration)

    @plugin.mount_async_task("waits")
    def waits(handle: AsyncTaskHandle) -> Any:
        return handle.wait_blocking("approval", 30)

    background = BackgroundTasks()
    background.start_soon("waits", "1", "chat", plugin)
    while not (running := command.json("tasks", "list", "--status", "executing")):
        pass
    assert command.json("tasks", "notify", running[0]["id"], "approval", "[1]") == {
        "delivered": True
    }
    assert background.join("waits", "1", 30).data == [1]
    task_id = running[0]["id"]
    with Tasks(configuration) as tasks:
        tasks.update(task_id=task_id, progress=TaskProgress(percent=50, message="half"))
    assert isinstance(plugin.recorder, PlatformRecord)
    assert plugin.recorder.close(10.0)
    done = command("tasks", "notify", task_id, "approval", "true")
    assert_one_line(done, "409", "completed")
    assert "50 % half" in command("tasks", "get", task_id).stdout
    assert "task_updated executing was told: approval\n" in command("tasks", "tail", task_id).stdout
    background.close()


def test_every_option_of_create_reaches_the_task(command: Command) -> None:
    (command.folder / "sales.csv").write_text("region,units\n", encoding="utf-8")
    schema = {"type": "object"}
    created = command.json(
        *("tasks", "create", "sum it up", "--agent", "another", "--no-stream"),
        *("--file", "sales.csv", "--file", "https://example.com/more.csv"),
        *("--context", "as always", "--output-format", "json"),
        *("--output-schema", json.dumps(schema)),
    )
    assert created["agent_id"] == "another"
    assert created["input"]["files"] == [
        (command.folder / "sales.csv").as_uri(),
        "https://example.com/more.csv",
    ]
    assert created["additional_context"] == "as always"
    assert (created["output_format"], created["output_schema"]) == ("json", schema)
    assert not created.get("events_streaming")


def test_tail_shows_each_event_until_the_task_is_finished(
    command: Command, configuration: Configuration
) -> None:
    task_id = command.json("tasks", "create", "sum it up")["id"]
    with command.started("tasks", "tail", task_id, "--json") as tail:
        assert tail.stdout is not None
        first = [json.loads(tail.stdout.readline()) for _ in range(2)]
        assert [event["type"] for event in first] == ["connected", "task_created"]
        assert tail.poll() is None
        finish(configuration, task_id, "north: 120")
        output, errors = tail.communicate(timeout=30)
    assert (tail.returncode, errors) == (0, "")
    last = json.loads(output.splitlines()[-1])
    assert last["type"] == "task_finished"
    assert last["data"]["result"] == "north: 120"
    replayed = command("tasks", "tail", task_id)
    assert "task_finished completed" in replayed.stdout
    assert replayed.stdout.endswith("north: 120\n")


def test_create_can_follow_its_task(command: Command, configuration: Configuration) -> None:
    with command.started("tasks", "create", "sum it up", "--follow") as create:
        assert create.stderr is not None
        task_id = create.stderr.readline().split()[-1]
        finish(configuration, task_id, "north: 120")
        output, _ = create.communicate(timeout=30)
    assert create.returncode == 0
    assert output.endswith("north: 120\n")


@pytest.mark.parametrize(
    ("chunks", "missing"),
    [(0, "event 1 is no longer kept"), (2, "events 1 to 3 are no longer kept")],
)
def test_tail_says_which_events_are_no_longer_kept(
    tmp_path: Path, chunks: int, missing: str
) -> None:
    settings = Settings(keep_events=0.0, prune_interval=0.05)
    with LocalPlatform(settings=settings) as platform, Tasks(platform.configuration) as tasks:
        task = tasks.create(agent_id=AGENT, prompt="x", events_streaming=True)
        time = task.created_at
        chunk = TaskUpdateEvent(
            type=TaskUpdateEventType.Chunk, task_id=task.id, organization_id="local", time=time
        )
        task.push_events([chunk] * chunks)
        finish(platform.configuration, task.id, "north: 120")
        while task.get_activity_log().messages[0].id == f"{task.id}-1":
            pass
        tail = command_of(platform.configuration, tmp_path)("tasks", "tail", task.id)
    gap, end, result = tail.stdout.splitlines()
    assert gap.endswith(f"gap {missing}")
    assert (end.split()[-1], result) == ("completed", "north: 120")


def test_ctrl_c_ends_tail_quietly_with_130(command: Command) -> None:
    task_id = command.json("tasks", "create", "sum it up")["id"]
    with command.started("tasks", "tail", task_id, "--json") as tail:
        assert tail.stdout is not None
        tail.stdout.readline()
        status, _, errors = interrupt(tail)
    assert (status, errors) == (130, "")


def test_a_reader_that_has_enough_is_no_traceback(command: Command) -> None:
    for number in range(3):
        command.json("tasks", "create", f"task {number}")
    with command.started("tasks", "list", "--json") as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""
        listing.wait(timeout=30)
        listing.stdout = None


def test_text_from_elsewhere_cannot_move_the_cursor(
    command: Command, configuration: Configuration
) -> None:
    task_id = command.json("tasks", "create", "sum it up")["id"]
    finish(configuration, task_id, "north\x1b[2Jsouth [bold]and[/bold]")
    for done in (command("tasks", "get", task_id), command("tasks", "tail", task_id)):
        assert "\x1b" not in done.stdout
        assert "north\\x1b[2Jsouth [bold]and[/bold]" in done.stdout


def assert_one_line(done: subprocess.CompletedProcess[str], *texts: str) -> None:
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("xpander-client: ")
    assert done.stderr.count("\n") == 1, done.stderr
    for text in texts:
        assert text in done.stderr


def test_an_unknown_task_is_one_line_and_status_1(command: Command) -> None:
    for name in ("get", "stop", "tail"):
        assert_one_line(command("tasks", name, "nowhere"), "404", "nowhere")


def test_an_impossible_id_is_one_line_and_status_1(command: Command) -> None:
    assert_one_line(command("tasks", "get", ".."), "task_id", "..")


def test_a_task_without_events_cannot_be_followed(command: Command) -> None:
    task_id = command.json("tasks", "create", "sum it up", "--no-stream")["id"]
    done = command("tasks", "tail", task_id)
    assert (done.returncode, done.stdout) == (1, "")
    assert "events_streaming" in done.stderr


def test_a_wrong_key_is_one_line_and_not_shown(command: Command) -> None:
    for options in ((), ("--json",), ("--all", "--json")):
        done = command("tasks", "list", *options, XPANDER_API_KEY="my-secret")
        assert_one_line(done, "401")
        assert "my-secret" not in done.stderr


def test_a_platform_that_is_not_there_is_named(command: Command, tmp_path: Path) -> None:
    done = command("tasks", "list", XPANDER_BASE_URL="http://127.0.0.1:9")
    assert_one_line(done, "http://127.0.0.1:9/")


def test_what_is_not_configured_is_one_line(unconfigured: Command) -> None:
    url = "http://127.0.0.1:9"
    done = unconfigured("tasks", "get", "task-1", XPANDER_BASE_URL=url)
    assert_one_line(done, "XPANDER_API_KEY")
    done = unconfigured("tasks", "list", XPANDER_BASE_URL=url, XPANDER_API_KEY="k")
    assert_one_line(done, "--agent", "XPANDER_AGENT_ID")
    assert_one_line(unconfigured("tasks", "get", "task-1", XPANDER_BASE_URL=""), "empty")


def test_bad_values_are_told_before_anything_is_sent(unconfigured: Command) -> None:
    variables = {"XPANDER_BASE_URL": "http://127.0.0.1:9", "XPANDER_API_KEY": "k"}
    create = ("tasks", "create", "x", "--agent", "a")
    done = unconfigured(*create, "--output-schema", "{", **variables)
    assert_one_line(done, "--output-schema is no JSON")
    done = unconfigured(*create, "--output-schema", "[]", **variables)
    assert_one_line(done, "--output-schema must be a JSON object")
    assert_one_line(unconfigured(*create, "--file", "nowhere.csv", **variables), "nowhere.csv")


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks", "get"),
        ("tasks", "explode"),
        ("tasks", "list", "--status", "nonsense"),
        ("tasks", "list", "--limit", "0"),
        ("tasks", "list", "--limit", "5", "--all"),
        ("tasks", "create", "x", "--output-format", "nonsense"),
        ("tasks", "notify", "x", "approval"),
        ("tasks", "notify", "x", "approval", "yes"),
        ("--nonsense",),
        ("dev", "--port", "none"),
    ],
)
def test_wrong_usage_has_status_2(unconfigured: Command, arguments: tuple[str, ...]) -> None:
    done = unconfigured(*arguments)
    assert done.returncode == 2
    assert "Usage: xpander-client" in done.stderr


def test_what_is_told_has_to_be_json_and_is_refused_in_one_line(unconfigured: Command) -> None:
    done = unconfigured("tasks", "notify", "task-1", "approval", "yes")
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = [line for line in done.stderr.splitlines() if "no JSON" in line]
    assert "JSON" in line


def test_help_needs_no_configuration(unconfigured: Command) -> None:
    for arguments in (("--help",), ("tasks", "--help"), ("tasks", "create", "--help")):
        done = unconfigured(*arguments)
        assert done.returncode == 0
        assert "Usage: xpander-client" in done.stdout


def test_json_is_what_the_client_makes_of_it(
    command: Command, configuration: Configuration
) -> None:
    created = command.json("tasks", "create", "sum it up")
    loaded = Task.load(created["id"], configuration)
    assert created["created_at"] == loaded.created_at.isoformat()


async def test_it_is_said_when_no_worker_serves_the_agent_of_a_task(
    command: Command, configuration: Configuration
) -> None:
    done = command("tasks", "create", "sum it up")
    assert done.stderr == (
        "no worker serves sales now (and none listens for another agent): its tasks wait for one\n"
    )
    assert command("workers").stderr == "no worker listens\n"

    def work(task: Task) -> Task:
        return task

    async with Worker(work, attrs.evolve(configuration, agent_id="mail")):
        while not (listed := await asyncio.to_thread(command.json, "workers")):
            pass
        assert [each["agent_id"] for each in listed] == ["mail"]
        done = await asyncio.to_thread(command, "tasks", "create", "sum it up")
        assert "(those that listen serve mail)" in done.stderr
        create = ("tasks", "create", "post it", "--agent", "mail", "--follow")
        done = await asyncio.to_thread(command, *create)
        assert done.stderr.startswith("following task")
        assert "completed" in done.stdout


def test_a_list_says_what_tasks_are_about_and_whole_ids_on_any_terminal(
    command: Command, configuration: Configuration
) -> None:
    task_id = command.json("tasks", "create", "sum it up")["id"]
    titled = command.json("tasks", "create", "sum it up", "--title", "Sales")["id"]
    finish(configuration, task_id, "They went up.\nA lot.")
    lines = command("tasks", "list").stdout.splitlines()
    assert [line.rstrip() for line in lines] == lines
    assert [line.split()[0] for line in lines] == ["ID", titled, task_id]
    assert lines[1].endswith("  Sales")
    assert lines[2].endswith("  They went up. A lot.")


def test_a_task_needs_something_to_do(command: Command) -> None:
    done = command("tasks", "create", " ")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing to do" in done.stderr
