"""Clients of httpx, where the caller gave none."""

from __future__ import annotations

import importlib.util
import ssl
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx

from xpander_client.errors import ConfigurationError
from xpander_client.transport.environment import Proxy, load_tls_context, proxy_for
from xpander_client.transport.httpx_wire import HttpxWire

if TYPE_CHECKING:
    from xpander_client.transport.async_httpx_wire import AsyncHttpxWire

C = TypeVar("C", httpx.Client, httpx.AsyncClient)

# More idle connections would make each request slower: the pool looks at every one of them.
_KEEPALIVE = 20


def connect(addresses: tuple[str, ...], places: int | None) -> HttpxWire:
    """Make a wire to these addresses, with so many connections at once; any number if None.

    Raises:
        ConfigurationError: the environment names a proxy or certificates that can't be used.
    """
    return HttpxWire(_without_cookies(httpx.Client(**_make_settings(addresses, places))))


def aconnect(addresses: tuple[str, ...], places: int | None) -> AsyncHttpxWire:
    """Make a wire to these addresses, with so many connections at once; any number if None.

    Raises:
        ConfigurationError: the environment names a proxy or certificates that can't be used.
    """
    from xpander_client.transport.async_httpx_wire import AsyncHttpxWire

    client = _without_cookies(httpx.AsyncClient(**_make_settings(addresses, places)))
    return AsyncHttpxWire(client, places)


class TlsWhenNeeded(ssl.SSLContext):
    """Stands for the process's context; its certificates are read with the first connection."""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Wrap a socket with the process's context."""
        return load_tls_context().wrap_socket(*args, **kwargs)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Wrap buffers with the process's context."""
        return load_tls_context().wrap_bio(*args, **kwargs)


def _make_settings(addresses: tuple[str, ...], places: int | None) -> dict[str, Any]:
    """Return what a client of httpx for these addresses is made with.

    Raises:
        ConfigurationError: the environment names a proxy or certificates that can't be used.
    """
    # Plain http needs no certificates, unless it is redirected to https.
    secure = any(address.startswith("https:") for address in addresses)
    settings: dict[str, Any] = {
        "limits": httpx.Limits(max_connections=places, max_keepalive_connections=_KEEPALIVE),
        "verify": load_tls_context() if secure else TlsWhenNeeded(ssl.PROTOCOL_TLS_CLIENT),
        # httpx would take proxies from the environment, too; but it takes all of them at once, and
        # fails with what it can't use, even where the address needs none of it.
        "trust_env": False,
        "timeout": None,  # each request carries its own
    }
    proxies = {address: proxy_for(address) for address in addresses}
    found = next(filter(None, proxies.values()), None)
    if found is not None:
        settings["proxy"] = _check_proxy(found)
        settings["mounts"] = {
            f"all://{urlsplit(address).netloc}": None
            for address, proxy in proxies.items()
            if proxy is None
        }
    return settings


def _check_proxy(proxy: Proxy) -> str:
    wrong = None
    try:
        url = httpx.URL(proxy.url)
        if url.scheme not in ("http", "https", "socks5", "socks5h") or not url.host:
            wrong = "a proxy is an http, https, socks5 or socks5h address"
        elif url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
            wrong = 'it needs one more package: pip install "httpx[socks]"'
    except httpx.InvalidURL:
        wrong = "it is no address"
    if wrong is not None:
        raise ConfigurationError(
            f"the proxy {proxy} can't be used: {wrong}; or except the platform's host in NO_PROXY"
        )
    return proxy.url


def _without_cookies(client: C) -> C:
    """Let a client take no cookies from answers, as no request would carry them, and return it."""
    # httpx looks through each answer for them, also where there are none: 70 to 80 µs of the 200 to
    # 230 µs of CPU time that a call takes inside httpx.
    client.cookies.extract_cookies = _nothing  # type: ignore[method-assign]
    return client


def _nothing(response: httpx.Response) -> None: ...
