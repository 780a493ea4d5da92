"""The page of services: what each is for, its variables and its metrics."""

from typing import Any

from millhand.config.describe import SettingFacts
from millhand.services.catalogue import SERVICES, find
from millhand.services.service import Service
from scripts.gen_docs.markdown import code, page, table


def write() -> str:
    """The page."""
    services = [find(name) for name in SERVICES]
    return page(
        "Services",
        "A service works for the producers of an existing system, by its environment variables, messages and files:"
        " `millhand worker NAME`, or `--app NAME` with any other command. `--env-file FILE` reads variables from a"
        " file; those of the environment win. `millhand services show NAME` tells the present values. Beside its own"
        " variables a service has all of millhand's [settings](settings.md).",
        table(("service", "does"), ((f"[{one.name}](#{one.name})", one.summary) for one in services)),
        *(_section(service) for service in services),
    )


def _section(service: Service[Any]) -> str:
    return "\n\n".join(
        [
            f"## {service.name}",
            f"{service.summary} How to run it: [{service.guide}](../how-to/{service.guide}.md).",
            table(
                ("variable", "means", "default"),
                ((code(fact.env), _meaning(fact), code(fact.default)) for fact in service.settings.describe()),
            ),
            *_metrics(service),
        ]
    )


def _metrics(service: Service[Any]) -> list[str]:
    rows = [
        (code(fact.name), fact.type, fact.help, ", ".join(code(label) for label in fact.labels))
        for fact in service.metrics
    ]
    if not rows:
        return []
    return ["Its metrics, beside [millhand's](metrics.md):", table(("metric", "type", "means", "labels"), rows)]


def _meaning(fact: SettingFacts) -> str:
    return f"{fact.help} A secret." if fact.secret else fact.help
