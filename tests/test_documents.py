"""README and docstrings: every example is run."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import xpander_client
from tests.docstrings import failures
from tests.example_server import example_server
from tests.openai_server import Calls, OpenAIServer, Says
from xpander_client import AgentExecutionStatus, Configuration, Tasks, TaskUpdateEventType
from xpander_client.platform import LocalPlatform
from xpander_client.platform.agents.file import load_agents
from xpander_client.tools import ToolHooksRegistry, ToolsRepository
from xpander_client.worker import auth_events, lifecycle

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AGENT = "agent123"
# Those that can be imported without any extra or side effect; the command has no examples.
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(xpander_client.__path__, "xpander_client.")
    if not module.name.endswith("__main__")
)


def files_of_readme() -> dict[str, str]:
    """The Python blocks of the README by the file name that their first line gives."""
    blocks = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    names = [re.match(r"# (\w+\.py)\n", block) for block in blocks]
    assert all(names), "each Python block begins with a comment that names its file"
    return {name[1]: block for name, block in zip(names, blocks, strict=True) if name}


def environment(configuration: Configuration) -> dict[str, str]:
    return {
        "XPANDER_API_KEY": configuration.required("api_key"),
        "XPANDER_BASE_URL": configuration.base_url,
        "XPANDER_ORGANIZATION_ID": configuration.required("organization_id"),
        "XPANDER_AGENT_ID": AGENT,
        # The usual one may be taken on the machine that runs the tests.
        "XPANDER_STREAMING_PORT": "0",
    }


@contextmanager
def running(file: Path, configuration: Configuration) -> Generator[None]:
    """Runs `file` as a worker, ended in the end."""
    process = subprocess.Popen(
        [sys.executable, str(file)], cwd=ROOT, env=os.environ | environment(configuration)
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def output_of(file: Path, configuration: Configuration, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(file), *arguments],
        check=False,
        cwd=ROOT,
        env=os.environ | environment(configuration) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_examples_of_the_readme_run_as_printed(tmp_path: Path) -> None:
    files = files_of_readme()
    assert set(files) == {
        "worker.py",
        "application.py",
        "service.py",
        "test_application.py",
        "streaming.py",
        "test_worker.py",
        "loop.py",
        "background.py",
        "functions.py",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with (
        LocalPlatform() as platform,
        running(tmp_path / "worker.py", platform.configuration),
    ):
        for name in ("application.py", "service.py"):
            printed = output_of(tmp_path / name, platform.configuration)
            assert printed[0] == "connected"
            assert "task_finished" in printed
            assert "completed HELLO" in printed
        with Tasks(platform.configuration) as tasks:
            listed = tasks.list(agent_id=AGENT, status=AgentExecutionStatus.Completed)
            assert len(listed) == 2
    namespace: dict[str, object] = {}
    exec(compile(files["test_application.py"], "test_application.py", "exec"), namespace)
    test = namespace["test_a_new_task_waits_for_a_worker"]
    assert callable(test)
    test()


def test_the_worker_examples_of_the_readme_run_as_printed(tmp_path: Path) -> None:
    for name, text in files_of_readme().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (command,) = re.findall(r"^python worker\.py (.*)$", README, re.MULTILINE)
    (tmp_path / "run_test.py").write_text(
        "import asyncio, test_worker\nasyncio.run(test_worker.test_shout())\n", encoding="utf-8"
    )
    with LocalPlatform() as platform:
        configuration = platform.configuration
        assert output_of(tmp_path / "worker.py", configuration, *shlex.split(command)) == ["HELLO"]
        output_of(tmp_path / "run_test.py", configuration)
        with running(tmp_path / "streaming.py", configuration), Tasks(configuration) as tasks:
            task = tasks.create(agent_id=AGENT, prompt="hello", events_streaming=True)
            events = list(task.events())
            assert [e.data for e in events if e.type == TaskUpdateEventType.Chunk] == [*"hello"]
            task.reload()
            assert task.result == "spelled"


def test_the_streaming_scripts_show_an_answer_while_it_is_written() -> None:
    with (
        LocalPlatform() as platform,
        running(ROOT / "scripts/streaming_worker.py", platform.configuration),
    ):
        follower = subprocess.Popen(
            [sys.executable, "-m", "scripts.streaming_follower", "hello", "there"],
            cwd=ROOT,
            env=os.environ | environment(platform.configuration),
            stdout=subprocess.PIPE,
        )
        assert follower.stdout is not None
        with follower.stdout as output:
            pieces = list(iter(lambda: os.read(output.fileno(), 4096), b""))
        assert follower.wait(timeout=20) == 0
    assert b"".join(pieces) == b"You said: hello there \n"
    # More than one: the words came one after the other.
    assert len(pieces) > 1


def test_the_loop_of_the_readme_runs_as_printed(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(files_of_readme()["loop.py"], encoding="utf-8")
    ending = Calls(
        "xpfinish-agent-execution-finished",
        {"bodyParams": {"is_success": True, "result": "all quiet"}},
    )
    with (
        LocalPlatform(agents=[AGENT]) as platform,
        OpenAIServer(Says("Let me think."), ending) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("OPENAI_BASE_URL", server.base_url)
        patch.setenv("OPENAI_API_KEY", "key")
        assert output_of(tmp_path / "loop.py", platform.configuration) == ["all quiet"]


def test_the_function_of_the_readme_that_an_agent_supplies(tmp_path: Path) -> None:
    (tmp_path / "functions.py").write_text(files_of_readme()["functions.py"], encoding="utf-8")
    with LocalPlatform() as platform:  # only for its configuration: the function needs none
        assert output_of(tmp_path / "functions.py", platform.configuration) == ["4.0"]


def test_the_background_task_of_the_readme_runs_as_printed(tmp_path: Path) -> None:
    (tmp_path / "background.py").write_text(files_of_readme()["background.py"], encoding="utf-8")
    with LocalPlatform() as platform, Tasks(platform.configuration) as tasks:
        assert output_of(tmp_path / "background.py", platform.configuration) == ["sent"]
        [item] = tasks.list(agent_id=AGENT)
        assert item.result == '{"message": "sent", "data": {"topic": "sales"}}'


@pytest.mark.slow
def test_the_scripts_print_what_the_readme_shows() -> None:
    shown = "".join(re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
    assert shown.count("$ python") >= 3
    for command, printed in re.findall(r"^\$ python (.*)\n((?:[^$].*\n)*)", shown, re.MULTILINE):
        done = subprocess.run(
            [sys.executable, *shlex.split(command)],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        told = iter(printed.splitlines())
        # Of progress that comes faster than it can be told, the newest is: each line, in order.
        assert [line for line in done.stdout.splitlines() if line not in told] == []
        final = [line for line in printed.splitlines() if "%" not in line]
        assert [line for line in done.stdout.splitlines() if "%" not in line] == final


def test_the_file_of_agents_is_the_one_that_the_readme_shows() -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    file = ROOT / "scripts/data/agents.yaml"
    assert shown == [file.read_text(encoding="utf-8")]
    travel, mail = load_agents(file)
    assert (travel.id, [*travel.operations], [*travel.sub_agents.values()], mail.id) == (
        *("travel", ["read_weather"]),
        *(["mail"], "mail"),
    )


@pytest.mark.slow
def test_the_commands_of_the_readme_run_as_printed() -> None:
    commands = re.findall(
        r"^xpander-client ((?:tasks|doctor|workers)[^#\n]*)", README, re.MULTILINE
    )
    assert len(commands) >= 5
    with LocalPlatform() as platform, Tasks(platform.configuration) as tasks:
        finished = tasks.create(agent_id=AGENT, prompt="hello", events_streaming=True)
        finished.stop()
        waiting = tasks.create(agent_id=AGENT, prompt="hello")
        for command in commands:
            named = waiting if "notify" in command else finished
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "xpander_client.cli",
                    *shlex.split(command.replace("TASK_ID", named.id)),
                ],
                check=False,
                cwd=ROOT,
                env=os.environ | environment(platform.configuration),
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"


def test_every_place_that_the_readme_names_exists() -> None:
    named = re.findall(r"`((?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:md|yaml)|LICENSE)`", README)
    named += re.findall(r"^(scripts/\w+)", README, re.MULTILINE)
    assert len(named) > 10
    assert [place for place in named if not (ROOT / place).exists()] == []


@pytest.fixture(scope="module")
def names() -> Iterator[dict[str, object]]:
    """What examples may use: all public names, and a configuration that leads to a platform."""
    with example_server() as configuration:
        public = {name: getattr(xpander_client, name) for name in vars(xpander_client)["__all__"]}
        yield {**public, "LocalPlatform": LocalPlatform, "configuration": configuration}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_do_what_they_show(
    name: str, names: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in [variable for variable in os.environ if variable.startswith("XPANDER_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    # Examples that register something do so for themselves only.
    monkeypatch.setattr(lifecycle, "_boot", [])
    monkeypatch.setattr(lifecycle, "_shutdown", [])
    for hooks in ("_before_hooks", "_after_hooks", "_error_hooks"):
        monkeypatch.setattr(ToolHooksRegistry, hooks, [])
    monkeypatch.setattr(ToolsRepository, "_local_tools", [])
    monkeypatch.setattr(auth_events, "_handlers", [])
    assert failures(importlib.import_module(name), names) == []
