"""What is hidden from people, and what is not."""

import pytest

from millhand.core.redact import HIDDEN, is_secret, redact, redact_text


@pytest.mark.parametrize(
    "name", ["password", "db_password", "apiKey", "X-Auth-Token", "connectionString", "clientSecret", "Authorization"]
)
def test_secret_names(name: str) -> None:
    assert is_secret(name, "x")


@pytest.mark.parametrize("name", ["primary_key", "cache-key", "limitKey", "monkey", "url", "tokenizer"])
def test_names_that_only_look_secret(name: str) -> None:
    assert not is_secret(name, "x")


def test_numbers_and_empty_values_are_shown() -> None:
    assert not is_secret("max_tokens", 5)
    assert not is_secret("password", "")


def test_secrets_inside_texts() -> None:
    assert redact_text("postgresql://ann:topsecret@db/x") == f"postgresql://ann:{HIDDEN}@db/x"
    assert redact_text("https://h/b?sig=topsecret&sv=1") == f"https://h/b?sig={HIDDEN}&sv=1"
    assert redact_text("a = b, nobody@example.org") == "a = b, nobody@example.org"
    assert redact_text("nothing to hide") == "nothing to hide"


def test_secrets_at_any_depth() -> None:
    value = {"list": [{"token": "t"}, "postgresql://a:b@c/d"], "number": 3, "none": None}
    assert redact(value) == {"list": [{"token": HIDDEN}, f"postgresql://a:{HIDDEN}@c/d"], "number": 3, "none": None}
