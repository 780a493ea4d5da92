"""Which hosts are this machine, by their names and addresses alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a port on that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_local(host: str) -> bool:
    """Whether a name or an address means this machine, whoever resolves it (RFC 6761, 6.3)."""
    plain = host.strip("[]").rstrip(".").lower()
    return plain.endswith(".localhost") or is_loopback(plain)
