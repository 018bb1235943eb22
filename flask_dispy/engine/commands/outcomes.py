"""The targets of commands, clusters and jobs, and the commands' outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Protocol, cast, get_args

from ...core.events import Departure, JobKey
from ...core.journal import EntryKind
from ...core.offers import Allocation, Offer
from ...wire.answers import OutcomeRow
from ...wire.shapes.jobs import JobRow
from ..clusters import Kind

__all__ = [
    "MOST_CPUS",
    "NODE_ACTIONS",
    "JobTarget",
    "NodeAction",
    "Outcome",
    "RerunFunction",
    "Target",
    "Targets",
]

NodeAction = Literal["allocate", "deallocate", "close"]
NODE_ACTIONS: Final[tuple[NodeAction, ...]] = get_args(NodeAction)

RerunFunction = Callable[[JobRow], object]
"""A user's function that runs a job again, given its row; it may return the new DispyJob."""

MOST_CPUS: Final = 65_536
"""A node's CPUs, at the most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a command for one job or node.

    ``code`` is one of ``ok``, ``asked`` (a node was asked to join, and is there once it has),
    ``cancelled`` (it was queued), ``terminating`` (it runs, and its node was asked to end it),
    ``already_ended``, ``unknown``, ``refused``, ``unsupported``, ``timeout`` and ``closed``; for a
    job that is run again also ``submitted`` (``rerun_as`` is the new job's serial number, once it
    is known), ``called`` (the function returned no job), ``again`` (in a dry run: it was run again
    before), ``not_ended``, ``finished``, ``under_way``, ``raised`` and ``bad_result``.
    """

    cluster: str
    ok: bool
    code: str
    message: str
    serial: int | None = None
    ip_addr: str | None = None
    cpus: int | None = None
    id: str | None = None
    rerun_as: int | None = None

    def as_dict(self) -> OutcomeRow:
        """Return the outcome without the fields that do not apply to it."""
        given = {key: value for key, value in asdict(self).items() if value is not None}
        return cast(OutcomeRow, given)


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster to which commands can be sent.

    ``cluster`` is dispy's object, ``rerun`` what its program gave to run jobs again.
    """

    name: str
    cluster: Any
    kind: Kind
    rerun: RerunFunction | None = None

    def done(self, code: str, message: str, **subject: Any) -> Outcome:
        """Return a good outcome for *subject*: ``serial=`` or ``ip_addr=``, and ``cpus=``."""
        return Outcome(self.name, True, code, message, **subject)

    def failed(self, code: str, message: str, **subject: Any) -> Outcome:
        """Return the outcome of a failure for *subject*, as in :meth:`done`."""
        return Outcome(self.name, False, code, message, **subject)


@dataclass(frozen=True, slots=True)
class JobTarget:
    """A job that commands may be for: its cluster, dispy's object if it lives, its state as people
    read it, its id, and how many times it was run again."""

    target: Target
    job: Any
    state: str
    id: str = ""
    reruns: int = 0


class Targets(Protocol):
    """Where :class:`Control` looks up the clusters, nodes and jobs of a command."""

    def targets(self, name: str) -> list[Target]:
        """Return the clusters that *name* stands for.

        :raises UnknownCluster: no cluster of that name is watched.
        """

    def targets_of_node(self, name: str, host: str) -> tuple[str, list[Target]]:
        """Return the node's address and the clusters that know it.

        :raises UnknownNode: none has that name.
        :raises AmbiguousNode: several have it.
        """

    def targets_of_jobs(self, serials: Iterable[int]) -> Mapping[int, JobTarget]:
        """Return the retained jobs among those with these serials."""

    def node_left(self, name: str, ip_addr: str) -> Departure | None:
        """Return why a node left a cluster; ``None`` if it has not, or was never there."""

    def node_closed(self, name: str, ip_addr: str, why: Departure) -> None:
        """Note that a node was closed or deallocated for a cluster."""

    def ordered(self, name: str, kind: EntryKind, ip_addr: str, by: str | None) -> None:
        """Note that somebody asks for something that will happen to a node."""

    def called_off(self, name: str, kind: EntryKind, ip_addr: str) -> None:
        """Note that nothing of it happened."""

    def cancelled(self, name: str, serials: Sequence[int], by: str | None) -> None:
        """Note that somebody cancelled jobs."""

    def rows_of_jobs(self, serials: Iterable[int]) -> Mapping[int, JobRow]:
        """Return the rows of the retained jobs among those, for a user's function."""

    def newest_job(self) -> int:
        """Return the serial number of the newest job that is retained, 0 without any."""

    def relate(self, name: str, serial: int, made: JobKey | None, newest: int) -> bool:
        """Note that a job was run again; false if the job that this *made* was there before.

        :param newest: the newest job before it was run again.
        """

    def serials_of(self, made: Iterable[JobKey]) -> Mapping[JobKey | None, int]:
        """Return the serial numbers of jobs that were just submitted, as far as they are known.

        It waits a moment for dispy to report them.
        """

    def reran(self, name: str, serials: Sequence[int], by: str | None) -> None:
        """Note that somebody ran jobs again."""

    def redacted(self, text: str) -> str:
        """Return what may be shown of an error's text."""

    def offered(self, name: str, host: str, offered: Allocation, by: str | None) -> None:
        """Note that somebody offered a node to a cluster."""

    def offer(self, name: str, number: int) -> tuple[Target, Offer]:
        """Return an offer that waits, and its cluster.

        :raises UnknownOffer: none of that number waits there.
        """

    def withdrawn(self, name: str, number: int, by: str | None) -> None:
        """Note that somebody withdrew an offer."""

    def node_rejoined(self, name: str, ip_addr: str) -> None:
        """Note that a deallocated node is back in the cluster."""
