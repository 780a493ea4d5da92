"""How an export can fail, in words for the person whose page it is."""

from millhand.core.errors import EngineFailed, Permanent, Transient


class BadPage(Permanent):
    """The page can't be exported as it is. The code says which of the reasons it is."""

    default_code = "bad_page"


class AddressRefused(Permanent):
    """The page's address, or one that it leads to, is private, local or not of the web."""

    default_code = "address_refused"
    default_hint = "Name the host in the setting chromium.allowed_hosts if jobs shall reach it."


class PageTooDemanding(Permanent):
    """The page needs more time, memory, transfer or pixels than one page is allowed."""

    default_code = "page_too_demanding"
    default_hint = "Make the page lighter, or raise the limits for one page."


class PageUnreachable(Transient):
    """The page, or its server, did not answer properly for now."""

    default_code = "page_unreachable"


class PageCrashed(EngineFailed):
    """The browser, or the page's process in it, ended while it worked on the page."""

    default_code = "page_crashed"


class PageUnstable(EngineFailed):
    """The page changed while its parts were captured, so they do not fit together."""

    default_code = "page_unstable"
    default_hint = "Wait for the page to come to rest (`wait`), and stop its animations when media is print."
