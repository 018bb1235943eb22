"""One job as the dashboard knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

from .columns import ColumnValue
from .events import EndState, JobKey, JobState, JobWord
from .text import Cut, last_line

__all__ = [
    "ENDED_STATES",
    "JOB_STATES",
    "JOB_WORDS",
    "UNFINISHED_WORDS",
    "ForgottenJob",
    "Job",
    "Output",
    "Rerun",
    "TextSetting",
    "count_of",
    "job_title",
]

JOB_STATES: Final[tuple[JobState, ...]] = get_args(JobState)
ENDED_STATES: Final[frozenset[JobState]] = frozenset(get_args(EndState))

JOB_WORDS: Final[tuple[JobWord, ...]] = get_args(JobWord)
"""The states as people read them; each job is in one of them.

dispy calls a job terminated if it raised, if its process died, or if somebody ended it. People read
"failed" for the first two.
"""


UNFINISHED_WORDS: Final = frozenset[JobWord](("failed", "terminated", "cancelled", "abandoned"))
"""The states of jobs that ended without finishing, which can be run again."""

TextSetting = Literal["text_limit", "history_bytes"]
"""The settings for want of which a text is not kept whole."""

# Characters of each text in which searches look for a word.
_SEARCHED: Final = 1_024


def count_of(jobs: Mapping[str, Any], word: JobWord) -> int:
    """Return how many jobs have this *word*, given a summary's ``jobs``.

    Its ``terminated`` is dispy's, which includes the failed ones.
    """
    count: int = jobs[word]
    return max(0, count - jobs["failed"]) if word == "terminated" else count


def job_title(job_id: str, serial: int) -> str:
    """Return a job's name for people: its id, and its serial number unless that is the same."""
    name = job_id.strip()
    return name if name == str(serial) else f"{name} #{serial}".strip()


class Rerun(NamedTuple):
    """How a job is related to others, by their serial numbers.

    It was made by running the job *of* again. It was itself run again *times* times; *latest* is
    the newest job that was made so, ``None`` if no such job is known.
    """

    of: int | None = None
    latest: int | None = None
    times: int = 0


@dataclass(slots=True, eq=False)
class Output:
    """What a job has produced so far, as bounded texts, or ``None``."""

    result: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    exception: str | None = None
    provisional_result: str | None = None


@dataclass(slots=True, eq=False)
class Job:
    """A job's record: mutable, owned by one ``ClusterState``, read under the hub's lock.

    A queued job holds no ``Output`` and no past, because there may be hundreds of thousands of
    them. ``past`` lists the abandoned attempts, as (state, at, node); ``columns`` are the values of
    the custom columns in their order, empty before there are any; ``error_kind`` is the id of the
    kind of error that it failed with; ``texts_dropped`` names those of its texts that, all or in
    part, had to make room; ``rerun`` is what is known of running it again, ``None`` if nothing.
    """

    serial: int
    key: JobKey
    submitted_at: float
    id: str
    args: str | None
    kwargs: str | None
    state: JobState = "queued"
    node: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    attempts: int = 0
    output: Output | None = None
    past: list[tuple[str, float, str | None]] | None = None
    columns: tuple[ColumnValue, ...] = ()
    haystack: str | None = None
    error_kind: str | None = None
    texts_dropped: tuple[str, ...] = ()
    rerun: Rerun | None = None

    def make_haystack(self) -> str:
        """Return the text in which searches look for a free word, kept until the job changes.

        Searches call it without the hub's lock. Code that changes the job drops the text last, so
        a text made during a change is found stale here, or dropped there.
        """
        parts = self._searched()
        *texts, exception = parts
        searched = [text[:_SEARCHED] for text in (*texts, last_line(exception)) if text]
        haystack = "\n".join(searched).casefold()
        self.haystack = haystack
        if self._searched() != parts:
            self.haystack = None
        return haystack

    def _searched(self) -> tuple[str | None, ...]:
        columns = [str(value) for value in self.columns if type(value) in (str, int, float)]
        return (self.id, self.node, self.args, self.kwargs, *columns, self.exception)

    def duration_sec(self, now: float) -> float | None:
        """Return how many seconds the last attempt took, or has taken until *now*."""
        # Each is read once: searches call this without the hub's lock.
        started, ended = self.started_at, self.ended_at
        if started is None:
            return None
        return max(0.0, (now if ended is None else ended) - started)

    def waited_sec(self, now: float) -> float:
        """Return the seconds that the job waited for its latest start, or has waited until *now*.

        One that never started waited until its end.
        """
        started, ended = self.started_at, self.ended_at
        until = ended if started is None else started
        return max(0.0, (now if until is None else min(until, now)) - self.submitted_at)

    @property
    def exception(self) -> str | None:
        """The traceback of a job that raised."""
        output = self.output
        return output.exception if output else None

    @property
    def texts_cut(self) -> dict[str, TextSetting] | None:
        """Which of its texts are not kept whole, each with the setting that limits it."""
        cut: dict[str, TextSetting] = {}
        for name in ("args", "kwargs"):
            if isinstance(getattr(self, name), Cut):
                cut[name] = "text_limit"
        if self.output is not None:
            for name in Output.__slots__:
                if isinstance(getattr(self.output, name), Cut):
                    cut[name] = "text_limit"
        for name in self.texts_dropped:
            cut[name] = "history_bytes"
        return cut or None

    @property
    def failed(self) -> bool:
        """Whether an error ended the job, rather than somebody's command."""
        return self.state == "terminated" and self.exception is not None

    @property
    def word(self) -> JobWord:
        """The state as people read it: one of ``JOB_WORDS``."""
        state = self.state
        return "failed" if state == "terminated" and self.exception is not None else state

    def forgotten(self) -> ForgottenJob:
        """Return what is remembered of the job after its record was evicted."""
        job = ForgottenJob(self.serial, self.key, self.submitted_at, self.id, None, None)
        job.state, job.node, job.attempts = self.state, self.node, self.attempts
        job.started_at, job.ended_at = self.started_at, self.ended_at
        return job

    def history(self) -> list[dict[str, Any]]:
        """Return the states that the job has been in, oldest first."""
        steps: list[tuple[str, float, str | None]] = [("queued", self.submitted_at, None)]
        steps.extend(self.past or ())
        if self.started_at is not None:
            steps.append(("running", self.started_at, self.node))
        if self.ended_at is not None:
            steps.append((self.state, self.ended_at, self.node))
        return [{"state": state, "at": at, "node": node} for state, at, node in steps]


class ForgottenJob(Job):
    """A job that ended long ago, without its texts, to recognise a duplicate report."""

    __slots__ = ()
