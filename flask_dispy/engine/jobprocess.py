"""The processes of a dispynode's jobs, which here never outrun the node.

dispynode starts a job's process, and only then notes its number. A job that ends before that,
because it is short or the machine busy, is lost with an AttributeError; and if its end is taken
in even before ``start`` has returned, the node's thread for that dies of "can only join a started
process", and the node never again sends a result. So a job waits, a moment, until it is noted.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import sys
import time
from typing import Any, Final

from .compat import replace

__all__ = ["keep_jobs_in_step"]

# A job is let go by itself after this, should nobody ask for its number.
_LONGEST_SEC: Final = 2.0

_LOADING_SEC: Final = 30.0


_JOB: Final = "_dispy_job_func"


class JobProcess(multiprocessing.Process):
    """A process that, if it is a job's, begins its work once somebody has asked for its ``pid``.

    dispynode does so, to note it, right after ``start``.
    """

    def __init__(self, *, target: Any = None, **options: Any) -> None:
        super().__init__(target=target, **options)
        self._waits = getattr(target, "__name__", "") == _JOB

    def _take_gate(self) -> tuple[int, int] | None:
        """Return the pipe that the work waits for, to whoever asks first."""
        # One step, for a lock might be held by another thread while this process forks.
        gate: tuple[int, int] | None = self.__dict__.pop("_gate", None)
        return gate

    def start(self) -> None:
        """Fork; a job then waits."""
        if not self._waits:
            super().start()
            return
        receiving, sending = self._gate = os.pipe()
        try:
            super().start()
        except BaseException:
            self._take_gate()
            os.close(sending)
            raise
        finally:
            os.close(receiving)

    def run(self) -> None:
        """Do the work, in the process that was started."""
        gate = self._take_gate()
        if gate is not None:
            receiving, sending = gate
            select.select([receiving], [], [], _LONGEST_SEC)
            os.close(receiving)
            os.close(sending)
        super().run()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        gate = self._take_gate()
        if gate is not None:
            with contextlib.suppress(OSError):  # it may have been killed
                os.write(gate[1], b"!")
            os.close(gate[1])
        return self.ident


def keep_jobs_in_step() -> None:
    """Let the dispynode that is being loaded as ``__main__`` start its jobs as ours.

    Returns once it is loaded, which is before it takes jobs.
    """
    give_up_at = time.monotonic() + _LOADING_SEC
    while time.monotonic() < give_up_at:
        node: Any = sys.modules["__main__"]
        if hasattr(node, "_DispyNode"):
            replace(node, "multiprocessing", multiprocessing, Process=JobProcess)
            return
        time.sleep(0.005)
