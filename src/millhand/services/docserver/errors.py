"""What a client of the document server is told when there is no PDF."""

from millhand.core.errors import Permanent, Transient


class DocumentRefused(Permanent):
    """A worker or the local engine gave the document up. The code and the message are those of the failure."""

    default_code = "document_refused"
    default_hint = "Open it in Word and save it again."


class NotConverted(Transient):
    """There is no PDF for now: no worker made it in time, and it was not made here."""

    default_code = "not_converted"
    default_hint = "Look whether a worker runs: millhand.services.docserver.client.health_check()."


class BadAnswer(Transient):
    """What lies where the PDF should be is none."""

    default_code = "bad_answer"
