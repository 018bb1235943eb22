"""How fast a run makes progress."""

from __future__ import annotations

from .series import Series

__all__ = ["jobs_per_sec"]

# Throughput is read over the last half minute: shorter flickers, longer hides that a run stalls.
_RATE_WINDOW_SEC = 30.0

# A shorter time, at the start or after the clock stood still, gives no rate yet.
_LEAST_SPAN_SEC = 1.0


def jobs_per_sec(series: Series, now: float) -> float:
    """Return how many jobs ended per second over the last half minute."""
    done, span = series.ended_within(now, _RATE_WINDOW_SEC)
    return done / max(span, _LEAST_SPAN_SEC)
