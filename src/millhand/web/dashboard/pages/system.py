"""`/system`: what the doctor says, the settings with their origins, and who did what."""

from starlette.responses import Response

from millhand.config import rows
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding, Level
from millhand.doctor.examination import CHECKS
from millhand.doctor.patient import Patient
from millhand.web.access.roles import Role, Scope
from millhand.web.dashboard.pages.jobs import cursor_of
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

pages = Pages()
_ENTRIES = 50


@pages.get("/system", Scope.FLEET, Role.ADMIN)
async def system(visit: Visit) -> Response:
    """The settings and the audit trail."""
    page = await visit.visitor.inspector.audit(before=cursor_of(visit), limit=_ENTRIES)
    settings = rows(visit.visitor.desk.settings)
    changed = [row for row in settings if row.origin != "default"]
    return visit.page("system.html", page=page, settings=settings, changed=changed, capabilities=_capabilities(visit))


@pages.get("/system/doctor", Scope.FLEET, Role.ADMIN)
async def doctor(visit: Visit) -> Response:
    """What the doctor finds now: it takes a second or two."""
    findings = await _examined(visit)
    order = [Level.ERROR, Level.WARNING, Level.OK]
    shown = sorted((one for one in findings if one.level in order), key=lambda one: order.index(one.level))
    return visit.page("doctor.html", findings=shown, Level=Level)


async def _examined(visit: Visit) -> list[Finding]:
    """What each check found; one that fails does not stop the others."""
    desk = visit.visitor.desk
    patient = Patient(settings=desk.settings, app=desk.app, app_error=None, backend=desk.backend, database_error=None)
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += await check(patient)
        except MillhandError as error:
            findings.append(Finding(error.code, Level.ERROR, error.message, error.hint))
    return findings


def _capabilities(visit: Visit) -> dict[str, object]:
    """What the broker can do, by name."""
    told = visit.visitor.desk.backend.broker.capabilities
    return {name: getattr(told, name) for name in told.__dataclass_fields__}
