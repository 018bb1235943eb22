"""The shapes of the timeline."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...core.coloring import ColorBy, ColorClass
from .base import Column, Count, From

__all__ = ["TimelineData"]


class _LaneFigure(TypedDict, total=False):
    figure: float | None


class Lane(_LaneFigure):
    """A node's place in the timeline, as many slots high as it has CPUs, or as jobs ran at once.

    ``figure`` is there where lanes are sorted by one.
    """

    node: str
    name: str
    slots: Count


class QueueData(TypedDict):
    """How many jobs were queued at which times."""

    t: Column
    depth: Column


class _Jobs(TypedDict, total=False):
    bars: dict[str, list[object]]
    buckets: dict[str, object]
    past: bool


class TimelineData(From, _Jobs):
    """What ran where in a window of time: ``bars``, or in ``buckets`` where they are too many."""

    to: float
    now: float
    oldest: float
    ended_at: float | None
    mode: Literal["bars", "aggregate"]
    total: Count
    color: ColorBy
    classes: list[ColorClass]
    lanes: list[Lane]
    queue: QueueData
