"""Failures as values: bounded, grouped by fingerprint, and made of whatever a handler may raise."""

import pytest

from millhand.core.errors import EngineMissing
from millhand.core.failure import Failure, failure, failure_of, fingerprint


def throw(error: BaseException) -> None:
    raise error


def raised(error: BaseException) -> Failure:
    with pytest.raises(type(error)) as caught:
        throw(error)
    return failure_of(caught.value)


class Mute(Exception):
    """Can't say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("not even that")


def test_our_errors_keep_their_code_and_hint() -> None:
    found = raised(EngineMissing("no LibreOffice"))
    assert (found.code, found.message) == ("engine_missing", "no LibreOffice")
    assert found.type == "millhand.core.errors.EngineMissing"
    assert "doctor" in found.hint
    assert "raise error" in found.traceback


def test_other_exceptions_are_named_by_their_type() -> None:
    assert raised(ValueError("bad")).type == "ValueError"
    assert raised(Mute()).type.endswith("test_failure.Mute")
    assert raised(ValueError("bad")).code == "exception"


@pytest.mark.parametrize(("error", "name"), [(KeyError(), "KeyError"), (Mute(), "Mute")])
def test_an_exception_without_words_shows_its_name(error: Exception, name: str) -> None:
    assert raised(error).message == name


def test_the_cause_is_part_of_the_traceback() -> None:
    error = ValueError("outer")
    error.__cause__ = KeyError("inner")
    assert "KeyError: 'inner'" in raised(error).traceback


def test_lengths_are_bounded_and_the_end_of_the_traceback_is_kept() -> None:
    found = raised(ValueError("x" * 100_000))
    assert len(found.message) == 4_000
    assert len(found.traceback) == 16_000
    assert found.traceback.endswith("x\n")


@pytest.mark.parametrize(
    "alike",
    [
        ("page 3 of 12 is bad", "page 104 of 7 is bad"),
        ("no file '/a/b.docx'", "no file '/c/d.docx'"),
        ('no key "a"', 'no key "b"'),
        ("at 0x7f00dead", "at 0x01"),
        ("job 0198c5d2-0000-7000-8000-00000000000a failed", "job 0198c5d2-ffff-7fff-8fff-ffffffffffff failed"),
    ],
)
def test_failures_that_differ_in_details_are_of_one_group(alike: tuple[str, str]) -> None:
    first, second = (fingerprint("ValueError", message, "f.py:f") for message in alike)
    assert first == second
    assert len(first) == 12


def test_failures_that_differ_in_kind_words_or_place_are_not() -> None:
    groups = {
        fingerprint("ValueError", "bad page", "f.py:f"),
        fingerprint("TypeError", "bad page", "f.py:f"),
        fingerprint("ValueError", "bad font", "f.py:f"),
        fingerprint("ValueError", "bad page", "f.py:g"),
    }
    assert len(groups) == 4


def test_a_failure_that_no_exception_stands_for() -> None:
    killed = failure("hard_limit", "ran longer than 5 s", "make it smaller")
    assert (killed.code, killed.type, killed.hint, killed.traceback) == (
        "hard_limit",
        "hard_limit",
        "make it smaller",
        "",
    )
    assert killed.fingerprint == failure("hard_limit", "ran longer than 60 s").fingerprint


def test_an_exception_that_was_never_raised() -> None:
    assert failure_of(ValueError("made, not raised")).traceback == "ValueError: made, not raised\n"
