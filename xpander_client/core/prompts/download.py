"""The download of a file that a task names: which hosts are asked, and how much is taken.

Whoever creates a task writes its addresses, and a worker may reach what its creator can't: other
machines of its network, or the one that gives out the cloud's credentials. So a host is asked only
if all of its addresses are public, or if the worker's owner listed it.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Generator, Sequence
from typing import Self
from urllib.parse import urljoin, urlsplit

import attrs

from xpander_client.core.prompts.data_files import DataFile
from xpander_client.runtime.ip_addresses import is_public
from xpander_client.version import __version__

LISTED = "XPANDER_INTERNAL_FETCH_ALLOWLIST"
"""The variable that lists the private hosts, domains and networks that may be asked."""

HEADERS = {
    "accept": "*/*",
    "accept-encoding": "identity",  # what is packed could become any size
    "user-agent": f"xpander-client/{__version__}",
}

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class DownloadError(Exception):
    """A file can't be had; the text says why."""


@attrs.frozen
class Download:
    """What came under an address."""

    url: str
    content: bytes = attrs.field(repr=False)
    content_type: str = ""


@attrs.frozen
class Unavailable:
    """An address under which nothing can be had, and why, in words that a log may show."""

    url: str
    why: str


@attrs.frozen
class Received:
    """One answer on the way to a file: `location` is where a redirect leads."""

    status: int
    content: bytes = attrs.field(default=b"", repr=False)
    content_type: str = ""
    location: str | None = None


@attrs.frozen
class DownloadRules:
    """How large a file may be in bytes, how many seconds it may take, and who may be asked."""

    size: int = 15 * 1024 * 1024
    seconds: float = 15.0
    names: frozenset[str] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @classmethod
    def from_environment(cls) -> Self:
        """Return the rules, with the private hosts that the environment lists."""
        names, networks = set(), []
        for entry in os.environ.get(LISTED, "").lower().split(","):
            name = entry.strip().removeprefix("*.").strip(".")
            try:
                networks.append(ipaddress.ip_network(name.strip("[]"), strict=False))
            except ValueError:
                names.add(name)
        return cls(names=frozenset(names - {""}), networks=tuple(networks))

    def check(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Return a host's addresses, each once, if all of them may be asked.

        Raises:
            DownloadError: one of them may not, or there are none.
        """
        for address in addresses:
            if not is_public(address) and not self._lists(host, address):
                raise DownloadError(
                    f"{host} is in a private network; {LISTED} may list hosts and networks that "
                    "are to be asked all the same"
                )
        if not addresses:
            raise DownloadError(f"{host} has no address")
        return list(dict.fromkeys(addresses))

    def _lists(self, host: str, address: str) -> bool:
        ip = ipaddress.ip_address(address.partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        # Where a cloud gives out credentials is never meant.
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
            return False
        labels = host.lower().rstrip(".").split(".")
        domains = {".".join(labels[start:]) for start in range(len(labels))}
        return bool(domains & self.names) or any(ip in network for network in self.networks)

    def check_size(self, received: int) -> None:
        """Make sure that no more bytes came than a file may have.

        Raises:
            DownloadError: it is larger.
        """
        if received > self.size:
            raise DownloadError(f"it is larger than {self.size} bytes")


def follow(url: str) -> Generator[str, Received, Download]:
    """Describe the way to a file: yield each address to get, and return what came at last.

    Raises:
        DownloadError: there is no way to it.

    Example:
        >>> steps = follow("https://files.test/a")
        >>> next(steps), steps.send(Received(302, location="/b"))
        ('https://files.test/a', 'https://files.test/b')
    """
    if (inside := DataFile.parse(url)) is not None:
        return Download(url, inside.content, inside.media_type)
    at, location = "", url
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            at = urljoin(at, location)
            parts = urlsplit(at)
        except ValueError:
            raise DownloadError("it is no address") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DownloadError("it is no http or https address")
        answer = yield at
        if answer.status == 200:
            return Download(url, answer.content, answer.content_type)
        if answer.status not in _REDIRECTS or not answer.location:
            raise DownloadError(f"the server answered {answer.status}")
        location = answer.location
    raise DownloadError(f"it was redirected more than {_MOST_REDIRECTS} times")
