"""The guard: a connection goes only to where a system's own address leads, checked at the socket itself.

A resolver is no guard: it may answer differently the second time, and an address written in digits is never asked
of it. So every address that is about to be tried is judged here, each time. The operator's address may be private
or this very host, since internal services are the normal case; what a name must never lead to is refused.
"""

import errno
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.reach.addresses import Address

Network = IPv4Network | IPv6Network
_Numbers = IPv4Address | IPv6Address
_AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

# Where clouds hand out their credentials, outside of the link-local range.
_METADATA: Final = tuple(map(ip_network, ("fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32")))
_NOBODY: Final = ip_network("0.0.0.0/8")
# Addresses of version 6 that carry one of version 4 in their last 32 bits.
_CARRYING: Final = tuple(map(ip_network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
_TRANSLATED: Final = ip_network("64:ff9b:1::/48")
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
_HERE: Final = "this host itself"


class TurnedAway(OSError):  # noqa: N818 - what happened
    """An address that no connection of a system may be made to; the text says which, and what it is."""


@dataclass(frozen=True)
class Guard:
    """`permitted` are networks that may be connected to although they would be refused (ROLLOUT_REACH)."""

    permitted: tuple[Network, ...] = ()
    resolver: AbstractResolver | None = None

    @classmethod
    def of(cls, networks: Iterable[str]) -> "Guard":
        """Raises ValueError for what is no network."""
        return cls(tuple(ip_network(each.strip()) for each in networks))

    @asynccontextmanager
    async def visit(self, where: Address, limit: aiohttp.ClientTimeout) -> AsyncIterator["Visit"]:
        """One conversation with a system, over fresh connections. No proxy and no cookies from elsewhere."""
        sentry = Sentry(where.url, self.permitted)
        connector = aiohttp.TCPConnector(
            limit=0, force_close=True, resolver=self.resolver, use_dns_cache=False, socket_factory=sentry.admit
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=limit,
            auto_decompress=False,
            trust_env=False,
        ) as session:
            yield Visit(session, sentry)


@dataclass(frozen=True)
class Sentry:
    """Stands at every socket of one conversation; `turned_away` tells whom it refused, and why."""

    home: URL
    permitted: tuple[Network, ...] = ()
    turned_away: list[str] = field(default_factory=list)

    def admit(self, tried: _AddrInfo) -> socket.socket:
        """A socket for this address; raises TurnedAway before anything is sent."""
        family, kind, protocol, _, target = tried
        no = self._no(family, target)
        if no:
            self.turned_away.append(no)
            raise TurnedAway(errno.EACCES, no)
        return socket.socket(family, kind, protocol)

    def _no(self, family: int, target: tuple[object, ...]) -> str:
        if family not in {socket.AF_INET, socket.AF_INET6} or target[1] != self.home.port:
            return f"{target[:2]}, which is not where its address leads"
        try:
            numbers = ip_address(str(target[0]))
        except ValueError:
            return f"{target[0]}, which is no address"
        literal = _literal(self.home)
        if literal is not None and literal != numbers:
            return f"{numbers}, which is not the address that was written"
        if any(numbers in network for network in self.permitted):
            return ""
        found = {what for each in (numbers, *_carried(numbers)) if (what := _refused_as(each))}
        if literal is not None or _means_here(self.home.raw_host or ""):
            found.discard(_HERE)
        return f"{numbers}, {' and '.join(sorted(found))}" if found else ""


@dataclass(frozen=True)
class Visit:
    """A session that connects to one system only; `no` says why it could not, if the guard is the reason."""

    session: aiohttp.ClientSession
    sentry: Sentry

    @property
    def no(self) -> str:
        if not self.sentry.turned_away:
            return ""
        return f"leads to {self.sentry.turned_away[0]}; correct its address, or permit that network in ROLLOUT_REACH"


def _literal(home: URL) -> _Numbers | None:
    try:
        return ip_address(home.raw_host or "")
    except ValueError:
        return None


def _means_here(host: str) -> bool:
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


def _refused_as(numbers: _Numbers) -> str:
    """What an address is that no name may lead to; empty for all others, private ones included."""
    if numbers.is_link_local or any(numbers in network for network in _METADATA):
        return "a link-local or metadata address"
    if numbers.is_unspecified or numbers in _NOBODY:
        return "the address of nobody"
    if numbers.is_loopback:
        return _HERE
    if numbers.is_multicast:
        return "a multicast address"
    if numbers in _TRANSLATED or (isinstance(numbers, IPv4Address) and numbers.is_reserved):
        return "a reserved address"
    return "a site-local address" if isinstance(numbers, IPv6Address) and numbers.is_site_local else ""


def _carried(numbers: _Numbers) -> Iterator[IPv4Address]:
    """The addresses of version 4 that one of version 6 stands for, in whatever way they are wrapped."""
    if not isinstance(numbers, IPv6Address):
        return
    whole = int(numbers)
    # `::` and `::1` are addresses of their own, not carriers of 0.0.0.0 and 0.0.0.1.
    if whole > 1 and any(numbers in network for network in _CARRYING):
        yield IPv4Address(whole & 0xFFFFFFFF)
    if (whole >> 32) & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(whole & 0xFFFFFFFF)
    if numbers.sixtofour:
        yield numbers.sixtofour
    if numbers.teredo:
        yield from numbers.teredo
