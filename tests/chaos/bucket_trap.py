"""Catches a dispatcher between two of the steps in which a file ends, so that it can be killed right there."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Self

from tests.chaos.bucket_network import Exchange, StoreNetwork, no_watch
from tests.chaos.fleet import Dispatcher
from tests.chaos.plan import Strike

_STEPS = {
    "write the output": ("PUT", "made/"),
    "verify it": ("HEAD", "made/"),
    "delete the input": ("DELETE", "files/"),
    "delete the lease": ("DELETE", ".millhand/notes/files/"),
}


@dataclass
class Trap:
    """Waits for one step: before it has been taken, or after, with the answer lost. `caught` is cut off."""

    folder: str
    step: str
    late: bool
    caught: Dispatcher | None = None

    @classmethod
    def of(cls, strike: Strike, folder: str) -> Self:
        """The one that a strike means."""
        chosen = Random(strike.at)  # noqa: S311 - a choice that the seed decides, not a secret
        return cls(folder, chosen.choice(list(_STEPS)), chosen.random() < 0.5)

    def __str__(self) -> str:
        return f"{'after' if self.late else 'before'} it could {self.step}"

    def lay(self, ways: Iterable[tuple[Dispatcher, StoreNetwork]]) -> None:
        """Wait on the networks of these."""
        for one, network in ways:
            network.watch = lambda exchange, late, one=one: self._is_caught(one, exchange, late=late)

    def _is_caught(self, one: Dispatcher, exchange: Exchange, *, late: bool) -> bool:
        method, prefix = _STEPS[self.step]
        there = exchange.method == method and exchange.key.startswith(f"{self.folder}/{prefix}")
        if there and late is self.late and self.caught is None and not one.busy:
            self.caught = one
        return self.caught is one


def remove_traps(networks: Iterable[StoreNetwork]) -> None:
    """Wait no more."""
    for network in networks:
        network.watch = no_watch
