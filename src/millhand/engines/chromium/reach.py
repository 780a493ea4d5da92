"""Which addresses a rendered page may reach: public ones, and hosts that the operator named."""

import ipaddress
from dataclasses import dataclass

import psutil

# Azure's platform services answer on this public-looking address, on every virtual machine.
_PLATFORM = frozenset({ipaddress.ip_address("168.63.129.16")})
# Set aside for protocols (RFC 6890); a cloud has its metadata there, and Python calls parts of it public.
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_FOUR_BYTES = 0xFFFFFFFF

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Reach:
    """The rule. `named` holds `host` and `host:port` entries in lower case."""

    named: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    def names(self, host: str, port: int) -> bool:
        """Whether the operator named this host, whatever its addresses are."""
        host = host.lower().rstrip(".")
        return host in self.named or f"{host}:{port}" in self.named

    def allows(self, address: str) -> bool:
        """Whether an address may be connected to without having been named."""
        return address not in self.own and is_public(address)


def reach(named: frozenset[str]) -> Reach:
    """The rule of this machine: its own addresses count as private, even when they are public ones."""
    own = {entry.address.partition("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}
    return Reach(frozenset(name.lower() for name in named), frozenset(own))


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
