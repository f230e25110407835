"""Tasks that are kept in memory after they were written."""

from xpander_client.platform.rules.records import TaskRecord
from xpander_client.platform.stores.base.recent_tasks import LARGEST, LIMIT, RecentTasks


def task(task_id: str, document: bytes = b"{}") -> TaskRecord:
    return TaskRecord(
        id=task_id,
        organization_id="o",
        agent_id="a",
        status="pending",
        document=document,
        created_at=1.0,
        updated_at=1.0,
    )


def test_what_is_remembered_of_tasks_is_bounded_and_what_was_kept_first_goes_first() -> None:
    recent = RecentTasks[int]()
    for number in range(LIMIT):
        recent.keep(task(f"t{number}"), number)
    recent.keep(task("t0"), -1)
    recent.keep(task("more"), 5)
    assert [recent.find(each) for each in ("t0", "t1", "t2", "more")] == [-1, None, 2, 5]
    recent.keep(task("t2", b"x" * (LARGEST + 1)), 2)
    assert recent.find("t2") is None  # nor as it was before
    recent.forget(["t0", "nobody"])
    assert recent.find("t0") is None
    recent.clear()
    assert recent.find("more") is None
