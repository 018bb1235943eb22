"""What one blueprint's routes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flask import Request, request

from ..core.addresses import network_of
from ..core.search.query import JobQuery
from ..watching.board import Board
from ..watching.dashboard import Dashboard, board_of
from ..watching.views import View
from .access.guard import Guard
from .access.headers import ContentPolicy
from .files.assets import Assets
from .files.document_root import DocumentRoot
from .http.answers import ByteCache
from .http.audience import Audience
from .http.streams import StreamPlaces
from .http.turns import Turns

__all__ = ["Web", "browser_of", "target"]


@dataclass(frozen=True, slots=True)
class Web:
    """One blueprint's registry, its options, and what is made once for all its requests."""

    registry: Dashboard
    guard: Guard
    policy: ContentPolicy
    assets: Assets
    streams: StreamPlaces
    exports: StreamPlaces
    packed_changes: ByteCache
    frames: ByteCache
    document_root: DocumentRoot | None
    audience: Audience
    max_body_bytes: int
    turns: Turns
    description: Callable[[], bytes]

    @property
    def board(self) -> Board[Any]:
        """What the registry shows: its tables, its version, and what waits for another."""
        return board_of(self.registry)

    def view(self, name: str) -> View:
        """Return the view of a cluster, whose name may come encoded once more.

        Browsers take "." and ".." for steps in a path, "%2e" too; and a slash in a name could be
        taken for one of the path's own, "%2F" too.

        :raises UnknownCluster: none of that name is watched.
        """
        if "%" in name and name not in self.registry.names():
            name = unquote(name)
        return self.registry.view(name or "*")

    def job_query(self, q: str, state: Sequence[str] | None, node: str) -> JobQuery:
        """Return the search for jobs that a query or a command's filter is."""
        return JobQuery.parse(q, state or (), node, columns=self.job_columns())

    def job_columns(self) -> tuple[str, ...]:
        """Return the names of the jobs' custom columns, as far as the current client may see any.

        They may show what a job was given.
        """
        return self.board.tables.jobs.names if self.guard.allows("see_arguments") else ()

    def hides_arguments(self) -> bool:
        """Whether jobs' arguments are hidden, from this client or from all.

        If so, jobs are not searched in them either: else a client could find out an argument by
        guessing at it with ``arg:``.
        """
        return not self.registry.show_job_args or not self.guard.allows("see_arguments")

    def turn(self) -> AbstractContextManager[None]:
        """Wait for the current request's turn to be answered at some cost.

        :raises HttpError: 503, too many wait.
        """
        return self.turns.turn(network_of(request.remote_addr))


def browser_of(request: Request) -> str:
    """Return what identifies a browser; its windows have it in common."""
    # Many are remembered, and a header may have 64 KB.
    return f"{request.remote_addr} {request.headers.get('User-Agent', '')[:500]}"


def target(view: View) -> str:
    """Return the cluster that a command for *view* names: ``*`` for all."""
    return "*" if view.combined else view.name
