"""`millhand worker docserver`: it starts and goes on while its bucket is away, and says that it lives."""

from pathlib import Path

from millhand.services.docserver.client import Client, Maker
from millhand.services.docserver.health import Liveness
from millhand.testing.s3 import S3Server
from tests.integration.services.docserving import DOCX, Yard, variables, worker
from tests.support import needs_soffice, poll_until, wait_until

BUCKET = "performancewest"


@needs_soffice
async def test_it_waits_for_its_bucket_and_outlasts_its_outages(own_s3: S3Server, tmp_path: Path) -> None:
    yard = Yard(own_s3.access, own_s3.make(BUCKET))
    log = tmp_path / "worker" / "worker.log"
    own_s3.kill()
    with worker(tmp_path / "worker", **variables(own_s3.access, BUCKET)) as process:
        wait_until(lambda: "the broker can't be reached" in log.read_text(), within=30)
        own_s3.start()
        async with Client.of(yard.general, yard.own, fallback=False) as client:

            async def is_well() -> bool:
                return (await client.health_check()).ok

            await poll_until(is_well, within=30)
            made = await client.convert(DOCX, seconds=60)
            assert made.by is Maker.WORKER
            assert made.engine.startswith("LibreOffice")
            own_s3.restart()
            assert (await client.convert(DOCX, seconds=60)).by is Maker.WORKER
            health = await client.health_check()
        assert health.liveness is Liveness.FRESH
        assert process.poll() is None
        assert await yard.keys() == set()
    assert process.returncode == 0
    told = [line for line in log.read_text().splitlines() if "can't be reached" in line]
    assert 0 < len(told) < 30, "each part tells an outage once"
