"""What a worker gives up under systemd, and what the engines must keep.

The engines confine documents and pages themselves, with user namespaces, Landlock and seccomp. A unit that forbade
these would take away the inner walls to make the outer one look better. MemoryDenyWriteExecute is missing because both
make machine code as they run: Chromium of JavaScript, LibreOffice of the bridges between its parts (a `soffice` ends
with it at once). Source: systemd.exec(5).
"""

from dataclasses import dataclass

_ALWAYS = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateUsers=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
# Who takes up what it wrote is in its group.
UMask=0027
# Netlink tells which addresses the machine has, without which names are not looked up well.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM"""

# `@sandbox` of newer systemd, by its members: 252 does not know the name.
_SANDBOX = "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp"
_OFFICE = f"""\
# A document's process cuts itself off from the network and from files.
RestrictNamespaces=user net
SystemCallFilter=@system-service {_SANDBOX}
SystemCallFilter=~@privileged @resources"""
_BROWSER = f"""\
# Chromium's own sandbox makes namespaces, gives up its rights in them and moves its root away.
RestrictNamespaces=user pid net
SystemCallFilter=@system-service {_SANDBOX} chroot
SystemCallFilter=~@resources"""


@dataclass(frozen=True, slots=True)
class Engines:
    """Which outside programs a worker runs: LibreOffice in any case, Chromium perhaps."""

    browser: bool


def engines_of(service: str | None) -> Engines:
    """The engines of a ready service; a worker of everything has all of them."""
    return Engines(browser=service != "docserver")


def directives(engines: Engines) -> str:
    """The lines of the section [Service] that take rights away."""
    return f"{_ALWAYS}\n{_BROWSER if engines.browser else _OFFICE}"
