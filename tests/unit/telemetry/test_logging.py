"""Log lines: JSON or console, structlog and the standard library alike, secrets masked.

Each test has a process of its own, since a process has one configuration of its loggers.
"""

import json
import subprocess
import sys
from typing import Any

_CONFIGURED = """
import io, logging, sys, warnings
import structlog
from millhand.telemetry.logging import LogFormat, LogOptions, configure_logging, job_context

class Clock:
    def now(self): return 1_700_000_000_123_456
    def monotonic(self): return 0.0
    def new_id(self): return ""

configure_logging(LogOptions({options}), sys.stderr, Clock())
log = structlog.get_logger("millhand.test")
{body}
"""


def _lines(body: str, options: str = "") -> list[str]:
    program = _CONFIGURED.format(options=options, body=body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    return done.stderr.splitlines()


def _json(body: str, options: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in _lines(body, options)]


def test_a_pipe_gets_json() -> None:
    assert _json("log.info('started', executors=2)") == [
        {
            "event": "started",
            "executors": 2,
            "level": "info",
            "logger": "millhand.test",
            "timestamp": "2023-11-14T22:13:20.123Z",
        }
    ]


def test_a_console_line_is_for_people() -> None:
    (line,) = _lines("log.info('started', executors=2)", "format=LogFormat.CONSOLE")
    assert "started" in line
    assert "executors=2" in line
    assert "\x1b" not in line


def test_the_standard_library_joins_in() -> None:
    lines = _json("logging.getLogger('other').warning('%s left', 3, extra={'disk': 'sda'}); warnings.warn('old')")
    assert [line["level"] for line in lines] == ["warning", "warning"]
    assert (lines[0]["event"], lines[0]["logger"], lines[0]["disk"]) == ("3 left", "other", "sda")
    assert "old" in lines[1]["event"]


def test_the_level_holds_for_both() -> None:
    body = "log.info('a'); log.error('b'); logging.getLogger('other').info('c'); logging.getLogger('other').error('d')"
    assert [line["event"] for line in _json(body, "level='error'")] == ["b", "d"]


def test_chatty_libraries_only_warn() -> None:
    body = "logging.getLogger('alembic.runtime').info('a'); logging.getLogger('alembic.runtime').warning('b')"
    assert [line["event"] for line in _json(body, "level='debug'")] == ["b"]


def test_lines_inside_a_job_name_it() -> None:
    body = "with job_context(job_id='j', kind='k', attempt=2): logging.getLogger('x').warning('in')\nlog.info('out')"
    inside, outside = _json(body)
    assert (inside["job_id"], inside["kind"], inside["attempt"]) == ("j", "k", 2)
    assert "job_id" not in outside


def test_secrets_are_masked() -> None:
    body = """
log.info('connected to postgresql://ann:topsecret@db/x', password='topsecret', nested={'api_key': 'topsecret'},
         error=ValueError('at https://host/?sig=topsecret'), tokens=3)
logging.getLogger('x').error('postgresql://ann:%s@db/x', 'topsecret')
try:
    local = 'topsecret'
    raise ValueError('amqp://ann:topsecret@mq/')
except ValueError:
    log.exception('failed')
"""
    for options in ("", "format=LogFormat.CONSOLE"):
        text = "\n".join(_lines(body, options))
        assert "connected" in text
        assert "ValueError" in text
        assert "tokens" in text
        assert "topsecret" not in text


def test_an_exception_is_told_with_its_traceback() -> None:
    body = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    log.exception('failed')"
    (line,) = _json(body)
    assert "ZeroDivisionError: division by zero" in line["exception"]
    assert line["exception"].startswith("Traceback")
