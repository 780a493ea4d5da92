"""The drivers of brokers, found by the scheme of a URL and loaded when they are needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from millhand.core.errors import ConfigError
from millhand.core.ports import Broker
from millhand.database import Database
from millhand.stores import StoreAccess


@dataclass(frozen=True, slots=True)
class _Driver:
    module: str
    extra: str = ""
    in_store: bool = False


_DRIVERS = {
    "az": _Driver("millhand.brokers.bucket", in_store=True),
    "pgboss": _Driver("millhand.brokers.pgboss", extra="postgres"),
    "s3": _Driver("millhand.brokers.bucket", in_store=True),
    "sqlite": _Driver("millhand.brokers.sql"),
    "postgresql": _Driver("millhand.brokers.sql", extra="postgres"),
}


def open_broker(
    url: str,
    *,
    database: Database,
    worker: str,
    queues: Sequence[str] = (),
    lease: float = 30.0,
    stores: StoreAccess | None = None,
) -> Broker:
    """Make the broker that a URL names; `open` it before use.

    `database` is the one that holds the ledger, `worker` the name under which jobs are leased for `lease` seconds, and
    `queues` where they come from, none meaning all; `stores` says how object stores are reached. Raises `ConfigError`
    for an unknown scheme or a missing extra.
    """
    scheme = url.partition(":")[0].partition("+")[0]
    driver = _DRIVERS.get(scheme)
    if driver is None:
        raise ConfigError(
            f"there is no broker for '{scheme}:' URLs", hint=f"Known ones: {', '.join(sorted(_DRIVERS))}."
        )
    try:
        module = import_module(driver.module)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the broker for '{scheme}:' URLs needs {error.name}, which is not installed",
            hint=f"Install millhand with its extra: pip install 'millhand[{driver.extra}]'.",
        ) from error
    more = {"stores": stores or StoreAccess()} if driver.in_store else {}
    return module.connect(url, database=database, worker=worker, queues=queues, lease=lease, **more)
