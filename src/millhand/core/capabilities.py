"""What a broker can do beyond delivering: each capability is declared, and the contract suite holds it to its word."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The declared abilities of a broker.

    `history`: the broker records jobs, attempts and artefacts itself, in the ledger's own tables. `max_payload` is the
    largest arguments in bytes. `dead_letter` names the place where discarded jobs stay.
    """

    delay: bool = False
    priority: bool = False
    fifo: bool = False
    dedupe: bool = False
    fence: bool = False
    inspect: bool = False
    cancel: bool = False
    pause: bool = False
    notify: bool = False
    transact: bool = False
    limits: bool = False
    fair: bool = False
    history: bool = False
    max_payload: int = 64 * 1024
    dead_letter: str = ""
