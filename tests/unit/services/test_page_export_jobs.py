"""Jobs of the page exporter: which are accepted, and which size each means."""

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from millhand.services.page_export.job import ExportMap, is_safe_id
from millhand.services.page_export.page import definition_of
from millhand.services.page_export.print_size import SIZES, InvalidSize, size_of_job


def job(printed: dict[str, Any], **more: Any) -> ExportMap:  # noqa: ANN401 - JSON
    data = {"printJobId": "job-1", "userMapData": {"title": "A", "people": []}, "printableMapData": printed, **more}
    return ExportMap.model_validate_json(json.dumps(data))


def measures(**printed: Any) -> tuple[str, str, str]:  # noqa: ANN401 - JSON
    size = size_of_job(job(printed).printable_map_data)
    return size.name, f"{float(size.width):g}", f"{float(size.height):g}"


@pytest.mark.parametrize("name", sorted(SIZES))
def test_each_size_that_is_sold_by_name_and_by_measure(name: str) -> None:
    size = SIZES[name]
    assert size_of_job(job({"pageSize": name}).printable_map_data) == size
    by_measure = job({"widthInches": float(size.width), "heightInches": float(size.height)})
    assert size_of_job(by_measure.printable_map_data) == size


def test_the_sizes_are_the_originals() -> None:
    assert sorted(SIZES) == sorted(
        ["8x10", "12x16", "18x24", "24x36", "10x8", "16x12", "24x18", "36x24"]
        + [f"A{number}{way}" for number in (1, 2, 3, 4) for way in ("", "-landscape")]
    )


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ({"pageSize": " 18 X 24 "}, ("18x24", "18", "24")),
        ({"pageSize": "18\u00d724"}, ("18x24", "18", "24")),
        ({"pageSize": "a3"}, ("A3", "11.69", "16.54")),
        ({"pageSize": "18x24", "orientation": "landscape"}, ("18x24", "24", "18")),
        ({"pageSize": "20x30"}, ("Custom", "20", "30")),
        ({"pageSize": "500x700mm"}, ("Custom", "19.685", "27.5591")),
        ({"pageSize": "letter"}, ("Custom", "8.5", "11")),
        ({"widthInches": 18.01, "heightInches": 23.99}, ("18x24", "18", "24")),
        ({"widthInches": 17.5, "heightInches": 24}, ("Custom", "17.5", "24")),
        ({"width": 297, "height": 210, "units": "mm"}, ("A4-landscape", "11.6929", "8.26772")),
        ({"width": 24, "height": 36, "units": "inches"}, ("24x36", "24", "36")),
    ],
)
def test_a_size_in_any_way(printed: dict[str, Any], seen: tuple[str, str, str]) -> None:
    assert measures(**printed) == seen


def test_inches_are_taken_as_they_are_written() -> None:
    size = size_of_job(job({"widthInches": 8.1, "heightInches": 9.3}).printable_map_data)
    assert (size.width, size.text) == (Decimal("8.1"), "8.1x9.3in")


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ({"pageSize": "poster"}, "invalid_page_size"),
        ({"pageSize": "200x300"}, "invalid_dimensions"),
        ({"widthInches": 0.2, "heightInches": 10}, "invalid_dimensions"),
    ],
)
def test_a_size_that_cannot_be_printed(printed: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidSize) as refused:
        size_of_job(job(printed).printable_map_data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ({}, "there is no size"),
        ({"widthInches": 18}, "a width needs a height"),
        ({"width": 18, "height": 24}, "need `units`"),
        ({"widthInches": -1, "heightInches": 24}, "greater than 0"),
        ({"widthInches": 18, "heightInches": 240}, "less than or equal to 120"),
        ({"widthInches": "wide", "heightInches": 24}, "valid number"),
        ({"pageSize": "18x24", "dpi": 100_000}, "less than or equal to 2400"),
    ],
)
def test_what_is_wrong_with_a_job_is_said(printed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        job(printed)


@pytest.mark.parametrize(
    "bad", ["", "../etc/passwd", "a/b", "a\\b", ".hidden", "a b", "a\0", "ä", "x" * 101, "a\n", None]
)
def test_an_id_that_would_lead_elsewhere_is_refused(bad: str | None) -> None:
    assert not is_safe_id(bad)
    with pytest.raises(ValidationError):
        job({"pageSize": "A4"}, printJobId=bad)


def test_what_a_producer_sends_beside_is_kept() -> None:
    sent = job({"pageSize": "A4", "theme": "dark"}, tags=["x"])
    again = json.loads(sent.model_dump_json(exclude_unset=True))
    assert again["tags"] == ["x"]
    assert again["printableMapData"] == {"pageSize": "A4", "theme": "dark"}


def test_a_map_without_words_gets_the_originals() -> None:
    sent = job({"pageSize": "A4", "rotation": [10.5, -30, 0]}, userMapData={"title": "", "rotation": [1, 2, 3]})
    assert definition_of(sent) == {
        "title": "Untitled Map",
        "subtitle": "",
        "people": [],
        "rotation": [10.5, -30, 0],
    }
