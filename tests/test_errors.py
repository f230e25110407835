import copy
import datetime
import inspect
import pickle
from typing import Any

import pytest

from xpander_client import errors
from xpander_client.errors import (
    ApiStatusError,
    ArgumentError,
    Attempt,
    CallError,
    ConnectionFailedError,
    DecodingError,
    ModuleException,
    NotFoundError,
    StreamError,
    TimeoutExceededError,
    WaitTimeoutError,
)

ATTEMPT = Attempt(
    started_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), duration=0.5, cause="reset"
)
CONTEXT: dict[str, Any] = {
    "method": "GET",
    "path": "/t/1",
    "request_id": "r1",
    "body": {"detail": "x"},
    "attempts": [ATTEMPT, ATTEMPT],
    "retryable": True,
}


def test_every_error_is_the_root_and_listed() -> None:
    classes = {
        name
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, Exception)
    }
    assert classes | {"Attempt"} == set(errors.__all__)
    assert all(issubclass(getattr(errors, name), ModuleException) for name in classes)


def test_the_builtin_kinds_catch_what_belongs_to_them() -> None:
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(TimeoutExceededError, TimeoutError)
    assert issubclass(WaitTimeoutError, TimeoutError)


@pytest.mark.parametrize(
    "error",
    [
        ModuleException(404, "no such task"),
        ArgumentError("task_id must not be empty"),
        WaitTimeoutError("late"),
        ConnectionFailedError("no connection", **CONTEXT),
        NotFoundError("no such task", status_code=404, retry_after=1.5, **CONTEXT),
        DecodingError("not as agreed", json_path="$.a", expected="x", got="y", **CONTEXT),
        StreamError("broken", last_event_id="7", **CONTEXT),
    ],
)
def test_an_error_can_be_sent_to_another_process(error: ModuleException) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_the_text_says_what_where_and_how_often() -> None:
    error = NotFoundError("no such task", status_code=404, **CONTEXT)
    assert str(error) == "404: no such task (GET /t/1, request r1, 2 attempts)"
    assert isinstance(error, CallError)


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_a_class(status: int) -> None:
    assert issubclass(ApiStatusError.class_for(status), ApiStatusError)
