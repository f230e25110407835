"""The code of the page on async tasks runs as printed, but for the names of its imports.

What the page leaves to its reader stands in front of a block. Two of its blocks give the keyword
`task_id` to one call twice, which no Python compiles; they run without the repetition.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from xpander_client.background import (
    AgentCtx,
    AsyncTaskHandle,
    Plugin,
    SandboxMethodType,
    TaskCtl,
    TaskSignal,
    task,
)

DEFINE = """
from xpander_client.background import AsyncTaskHandle, TaskCtl, task
from xpander_client.background import Plugin
from typing import AsyncGenerator

plugin = Plugin(
    name="My Async Plugin",
    module_name="my_async_plugin",
    description="Async task example plugin",
    version="1.0.0",
    author="Developer",
    url="https://github.com/xxx",
)

@plugin.mount_async_task("my_task")
async def my_async_task(
    handle: AsyncTaskHandle,
    prompt: str,
    task_id: str,
) -> AsyncGenerator[TaskCtl, None]:
    \"\"\"Async task example\"\"\"
    # Report progress
    yield TaskCtl.report_progress("🔍 Analyzing requirements...", 10)

    # Check if cancelled
    if handle.is_cancelled:
        yield TaskCtl.cancel("Task cancelled")
        return

    # Execute task steps
    yield TaskCtl.report_progress("⚙️ Processing...", 50)

    # Task complete
    yield TaskCtl.success("Processing complete", data={"result": "success"})
"""

CTL = """
ctl = TaskCtl.success("Done", data={"url": "..."})

ctl.signal      # TaskSignal.SUCCESS
ctl.message     # "Done"
ctl.data        # {"url": "..."}
ctl.progress    # None (only set for report_progress)
ctl.is_terminal # True (whether it's a terminal state)
"""

BASIC_USAGE = """
from xpander_client.background import TaskCtl, task

def handle_task_complete(ctl: TaskCtl) -> None:
    \"\"\"Task completion callback\"\"\"
    if ctl.signal == TaskSignal.SUCCESS:
        print(f"✅ Task succeeded: {ctl.message}")
        print(f"   Result data: {ctl.data}")
    elif ctl.signal == TaskSignal.FAIL:
        print(f"❌ Task failed: {ctl.message}")
    elif ctl.signal == TaskSignal.CANCEL:
        print(f"⚠️ Task cancelled: {ctl.message}")

# Pass callback when starting task
await task.start(
    task_type="my_task",
    task_id="T001",
    chat_key=_ctx.chat_key,
    plugin=plugin,
    prompt="Generate report",
    on_terminal=handle_task_complete,  # Terminal callback
)
"""

PRACTICAL = """
@plugin.mount_sandbox_method(SandboxMethodType.TOOL, "Create Dev Task")
async def create_dev_task(_ctx: AgentCtx, requirement: str) -> str:
    \"\"\"Create development task\"\"\"
    task_id = f"DEV_{int(time.time())}"

    def _on_terminal(ctl: TaskCtl) -> None:
        \"\"\"Auto-notify on task completion\"\"\"
        import asyncio

        if ctl.signal == TaskSignal.SUCCESS:
            url = ctl.data.get("url", "")
            msg = f"✅ Dev task complete!\\n🔗 {url}"
        else:
            msg = f"❌ Dev task failed: {ctl.message}"

        # Send async message in callback
        asyncio.create_task(
            message_service.push_system_message(
                chat_key=_ctx.chat_key,
                agent_messages=msg,
                trigger_agent=True,
            )
        )

    await task.start(
        task_type="webapp_dev",
        task_id=task_id,
        chat_key=_ctx.chat_key,
        plugin=plugin,
        requirement=requirement,
        on_terminal=_on_terminal,
    )

    return f"Task started: {task_id}"
"""

WEBAPP = """
@plugin.mount_async_task("webapp_dev")
async def webapp_development_task(
    handle: AsyncTaskHandle,
    requirement: str,
    task_id: str,
) -> AsyncGenerator[TaskCtl, None]:
    \"\"\"WebApp development async task\"\"\"
    yield TaskCtl.report_progress("🚀 Starting development...", 0)

    # Execute development
    success, result = await run_developer_loop(requirement)

    if success:
        yield TaskCtl.report_progress("📦 Compiling...", 70)
        yield TaskCtl.success("Deployment successful", data={"url": url})
    else:
        yield TaskCtl.fail(f"Development failed: {result}")
"""

START_WEBAPP = """
from xpander_client.background import AgentCtx

@plugin.mount_sandbox_method(SandboxMethodType.TOOL, "Create WebApp Task")
async def create_webapp_task(
    _ctx: AgentCtx,
    requirement: str,
) -> str:
    \"\"\"Create WebApp development task\"\"\"
    task_id = generate_task_id()

    # Start async task (non-blocking)
    await task.start(
        task_type="webapp_dev",
        task_id=task_id,
        chat_key=_ctx.chat_key,
        plugin=plugin,
        requirement=requirement,
    )

    return f"Task started: {task_id}"
"""

PHASES = """
@plugin.mount_async_task("phases")
async def phases(handle):
    # ✅ Recommended: Clear task phases
    yield TaskCtl.report_progress("📥 Downloading resources...", 20)
    yield TaskCtl.report_progress("🔄 Processing...", 60)
    yield TaskCtl.report_progress("💾 Saving...", 90)

    # ❌ Not recommended: Vague progress
    yield TaskCtl.report_progress("Processing...", 50)
    yield TaskCtl.report_progress("Almost done...", 80)
"""

ERRORS = """
@plugin.mount_async_task("errors")
async def errors(handle, external_api):
    try:
        result = await external_api()
        yield TaskCtl.success("Done", data=result)
    except TimeoutError:
        yield TaskCtl.fail("API timeout")
    except Exception as e:
        yield TaskCtl.fail(f"Error: {e}")
"""

CLEANUP = """
@plugin.on_disabled()
async def cleanup():
    count = await task.stop_all()
    if count > 0:
        logger.info(f"Stopped {count} tasks")
"""

CONCURRENCY = """
MAX_CONCURRENT_TASKS = 3

@plugin.mount_sandbox_method(SandboxMethodType.TOOL, "start_task")
async def start_task(_ctx: AgentCtx, name: str) -> str:
    active = len([t for t in task.get_running_tasks() if "my_plugin" in t])
    if active >= MAX_CONCURRENT_TASKS:
        raise ValueError(f"Max concurrent tasks reached ({MAX_CONCURRENT_TASKS})")

    await task.start("my_task", task_id, _ctx.chat_key, plugin, name)
    return f"Task started: {task_id}"
"""

CALLBACK_WITH_TASK = """
# ✅ Recommended: Handle async operations in callback
def _on_terminal(ctl: TaskCtl) -> None:
    import asyncio
    asyncio.create_task(send_notification(ctl))
"""

AWAITING_CALLBACK = """
# ❌ Not recommended: Direct await in callback (callback is synchronous)
def _on_terminal(ctl: TaskCtl) -> None:
    await send_notification(ctl)  # Error!
"""

APPROVAL = """
@plugin.mount_async_task("approval_task")
async def task_with_approval(handle: AsyncTaskHandle, prompt: str):
    yield TaskCtl.report_progress("⏳ Waiting for approval...", 50)

    # Wait for external notify() call
    approved = await handle.wait("approval", timeout=3600)

    if approved:
        yield TaskCtl.success("Approved")
    else:
        yield TaskCtl.fail("Approval timeout or rejected")
"""

ASYNC_CLEANUP = """
def _on_terminal(ctl: TaskCtl) -> None:
    asyncio.create_task(async_cleanup(ctl))
"""


class MessageService:
    """Where the page's examples send their messages."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bool]] = []
        self.sent = asyncio.Event()

    async def push_system_message(
        self, *, chat_key: str, agent_messages: str, trigger_agent: bool
    ) -> None:
        self.messages.append((chat_key, agent_messages, trigger_agent))
        self.sent.set()


@pytest.fixture
async def names(plugin: Plugin) -> AsyncGenerator[dict[str, Any]]:
    """What the page's blocks see."""
    yield {
        "AgentCtx": AgentCtx,
        "AsyncGenerator": AsyncGenerator,
        "AsyncTaskHandle": AsyncTaskHandle,
        "SandboxMethodType": SandboxMethodType,
        "TaskCtl": TaskCtl,
        "TaskSignal": TaskSignal,
        "asyncio": asyncio,
        "logger": logging.getLogger("page"),
        "message_service": MessageService(),
        "plugin": plugin,
        "task": task,
        "time": time,
        "_ctx": AgentCtx(chat_key="chat-1"),
        "url": "https://app.example.org",
    }
    assert task.get_running_tasks() == []


@pytest.fixture(autouse=True)
def few_are_left() -> Iterator[None]:
    yield
    task.close()


async def run(code: str, names: dict[str, Any]) -> None:
    """Runs a block of the page, also one that awaits where only a notebook could."""
    indented = "".join(f"    {line}\n" for line in code.strip().splitlines())
    source = f"async def block():\n{indented}    globals().update(locals())\n"
    exec(compile(source, "page", "exec"), names)
    await names["block"]()


async def test_the_first_task_runs(names: dict[str, Any]) -> None:
    exec(DEFINE, names)
    # Its callback is what the next block of the page passes.
    await task.start("my_task", "T001", "chat-1", names["plugin"], prompt="hello")
    ctl = await task.ajoin("my_task", "T001", timeout=20)
    assert ctl == TaskCtl.success("Processing complete", data={"result": "success"})
    plugin: Plugin = names["plugin"]
    assert (plugin.name, plugin.module_name) == ("My Async Plugin", "my_async_plugin")
    assert (plugin.version, plugin.author, plugin.url) == (
        "1.0.0",
        "Developer",
        "https://github.com/xxx",
    )


async def test_the_properties_of_a_signal_are_those_of_the_page(names: dict[str, Any]) -> None:
    await run(CTL, names)
    ctl: TaskCtl = names["ctl"]
    assert ctl.signal == TaskSignal.SUCCESS
    assert ctl.message == "Done"
    assert ctl.data == {"url": "..."}
    assert ctl.progress is None
    assert ctl.is_terminal is True


@pytest.mark.parametrize(
    ("body", "printed"),
    [
        (
            "yield TaskCtl.success('Done', data=[prompt])",
            "✅ Task succeeded: Done\n   Result data: ['Generate report']\n",
        ),
        ("yield TaskCtl.fail('No luck')", "❌ Task failed: No luck\n"),
        ("yield TaskCtl.cancel('Stopped')", "⚠️ Task cancelled: Stopped\n"),
        ("raise OSError('no disk'); yield", "❌ Task failed: no disk\n"),
        ("await handle.wait('never'); yield", "⚠️ Task cancelled: cancelled\n"),
    ],
)
async def test_the_callback_is_triggered_in_each_situation_of_the_page(
    names: dict[str, Any], body: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = f"@plugin.mount_async_task('my_task')\nasync def my_task(handle, prompt):\n    {body}"
    exec(code, names)
    await run(BASIC_USAGE, names)
    if "never" in body:
        await asyncio.sleep(0)
        assert await task.cancel("my_task", "T001")
    else:
        await task.ajoin("my_task", "T001", timeout=20)
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("succeeds", [True, False])
async def test_the_practical_example_notifies_the_agent(
    names: dict[str, Any], succeeds: bool
) -> None:
    async def run_developer_loop(requirement: str) -> tuple[bool, str]:
        return succeeds, f"no idea how to make {requirement}"

    names["run_developer_loop"] = run_developer_loop
    exec(WEBAPP, names)
    exec(PRACTICAL, names)
    method = names["plugin"].sandbox_methods["Create Dev Task"]
    assert method.description == "Create development task"
    answer = await method.function(AgentCtx(chat_key="chat-1"), "a shop")
    assert answer.startswith("Task started: DEV_")
    task_id = answer.removeprefix("Task started: ")
    await task.ajoin("webapp_dev", task_id, timeout=20)
    service: MessageService = names["message_service"]
    await asyncio.wait_for(service.sent.wait(), 20)
    text = (
        "✅ Dev task complete!\n🔗 https://app.example.org"
        if succeeds
        else "❌ Dev task failed: Development failed: no idea how to make a shop"
    )
    assert service.messages == [("chat-1", text, True)]


async def test_the_complete_example_starts_and_reports(names: dict[str, Any]) -> None:
    go_on = asyncio.Event()

    async def run_developer_loop(requirement: str) -> tuple[bool, str]:
        await go_on.wait()
        return True, requirement

    names["run_developer_loop"] = run_developer_loop
    names["generate_task_id"] = lambda: "W001"
    exec(WEBAPP, names)
    exec(START_WEBAPP, names)
    assert await names["create_webapp_task"](AgentCtx(chat_key="c"), "shop") == "Task started: W001"
    await asyncio.sleep(0)
    assert task.get_state("webapp_dev", "W001") == TaskCtl.report_progress(
        "🚀 Starting development...", 0
    )
    go_on.set()
    ctl = await task.ajoin("webapp_dev", "W001", timeout=20)
    assert ctl == TaskCtl.success("Deployment successful", data={"url": "https://app.example.org"})


async def test_the_phases_of_the_page_are_progress(names: dict[str, Any]) -> None:
    exec(PHASES, names)
    await task.start("phases", "1", "chat", names["plugin"])
    # The block ends without a terminal signal, as it stands.
    assert (await task.ajoin("phases", "1", timeout=20)).signal is TaskSignal.FAIL


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (None, TaskCtl.success("Done", data="answer")),
        (TimeoutError(), TaskCtl.fail("API timeout")),
        (OSError("no network"), TaskCtl.fail("Error: no network")),
    ],
)
async def test_errors_are_handled_as_on_the_page(
    names: dict[str, Any], error: Exception | None, end: TaskCtl
) -> None:
    async def external_api() -> str:
        if error is not None:
            raise error
        return "answer"

    exec(ERRORS, names)
    await task.start("errors", "1", "chat", names["plugin"], external_api)
    assert await task.ajoin("errors", "1", timeout=20) == end


async def test_the_clean_up_of_the_page_stops_all_tasks(
    names: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    exec(APPROVAL, names)
    exec(CLEANUP, names)
    for number in range(2):
        await task.start("approval_task", str(number), "chat", names["plugin"], "May I?")
    await asyncio.sleep(0)
    with caplog.at_level(logging.INFO, "page"):
        await names["plugin"].disable()
    assert "Stopped 2 tasks" in caplog.text


async def test_the_concurrency_example_counts_the_tasks_of_its_plugin(
    names: dict[str, Any],
) -> None:
    @names["plugin"].mount_async_task("my_task")  # type: ignore[untyped-decorator]  # a fixture's
    async def my_task(handle: AsyncTaskHandle, name: str, task_id: str) -> None:
        await handle.wait("never")

    exec(CONCURRENCY, names)
    ctx = AgentCtx(chat_key="chat-1")
    for number in range(3):
        names["task_id"] = f"T{number}"
        assert await names["start_task"](ctx, "a name") == f"Task started: T{number}"
    names["task_id"] = "T3"
    with pytest.raises(ValueError, match=r"Max concurrent tasks reached \(3\)"):
        await names["start_task"](ctx, "a name")
    assert await task.stop_all() == 3


@pytest.mark.parametrize("code", [CALLBACK_WITH_TASK, ASYNC_CLEANUP])
async def test_the_callbacks_of_the_page_do_their_async_work(
    names: dict[str, Any], code: str
) -> None:
    heard: asyncio.Queue[TaskCtl] = asyncio.Queue()
    names["send_notification"] = names["async_cleanup"] = heard.put
    exec(APPROVAL, names)
    exec(code, names)
    handle = await task.start(
        "approval_task",
        "1",
        "chat",
        names["plugin"],
        "May I?",
        on_terminal=names["_on_terminal"],
    )
    handle.notify("approval", True)
    assert await asyncio.wait_for(heard.get(), 20) == TaskCtl.success("Approved")


def test_what_the_page_calls_an_error_is_one() -> None:
    with pytest.raises(SyntaxError, match="await"):
        compile(AWAITING_CALLBACK, "page", "exec")


@pytest.mark.parametrize(
    ("approved", "end"),
    [
        (True, TaskCtl.success("Approved")),
        (False, TaskCtl.fail("Approval timeout or rejected")),
        (None, TaskCtl.fail("Approval timeout or rejected")),
    ],
)
async def test_the_approval_example_waits_for_an_answer(
    names: dict[str, Any], approved: bool | None, end: TaskCtl
) -> None:
    # An hour is long for a test; nobody answers a tenth of a second either.
    exec(APPROVAL if approved is not None else APPROVAL.replace("3600", "0.1"), names)
    handle = await task.start("approval_task", "1", "chat", names["plugin"], "May I?")
    await asyncio.sleep(0)
    assert task.get_state("approval_task", "1") == TaskCtl.report_progress(
        "⏳ Waiting for approval...", 50
    )
    if approved is not None:
        assert handle.notify("approval", approved) is True
    assert await task.ajoin("approval_task", "1", timeout=20) == end
