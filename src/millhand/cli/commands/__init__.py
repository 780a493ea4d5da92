"""The commands, one module each: its options, and what it does with the parts below."""

from collections.abc import Callable, Mapping
from typing import Any

import typer

from millhand.cli.commands.config import config
from millhand.cli.commands.contract import contract
from millhand.cli.commands.convert import convert
from millhand.cli.commands.doctor import doctor
from millhand.cli.commands.enqueue import enqueue
from millhand.cli.commands.exec import exec_kind
from millhand.cli.commands.export import export
from millhand.cli.commands.failures import failures
from millhand.cli.commands.health import health
from millhand.cli.commands.help import help_topic
from millhand.cli.commands.jobs import jobs
from millhand.cli.commands.keys import keys
from millhand.cli.commands.kinds import kinds
from millhand.cli.commands.queues import queues
from millhand.cli.commands.schedules import schedules
from millhand.cli.commands.schema import schema
from millhand.cli.commands.serve import serve
from millhand.cli.commands.service import service
from millhand.cli.commands.services import services
from millhand.cli.commands.top import top
from millhand.cli.commands.up import up
from millhand.cli.commands.version import version
from millhand.cli.commands.worker import worker
from millhand.cli.commands.workers import workers

COMMANDS: Mapping[str, Callable[..., Any]] = {
    "up": up,
    "worker": worker,
    "serve": serve,
    "convert": convert,
    "export": export,
    "enqueue": enqueue,
    "exec": exec_kind,
    "doctor": doctor,
    "contract": contract,
    "top": top,
    "health": health,
    "version": version,
    "help": help_topic,
}
GROUPS: Mapping[str, typer.Typer] = {
    "jobs": jobs,
    "queues": queues,
    "workers": workers,
    "failures": failures,
    "kinds": kinds,
    "schedules": schedules,
    "keys": keys,
    "services": services,
    "service": service,
    "config": config,
    "schema": schema,
}
