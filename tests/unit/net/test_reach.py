"""Which addresses count as public."""

import socket

import psutil
import pytest

from millhand.net.reach import Reach, is_public, look_up


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "not an address",
        "",
    ],
)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_hosts_are_named_with_or_without_a_port() -> None:
    rule = Reach(frozenset({"render.internal", "localhost:3000"}))
    assert rule.names("render.internal", 80)
    assert rule.names("Render.Internal.", 8443)
    assert rule.names("localhost", 3000)
    assert not rule.names("localhost", 3001)
    assert not rule.names("evil-render.internal", 80)


def test_the_machines_own_addresses_are_private_even_if_public() -> None:
    rule = Reach(own=frozenset({"93.184.216.34"}))
    assert not rule.allows("93.184.216.34")
    assert rule.allows("93.184.216.35")


def test_own_addresses_are_found() -> None:
    own = {entry.address for entries in psutil.net_if_addrs().values() for entry in entries}
    assert {address.partition("%")[0] for address in own} == Reach.of_this_machine(frozenset()).own


async def test_what_can_be_no_name_is_known_to_nobody() -> None:
    for host in ("a..example", "x" * 64 + ".example"):
        with pytest.raises(socket.gaierror):
            await look_up(host, 80)
