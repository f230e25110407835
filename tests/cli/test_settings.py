"""What operators set: an option and an environment variable for each setting."""

import json

import attrs
import httpx
import pytest

from tests.cli.conftest import Command, interrupt
from xpander_client.cli.settings import with_settings
from xpander_client.errors import ConfigurationError
from xpander_client.platform import Settings


def read(**given: str | bool) -> Settings:
    """The settings that a command is called with."""
    heard = []
    options = dict.fromkeys(attrs.fields_dict(Settings))

    @with_settings
    def command(*, settings: Settings) -> None:
        heard.append(settings)

    command(**{**options, **given})
    return heard[0]


def test_each_setting_has_an_option_with_its_unit_and_default(unconfigured: Command) -> None:
    for command in ("serve", "dev"):
        told = " ".join(unconfigured(command, "--help", COLUMNS="100").stdout.split())
        for setting in attrs.fields(Settings):
            assert f"--{setting.name.replace('_', '-')} " in told
            assert setting.metadata["help"].split(".")[0] in told
        for shown in ("--lease TIME", "[default: 7d]", "--body-limit SIZE", "[default: 10MiB]"):
            assert shown in told


def test_what_is_not_said_is_as_it_is() -> None:
    assert read() == Settings()
    assert read(keep_events="0").keep_reports == 0.0


def test_times_sizes_and_numbers_are_read_with_their_units() -> None:
    said = read(
        lease="90",
        loop_lease="1.5 m",
        keep_events="2h",
        keep_tasks=" 30d ",
        keep_audit="none",
        body_limit="1.5KiB",
        queue_bytes="1GiB",
        max_attempts="5",
        rate_limit="0.5",
        allowed_hosts="a.test, b.test",
        open_metrics=True,
    )
    assert said == Settings(
        lease=90.0,
        loop_lease=90.0,
        keep_events=7200.0,
        keep_tasks=30 * 24 * 3600.0,
        keep_audit=None,
        body_limit=1536,
        queue_bytes=1 << 30,
        max_attempts=5,
        rate_limit=0.5,
        allowed_hosts=("a.test", "b.test"),
        open_metrics=True,
    )
    assert isinstance(said.body_limit, int)


@pytest.mark.parametrize(
    ("name", "text", "example"),
    [
        *(("lease", text, "15m") for text in ("", "x", "-1", "0", "1w", "1e3", "inf", "nan", "٣")),
        ("lease", "none", "15m"),
        ("keep_tasks", "99999999d", "or none"),
        *(("body_limit", text, "10MiB") for text in ("0", "1.5", "10MB", "1s", "none", "2048GiB")),
        *(("max_attempts", text, "1 to") for text in ("0", "1.5", "1s", "10000000000")),
        ("rate_limit", "0", "or none"),
    ],
)
def test_what_can_not_be_is_refused_by_name_with_an_example(
    name: str, text: str, example: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(**{name: text})
    told = str(refused.value)
    for part in (f"--{name.replace('_', '-')} ", f"XPANDER_{name.upper()}", repr(text), example):
        assert part in told
    assert "\n" not in told


def test_the_environment_counts_and_an_option_more(unconfigured: Command) -> None:
    arguments = ("dev", "--port", "0", "--json", "--api-key", "k", "--max-attempts", "7")
    command = attrs.evolve(
        unconfigured,
        environment=unconfigured.environment
        | {"XPANDER_BODY_LIMIT": "1KiB", "XPANDER_MAX_ATTEMPTS": "nonsense"},
    )
    with command.started(*arguments) as dev:
        assert dev.stdout is not None
        url = json.loads(dev.stdout.readline())["url"]
        body = {"input": {"text": "x" * 2000}}
        answer = httpx.post(f"{url}/agent-execution/a", json=body, headers={"x-api-key": "k"})
        assert (answer.status_code, "1024 bytes" in answer.text) == (413, True)
        assert interrupt(dev)[0] == 0


def test_a_setting_that_can_not_be_is_one_line_and_status_1(unconfigured: Command) -> None:
    for command in ("serve", "dev"):
        done = unconfigured(command, "--store", "s.db", XPANDER_LEASE="soon")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert "XPANDER_LEASE" in done.stderr
