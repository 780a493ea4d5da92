"""How Word can fail, in words for people. What is wrong with a document itself is told as LibreOffice's engine does."""

from millhand.core.errors import EngineFailed, EngineMissing


class WordMissing(EngineMissing):
    """Word can't be driven here: this is not Windows, or pywin32 or Word is not installed."""

    default_code = "word_missing"
    default_hint = (
        'On Windows install Word and `pip install "millhand[word]"`; elsewhere use engine libreoffice or auto.'
    )


class WordBusy(EngineFailed):
    """Word was busy with other documents for longer than a document may wait."""

    default_code = "word_busy"
    default_hint = "Run more executors (worker.executors), each with its own Word, or raise word.busy."


class WordHung(EngineFailed):
    """Word did not answer in time, perhaps behind a dialog that nobody sees; that very process was ended."""

    default_code = "word_hung"
    default_hint = "Open the document in Word and see what it asks; `millhand doctor` checks what Word needs here."


class WordDied(EngineFailed):
    """Word's process ended while it worked on the document, and did so again with a new one."""

    default_code = "word_died"
    default_hint = "Open the document in Word; if others die as well, repair Office."


class WordFailed(EngineFailed):
    """Word refused a step, and said why."""

    default_code = "word_failed"
    default_hint = "Open the document in Word and export it there; `millhand doctor` checks what Word needs here."
