"""The SQL database under the embedded broker and the ledger: its tables, migrations, connections and single writer."""

from millhand.core.durability import Durability
from millhand.database.database import Database
from millhand.database.notes import VersionedNotes
from millhand.database.schema import SchemaStatus, schema_status, schema_up
from millhand.database.waker import Waker

__all__ = ["Database", "Durability", "SchemaStatus", "VersionedNotes", "Waker", "schema_status", "schema_up"]
