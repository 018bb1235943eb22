"""How many bytes the texts of ended jobs take, and which of them make room if need be."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from sys import getsizeof
from typing import Final, TypeAlias

from .jobs import Job, Output
from .text import Cut, bounded, last_line

__all__ = ["DEFAULT_HISTORY_BYTES", "MOST_TEXT", "TextBudget", "most_kept"]

DEFAULT_HISTORY_BYTES: Final = 250_000_000
"""Enough for 60,000 jobs with four texts of 1,024 characters each."""

MOST_TEXT: Final = 1_000_000
"""The most characters that may be kept of a text."""

# Arguments are kept of jobs that wait, too, of which there may be hundreds of thousands; and each
# error is read for its kind.
_MOST_KEPT: Final = {"args": 4_096, "kwargs": 4_096, "exception": 16_384}

# Jobs with fewer characters are not worth counting.
_SMALL: Final = 2_000

# What is kept of an error, and of arguments, once a job's texts are dropped.
_REMAINS: Final = 200

_Dropped: TypeAlias = Callable[[tuple[int, ...]], None]


def most_kept(field: str, text_limit: int) -> int:
    """Return the most characters that are kept of a job's *field*."""
    return min(text_limit, _MOST_KEPT.get(field, text_limit))


class TextBudget:
    """The texts of ended jobs, in bytes; above *limit* those of the jobs that ended first go.

    A job whose texts were dropped keeps the beginning of its arguments and the last line of its
    error. Jobs with fewer than 2,000 characters of texts are not counted. Guarded by the hub's
    lock.

    ``used`` is how many bytes the texts take, ``dropped`` how many jobs have lost theirs.
    """

    def __init__(self, limit: int = DEFAULT_HISTORY_BYTES) -> None:
        self.limit = limit
        self.used = 0
        self.dropped = 0
        self._jobs: OrderedDict[int, tuple[Job, int, _Dropped]] = OrderedDict()

    def note(self, job: Job, dropped: _Dropped) -> None:
        """Count the texts of a job that has ended, or whose texts have changed since.

        :param dropped: called with its serial number, in a tuple, if they are dropped later.
        """
        if job.texts_dropped:
            _drop_texts(job)
            return
        size = _size_of(job)
        known = self._jobs.get(job.serial)
        if not size and known is None:
            return
        self.used += size - (known[1] if known else 0)
        self._jobs[job.serial] = job, size, dropped  # one that is known keeps its place
        while self.used > self.limit:
            serial, (oldest, freed, note_dropped) = self._jobs.popitem(last=False)
            self.used -= freed
            self.dropped += 1
            _drop_texts(oldest)
            note_dropped((serial,))

    def forget(self, job: Job) -> None:
        """Count the texts of a job no longer, because the job is dropped or runs again."""
        known = self._jobs.pop(job.serial, None)
        if known is not None:
            self.used -= known[1]


def _size_of(job: Job) -> int:
    """Return how many bytes a job's texts take, 0 if they are few."""
    # Written out, because this is called for each job that ends.
    output = job.output
    chars = len(job.args or "") + len(job.kwargs or "")
    if output is not None:
        chars += len(output.result or "") + len(output.stdout or "") + len(output.stderr or "")
        chars += len(output.exception or "") + len(output.provisional_result or "")
    if chars <= _SMALL:
        return 0
    outputs = [getattr(output, field) for field in Output.__slots__] if output else []
    return sum(getsizeof(text) for text in (job.args, job.kwargs, *outputs) if text)


def _drop_texts(job: Job) -> None:
    """Drop a job's texts but for what names it, and note which it has lost."""
    output = job.output or Output()
    # One that is still being made is empty.
    lost = {name for name in Output.__slots__ if getattr(output, name) is not None}
    lost |= {name for name in ("args", "kwargs") if len(getattr(job, name) or "") > _REMAINS}
    exception = output.exception
    if exception is None or len(exception) <= _REMAINS:
        lost.discard("exception")
    else:
        exception = Cut(bounded(last_line(exception) or "", _REMAINS))
    job.args = job.args and bounded(job.args, _REMAINS)
    job.kwargs = job.kwargs and bounded(job.kwargs, _REMAINS)
    job.haystack = None
    job.output = None if exception is None else Output(exception=exception)
    job.texts_dropped = tuple(sorted(lost.union(job.texts_dropped)))
