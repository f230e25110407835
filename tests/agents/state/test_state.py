"""`connect_state`: what it takes, and which sessions there are."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.agents.state.state_calls import change, connected
from xpander_client.agents.state.branches import Branch
from xpander_client.agents.state.codec import encode
from xpander_client.agents.state.config import StateConfig, connect_state
from xpander_client.agents.state.store import Conflict
from xpander_client.agents.types.errors import AgentTaskError
from xpander_client.errors import ConfigurationError, ModuleException

Make = Callable[[], StateConfig]


@pytest.fixture(params=["versioned memory", "versioned disk", "live memory", "live disk"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    kind, storage = request.param.split()
    return lambda: connected(kind, tmp_path / "state" if storage == "disk" else None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"type": "eternal"}, "'eternal'. Supported: versioned, live, ephemeral"),
        ({"type": None}, "None. Supported: versioned, live, ephemeral"),
        ({"type": "versioned"}, "State type 'versioned' requires storage parameter: 'memory' or"),
        ({"type": "versioned", "storage": "zzz"}, "'zzz'. Supported: memory, disk"),
        ({"type": "versioned", "storage": "disk"}, "Disk storage requires 'path' parameter"),
        ({"type": "live", "storage": "disk", "path": ""}, "Disk storage requires 'path'"),
        ({"type": "versioned", "storage": "memory", "path": "x"}, "only for storage='disk'"),
        ({"type": "live", "path": "x"}, "only for storage='disk'"),
        ({"path": "x"}, "only for storage='disk'"),
        ({"type": "ephemeral", "storage": "memory"}, "keeps nothing"),
        ({"type": "versioned", "storage": "disk", "path": __file__}, "must be a directory"),
        ({"init": [("a", 1)]}, "'init' must be a mapping"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        connect_state(**arguments)


def test_live_state_is_in_memory_unless_told_otherwise() -> None:
    assert connect_state("live").storage == "memory"


@pytest.mark.parametrize(
    "name", ["default", "user_123", "user:a@b.example", "a.b-c", "Łukasz", "名", "x" * 200, "..."]
)
def test_session_names_of_letters_digits_and_some_signs_are_taken(name: str) -> None:
    config = connect_state("versioned", storage="memory")
    change(config.session(name), a="1")
    assert config.sessions() == [name]


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../..", "a/b", "a\\b", "/etc", "a b", "a\n", "a\0", "x" * 201, "\ud800"),
        *("a*", "~", None, 7, b"bytes"),
    ],
)
def test_other_session_names_are_refused_everywhere(name: Any, tmp_path: Path) -> None:
    for config in (connected("versioned", tmp_path), connect_state()):
        with pytest.raises(ValueError, match="is no session name"):
            config.session(name)
        with pytest.raises(ValueError, match="is no session name"):
            config.delete(name)
    assert list(tmp_path.iterdir()) == []


def test_a_session_is_there_when_a_call_began_it(make: Make) -> None:
    config = make()
    session = config.session("a")
    assert (config.sessions(), dict(session.variables())) == ([], {})
    assert (session.history(), session.events(), session.running()) == ([], [], [])
    with session.branch("look"):
        assert session.running() == ["look"]
    assert config.sessions() == ["a"]
    assert session.running() == []


def test_sessions_agents_and_configurations_are_apart(make: Make) -> None:
    config = make()
    change(config.session("a", "one"), x="1")
    assert dict(config.session("a", "two").variables()) == {}
    assert dict(config.session("b", "one").variables()) == {}
    change(config.session("a", "two"), x="2")
    assert dict(config.session("a", "one").variables()) == {"x": b"1"}
    assert config.sessions() == ["a"]


def test_kinds_of_state_in_one_directory_are_apart(tmp_path: Path) -> None:
    versioned, live = connected("versioned", tmp_path), connected("live", tmp_path)
    change(versioned.session("a"), x="1")
    assert live.sessions() == []
    change(live.session("b"), x="2")
    assert versioned.sessions() == ["a"]
    assert live.delete("a") is False
    assert versioned.delete("a") is True


def test_what_is_on_disk_is_there_for_whoever_comes_later(tmp_path: Path) -> None:
    for kind in ("versioned", "live"):
        change(connected(kind, tmp_path).session("a"), x="1")
        again = connected(kind, tmp_path).session("a")
        assert dict(again.variables()) == {"x": b"1"}
        assert again.events() == [b"changed x"]


@pytest.mark.skipif(sys.platform == "win32", reason="rights are those of POSIX")
def test_what_is_on_disk_is_its_owners_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        change(connected("versioned", tmp_path / "a" / "state").session("s"), x="1")
    finally:
        os.umask(before)
    made = [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]
    assert (made, (tmp_path / "a" / "state" / "state.sqlite3").is_file()) == ([], True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "state.sqlite3").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigurationError, match="is a link"):
        connected("versioned", tmp_path / "b").session("s").branch("t")
    assert not (tmp_path / "theirs").exists()


def test_two_configurations_in_memory_share_nothing() -> None:
    one, two = connected("versioned", None), connected("versioned", None)
    change(one.session("a"), x="1")
    assert two.sessions() == []
    assert one != two


def test_a_configuration_can_be_sent_to_another_process(tmp_path: Path) -> None:
    config = connect_state("versioned", storage="disk", path=tmp_path, init={"x": 1})
    change(config.session("a"), y="2")
    sent: StateConfig = pickle.loads(pickle.dumps(config))
    assert (sent.type, sent.storage, sent.path, sent.init) == (
        "versioned",
        "disk",
        tmp_path,
        {"x": 1},
    )
    assert dict(sent.session("a").variables()) == {"x": encode(1), "y": b"2"}


def test_deleting_removes_a_session_of_all_agents_and_nothing_else(make: Make) -> None:
    config = make()
    for name, agent in (("a", "one"), ("a", "two"), ("ab", "one")):
        change(config.session(name, agent), x="1")
    assert config.delete("a") is True
    assert config.delete("a") is False
    assert config.sessions() == ["ab"]
    gone = config.session("a", "one")
    assert (dict(gone.variables()), gone.history(), gone.events()) == ({}, [], [])
    assert dict(config.session("ab", "one").variables()) == {"x": b"1"}
    assert config.session("ab", "one").events() == [b"changed x"]


def test_a_session_made_again_knows_nothing_of_the_one_before(make: Make) -> None:
    config = make()
    session = config.session("a")
    change(session, x="1")
    config.delete("a")
    change(session, y="1")
    assert dict(session.variables()) == {"y": b"1"}
    assert session.events() == [b"changed y"]
    assert len(session.history()) in {0, 2}


def test_a_call_whose_session_is_deleted_gets_a_conflict_and_can_begin_again(make: Make) -> None:
    config = make()
    session = config.session("a")
    change(session, x="1")
    with session.branch("t") as branch, session.branch("t") as quiet:
        config.delete("a")
        quiet.append_event(b"of the old session")
        quiet.merge()
        with pytest.raises(Conflict) as caught:
            written(branch, y=b"2")
        assert caught.value.keys == ("y",)
        branch.restart()
        assert dict(branch.variables) == {}
        branch.snapshot({"y": b"2"})
        branch.merge()
    assert dict(session.variables()) == {"y": b"2"}
    assert session.events() == []


def test_a_call_of_a_session_that_was_deleted_and_made_again_gets_a_conflict(make: Make) -> None:
    config = make()
    session = config.session("a")
    with session.branch("t") as branch:
        branch.append_event(b"of the old session")
        config.delete("a")
        change(session, x="1")
        # Nobody changed this name, but what it was made of is gone.
        with pytest.raises(Conflict):
            written(branch, y=b"2")
    assert dict(session.variables()) == {"x": b"1"}
    assert session.events() == [b"changed x"]


def written(branch: Branch, **values: bytes) -> None:
    branch.snapshot(values)
    branch.merge()


def test_init_is_what_a_new_session_begins_with_and_no_other(make: Make) -> None:
    made: list[int] = []

    def init() -> dict[str, object]:
        made.append(1)
        return {"x": [1, 2], "name": "n"}

    plain = make()
    config = connect_state(plain.type, storage=plain.storage, path=plain.path, init=init)
    session = config.session("a")
    assert made == []
    with session.branch("t") as branch:
        assert dict(branch.variables) == {"x": encode([1, 2]), "name": encode("n")}
        branch.snapshot({"x": encode([3])})
        branch.merge()
    with session.branch("t") as branch:
        assert branch.variables["x"] == encode([3])
    assert (session.get("x"), session.get("name"), made) == ([3], "n", [1])
    with pytest.raises(KeyError, match="y"):
        session.get("y")


@pytest.mark.parametrize(
    ("init", "text"),
    [
        ({"db": object()}, "'db', and a object can't be kept"),
        ({"x": [1, {"f": len}]}, "'x', and .* can't be kept: give data"),
        ({"inputs": 1}, "'inputs', which is a name of the sandbox's own"),
        ({"task_success": 1}, "'task_success', which is a name of the sandbox's own"),
        ({"a b": 1}, "'a b', which can't be a name"),
        ({"class": 1}, "'class', which can't be a name"),
        ({1: 1}, "1, which can't be a name"),
    ],
)
def test_an_init_that_can_not_be_kept_is_refused_when_it_is_written_or_made(
    make: Make, init: Any, text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        connect_state(init=init)
    plain = make()
    config = connect_state(plain.type, storage=plain.storage, path=plain.path, init=lambda: init)
    with pytest.raises(ValueError, match=text):
        config.session("a").branch("t")
    assert config.sessions() == []


def test_what_a_variable_of_init_would_hide_can_not_be_opened() -> None:
    from xpander_client.agents import Agent

    agent = Agent(state=connect_state(init={"rates": {}}))
    for give in (
        lambda: agent.fn(lambda: 1, name="rates"),
        lambda: agent.cls(Agent, name="rates"),
        lambda: agent.module(agent, name="rates"),
    ):
        with pytest.raises(ValueError, match="a variable in the state's init"):
            give()


def test_ephemeral_calls_begin_anew_each_with_init() -> None:
    config = connect_state(init={"x": 1})
    session = config.session("a")
    for _ in range(2):
        with session.branch("t") as branch, session.branch("t") as other:
            assert dict(branch.variables) == {"x": encode(1)}
            assert branch.snapshot({"x": b"2", "y": b"3"}) == ""
            assert dict(branch.variables) == {"x": b"2", "y": b"3"}
            assert dict(other.variables) == {"x": encode(1)}
            other.snapshot({"x": b"4"})
            other.merge()
            branch.append_event(b"e")
            assert branch.merge().clean
            branch.restart()
            assert dict(branch.variables) == {"x": encode(1)}
    assert config.sessions() == []
    assert (dict(session.variables()), session.history(), session.events()) == ({}, [], [])
    assert config.delete("a") is False


@pytest.mark.parametrize("broken", [OSError("down"), KeyError("x")])
def test_a_failing_init_comes_through_and_leaves_no_session(make: Make, broken: Exception) -> None:
    def init() -> dict[str, object]:
        raise broken

    plain = make()
    config = connect_state(plain.type, storage=plain.storage, path=plain.path, init=init)
    with pytest.raises(type(broken)):
        config.session("a").branch("t")
    assert config.sessions() == []
    assert config.session("a").running() == []


def test_a_directory_that_cannot_be_used_is_said_in_the_package_s_error(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite3").write_bytes(b"This is a letter, and no database. " * 40)
    with pytest.raises(ConfigurationError, match="can't be used for state"):
        connected("versioned", tmp_path).session("a").branch("t")


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "state.sqlite3")) as connection:
        connection.execute("CREATE TABLE notes (text)")
    with pytest.raises(ConfigurationError, match="not one of agents' state"):
        connected("versioned", tmp_path).session("a").branch("t")
    with contextlib.closing(sqlite3.connect(tmp_path / "state.sqlite3")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


def test_state_of_a_later_release_is_refused(tmp_path: Path) -> None:
    change(connected("versioned", tmp_path).session("a"), x="1")
    with contextlib.closing(sqlite3.connect(tmp_path / "state.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="schema version 99"):
        connected("versioned", tmp_path).session("a").variables()


def test_a_conflict_names_its_variables_and_can_be_sent() -> None:
    conflict: Conflict = pickle.loads(pickle.dumps(Conflict({"b", "a"})))
    assert conflict.keys == ("a", "b")
    assert str(conflict) == "changed by another call at the same time: a, b"
    assert conflict.retryable
    assert isinstance(conflict, ModuleException)
    assert not isinstance(conflict, AgentTaskError)


def test_a_limit_below_zero_is_refused(make: Make) -> None:
    session = make().session("a")
    with pytest.raises(ValueError, match="must not be negative"):
        session.events(-1)
    with pytest.raises(ValueError, match="must not be negative"):
        session.history(-1)


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    folder = Path(connect_state.__code__.co_filename).parent
    for file in folder.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "import pickle" not in text, file
        assert "shelve" not in text, file
        assert "marshal" not in text, file
