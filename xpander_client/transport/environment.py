"""The proxies and certificates that the environment names, as far as an address needs them.

httpx would take them from the environment, too; but it takes all of them at once, and fails with
what it can't use, even where the address needs none of it.
"""

from __future__ import annotations

import functools
import importlib.util
import ipaddress
import os
import re
import ssl
import sys
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies

import attrs
import httpx

from xpander_client.configuration import without_login
from xpander_client.errors import ConfigurationError

_PORTS = {"http": 80, "https": 443}


@attrs.frozen
class Proxy:
    """A proxy, and the name of the variable that names it."""

    url: str
    source: str

    def __str__(self) -> str:
        return f"{self.source}={without_login(self.url)}"


def client_settings(addresses: tuple[str, ...], backend: str) -> dict[str, Any]:
    """Return what an HTTP client for these addresses is made with, besides its limits.

    Raises:
        ConfigurationError: the environment names a proxy or certificates that can't be used.
    """
    # Plain http needs no certificates, unless it is redirected to https.
    secure = any(address.startswith("https:") for address in addresses)
    settings: dict[str, Any] = {
        "verify": _tls_context() if secure else TlsWhenNeeded(ssl.PROTOCOL_TLS_CLIENT),
        "trust_env": False,
        "timeout": None,  # each request carries its own
    }
    proxies = {address: proxy_for(address) for address in addresses}
    found = next(filter(None, proxies.values()), None)
    if found is not None:
        settings["proxy"] = _usable(found, backend)
        settings["mounts"] = {
            f"all://{urlsplit(address).netloc}": None
            for address, proxy in proxies.items()
            if proxy is None
        }
    return settings


def proxy_for(address: str) -> Proxy | None:
    """Find the proxy that requests to an address go through; None where they go straight to it.

    A loopback address is never asked for through a proxy, whatever `NO_PROXY` says.
    """
    parts = urlsplit(address)
    if _is_loopback(parts.hostname or ""):
        return None
    for name in (parts.scheme, "all"):
        source, url = _setting(name)
        if url:
            if _is_exempt(parts, _setting("no")[1]):
                return None
            return Proxy(url if "://" in url else f"http://{url}", source)
    return None


def _setting(name: str) -> tuple[str, str]:
    """Read what `<name>_proxy` says, and what it is called here: the variable, or the system."""
    source = f"{name}_proxy"
    value = os.environ.get(source)
    if value is None:
        source = source.upper()
        value = os.environ.get(source, "")
        if value and name == "http" and "REQUEST_METHOD" in os.environ:
            value = ""  # in a CGI program it is a header that whoever asked has sent
    value = value.strip()
    if not value and sys.platform in ("darwin", "win32"):
        # It reads the whole environment, which takes longer than the rest of what a call needs.
        return "the system's proxy", getproxies().get(name, "")
    return source, value


def _usable(proxy: Proxy, backend: str) -> str:
    wrong = None
    try:
        url = httpx.URL(proxy.url)
        if url.scheme not in ("http", "https", "socks5", "socks5h") or not url.host:
            wrong = "a proxy is an http, https, socks5 or socks5h address"
        elif url.scheme.startswith("socks") and backend != "httpx":
            wrong = f'async_backend="{backend}" knows no socks: use "httpx"'
        elif url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
            wrong = 'it needs one more package: pip install "httpx[socks]"'
    except httpx.InvalidURL:
        wrong = "it is no address"
    if wrong is not None:
        raise ConfigurationError(
            f"the proxy {proxy} can't be used: {wrong}; or except the platform's host in NO_PROXY"
        )
    return proxy.url


@functools.lru_cache(maxsize=1024)
def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _ip(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _is_exempt(parts: SplitResult, exceptions: str) -> bool:
    """Tell whether `NO_PROXY` excepts an address; what can't be read there excepts nothing."""
    host = parts.hostname or ""
    port = str(parts.port or _PORTS[parts.scheme])
    for entry in re.split(r"[\s,]+", exceptions.lower()):
        scheme, _, rest = entry.rpartition("://")
        if scheme not in ("", "all", parts.scheme):
            continue
        if _covers(rest, host):
            return True
        name, _, only_port = rest.rpartition(":")
        if only_port == port and _covers(name, host):
            return True
    return False


def _covers(name: str, host: str) -> bool:
    """Tell whether a name of `NO_PROXY` (``*``, a domain, an IP or a network) covers a host."""
    if name == "*":
        return True
    address = _ip(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(name.strip("[]"), strict=False)
        except ValueError:
            return False
    domain = name.removeprefix("*")
    return bool(domain) and (host == domain or host.endswith("." + domain.removeprefix(".")))


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@functools.cache
def _tls_context() -> ssl.SSLContext:
    # Reading the certificates takes longer than twenty requests: once per process.
    source = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
    try:
        # OpenSSL takes a folder that is not there for an empty one, and then trusts nobody.
        if source == "SSL_CERT_DIR" and (folder := os.environ.get(source)):
            os.scandir(folder).close()
        return httpx.create_ssl_context()
    except OSError as error:
        variables = filter(os.environ.get, (source, "SSLKEYLOGFILE"))
        named = [f"{name}={os.environ[name]}" for name in variables]
        raise ConfigurationError(
            f"the certificates for https can't be read, {' and '.join(named) or 'those of certifi'}"
            f" ({type(error).__name__}: {error})"
        ) from None


class TlsWhenNeeded(ssl.SSLContext):
    """Stands for the process's context; its certificates are read with the first connection."""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Wrap a socket with the process's context."""
        return _tls_context().wrap_socket(*args, **kwargs)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Wrap buffers with the process's context."""
        return _tls_context().wrap_bio(*args, **kwargs)
