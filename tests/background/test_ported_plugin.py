"""A plugin in the way of public ones for another framework runs with other imports alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xpander_client.background import AgentCtx, Plugin, TaskSignal, task

PROGRAM = '''
import asyncio
import json
import time
from typing import AsyncGenerator, Dict, List, Optional

from pydantic import BaseModel, Field

from xpander_client.background import AgentCtx, SandboxMethodType
from xpander_client.background import AsyncTaskHandle, TaskCtl, TaskSignal, task
from xpander_client.background import Plugin as NekroPlugin
from pydantic import BaseModel as ConfigBase

plugin = NekroPlugin(
    name="Watcher",
    module_name="watcher",
    description="Watches feeds, and builds sites of them",
    version="1.0.0",
    author="Shop",
    url="https://example.org/watcher",
)


@plugin.mount_config()
class WatcherConfig(ConfigBase):
    """Settings"""

    MAX_CONCURRENT_TASKS: int = Field(default=2, title="Most tasks at once", ge=1)
    INTERVAL: float = Field(default=60.0, title="Seconds between looks")


config: WatcherConfig = plugin.get_config(WatcherConfig)
store = plugin.store


class Subscriptions(BaseModel):
    feeds: Dict[str, int] = {}


async def load(chat_key: str) -> Subscriptions:
    text = await store.get(chat_key=chat_key, store_key="subscriptions")
    return Subscriptions.model_validate_json(text) if text else Subscriptions()


async def save(chat_key: str, data: Subscriptions) -> None:
    await plugin.store.set(
        chat_key=chat_key, store_key="subscriptions", value=data.model_dump_json()
    )


@plugin.mount_init_method()
async def init_plugin():
    (plugin.get_plugin_data_dir() / "logs").mkdir(parents=True, exist_ok=True)
    plugin.logger.info("initialized")


@plugin.on_enabled()
async def startup():
    if not task.is_running("watch", "all"):
        await task.start("watch", "all", "system", plugin)


@plugin.mount_async_task("watch")
async def watch(handle: AsyncTaskHandle, chat_key: str) -> None:
    while not handle.is_cancelled:
        await asyncio.sleep(config.INTERVAL)


@plugin.mount_async_task("build")
async def build(
    handle: AsyncTaskHandle, requirement: str, build_id: str, files: Optional[List[str]] = None
) -> AsyncGenerator[TaskCtl, None]:
    yield TaskCtl.report_progress("building...")
    if handle.is_cancelled:
        yield TaskCtl.cancel("cancelled")
        return
    try:
        if not requirement:
            raise ValueError("nothing is required")
        yield TaskCtl.report_progress(message="writing", percent=70)
        (plugin.get_plugin_data_dir() / "logs" / build_id).write_text(requirement)
        yield TaskCtl.success("built", data={"url": f"https://example.org/{build_id}"})
    except Exception as e:
        yield TaskCtl.fail(f"failed: {e}", error=e)


@plugin.mount_sandbox_method(SandboxMethodType.AGENT, name="subscribe", description="Subscribe")
async def subscribe(_ctx: AgentCtx, feed: str) -> str:
    """Subscribe to a feed."""
    data = await load(_ctx.from_chat_key)
    data.feeds[feed] = data.feeds.get(feed, 0) + 1
    await save(_ctx.from_chat_key, data)
    return f"subscribed to {feed}"


@plugin.mount_sandbox_method(SandboxMethodType.TOOL, "build a site")
async def create_build(_ctx: AgentCtx, requirement: str) -> str:
    """Build a site."""
    active = len([t for t in task.get_running_tasks() if ":build:" in t])
    if active >= config.MAX_CONCURRENT_TASKS:
        raise ValueError(f"there are {active} already")
    build_id = f"B{time.monotonic_ns()}"

    def _on_terminal(ctl: TaskCtl) -> None:
        url = ctl.data.get("url") if ctl.signal == TaskSignal.SUCCESS else None
        ended.append((build_id, ctl.signal, url, ctl.message))

    await task.start(
        task_type="build",
        task_id=build_id,
        chat_key=_ctx.chat_key,
        plugin=plugin,
        on_terminal=_on_terminal,
        requirement=requirement.strip(),
        build_id=build_id,
    )
    return build_id


ended: list = []


@plugin.on_disabled()
async def handle_disabled():
    await task.stop_all()


@plugin.mount_cleanup_method()
async def cleanup():
    ended.append("cleaned")
'''


def load_program() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "watcher"}
    exec(compile(PROGRAM, "watcher.py", "exec", dont_inherit=True), names)
    return names


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.chdir(tmp_path)
    yield load_program()
    assert task.get_running_tasks() == []


async def test_it_runs_from_its_preparation_to_its_end(program: dict[str, Any]) -> None:
    plugin: Plugin = program["plugin"]
    ctx = AgentCtx(chat_key="chat-1")
    await plugin.enable()
    assert task.get_running_tasks() == ["watcher:watch:all"]
    build_id = await program["create_build"](ctx, " a shop ")
    end = await task.ajoin("build", build_id, 20)
    assert (end.signal, end.data) == ("success", {"url": f"https://example.org/{build_id}"})
    assert program["ended"] == [(build_id, TaskSignal.SUCCESS, end.data["url"], "built")]
    failed = await program["create_build"](ctx, "")
    end = await task.ajoin("build", failed, 20)
    assert (end.message, str(end.data)) == ("failed: nothing is required", "nothing is required")
    assert await task.cancel("watch", "all")
    await plugin.disable()
    assert program["ended"][-1] == "cleaned"
    logs = Path(".xpander/plugins/Shop.watcher/logs")
    assert [file.read_text() for file in logs.iterdir()] == ["a shop"]  # noqa: ASYNC240


async def test_its_store_and_its_settings_outlive_it(program: dict[str, Any]) -> None:
    assert await program["subscribe"](AgentCtx(chat_key="chat-1"), "news") == "subscribed to news"
    program["plugin"].save_config(program["WatcherConfig"](MAX_CONCURRENT_TASKS=1))
    later = load_program()
    assert later["config"].MAX_CONCURRENT_TASKS == 1
    await later["subscribe"](AgentCtx(chat_key="chat-1"), "news")
    text = await later["store"].get(chat_key="chat-1", store_key="subscriptions")
    assert json.loads(text) == {"feeds": {"news": 2}}
    assert (await later["load"]("chat-2")).feeds == {}


def test_a_script_starts_its_tasks_without_a_loop(program: dict[str, Any]) -> None:
    task.start_soon("build", "B-1", "chat-1", program["plugin"], "a shop", build_id="B-1")
    assert task.join("build", "B-1", 20).message == "built"
    # What prepares it has run, and began a task of its own.
    assert task.get_running_tasks() == ["watcher:watch:all"]
    asyncio.run(program["plugin"].disable())
