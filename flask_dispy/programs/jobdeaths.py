"""The reply for a job whose process ended without a result."""

from __future__ import annotations

import copy
import signal
import time
from typing import Any, Final

from dispy import DispyJob
from pycos import serialize

from ..core.phrases import quantity
from .oomkills import OomKills, oom_kills

__all__ = ["GROUP_SIGNALS", "death_reply", "how_it_ended"]

GROUP_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    if hasattr(signal, name)
)
"""Signals that a terminal or service manager sends to a node and its jobs at once."""


def how_it_ended(exitcode: int | None, oom_kills_before: OomKills | None = None) -> str:
    """Return how a process ended, as the predicate of a sentence.

    :param exitcode: as in ``multiprocessing``: negative for a signal, None if unknown.
    :param oom_kills_before: the kernel's counter when the process was started.
    """
    if exitcode is None:
        return "ended; how is not known"
    if exitcode >= 0:
        return f"ended with exit code {exitcode}"
    if exitcode == -signal.SIGKILL:
        return (
            f"was killed by signal {signal.SIGKILL.value}; perhaps the machine ran out of memory"
            + _what_the_kernel_counted(oom_kills_before)
        )
    try:
        name = f" ({signal.Signals(-exitcode).name})"
    except ValueError:
        name = ""  # a real-time signal
    return f"was killed by signal {-exitcode}{name}"


def _what_the_kernel_counted(before: OomKills | None) -> str:
    now = oom_kills()
    if before is None or now is None or now.where != before.where:
        return ""
    kills = now.kills - before.kills
    counted = quantity(kills, "out-of-memory kill") if kills else "no out-of-memory kill"
    return f" (since the job's start the kernel has counted {counted} in {now.where})"


def death_reply(
    reply: Any, *, ended: str, traceback_text: str, terminated: bool, stdout: str, stderr: str
) -> Any:
    """Return the reply that a node sends for a job whose process died.

    :param reply: the job's reply, as dispy prepared it before the start.
    :param ended: from :func:`how_it_ended`.
    :param traceback_text: the traceback of the error that ended the process, if there was one.
    :param terminated: whether somebody terminated the job; then nothing has failed.
    """
    reply = copy.copy(reply)
    reply.status = DispyJob.Terminated
    reply.result = serialize(None)
    reply.end_time = time.time()
    reply.stdout, reply.stderr = stdout, stderr
    reply.exception = None
    if not terminated:
        reply.exception = f"The job returned nothing: its process {ended}"
        if traceback_text:
            reply.exception += f", after:\n{traceback_text}"
    return reply
