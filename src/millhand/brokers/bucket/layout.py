"""The names of everything that the broker keeps in its folder of the bucket.

to-convert/a.docx                     a file that is a job (a route says which folders)
jobs/QUEUE/ID.json                    a job of our own; ID@INSTANT.json if it waits for its time
failed/to-convert/a.docx              what failed for good, under the name that it had
failed/to-convert/a.docx.json         why
.millhand/notes/to-convert/a.docx.json    who has a job, and what happened to it so far
.millhand/ended/jobs/QUEUE/ID.json    by which lease a job of our own has ended: for ten minutes it is not run again
.millhand/clock, .millhand/probe/…    what the store is asked about itself
"""

from urllib.parse import quote, unquote

JOBS = "jobs"
FAILED = "failed"
NOTES = ".millhand/notes"
ENDED = ".millhand/ended"
CLOCK = ".millhand/clock"
PROBES = ".millhand/probe"
_SUFFIX = ".json"


def job_key(queue: str, job_id: str, due_at: int = 0) -> str:
    """The key of a job of our own; `due_at` is the store's instant before which it does not run."""
    when = f"@{due_at}" if due_at else ""
    return f"{queue_folder(queue)}/{_quoted(job_id)}{when}{_SUFFIX}"


def queue_folder(queue: str) -> str:
    """The folder with the jobs of a queue."""
    return f"{JOBS}/{_quoted(queue)}"


def parse_job_key(key: str) -> tuple[str, str, int] | None:
    """Queue, id and due instant of a job of our own; None for a key that is none."""
    folder, _, name = key.rpartition("/")
    head, _, queue = folder.partition("/")
    stem, _, when = name.removesuffix(_SUFFIX).partition("@")
    if head != JOBS or not queue or "/" in queue or not stem or not name.endswith(_SUFFIX):
        return None
    if when and not when.isdecimal():
        return None
    return unquote(queue), unquote(stem), int(when or 0)


def failed_key(key: str) -> str:
    """Where a job is moved that failed for good; when it was due no longer matters."""
    own = parse_job_key(key)
    return f"{FAILED}/{job_key(own[0], own[1]) if own else key}"


def reason_key(key: str) -> str:
    """Where the reason is told."""
    return f"{failed_key(key)}{_SUFFIX}"


def ended_key(key: str) -> str:
    """Where it is marked that a job has ended."""
    own = parse_job_key(key)
    return f"{ENDED}/{job_key(own[0], own[1]) if own else key}"


def note_key(key: str) -> str:
    """Where the note on a job is."""
    return f"{NOTES}/{key}{_SUFFIX}"


def noted_key(key: str) -> str:
    """The job that a note is on."""
    return key.removeprefix(f"{NOTES}/").removesuffix(_SUFFIX)


def _quoted(name: str) -> str:
    """A name as one part of a key; of dots alone it would be none."""
    return quote(name, safe="-_~") if name.strip(".") else name.replace(".", "%2E")
