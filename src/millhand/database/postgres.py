"""SQLAlchemy engines for PostgreSQL through psycopg 3: our schema, bounded waits, and one message for each BEGIN.

It works behind a pooler that gives a transaction any server connection: then nothing is kept in the session.
"""

import selectors
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import event, exc
from sqlalchemy.dialects.postgresql.psycopg import PGIdentifierPreparer_psycopg
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from millhand.core.durability import Durability
from millhand.core.errors import ConfigError
from millhand.database.prepared import Prepared
from millhand.database.urls import ServerAddress

OLDEST = 130_000
"""The oldest server version that is supported, as `server_version` of libpq tells it: 13."""

_SLACK = 2.0
_RECYCLE_AFTER = 1_800
_BEGIN = "BEGIN"
# What is remembered of a connection: whether its session keeps our settings, with which statements a transaction
# begins, and which ones come then, or None if none at all is to be sent.
_SESSION, _FIRST, _THEN = "millhand.session", "millhand.first", "millhand.then"

_DEFAULTS: Mapping[str, str] = {
    "application_name": "millhand",
    "client_encoding": "UTF8",
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""What is set unless the URL sets it: a dead network is noticed in seconds, not in hours as the systems have it."""

# A queue's statistics are wrong most of the time: what was ready at the last ANALYZE runs by now, or has ended. Each
# statement of ours on a long table has an index in whose order it reads: a plan that reads a table or sorts a backlog
# is never right. Where there is no index, as for a handful of queues, its price must not have a plan compiled.
_PLANS = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off", "jit": "off"}


_CALL = Prepared(
    sa.select(
        sa.func.set_config("synchronous_commit", "off", sa.true()),
        sa.func.pg_notify(sa.bindparam("channel", type_=sa.Text), sa.bindparam("payload", type_=sa.Text)),
    )
)


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that waits only so long for an answer, even where the network swallows it without a sign."""

    patience: float = 30.0

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401 - psycopg's own generators
        """Drive a command to its end; close the connection if that takes too long."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
                self.close()  # the command is still under way: nothing can be said on this connection any more
                raise psycopg.OperationalError(f"the server gave no answer within {self.patience:.0f} s") from None
            raise

    @property
    def pooled(self) -> bool:
        """Whether something between us and the server invents the identity of its processes, as a pooler does."""
        row = self.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
        return row is None or row[0] != self.info.backend_pid


def connect(address: ServerAddress, patience: float) -> BoundedConnection:
    """A connection in autocommit mode whose commands take at most `patience` seconds, and a little."""
    connection = BoundedConnection.connect(**parameters(address), autocommit=True, context=_ADAPTERS)
    connection.patience = patience + _SLACK
    if connection.pooled:
        connection.prepare_threshold = None
    return connection


def parameters(address: ServerAddress) -> dict[str, Any]:
    """The parameters of libpq for an address; raises `ConfigError` for one that libpq can't read."""
    try:
        return {**_DEFAULTS, **conninfo_to_dict(address.conninfo)}
    except psycopg.ProgrammingError as error:
        raise ConfigError(
            f"the URL of the database can't be read: {str(error).strip()}",
            hint="Its parameters are those of libpq: https://www.postgresql.org/docs/current/libpq-connect.html",
        ) from None


def writer_engine(address: ServerAddress, durability: Durability, patience: float) -> sa.Engine:
    """An engine for one connection that writes."""
    engine = _engine(address, patience, poolclass=NullPool)
    settings = {
        "statement_timeout": f"{patience:.3f}s",
        # A process that stands still in a transaction holds locks that others wait for.
        "idle_in_transaction_session_timeout": f"{patience:.3f}s",
        "synchronous_commit": "on" if durability is Durability.FULL else "off",
        **_PLANS,
    }
    return _with_settings(engine, settings, _BEGIN)


def reader_engine(address: ServerAddress, patience: float, size: int) -> sa.Engine:
    """An engine whose connections only read: each transaction sees one moment."""
    engine = _engine(address, patience, pool_size=size, max_overflow=1, pool_pre_ping=True, pool_recycle=_RECYCLE_AFTER)
    settings = {
        "statement_timeout": f"{patience:.3f}s",
        "idle_in_transaction_session_timeout": f"{patience:.3f}s",
        **_PLANS,
    }
    return _with_settings(engine, settings, f"{_BEGIN} ISOLATION LEVEL REPEATABLE READ READ ONLY")


def schema_engine(address: ServerAddress, patience: float) -> sa.Engine:
    """An engine for migrations, whose statements may take long."""
    return _with_settings(_engine(address, patience, poolclass=NullPool), {}, _BEGIN)


def begin(connection: sa.Connection, durability: Durability) -> sa.RootTransaction:
    """Begin a transaction whose commit gives at most that much durability."""
    off = durability is Durability.NORMAL
    connection.info[_THEN] = ("SET LOCAL synchronous_commit TO off",) if off else ()
    return connection.begin()


def begin_single(connection: sa.Connection) -> sa.RootTransaction:
    """Send no BEGIN, nor later a COMMIT: the server takes a lone statement for a transaction. That saves two waits."""
    if connection.info[_SESSION] and _is_quiet(_driver(connection.connection)):
        connection.info[_THEN] = None
        return connection.begin()
    return begin(connection, Durability.FULL)


def now(connection: sa.Connection) -> int:
    """The server's own instant now, whenever the transaction began."""
    return connection.exec_driver_sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").scalar_one()


def call(connection: sa.Connection, channel: str, payload: str) -> None:
    """Notify whoever listens, in a transaction of its own that does not wait for the disk."""
    _CALL.rows(connection, channel=channel, payload=payload)


def is_pooled(connection: sa.Connection) -> bool:
    """Whether this connection goes through a pooler."""
    return _driver(connection.connection).pooled


def copy(connection: sa.Connection, table: sa.Table, names: Sequence[str], lines: Iterable[str]) -> None:
    """Send lines to a table by COPY; raises what a statement of SQLAlchemy would, and the transaction can go on."""
    preparer = connection.dialect.identifier_preparer
    columns = ", ".join(preparer.quote(name) for name in names)
    statement = f"COPY {preparer.format_table(table)} ({columns}) FROM STDIN"
    driver = _driver(connection.connection)
    try:
        _run(driver, ["SAVEPOINT copied"])  # gone with the transaction: to release it would be one more message
        _copy(driver, statement, lines)
    except psycopg.Error as error:
        raised = exc.DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect)
        raise raised from error


def _copy(driver: BoundedConnection, statement: str, lines: Iterable[str]) -> None:
    try:
        with driver.cursor().copy(statement.encode()) as stream:
            for some in lines:
                stream.write(some)
    except (psycopg.IntegrityError, psycopg.DataError):
        _run(driver, ["ROLLBACK TO SAVEPOINT copied"])
        raise


def _engine(address: ServerAddress, patience: float, **pool: Any) -> sa.Engine:  # noqa: ANN401 - options of SQLAlchemy's pools
    parameters(address)
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(address, patience),
        isolation_level="AUTOCOMMIT",  # transactions are begun and ended by messages of our own
        paramstyle="format",
        use_native_hstore=False,
        **pool,
    )
    engine.dialect.identifier_preparer = _preparer(address.schema)(engine.dialect)
    engine.dialect.do_begin = _begin
    return engine


def _preparer(schema: str) -> type[PGIdentifierPreparer_psycopg]:
    class Preparer(PGIdentifierPreparer_psycopg):
        """Writes our schema before the name of every table of ours: a search path would be lost behind a pooler."""

        @staticmethod
        def schema_for_object(element: Any) -> Any:  # noqa: ANN401 - anything that has a name; SQLAlchemy's type is too narrow
            ours = isinstance(element, sa.Table) and not element.name.startswith("pg_")
            return element.schema or (schema if ours else None)

    return Preparer


def _with_settings(engine: sa.Engine, settings: Mapping[str, str], begin: str) -> sa.Engine:
    """Keep settings in the session, or behind a pooler repeat them in each transaction."""

    def connected(connection: BoundedConnection, entry: ConnectionPoolEntry) -> None:
        _require_version(connection)
        entry.info[_SESSION] = connection.prepare_threshold is not None
        entry.info[_THEN] = ()
        if entry.info[_SESSION]:
            entry.info[_FIRST] = (begin,)
            _run(connection, _statements("SET", settings))
        else:
            entry.info[_FIRST] = (begin, *_statements("SET LOCAL", settings))

    event.listen(engine, "connect", connected)
    return engine


def _statements(verb: str, settings: Mapping[str, str]) -> list[str]:
    return [f"{verb} {name} TO '{value}'" for name, value in settings.items()]


def _begin(dbapi_connection: PoolProxiedConnection) -> None:
    info = dbapi_connection.info
    if info[_THEN] is not None:
        _run(_driver(dbapi_connection), (*info[_FIRST], *info[_THEN]))


def _driver(connection: PoolProxiedConnection) -> BoundedConnection:
    return cast("BoundedConnection", connection.driver_connection)


def _is_quiet(connection: BoundedConnection) -> bool:
    """Whether the server has said nothing unasked: its last words would be that it has closed the connection.

    A BEGIN on such a connection can be sent again on another; of a statement nobody would know whether it was done.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return not selector.select(0)


def _run(connection: BoundedConnection, statements: Iterable[str]) -> None:
    """Send all in one message, which can't be prepared; without any, nothing is sent."""
    if text := "; ".join(statements):
        connection.execute(text.encode(), prepare=False)


def _require_version(connection: BoundedConnection) -> None:
    if connection.info.server_version < OLDEST:
        found = connection.info.server_version // 10_000
        raise ConfigError(f"this is PostgreSQL {found}", hint=f"millhand needs {OLDEST // 10_000} or newer.")


class _TextDumper(StrDumperUnknown):
    """Text without the character 0, which PostgreSQL can't store."""

    def dump(self, obj: str) -> Buffer | None:
        """The text as bytes."""
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in obj else obj)


_ADAPTERS = AdaptersMap(psycopg.adapters)
_ADAPTERS.register_dumper(str, _TextDumper)
