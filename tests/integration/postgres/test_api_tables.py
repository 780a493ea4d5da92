"""What the HTTP API keeps and looks at, on PostgreSQL."""

from pathlib import Path

from millhand import App
from millhand.config import Settings
from millhand.ledger.api_keys import ApiKeys
from millhand.ledger.requests import Claim, Requests
from tests.integration.app.shop import Paint, kinds


async def test_keys_requests_and_changes(postgres_url: str, tmp_path: Path) -> None:
    app = App(settings=Settings(database=postgres_url, data_dir=tmp_path))
    app.include(kinds)
    async with app:
        backend = await app.backend()
        keys = ApiKeys(backend.database)
        key = await keys.create("shop", "viewer", "acme", "test")
        found = await keys.find(key)
        assert found is not None
        assert (found.name, found.role, found.tenant) == ("shop", "viewer", "acme")
        await keys.revoke("shop")
        assert await keys.find(key) is None
        requests = Requests(backend.database)
        assert await requests.claim("a", "k", "d", "one") == Claim("one", "d")
        assert await requests.claim("a", "k", "d", "two") == Claim("one", "d")
        assert await requests.claim("b", "k", "d", "two") == Claim("two", "d")
        mark = (await backend.inspector.changes(None)).mark
        job = await app.enqueue(Paint())
        changes = await backend.inspector.changes(mark)
        assert (changes.jobs, changes.others) == ({job.id}, {"queues"})
        await app.cancel(job)
        assert (await backend.inspector.changes(changes.mark)).jobs == {job.id}
