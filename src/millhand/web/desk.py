"""What the API works with: the read side, the command side and the settings of an app, opened once."""

from dataclasses import dataclass

from millhand.app.app import App
from millhand.app.backend import Backend
from millhand.config import Settings
from millhand.control import Control
from millhand.core.errors import NotFound
from millhand.ledger.inspector import Inspector
from millhand.ledger.views import JobDetail, JobRecord
from millhand.web.access.roles import Principal
from millhand.web.fetching import Fetcher
from millhand.web.live import Hub


@dataclass(frozen=True, slots=True)
class Desk:
    """An app, connected, the hub that tells of changes, and what fetches the documents that clients name."""

    app: App
    backend: Backend
    hub: Hub
    fetcher: Fetcher

    @property
    def settings(self) -> Settings:
        """The settings of the process."""
        return self.app.settings


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, with what they may reach: the operations of the API take everything from here."""

    principal: Principal
    desk: Desk
    prefix: str = ""
    """What the links in the answer begin with."""

    @property
    def inspector(self) -> Inspector:
        """Every read."""
        return self.desk.backend.inspector

    @property
    def control(self) -> Control:
        """Every command, in the caller's name."""
        return self.desk.backend.control.acting_as(self.actor)

    @property
    def actor(self) -> str:
        """The caller's name in the audit trail."""
        return f"api:{self.principal.name}"

    def sees(self, tenant: str) -> bool:
        """Whether what belongs to this tenant is there for the caller."""
        return self.principal.tenant is None or self.principal.tenant == tenant

    async def record(self, job_id: str) -> JobRecord:
        """The job as it stands, unredacted; raises `NotFound`, also if it is another tenant's."""
        found = await self.desk.backend.record(job_id)
        if found is None or not self.sees(found.tenant):
            raise _no_job(job_id)
        return found

    async def detail(self, job_id: str) -> JobDetail:
        """All that is known of the job, for showing; raises `NotFound`, also if it is another tenant's."""
        try:
            found = await self.desk.app.history(job_id)
        except NotFound:
            raise _no_job(job_id) from None
        if not self.sees(found.row.tenant):
            raise _no_job(job_id)
        return found


def _no_job(job_id: str) -> NotFound:
    """The same words for a job that is not there and for one of somebody else."""
    return NotFound(f"there is no job '{job_id}'", hint="Jobs that ended long ago are pruned.")
