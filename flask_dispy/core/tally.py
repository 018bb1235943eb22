"""What jobs came to, on one node or in one cluster: counts, times, and CPU time lost."""

from __future__ import annotations

from typing import Final, Literal, get_args

from .spread import Spread

__all__ = ["TIMED_WORDS", "Tally", "TimedWord", "Times"]

TimedWord = Literal["finished", "failed", "terminated"]

TIMED_WORDS: Final[tuple[TimedWord, ...]] = get_args(TimedWord)
"""The ends whose times say how long jobs take: not that a node was lost, or a job never started."""


class Times:
    """The jobs that ended in one way: how many, how long they ran, and how long they had waited.

    ``jobs`` counts those as well of which no start is known, and so no time.
    """

    __slots__ = ("jobs", "ran", "waited")

    def __init__(self) -> None:
        self.jobs = 0
        self.ran = Spread()
        self.waited = Spread()


class Tally:
    """What the jobs of a cluster, or those of a node, came to. Guarded by the hub's lock.

    ``lost_sec`` is the CPU time that came to nothing: that of failed jobs and of attempts that
    were abandoned.
    """

    __slots__ = ("failed", "finished", "lost_sec", "terminated")

    def __init__(self) -> None:
        self.finished: Times | None = None
        self.failed: Times | None = None
        self.terminated: Times | None = None
        self.lost_sec = 0.0

    def times(self, word: TimedWord) -> Times | None:
        """Return the times of the jobs that ended so; ``None`` if none did."""
        found: Times | None = getattr(self, word)
        return found

    def enter(self, word: TimedWord) -> Times:
        """Return the times of the jobs that ended so, to be added to."""
        found = self.times(word)
        if found is None:
            found = Times()
            setattr(self, word, found)
        return found

    def jobs(self, word: TimedWord) -> int:
        """Return how many jobs ended so."""
        times = self.times(word)
        return 0 if times is None else times.jobs

    @property
    def total(self) -> int:
        """How many jobs ended in any of these ways."""
        return sum(map(self.jobs, TIMED_WORDS))

    def lose(self, seconds: float) -> None:
        """Note CPU time that came to nothing; a negative one takes some of it back."""
        self.lost_sec = max(0.0, self.lost_sec + seconds)
