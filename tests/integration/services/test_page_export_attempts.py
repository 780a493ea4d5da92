"""One attempt at an export: what the API and the render server are asked, what is written, and how it ends."""

import base64
import io
import json
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from PIL import Image

from millhand.core.errors import BlobMissing
from millhand.core.outcome import Completed, Discarded, Retry
from tests.integration.services.application import Application, serving
from tests.integration.services.exporting import Exporter, exporting, job

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="module")]

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Application]:
    with serving() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def warm(server: Application) -> AsyncIterator[Exporter]:
    """An exporter with a browser that is up: starting one takes longer than most exports."""
    async with exporting(server) as made:
        server.add("warm-up")
        assert (await made.run()).completed
        yield made


@pytest.fixture
def application(server: Application) -> Application:
    server.forget()
    server.add(f"job-{next(_NUMBERS)}")  # files of jobs of the same id and second would be taken for one another
    return server


@pytest.fixture
def exporter(warm: Exporter, application: Application) -> Exporter:
    return warm


async def test_the_api_hears_what_the_original_tells_it(exporter: Exporter) -> None:
    ran = await exporter.run()
    assert ran.completed, ran.failure
    start, complete = exporter.application.calls
    job_id = exporter.application.newest
    assert (start.method, start.path, start.body) == ("POST", f"/api/jobs/{job_id}/start", "")
    assert (complete.method, complete.path) == ("POST", f"/api/jobs/{job_id}/complete")
    assert complete.body == f'{{"filePath":"{ran.result["filePath"]}"}}'
    assert {call.headers["content-type"] for call in (start, complete)} == {"application/json"}
    assert exporter.application.jobs[exporter.application.newest].state == "export_complete"


async def test_the_file_is_named_and_made_as_the_original_does(exporter: Exporter) -> None:
    ran = await exporter.run()
    name = f"2025-06-15T15-06-40_{exporter.application.newest}.png"
    assert ran.result["filePath"] == f"memory://exports/{name}"
    with Image.open(io.BytesIO(await exporter.read(ran.result["filePath"]))) as picture:
        assert picture.size == (288, 360)
        assert "icc_profile" in picture.info
        assert [round(one) for one in picture.info["dpi"]] == [36, 36]
    assert [artefact.name for artefact in ran.artefacts] == [name]


async def test_the_page_is_asked_for_with_the_map_in_the_address(exporter: Exporter) -> None:
    await exporter.run(title="Zürich → 東京")
    [asked] = exporter.application.rendered
    [data] = parse_qs(urlsplit(asked).query)["data"]
    content = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    assert content.isascii(), "pages decode it with atob, as Latin-1"
    assert json.loads(content) == {
        "title": "Zürich → 東京",
        "subtitle": "",
        "people": [{"id": "ann", "locations": [{}, {}]}],
        "rotation": [-20, -30, 0],
    }


@pytest.mark.parametrize(
    ("printed", "size"),
    [
        ({"pageSize": "8x10", "dpi": 30}, (240, 300)),
        ({"pageSize": "8\u00d710", "orientation": "landscape", "dpi": 30}, (300, 240)),
        ({"pageSize": "A4"}, (2481, 3507)),
        ({"width": 210, "height": 297, "units": "mm"}, (2480, 3508)),
        ({"widthInches": 11.69, "heightInches": 8.27}, (3507, 2481)),
    ],
)
async def test_every_way_to_give_a_size(exporter: Exporter, printed: dict[str, Any], size: tuple[int, int]) -> None:
    ran = await exporter.run(**printed)
    assert ran.completed, ran.failure
    assert (ran.result["width"], ran.result["height"]) == size


@pytest.mark.parametrize("status", [404, 410])
async def test_a_record_that_is_gone_ends_the_job_before_anything_is_rendered(exporter: Exporter, status: int) -> None:
    exporter.application.answers["start"] = [status]
    ran = await exporter.run()
    assert isinstance(ran.outcome, Discarded)
    assert ran.outcome.failure.code == "record_gone"
    assert exporter.application.rendered == []


async def test_the_originals_way_to_say_that_a_record_is_gone(exporter: Exporter) -> None:
    ran = await exporter.run("unknown")
    assert isinstance(ran.outcome, Discarded)
    assert ran.outcome.failure.message == "API error: Print job unknown not found"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 401])
async def test_a_failing_api_is_asked_again_by_another_attempt(exporter: Exporter, status: int) -> None:
    exporter.application.answers["start"] = [status] * 3
    ran = await exporter.run()
    assert isinstance(ran.outcome, Retry)
    assert ran.outcome.charged
    assert exporter.application.rendered == []


async def test_a_moment_of_failing_passes_within_the_attempt(exporter: Exporter) -> None:
    exporter.application.answers = {"start": [503], "complete": [503, 500]}
    ran = await exporter.run()
    assert ran.completed, ran.failure
    assert exporter.application.steps(exporter.application.newest) == [
        "start",
        "start",
        "complete",
        "complete",
        "complete",
    ]


@pytest.mark.parametrize(("status", "outcome"), [(404, Discarded), (410, Discarded), (500, Retry), (503, Retry)])
async def test_what_a_page_answers_decides(exporter: Exporter, status: int, outcome: type) -> None:
    exporter.application.page_answers = [status]
    ran = await exporter.run()
    assert isinstance(ran.outcome, outcome)
    assert exporter.application.steps(exporter.application.newest) == ["start"], "a failure is told when it is for good"


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [("Failed to load land data: ", Retry, "render_failed"), ("Invalid dimensions: 79 Mpx", Discarded, "bad_render")],
)
async def test_what_a_page_says_of_itself_decides(exporter: Exporter, error: str, outcome: type, code: str) -> None:
    ran = await exporter.inline.run(job(exporter.application.newest, subtitle=error))
    assert isinstance(ran.outcome, outcome)
    assert ran.failure
    assert (ran.failure.code, ran.failure.message) == (code, f"Render failed: {error}")


async def test_a_page_may_reach_the_render_server_and_no_other_private_host(exporter: Exporter) -> None:
    port = exporter.application.port
    exporter.application.page = f"<img src=http://localhost:{port}/render><script>window.__RENDER_READY__ = 1</script>"
    ran = await exporter.run()
    assert ran.completed, ran.failure
    assert len(exporter.application.rendered) == 1
    assert [line.text for line in ran.log] == ["localhost was refused: its address is not public."]


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ({"pageSize": "huge"}, "Invalid page size: huge"),
        (
            {"widthInches": 0.1, "heightInches": 10},
            "Invalid dimensions: 0.1\u00d710 inches; each side must be 0.5 to 120",
        ),
    ],
)
async def test_a_size_that_nobody_prints(exporter: Exporter, printed: dict[str, Any], message: str) -> None:
    ran = await exporter.run(**printed)
    assert isinstance(ran.outcome, Discarded)
    assert ran.outcome.failure.message == message
    assert exporter.application.steps(exporter.application.newest) == ["start"]


async def test_a_second_attempt_takes_the_file_of_the_first(exporter: Exporter) -> None:
    """When the file was there and the API could not be told, nothing is rendered twice, and the name stays."""
    exporter.application.answers["complete"] = [401]
    args = job(exporter.application.newest)
    first = await exporter.inline.run(args)
    assert isinstance(first.outcome, Retry)
    exporter.application.answers["complete"] = []
    second = await exporter.inline.run(args, attempt=2)
    assert second.completed
    assert second.result["reused"]
    assert len(exporter.application.rendered) == 1


async def test_what_is_complete_already_is_left_alone(exporter: Exporter) -> None:
    first = await exporter.run()
    again = await exporter.run()
    assert isinstance(again.outcome, Completed)
    assert again.result["already"]
    assert len(exporter.application.rendered) == 1
    assert exporter.application.jobs[exporter.application.newest].path == first.result["filePath"]


async def test_a_file_that_the_api_refuses_is_removed(exporter: Exporter) -> None:
    exporter.application.answers["complete"] = [422]
    ran = await exporter.run()
    assert isinstance(ran.outcome, Discarded)
    [call] = [call for call in exporter.application.calls if call.step == "complete"]
    with pytest.raises(BlobMissing):
        await exporter.inline.blobs.stat(json.loads(call.body)["filePath"])
