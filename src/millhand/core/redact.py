"""The one rule by which secrets are hidden from people: by the name of a value, and inside URLs and connection strings.

A value is secret if one of the words of its name is (`apiKey`, `db_password`, `X-Auth-Token`), save for a few names in
which `key` means a place. A number or a truth value under `token` or `key` is shown: `max_tokens` is no secret.
"""

import re
from collections.abc import Mapping, Sequence
from typing import cast

HIDDEN = "•••"

_ALWAYS = frozenset(
    {
        "password", "passwords", "passwd", "pwd", "passphrase", "passcode", "secret", "secrets", "credential",
        "credentials", "authorization", "cookie", "cookies",
    }
)  # fmt: skip
_TEXTS = frozenset(
    {
        "token", "tokens", "key", "keys", "apikey", "apikeys", "accesskey", "privatekey", "secretkey", "signature",
        "sig", "sas", "dsn", "jwt", "bearer",
    }
)  # fmt: skip
_PLACES = frozenset(
    {
        "object", "primary", "foreign", "partition", "sort", "row", "cache", "limit", "blob", "group", "dedupe",
        "public", "routing", "shard",
    }
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_USER_INFO = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")
_PAIR = re.compile(r"(?<=[?&;])([\w.%-]+)=([^&;\s\"']+)|^([\w.-]+)=([^&;\s\"']+)(?=;)")


def redact(value: object) -> object:
    """The same JSON value, with every secret in it replaced by `HIDDEN`."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return redact_mapping(cast("Mapping[str, object]", value))
    if isinstance(value, Sequence):
        return [redact(item) for item in cast("Sequence[object]", value)]
    return value


def redact_mapping(values: Mapping[str, object]) -> dict[str, object]:
    """The same names and values, the secret ones hidden."""
    return {name: HIDDEN if is_secret(name, value) else redact(value) for name, value in values.items()}


def redact_text(text: str) -> str:
    """The same text, without the passwords in its URLs and the secret fields in its queries and connection strings."""
    if "=" not in text and "@" not in text:
        return text
    return _PAIR.sub(_hide_pair, _USER_INFO.sub(rf"\1:{HIDDEN}@", text))


def is_secret(name: str, value: object) -> bool:
    """Whether a value of this name is hidden; nothing that is empty is."""
    if value is None or value in ("", [], {}):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    if _ALWAYS.intersection(words) or "".join(words) == "connectionstring":
        return True
    if isinstance(value, bool | int | float):
        return False
    return any(word in _TEXTS and not _names_place(words, index) for index, word in enumerate(words))


def _names_place(words: Sequence[str], index: int) -> bool:
    return words[index] in ("key", "keys") and index > 0 and words[index - 1] in _PLACES


def _hide_pair(match: re.Match[str]) -> str:
    name, value = match[1] or match[3], match[2] or match[4]
    return f"{name}={HIDDEN}" if is_secret(name, value) else match[0]
