import base64
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from xpander_client import Task, Tasks, XpanderClient, on_task
from xpander_client.background import Plugin
from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.errors import ArgumentError, ConfigurationError, ModuleException
from xpander_client.worker import Backend


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "BASE_URL", "ORGANIZATION_ID", "AGENT_ID"):
        monkeypatch.delenv(f"XPANDER_{name}", raising=False)
    monkeypatch.delenv("IS_STG", raising=False)


def test_what_is_not_given_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ORGANIZATION_ID", "AGENT_ID"):
        monkeypatch.setenv(f"XPANDER_{name}", name.lower())
    monkeypatch.setenv("XPANDER_BASE_URL", "http://here.test/")
    found = Configuration(organization_id="mine")
    assert (found.api_key, found.organization_id, found.agent_id) == ("api_key", "mine", "agent_id")
    assert found.base_url == "http://here.test"


@pytest.mark.parametrize(
    ("staging", "base", "events"),
    [
        ("", "https://inbound.xpander.ai", "https://agent-controller.xpander.ai/acme"),
        ("true", "https://inbound.stg.xpander.ai", "https://agent-controller.stg.xpander.ai/acme"),
        ("false", "https://inbound.xpander.ai", "https://agent-controller.xpander.ai/acme"),
    ],
)
def test_the_cloud_is_the_default(
    monkeypatch: pytest.MonkeyPatch, staging: str, base: str, events: str
) -> None:
    monkeypatch.setenv("IS_STG", staging)
    found = Configuration(organization_id="acme")
    assert (found.base_url, found.api_root, found.events_root) == (base, base, events)


@pytest.mark.parametrize("given", ["", "  ", "/"])
def test_an_empty_base_url_is_an_error_and_never_the_cloud(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    with pytest.raises(ConfigurationError, match="the base URL is empty"):
        Configuration(base_url=given)
    monkeypatch.setenv("XPANDER_BASE_URL", given)
    with pytest.raises(ConfigurationError, match="the base URL is empty"):
        Configuration()


@pytest.mark.parametrize(
    "given",
    [
        "ftp://a.test",
        "http://",
        "http://a.test:99999999",
        "https://[",
        "http://a b.test",
        "http://a.test/x y",
        "http://a.test/\nx",
        "http://a..test",
        f"http://{'a' * 64}.test",
        "http://\u2603..test",
        "http://a%20b.test",
        "http://\u2603.test",
        "http://xn--a.test",
        "http://[v1.x]",
    ],
)
def test_a_base_url_that_is_no_address_is_an_error(given: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an http or https address"):
        Configuration(base_url=given)


@pytest.mark.parametrize("given", ["http://a.test/?token=secret", "http://a.test#secret"])
def test_a_base_url_that_does_not_end_with_its_path_is_an_error(given: str) -> None:
    with pytest.raises(ConfigurationError, match="has to end before") as caught:
        Configuration(base_url=given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "given", ["http://a_b.test", "http://m\u00fcnchen.test.", "http://[::1]:80"]
)
def test_unusual_hosts_are_hosts(given: str) -> None:
    assert Configuration(base_url=given).base_url == given


@pytest.mark.parametrize(
    ("base", "root"),
    [
        ("a.test", "https://a.test"),
        ("http://a.test:9016", "http://a.test:9016/acme"),
        ("https://agent-controller.a.test", "https://agent-controller.a.test/acme"),
        ("https://a.test/agent-controller", "https://a.test/agent-controller/acme"),
        ("https://a.test/x/agent-controller", "https://a.test/x/agent-controller"),
    ],
)
def test_some_addresses_have_the_organization_in_front_of_every_path(base: str, root: str) -> None:
    assert Configuration(base_url=base, organization_id="acme").api_root == root


def test_the_organization_is_one_segment_of_the_address() -> None:
    found = Configuration(base_url="http://a.test", organization_id="a/b ?")
    assert found.events_root == "http://a.test/a%2Fb%20%3F"


@pytest.mark.parametrize("name", ["api_key", "organization_id", "agent_id"])
def test_a_missing_value_is_said_with_how_to_set_it(name: str) -> None:
    with pytest.raises(ModuleException, match=rf"XPANDER_{name.upper()}.*{name}="):
        Configuration().required(name)  # type: ignore[arg-type]  # one of the three


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}", "\t{} ", "{}\u00a0"])
@pytest.mark.parametrize("name", ["api_key", "organization_id", "agent_id", "base_url"])
def test_white_space_around_a_text_is_taken_off(
    monkeypatch: pytest.MonkeyPatch, name: str, around: str
) -> None:
    value = "https://a.test"
    assert getattr(Configuration(**{name: around.format(value)}), name) == value  # type: ignore[arg-type]
    monkeypatch.setenv(f"XPANDER_{name.upper()}", around.format(value))
    assert getattr(Configuration(), name) == value


@pytest.mark.parametrize(
    "key",
    [
        "se\ncret",
        "se\0cret",
        "se\tcret",
        "\ufeffsecret",
        "secret\u200b",
        "se\u00a0cret",
        "s\u00e9cret",
        "\udcffsecret",
    ],
)
def test_a_key_that_no_header_can_hold_is_refused_where_it_is_given_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"^api_key can't hold U\+") as caught:
        Configuration(key)
    assert "cret" not in str(caught.value)
    if "\0" not in key:
        monkeypatch.setenv("XPANDER_API_KEY", key)
        with pytest.raises(ConfigurationError, match=r"^XPANDER_API_KEY can't hold U\+") as caught:
            Configuration()
        assert "cret" not in str(caught.value)


def test_an_id_outside_of_ascii_is_one() -> None:
    found = Configuration(base_url="http://a.test", organization_id="b\u00e4r", agent_id="b\u00e4r")
    assert found.events_root == "http://a.test/b%C3%A4r"


@pytest.mark.parametrize("name", ["organization_id", "agent_id"])
def test_an_id_with_what_cannot_be_seen_is_refused(name: str) -> None:
    for wrong in ("a\nb", "a\u200b", "\udcff"):
        with pytest.raises(ConfigurationError, match=name):
            Configuration(**{name: wrong})  # type: ignore[arg-type]  # a name of two


def test_an_organization_that_would_change_the_route_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="organization_id"):
        Configuration(organization_id="..")


@pytest.mark.parametrize("name", ["api_key", "organization_id", "agent_id", "base_url"])
def test_what_is_no_text_is_refused_by_name_and_not_shown(name: str) -> None:
    for wrong in (b"secret", 5, ["secret"]):
        with pytest.raises(ConfigurationError, match=f"{name} must be a string") as caught:
            Configuration(**{name: wrong})  # type: ignore[arg-type]  # what is tested
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("timeout", "60"),
        ("timeout", None),
        ("timeout", True),
        ("timeout", math.nan),
        ("connect_timeout", "5"),
        ("stream_idle_timeout", [1]),
        ("retry", 3),
        ("retry", None),
        ("stream_retry", {"attempts": 3}),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused_by_name(name: str, wrong: object) -> None:
    with pytest.raises(ArgumentError, match=f"^{name} must be"):
        Configuration(**{name: wrong})  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("wrong", [{"attempts": "3"}, {"attempts": 2.5}, {"maximum": None}])
def test_a_number_of_a_policy_is_one(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # names of fields


def test_a_login_stands_in_no_address_that_requests_go_to() -> None:
    found = Configuration(base_url="https://me:se%2Fcret@a.test/x", organization_id="o")
    assert (found.api_root, found.events_root) == ("https://a.test/x", "https://a.test/x/o")
    assert found.addresses == ("https://a.test/x",)
    assert found.authorization == "Basic " + base64.b64encode(b"me:se/cret").decode()
    assert "cret" not in repr(found)


def test_the_key_is_in_no_text() -> None:
    found = Configuration("secret-key")
    assert "secret-key" not in f"{found!r} {found}"


def test_equal_configurations_are_the_same_key() -> None:
    assert len({Configuration("k"), Configuration("k"), Configuration("other")}) == 2


def test_it_can_be_handed_to_another_process() -> None:
    found = Configuration("k", "http://a.test", "o", retry=RetryPolicy(attempts=7))
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize("field", ["timeout", "connect_timeout", "stream_idle_timeout"])
def test_times_are_positive(field: str) -> None:
    limits: dict[str, float] = {field: 0.0}
    with pytest.raises(ValueError, match=field):
        Configuration(**limits)  # type: ignore[arg-type]  # a name of three


def test_what_requests_go_through_can_be_set_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XPANDER_HTTP", raising=False)
    assert Configuration().http is None
    monkeypatch.setenv("XPANDER_HTTP", " ")
    assert Configuration().http is None
    monkeypatch.setenv("XPANDER_HTTP", "direct\n")
    assert Configuration().http == "direct"
    assert Configuration(http="httpx").http == "httpx"


def test_what_requests_can_not_go_through_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("aiohttp", "", 1):
        with pytest.raises(ConfigurationError, match=r'^http must be "httpx" or "direct", not'):
            Configuration(http=wrong)  # type: ignore[arg-type]  # what is tested
    monkeypatch.setenv("XPANDER_HTTP", "curl")
    with pytest.raises(ConfigurationError, match=r"XPANDER_HTTP must be .*, not 'curl'"):
        Configuration()


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"initial": -1.0}, {"jitter": 1.5}, {"multiplier": 0.5}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # names of fields


def _handler(task: Task) -> Task:
    return task


@pytest.mark.parametrize(
    "door",
    [
        Tasks,
        lambda wrong: Task.load("t1", wrong),
        lambda wrong: XpanderClient(configuration=wrong),
        Backend,
        lambda wrong: on_task(configuration=wrong)(_handler),
        lambda wrong: Plugin("n", "m", "d", "1", "a", "u", configuration=wrong),
    ],
)
def test_each_door_refuses_what_is_no_configuration_where_it_is_given(
    door: Callable[[Any], object],
) -> None:
    for wrong in ("my-secret", {"api_key": "my-secret"}):
        with pytest.raises(ArgumentError, match="configuration must be a Configuration") as caught:
            door(wrong)
        assert "secret" not in str(caught.value)
