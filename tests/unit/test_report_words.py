"""The report's words and figures, and the columns of a user's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from unit.reports import HOSTILE, check
from web.fakes import FakeCluster, make_node

import flask_dispy
from flask_dispy import ClusterRegistry, Column
from flask_dispy.report import render_report
from flask_dispy.report.axes import time_ticks, value_ticks
from flask_dispy.wire.wording import (
    UNKNOWN,
    Clock,
    amount,
    count,
    duration,
    percent,
    size,
    value_text,
)

# -- its look and its words ------------------------------------------------------------------


def test_report_has_the_colours_of_the_pages(registry: ClusterRegistry) -> None:
    tokens = Path(flask_dispy.__file__).parent / "static" / "css" / "tokens.css"
    assert tokens.read_text(encoding="utf-8") in render_report(registry.view("*"))


def test_times_are_those_of_one_zone() -> None:
    clock = Clock(1_700_000_000, timezone(timedelta(hours=5, minutes=30), "IST"))
    assert clock.zone_name == "IST, UTC+05:30"
    assert clock.text(1_700_000_000) == "2023-11-15 03:43:20"
    assert [clock.text(at) for at in (None, 0, -5.0, 1e300)] == ["\N{EN DASH}"] * 4
    assert Clock(0, timezone.utc).zone_name == "UTC"


def test_time_ticks_stand_at_times_that_people_name() -> None:
    clock = Clock(0, timezone(timedelta(minutes=345), "+0545"))
    day = 1_700_000_000 // 86_400 * 86_400
    assert clock.zone_name == "UTC+05:45"
    assert [label for _, label in time_ticks(day, day + 3600, 4, clock)] == [
        "05:45", "06:00", "06:15", "06:30", "06:45",
    ]  # fmt: skip
    assert next(label for _, label in time_ticks(day, day + 2, 4, clock)) == "05:45:00"
    assert len(time_ticks(day, day + 400 * 86_400, 5, clock)) <= 6


@pytest.mark.parametrize(
    ("most", "whole", "labels"),
    [
        (0, True, ["0", "1"]),
        (3, True, ["0", "1", "2", "3"]),
        (24, True, ["0", "10", "20", "30"]),
        (2900, True, ["0", "1,000", "2,000", "3,000"]),
        (0.4, False, ["0", "0.2", "0.4"]),
        (11, False, ["0", "5", "10", "15"]),
    ],
)
def test_value_ticks_are_round(most: float, whole: bool, labels: list[str]) -> None:
    assert [label for _, label in value_ticks(most, 3, whole=whole)] == labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (duration(0.012), "12 ms"),
        (duration(2.314), "2.31 s"),
        (duration(59.96), "1 min"),
        (duration(243), "4 min 3 s"),
        (duration(7199.9), "2 h"),
        (duration(190_800), "2 d 5 h"),
        (duration(None), "\N{EN DASH}"),
        (count(12_310), "12,310"),
        (amount(0.314), "0.31"),
        (amount(4.2), "4.2"),
        (amount(250.4), "250"),
        (size(631), "631 B"),
        (size(24.3 * 2**30), "24.3 GiB"),
        (percent(0.9999), "99 %"),
        (percent(0.0001), "1 %"),
        (percent(1.0), "100 %"),
    ],
)
def test_figures_read_as_on_the_pages(text: str, expected: str) -> None:
    assert text == expected


# -- columns of a user's own -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(None, "", UNKNOWN), (True, "", "yes"), (12345, "", "12,345"), (41.5, "°C", "41.5 °C"),
     (2**30, "bytes", "1.0 GiB"), (63, "percent", "63 %"), (90, "seconds", "1 min 30 s"),
     (0, "time", UNKNOWN), ("north", "°C", "north")],
)  # fmt: skip
def test_values_of_columns_are_worded(value: Any, unit: str, text: str) -> None:
    assert value_text(value, unit, Clock(0.0, timezone.utc)) == text


@pytest.fixture
def with_columns() -> Iterator[ClusterRegistry]:
    """A registry with seven columns of nodes and one of jobs, whose texts are hostile and long."""
    registry = ClusterRegistry(
        node_columns=[
            Column("temp", label="Temp", unit="°C", value=lambda _: 41.5),
            *(Column(f"text{n}", label=HOSTILE.strip("\ud800\u202e\x1b")[:9] + str(n),
                     value=lambda _: '"' * 200) for n in range(6)),
        ],
        job_columns=[Column("batch", label="Batch", value=lambda job: f"night {job.result}")],
    )  # fmt: skip
    yield registry
    registry.close()


def test_columns_are_in_the_report(with_columns: ClusterRegistry) -> None:
    cluster = FakeCluster()
    with_columns.add(cluster)
    node = cluster.join(make_node("10.0.0.1"))
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node, exception="ValueError: no", result=7)
    view = with_columns.view("*")
    wait_until(lambda: view.node("10.0.0.1")["temp"] and view.jobs().items[0]["batch"] == "night 7")
    document = check(render_report(view))
    assert "Temp" in document.text
    assert "41.5 °C" in document.text
    assert "showing 1 of 1; 5 of 7 columns of your own" in document.text
    assert document.text.count("Batch") == document.text.count("night 7") == 1
    without = check(render_report(view, arguments=False)).text
    assert "41.5 °C" in without
    assert "Batch" not in without
    assert "night" not in without


def test_report_with_many_columns_stays_small(with_columns: ClusterRegistry) -> None:
    cluster = FakeCluster()
    with_columns.add(cluster)
    for number in range(600):
        cluster.join(make_node(f"10.0.{number // 250}.{number % 250 + 1}"))
    view = with_columns.view("*")
    wait_until(lambda: all(row["text5"] for row in view.nodes()), timeout_sec=30)
    text = render_report(view)
    assert text.count(f"{'&#34;' * 39}…") == 4 * 500  # temp and four of the six texts
    check(text)
