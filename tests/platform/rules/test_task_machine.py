from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import orjson
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from xpander_client.core.statuses import STATUSES, TERMINAL
from xpander_client.platform.foundation.errors import HttpError, StaleAttempt
from xpander_client.platform.rules import task_machine
from xpander_client.platform.rules.records import LARGE, NewEvent, TaskRecord

T = TypeVar("T")

LEASE = 30.0
LOOP = 600.0
LEASES = task_machine.Leases(worker=LEASE, script=LOOP)
WINDOW = 10.0


def pending(**body: Any) -> TaskRecord:
    return task_machine.create(
        task_id="t",
        organization_id="o",
        agent_id="a",
        body={"input": {"text": "x"}, **body},
        now=100.0,
        offer_window=WINDOW,
    ).record


def offered(record: TaskRecord | None = None, worker: str = "w", now: float = 100.0) -> TaskRecord:
    return task_machine.claim(record or pending(), worker, now=now, offer_window=WINDOW)


def patched(
    record: TaskRecord, attempt: int | None = None, now: float = 101.0, **changes: Any
) -> task_machine.Outcome:
    return task_machine.patch(record, changes, attempt=attempt, now=now, leases=LEASES)


def executing(**body: Any) -> TaskRecord:
    return patched(offered(pending(**body)), 1, status="executing").record


def told(event: NewEvent) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(event.body)
    return data


@pytest.mark.parametrize("text", ["x", "x" * 100_000], ids=["small", "large"])
@pytest.mark.parametrize("lost", [False, True])
def test_to_begin_with_the_offer_is_to_take_it_and_to_say_so(text: str, lost: bool) -> None:
    record = pending(input={"text": text})
    if lost:
        held = patched(offered(record), 1, status="executing").record
        expired = task_machine.expire(held, now=1000.0, max_attempts=3)
        assert expired is not None
        record = expired.record
    begun = task_machine.begin(record, "v", now=1001.0, leases=LEASES)
    claimed = task_machine.claim(record, "v", now=1001.0, offer_window=WINDOW)
    assert begun == patched(claimed, claimed.attempt, now=1001.0, status="executing")
    assert told(begun.events[0])["data"]["execution_attempts"] == record.attempt + 1


def test_only_what_waits_is_begun_and_only_by_whom_it_waits_for() -> None:
    for record in (executing(), offered(), pending(worker_id="w"), pending(worker_pool="p")):
        with pytest.raises(HttpError) as caught:
            task_machine.begin(record, "v", now=102.0, leases=LEASES)
        assert caught.value.status == 409
    begun = task_machine.begin(pending(worker_pool="p"), "v", pool="p", now=102.0, leases=LEASES)
    assert begun.record.worker_id == "v"


def test_a_new_task_waits_and_says_so_in_one_event() -> None:
    outcome = task_machine.create(
        task_id="t",
        organization_id="o",
        agent_id="a",
        body={"input": {"text": "x"}, "unknown": {"kept": [1, None]}, "status": "completed"},
        now=100.0,
        offer_window=WINDOW,
    )
    task = outcome.record.read()
    assert (task["status"], task["execution_attempts"]) == ("pending", 0)
    assert task["unknown"] == {"kept": [1, None]}
    [event] = outcome.events
    assert (event.type, told(event)["data"]) == ("task_created", task)


def test_each_claim_is_a_new_attempt_that_the_task_shows() -> None:
    record = offered()
    assert (record.attempt, record.worker_id, record.lease_until) == (1, "w", 110.0)
    assert record.read()["execution_attempts"] == 1
    back = task_machine.expire(record, now=110.0, max_attempts=3)
    assert back is not None
    assert offered(back.record).attempt == 2


def test_a_task_is_claimed_by_one_worker_only() -> None:
    with pytest.raises(HttpError) as refused:
        offered(offered(), worker="other")
    assert refused.value.status == 409


def test_a_task_for_one_worker_is_not_claimed_by_another() -> None:
    with pytest.raises(HttpError):
        offered(pending(worker_id="w1"), worker="w2")
    assert offered(pending(worker_id="w1"), worker="w1").worker_id == "w1"


def taken(record: TaskRecord, script: str = "s", now: float = 101.0, **more: Any) -> TaskRecord:
    changes = {"worker_id": script, "status": "executing", **more}
    return patched(record, now=now, **changes).record


def test_a_script_claims_a_task_and_begins_with_it_in_one_step() -> None:
    outcome = patched(pending(), status="executing", worker_id="s", memory_thread_id="m")
    record, task = outcome.record, outcome.record.read()
    assert (record.status, record.worker_id, record.attempt) == ("executing", "s", 1)
    assert (task["status"], task["execution_attempts"]) == ("executing", 1)
    assert (task["memory_thread_id"], task["conversation_id"]) == ("m", "m")
    assert "worker_id" not in task
    assert record.lease_until == 101.0 + LOOP
    assert [event.type for event in outcome.events] == ["task_updated"]


def test_a_repeated_claim_is_answered_with_the_same_attempt_and_without_an_event() -> None:
    first = taken(pending())
    again = patched(first, status="executing", worker_id="s", now=150.0)
    assert again.record.read() == first.read()
    assert again.events == ()
    assert again.record.lease_until == 150.0 + LOOP


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (offered(), "worker w has the task, in attempt 1"),
        (executing(), "worker w has the task, in attempt 1"),
        (taken(pending(), "other"), "worker other has the task, in attempt 1"),
        (pending(worker_id="other"), "waits for worker other alone"),
        (patched(pending(), status="executing").record, "executing already"),
        (patched(pending(), status="paused").record, "paused already"),
        (patched(pending(), status="completed").record, "completed, which is final"),
    ],
)
def test_a_task_that_somebody_else_has_is_not_claimed_by_a_script(
    record: TaskRecord, why: str
) -> None:
    with pytest.raises(HttpError, match=why) as refused:
        taken(record)
    assert refused.value.status == 409


def test_a_task_that_waits_for_a_script_is_claimed_by_it() -> None:
    assert taken(pending(worker_id="s")).worker_id == "s"
    assert taken(pending(worker_id="s", run_locally=True)).attempt == 1


def test_a_worker_that_is_asked_directly_takes_a_task_whoever_it_waits_for() -> None:
    for waiting in (pending(), pending(worker_id="other"), pending(worker_pool="reports")):
        record = taken(waiting, "w", run_locally=True)
        assert (record.worker_id, record.attempt, record.scripted) == ("w", 1, False)
        assert record.lease_until == 101.0 + LEASE
        assert taken(record, "w", run_locally=True) == record
        assert "run_locally" not in record.read()


@pytest.mark.parametrize("record", [offered(), executing(), taken(pending(), "other")])
def test_a_worker_that_is_asked_directly_takes_no_task_that_another_has(record: TaskRecord) -> None:
    with pytest.raises(HttpError, match="409"):
        taken(record, "w2", run_locally=True)


def test_a_patch_that_claims_nothing_says_nothing_about_who_has_a_task() -> None:
    said: list[dict[str, Any]] = [{}, {"status": "completed"}]
    for changes in said:
        record = patched(pending(), worker_id="s", **changes).record
        assert (record.worker_id, record.attempt, record.scripted) == (None, 0, False)
        assert "worker_id" not in record.read()
    # Whoever says which attempt it holds claims none.
    begun = patched(offered(), 1, status="executing", worker_id="w").record
    assert (begun.attempt, begun.scripted, begun.lease_until) == (1, False, 101.0 + LEASE)
    assert patched(pending(worker_id="w"), worker_id="s").record.read()["worker_id"] == "w"


def test_every_sign_of_life_of_a_script_renews_its_lease_and_none_cuts_it_short() -> None:
    record = taken(pending())
    later = patched(record, 1, now=300.0, title="T").record
    assert later.lease_until == 300.0 + LOOP
    pushed = task_machine.append(later, [{"type": "chunk"}], attempt=1, now=600.0, leases=LEASES)
    assert pushed.record.lease_until == 600.0 + LOOP
    alive = task_machine.keep_alive(later, 1, 700.0, LEASES)
    assert alive.lease_until == 700.0 + LOOP
    early = task_machine.keep_alive(later, 1, 10.0, LEASES)
    assert early.lease_until == later.lease_until


def test_an_attempt_that_is_over_gives_no_sign_of_life() -> None:
    lost = task_machine.expire(taken(pending()), now=1e6, max_attempts=3)
    assert lost is not None
    again = taken(lost.record, "t")
    for record in (lost.record, again):
        with pytest.raises(HttpError):
            task_machine.keep_alive(record, 1, 1e6, LEASES)
    assert patched(again, 1, now=2e6, title="late").record.lease_until == again.lease_until


def test_a_script_that_is_lost_is_named_and_a_worker_may_have_the_task() -> None:
    record = taken(pending())
    assert task_machine.expire(record, now=101.0 + LEASE, max_attempts=3) is None
    lost = task_machine.expire(record, now=101.0 + LOOP, max_attempts=3)
    assert lost is not None
    assert told(lost.events[0])["lost_worker"] == {"id": "s", "execution_attempts": 1}
    begun = patched(offered(lost.record), 2, now=1000.0, status="executing").record
    assert begun.lease_until == 1000.0 + LEASE


def test_a_child_is_told_to_its_parent_once() -> None:
    outcome = task_machine.adopt(executing(), "c", 5.0)
    assert outcome.record.read()["sub_executions"] == ["c"]
    assert [event.type for event in outcome.events] == ["task_updated"]
    assert task_machine.adopt(outcome.record, "c", 6.0) == task_machine.Outcome(outcome.record)
    ended = patched(executing(), 1, status="completed").record
    late = task_machine.adopt(ended, "c", 5.0)
    assert (late.record.read()["sub_executions"], late.events) == (["c"], ())


@pytest.mark.parametrize("given", ["create", "patch", "continue"])
def test_a_tasks_thread_is_its_conversation(given: str) -> None:
    if given == "create":
        record = pending(memory_thread_id="m")
    elif given == "patch":
        record = patched(pending(), memory_thread_id="m").record
    else:
        record = task_machine.continue_(
            patched(pending(), status="completed").record,
            agent_id="a",
            body={"memory_thread_id": "m"},
            now=9.0,
            last_seq=2,
        ).record
    assert record.read()["conversation_id"] == record.read()["memory_thread_id"] == "m"


def test_a_parent_that_is_named_at_creation_is_stored() -> None:
    record = pending(parent_execution_id="p", tool_call_name="n")
    assert (record.parent_task_id, record.read()["parent_execution"]) == ("p", "p")
    assert "parent_execution_id" not in record.read()


def test_a_local_test_run_belongs_to_its_worker_from_the_beginning() -> None:
    record = pending(worker_id="w1", run_locally=True)
    assert (record.worker_id, record.attempt, record.read()["execution_attempts"]) == ("w1", 1, 1)
    assert patched(record, 1, status="executing").record.status == "executing"


def test_an_offer_not_taken_up_goes_back_in_silence_and_its_attempt_is_burnt() -> None:
    record = offered()
    assert task_machine.expire(record, now=109.9, max_attempts=3) is None
    back = task_machine.expire(record, now=110.0, max_attempts=3)
    assert back is not None
    assert (back.record.status, back.record.worker_id, back.events) == ("pending", None, ())
    with pytest.raises(HttpError) as refused:
        patched(back.record, 1, status="executing")
    assert refused.value.status == 409


def test_an_attempt_that_is_over_leaves_not_even_an_empty_value() -> None:
    lost = task_machine.expire(executing(), now=1e6, max_attempts=3)
    assert lost is not None
    late = patched(lost.record, 1, status="pending", result="", title="mine").record.read()
    assert "result" not in late
    assert late["title"] == "mine"


def test_a_lost_worker_is_named_and_its_late_result_refused() -> None:
    record = executing()
    assert record.lease_until == 131.0
    back = task_machine.expire(record, now=131.0, max_attempts=3)
    assert back is not None
    [event] = back.events
    assert event.type == "task_updated"
    assert told(event)["lost_worker"] == {"id": "w", "execution_attempts": 1}
    assert "worker w was lost" in told(event)["data"]["internal_status"]
    for late in (back.record, offered(back.record, worker="other")):
        with pytest.raises(HttpError) as refused:
            patched(late, 1, status="completed", result="late")
        assert refused.value.status == 409


def test_a_task_that_loses_too_many_workers_ends_as_an_error() -> None:
    record = pending()
    for _ in range(2):
        record = patched(offered(record), record.attempt + 1, status="executing").record
        outcome = task_machine.expire(record, now=200.0, max_attempts=3)
        assert outcome is not None
        record = outcome.record
        assert record.status == "pending"
    record = patched(offered(record), 3, status="executing").record
    outcome = task_machine.expire(record, now=200.0, max_attempts=3)
    assert outcome is not None
    assert outcome.record.status == "error"
    assert "lost" in outcome.record.read()["result"]
    assert [event.type for event in outcome.events] == ["task_finished"]


def test_offers_that_nobody_took_up_do_not_count_as_lost_workers() -> None:
    record = pending()
    for _ in range(10):
        outcome = task_machine.expire(offered(record), now=200.0, max_attempts=3)
        assert outcome is not None
        record = outcome.record
    assert (record.status, record.attempt, record.losses) == ("pending", 10, 0)


def test_an_executing_task_that_no_worker_was_given_has_no_lease() -> None:
    record = patched(pending(), status="executing").record
    assert record.lease_until is None
    assert task_machine.expire(record, now=1e9, max_attempts=3) is None


def test_times_and_duration_are_filled_in() -> None:
    record = patched(executing(), 1, now=104.5, status="completed", result="r", duration=0.0).record
    task = record.read()
    assert task["duration"] == 3.5
    assert task["started_at"] < task["finished_at"]


def test_what_the_writer_knows_better_is_not_overwritten() -> None:
    times: dict[str, Any] = {
        "started_at": "2020-01-01T00:00:00Z",
        "finished_at": "2020-01-01T00:00:05Z",
    }
    task = patched(executing(), 1, status="completed", duration=5.0, **times).record.read()
    assert {name: task[name] for name in (*times, "duration")} == {**times, "duration": 5.0}


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_final_status_is_final(status: str) -> None:
    record = patched(executing(), 1, status=status, result="first").record
    for other in STATUSES - {status}:
        for attempt in (None, 1):
            if (status, attempt) == ("stopped", None) and other in ("paused", "pending"):
                continue  # taken up again
            with pytest.raises(HttpError) as refused:
                patched(record, attempt, status=other)
            assert refused.value.status == 409
    again = patched(record, 1, status=status, result="second")
    assert again.events == ()
    assert again.record.read()["result"] == "first"


def test_a_worker_may_add_to_a_finished_task_and_a_user_correct_it() -> None:
    record = patched(executing(), 1, status="completed", result="r").record
    added = patched(record, 1, status="completed", tokens={"prompt_tokens": 1})
    assert added.record.read()["tokens"] == {"prompt_tokens": 1}
    corrected = patched(record, title="Sales")
    assert (corrected.record.read()["title"], corrected.events) == ("Sales", ())


def test_a_worker_of_another_attempt_can_not_write_what_is_a_workers() -> None:
    record = executing()
    for changes in ({"result": "x"}, {"status": "completed"}, {"tokens": {"prompt_tokens": 1}}):
        for attempt in (0, 2):
            with pytest.raises(HttpError) as refused:
                patched(record, attempt, **changes)
            assert refused.value.status == 409


def test_a_worker_whose_offer_went_to_another_can_not_begin_while_that_one_is_at_work() -> None:
    lost = task_machine.expire(offered(), now=110.0, max_attempts=3)
    assert lost is not None
    second = patched(offered(lost.record, "v"), 2, status="executing").record
    with pytest.raises(HttpError) as refused:
        patched(second, 1, status="executing")
    assert refused.value.status == 409
    whole = {**second.read(), "execution_attempts": 1}
    with pytest.raises(HttpError):
        patched(second, 1, **whole)
    assert patched(second, 2, status="executing").record.attempt == 2


def test_saving_a_whole_task_with_an_old_attempt_passes_if_it_changes_nothing_of_a_worker() -> None:
    record = executing()
    whole = {**record.read(), "title": "new", "used_tools": [], "duration": 0.0, "tokens": None}
    whole["execution_attempts"] = 0
    assert patched(record, 0, **whole).record.read()["title"] == "new"


def test_a_users_edit_passes_without_an_attempt() -> None:
    outcome = patched(executing(), title="new", result="by hand")
    assert [event.type for event in outcome.events] == ["task_updated"]
    assert outcome.record.attempt == 1


def test_a_write_that_changes_nothing_makes_no_event() -> None:
    record = executing()
    assert patched(record, 1, status="executing").events == ()
    assert patched(record, None).events == ()


BIG = "b" * (LARGE + 1)


def test_an_update_tells_what_is_small_and_what_changed() -> None:
    record = executing(input={"text": BIG, "files": ["f"]}, additional_context=BIG)
    [event] = patched(record, 1, progress={"percent": 1}, additional_context=BIG + "c").events
    data = told(event)["data"]
    assert (data["progress"], data["additional_context"]) == ({"percent": 1}, BIG + "c")
    assert data["input"] == {"files": ["f"]}
    [event] = patched(record, 1, progress={"percent": 2}).events
    assert "additional_context" not in told(event)["data"]
    assert len(event.body) < 1000


def test_who_saves_a_whole_task_out_of_an_event_clears_nothing_that_was_left_out() -> None:
    record = executing(input={"text": BIG, "files": ["f"]}, additional_context=BIG)
    [event] = patched(record, 1, progress={"percent": 1}).events
    whole = told(event)["data"] | {
        "input": {"text": "", "files": ["f"], "attachments": [], "user": None},
        "additional_context": None,
        "title": "T",
    }
    saved = patched(record, **whole).record.read()
    assert (saved["input"], saved["title"]) == ({"text": BIG, "files": ["f"]}, "T")
    assert saved["additional_context"] == BIG
    # But who changes it, or says so by itself, is heard.
    changed = patched(record, **{**whole, "input": {"text": "y"}}).record.read()
    assert changed["input"] == {"text": "y"}
    assert "additional_context" not in patched(record, additional_context=None).record.read()


def test_null_takes_a_field_away_but_says_nothing_about_what_the_platform_fills_in() -> None:
    record = patched(executing(), title="t", result="r").record
    nulls: dict[str, Any] = dict.fromkeys(("title", "result", "started_at", "status", "input"))
    task = patched(record, **nulls).record.read()
    assert task["input"] == {"text": "x"}
    assert "title" not in task
    assert "result" not in task
    assert task["status"] == "executing"
    assert task["started_at"]


@pytest.mark.parametrize("status", ["paused", "pending"])
def test_a_stopped_task_is_taken_up_again_by_its_user_alone(status: str) -> None:
    stopped = task_machine.stop(executing(), 150.0).record
    outcome = patched(stopped, None, status=status)
    task = outcome.record.read()
    assert (task["status"], task["execution_attempts"]) == (status, 2)
    assert not {"is_manually_stopped", "finished_at", "duration"} & task.keys()
    assert [event.type for event in outcome.events] == ["task_updated"]
    with pytest.raises(StaleAttempt):
        patched(outcome.record, 1, status="completed", result="late")


@pytest.mark.parametrize("status", ["paused", "pending"])
def test_who_saves_all_of_a_stopped_task_knows_of_the_stop(status: str) -> None:
    whole = executing().read()
    stopped = task_machine.stop(executing(), 150.0).record
    # A worker that was not told of the stop yet, and a user.
    with pytest.raises(HttpError, match="final"):
        patched(stopped, 1, **whole | {"status": status, "result": "late"})
    outcome = patched(stopped, 1, **stopped.read() | {"status": status, "title": "Again"})
    task = outcome.record.read()
    assert (task["status"], task["title"], task["execution_attempts"]) == (status, "Again", 2)
    assert not {"is_manually_stopped", "finished_at", "duration", "result"} & task.keys()
    # From there on the attempt that was stopped has nothing to say any more.
    for late in (whole | {"status": "completed"}, stopped.read() | {"status": status}):
        with pytest.raises(StaleAttempt):
            patched(outcome.record, 1, **late)


@pytest.mark.parametrize("name", ["id", "agent_id", "organization_id"])
def test_who_a_task_is_can_not_change(name: str) -> None:
    with pytest.raises(HttpError) as refused:
        task_machine.patch(pending(), {name: "other"}, attempt=None, now=1.0, leases=LEASES)
    assert (refused.value.status, refused.value.path) == (422, f"$.{name}")


def test_each_write_of_the_worker_renews_its_lease() -> None:
    record = patched(executing(), 1, now=120.0, status="executing").record
    assert record.lease_until == 150.0
    pushed = task_machine.append(record, [{"type": "chunk"}], attempt=1, now=140.0, leases=LEASES)
    assert pushed.record.lease_until == 170.0


def test_pausing_lets_go_of_the_lease_and_resuming_takes_it_up() -> None:
    record = patched(executing(), 1, status="paused").record
    assert record.lease_until is None
    assert record.read()["paused_at"]
    resumed = patched(record, 1, now=500.0, status="executing").record
    assert resumed.lease_until == 530.0
    assert "paused_at" not in resumed.read()


def test_putting_a_task_back_into_the_queue_fences_its_worker() -> None:
    record = patched(executing(), status="pending").record
    assert record.worker_id is None
    with pytest.raises(HttpError):
        patched(record, 1, status="completed")


def test_stopping_is_final_and_stopping_twice_is_no_fault() -> None:
    outcome = task_machine.stop(executing(), 120.0)
    assert outcome.record.read()["is_manually_stopped"] is True
    assert [event.type for event in outcome.events] == ["task_finished"]
    assert task_machine.stop(outcome.record, 130.0) == task_machine.Outcome(outcome.record)


def test_a_pushed_end_ends_the_task_with_what_it_says() -> None:
    events: list[dict[str, Any]] = [
        {"type": "chunk", "task_id": "t", "data": "ab"},
        {"type": "task_finished", "task_id": "t", "data": {"status": "failed", "result": "ab"}},
    ]
    outcome = task_machine.append(executing(), events, attempt=1, now=110.0, leases=LEASES)
    assert [event.type for event in outcome.events] == ["chunk", "task_finished"]
    assert (outcome.record.status, outcome.record.read()["result"]) == ("failed", "ab")
    again = task_machine.append(outcome.record, events[1:], attempt=1, now=111.0, leases=LEASES)
    assert again.events == ()


def test_nothing_follows_the_end() -> None:
    end: dict[str, Any] = {"type": "task_finished", "task_id": "t", "data": None}
    chunk: dict[str, Any] = {"type": "chunk", "task_id": "t", "data": "late"}
    with pytest.raises(HttpError) as refused:
        task_machine.append(executing(), [end, chunk], attempt=1, now=1.0, leases=LEASES)
    assert refused.value.path == "$[1]"
    finished = task_machine.stop(executing(), 1.0).record
    with pytest.raises(HttpError) as refused:
        task_machine.append(finished, [chunk], attempt=1, now=2.0, leases=LEASES)
    assert refused.value.status == 409


def test_a_finished_task_is_continued_as_a_new_run_under_later_attempts() -> None:
    done = patched(executing(), 1, status="completed", result="r").record
    outcome = task_machine.continue_(
        done, agent_id="b", body={"input": {"text": "more"}}, now=200.0, last_seq=4
    )
    task = outcome.record.read()
    assert (task["status"], task["agent_id"], task["input"]) == ("pending", "b", {"text": "more"})
    assert not {"result", "finished_at", "started_at", "duration"} & task.keys()
    assert outcome.record.run_from == 4
    assert offered(outcome.record).attempt == 2


@pytest.mark.parametrize("record", [pending(), executing()], ids=["pending", "executing"])
def test_a_task_that_is_not_finished_is_not_continued(record: TaskRecord) -> None:
    with pytest.raises(HttpError) as refused:
        task_machine.continue_(record, agent_id="a", body={}, now=200.0, last_seq=1)
    assert refused.value.status == 409


def test_a_report_is_a_finished_task() -> None:
    outcome = task_machine.report(
        task_id="t",
        organization_id="o",
        agent_id="a",
        body={"input": "sum", "llm_response": {"n": 1}, "is_success": False, "duration": 2.0},
        now=100.0,
    )
    task = outcome.record.read()
    assert (task["status"], task["result"], task["duration"]) == ("failed", '{"n":1}', 2.0)
    assert task["input"] == {"text": "sum"}
    assert [event.type for event in outcome.events] == ["task_created", "task_finished"]


@given(
    st.dictionaries(
        st.text(),
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
        max_size=8,
    )
)
def test_fields_that_are_not_known_are_kept_as_they_came(fields: dict[str, Any]) -> None:
    known = task_machine.WORKER_OWNED | task_machine.PLATFORM_OWNED | {"worker_id", "input"}
    fields = {f"x_{name}": value for name, value in fields.items() if name not in known}
    task = patched(pending(), **fields).record.read()
    assert {name: task[name] for name in task if name.startswith("x_")} == {
        name: value for name, value in fields.items() if value is not None
    }


def conflict_or(step: Callable[[], T]) -> T | None:
    """What the step made, or None where it was refused because of the task's state."""
    try:
        return step()
    except HttpError as refusal:
        if refusal.status != 409:
            raise
        return None


class Life(RuleBasedStateMachine):
    """A task among workers that stall, die, come back late and write under old attempts."""

    @initialize()
    def create(self) -> None:
        self.now = 1000.0
        self.record = pending()
        self.log: list[NewEvent] = []
        self.attempts: list[int] = []
        self.refused = 0

    def take(self, outcome: task_machine.Outcome) -> None:
        before, self.record = self.record, outcome.record
        assert self.record.attempt >= before.attempt
        if before.finished:
            assert self.record.status == before.status
            assert outcome.events == ()
        if before.status != self.record.status:
            assert outcome.events, "a visible change without an event"
        self.log += outcome.events

    @rule(seconds=st.floats(min_value=0, max_value=40))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(worker=st.sampled_from(["w1", "w2", "w3"]))
    def claim(self, worker: str) -> None:
        free = self.record.status == "pending" and self.record.worker_id is None
        record = conflict_or(
            lambda: task_machine.claim(self.record, worker, now=self.now, offer_window=WINDOW)
        )
        assert (record is not None) == free
        if record is not None:
            self.attempts.append(record.attempt)
            self.take(task_machine.Outcome(record))

    @rule(worker=st.sampled_from(["w1", "w2", "w3"]))
    def begin(self, worker: str) -> None:
        free = self.record.status == "pending" and self.record.worker_id is None
        outcome = conflict_or(
            lambda: task_machine.begin(self.record, worker, now=self.now, leases=LEASES)
        )
        assert (outcome is not None) == free
        if outcome is not None:
            self.attempts.append(outcome.record.attempt)
            self.take(outcome)

    @rule(script=st.sampled_from(["s1", "w1"]), directly=st.booleans())
    def take_by_a_script(self, script: str, directly: bool) -> None:
        held_by = self.record.worker_id
        free = self.record.status == "pending" and held_by is None
        its_own = held_by == script and not self.record.finished
        attempt = self.record.attempt
        outcome = conflict_or(
            lambda: task_machine.patch(
                self.record,
                {"status": "executing", "worker_id": script, "run_locally": directly},
                attempt=None,
                now=self.now,
                leases=LEASES,
            )
        )
        assert (outcome is not None) == (free or its_own)
        if outcome is not None:
            assert outcome.record.worker_id == script
            assert outcome.record.status == "executing"
            assert outcome.record.attempt == attempt + int(free)
            if free:
                self.attempts.append(outcome.record.attempt)
            self.take(outcome)

    @precondition(lambda self: self.attempts)
    @rule(
        data=st.data(),
        status=st.sampled_from(sorted(STATUSES)),
        result=st.none() | st.text(max_size=3),
    )
    def write_as_a_worker(self, data: st.DataObject, status: str, result: str | None) -> None:
        attempt = data.draw(st.sampled_from(self.attempts))
        changes = {"status": status, "result": result}
        holds = task_machine.holds(self.record, attempt)
        outcome = conflict_or(
            lambda: task_machine.patch(
                self.record, changes, attempt=attempt, now=self.now, leases=LEASES
            )
        )
        if outcome is None:
            return
        if not holds:
            assert outcome.record.status == self.record.status
            assert outcome.record.read().get("result") == self.record.read().get("result")
        self.take(outcome)

    @rule(title=st.text(max_size=3))
    def edit_as_a_user(self, title: str) -> None:
        self.take(
            task_machine.patch(
                self.record,
                {"title": title},
                attempt=None,
                now=self.now,
                leases=LEASES,
            )
        )

    @rule(chunk=st.text(max_size=3), back=st.integers(min_value=0, max_value=2))
    def push(self, chunk: str, back: int) -> None:
        attempt = self.record.attempt - back
        outcome = conflict_or(
            lambda: task_machine.append(
                self.record,
                [{"type": "chunk", "data": chunk}],
                attempt=attempt,
                now=self.now,
                leases=LEASES,
            )
        )
        may = not self.record.finished and task_machine.holds(self.record, attempt)
        assert (outcome is not None) == may
        if outcome is not None:
            self.take(outcome)

    @rule()
    def sweep(self) -> None:
        outcome = task_machine.expire(self.record, now=self.now, max_attempts=3)
        if outcome is not None:
            assert self.record.lease_until is not None
            assert self.record.lease_until <= self.now
            self.take(outcome)

    @precondition(lambda self: self.record.finished)
    @rule()
    def stop_what_is_over(self) -> None:
        self.take(task_machine.stop(self.record, self.now))

    @invariant()
    def the_json_says_what_the_record_says(self) -> None:
        task = self.record.read()
        assert task["status"] == self.record.status
        assert task["execution_attempts"] == self.record.attempt

    @invariant()
    def a_lease_is_held_by_somebody(self) -> None:
        if self.record.lease_until is not None:
            assert self.record.worker_id is not None
            assert self.record.status in ("pending", "executing")
        if self.record.status == "pending" and self.record.worker_id is not None:
            assert self.record.lease_until is not None

    @invariant()
    def it_ends_once_and_no_event_follows(self) -> None:
        ends = [index for index, event in enumerate(self.log) if event.type == "task_finished"]
        assert len(ends) == int(self.record.finished)
        assert ends in ([], [len(self.log) - 1])

    @invariant()
    def it_is_not_lost_more_often_than_allowed(self) -> None:
        assert self.record.losses <= 3
        if self.record.losses == 3:
            assert self.record.finished


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_records_are_what_they_were_made_of() -> None:
    record = executing()
    assert attrs.evolve(record) == record
