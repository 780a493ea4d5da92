"""A long history as SQL that SQLite and PostgreSQL both understand: the same rows each time, made inside the database.

Everything about a job follows from its number by hashes. The jobs go back a week; of the newest tenth a quarter still
waits. Groups of failures and tenants are of very different sizes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from millhand.core.clock import MICROSECONDS

EVENTS_EACH = 10
_CHATTY = 100
"""So many jobs have logged 3,000 lines more."""

_DAY = 86_400 * MICROSECONDS
_WEEK, _YEAR = 7 * _DAY, 365 * _DAY
_MULTIPLIERS = {"a": 2_654_435_761, "b": 2_246_822_519, "c": 3_266_489_917, "d": 668_265_263}
_QUEUES = ("documents", "pages", "mail", "media", "reports", "bench")
_KINDS = {
    400: "document.convert",
    600: "page.export",
    750: "mail.send",
    850: "image.resize",
    930: "report.build",
    980: "video.transcode",
    1_000: "bench.noop",
}
_QUEUE_OF = {400: "documents", 600: "pages", 750: "mail", 850: "media", 930: "reports", 980: "media", 1_000: "reports"}
_JOBS = (
    "id, version, kind, queue, tenant, priority, state, args, headers, key, limit_key, parent_id, failures, crashes,"
    " max_attempts, max_crashes, fence, worker, lease_until, enqueued_at, run_at, claimed_at, started_at, finished_at,"
    " result, error_code, error_message, error_fingerprint"
)
_TRACE = "Traceback (most recent call last):\\n" + '  File \\"/srv/app/jobs.py\\", line 42, in run\\n' * 12


@dataclass(frozen=True, slots=True)
class History:
    """How many jobs there are, and the instant at which the newest came."""

    jobs: int
    now: int

    def statements(self) -> Iterator[str]:
        """What makes it, in an empty ledger."""
        yield f"INSERT INTO jobs ({_JOBS}) {self._jobs()}"
        yield f"INSERT INTO attempts {_ATTEMPTS}"
        each = _series(EVENTS_EACH)
        yield f"INSERT INTO events (job_id, attempt, at, name, level, text, fields) {each} {_events('jobs.seq > 0')}"
        chatty = f"jobs.seq % {max(1, self.jobs // _CHATTY)} = 0"
        yield f"INSERT INTO events (job_id, attempt, at, name, level, text, fields) {_series(3_000)} {_events(chatty)}"
        yield f"INSERT INTO artefacts (job_id, attempt, at, name, url, media_type, size, sha256, facts) {_ARTEFACTS}"
        yield from self._small()

    def _jobs(self) -> str:
        step = _WEEK // self.jobs
        ended, failed = "state IN ('completed', 'discarded', 'cancelled')", "state IN ('discarded', 'retryable')"
        run = f"at + (a + 1) * {MICROSECONDS // 100}"
        group = "(c / 100) * 40 + (b * b / 1000) % 40"
        key, parent = "CASE WHEN b % 10 = 0 THEN 'order-' || n END", f"CASE WHEN n % 20 = 1 THEN {job_id('n - 1')} END"
        hashes = ", ".join(
            f"(n * {factor} % 4294967296) / 4294968 AS {name}"  # 0 to 999
            for name, factor in _MULTIPLIERS.items()
        )
        return f"""
WITH RECURSIVE numbers(n) AS (
    SELECT CAST(1 AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n < {self.jobs}
), hashed AS MATERIALIZED (SELECT n, {hashes}, {self.now} - ({self.jobs} - n) * {step} AS at FROM numbers
), stated AS MATERIALIZED (SELECT hashed.*, {self._state()} AS state FROM hashed)
SELECT {job_id("n")}, 1, {_choice("c", _KINDS)}, {_choice("c", _QUEUE_OF)}, 'tenant-' || (d * d / {5 * 1000}),
    CASE WHEN b % 50 = 0 THEN 10 ELSE 0 END, state,
    '{{"source":"s3://intake/2026/' || n || '.docx","target":"s3://done/2026/' || n || '.pdf","language":"en"}}',
    '{{"sent-by":"api:shop","trace":"' || n || '"}}', {key},
    CASE WHEN d % 10 = 0 THEN 'host-' || (b % 20) ELSE '' END, {parent},
    CASE WHEN {failed} THEN 3 ELSE 0 END, 0, 5, 3, CASE WHEN {ended} OR {failed} OR state = 'running' THEN 1 ELSE 0 END,
    CASE WHEN state = 'running' THEN 'worker-1' END, CASE WHEN state = 'running' THEN {self.now + _YEAR} END,
    at, CASE WHEN state IN ('scheduled', 'retryable') THEN at + {30 * _DAY} ELSE at END,
    CASE WHEN {ended} OR state = 'running' THEN {run} END, CASE WHEN {ended} THEN {run} END,
    CASE WHEN {ended} THEN {run} + (b + 1) * {MICROSECONDS // 100} END,
    CASE WHEN state = 'completed' THEN '{{"pages":' || (b % 40) || ',"seconds":' || (a % 20) || '}}' END,
    CASE WHEN {failed} THEN 'code_' || (b % 12) END,
    CASE WHEN {failed} THEN 'page ' || (a % 90) || ' of the document ' || n || '.docx can not be laid out: the table is'
        || ' wider than the page, and ' || (b % 7) || ' fonts are missing' END,
    CASE WHEN {failed} THEN substr(CAST(1000000000000 + {group} AS text), 2) END
FROM stated ORDER BY n"""

    def _state(self) -> str:
        young, running = self.jobs - self.jobs // 10, self.jobs - self.jobs // 40
        return f"""CASE
            WHEN n > {running} AND n <= {running + 8} THEN 'running'
            WHEN n > {young} AND d < 250 THEN
                CASE WHEN a < 700 THEN 'available' WHEN a < 850 THEN 'scheduled' ELSE 'retryable' END
            WHEN a < 940 THEN 'completed' WHEN a < 975 THEN 'discarded' ELSE 'cancelled' END"""

    def _small(self) -> Iterator[str]:
        for name in _QUEUES:
            caps = "2000, 50, 4" if name == "pages" else "NULL, NULL, NULL"
            yield (
                "INSERT INTO queues (name, max_running, max_per_tenant, max_per_limit_key)"
                f" VALUES ('{name}', {caps}) ON CONFLICT DO NOTHING"
            )
        yield f"""
INSERT INTO workers (id, host, pid, version, queues, kinds, slots, state, facts, started_at, seen_at) {_series(12)}
SELECT 'worker-' || k, 'host-' || k, 100 + k, '0.1.0', '[]', '["document.convert", "page.export", "mail.send"]', 4,
    'running', '{{"engines": []}}', {self.now}, {self.now} FROM series"""
        yield f"""
INSERT INTO schedules (name, cron, zone, missed, kind, args, queue, tenant, priority, enabled, next_at) {_series(30)}
SELECT 'nightly-' || k, '5 3 * * *', 'Europe/Berlin', 'one', 'bench.noop', '{{"number": 1}}', 'bench', '', 0, TRUE,
    {self.now + _YEAR} FROM series"""
        yield f"""
INSERT INTO audit (at, actor, action, target, details) {_series(20_000)}
SELECT {self.now} - (20000 - k) * {MICROSECONDS}, 'web:anybody', 'jobs.retry', {job_id("k")}, '{{"jobs": 1}}'
FROM series"""


def freshen(newest: int, ended: int, now: int) -> Iterator[str]:
    """Bring the newest jobs, from the number `newest` on, to the present; `ended` is when the last one ended.

    What was summed of them before is forgotten.
    """
    moved = ("enqueued_at", "run_at", "claimed_at", "started_at", "finished_at")
    changes = ", ".join(f"{column} = {column} + {now - ended}" for column in moved)
    yield f"UPDATE jobs SET {changes} WHERE seq > {newest}"
    yield f"UPDATE workers SET seen_at = {now + _DAY}"
    yield "DELETE FROM endings"
    yield "DELETE FROM marks"


def job_id(number: str | int) -> str:
    """The id of a job by its number, an SQL expression or a number, as an SQL expression."""
    digits = f"CAST(10000000000 + {number} AS text)"
    return f"'01' || substr({digits}, 2, 6) || '-' || substr({digits}, 8) || '-7000-8000-000000000000'"


def named(number: int) -> str:
    """The same for a program."""
    digits = f"{number:010}"
    return f"01{digits[:6]}-{digits[6:]}-7000-8000-000000000000"


def _choice(value: str, choices: Mapping[int, str]) -> str:
    return "CASE " + " ".join(f"WHEN {value} < {bound} THEN '{name}'" for bound, name in choices.items()) + " END"


def _series(count: int) -> str:
    return (
        f"WITH RECURSIVE series(k) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT k + 1 FROM series WHERE k < {count})"
    )


_ENDED = "finished_at IS NOT NULL"
_ATTEMPTS = f"""
SELECT seq, tries.fence, tries.fence, 'worker-' || (seq % 12), 'executor-' || (seq % 4), run_at, claimed_at, started_at,
    finished_at, CASE WHEN tries.fence < 3 AND error_code IS NOT NULL THEN 'retryable' ELSE state END,
    CASE WHEN error_code IS NOT NULL THEN 'failed' WHEN state = 'cancelled' THEN state ELSE 'succeeded' END, 'attempt',
    CASE WHEN error_code IS NOT NULL THEN '{{"code":"' || error_code || '","type":"LayoutError","message":"'
        || error_message || '","traceback":"{_TRACE}","fingerprint":"' || error_fingerprint || '"}}' END
FROM jobs CROSS JOIN (SELECT 1 AS fence UNION ALL SELECT 2 UNION ALL SELECT 3) AS tries
WHERE {_ENDED} AND (tries.fence = 1 OR error_code IS NOT NULL)"""
_ARTEFACTS = f"""
SELECT id, 1, finished_at, 'document.pdf', 's3://done/2026/' || seq || '.pdf', 'application/pdf', 20000 + seq % 90000,
    substr(id || id, 1, 64), '{{"pages": 3}}' FROM jobs
WHERE {_ENDED} AND state = 'completed' AND queue IN ('documents', 'pages')"""


def _events(which: str) -> str:
    """What each of these jobs that ended reported."""
    return f"""
SELECT id, 1, started_at + k * 1000, CASE WHEN k % 5 = 0 THEN 'progress' ELSE 'log' END,
    CASE WHEN k % 5 = 0 THEN NULL ELSE 'info' END, 'page ' || k || ' is laid out',
    CASE WHEN k % 5 = 0 THEN '{{"fraction": 0.5}}' ELSE '{{"page": ' || k || '}}' END
FROM jobs CROSS JOIN series WHERE {_ENDED} AND {which}"""
