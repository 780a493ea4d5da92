"""The document server as a service: what its variables mean for millhand's settings, its kind, and its heartbeat."""

from functools import partial

from millhand.app.app import App
from millhand.app.attached import Duty
from millhand.app.handler_settings import document_settings
from millhand.brokers.bucket import parse
from millhand.config import Settings, beneath, over
from millhand.handlers.documents.convert import ConvertDocument, documents
from millhand.services.docserver import checks
from millhand.services.docserver.heartbeat import EVERY, Heartbeat
from millhand.services.docserver.place import is_bucket
from millhand.services.docserver.record import Record
from millhand.services.docserver.settings import DocserverSettings
from millhand.services.service import Service, Told

_ORIGIN = "service docserver"
_OUTAGE_PAUSES = (5.0, 10.0, 20.0, 40.0, 80.0, 120.0)
"""As the original worker waits for its bucket."""


def adapted(general: Settings, own: DocserverSettings) -> Settings:
    """Millhand's settings for a worker that is this service, or for a client of it."""
    told = _with_store(general, own)
    if own.broker:
        told = beneath(told, {"broker": own.broker}, "environment MINIO_BUCKET")
    queues: list[str] = [ConvertDocument.queue]
    if is_bucket(told.broker):
        queues = parse(told.broker).queues
        told = beneath(told, {"blob_roots": ()}, _ORIGIN)  # what it reads and writes is in the bucket
    values: dict[str, object] = {
        "worker.queues": tuple(queues),
        "worker.outage_pauses": _OUTAGE_PAUSES,
        "libreoffice.seconds": own.docserver_timeout,
        "word.seconds": own.docserver_timeout,
        "documents.engine": own.docserver_engine,
    }
    return beneath(told, values, _ORIGIN)


def _with_store(settings: Settings, own: DocserverSettings) -> Settings:
    """Its variables win over those of other programs, such as Amazon's, and not over millhand's own."""
    for name, (value, variable) in own.store.items():
        if not _is_millhands(settings, settings.origin(name)):
            settings = over(settings, {name: value}, f"environment {variable}")
    return settings


def _is_millhands(settings: Settings, origin: str) -> bool:
    file = f"{settings.file}:" if settings.file else "flag "
    return origin.startswith(("flag ", "environment MILLHAND_", file))


def kinds(_: Told[DocserverSettings]) -> App:
    """Nothing: the kind that it does comes with millhand."""
    return App()


def voice(told: Told[DocserverSettings], app: App) -> None:
    """Its kind, by its own limits; the heartbeat, and what it tells; checks for the doctor."""
    app.include(documents(document_settings(told.general)))
    record = Record()
    heartbeat = Heartbeat(lambda: told.general, record, app.clock)
    app.observers.append(lambda _: record)
    app.duties.append(Duty("heartbeat", EVERY, heartbeat.beat))
    app.checks += [partial(check, told) for check in checks.CHECKS]


SERVICE = Service(
    name="docserver",
    summary="Turn the DOCX files that others put into a bucket into PDFs, and say that it lives.",
    settings=DocserverSettings,
    adapt=adapted,
    kinds=kinds,
    voice=voice,
    guide="run-the-document-server",
)
