"""A tally of jobs, on one node or in one cluster: counts, times, and lost CPU time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from .spread import Spread

__all__ = ["TIMED_WORDS", "Tally", "TimedWord", "Times"]

TimedWord = Literal["finished", "failed", "terminated"]

TIMED_WORDS: Final[tuple[TimedWord, ...]] = get_args(TimedWord)
"""The ends whose times show how long jobs take; jobs that were abandoned or cancelled do not."""


@dataclass(slots=True, eq=False)
class Times:
    """The jobs that ended in one way: how many, how long they ran, and how long they had waited.

    ``jobs`` includes those whose start, and so whose times, are unknown.
    """

    jobs: int = 0
    ran: Spread = field(default_factory=Spread)
    waited: Spread = field(default_factory=Spread)


@dataclass(slots=True, eq=False)
class Tally:
    """A tally of the jobs of a cluster or a node. Guarded by the hub's lock.

    ``used_sec`` is the CPU time of all attempts that are over, ``lost_sec`` what of it was wasted:
    that of failed jobs and abandoned attempts.
    """

    finished: Times | None = None
    failed: Times | None = None
    terminated: Times | None = None
    used_sec: float = 0.0
    lost_sec: float = 0.0

    def times(self, word: TimedWord) -> Times | None:
        """Return the times of the jobs with that end; ``None`` if there are none."""
        found: Times | None = getattr(self, word)
        return found

    def enter(self, word: TimedWord) -> Times:
        """Return the times of the jobs with that end; create them if there are none."""
        found = self.times(word)
        if found is None:
            found = Times()
            setattr(self, word, found)
        return found

    def jobs(self, word: TimedWord) -> int:
        """Return the number of jobs with that end."""
        times = self.times(word)
        return 0 if times is None else times.jobs

    @property
    def total(self) -> int:
        """The number of jobs with any of these ends."""
        return sum(map(self.jobs, TIMED_WORDS))

    def add_used(self, seconds: float, *, lost: bool) -> None:
        """Add CPU time, wasted if *lost*; a negative amount takes some of it back."""
        self.used_sec = max(0.0, self.used_sec + seconds)
        if lost:
            self.lost_sec = max(0.0, self.lost_sec + seconds)
