"""Which addresses may be reached when a client names them: public ones, and hosts that the operator named."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

import psutil

# Azure's platform services answer on this public-looking address, on every virtual machine.
_PLATFORM = frozenset({ipaddress.ip_address("168.63.129.16")})
# Set aside for protocols (RFC 6890); a cloud has its metadata there, and Python calls parts of it public.
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_FOUR_BYTES = 0xFFFFFFFF

_LOOK_UP_SECONDS = 15.0
_LOCAL: tuple[str, ...] = ("127.0.0.1", "::1")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedError(Exception):
    """The rule forbids this host."""


async def look_up(host: str, port: int) -> list[str]:
    """All addresses of a host, by the system's resolver; raises `OSError` (`socket.gaierror`), `TimeoutError`."""
    try:
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # no name at all, such as one with two dots in a row
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Reach:
    """The rule. `named` holds `host` and `host:port` entries in lower case, `own` the addresses of this machine."""

    named: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    look_up: Callable[[str, int], Awaitable[list[str]]] = look_up

    @classmethod
    def of_this_machine(cls, named: frozenset[str]) -> Self:
        """The rule with this machine's addresses: they count as private, even when they are public ones."""
        own = {entry.address.partition("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}
        return cls(frozenset(name.lower() for name in named), frozenset(own))

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be connected to, judged as they are now.

        Whoever connects must take one of these: a second look-up could give another. Raises `RefusedError` if there is
        none, and as `look_up` does.
        """
        host = host.lower().rstrip(".")
        if not host:
            raise RefusedError
        local = host == "localhost" or host.endswith(".localhost")
        found = list(_LOCAL) if local else await self.look_up(host, port)
        allowed = found if self.names(host, port) else [address for address in found if self.allows(address)]
        if not allowed:
            raise RefusedError
        return allowed

    def names(self, host: str, port: int) -> bool:
        """Whether the operator named this host, whatever its addresses are."""
        host = host.lower().rstrip(".")
        return host in self.named or f"{host}:{port}" in self.named

    def allows(self, address: str) -> bool:
        """Whether an address may be connected to without having been named."""
        return address not in self.own and is_public(address)


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the public internet; addresses that wrap another one count as that one."""
    try:
        address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    special = address.is_multicast or address.is_reserved or address in _PLATFORM or address in _PROTOCOLS
    return address.is_global and not special


def _unwrapped(address: _Address) -> _Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _FOUR_BYTES)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
