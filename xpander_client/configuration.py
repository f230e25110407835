"""Who I am and where the platform is."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Literal
from urllib.parse import quote, urlsplit

import attrs

from .errors import ConfigurationError

__all__ = ["Configuration", "RetryPolicy", "without_login"]

_CLOUD = "https://inbound.xpander.ai"
_STAGING = "https://inbound.stg.xpander.ai"
# The two cloud gateways serve calls; their event streams are served by the controller beside them.
_EVENT_HOSTS = {
    _CLOUD: "https://agent-controller.xpander.ai",
    _STAGING: "https://agent-controller.stg.xpander.ai",
}


def _api_key(value: str | None) -> str | None:
    return value if value is not None else os.environ.get("XPANDER_API_KEY")


def _organization_id(value: str | None) -> str | None:
    return value if value is not None else os.environ.get("XPANDER_ORGANIZATION_ID")


def _agent_id(value: str | None) -> str | None:
    return value if value is not None else os.environ.get("XPANDER_AGENT_ID")


def _default_base_url() -> str:
    given = os.environ.get("XPANDER_BASE_URL")
    if given is not None:
        return given
    return _STAGING if os.environ.get("IS_STG", "").strip().lower() == "true" else _CLOUD


def _whole_base_url(value: str | None) -> str:
    if value is None:
        value = _default_base_url()
    url = value.strip()
    if not url.strip("/"):
        raise ConfigurationError(
            "the base URL is empty: set XPANDER_BASE_URL or base_url to the platform's address, "
            "or unset it for the cloud"
        )
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            f"the base URL {without_login(value)!r} is not an http or https address"
        )
    return url.rstrip("/")


def without_login(url: str) -> str:
    """A URL as it may be shown.

    Example:
        >>> without_login("https://me:sec/ret@platform.test/x")
        'https://***@platform.test/x'
    """
    login, at, rest = url.rpartition("@")  # the last: a login may hold anything
    if not at:
        return url
    scheme, slashes, _ = login.partition("://")
    return (scheme + slashes if slashes else "") + "***@" + rest


def _masked(value: str | None) -> str:
    return repr(value and "***")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how patiently a call is tried again.

    `attempts` counts all tries, the first included: 1 means never again. The wait before try n+1
    is `initial * multiplier ** (n - 1)`, at most `maximum`, and a random part of it (`jitter`, 0 to
    1) is taken off, so that many clients do not come back at once. All times are in seconds. A
    wait that the platform asks for (`Retry-After`) wins, up to `maximum_retry_after`; one that is
    longer ends the call now.

    Example:
        >>> RetryPolicy(attempts=5, maximum=20.0).attempts
        5
    """

    attempts: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    initial: float = attrs.field(default=0.25, validator=attrs.validators.ge(0))
    multiplier: float = attrs.field(default=2.0, validator=attrs.validators.ge(1))
    maximum: float = attrs.field(default=8.0, validator=attrs.validators.ge(0))
    jitter: float = attrs.field(
        default=0.5, validator=[attrs.validators.ge(0), attrs.validators.le(1)]
    )
    maximum_retry_after: float = attrs.field(default=120.0, validator=attrs.validators.ge(0))


@attrs.frozen
class Configuration:
    """Who calls, and which platform is called. What is not given is read from the environment.

    `api_key`, `organization_id`, `agent_id` and `base_url` fall back to `XPANDER_API_KEY`,
    `XPANDER_ORGANIZATION_ID`, `XPANDER_AGENT_ID` and `XPANDER_BASE_URL`; without a base URL it is
    the cloud's, or its staging's when `IS_STG=true`. A base URL without a scheme is https.

    `timeout` is the time in seconds that one call may take in all, its retries included;
    `connect_timeout` that of making a connection. A stream on which nothing arrives for
    `stream_idle_timeout` seconds, not even a comment, counts as broken. `retry` is for calls,
    `stream_retry` for streams that broke: its attempts count anew after each event that arrives.
    `async_backend="aiohttp"` sends the async half through aiohttp (extra `[aiohttp]`).

    Equal configurations share one connection pool.

    Raises:
        ConfigurationError: the base URL is empty or no address.

    Example:
        >>> Configuration(api_key="secret", base_url="platform.example", organization_id="acme")
        Configuration(api_key='***', base_url='https://platform.example', organization_id='acme', \
agent_id=None)
    """

    api_key: str | None = attrs.field(
        default=None,
        converter=_api_key,
        repr=_masked,
    )
    base_url: str = attrs.field(
        default=None, converter=_whole_base_url, repr=lambda url: repr(without_login(url))
    )
    organization_id: str | None = attrs.field(
        default=None,
        converter=_organization_id,
    )
    agent_id: str | None = attrs.field(
        default=None,
        converter=_agent_id,
    )
    timeout: float = attrs.field(
        default=60.0, kw_only=True, repr=False, validator=attrs.validators.gt(0)
    )
    connect_timeout: float = attrs.field(
        default=5.0, kw_only=True, repr=False, validator=attrs.validators.gt(0)
    )
    stream_idle_timeout: float = attrs.field(
        default=45.0, kw_only=True, repr=False, validator=attrs.validators.gt(0)
    )
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, kw_only=True, repr=False)
    stream_retry: RetryPolicy = attrs.field(
        default=RetryPolicy(attempts=10), kw_only=True, repr=False
    )
    async_backend: Literal["httpx", "aiohttp"] = attrs.field(
        default="httpx",
        kw_only=True,
        repr=False,
        validator=attrs.validators.in_(("httpx", "aiohttp")),
    )

    def required(self, name: Literal["api_key", "organization_id", "agent_id"]) -> str:
        """The value of `name`.

        Raises:
            ConfigurationError: it is not set; the message says how to set it.
        """
        value: str | None = getattr(self, name)
        if not value:
            raise ConfigurationError(
                f"no {name} is configured: set XPANDER_{name.upper()}, "
                f"or pass Configuration({name}=...)"
            )
        return value

    @cached_property
    def api_root(self) -> str:
        """The address that calls go under.

        Example:
            >>> Configuration(base_url="http://127.0.0.1:9016", organization_id="acme").api_root
            'http://127.0.0.1:9016/acme'
        """
        parts = urlsplit(self.base_url)
        first_segment = parts.path.lstrip("/").partition("/")[0]
        controller = "agent-controller"
        if (
            controller in (parts.hostname or "")
            or parts.port == 9016
            or first_segment == controller
        ):
            return self._with_organization(self.base_url)
        return self.base_url

    @cached_property
    def events_root(self) -> str:
        """The address that event streams and the worker channel are under.

        Example:
            >>> Configuration(base_url="inbound.xpander.ai", organization_id="acme").events_root
            'https://agent-controller.xpander.ai/acme'
        """
        return self._with_organization(_EVENT_HOSTS.get(self.base_url, self.base_url))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that requests go to, without the organization: one, or the cloud's two.

        Example:
            >>> Configuration(base_url="http://127.0.0.1:8484").addresses
            ('http://127.0.0.1:8484',)
        """
        return tuple({self.base_url: None, _EVENT_HOSTS.get(self.base_url, self.base_url): None})

    def _with_organization(self, base: str) -> str:
        return f"{base}/{quote(self.required('organization_id'), safe='')}"
