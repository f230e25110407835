"""A worker in this process, on a platform that is reached over a real socket."""

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.worker.conftest import AGENT, of_agent
from xpander_client import (
    AgentExecutionStatus,
    ArgumentError,
    Configuration,
    ConfigurationError,
    ConflictError,
    ModuleException,
    OutputFormat,
    Task,
    Tasks,
    Tokens,
)
from xpander_client.core.serialization import dumps
from xpander_client.platform import LocalPlatform
from xpander_client.worker import Worker, on_task
from xpander_client.worker.attempts.handler import HandlerFunction


@asynccontextmanager
async def working(
    handler: HandlerFunction, configuration: Configuration, **options: Any
) -> AsyncIterator[Tasks]:
    async with Worker(handler, configuration, **options) as worker:
        await worker.registered()
        yield Tasks(configuration)


async def create(tasks: Tasks, prompt: str = "do it", **arguments: Any) -> Task:
    return await tasks.acreate(agent_id=AGENT, prompt=prompt, **arguments)


class Said(logging.Handler):
    """Waits for a log line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._loop = asyncio.get_running_loop()
        self._said = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self._text in record.getMessage():
            self._loop.call_soon_threadsafe(self._said.set)

    async def wait(self) -> None:
        await asyncio.wait_for(self._said.wait(), 30)

    def __enter__(self) -> "Said":
        logging.getLogger("xpander_client").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("xpander_client").removeHandler(self)


async def run_one(handler: HandlerFunction, configuration: Configuration, **arguments: Any) -> Task:
    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True, **arguments)
        return await task.await_finished(timeout=20)


async def test_what_a_stuck_worker_was_sent_is_done_by_another(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_client.worker.channel.heartbeat._STUCK_AFTER", 0.05)
    ran: list[tuple[str, int | None]] = []
    stuck, released = threading.Event(), threading.Event()

    async def block(task: Task) -> Task:
        ran.append((task.id, task.execution_attempts))
        stuck.set()
        released.wait(60)
        return task

    async def handler(task: Task) -> Task:
        task.result = "by another"
        return task

    async def work() -> None:
        async with Worker(block, configuration, heartbeat_interval=0.02) as worker:
            await worker.registered()
            registered.set()
            await asyncio.to_thread(done.wait, 60)

    registered, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    try:
        assert await asyncio.to_thread(registered.wait, 30)
        tasks = Tasks(configuration)
        first = await create(tasks, events_streaming=True)
        assert await asyncio.to_thread(stuck.wait, 30)
        second = await create(tasks, events_streaming=True)
        async with working(handler, configuration):
            await second.await_finished(timeout=30)
        assert second.result == "by another"
        released.set()
        await first.await_finished(timeout=30)
    finally:
        released.set()
        done.set()
        await asyncio.to_thread(thread.join)
    assert ran == [(first.id, 1)]


async def test_an_async_handler_gets_the_task_and_its_result_gets_back(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        assert task.status == AgentExecutionStatus.Executing
        assert task.execution_attempts == 1
        task.result = f"{task.input.text} of {task.agent_id}"
        return task

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("completed", f"do it of {AGENT}")
    assert task.started_at is not None
    assert task.finished_at is not None


async def test_a_sync_handler_runs_on_a_thread_with_the_context_of_the_service(
    configuration: Configuration,
) -> None:
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    tenant.set("acme")

    def handler(task: Task) -> Task:
        assert threading.current_thread() is not threading.main_thread()
        task.result = tenant.get()
        return task

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("completed", "acme")


async def test_callers_see_the_task_executing_before_it_is_finished(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        return task

    async with working(handler, configuration) as tasks:
        task = await create(tasks, events_streaming=True)
        statuses = [
            event.data.status async for event in task.aevents() if isinstance(event.data, Task)
        ]
    assert statuses == ["pending", "executing", "completed"]


async def test_an_exception_ends_the_task_as_error_with_its_text(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        task.title = "kept"
        raise ValueError("there is no region of that name")

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("error", "there is no region of that name")
    assert task.title == "kept"


@pytest.mark.parametrize("error", [SystemExit("out"), KeyboardInterrupt("out")])
async def test_a_handler_that_wants_to_end_the_process_ends_its_task(
    configuration: Configuration, error: BaseException
) -> None:
    async def async_handler(task: Task) -> Task:
        raise error

    def sync_handler(task: Task) -> Task:
        raise error

    for handler in (async_handler, sync_handler):
        task = await run_one(handler, configuration)
        assert (task.status, task.result) == ("error", "out")


async def test_a_status_that_the_handler_set_stays(configuration: Configuration) -> None:
    async def handler(task: Task) -> Task:
        task.status = AgentExecutionStatus.Failed
        task.result = "the numbers do not add up"
        return task

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("failed", "the numbers do not add up")


async def test_a_handler_may_save_while_it_works(configuration: Configuration) -> None:
    async def handler(task: Task) -> Task:
        task.additional_context = "half way"
        await task.asave()
        assert task.status == AgentExecutionStatus.Executing
        await task.aset_status(AgentExecutionStatus.Completed, "all the way")
        return task

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("completed", "all the way")
    assert task.additional_context == "half way"


@pytest.mark.parametrize("output_format", [OutputFormat.Json, None])
async def test_a_result_that_is_no_text_becomes_json(
    configuration: Configuration, output_format: OutputFormat | None
) -> None:
    async def handler(task: Task) -> Task:
        result: Any = {"capabilities": ["Search", "Summarize"]}
        task.result = result
        return task

    task = await run_one(handler, configuration, output_format=output_format)
    assert task.result == '{"capabilities":["Search","Summarize"]}'


async def test_a_result_without_a_json_form_is_told_as_well_as_may_be(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        result: Any = {2026: {"mean": float("nan"), "regions": {Path("north")}}}
        task.result = result
        return task

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == (
        "completed",
        '{"2026":{"mean":null,"regions":["north"]}}',
    )


async def test_a_result_that_nobody_awaited_is_an_error(configuration: Configuration) -> None:
    async def summarize() -> str:
        return "never run"

    async def handler(task: Task) -> Task:
        result: Any = waiting
        task.result = result
        return task

    waiting = summarize()
    task = await run_one(handler, configuration)
    waiting.close()
    assert (task.status, task.result) == (
        "error",
        "the result is a coroutine that nobody awaited",
    )


async def test_a_field_without_a_json_form_ends_the_task_as_error(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        task.payload_extension = {"set": object()}
        task.result = "fine"
        return task

    task = await run_one(handler, configuration)
    assert task.status == "error"
    assert "payload_extension" in (task.result or "")


async def test_a_handler_that_returns_no_task_ends_the_task_as_error(
    configuration: Configuration,
) -> None:
    async def summarize(task: Task) -> Any:
        return {"result": "forgot the task"}

    def mutate(task: Task) -> Any:
        task.title = "but no return"

    task = await run_one(summarize, configuration)
    assert task.status == "error"
    assert "summarize() must return the task, not dict" in (task.result or "")
    task = await run_one(mutate, configuration)
    assert task.status == "error"
    assert "mutate() must return the task, not NoneType" in (task.result or "")


async def test_a_handler_may_return_the_task_as_another_object(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        loaded = await Task.aload(task.id, task.configuration)
        loaded.result = "from the other object"
        return loaded

    async def with_a_copy(task: Task) -> Task:
        return attrs.evolve(task, result="from a copy")

    task = await run_one(handler, configuration)
    assert (task.status, task.result) == ("completed", "from the other object")
    task = await run_one(with_a_copy, configuration)
    assert (task.status, task.result) == ("completed", "from a copy")


async def test_a_handler_that_returns_another_task_ends_its_own_as_error(
    configuration: Configuration,
) -> None:
    other = await create(Tasks(configuration))
    await other.astop()

    async def confused(task: Task) -> Task:
        return other

    task = await run_one(confused, configuration)
    assert task.status == "error"
    assert "returned another task" in (task.result or "")


async def test_metrics_are_reported_when_tokens_are_set(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(task: Task) -> Task:
        task.tokens = Tokens(prompt_tokens=100, completion_tokens=20)
        return task

    with caplog.at_level(logging.WARNING, "xpander_client"):
        task = await run_one(handler, configuration)
    assert task.tokens is not None
    assert task.tokens.prompt_tokens == 100
    assert not caplog.records


async def test_no_more_tasks_at_once_than_slots(configuration: Configuration) -> None:
    running = 0
    most = 0

    async def handler(task: Task) -> Task:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            full.set()
        await asyncio.wait_for(full.wait(), 20)
        await asyncio.sleep(0)
        running -= 1
        return task

    full = asyncio.Event()
    async with working(handler, configuration, max_sync_workers=3) as tasks:
        created = await asyncio.gather(*(create(tasks) for _ in range(20)))
        for task in created:
            await task.await_finished(timeout=30)
    assert most == 3


async def test_a_worker_that_was_full_takes_tasks_again(configuration: Configuration) -> None:
    released = asyncio.Event()

    async def handler(task: Task) -> Task:
        if task.input.text == "wait":
            await released.wait()
        return task

    async with working(handler, configuration, max_sync_workers=2) as tasks:
        waiting = [await create(tasks, "wait") for _ in range(2)]
        behind = await create(tasks, "behind")
        await asyncio.sleep(0.5)  # long enough for the platform to hear that the worker is full
        await behind.areload()
        assert behind.status == "pending"
        released.set()
        for task in (*waiting, behind):
            assert (await task.await_finished(timeout=20)).status == "completed"


async def test_stopping_a_task_cancels_its_async_handler(configuration: Configuration) -> None:
    started = asyncio.Event()
    cancelled = asyncio.Event()

    async def handler(task: Task) -> Task:
        if task.input.text == "long":
            started.set()
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled.set()
                raise
        return task

    async with working(handler, configuration, max_sync_workers=1) as tasks:
        task = await create(tasks, "long")
        await asyncio.wait_for(started.wait(), 10)
        await tasks.astop(task_id=task.id)
        await asyncio.wait_for(cancelled.wait(), 10)
        await task.areload()
        assert task.status == "stopped"
        # The slot is free again.
        assert (await (await create(tasks)).await_finished(timeout=10)).status == "completed"


async def test_the_result_of_a_stopped_sync_handler_is_dropped(
    configuration: Configuration,
) -> None:
    started = asyncio.Event()
    released = threading.Event()
    loop = asyncio.get_running_loop()

    def handler(task: Task) -> Task:
        loop.call_soon_threadsafe(started.set)
        released.wait(30)
        task.result = "too late"
        return task

    async with working(handler, configuration) as tasks:
        task = await create(tasks)
        await asyncio.wait_for(started.wait(), 10)
        await tasks.astop(task_id=task.id)
        released.set()
    await task.areload()
    assert (task.status, task.result) == ("stopped", None)


async def test_a_sync_handler_sees_that_its_task_was_stopped_and_the_worker_takes_the_next(
    configuration: Configuration,
) -> None:
    started = asyncio.Event()
    seen = threading.Event()
    loop = asyncio.get_running_loop()

    def handler(task: Task) -> Task:
        if task.input.text == "long":
            loop.call_soon_threadsafe(started.set)
            for _ in range(2_000):
                if task.is_stop_requested:
                    seen.set()
                    break
                time.sleep(0.01)
        return task

    async with working(handler, configuration, max_sync_workers=1) as tasks:
        task = await create(tasks, "long")
        await asyncio.wait_for(started.wait(), 10)
        await tasks.astop(task_id=task.id)
        after = await create(tasks, "next")
        assert (await after.await_finished(timeout=20)).status == "completed"
    assert seen.wait(10)
    await task.areload()
    assert task.status == "stopped"


async def test_a_sync_handler_that_ignores_a_stop_keeps_no_other_task_waiting(
    configuration: Configuration,
) -> None:
    started = asyncio.Event()
    released = threading.Event()
    loop = asyncio.get_running_loop()

    def handler(task: Task) -> Task:
        if task.input.text == "deaf":
            loop.call_soon_threadsafe(started.set)
            released.wait(30)
        return task

    async with working(handler, configuration, max_sync_workers=1) as tasks:
        deaf = await create(tasks, "deaf")
        await asyncio.wait_for(started.wait(), 10)
        await tasks.astop(task_id=deaf.id)
        after = await create(tasks, "next")
        assert (await after.await_finished(timeout=20)).status == "completed"
        released.set()


async def test_several_workers_in_one_process_share_the_tasks(
    configuration: Configuration,
) -> None:
    names: set[str] = set()
    both = asyncio.Event()

    def named(name: str) -> HandlerFunction:
        async def handler(task: Task) -> Task:
            names.add(name)
            if len(names) == 2:
                both.set()
            await asyncio.wait_for(both.wait(), 10)
            return task

        return handler

    first, second = named("first"), named("second")
    async with (
        working(first, configuration, max_sync_workers=1) as tasks,
        working(second, configuration, max_sync_workers=1),
    ):
        created = [await create(tasks) for _ in range(2)]
        for task in created:
            assert (await task.await_finished(timeout=20)).status == "completed"


async def test_a_worker_waits_for_a_platform_that_is_not_there_yet(
    configuration: Configuration, platform: LocalPlatform
) -> None:
    async def handler(task: Task) -> Task:
        return task

    port = int(platform.url.rpartition(":")[2])
    await asyncio.to_thread(platform.close)
    async with Worker(handler, configuration) as worker:
        with Said("not listening") as said:
            await said.wait()
        later = LocalPlatform(api_key=configuration.api_key, port=port)
        async with later:
            await asyncio.wait_for(worker.registered(), 20)
            task = await create(Tasks(configuration))
            assert (await task.await_finished(timeout=20)).status == "completed"


async def test_a_result_is_kept_until_the_platform_is_back(
    tmp_path: Path,
) -> None:
    started = asyncio.Event()
    released = asyncio.Event()

    async def handler(task: Task) -> Task:
        started.set()
        await released.wait()
        task.result = "made while the platform was away"
        return task

    store = tmp_path / "platform.db"
    async with LocalPlatform(store=store, api_key="key") as first:
        configuration = of_agent(first)
        port = int(first.url.rpartition(":")[2])
        worker = Worker(handler, configuration)
        await worker.registered()
        task = await create(Tasks(configuration))
        await asyncio.wait_for(started.wait(), 10)
    with Said("could not deliver the result") as said:
        released.set()
        await said.wait()
    async with LocalPlatform(store=store, api_key="key", port=port):
        await task.await_finished(timeout=30)
        assert task.result == "made while the platform was away"
        assert task.execution_attempts == 1
        async with worker:
            pass


@pytest.mark.slow
async def test_the_late_result_of_a_lost_attempt_is_refused_and_dropped(
    impatient_platform: LocalPlatform,
) -> None:
    configuration = of_agent(impatient_platform)
    attempts: list[int | None] = []
    first_began = asyncio.Event()
    first_may_end = asyncio.Event()

    async def handler(task: Task) -> Task:
        attempts.append(task.execution_attempts)
        number = task.execution_attempts
        if number == 1:
            first_began.set()
            # Deaf to being given up, like code that swallows what it does not know.
            while not first_may_end.is_set():
                try:
                    await first_may_end.wait()
                except asyncio.CancelledError:
                    continue
            await task.areload()
            task.title = "from the lost attempt"
            with pytest.raises(ConflictError):
                await task.aset_status(AgentExecutionStatus.Completed, "late")
        task.result = f"attempt {number}"
        return task

    # The heartbeat comes too late for this platform's leases: the task is taken from its worker.
    first = Worker(handler, configuration, heartbeat_interval=3600)
    await first.registered()
    tasks = Tasks(configuration)
    task = await create(tasks)
    await asyncio.wait_for(first_began.wait(), 10)
    async with working(handler, configuration, heartbeat_interval=0.5):
        await task.await_finished(timeout=30)
    first_may_end.set()
    async with first:
        pass
    await task.areload()
    assert attempts == [1, 2]
    assert (task.status, task.result, task.title) == ("completed", "attempt 2", None)


@pytest.mark.slow
async def test_a_handler_that_blocks_the_event_loop_keeps_its_lease(
    impatient_platform: LocalPlatform,
) -> None:
    configuration = of_agent(impatient_platform)

    async def handler(task: Task) -> Task:
        time.sleep(7)  # longer than the lease
        task.result = f"attempt {task.execution_attempts}"
        return task

    async with working(handler, configuration, heartbeat_interval=0.5) as tasks:
        task = await create(tasks)
        # Waited for on a thread: this loop stands still.
        await asyncio.to_thread(task.wait_finished, 30)
    assert (task.status, task.result) == ("completed", "attempt 1")


async def test_leaving_a_worker_waits_for_running_tasks(configuration: Configuration) -> None:
    started = asyncio.Event()

    async def handler(task: Task) -> Task:
        started.set()
        await asyncio.sleep(0.3)
        task.result = "in time"
        return task

    async with working(handler, configuration) as tasks:
        task = await create(tasks)
        await asyncio.wait_for(started.wait(), 10)
    await task.areload()
    assert (task.status, task.result) == ("completed", "in time")


async def test_what_still_runs_after_the_grace_period_goes_to_another_worker(
    configuration: Configuration,
) -> None:
    started = asyncio.Event()

    async def endless(task: Task) -> Task:
        started.set()
        await asyncio.sleep(3600)
        return task

    async def quick(task: Task) -> Task:
        task.result = f"attempt {task.execution_attempts}"
        return task

    async with working(endless, configuration, grace=0.1) as tasks:
        task = await create(tasks)
        await asyncio.wait_for(started.wait(), 10)
    await task.areload()
    assert task.status == "pending"
    async with working(quick, configuration):
        await task.await_finished(timeout=10)
    assert (task.status, task.result) == ("completed", "attempt 2")


async def test_run_ends_when_the_worker_is_stopped_from_another_thread(
    configuration: Configuration,
) -> None:
    async def handler(task: Task) -> Task:
        return task

    worker = Worker(handler, configuration)
    running = asyncio.create_task(worker.run())
    await worker.registered()
    threading.Thread(target=worker.stop).start()
    await asyncio.wait_for(running, 10)


async def test_a_worker_stopped_before_it_ran_ends_at_once(configuration: Configuration) -> None:
    async def handler(task: Task) -> Task:
        return task

    worker = Worker(handler, configuration)
    worker.stop()
    await asyncio.wait_for(worker.run(), 10)


async def test_a_cancelled_run_ends_the_worker_in_order(configuration: Configuration) -> None:
    async def handler(task: Task) -> Task:
        return task

    worker = Worker(handler, configuration)
    running = asyncio.create_task(worker.run())
    await worker.registered()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert worker.is_stopping


async def test_a_refused_key_is_an_error_at_the_start(configuration: Configuration) -> None:
    async def handler(task: Task) -> Task:
        return task

    worker = Worker(handler, attrs.evolve(configuration, api_key="another"))
    with pytest.raises(ModuleException) as caught:
        await worker.run()
    assert caught.value.status_code == 401
    assert "another" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("configuration", "my-secret"),
        ("max_sync_workers", "6"),
        ("max_sync_workers", 0),
        ("max_retries", 2.5),
        ("grace", None),
        ("grace", -1),
        ("heartbeat_interval", 0),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused_where_it_is_given(
    configuration: Configuration, name: str, wrong: object
) -> None:
    def handler(task: Task) -> Task:
        return task

    with pytest.raises(ArgumentError, match=f"^{name} must be") as caught:
        Worker(handler, **{"configuration": configuration, name: wrong})  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["api_key", "organization_id", "agent_id"])
def test_what_is_not_configured_is_an_error_at_the_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"XPANDER_{name.upper()}", raising=False)
    without = {"api_key": "k", "organization_id": "o", "agent_id": "a"}
    del without[name]

    def handler(task: Task) -> Task:
        return task

    with pytest.raises(ConfigurationError, match=f"XPANDER_{name.upper()}"):
        Worker(handler, Configuration(**without))  # type: ignore[arg-type]  # all are texts


async def test_a_decorated_function_brings_its_configuration(
    configuration: Configuration,
) -> None:
    @on_task(configuration=configuration)
    async def handler(task: Task) -> Task:
        return task

    assert Worker(handler).configuration is configuration


async def test_log_lines_name_the_task_and_the_attempt(
    configuration: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(task: Task) -> Task:
        raise RuntimeError("broken")

    with caplog.at_level(logging.DEBUG, "xpander_client"):
        task = await run_one(handler, configuration)
    lines = [record for record in caplog.records if task.id in record.message]
    assert [line.message.partition(": ")[2] for line in lines] == ["begun", "the handler failed"]
    for line in lines:
        assert (line.task_id, line.attempt) == (task.id, 1)  # type: ignore[attr-defined]  # set by the worker
        assert line.message.startswith(f"task {task.id} (attempt 1): ")


async def test_nothing_secret_is_logged_whatever_happens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPANDER_STREAMING_PORT", "0")
    wrong = "the-secret-key-of-another-agent"
    key, token, tokens = "the-secret-key", "the-secret-oidc-token", {"crm": "the-secret-crm-token"}

    async def handler(task: Task) -> Task:
        if task.input.text == "fail":
            raise RuntimeError("broken")
        if task.input.text == "refused":
            task.payload_extension = {"set": object()}
        return task

    store = tmp_path / "platform.db"
    # Of the whole process: also what libraries say.
    with caplog.at_level(logging.DEBUG):
        async with LocalPlatform(store=store, api_key=key) as first:
            configuration = of_agent(first)
            port = int(first.url.rpartition(":")[2])
            worker = Worker(handler, configuration, http=True)
            await worker.registered()
            tasks = Tasks(configuration)
            for prompt in ("fail", "refused", "fine"):
                task = await create(tasks, prompt, user_oidc_token=token, user_tokens=tokens)
                await task.await_finished(timeout=20)
            for given, status in ((key, 500), (wrong, 403)):
                task = await create(tasks, "fail", worker_id="nobody")
                async with httpx.AsyncClient(verify=False, headers={"x-api-key": given}) as client:
                    answer = await client.post(f"{worker.url}/invoke", content=dumps(task))
                assert answer.status_code == status
        with Said("not listening") as said:
            await said.wait()
        # Another key: the worker is refused from here on.
        async with LocalPlatform(store=store, api_key="another", port=port):
            with Said("401") as said:
                await said.wait()
        async with worker:
            pass
    assert "begun" in caplog.text
    for secret in (key, wrong, token, *tokens.values()):
        assert secret not in caplog.text
