"""What a process takes, read again and again, and whether it grows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psutil

__all__ = ["Gauge", "Reading", "growth_mb", "mb"]

_MB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a process: seconds since the beginning, and what it took then."""

    at: float
    rss: int
    threads: int
    descriptors: int
    cpu_sec: float


class Gauge:
    """Reads one process."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._began_at = time.monotonic()
        self.readings: list[Reading] = []

    def read(self) -> Reading:
        """Take a reading, and keep it."""
        times = self._process.cpu_times()
        reading = Reading(
            at=time.monotonic() - self._began_at,
            rss=self._process.memory_info().rss,
            threads=self._process.num_threads(),
            descriptors=self._process.num_fds(),
            cpu_sec=times.user + times.system,
        )
        self.readings.append(reading)
        return reading


def mb(size: float) -> float:
    """Return bytes as megabytes."""
    return size / _MB


def growth_mb(readings: Sequence[Reading]) -> tuple[float, float]:
    """Return by how many MB the memory grew over *readings*, and how many that is an hour.

    By the median of all slopes between two readings (Theil and Sen's), which a single peak, as
    the rendering of a report makes one, does not move.
    """
    slopes = [
        (later.rss - earlier.rss) / (later.at - earlier.at)
        for number, earlier in enumerate(readings)
        for later in readings[number + 1 :]
    ]
    if not slopes:
        return 0.0, 0.0
    slope = mb(statistics.median(slopes))
    return slope * (readings[-1].at - readings[0].at), slope * 3600
