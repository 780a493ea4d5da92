"""What people are shown: frozen values that the inspector reads and that the API, the dashboard and the CLI write out.

Instants are microseconds since the epoch, durations seconds. Arguments, headers, results and texts are
redacted (`redact`).
"""

from millhand.ledger.views.artefacts import ArtefactFilter, ArtefactPage, ArtefactRow
from millhand.ledger.views.fleet import (
    Activity,
    AuditPage,
    AuditView,
    Board,
    FailureGroup,
    Overview,
    QueueView,
    ScheduleView,
    Trend,
    WorkerView,
)
from millhand.ledger.views.jobs import (
    ArtefactView,
    AttemptView,
    Count,
    EventView,
    JobDetail,
    JobPage,
    JobRecord,
    JobRow,
    Reason,
    Step,
    between,
)

__all__ = [
    "Activity",
    "ArtefactFilter",
    "ArtefactPage",
    "ArtefactRow",
    "ArtefactView",
    "AttemptView",
    "AuditPage",
    "AuditView",
    "Board",
    "Count",
    "EventView",
    "FailureGroup",
    "JobDetail",
    "JobPage",
    "JobRecord",
    "JobRow",
    "Overview",
    "QueueView",
    "Reason",
    "ScheduleView",
    "Step",
    "Trend",
    "WorkerView",
    "between",
]
