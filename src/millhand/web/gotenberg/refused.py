"""What Gotenberg does to a PDF after it is made, and to files before: known, and not done here."""

from collections.abc import Sequence

from starlette.datastructures import UploadFile

from millhand.web.gotenberg.fields import invalid
from millhand.web.uploads import Form

_TOOLS = "a PDF is left as its engine made it; use a tool for PDFs on the answer"
AFTERWARDS = {
    "archives": "send the files themselves",
    "stages": _TOOLS,
    "split*": _TOOLS,
    "metadata": _TOOLS,
    "flatten": _TOOLS,
    "embeds*": _TOOLS,
    "watermark*": _TOOLS,
    "stamp*": _TOOLS,
    "rotate*": _TOOLS,
    "facturx*": _TOOLS,
    "facturX*": _TOOLS,
}
"""Fields and why they are refused, for every route."""

_NOT_PLAIN = frozenset({"archives", "embeds", "watermark", "stamp", "facturx"})


def plain_files(form: Form) -> Sequence[UploadFile]:
    """The files of a form in their order, by whatever field; raises `Refused` (400) for those with another purpose."""
    for field, _ in form.files:
        if field in _NOT_PLAIN:
            raise invalid(f"form file '{field}' is known and can't be done here: {_TOOLS}")
    return [file for _, file in form.files]
