"""Notes by place and key: whoever comes too late writes nothing, on either database."""

from millhand.database import Database
from millhand.database.notes import VersionedNotes
from tests.integration.ledger.support import MovableClock


async def test_only_the_first_creates_a_note_and_only_who_knows_it_replaces_it(
    database: Database, clock: MovableClock
) -> None:
    notes = VersionedNotes(database, "here", clock.new_id)
    first = await notes.create("a", "1")
    assert first is not None
    assert await notes.create("a", "2") is None
    assert await VersionedNotes(database, "elsewhere", clock.new_id).create("a", "2") is not None
    second = await notes.replace("a", "3", first)
    assert second is not None
    assert await notes.replace("a", "4", first) is None
    assert await notes.read("a") == ("3", second)
    assert await notes.versions() == {"a": second}
    await notes.delete("a")
    assert await notes.replace("a", "5", second) is None
    assert await notes.read("a") is None
