"""What pages, API and report are of: clusters that are watched, or runs that are over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from ..core.settings import checked_poll_sec
from ..engine.commands.control import Control
from ..wire.tables import Tables
from .board import Board
from .views import View

__all__ = ["Dashboard"]


class Dashboard(ABC):
    """The face that ``web/`` and ``report/`` see. Thread-safe."""

    past = False
    """Whether these are runs that are over, of a history."""

    @property
    @abstractmethod
    def _board(self) -> Board[Any]:
        """What it shows."""

    # -- settings ----------------------------------------------------------------------------

    @property
    def poll_sec(self) -> float:
        """Seconds between a page's updates; 0 for none until asked. What is set is checked.

        :raises BadRequest: it is set to what is no number, or longer than a day.
        """
        return self._board.settings.poll_sec

    @poll_sec.setter
    def poll_sec(self, value: float) -> None:
        self._board.settings.poll_sec = checked_poll_sec(value)

    @property
    def show_job_args(self) -> bool:
        """Whether job arguments are shown."""
        return self._board.settings.show_job_args

    @show_job_args.setter
    def show_job_args(self, value: bool) -> None:
        self._board.show_job_args(value)

    # -- reading -----------------------------------------------------------------------------

    @property
    def tables(self) -> Tables:
        """The fields of nodes and jobs: those that all have, and those of custom columns."""
        return self._board.tables

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

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._board.version

    def wait_for_change(
        self, version: int, timeout_sec: float, *, until: Callable[[], bool] = lambda: False
    ) -> int:
        """Wait until something changed after *version*, or time is out; return the version.

        :param timeout_sec: seconds to wait at the most.
        :param until: ends the wait, too, where it is true; looked at again when :meth:`wake` is
            called.
        :raises WrongProcess: this is a fork of the process that made the registry.
        """
        return self._board.wait_for_change(version, timeout_sec, until=until)

    def wake(self) -> None:
        """Let all who wait for a change look whether they still want to."""
        self._board.wake()

    @abstractmethod
    def at_work(self) -> bool:
        """Whether jobs are queued or running in any of the clusters, as far as is known."""

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """Return how the registry itself is, for ``/healthz``: all is well if no problems.

        :raises WrongProcess: this is a fork of the process that made the registry.
        """

    @abstractmethod
    def close(self) -> None:
        """End what belongs to it. Readers still get answers; calling it again does nothing."""
