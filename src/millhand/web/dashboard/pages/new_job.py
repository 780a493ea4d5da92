"""`/new`: start a job of any kind by a form, or run a job again with changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from millhand.core.errors import MillhandError
from millhand.core.job import NewJob
from millhand.ledger.views import JobRecord
from millhand.web import outward
from millhand.web.access.roles import Role
from millhand.web.api.models.orders import Order
from millhand.web.api.sending import checked, made, tenant_of
from millhand.web.api.submit import read
from millhand.web.dashboard.fields import Field, arguments, fields_of, filled, mapping_of
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit
from millhand.web.fetching import Place
from millhand.web.problems import status_of
from millhand.web.uploads import Folder

pages = Pages()
_DELIVERY = ("queue", "tenant", "priority", "delay")


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that is about to be sent: its fields, and the job of which it is a changed repetition."""

    kind: str
    fields: tuple[Field, ...]
    before: JobRecord | None

    @property
    def base(self) -> Mapping[str, Any]:
        """The arguments that are changed, unredacted."""
        return json.loads(self.before.args) if self.before else {}


@pages.get("/new", role=Role.OPERATOR)
async def kinds(visit: Visit) -> Response:
    """The kinds to choose from; with `job` in the address, the form for repeating that one."""
    if visit.asked("job"):
        found = await visit.visitor.record(visit.asked("job"))
        return visit.back(f"/new/{found.kind}", job=found.id)
    registry = visit.visitor.desk.app.registry
    return visit.page("kinds.html", kinds=sorted(registry, key=lambda kind: kind.name))


@pages.get("/new/{kind}", role=Role.OPERATOR)
async def form(visit: Visit) -> Response:
    """The form."""
    return _page(visit, await _draft(visit, visit.asked("job")))


@pages.post("/new/{kind}")
async def send(visit: Visit) -> Response:
    """Send the job that the form means; with a mistake in it, show the form again."""
    draft = await _draft(visit, visit.told("job"))
    texts = {name: value for name, value in visit.form.items() if isinstance(value, str)}
    try:
        job_id = await _send(visit, draft, texts)
    except MillhandError as error:
        shown = Draft(draft.kind, filled(draft.fields, texts), draft.before)
        return _page(visit, shown, error)
    return visit.back(f"/jobs/{job_id}", "sent")


async def _draft(visit: Visit, job_id: str) -> Draft:
    name = visit.request.path_params["kind"]
    schema = visit.visitor.desk.app.registry.get(name).args.model_json_schema()
    before = await visit.visitor.record(job_id) if job_id else None
    shown = (await visit.visitor.detail(job_id)).args if job_id else None
    return Draft(name, fields_of(schema, mapping_of(shown)), before)


async def _send(visit: Visit, draft: Draft, texts: Mapping[str, str]) -> str:
    order = _order(draft, texts)
    folder = Folder(visit.visitor.desk.app, tenant_of(visit.visitor, order.tenant))
    async with folder.used() as used:
        changes = {**texts, **await _kept(visit, draft, folder, texts)}
        values = arguments(draft.fields, changes, draft.base)
        if visit.visitor.principal.tenant is not None:
            folder.check(values)
        sent = await _sent(visit, draft, _job(visit, draft, order, values))
        used.is_true = True
    return sent


async def _kept(visit: Visit, draft: Draft, folder: Folder, texts: Mapping[str, str]) -> dict[str, str]:
    """The URLs of files that came along, and of those that the form names by their address on the web."""
    kept: dict[str, str] = {}
    for one in draft.fields:
        file, text = visit.form.get(f"file:{one.name}"), texts.get(one.name, "").strip()
        if isinstance(file, UploadFile) and file.filename:
            kept[one.name], _ = await folder.keep(file)
        elif one.takes_file and outward.is_address(text):
            async with visit.visitor.desk.fetcher.fetched(Place(text)) as fetched:
                kept[one.name], _ = await folder.keep(fetched)
    return kept


def _order(draft: Draft, texts: Mapping[str, str]) -> Order:
    if draft.before is not None:
        old = draft.before
        return Order(kind=old.kind, queue=old.queue, tenant=old.tenant, priority=old.priority)
    given = {name: texts[f"job:{name}"].strip() for name in _DELIVERY if texts.get(f"job:{name}", "").strip()}
    return read(Order, json.dumps({"kind": draft.kind, **given, **_numbers(given)}))


def _numbers(given: Mapping[str, str]) -> dict[str, float]:
    """The fields that are numbers; what is none is left for the model to refuse."""
    return {name: float(given[name]) for name in ("priority", "delay") if _is_number(given.get(name, ""))}


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()


def _job(visit: Visit, draft: Draft, order: Order, values: Mapping[str, Any]) -> NewJob:
    parent = draft.before.id if draft.before else None
    return made(visit.visitor, order, checked(visit.visitor, draft.kind, values), parent_id=parent)


async def _sent(visit: Visit, draft: Draft, job: NewJob) -> str:
    control = visit.visitor.control
    sent = await (control.repeat_changed(draft.before.id, job) if draft.before else control.send(job))
    return sent.id


def _page(visit: Visit, draft: Draft, error: MillhandError | None = None) -> Response:
    groups: dict[str, list[Field]] = {}
    for one in draft.fields:
        groups.setdefault(one.group, []).append(one)
    kind = visit.visitor.desk.app.registry.get(draft.kind)
    status = 200 if error is None else status_of(error)
    return visit.page("new_job.html", status=status, kind=kind, groups=groups, before=draft.before, error=error)
