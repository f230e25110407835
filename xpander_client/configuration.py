"""Who I am and where the platform is."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, Literal, cast
from urllib.parse import quote, unquote, urlsplit

import attrs

from xpander_client.errors import ArgumentError, ConfigurationError
from xpander_client.lacking import refuse_attributes

__all__ = [
    "Configuration",
    "RetryPolicy",
    "check_configuration",
    "check_number",
    "check_seconds",
    "is_host",
    "odd_character",
    "prefer_direct",
    "without_login",
]

_CLOUD = "https://inbound.xpander.ai"
_STAGING = "https://inbound.stg.xpander.ai"
# The two cloud gateways serve calls; their event streams are served by the controller beside them.
_EVENT_HOSTS = {
    _CLOUD: "https://agent-controller.xpander.ai",
    _STAGING: "https://agent-controller.stg.xpander.ai",
}


def _api_key(value: str | None) -> str | None:
    return _setting("api_key", value, only_ascii=True)


def _organization_id(value: str | None) -> str | None:
    found = _setting("organization_id", value)
    if found in (".", ".."):
        raise ConfigurationError(f"organization_id can't be {found!r}: it would name another route")
    return found


def _agent_id(value: str | None) -> str | None:
    return _setting("agent_id", value)


def _setting(name: str, value: str | None, *, only_ascii: bool = False) -> str | None:
    """Read the value that was given, or the environment's, without what surrounds it.

    A line end or a space at the ends comes from a file or from copying, and is never meant.
    """
    source = name
    if value is None:
        source = f"XPANDER_{name.upper()}"
        value = os.environ.get(source)
        if value is None:
            return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{source} must be a string, not {type(value).__name__}")
    value = value.strip()
    odd = odd_character(value, only_ascii=only_ascii)
    if odd is not None:
        raise ConfigurationError(f"{source} can't hold {odd}")
    return value


def odd_character(text: str, *, only_ascii: bool = False) -> str | None:
    r"""Find the first character that can't be seen, or is no ASCII, and its place, or None.

    The rest of the text is not shown: it may be a secret.

    Example:
        >>> odd_character("se\u200bcret")
        'U+200B (ZERO WIDTH SPACE), at place 3'
    """
    if text.isprintable() and (not only_ascii or text.isascii()):
        return None
    import unicodedata  # hardly any text is odd

    for place, character in enumerate(text, 1):
        if not character.isprintable() or (only_ascii and not character.isascii()):
            name = unicodedata.name(character, "a control character")
            return f"U+{ord(character):04X} ({name}), at place {place}"
    return None


def _default_base_url() -> str:
    given = os.environ.get("XPANDER_BASE_URL")
    if given is not None:
        return given
    return _STAGING if os.environ.get("IS_STG", "").strip().lower() == "true" else _CLOUD


def _whole_base_url(value: str | None) -> str:
    if value is None:
        value = _default_base_url()
    if not isinstance(value, str):
        raise ConfigurationError(f"base_url must be a string, not {type(value).__name__}")
    return _check_address(value)


# A service may make a configuration for each request, mostly with the same address.
@lru_cache(maxsize=1024)
def _check_address(value: str) -> str:
    url = value.strip()
    if not url.strip("/"):
        raise ConfigurationError(
            "the base URL is empty: set XPANDER_BASE_URL or base_url to the platform's address, "
            "or unset it for the cloud"
        )
    if "://" not in url:
        url = f"https://{url}"
    parts = urlsplit("")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = parts.scheme in ("http", "https") and is_host(host)
        usable = usable and ("[" not in parts.netloc or ":" in host)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ConfigurationError(
            f"the base URL {without_login(value)!r} is not an http or https address: set "
            "XPANDER_BASE_URL or base_url to the platform's"
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(
            f"the base URL {without_login(re.split('[?#]', url)[0])!r} goes on with a query or a "
            "fragment: paths are put behind it, so it has to end before"
        )
    return url.rstrip("/")


def is_host(text: str) -> bool:
    """Whether a text can be the host of an address.

    Example:
        >>> is_host("platform.test"), is_host("::1"), is_host("platform..test"), is_host("a b")
        (True, True, False, False)
    """
    if ":" in text:
        return text.isprintable()  # an IPv6 address, which the brackets around it have told
    if not text.isascii() and not re.sub("[-.]", "", text).isalnum():
        return False
    try:
        encoded = text.removesuffix(".").encode("ascii" if text.isascii() else "idna")
        if b"xn--" in encoded:
            encoded.decode("idna")
    except UnicodeError:
        return False
    labels = encoded.split(b".")
    return all(0 < len(label) < 64 and not set(label) & _NEVER_IN_HOSTS for label in labels)


_NEVER_IN_HOSTS = frozenset(b' \t\r\n"#%/:<>?@[\\]^`{|}')


def without_login(url: str) -> str:
    """Write a URL as it may be shown.

    Example:
        >>> without_login("https://me:sec/ret@platform.test/x")
        'https://***@platform.test/x'
    """
    login, at, rest = url.rpartition("@")  # the last: a login may hold anything
    if not at:
        return url
    scheme, slashes, _ = login.partition("://")
    return (scheme + slashes if slashes else "") + "***@" + rest


def _mask(value: str | None) -> str:
    return repr(value and "***")


def check_seconds(name: str, value: object) -> None:
    """Make sure that a value is a time in seconds that something may take.

    Raises:
        ArgumentError: it is no number, or not above 0.
    """
    check_number(name, value)
    if value == 0:
        raise ArgumentError(f"{name} must be above 0 seconds, not {value!r}")


def _seconds(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_seconds(attribute.name, value)


def check_number(
    name: str, value: object, least: float = 0, most: float = math.inf, *, whole: bool = False
) -> None:
    """Make sure that a value is a number within its bounds.

    Raises:
        ArgumentError: it is none, or outside of them.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError(f"{name} must be a number, not {type(value).__name__}")
    if not least <= value <= most:
        bounds = f"at least {least}" if most == math.inf else f"{least} to {most}"
        raise ArgumentError(f"{name} must be {bounds}, not {value!r}")
    if whole and value % 1:
        raise ArgumentError(f"{name} must be a whole number, not {value!r}")


def _number(
    least: float, most: float = math.inf, *, whole: bool = False
) -> Callable[[object, attrs.Attribute[Any], object], None]:
    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        check_number(attribute.name, value, least, most, whole=whole)

    return check


def _retry_policy(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, RetryPolicy):
        raise ArgumentError(
            f"{attribute.name} must be a RetryPolicy, not {type(value).__name__}: "
            "RetryPolicy(attempts=5), for example"
        )


def _http(value: Literal["httpx", "direct"] | None) -> Literal["httpx", "direct"] | None:
    source, found = "http", cast(object, value)
    if value is None:
        source = "XPANDER_HTTP"
        found = os.environ.get(source, "").strip() or None
    if found not in (None, "httpx", "direct"):
        raise ConfigurationError(f'{source} must be "httpx" or "direct", not {found!r}')
    return found


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

    attempts: int = attrs.field(default=3, validator=_number(1, whole=True))
    initial: float = attrs.field(default=0.25, validator=_number(0))
    multiplier: float = attrs.field(default=2.0, validator=_number(1))
    maximum: float = attrs.field(default=8.0, validator=_number(0))
    jitter: float = attrs.field(default=0.5, validator=_number(0, 1))
    maximum_retry_after: float = attrs.field(default=120.0, validator=_number(0))


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
    `http`, or `XPANDER_HTTP`, says what requests go through: `"httpx"`, or `"direct"`, connections
    of this package's own, which take a fraction of the CPU time. Where neither is set, clients take
    httpx, and workers, the record of background tasks and the command go directly. An address
    that the environment names a proxy for is asked through httpx in any case.

    Configurations share connections where they lead to the same origin by the same way.

    White space around the texts is taken off. A login in the base URL
    (`https://user:password@host`) goes with each request as its `Authorization`.

    Raises:
        ConfigurationError: the base URL is empty or no address, a text can't be sent, or `http`
            is none of the two.
        ArgumentError: a number or a policy can't be one.

    Example:
        >>> Configuration(api_key="secret", base_url="platform.example", organization_id="acme")
        Configuration(api_key='***', base_url='https://platform.example', organization_id='acme', \
agent_id=None)
    """

    api_key: str | None = attrs.field(
        default=None,
        converter=_api_key,
        repr=_mask,
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
    timeout: float = attrs.field(default=60.0, kw_only=True, repr=False, validator=_seconds)
    connect_timeout: float = attrs.field(default=5.0, kw_only=True, repr=False, validator=_seconds)
    stream_idle_timeout: float = attrs.field(
        default=45.0, kw_only=True, repr=False, validator=_seconds
    )
    retry: RetryPolicy = attrs.field(
        default=RetryPolicy(), kw_only=True, repr=False, validator=_retry_policy
    )
    stream_retry: RetryPolicy = attrs.field(
        default=RetryPolicy(attempts=10), kw_only=True, repr=False, validator=_retry_policy
    )
    http: Literal["httpx", "direct"] | None = attrs.field(
        default=None,
        kw_only=True,
        repr=False,
        converter=_http,
    )

    def required(self, name: Literal["api_key", "organization_id", "agent_id"]) -> str:
        """Return the value of `name`.

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
        base = self._base
        parts = urlsplit(base)
        first_segment = parts.path.lstrip("/").partition("/")[0]
        controller = "agent-controller"
        if (
            controller in (parts.hostname or "")
            or parts.port == 9016
            or first_segment == controller
        ):
            return self._with_organization(base)
        return base

    @cached_property
    def events_root(self) -> str:
        """The address that event streams and the worker channel are under.

        Example:
            >>> Configuration(base_url="inbound.xpander.ai", organization_id="acme").events_root
            'https://agent-controller.xpander.ai/acme'
        """
        return self._with_organization(_EVENT_HOSTS.get(self._base, self._base))

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that requests go to, without the organization: one, or the cloud's two.

        Example:
            >>> Configuration(base_url="http://127.0.0.1:8484").addresses
            ('http://127.0.0.1:8484',)
        """
        return tuple({self._base: None, _EVENT_HOSTS.get(self._base, self._base): None})

    @cached_property
    def authorization(self) -> str | None:
        """The `Authorization` header that the base URL's login stands for; None without one.

        Example:
            >>> Configuration(base_url="https://me:secret@platform.test").authorization
            'Basic bWU6c2VjcmV0'
        """
        login, at, _ = urlsplit(self.base_url).netloc.rpartition("@")
        if not at:
            return None
        import base64  # hardly any address has a login

        return "Basic " + base64.b64encode(unquote(login).encode()).decode()

    @cached_property
    def _base(self) -> str:
        # Where a login stands in the address, HTTP libraries write it into their logs.
        scheme, _, rest = self.base_url.partition("://")
        netloc, slash, path = rest.partition("/")
        return f"{scheme}://{netloc.rpartition('@')[2]}{slash}{path}"

    def _with_organization(self, base: str) -> str:
        return f"{base}/{quote(self.required('organization_id'), safe='')}"


def prefer_direct(configuration: Configuration) -> Configuration:
    """Return a configuration that goes without httpx where nobody has chosen it.

    Example:
        >>> prefer_direct(Configuration()).http, prefer_direct(Configuration(http="httpx")).http
        ('direct', 'httpx')
    """
    if configuration.http is not None:
        return configuration
    return attrs.evolve(configuration, http="direct")


def check_configuration(value: object) -> None:
    """Make sure that a value is a configuration, or None.

    Raises:
        ArgumentError: it is something else, which is not shown: it may be a key.
    """
    if value is not None and not isinstance(value, Configuration):
        raise ArgumentError(f"configuration must be a Configuration, not {type(value).__name__}")


refuse_attributes(Configuration, "get_full_url", "get_headers", "is_valid", "state", "url")
