"""What a store's server said, read from the exceptions of its client, which have it in their text alone."""

import re
from dataclasses import dataclass

from millhand.core.redact import redact_text

NO_ANSWER = 0
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w+)")
_MESSAGE = re.compile(r"<Message>\s*([^<\n]+)")
_SILENCES = (
    ("ConnectionRefused", "it refuses connections"),
    ("dns error", "there is no host of that name"),
    ("TimedOut", "it does not answer in time"),
    ("InvalidContentType", "it does not speak TLS"),
    ("UnexpectedEof", "it ends the connection"),
    ("ConnectionReset", "it ends the connection"),
    ("IncompleteMessage", "it ends the connection"),
)
"""What the client's dump has where there was no answer, and what that means."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: the HTTP status, and the code and message of its error document; 0 and empty if nothing.

    `dump` is what the client tells of its insides.
    """

    text: str
    dump: str
    status: int
    code: str
    message: str

    @classmethod
    def of(cls, error: Exception) -> "Answer":
        """Read an exception of the client."""
        text, _, dump = str(error).partition("\n\nDebug source")
        status, code, message = _STATUS.search(text), _CODE.search(text), _MESSAGE.search(text)
        return cls(
            text=text,
            dump=dump,
            status=int(status[1]) if status else NO_ANSWER,
            code=code[1] if code else "",
            message=message[1].strip().rstrip(".") if message else "",
        )

    @property
    def reason(self) -> str:
        """What it said, or why it said nothing, in a few words."""
        if self.code:
            return f"{self.code}: {self.message}" if self.message else self.code
        known = next((words for mark, words in _SILENCES if self.status == NO_ANSWER and mark in self.dump), "")
        return known or redact_text(self.text.strip().partition("\n")[0])
