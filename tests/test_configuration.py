import pickle

import pytest

from xpander_client.configuration import Configuration, RetryPolicy
from xpander_client.errors import ConfigurationError, ModuleException


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
    "given", ["ftp://a.test", "http://", "http://a.test:99999999", "https://["]
)
def test_a_base_url_that_is_no_address_is_an_error(given: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an http or https address"):
        Configuration(base_url=given)


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


def test_a_backend_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="async_backend"):
        Configuration(async_backend="curl")  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"initial": -1.0}, {"jitter": 1.5}, {"multiplier": 0.5}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # names of fields
