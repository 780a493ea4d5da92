"""Which keys we read and write: those that every store and every client takes for the same name."""

from millhand.core.errors import Permanent


def check_key(key: str) -> str:
    """The key itself; raises `Permanent` (code `bad_key`) for one that `key_fault` finds fault with."""
    if fault := key_fault(key):
        raise Permanent(f"'{key}' is not a key for an object: {fault}", code="bad_key", hint="Rename the object.")
    return key


def key_fault(key: str) -> str:
    """Why a key is not to be used, or nothing.

    HTTP clients resolve `.` and `..`, and drop or collapse empty segments: such a key would reach another object than
    the one that was named, perhaps outside the prefix that it is allowed in.
    """
    segments = key.split("/")
    if not key:
        return "it is empty"
    if "" in segments:
        return "it begins or ends with a slash, or has two in a row"
    if "." in segments or ".." in segments:
        return "it has a segment of dots alone"
    if any(letter < " " or letter == "\x7f" for letter in key):
        return "it has a control character"
    return ""
