"""The dashboard and the alert rules ask for metrics, labels and values that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.metrics import Metrics

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "observability.md").read_text()
DASHBOARD = json.loads((DOCS / "grafana" / "sluice.json").read_text())
RULES = (DOCS / "prometheus" / "alerts.yaml").read_text()

_SAMPLE = re.compile(r"^(sluice_\w+)\{(.*?)\} ", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_SELECTOR = re.compile(r"(sluice_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_GROUPING = re.compile(r"\bby \(([^)]*)\)")


def samples() -> dict[str, dict[str, set[str]]]:
    """Name of a sample -> its labels -> their values, as the exposition has them from the start."""
    found: dict[str, dict[str, set[str]]] = {}
    for name, labels in _SAMPLE.findall(Metrics("1", lambda: 0).to_text()):
        for label, value in _LABEL.findall(labels):
            found.setdefault(name, {}).setdefault(label, set()).add(value)
    return found


SAMPLES = samples()


def dashboard_queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def rule_queries() -> list[str]:
    return re.findall(r"^ +expr: (.*)$", RULES, re.MULTILINE)


def faults_of(query: str) -> list[str]:
    """What a query asks for that is not there."""
    faults, labels = [], {"worker"}
    for name, selector in _SELECTOR.findall(query):
        if name not in SAMPLES:
            faults.append(name)
            continue
        labels |= SAMPLES[name].keys()
        for label, operator, text in _MATCHER.findall(selector):
            values = text.split("|") if "~" in operator else [text]
            known = SAMPLES[name].get(label, set())
            faults += [f'{name}{{{label}="{value}"}}' for value in values if value not in known]
    for grouping in _GROUPING.findall(query):
        faults += [label.strip() for label in grouping.split(",") if label.strip() not in labels]
    return faults


@pytest.mark.parametrize("query", [*dashboard_queries(), *rule_queries()])
def test_every_query_asks_for_what_there_is(query: str) -> None:
    assert _SELECTOR.search(query)
    assert query.count("(") == query.count(")")
    assert faults_of(query) == []


def test_a_query_for_what_there_is_not_would_be_seen() -> None:
    assert faults_of("rate(sluice_nothing_total[5m])") == ["sluice_nothing_total"]
    assert faults_of('sluice_requests_total{status="6xx"}') == ['sluice_requests_total{status="6xx"}']
    assert faults_of("sum by (key) (sluice_holds_open)") == ["key"]


def test_the_page_lists_every_metric_with_its_labels_and_no_other() -> None:
    listed = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in re.findall(
        r"^\| `(sluice_\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE
    )}  # fmt: skip
    there: dict[str, set[str]] = {}
    for name, labels in SAMPLES.items():
        there.setdefault(re.sub(r"_(bucket|sum|count)$", "", name), set()).update(labels.keys() - {"worker", "le"})
    assert listed == there


def test_every_panel_has_a_place_of_its_own() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)


def test_every_alert_says_what_it_means() -> None:
    alerts = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
    assert len(alerts) == len(set(alerts)) == len(rule_queries())
    assert len(re.findall(r'^ +summary: ".+"$', RULES, re.MULTILINE)) == len(alerts)
