"""Acting on all jobs that a filter means, from the page of jobs, with and without a script."""

from playwright.sync_api import Browser

from tests.integration.dashboard.conftest import Visitor, text
from tests.integration.dashboard.test_browser import opened
from tests.integration.web.conftest import Served
from tests.support import wait_until


def test_all_that_fit_are_cancelled_after_a_question_and_run_again(visitor: Visitor) -> None:
    site = visitor.served
    mine = [site.send("note.write", wait=0, queue="heap", delay=3600)["id"] for _ in range(3)]
    other = site.send("note.write", wait=0, queue="heaps", delay=3600)["id"]
    assert "all 3 that fit this filter" in text(visitor.get("/jobs?q=queue:heap"))
    question = visitor.act("/jobs/cancel", all="1", q="queue:heap")
    assert "3 jobs fit queue:heap" in text(question)
    assert question.body.count(b'<tr id="job-') == 3
    page = text(visitor.act("/jobs/all/cancel", q="queue:heap"))
    assert "This job does it" in page
    wait_until(lambda: text(visitor.get("/jobs?q=queue:heap")).count("cancelled before it ran") == 3)
    assert "scheduled for" in text(visitor.get(f"/jobs/{other}"))
    wait_until(lambda: "3 of 3 jobs" in text(visitor.get("/jobs?q=kind:jobs.cancel")))
    visitor.act("/jobs/all/retry", q="queue:heap state:cancelled")
    wait_until(lambda: "succeeded after" in text(visitor.get(f"/jobs/{mine[0]}")))


def test_nothing_is_done_with_every_job_there_is(visitor: Visitor) -> None:
    assert b'name="all"' not in visitor.get("/jobs").body
    for path in ("/jobs/all/cancel", "/jobs/all/cancel?q=colour:red"):
        assert visitor.get(path).status == 422, path
    assert visitor.post("/jobs/all/cancel", q=" ").status == 422
    assert visitor.get("/jobs/all/burn?q=queue:heap").status == 404
    assert "No job fits here" in text(visitor.get("/jobs/all/cancel?q=queue:nowhere"))


def test_a_tick_chooses_all_of_them(browser: Browser, shown: Served) -> None:
    for _ in range(2):
        shown.send("note.write", wait=0, queue="ticked", delay=3600)
    for script in (True, False):
        with opened(browser, shown, "/jobs?q=queue:ticked", java_script_enabled=script) as page:
            page.get_by_label("all 2 that fit this filter").check()
            if script:
                assert page.locator("#chosen").text_content() == "With all of them:"
                assert page.locator("input[name=job]:checked:disabled").count() == 2
            page.get_by_role("button", name="Cancel").click()
            page.get_by_role("button", name="Cancel 2 jobs").click()
            page.get_by_text("This job does it").wait_for()
