"""Figures for Prometheus that each cluster has several of: by kind of error or event, by node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from ...core.journal import ENTRY_KINDS

if TYPE_CHECKING:
    from prometheus_client import Metric

    from ...watching.views import View

__all__ = ["MOST_CLOCKS", "MOST_ERRORS", "view_metrics"]

MOST_ERRORS: Final = 20
"""How many kinds of errors of a cluster have a label of their own."""

MOST_CLOCKS: Final = 100
"""How many nodes of a cluster have one: those whose clocks are furthest off."""


def view_metrics(views: Iterable[View]) -> Iterator[Metric]:
    """Yield failures by kind of error, events by kind, and how far the nodes' clocks are off."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    # No counter, because "other" loses what a kind had there when the kind gets its own label.
    failures = GaugeMetricFamily(
        "dispy_failures",
        f"Failed jobs by kind of error: the {MOST_ERRORS} most frequent, and all others as other.",
        labels=["cluster", "kind", "type"],
    )
    events = CounterMetricFamily(
        "dispy_events", "What happened, by kind of event.", labels=["cluster", "kind"]
    )
    offsets = GaugeMetricFamily(
        "dispy_node_clock_offset_seconds",
        f"How far a node's clock is ahead, if by 2 s or more: the {MOST_CLOCKS} furthest off.",
        labels=["cluster", "node"],
    )
    for view in views:
        page = view.error_kinds(limit=MOST_ERRORS)
        for row in page.items:
            failures.add_metric([view.name, row["id"], row["type"]], row["count"])
        rest = page.failed - sum(row["count"] for row in page.items)
        failures.add_metric([view.name, "other", ""], rest)
        # The counts are of all kinds, whatever kind of entries is asked for.
        counts = view.events(["done"], limit=1).counts
        for kind in ENTRY_KINDS:
            events.add_metric([view.name, kind], counts[kind]["happened"] if kind in counts else 0)
        for ip_addr, offset_sec in view.clock_offsets(MOST_CLOCKS).items():
            offsets.add_metric([view.name, ip_addr], offset_sec)
    yield from (failures, events, offsets)
