"""What the API's answers mean for a job: the lessons of the original's post-mortems."""

import json

import pytest

from millhand.core.errors import Permanent, Transient
from millhand.notify.http import Answer, Busy
from millhand.services.page_export.status_api import AlreadyComplete, ApiFailed, ApiRefused, RecordGone, refusal


def answer(status: int, error: str = "", reason: str = "Reason") -> Answer:
    return Answer(status, reason, json.dumps({"success": False, "error": error}).encode() if error else b"<html>")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(404), RecordGone),
        (answer(410), RecordGone),
        (answer(400, "Print job 24446301 not found"), RecordGone),
        (answer(400, "Cannot start export from state export_complete"), AlreadyComplete),
        (answer(400, "Cannot start export from state export_failed"), ApiRefused),
        (answer(400, "Job already completed with different file: a vs b"), ApiRefused),
        (answer(400, reason="Bad Request"), ApiRefused),
        (answer(422, "filePath is required"), ApiRefused),
        (answer(405), ApiRefused),
        (answer(500), Busy),
        (answer(502), Busy),
        (answer(503, "Print job not found in the cache"), Busy),
        (answer(504), Busy),
        (answer(429), Busy),
        (answer(408), Busy),
        (answer(301), Busy),
        (answer(400, "Connection terminated unexpectedly"), ApiFailed),
        (answer(401), ApiFailed),
        (answer(403), ApiFailed),
    ],
)
def test_each_answer_is_of_one_kind(given: Answer, kind: type[Permanent | Transient]) -> None:
    error = refusal(given)
    assert type(error) is kind
    assert error.message == f"API error: {given.error}"
