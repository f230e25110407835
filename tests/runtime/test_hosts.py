"""Under which names a server answers callers that show no key."""

import pytest

from xpander_client.runtime.hosts import is_cross_site, is_from_here, is_named


def headers(**said: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()]


HERE = [
    "127.0.0.1:80",
    "127.9.9.9",
    "localhost",
    "LOCALHOST:1",
    "localhost.:1",
    "[::1]:80",
    "[::1]",
]


@pytest.mark.parametrize("host", HERE)
def test_names_that_mean_this_machine(host: str) -> None:
    assert is_from_here(headers(host=host))
    assert is_named(headers(host=host), (), private=True)
    assert is_named(headers(host=host), ("tasks.test",), private=False)


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "evil.test:localhost"]
)
def test_names_that_a_stranger_can_have(host: str) -> None:
    assert not is_from_here(headers(host=host))
    assert not is_named(headers(host=host), (), private=True)
    assert not is_named(headers(host=host), ("tasks.test",), private=False)
    assert is_named(headers(host=host), (), private=False)


def test_names_that_nobody_else_can_give_are_a_private_servers_own() -> None:
    for host in ("platform:80", "192.0.2.1", "[2001:db8::1]:80"):
        assert is_named(headers(host=host), (), private=True)
        assert not is_from_here(headers(host=host))


def test_a_server_has_the_names_that_it_was_given() -> None:
    for private in (True, False):
        assert is_named(headers(host="Tasks.test:443"), ("tasks.test",), private=private)


@pytest.mark.parametrize(
    "name", ["forwarded", "via", "x_forwarded_for", "x_forwarded_host", "x_real_ip"]
)
def test_what_was_passed_on_does_not_come_from_here(name: str) -> None:
    assert not is_from_here(headers(host="127.0.0.1", **{name: "127.0.0.1"}))
    assert not is_from_here(headers())


def test_pages_of_other_sites_say_so() -> None:
    def crosses(origin: str, allowed: tuple[str, ...] = (), *, private: bool = True) -> bool:
        said = headers(host="127.0.0.1:80", origin=origin)
        return is_cross_site(said, allowed, private=private)

    for origin in ("http://evil.test", "null", "http://[", "http://127.0.0.1.evil.test", "x"):
        assert crosses(origin)
        assert crosses(origin, ("tasks.test",), private=False)
        assert not crosses(origin, private=False)
    assert not crosses("http://127.0.0.1:80")
    assert not crosses("http://localhost:3000")
    assert not crosses("https://tasks.test", ("tasks.test",))
    assert not is_cross_site(headers(host="127.0.0.1:80"), (), private=True)
