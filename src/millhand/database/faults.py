"""Turn what the database drivers raise into our own errors, and tell which faults pass when one waits."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from millhand.core.errors import BrokerUnavailable

_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY})
_PRIMARY_CODE = 0xFF
# PostgreSQL: serialization failure, deadlock, lock not available (appendix A of its manual).
_SQLSTATES_THAT_PASS = frozenset({"40001", "40P01", "55P03"})
# Rights taken away, or our tables: nothing of ours works, so it is no fault of one statement.
_SQLSTATES_OF_OUTAGES = frozenset({"42501", "42P01", "3F000"})
_OUTAGES = (exc.OperationalError, exc.InterfaceError, exc.InternalError)
_SQLITE_HINTS = {
    **dict.fromkeys(
        _SQLITE_BUSY, "Another process holds the write lock: look for a long transaction on the database file."
    ),
    **dict.fromkeys(_SQLITE_FULL, "Check that the disk of the database file has room and can be written."),
    sqlite3.SQLITE_CANTOPEN: "Check the path of the database, and who may write to its folder.",
}
# By SQLSTATE, or where a connection could not be made and there is none, by what libpq says.
_SERVER_HINTS = {
    "25006": "This server only takes reads, as a standby does: name the primary, or all hosts in the URL.",
    "53300": "The server has no connection left: raise max_connections, or put a pooler in front of it.",
    "57014": "A statement took too long: look for locks, or for a server that is short of disk or memory.",
    "42P01": "Its tables are gone: run `millhand schema status`.",
    "42501": "The user of the URL lacks rights: see the how-to about PostgreSQL.",
    "too many": "The server has no connection left: raise max_connections, or put a pooler in front of it.",
    "connection slots": "The server has no connection left: raise max_connections, or put a pooler in front of it.",
    "authentication failed": "Check the user and the password in the URL.",
    "no password supplied": "Put the password into the URL, into PGPASSWORD, or into ~/.pgpass.",
    "does not exist": "Check the name of the database and of the user; make a missing one with createdb.",
    "SSL": "Check the parameter sslmode of the URL against what the server offers.",
}


def passes(error: exc.DBAPIError) -> bool:
    """Whether the same transaction may succeed when it is simply run again, such as after a lock is free."""
    return _sqlite_code(error) in _SQLITE_BUSY or _sqlstate(error) in _SQLSTATES_THAT_PASS


def is_outage(error: BaseException) -> bool:
    """Whether the database failed, and not one statement: our error made by `translated`, or the driver's."""
    found = error.__cause__ if isinstance(error, BrokerUnavailable) else error
    if not isinstance(found, exc.DBAPIError):
        return False
    return isinstance(found, _OUTAGES) or _is_damaged(found) or _sqlstate(found) in _SQLSTATES_OF_OUTAGES


@contextmanager
def translated() -> Generator[None]:
    """Raise `BrokerUnavailable` for every fault of the database itself; faults of our statements stay as they are."""
    try:
        yield
    except exc.DBAPIError as error:
        if is_outage(error):
            said = " ".join(str(error.orig).split())
            raise BrokerUnavailable(f"the database failed: {said}", hint=_hint(error)) from error
        raise
    except exc.TimeoutError as error:
        raise BrokerUnavailable("every connection to the database is in use") from error


def _is_damaged(error: exc.DBAPIError) -> bool:
    return _sqlite_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _hint(error: exc.DBAPIError) -> str:
    if _is_damaged(error):
        return "The file is damaged or is no SQLite database: restore it from a backup."
    if (hint := _SQLITE_HINTS.get(_sqlite_code(error))) is not None:
        return hint
    said = f"{_sqlstate(error)} {error.orig}"
    return next((hint for sign, hint in _SERVER_HINTS.items() if sign in said), "") or (
        "Check that the database runs and can be reached."
    )


def _sqlite_code(error: exc.DBAPIError) -> int:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code & _PRIMARY_CODE if isinstance(code, int) else 0


def _sqlstate(error: exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
