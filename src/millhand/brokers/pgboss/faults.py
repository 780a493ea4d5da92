"""Turn what the PostgreSQL driver raises into our own errors."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from millhand.core.errors import BrokerUnavailable, ConfigError, SchemaMismatch, UsageError

# What ends by itself or by an operator: the call may be repeated. Appendix A of PostgreSQL's manual.
_PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,
    errors.TransactionRollback,
    errors.InsufficientResources,
)
_HINT = "Check that the PostgreSQL server runs, can be reached and can be written."


@contextmanager
def translated() -> Generator[None]:
    """Raise our errors; faults of our own statements stay as they are."""
    try:
        yield
    except TimeoutError as error:
        raise BrokerUnavailable("the database did not answer in time", hint=_HINT) from error
    except errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"the database refuses: {_words(error)}",
            hint="Grant USAGE on pg-boss' schema, and SELECT, INSERT, UPDATE, DELETE on its tables.",
        ) from error
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction, errors.InvalidSchemaName) as error:
        raise SchemaMismatch(
            f"the tables of pg-boss have changed: {_words(error)}",
            hint="Start the worker again, so that it looks anew.",
        ) from error
    except errors.UntranslatableCharacter as error:
        raise UsageError(
            "PostgreSQL's JSON can't hold the character NUL", hint="Leave \\u0000 out of what is sent to Node."
        ) from error
    except _PASSING as error:
        raise BrokerUnavailable(f"the database failed: {_words(error)}", hint=_HINT) from error


def _words(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__
