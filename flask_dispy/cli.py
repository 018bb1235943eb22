"""The ``flask-dispy`` command: dispy's own programs, on every Python and with our dashboard."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Any

from .core.errors import HistoryError
from .engine.programs import WITH_PARENT, run_node, run_scheduler
from .past import MOST_JOBS, MOST_RUNS, PastRegistry
from .server import DispyHTTPServer, cluster_status

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; ``argv`` is without the program's name, ``sys.argv``'s if not given."""
    parser = _parser()
    options, others = parser.parse_known_args(argv)
    if options.version:
        print(version("flask_dispy"))
    elif options.command == "node":
        run_node(others)
    elif options.command == "scheduler":
        if "--httpd" not in others and any(vars(options)[name] is not None for name in _HTTP):
            parser.error("the --http-... options are of use with --httpd only")
        run_scheduler(others, httpd=_httpd(options))
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    elif options.command == "history":
        _serve_history(options)
    else:
        parser.print_help()


_HTTP = (
    "http_host", "http_port", "http_poll_sec", "http_certfile", "http_keyfile", "http_history",
)  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flask-dispy",
        description="Runs dispy's own programs, on Pythons that they do not know either, and "
        "shows past runs.",
        epilog=f"With {WITH_PARENT}, node and scheduler end when their standard input ends.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print it and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    # Its own --help is dispynode's: there is nothing to add to it.
    commands.add_parser(
        "node",
        help="dispynode, with its own options",
        add_help=False,
        allow_abbrev=False,
    )
    scheduler = commands.add_parser(
        "scheduler",
        help="dispyscheduler, with this dashboard for its --httpd",
        description="Runs dispyscheduler. Whatever is not listed here goes to it as it stands; "
        "with its option --httpd it serves this dashboard.",
        epilog="dispyscheduler's own options: python -m dispy.dispyscheduler --help",
        allow_abbrev=False,
    )
    scheduler.add_argument("--http-host", metavar="HOST", help="where to listen (everywhere)")
    scheduler.add_argument("--http-port", metavar="PORT", type=int, help="its port (8181)")
    scheduler.add_argument(
        "--http-poll-sec", metavar="SEC", type=float, help="the pages' update interval (10)"
    )
    scheduler.add_argument("--http-certfile", metavar="FILE", help="the TLS certificate")
    scheduler.add_argument("--http-keyfile", metavar="FILE", help="its key, if not in there too")
    scheduler.add_argument("--http-history", metavar="FILE", help="where to keep past runs")
    _add_history(commands)
    return parser


def _add_history(commands: Any) -> None:
    history = commands.add_parser(
        "history",
        help="show the runs that a history file keeps",
        description="Shows the runs of a history file, which a program writes that gives "
        "history=FILE to DispyHTTPServer or ClusterRegistry. Nothing can be changed.",
        allow_abbrev=False,
    )
    history.add_argument("file", metavar="FILE")
    history.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    history.add_argument("--port", type=int, default=8181, help="its port (%(default)s)")
    history.add_argument(
        "--jobs", type=int, default=MOST_JOBS, metavar="N",
        help="jobs to load, those of the newest runs first (%(default)s)",
    )  # fmt: skip
    history.add_argument(
        "--runs", type=int, default=MOST_RUNS, metavar="N", help="runs to load (%(default)s)"
    )
    history.add_argument(
        "--hide-job-args", action="store_true", help="leave the jobs' arguments out"
    )


def _serve_history(options: argparse.Namespace) -> None:
    """Serve past runs until the program is told to end."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        registry = PastRegistry(
            options.file,
            most_jobs=max(0, options.jobs),
            most_runs=max(0, options.runs),
            show_job_args=not options.hide_job_args,
        )
        server = DispyHTTPServer(
            None, options.host, options.port, registry=registry, read_only=True
        )
    except (HistoryError, OSError, ValueError) as error:
        sys.exit(f"flask-dispy: {getattr(error, 'strerror', None) or error}")
    print(_loaded(registry))
    print(f"The history is at {server.url}", flush=True)
    try:
        # In steps, because on Windows Ctrl-C does not interrupt the wait itself.
        while not ended.wait(1.0):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        server.shutdown(wait=False)
        registry.close()


def _loaded(registry: PastRegistry) -> str:
    """Tell what is shown, and of how much."""
    summary = registry.view("*").summary()
    runs, jobs = len(registry.names()), summary["history"]["retained"]
    text = f"{runs:,} of {registry.total_runs:,} runs, {jobs:,} of {registry.total_jobs:,} jobs"
    more = runs < registry.total_runs or jobs < registry.total_jobs
    return text + ("; more with --runs and --jobs" if more else "")


def _httpd(options: argparse.Namespace) -> ModuleType:
    """What dispyscheduler gets as ``dispy.httpd``."""
    given = {
        name.removeprefix("http_"): value
        for name, value in vars(options).items()
        if name in _HTTP and value is not None
    }

    def serve(cluster: Any) -> DispyHTTPServer:
        try:
            server = DispyHTTPServer(cluster, **given)
        except (OSError, ValueError) as error:
            sys.exit(f"flask-dispy: {getattr(error, 'strerror', None) or error}")
        print(f"The dashboard is at {server.url}", flush=True)
        return server

    httpd = ModuleType("dispy.httpd", "The dashboard of flask_dispy, for dispyscheduler.")
    vars(httpd).update(DispyHTTPServer=serve, cluster_status=cluster_status)
    return httpd
