"""What can be wrong with an uploaded bundle, in words for the person whose pages it holds."""

from millhand.core.errors import Permanent


class BadBundle(Permanent):
    """The bundle can't be shown. The code says which of the reasons it is."""

    default_code = "bad_bundle"
    default_hint = "Upload a zip with an index.html in it, and the files that it names beside it."
