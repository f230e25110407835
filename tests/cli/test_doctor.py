"""`xpander-client doctor`: is everything there that calls need?"""

import json

from tests.cli.conftest import Command


def test_all_is_well_with_a_platform_that_answers(command: Command) -> None:
    report = command.json("doctor")
    assert report["ok"] is True
    assert report["problem"] is None
    assert report["platform"]["reachable"] is True
    assert report["configuration"]["base_url"] == command.environment["XPANDER_BASE_URL"]
    assert report["configuration"]["agent_id"] == command.environment["XPANDER_AGENT_ID"]
    assert {"xpander-client", "python", "httpx", "starlette"} <= report["versions"].keys()
    done = command("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "reachable in" in done.stdout
    assert report["versions"]["httpx"] in done.stdout


def test_an_agent_that_no_worker_serves_is_told(command: Command) -> None:
    told = "no worker serves sales now (and none listens for another agent): its tasks wait for one"
    assert command.json("doctor")["platform"]["unserved"] == told
    done = command("doctor")
    assert (done.returncode, told in done.stdout) == (0, True)


def test_the_key_is_never_shown(command: Command) -> None:
    key = command.environment["XPANDER_API_KEY"]
    for arguments in (("doctor",), ("doctor", "--json")):
        assert key not in command(*arguments).stdout


def test_a_refused_key_is_told_with_status_1(command: Command) -> None:
    done = command("doctor", "--json", XPANDER_API_KEY="my-secret")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["ok"] is False
    assert report["platform"] == {"reachable": True, "status_code": 401}
    assert "my-secret" not in done.stdout + done.stderr


def test_a_platform_that_is_not_there_is_told_with_status_1(command: Command) -> None:
    done = command("doctor", XPANDER_BASE_URL="http://user:password@127.0.0.1:9")
    assert done.returncode == 1
    assert "not reachable" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "127.0.0.1:9" in done.stderr
    assert "password" not in done.stdout + done.stderr


def test_a_wrong_organization_is_found(command: Command) -> None:
    done = command("doctor", "--json", XPANDER_ORGANIZATION_ID="acmee")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["platform"]["reachable"], report["platform"]["streams"]) == (True, False)
    assert "XPANDER_ORGANIZATION_ID='acmee'" in report["problem"]
    assert command("doctor", XPANDER_ORGANIZATION_ID="acmee").stderr.count("\n") == 1


def test_an_address_without_its_scheme_is_found(command: Command) -> None:
    address = command.environment["XPANDER_BASE_URL"].removeprefix("http://")
    done = command("doctor", XPANDER_BASE_URL=address)
    assert done.returncode == 1
    assert f"did you mean http://{address}?" in done.stderr


def test_what_in_the_environment_cannot_be_used_is_named(command: Command) -> None:
    for variables in (
        {"XPANDER_API_KEY": "se\u200bcret"},
        {"XPANDER_BASE_URL": "https://platform.test", "HTTPS_PROXY": "socks://proxy.test"},
    ):
        done = command("doctor", **variables)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert list(variables)[-1] in done.stderr
        assert "cret" not in done.stderr


def test_what_is_missing_is_told_before_anything_is_asked(unconfigured: Command) -> None:
    done = unconfigured("doctor")
    assert done.returncode == 1
    assert "not asked" in done.stdout
    assert "XPANDER_API_KEY" in done.stderr
