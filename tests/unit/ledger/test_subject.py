"""What a job works on, in a word or two."""

import json

import pytest

from millhand.ledger.inspector.subject import START, subject


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ({}, ""),
        ({"pages": 3, "options": {}}, ""),
        ({"source": "file:///srv/in/A%20letter.docx", "target": "file:///srv/out/"}, "A letter.docx"),
        ({"source": "s3://bucket/2026/report.xlsx"}, "report.xlsx"),
        ({"url": "https://ann:pw@example.com/maps/7/?token=abc"}, "example.com/maps/7"),
        ({"url": "", "html": "<p>\nlong", "target": "file:///out/poster.pdf"}, "poster.pdf"),
        ({"filter": "state:discarded since:2h"}, "state:discarded since:2h"),
        ({"api_key": "abc", "to": "bob@example.com"}, "bob@example.com"),
        ({"name": "Grüße „an“ alle"}, "Grüße „an“ alle"),
        ({"text": "x" * 100}, "x" * 79 + "…"),
        ({"url": "https://[broken"}, "https://[broken"),
    ],
)
def test_it_is_the_first_text_that_fits_on_a_line(args: dict[str, object], shown: str) -> None:
    assert subject(json.dumps(args)) == shown
    assert subject(json.dumps(args, ensure_ascii=False, separators=(",", ":"))) == shown


def test_what_is_cut_off_in_the_middle_is_no_subject() -> None:
    whole = json.dumps({"html": "\\u00e4" * START, "target": "x"})
    assert subject(whole[:START]) == ""
