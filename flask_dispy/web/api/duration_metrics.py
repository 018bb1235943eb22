"""How long jobs ran and waited, as histograms for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Final

from ...core.tally import TIMED_WORDS, TimedWord
from ...wire.durations import SpreadRow

if TYPE_CHECKING:
    from prometheus_client import Metric

    from ...watching.views import View

__all__ = ["LIMITS_SEC", "duration_metrics"]

# Half powers of ten, on which edges of the histograms' own buckets stand: counts are exact.
LIMITS_SEC: Final = tuple(10 ** (half / 2) for half in range(-6, 13))


def duration_metrics(views: Iterable[View]) -> Iterator[Metric]:
    """Yield a histogram of the time run and one of the time waited, by cluster and state."""
    from prometheus_client.core import HistogramMetricFamily

    ran, waited = (
        HistogramMetricFamily(name, text, labels=["cluster", "state"])
        for name, text in (
            ("dispy_job_run_seconds", "How long jobs ran; the sum is off by 5 % at most."),
            ("dispy_job_wait_seconds", "How long they had waited; the sum is off by 5 % at most."),
        )
    )
    for view in views:
        found = view.durations()
        for metric, row in ((ran, found["ran"]), (waited, found["waited"])):
            for word in TIMED_WORDS:
                buckets, sum_sec = _cumulated(row, word)
                metric.add_metric([view.name, word], buckets, sum_sec)
    yield from (ran, waited)


def _cumulated(row: SpreadRow, word: TimedWord) -> tuple[list[tuple[str, float]], float]:
    """Return how many jobs took up to each limit, and how long all of them took."""
    spread = list(zip(pairwise(row["edges_sec"]), row["counts"][word], strict=True))
    buckets: list[tuple[str, float]] = [
        (f"{limit:.3g}", sum(jobs for (_, edge), jobs in spread if edge <= limit * (1 + 1e-5)))
        for limit in LIMITS_SEC
    ]
    buckets.append(("+Inf", sum(jobs for _, jobs in spread)))
    return buckets, sum(jobs * sqrt(low * high) for (low, high), jobs in spread)
