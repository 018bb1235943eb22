"""Relates jobs that were run again with the jobs that this made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..core.events import JobKey
from ..core.jobs import Job
from .watched import Watched

__all__ = ["Relations"]

# New jobs that may be unknown yet. One that a cluster gets which is not watched stays so.
_MOST: Final = 10_000


class Relations:
    """Jobs that were made by running others again, and are not reported yet. Guarded by the hub's
    lock.

    ``expected`` has the cluster and serial number of the job that was run again, by the new job's
    key.
    """

    def __init__(self) -> None:
        self.expected: dict[JobKey, tuple[Watched, int]] = {}

    def relate(
        self, old: Watched, serial: int, made: JobKey, newest: int, clusters: Iterable[Watched]
    ) -> Watched | None:
        """Relate a job with the one that running it again made, or expect that.

        :param newest: the newest job before it was run again.
        :raises ValueError: the other job was there before.
        :return: the new job's cluster; ``None`` if it is not reported yet.
        """
        for watched in clusters:
            job = watched.state.ledger.named.get(made)
            if job is None:
                continue
            if job.serial <= newest or (job.rerun is not None and job.rerun.of):
                raise ValueError("it was there before")
            _relate(old, serial, watched, job)
            return watched
        if made in self.expected:
            raise ValueError("it was made before")
        self.expected[made] = (old, serial)
        if len(self.expected) > _MOST:
            del self.expected[next(iter(self.expected))]
        return None

    def note(self, watched: Watched, job: Job) -> Watched | None:
        """Note a job that is reported; return the cluster of the one that was run again, if any."""
        old, serial = self.expected.pop(job.key, (None, 0))
        if old is not None:
            _relate(old, serial, watched, job)
        return old

    def forget(self, old: Watched) -> None:
        """Expect no job for a cluster that is watched no longer."""
        self.expected = {key: one for key, one in self.expected.items() if one[0] is not old}


def _relate(old: Watched, serial: int, watched: Watched, job: Job) -> None:
    watched.state.relate(job.serial, of=serial)
    old.state.relate(serial, latest=job.serial)
