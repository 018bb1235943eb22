"""The dashboards of the ``flask-dispy`` command: past runs, and the one of dispyscheduler."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..core.errors import HistoryError
from ..server import DispyHTTPServer, cluster_status
from ..watching.past import PastRegistry

__all__ = ["scheduler_httpd", "serve_history"]


def serve_history(
    path: str, host: str, port: int, *, trusted_hosts: Sequence[str] = (), **options: Any
) -> None:
    """Serve the past runs of a file until SIGTERM or Ctrl-C.

    :param options: of :class:`PastRegistry`.
    :raises SystemExit: it can't; with the reason.
    """
    ended = threading.Event()
    try:
        registry = PastRegistry(path, lazy=True, **options)
        server = DispyHTTPServer(
            None,
            host,
            port,
            registry=registry,
            read_only=True,
            trusted_hosts=trusted_hosts,
            costly_share=1,  # there is no run to slow down
        )
    except (HistoryError, OSError, ValueError) as error:
        sys.exit(f"flask-dispy: {_reason(error)}")

    def end(*_: object) -> None:
        ended.set()
        registry.close()  # it may still load

    signal.signal(signal.SIGTERM, end)
    print(f"The history is at {server.url}", flush=True)
    try:
        print(_loaded(registry), flush=True)
        # In steps, because on Windows Ctrl-C does not interrupt the wait itself.
        while not ended.wait(1.0):
            pass
    except KeyboardInterrupt:
        pass
    except HistoryError as error:
        if not ended.is_set():
            sys.exit(f"flask-dispy: {_reason(error)}")
    finally:
        server.shutdown(wait=False)
        registry.close()


def _loaded(registry: PastRegistry) -> str:
    """Return how much of the file is shown."""
    summary = registry.view("*").summary()
    runs, jobs = len(registry.names()), summary["history"]["retained"]
    text = f"{runs:,} of {registry.total_runs:,} runs, {jobs:,} of {registry.total_jobs:,} jobs"
    damage = registry.damage()
    left_out = (
        runs < registry.total_runs or jobs + registry.unreadable["jobs"] < registry.total_jobs
    )
    more = "more with --runs and --jobs" if left_out else ""
    return "; ".join(filter(None, (text, damage, more)))


def scheduler_httpd(**options: Any) -> ModuleType:
    """Return a module that replaces ``dispy.httpd`` in dispyscheduler.

    :param options: for the :class:`DispyHTTPServer` that dispyscheduler makes.
    """

    def serve(cluster: Any) -> DispyHTTPServer:
        try:
            server = DispyHTTPServer(cluster, **options)
        except (OSError, ValueError) as error:
            sys.exit(f"flask-dispy: {_reason(error)}")
        signal.signal(signal.SIGTERM, lambda *_: _end_with(server))
        print(f"The dashboard is at {server.url}", flush=True)
        return server

    httpd = ModuleType("dispy.httpd", "The dashboard of flask_dispy, for dispyscheduler.")
    vars(httpd).update(DispyHTTPServer=serve, cluster_status=cluster_status)
    return httpd


def _end_with(server: DispyHTTPServer) -> None:
    """End this process, once the history has all that happened.

    dispyscheduler itself would wait for its clients, which is what Ctrl-C is for.
    """
    # A second signal would interrupt the shutdown, and wait for the lock that this holds.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        server.shutdown(wait=False)
    finally:
        os._exit(0)


def _reason(error: Exception) -> str:
    """Return the error's message, with the file concerned."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
