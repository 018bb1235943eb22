"""The commands for running dashboards: what they have in common, and how they end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from shlex import quote
from typing import Any, Final, NoReturn, TypeVar

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from ..client import AsyncClient, Client, ClientError, NeedsLogin, Unreachable
from ..core.text import clean
from .output import Output
from .programs import PROGRAMS, run_program
from .settings import BadSettings, Dashboard, config_path, find_dashboard

__all__ = [
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_UNREACHABLE",
    "EXIT_USAGE",
    "Failure",
    "addressed",
    "asks",
    "cli",
    "connected",
    "failure",
    "of_cluster",
    "run",
    "searching",
]

EXIT_FAILED: Final = 1
EXIT_UNREACHABLE: Final = 3
EXIT_USAGE: Final = 64
"""Not 2, which says of ``wait`` that the run has stalled."""
EXIT_INTERRUPTED: Final = 130


class Failure(click.ClickException):
    """Ends the command with a message and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(clean(message))
        self.exit_code = exit_code  # type: ignore[misc]

    def show(self, file: Any = None) -> None:
        """Write the message to standard error."""
        click.echo(f"flask-dispy: {self.message}", file=file, err=file is None)


def failure(error: ClientError, exit_code: int = EXIT_FAILED) -> Failure:
    """Return how a command ends after an error of the client's.

    :param exit_code: unless the dashboard can't be reached.
    """
    code = EXIT_UNREACHABLE if isinstance(error, Unreachable) else exit_code
    remedy = error.remedy
    if isinstance(error, NeedsLogin):
        remedy = (
            "Set FLASK_DISPY_TOKEN, or put a token, or user and password, into the section of "
            f"{config_path()} that has this address."
        )
    elif error.code == "not_a_dashboard" and 300 <= (error.status or 0) < 400:
        remedy = (
            "If the dashboard is there, give that URL. If it is a login page, set "
            f"FLASK_DISPY_TOKEN, or put a login into {config_path()}."
        )
    elif error.code == "tls":
        remedy = f"For a certificate of your own, put ca = FILE into {config_path()}."
    elif error.code == "timeout":
        remedy = "Look whether its program runs."
    return Failure(f"{error.message} {remedy}".rstrip(), code)


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Give each way to fail its exit code."""
    try:
        yield
    except click.UsageError as error:
        error.exit_code = EXIT_USAGE  # type: ignore[misc]
        raise
    except BadSettings as error:
        raise Failure(str(error), EXIT_USAGE) from error
    except ClientError as error:
        raise failure(error) from error
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None


class _Group(click.Group):
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _exit_codes():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _exit_codes():
            return super().invoke(ctx)


@click.group(
    "flask-dispy",
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  flask-dispy top http://127.0.0.1:8181
  flask-dispy jobs state:failed since:1h
  flask-dispy wait && flask-dispy report -o run.html

The address may stand in FLASK_DISPY_URL or the configuration file, a token in FLASK_DISPY_TOKEN
or the file alone. docs/command-line.md describes both.""",
)
@click.version_option(package_name="flask_dispy", message="%(version)s")
def cli() -> None:
    """Watch and manage dispy clusters through their dashboard, and run dispy's own programs."""


def run(argv: Sequence[str]) -> NoReturn:
    """Run a command and end the process.

    :raises SystemExit: always.
    """
    cli.main(args=list(argv) or ["--help"], prog_name="flask-dispy")
    raise SystemExit(0)


def addressed(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of all, and call it with the dashboard and its output first.

    An argument ``address`` counts as ``--url`` does.
    """

    @click.option("--url", metavar="URL", help="The dashboard's address, or a section of the file.")
    @click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line.")
    @wraps(function)
    def command(url: str | None, as_json: bool, address: str | None = None, **options: Any) -> None:
        function(find_dashboard(address or url), Output(as_json=as_json), **options)

    return command


def asks(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of all, and call it with a client and its output first."""

    @wraps(function)
    def command(dashboard: Dashboard, output: Output, **options: Any) -> None:
        with connected(Client, dashboard) as client:
            function(client, output, **options)

    return addressed(command)


_AnyClient = TypeVar("_AnyClient", Client, AsyncClient)


def connected(
    kind: type[_AnyClient], dashboard: Dashboard, *, timeout_sec: float = 10.0
) -> _AnyClient:
    """Return a client of a dashboard."""
    return kind(
        dashboard.url, token=dashboard.token, auth=dashboard.auth, verify=dashboard.ca or True,
        timeout_sec=timeout_sec,
    )  # fmt: skip


_SUGGEST_SEC: Final = 1.0
"""How long a shell waits for the names that complete what was typed."""


def _suggested_clusters(context: click.Context, _parameter: Any, begun: str) -> list[str]:
    """Return the clusters whose names begin so; none where the dashboard does not answer soon.

    Shells insert a name as it is, so one that they would not read as one plain word is left out.
    """
    names: list[str] = []
    # While its last option lacks a value, click leaves a command's arguments aside.
    addresses = context.args[:1] if "address" in context.params else []
    given = next(iter(addresses), context.params["url"])

    def ask() -> None:
        with contextlib.suppress(Exception):
            chosen = find_dashboard(given)
            with connected(Client, chosen, timeout_sec=_SUGGEST_SEC) as client:
                names.extend(row["name"] for row in client.clusters())

    # A daemon, because looking up a host's name has no timeout.
    asking = threading.Thread(target=ask, name="flask_dispy-suggest", daemon=True)
    asking.start()
    asking.join(_SUGGEST_SEC)
    return [name for name in names if name.startswith(begun) and quote(name) == name]


def _named(_ctx: Any, _parameter: Any, name: str) -> str:
    if not name:  # as of a variable of the shell that is not set
        raise click.BadParameter("the name is empty; without the option, all are meant.")
    return name


of_cluster: Final = click.option(
    "--cluster", default="*", metavar="NAME", help="One cluster, instead of all together.",
    callback=_named, shell_complete=_suggested_clusters,
)  # fmt: skip
"""Gives a command the option that chooses a cluster."""


def _joined(_ctx: Any, _parameter: Any, words: tuple[str, ...]) -> str:
    for word in words:
        if word.startswith("--"):
            raise click.NoSuchOption(word)
    return " ".join(words)


def searching(function: Callable[..., None]) -> click.Command:
    """Make a command that takes the words of a search, as one text; ``-word`` excludes a word."""
    settings = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
    query = click.argument("query", nargs=-1, metavar="[QUERY]...", callback=_joined)
    return cli.command(context_settings=settings)(query(function))


def _add_program(name: str, purpose: str) -> None:
    """Define a command for the list of commands, which the light part of the program runs."""
    settings = {"ignore_unknown_options": True, "allow_interspersed_args": False}

    @cli.command(name, help=purpose, context_settings=settings, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def start(arguments: tuple[str, ...]) -> None:
        run_program([name, *arguments])


for _name, _purpose in PROGRAMS.items():
    _add_program(_name, _purpose)


_SHELLS: Final = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@cli.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(shell: str) -> None:
    """Write what lets a shell complete this command.

    \b
    Example, in ~/.bashrc:
      eval "$(flask-dispy completion bash)"
    """
    made = _SHELLS[shell](cli, {}, "flask-dispy", "_FLASK_DISPY_COMPLETE")
    click.echo(made.source())
