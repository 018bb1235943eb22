"""The commands that need only dispy: its own programs, on every Python, and past runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from ..core.settings import MOST_JOBS, MOST_RUNS

__all__ = ["PROGRAMS", "run_program"]

PROGRAMS: Final = {
    "node": "dispynode, with its own options",
    "scheduler": "dispyscheduler, with this dashboard for its --httpd",
    "history": "show the runs that a history file keeps",
}
"""The commands that are here, and what they do."""


def run_program(argv: Sequence[str], *, lacking: str | None = None) -> None:
    """Run one of these commands, or explain them.

    :param argv: the arguments, without the program's name.
    :param lacking: the package that all other commands need, if it is not installed.
    """
    # Imported only here: other commands list these, and need no dispy.
    from ..programs.running import run_node

    parser = _parser(lacking)
    if lacking and argv and not argv[0].startswith("-"):
        parser.exit(64, f"flask-dispy: {argv[0]}: {_remedy(lacking)}\n")
    options, others = parser.parse_known_args(argv)
    if options.version:
        print(version("flask_dispy"))
    elif options.command == "node":
        run_node(others)
    elif options.command == "scheduler":
        _run_scheduler(parser, options, others)
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    elif options.command == "history":
        _serve_history(options)
    else:
        parser.print_help()


def _run_scheduler(
    parser: argparse.ArgumentParser, options: argparse.Namespace, others: Sequence[str]
) -> None:
    given = {
        name.removeprefix("http_"): value
        for name, value in vars(options).items()
        if name.startswith("http_") and value is not None
    }
    if options.help:
        options.print_help()
        others = ["--help"]
    elif given and "--httpd" not in others:
        parser.error("the --http-... options are of use with --httpd only")
    # Imported only where needed: nodes run this command most, and need no dashboard.
    from ..programs.dashboards import scheduler_httpd
    from ..programs.running import run_scheduler

    run_scheduler(others, httpd=scheduler_httpd(**given))


def _serve_history(options: argparse.Namespace) -> None:
    from ..programs.dashboards import serve_history

    serve_history(
        options.file,
        options.host,
        options.port,
        most_jobs=max(0, options.jobs),
        most_runs=max(0, options.runs),
        trusted_hosts=options.trusted_host,
        show_job_args=not options.hide_job_args,
    )


def _remedy(lacking: str) -> str:
    return f"needs {lacking}, which is not installed: pip install 'flask_dispy[cli]'"


def _parser(lacking: str | None) -> argparse.ArgumentParser:
    from ..programs.running import WITH_PARENT

    more = f"\nEach command for a running dashboard {_remedy(lacking)}" if lacking else ""
    parser = argparse.ArgumentParser(
        prog="flask-dispy",
        description="Runs dispy's own programs, on Pythons that they do not know either, and "
        "shows past runs.",
        epilog=f"With {WITH_PARENT}, node and scheduler end when their standard input ends.{more}",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print it and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    # Its own --help is dispynode's: there is nothing to add to it.
    commands.add_parser(
        "node",
        help=PROGRAMS["node"],
        add_help=False,
        allow_abbrev=False,
    )
    scheduler = commands.add_parser(
        "scheduler",
        help=PROGRAMS["scheduler"],
        description="Runs dispyscheduler. Whatever is not listed here goes to it as it stands; "
        "with its option --httpd it serves this dashboard.",
        epilog="dispyscheduler's own options:",
        add_help=False,
        allow_abbrev=False,
    )
    # Not argparse's own, for dispyscheduler's is to follow it; on Python 3.13 nothing else shows
    # that.
    scheduler.add_argument("-h", "--help", action="store_true", help="show this and end")
    scheduler.set_defaults(print_help=scheduler.print_help)
    scheduler.add_argument("--http-host", metavar="HOST", help="where to listen (everywhere)")
    scheduler.add_argument("--http-port", metavar="PORT", type=int, help="its port (8181)")
    scheduler.add_argument(
        "--http-poll-sec", metavar="SEC", type=float, help="the pages' update interval (10)"
    )
    scheduler.add_argument("--http-certfile", metavar="FILE", help="the TLS certificate")
    scheduler.add_argument("--http-keyfile", metavar="FILE", help="its key, if not in there too")
    scheduler.add_argument("--http-history", metavar="FILE", help="where to keep past runs")
    scheduler.add_argument(
        "--http-trusted-host", metavar="NAME", action="append", dest="http_trusted_hosts",
        help="a further name that it answers under; may be repeated",
    )  # fmt: skip
    _add_history(commands)
    return parser


def _add_history(commands: Any) -> None:
    history = commands.add_parser(
        "history",
        help=PROGRAMS["history"],
        description="Shows the runs of a history file, which a program writes that gives "
        "history=FILE to DispyHTTPServer or ClusterRegistry. Nothing can be changed.",
        allow_abbrev=False,
    )
    history.add_argument("file", metavar="FILE", help="what such a program has written")
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
        "--trusted-host", metavar="NAME", action="append", default=[],
        help="a further name that it answers under; may be repeated",
    )  # fmt: skip
    history.add_argument(
        "--hide-job-args", action="store_true", help="leave the jobs' arguments out"
    )
