"""Runs jobs again, by the function that a program gave for that, which may do anything."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Final

from dispy import DispyJob

from ...core.events import JobKey
from ...core.jobs import UNFINISHED_WORDS
from ...core.text import bounded, clean, type_name
from ...wire.shapes.jobs import JobRow
from ..clusters import is_closed
from ..reports.jobs import job_key
from .outcomes import JobTarget, Outcome, Target, Targets

__all__ = ["MOST_MESSAGE", "Reruns"]

logger = logging.getLogger("flask_dispy.engine")

MOST_MESSAGE: Final = 300
"""Characters of what a function raised."""

_NOT_IN_TIME: Final = "The function has not returned in time; it may still run the job again."


class Reruns:
    """Jobs of one cluster that are run again, one after the other.

    The user's function is called by :meth:`work`, on a thread that may hang in it; another thread
    gets by :meth:`end` what became of it so far. What comes later is noted all the same.

    :param rows: the jobs' rows, as the function gets them.
    :param by: who asks, where there are users.
    :param under_way: by serial number, what runs a job again just now, in any command.
    """

    def __init__(
        self,
        targets: Targets,
        batch: Sequence[tuple[int, JobTarget]],
        rows: Mapping[int, JobRow],
        by: str | None,
        under_way: MutableMapping[int, Reruns],
    ) -> None:
        self._targets = targets
        self._target: Target = batch[0][1].target
        self._serials = [serial for serial, _ in batch]
        self._rows = rows
        self._by = by
        self._under_way = under_way
        self._lock = threading.Lock()
        self._done: dict[int, Outcome] = {}
        self._made: dict[int, JobKey] = {}
        self._ended = self._logged = False

    def work(self, deadline: float) -> None:
        """Call the function for one job after another.

        :param deadline: when to stop, by ``time.monotonic``.
        """
        for serial in self._serials:
            with self._lock:
                if self._ended or time.monotonic() > deadline:
                    return
                self._done[serial] = self._failed("timeout", _NOT_IN_TIME, serial)
            outcome = self._rerun(serial)
            with self._lock:
                self._done[serial] = outcome
                if self._ended and outcome.ok:
                    self._targets.reran(self._target.name, [serial], self._by)

    def end(self, code: str, message: str) -> dict[int, Outcome]:
        """Return the outcome of each job, by its serial number.

        :param code: that of the jobs whose turn has not come, with its *message*.
        """
        with self._lock:
            self._ended = True
            done, made = dict(self._done), dict(self._made)
            self._targets.reran(
                self._target.name, [serial for serial, one in done.items() if one.ok], self._by
            )
        known = self._targets.serials_of(made.values()) if made else {}
        return {
            serial: _with_number(done[serial], known.get(made.get(serial)))
            if serial in done
            else self._failed(code, message, serial)
            for serial in self._serials
        }

    def _failed(self, code: str, message: str, serial: int) -> Outcome:
        return self._target.failed(code, message, serial=serial)

    def _rerun(self, serial: int) -> Outcome:
        if self._under_way.setdefault(serial, self) is not self:  # one step, without a lock
            message = "It is being run again just now; the function has not returned."
            return self._failed("under_way", message, serial)
        try:
            return self._called(serial)
        finally:
            del self._under_way[serial]

    def _called(self, serial: int) -> Outcome:
        target, row, function = self._target, self._rows.get(serial), self._target.rerun
        if row is None or function is None:
            return self._failed("unknown", "No such job is retained.", serial)
        if is_closed(target.cluster):
            message = f"The cluster {target.name} was closed meanwhile."
            return self._failed("closed", message, serial)
        found = self._targets.targets_of_jobs([serial]).get(serial)
        if found is not None and found.state not in UNFINISHED_WORDS:
            message = f"It came back from a lost node meanwhile: it is {found.state}."
            code = "finished" if found.state == "finished" else "not_ended"
            return self._failed(code, message, serial)
        newest = self._targets.newest_job()
        try:
            made: object = function(row)
        except BaseException as error:  # it is the user's code, and may even exit
            return self._failed("raised", self._raised(error, serial), serial)
        return self._returned(made, serial, newest)

    def _raised(self, error: BaseException, serial: int) -> str:
        if not self._logged:  # a function that fails for one job may fail for a thousand
            self._logged = True
            logger.warning("rerun of %s failed for job #%d.", self._target.name, serial,
                           exc_info=error)  # fmt: skip
        try:
            text = clean(bounded(str(error), MOST_MESSAGE))
        except BaseException:
            text = ""
        text = self._targets.redacted(text) if text else text
        return f"rerun raised {type_name(error)}{f': {text}' if text else '.'}"

    def _returned(self, made: object, serial: int, newest: int) -> Outcome:
        target = self._target
        if made is not None and not isinstance(made, DispyJob):
            message = f"rerun returned {type_name(made)}, neither a DispyJob nor None."
            return self._failed("bad_result", message, serial)
        if made is not None and not _was_submitted(made):
            message = "rerun returned a job that was not submitted."
            return self._failed("bad_result", message, serial)
        key: Any = None if made is None else job_key(made)
        if not self._targets.relate(target.name, serial, key, newest):
            message = "rerun returned a job that was there before."
            return self._failed("bad_result", message, serial)
        if key is None:
            return target.done("called", "rerun was called and returned no job.", serial=serial)
        with self._lock:
            self._made[serial] = key
        return target.done("submitted", "It was submitted again.", serial=serial)


def _was_submitted(job: DispyJob) -> bool:
    try:
        return job._dispy_job_ is not None or job.status != DispyJob.Created
    except AttributeError:  # a subclass may lack what dispy's own jobs have
        return False


def _with_number(outcome: Outcome, made: int | None) -> Outcome:
    if made is None:
        return outcome
    return replace(outcome, rerun_as=made, message=f"It was submitted again as job #{made}.")
