"""The rules for Prometheus name metrics, labels and values that there are, and the how-to tells of each alert."""

import re
from typing import Any

import pytest
import yaml

from millhand.core.state import Cause, State
from millhand.telemetry.facts import FACTS
from tests.docs.pages import ROOT

_RULES = ROOT / "deploy" / "prometheus" / "millhand.rules.yml"
_HOW_TO = ROOT / "docs" / "how-to" / "alert.md"
_USE = re.compile(r"(millhand_\w+)(?:\{([^}]*)\})?")
_MATCH = re.compile(r'(\w+)=~?"([^"]*)"')
_GROUPING = re.compile(r"by \(([^)]*)\)")
_OF_A_TARGET = {"instance", "job", "le"}
_VALUES = {"outcome": set(Cause), "state": set(State), "cause": {"died"}}
_METRICS = {
    name: fact
    for fact in FACTS
    for name in ([f"{fact.name}_{part}" for part in ("bucket", "count", "sum")] if fact.buckets else [fact.name])
}


def _alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(_RULES.read_text())["groups"]
    return group["rules"]


@pytest.mark.parametrize("alert", _alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_asks_for_what_there_is(alert: dict[str, Any]) -> None:
    labels = set(_OF_A_TARGET)
    for name, matchers in _USE.findall(alert["expr"]):
        assert name in _METRICS, name
        labels |= set(_METRICS[name].labels)
        for label, values in _MATCH.findall(matchers):
            assert label in _METRICS[name].labels
            assert set(values.split("|")) <= _VALUES[label], (label, values)
    grouped = {label.strip() for labels in _GROUPING.findall(alert["expr"]) for label in labels.split(",")}
    shown = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
    assert grouped <= labels
    assert shown <= grouped | {"instance"}


def test_the_how_to_tells_of_every_alert() -> None:
    told = re.findall(r"^\| `(\w+)` \| (\w+) \|", _HOW_TO.read_text(), re.MULTILINE)
    assert told == [(alert["alert"], alert["labels"]["severity"]) for alert in _alerts()]
