"""Artefacts over all jobs: the newest first, a bounded number of rows looked at for each page."""

from collections.abc import Iterator

import sqlalchemy as sa

from millhand.database.tables import artefacts, jobs
from millhand.ledger.inspector import rows
from millhand.ledger.inspector.subject import START, subject
from millhand.ledger.views import ArtefactFilter, ArtefactPage, ArtefactRow

WINDOW = 5_000
"""How many artefacts one page looks at, at most: beside each of them, its job."""

LARGEST_PAGE = 500


def page(connection: sa.Connection, wanted: ArtefactFilter, before: int | None, limit: int) -> ArtefactPage:
    """The newest artefacts that fit, older than the cursor `before` if one is given."""
    limit = max(1, min(limit, LARGEST_PAGE))
    top = before or (connection.scalar(sa.select(sa.func.max(artefacts.c.seq))) or 0) + 1
    edge = max(0, top - WINDOW)
    window = (artefacts.c.seq < top, artefacts.c.seq >= edge)
    of_job = (jobs.c.kind, jobs.c.tenant, sa.func.substr(jobs.c.args, 1, START).label("args_start"))
    fitting = sa.select(artefacts, *of_job).join_from(artefacts, jobs, jobs.c.id == artefacts.c.job_id)
    newest = fitting.where(*window, *_conditions(wanted)).order_by(artefacts.c.seq.desc()).limit(limit + 1)
    found = [_row(row) for row in connection.execute(newest).mappings()]
    reached = found[limit - 1].artefact.seq if len(found) > limit else edge
    return ArtefactPage(tuple(found[:limit]), reached or None)


def _conditions(wanted: ArtefactFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.name:
        yield artefacts.c.name.icontains(wanted.name, autoescape=True)
    if wanted.media_type.endswith("*"):
        yield artefacts.c.media_type.startswith(wanted.media_type[:-1], autoescape=True)
    elif wanted.media_type:
        yield artefacts.c.media_type == wanted.media_type
    if wanted.tenant is not None:
        yield jobs.c.tenant == wanted.tenant


def _row(row: sa.RowMapping) -> ArtefactRow:
    about = subject(row["args_start"])
    return ArtefactRow(artefact=rows.artefact(row), kind=row["kind"], tenant=row["tenant"], subject=about)
