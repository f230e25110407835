"""The proxies and certificates that the environment names, as far as an address needs them."""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import attrs

from xpander_client.configuration import without_login
from xpander_client.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

DEFAULT_PORTS = {"http": 80, "https": 443}


@attrs.frozen
class Proxy:
    """A proxy, and the name of the variable that names it."""

    url: str
    source: str

    def __str__(self) -> str:
        return f"{self.source}={without_login(self.url)}"


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
        from urllib.request import getproxies

        return "the system's proxy", getproxies().get(name, "")
    return source, value


@functools.lru_cache(maxsize=1024)
def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _ip(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _is_exempt(parts: SplitResult, exceptions: str) -> bool:
    """Tell whether `NO_PROXY` excepts an address; what can't be read there excepts nothing."""
    host = parts.hostname or ""
    port = str(parts.port or DEFAULT_PORTS[parts.scheme])
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
def load_tls_context() -> ssl.SSLContext:
    """Return the process's context for https: certificates of SSL_CERT_FILE or SSL_CERT_DIR, else
    those of certifi.

    Raises:
        ConfigurationError: they can't be read.
    """
    # Reading the certificates takes longer than twenty requests: once per process, and loaded here,
    # as plain http needs none.
    import ssl

    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        if file:
            return ssl.create_default_context(cafile=file)
        if folder:
            # OpenSSL takes a folder that is not there for an empty one, and then trusts nobody.
            os.scandir(folder).close()
            return ssl.create_default_context(capath=folder)
        return ssl.create_default_context(cafile=certifi.where())
    except OSError as error:
        source = "SSL_CERT_FILE" if file else "SSL_CERT_DIR"
        variables = filter(os.environ.get, (source, "SSLKEYLOGFILE"))
        named = [f"{name}={os.environ[name]}" for name in variables]
        raise ConfigurationError(
            f"the certificates for https can't be read, {' and '.join(named) or 'those of certifi'}"
            f" ({type(error).__name__}: {error})"
        ) from None
