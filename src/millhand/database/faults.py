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
_OUTAGES = (exc.OperationalError, exc.InterfaceError, exc.InternalError)


def passes(error: exc.DBAPIError) -> bool:
    """Whether the same transaction may succeed when it is simply run again, such as after a lock is free."""
    return _sqlite_code(error) in _SQLITE_BUSY or getattr(error.orig, "sqlstate", None) in _SQLSTATES_THAT_PASS


@contextmanager
def translated() -> Generator[None]:
    """Raise `BrokerUnavailable` for every fault of the database itself; faults of our statements stay as they are."""
    try:
        yield
    except exc.DBAPIError as error:
        if isinstance(error, _OUTAGES) or _is_damaged(error):
            raise BrokerUnavailable(f"the database failed: {error.orig}", hint=_hint(error)) from error
        raise
    except exc.TimeoutError as error:
        raise BrokerUnavailable("every connection to the database is in use") from error


def _is_damaged(error: exc.DBAPIError) -> bool:
    return _sqlite_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _hint(error: exc.DBAPIError) -> str:
    code = _sqlite_code(error)
    if code in _SQLITE_BUSY:
        return "Another process holds the write lock: look for a long transaction on the database file."
    if code in _SQLITE_FULL:
        return "Check that the disk of the database file has room and can be written."
    if code == sqlite3.SQLITE_CANTOPEN:
        return "Check the path of the database, and who may write to its folder."
    if _is_damaged(error):
        return "The file is damaged or is no SQLite database: restore it from a backup."
    return "Check that the database runs and can be reached."


def _sqlite_code(error: exc.DBAPIError) -> int:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code & _PRIMARY_CODE if isinstance(code, int) else 0
