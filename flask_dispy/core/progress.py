"""How fast a run goes."""

from __future__ import annotations

from .series import Series

__all__ = ["jobs_per_sec"]

# Throughput is read over the last half minute: shorter flickers, longer hides that a run stalls.
_RATE_WINDOW_SEC = 30.0

# What a few samples tell of the first moments, or of a clock that stood still, is no pace yet.
_LEAST_SPAN_SEC = 1.0


def jobs_per_sec(series: Series, now: float) -> float:
    """Return how many jobs end a second, over the last half minute."""
    done, span = series.ended_within(now, _RATE_WINDOW_SEC)
    return done / max(span, _LEAST_SPAN_SEC)
