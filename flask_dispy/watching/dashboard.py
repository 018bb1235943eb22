"""What pages, API and report are of: clusters that are watched, or runs that are over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from ..core.settings import checked_poll_sec
from ..engine.commands.control import Control
from .addresses import Address
from .board import Board
from .card import card
from .views import View

__all__ = ["Dashboard", "board_of"]


B_co = TypeVar("B_co", bound=Board[Any], covariant=True)


class _Shows(Protocol[B_co]):
    @property
    def _board(self) -> B_co: ...


def board_of(dashboard: _Shows[B_co]) -> B_co:
    """Return what a dashboard shows: for the other parts of this package, not for a user.

    After a fork it may be another one, so it is asked for each time.
    """
    return dashboard._board


class Dashboard(ABC):
    """The face that ``web/`` and ``report/`` see. Thread-safe."""

    @property
    @abstractmethod
    def _board(self) -> Board[Any]:
        """What it shows."""

    def _repr_mimebundle_(self, **_kinds: object) -> dict[str, str]:
        """Return what a notebook shows; see docs/notebook.md."""
        return self._card(type(self).__name__, self._board.addresses)

    def _card(self, title: str, addresses: Sequence[Address]) -> dict[str, str]:
        return card(title, self.views, addresses, newest_first=self._board.past)

    # -- settings ----------------------------------------------------------------------------

    @property
    def poll_sec(self) -> float:
        """Seconds between a page's updates; 0 for none until asked. What is set is checked.

        :raises BadRequest: it is set to what is no number, or longer than a day.
        """
        return self._board.settings.poll_sec

    @poll_sec.setter
    def poll_sec(self, value: float) -> None:
        self._board.change_setting("poll_sec", checked_poll_sec(value))

    @property
    def show_job_args(self) -> bool:
        """Whether job arguments are shown."""
        return self._board.settings.show_job_args

    @show_job_args.setter
    def show_job_args(self, value: bool) -> None:
        self._board.change_setting("show_job_args", bool(value))

    # -- reading -----------------------------------------------------------------------------

    @property
    @abstractmethod
    def control(self) -> Control:
        """What takes the commands.

        :raises NoCommands: runs that are over take none.
        :raises WrongProcess: this is a fork of the process that made the registry.
        """

    @abstractmethod
    def view(self, name: str) -> View:
        """Return the view of the cluster *name*; ``*`` and ``* Combined`` stand for all.

        :raises UnknownCluster: no cluster of that name is watched.
        :raises WrongProcess: this is a fork of the process that made the registry.
        """

    @abstractmethod
    def views(self) -> Sequence[View]:
        """Return the views of the single clusters, in the order they were added.

        :raises WrongProcess: this is a fork of the process that made the registry.
        """

    def names(self) -> list[str]:
        """Return the names of the clusters, in the order they were added.

        :raises WrongProcess: this is a fork of the process that made the registry.
        """
        return [view.name for view in self.views()]

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """Return how the registry itself is, for ``/healthz``: all is well if no problems.

        :raises WrongProcess: this is a fork of the process that made the registry.
        """

    @abstractmethod
    def close(self) -> None:
        """End what belongs to it. Readers still get answers; calling it again does nothing."""
