"""`python worker.py`: worker programs as users write and start them."""

import signal
from pathlib import Path

import attrs
import pytest

from tests.raw_server import Connection, RawServer
from tests.worker.channel.test_listener import REGISTRATION, frame
from tests.worker.conftest import AGENT, of_agent
from tests.worker.processes import HEADER, environment_of, program
from xpander_client import Configuration, Task, Tasks, TaskUpdateEventType
from xpander_client.platform import LocalPlatform

UPPER = f"""{HEADER}
@on_task
def handler(task: Task) -> Task:
    task.result = shout(task.input.text)
    return task

def shout(text):
    return text.upper()
"""


def finished(configuration: Configuration, prompt: str = "hello", timeout: float = 30) -> Task:
    with Tasks(configuration) as tasks:
        task = tasks.create(agent_id=AGENT, prompt=prompt, events_streaming=True)
        return task.wait_finished(timeout=timeout)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_with_a_decorated_function_runs_until_it_is_stopped(
    configuration: Configuration, tmp_path: Path, number: signal.Signals
) -> None:
    with program(tmp_path / "worker.py", UPPER, environment_of(configuration)) as worker:
        worker.wait_for("takes tasks of agent")
        for _ in range(2):
            task = finished(configuration)
            # What stands below the handler is there when the first task comes.
            assert (task.status, task.result) == ("completed", "HELLO")
        assert worker.stop(number) == 0
        assert "Traceback" not in worker.output


def test_a_module_run_with_dash_m_is_a_worker_too(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    with program(tmp_path / "worker.py", UPPER, environment, "-m", "worker") as worker:
        worker.wait_for("takes tasks of agent")
        assert finished(configuration).result == "HELLO"
        assert worker.stop() == 0


@pytest.mark.parametrize("arguments", [("worker.py",), ("-m", "worker")])
def test_a_program_for_the_official_package_is_a_worker_too(
    configuration: Configuration, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    code = UPPER.replace("xpander_client", "xpander_sdk")
    command = ("-m", "xpander_client.compat", *arguments)
    environment = environment_of(configuration)
    with program(tmp_path / "worker.py", code, environment, *command) as worker:
        worker.wait_for("takes tasks of agent")
        assert finished(configuration).result == "HELLO"
        assert worker.stop() == 0
        assert "Traceback" not in worker.output
    with program(
        tmp_path / "worker.py", code, environment, *command, "--invoke", "--prompt", "hello"
    ) as worker:
        assert worker.process.wait(timeout=30) == 0
    assert worker.output.endswith("HELLO\n")


def test_importing_a_worker_module_starts_nothing(
    configuration: Configuration, tmp_path: Path
) -> None:
    (tmp_path / "worker.py").write_text(UPPER, encoding="utf-8")
    code = "import worker\nprint(worker.handler.__name__)\n"
    with program(tmp_path / "other.py", code, environment_of(configuration)) as other:
        assert other.process.wait(timeout=30) == 0
    assert other.output.startswith("handler\n")
    assert "takes tasks" not in other.output


@pytest.mark.parametrize(
    "ending",
    [
        "import sys\ndef main(): return None\nif __name__ == '__main__':\n    sys.exit(main())",
        "import sys; sys.settrace(None)",
    ],
)
def test_a_program_is_tried_at_its_end_however_it_ends(
    configuration: Configuration, tmp_path: Path, ending: str
) -> None:
    environment = environment_of(configuration)
    invoke = ("worker.py", "--invoke", "--prompt", "hello")
    code = f"import atexit\natexit.register(print, 'bye')\n{UPPER}\n{ending}\n"
    with program(tmp_path / "worker.py", code, environment, *invoke) as worker:
        assert worker.process.wait(timeout=30) == 0
    assert worker.output.endswith("HELLO\nbye\n")


def test_a_trial_that_fails_ends_the_program_as_any_other_failure_does(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = f"import atexit\natexit.register(print, 'bye')\n{UPPER}".replace("text.upper()", "1 / 0")
    invoke = ("worker.py", "--invoke", "--prompt", "hello")
    with program(tmp_path / "worker.py", code, environment_of(configuration), *invoke) as worker:
        assert worker.process.wait(timeout=30) == 1
    assert worker.output.endswith("bye\n")


PARTIAL = (
    f"import functools\n{UPPER.replace('@on_task', '')}\non_task(functools.partial(handler))\n"
)


def decorated_in(function: str, call: str) -> str:
    body = "".join(f"    {line}\n" for line in UPPER.splitlines())
    return f"import asyncio, threading\n{function}\n{body}\n{call}\n"


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (UPPER, ("-c", UPPER)),
        (PARTIAL, ("worker.py",)),
        (decorated_in("async def main():", "asyncio.run(main())"), ("worker.py",)),
        (
            decorated_in("def main():", "t = threading.Thread(target=main); t.start(); t.join()"),
            ("worker.py",),
        ),
    ],
    ids=["-c", "partial", "async main", "thread"],
)
def test_a_handler_is_found_wherever_the_main_module_decorates_it(
    configuration: Configuration, tmp_path: Path, code: str, arguments: tuple[str, ...]
) -> None:
    invoke = (*arguments, "--invoke", "--prompt", "hello")
    environment = environment_of(configuration)
    with program(tmp_path / "worker.py", code, environment, *invoke) as worker:
        assert worker.process.wait(timeout=30) == 0
    assert worker.output.endswith("HELLO\n")


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("raise RuntimeError('not ready')", 1, "RuntimeError: not ready"),
    ],
)
def test_a_program_that_fails_before_its_end_is_no_worker(
    configuration: Configuration, tmp_path: Path, ending: str, status: int, said: str
) -> None:
    code = f"{UPPER}\n{ending}\n"
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        assert worker.process.wait(timeout=30) == status
    assert said in worker.output
    assert "takes tasks" not in worker.output


def test_the_last_function_decorated_is_the_one_that_counts(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = f"""{UPPER}
@on_task
async def second(task: Task) -> Task:
    task.result = "second"
    return task
"""
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        worker.wait_for("takes tasks of agent")
        assert finished(configuration).result == "second"


def test_a_program_that_runs_a_worker_itself_gets_no_second_one(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = f"""{UPPER}
from xpander_client.worker import run
run(handler)
print("after", flush=True)
"""
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        task = finished(configuration)
        assert task.result == "HELLO"
        assert worker.stop() == 0
    assert worker.output == "after\n"


def test_executors_and_threads_work_in_a_handler(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = f"""{HEADER}
import asyncio

@on_task
async def handler(task: Task) -> Task:
    loop = asyncio.get_running_loop()
    await loop.getaddrinfo("localhost", 80)
    task.result = await asyncio.to_thread(str.upper, task.input.text)
    return task
"""
    with program(tmp_path / "worker.py", code, environment_of(configuration)) as worker:
        worker.wait_for("takes tasks of agent")
        task = finished(configuration)
        assert (task.status, task.result) == ("completed", "HELLO")


def test_missing_configuration_is_an_error_before_anything_runs(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration)
    del environment["XPANDER_AGENT_ID"]
    with program(tmp_path / "worker.py", UPPER, environment) as worker:
        assert worker.process.wait(timeout=30) == 1
    assert "ConfigurationError: no agent_id is configured: set XPANDER_AGENT_ID" in worker.output


def test_a_refused_key_is_one_clear_line_and_exit_status_1(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = environment_of(configuration) | {"XPANDER_API_KEY": "another"}
    with program(tmp_path / "worker.py", UPPER, environment) as worker:
        assert worker.process.wait(timeout=30) == 1
    errors = [line for line in worker.output.splitlines() if "INFO" not in line]
    assert len(errors) == 1
    assert "the worker cannot go on: 401" in errors[0]


def test_an_environment_conflict_is_one_clear_line_and_exit_status_1(tmp_path: Path) -> None:
    def platform(connection: Connection) -> None:
        if connection.line.startswith("GET"):
            conflict = frame("worker-environment-conflict", {"error": "the cloud serves it"})
            connection.stream(REGISTRATION + conflict)
        else:
            connection.answer(b"{}")

    with RawServer(*[platform] * 20) as server:
        configuration = attrs.evolve(server.configuration(), agent_id=AGENT)
        with program(tmp_path / "worker.py", UPPER, environment_of(configuration)) as worker:
            assert worker.process.wait(timeout=30) == 1
    (error,) = [line for line in worker.output.splitlines() if "INFO" not in line]
    assert "the platform refuses this worker: the cloud serves it" in error


SLOW = f"""{HEADER}
import time

@on_task
def handler(task: Task) -> Task:
    print(f"begun {{task.execution_attempts}}\\n", end="", flush=True)
    time.sleep(float(task.input.text))
    task.result = f"attempt {{task.execution_attempts}}"
    return task
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_running_task_end(
    configuration: Configuration, tmp_path: Path, number: signal.Signals
) -> None:
    with (
        program(tmp_path / "worker.py", SLOW, environment_of(configuration)) as worker,
        Tasks(configuration) as tasks,
    ):
        task = tasks.create(agent_id=AGENT, prompt="1.0")
        worker.wait_for("begun 1")
        assert worker.stop(number) == 0
        task.reload()
    assert (task.status, task.result) == ("completed", "attempt 1")


def test_a_second_signal_ends_the_process_at_once(
    configuration: Configuration, tmp_path: Path
) -> None:
    with (
        program(tmp_path / "worker.py", SLOW, environment_of(configuration)) as worker,
        Tasks(configuration) as tasks,
    ):
        tasks.create(agent_id=AGENT, prompt="3600")
        worker.wait_for("begun 1")
        worker.process.send_signal(signal.SIGTERM)
        worker.wait_for("stopping: 1 tasks")
        assert worker.stop() == -signal.SIGTERM


def test_a_stopped_program_ends_after_the_grace_whatever_its_handlers_do(
    configuration: Configuration, tmp_path: Path
) -> None:
    code = f"""{HEADER}
import asyncio, time
from xpander_client.worker import run

async def handler(task: Task) -> Task:
    asyncio.create_task(swallow())
    try:
        await asyncio.to_thread(wait)
    finally:
        await swallow()

def wait():
    print("begun\\n", end="", flush=True)
    time.sleep(3600)

async def swallow():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

run(handler, grace=0.1)
"""
    with (
        program(tmp_path / "worker.py", code, environment_of(configuration)) as worker,
        Tasks(configuration) as tasks,
    ):
        task = tasks.create(agent_id=AGENT, prompt="hello")
        worker.wait_for("begun")
        assert worker.stop() == 0
        task.reload()
    assert task.status == "pending"
    assert "Task was destroyed" not in worker.output


@pytest.mark.slow
def test_the_task_of_a_killed_worker_is_finished_by_another(
    impatient_platform: LocalPlatform, tmp_path: Path
) -> None:
    configuration = of_agent(impatient_platform)
    environment = environment_of(configuration)
    quick = SLOW.replace("time.sleep(float(task.input.text))", "pass")
    with Tasks(configuration) as tasks:
        with program(tmp_path / "first.py", SLOW, environment) as first:
            first.wait_for("takes tasks of agent")
            created = [
                tasks.create(agent_id=AGENT, prompt="3600", events_streaming=True) for _ in range(6)
            ]
            first.wait_for("begun 1", times=6)
            assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        with program(tmp_path / "second.py", quick, environment) as second:
            second.wait_for("takes tasks of agent")
            for task in created:
                task.wait_finished(timeout=60)
                assert (task.status, task.result) == ("completed", "attempt 2")
                events = [event.type for event in task.events()]
                assert events.count(TaskUpdateEventType.TaskFinished) == 1
            assert second.stop() == 0


@pytest.mark.slow
def test_a_worker_that_was_stopped_and_continued_cannot_finish_what_it_lost(
    impatient_platform: LocalPlatform, tmp_path: Path
) -> None:
    configuration = of_agent(impatient_platform)
    environment = environment_of(configuration)
    with (
        Tasks(configuration) as tasks,
        program(tmp_path / "first.py", SLOW, environment) as first,
    ):
        first.wait_for("takes tasks of agent")
        task = tasks.create(agent_id=AGENT, prompt="1.0", events_streaming=True)
        first.wait_for("begun 1")
        first.process.send_signal(signal.SIGSTOP)
        with program(tmp_path / "second.py", SLOW, environment) as second:
            second.wait_for("begun 2")
            first.process.send_signal(signal.SIGCONT)
            task.wait_finished(timeout=60)
            assert (task.status, task.result) == ("completed", "attempt 2")
            # The first one drops what it made, says so, and works on.
            first.wait_for("(attempt 1): ", times=2)
            assert first.process.poll() is None
            assert [event.type for event in task.events()].count(
                TaskUpdateEventType.TaskFinished
            ) == 1
