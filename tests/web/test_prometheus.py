"""What Prometheus, and the rules and the dashboard of docs/prometheus/, read of /metrics."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from processes import needs
from prometheus_client.parser import text_string_to_metric_families
from web.fakes import make_node, stall, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.web.blueprint import create_blueprint

DOCS = Path(__file__).parents[2] / "docs"
RULES = DOCS / "prometheus" / "alerts.yml"
BOARD = json.loads((DOCS / "prometheus" / "dashboard.json").read_text())

OURS = re.compile(r"\b(?:flask_)?dispy_[a-z_]+")


def promtool(*arguments: str | Path, given: str | None = None) -> str:
    done = subprocess.run(
        ["promtool", *map(str, arguments)],
        input=given, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def priced() -> Any:
    """A registry with all that metrics are of: a price, failures, a node whose clock is off."""
    registry = ClusterRegistry(cpu_hour_price=0.5)
    cluster = watched_cluster(registry, 'a "lab"\\1')
    alpha = cluster.join(make_node("10.0.0.2", "alpha"))
    job = cluster.submit(1)
    cluster.start(job, alpha)
    cluster.end(job, alpha, exception="Traceback\nValueError: secret")
    registry.view("*").summary()
    registry.views()[0]._state.nodes["10.0.0.2"].clock_offset_sec = 30.0  # type: ignore[attr-defined]
    yield registry
    registry.close()


@pytest.fixture
def text(priced: ClusterRegistry) -> str:
    return scraped(priced)


def scraped(registry: ClusterRegistry, **headers: str) -> str:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry))
    return app.test_client().get("/metrics", headers=headers).text


def expressions(board: dict[str, Any]) -> list[str]:
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [one.replace("$__rate_interval", "1m").replace("$cluster", ".*") for one in found]


@needs("promtool")
def test_names_and_units_are_as_prometheus_wants_them(text: str) -> None:
    promtool("check", "metrics", given=text)


@needs("promtool")
def test_prometheus_reads_what_it_gets_as_openmetrics(
    priced: ClusterRegistry, tmp_path: Path
) -> None:
    given = scraped(priced, Accept="application/openmetrics-text; version=1.0.0")
    # To be stored, samples need a time.
    timed = re.sub(r"^(?!#)(.+)$", r"\1 1700000000", given, flags=re.MULTILINE)
    (tmp_path / "metrics").write_text(timed)
    blocks = promtool(
        "tsdb", "create-blocks-from", "openmetrics", tmp_path / "metrics", tmp_path / "blocks"
    )
    assert "NUM SAMPLES" in blocks


@needs("promtool")
def test_alert_rules_are_right() -> None:
    promtool("check", "rules", RULES)
    promtool("test", "rules", RULES.with_name("alerts_test.yml"))


@needs("promtool")
def test_expressions_of_the_dashboard_are_right(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": one} for n, one in enumerate(expressions(BOARD))]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


@needs("promtool")
def test_configuration_of_the_document_is_right(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "prometheus.md").read_text(), re.M | re.S)
    shutil.copy(RULES, tmp_path)
    (tmp_path / "token").write_text("secret")
    file = tmp_path / "prometheus.yml"
    file.write_text(block.replace("/etc/prometheus/dispy_token", str(tmp_path / "token")))
    promtool("check", "config", file)


@needs("promtool")
def test_stalled_cluster_raises_the_alert(client: Any, registry: Any, tmp_path: Path) -> None:
    stall(registry, "stalls")
    lines = client.get("/metrics").text.splitlines()
    samples = [line.rpartition(" ") for line in lines if line.startswith("dispy_")]
    series = [{"series": name, "values": f"{float(n):f}x20"} for name, _, n in samples]
    expected = {
        "exp_labels": {"cluster": "stalls", "state": "stalled", "severity": "critical"},
        "exp_annotations": {
            "summary": "stalls has stalled",
            "description": "No job ends although jobs run: 3 of them take far longer than usual. "
            "The page Monitor says which.",
        },
    }
    alerts = [
        {"eval_time": "10m", "alertname": "DispyStalled", "exp_alerts": [expected]},
        {"eval_time": "10m", "alertname": "DispyWaiting"},
        {"eval_time": "10m", "alertname": "DispyFailures"},
    ]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": alerts}
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "tests": [test]}))
    promtool("test", "rules", file)


def test_metrics_and_labels_of_rules_and_dashboard_exist(text: str) -> None:
    labels: dict[str, set[tuple[str, str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels.items())
    rules = re.sub(r"^.*name: flask_dispy$", "", RULES.read_text(), flags=re.MULTILINE)
    used = " ".join([rules, json.dumps(BOARD["templating"]), *expressions(BOARD)])
    assert set(OURS.findall(used)) <= set(labels)
    for metric, selectors in re.findall(r"(\w*dispy_\w+)\{(.*?)\}", used):
        for name, sign, value in re.findall(r'(\w+)(=~?)"([^"]*)"', selectors):
            matching = {found for label, found in labels[metric] if label == name}
            wanted = value.split("|") if sign == "=~" and value != ".*" else [value]
            assert value == ".*" or set(wanted) <= matching, (metric, name, value)


def test_metrics_are_documented_and_no_others(text: str) -> None:
    table = (DOCS / "prometheus.md").read_text().partition("| metric |")[2].partition("\n\n")[0]
    documented = set(OURS.findall(" ".join(re.findall(r"^\| (`.*?) \|", table, re.M))))
    families = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in text_string_to_metric_families(text)
    }
    own = {name for name in families if name.startswith("dispy_")}
    assert {name for name in documented if name.startswith("dispy_")} == own
    assert documented <= families


def test_panels_lie_beside_each_other_and_have_their_own_numbers() -> None:
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(places)
