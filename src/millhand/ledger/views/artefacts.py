"""What people are shown of artefacts over all jobs."""

from dataclasses import dataclass

from millhand.ledger.views.jobs import ArtefactView


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactFilter:
    """Which artefacts are meant: words in the name, a media type or its beginning and a star (`image/*`), a tenant."""

    name: str = ""
    media_type: str = ""
    tenant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactRow:
    """An artefact beside its job: the kind, the tenant, and what the job works on."""

    artefact: ArtefactView
    kind: str
    tenant: str
    subject: str


@dataclass(frozen=True, slots=True)
class ArtefactPage:
    """Artefacts, the newest first. `next` is the cursor of the following page, or None at the end.

    A search looks at a bounded number of artefacts at a time, as that for jobs does, so a page may hold fewer rows than
    were asked for, and still have a next one.
    """

    rows: tuple[ArtefactRow, ...]
    next: int | None = None
