"""Runs dispy's own programs, dispynode and dispyscheduler, in this process, on any Python."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import ModuleType

from .jobprocess import patch_node_when_loaded
from .patches import patch_dispy

__all__ = ["WITH_PARENT", "run_node", "run_scheduler"]

WITH_PARENT = "--with-parent"
"""Our own option: end when standard input ends. If that is a pipe, the program ends with the
process at the pipe's other end, however that one ends."""

_GRACE_SEC = 3.0


def run_node(argv: Sequence[str]) -> None:
    """Run ``dispynode.py`` with these arguments (without the program's name) until it ends.

    TLS between nodes and clients works on every Python, jobs may be as short as they like, and a
    job whose process dies is reported (see :mod:`flask_dispy.programs.jobprocess`). In addition to
    dispynode's options, it takes :data:`WITH_PARENT`. Call it from the main thread, in a process
    that does nothing else: dispynode installs signal handlers and forks its jobs.

    Note that ``--clean`` recognises a stale process by its command line, ``dispynode.py``: it
    removes the files of a node that was started here, but doesn't kill it.

    :raises SystemExit: with dispynode's exit code, if it calls ``exit()``.
    """
    patch_dispy()
    patch_node_when_loaded()
    _run("dispy.dispynode", argv)


def run_scheduler(argv: Sequence[str], *, httpd: ModuleType) -> None:
    """Run ``dispyscheduler.py`` with these arguments (without the program's name) until it ends.

    :param httpd: replaces ``dispy.httpd`` on every Python: the scheduler's ``--httpd`` option
        starts that module's ``DispyHTTPServer``.

    The rest is as with :func:`run_node`.
    """
    patch_dispy(httpd=httpd, replace_httpd=True)
    _run("dispy.dispyscheduler", argv)


def _run(module: str, argv: Sequence[str]) -> None:
    arguments = [argument for argument in argv if argument != WITH_PARENT]
    ended = threading.Event()
    if len(arguments) < len(argv):
        threading.Thread(
            target=_end_with_input, args=(ended,), name="with-parent", daemon=True
        ).start()
    sys.argv[1:] = arguments
    try:
        # dispy's programs run only as __main__, and dispynode's jobs look for it there.
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        ended.set()
        # A dispynode that is interrupted while it ends leaves jobs behind, and multiprocessing
        # would wait for them.
        for job in multiprocessing.active_children():
            job.kill()


def _end_with_input(ended: threading.Event) -> None:
    """Wait for the end of standard input, then end this process and its jobs.

    It reads the descriptor, because a lock of ``sys.stdin`` would be held across dispynode's forks.
    """
    while os.read(0, 4096):
        pass
    give_up_at = time.monotonic() + _GRACE_SEC
    # dispynode's handler of SIGTERM terminates the jobs and then sends SIGINT, which its sleeping
    # main thread doesn't notice if another thread happens to receive it.
    os.kill(os.getpid(), signal.SIGTERM)
    while not ended.wait(0.25) and time.monotonic() < give_up_at:
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(max(0.0, give_up_at - time.monotonic()))
    # Something hangs.
    for job in multiprocessing.active_children():
        job.kill()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
