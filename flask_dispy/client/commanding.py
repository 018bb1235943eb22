"""What a client can command: a method for each route of the JSON API that changes something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, TypeVar

from ..core.events import JobWord
from ..wire.answers import Cancelled, Matched, Outcomes, RanAgain, Rerunnable, SettingsRow
from .blocking import finish, plain
from .sending import API, CLUSTER, NODE, Request, Sender

__all__ = ["BlockingCommands", "Commanding"]

_T = TypeVar("_T")

_OFFER: Final = f"{CLUSTER}/offers/{{number}}"
_CANCEL: Final = f"{CLUSTER}/jobs/cancel"
_RERUN: Final = f"{CLUSTER}/jobs/rerun"


class Commanding:
    """What can be commanded. A command is sent once: it may have worked though no answer came."""

    _sender: Sender

    async def _command(
        self,
        shape: type[_T],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        /,
        **values: Any,
    ) -> _T:
        return await self._sender.ask(Request(shape, method, path, values, body))

    async def cancel(
        self,
        serials: Sequence[int] | None = None,
        cluster: str = "*",
        *,
        q: str | None = None,
        state: JobWord | Collection[JobWord] = (),
        node: str | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> Cancelled:
        """Cancel jobs: those with these serials, or those that a search finds.

        :param limit: so many of the search's jobs at a time, the newest first.
        :param before: go on with the jobs before this serial, the last ``next_before``.
        """
        body = _which(serials, q, state, node, limit, before)
        return await self._command(Cancelled, "POST", _CANCEL, body, name=cluster)

    async def cancel_dry_run(
        self,
        serials: Sequence[int] | None = None,
        cluster: str = "*",
        *,
        q: str | None = None,
        state: JobWord | Collection[JobWord] = (),
        node: str | None = None,
    ) -> Matched:
        """Return how many jobs :meth:`cancel` would find and cancel."""
        body = {**_which(serials, q, state, node), "dry_run": True}
        return await self._command(Matched, "POST", _CANCEL, body, name=cluster)

    async def rerun(
        self,
        serials: Sequence[int] | None = None,
        cluster: str = "*",
        *,
        q: str | None = None,
        state: JobWord | Collection[JobWord] = (),
        node: str | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> RanAgain:
        """Run jobs again: those with these serials, or those that a search finds (docs/rerun.md).

        :param limit: so many of the search's jobs at a time, the newest first; up to 1,000.
        :param before: go on with the jobs before this serial, the last ``next_before``.
        """
        body = _which(serials, q, state, node, limit, before)
        return await self._command(RanAgain, "POST", _RERUN, body, name=cluster)

    async def rerun_dry_run(
        self,
        serials: Sequence[int] | None = None,
        cluster: str = "*",
        *,
        q: str | None = None,
        state: JobWord | Collection[JobWord] = (),
        node: str | None = None,
    ) -> Rerunnable:
        """Return how many jobs :meth:`rerun` would run again, and which it would refuse."""
        body = {**_which(serials, q, state, node), "dry_run": True}
        return await self._command(Rerunnable, "POST", _RERUN, body, name=cluster)

    async def add_node(
        self, host: str, cluster: str = "*", *, port: int | None = None, cpus: int | None = None
    ) -> Outcomes:
        """Offer a node to a cluster; *host* may hold ``*``."""
        body = {"host": host, "port": port, "cpus": cpus}
        return await self._command(Outcomes, "POST", f"{CLUSTER}/nodes", body, name=cluster)

    async def set_cpus(self, host: str, cpus: int, cluster: str = "*") -> Outcomes:
        """Set how many of a node's CPUs are used; negative: that many are left unused."""
        body = {"cpus": cpus}
        return await self._command(Outcomes, "PATCH", NODE, body, name=cluster, host=host)

    async def allocate(self, host: str, cluster: str = "*") -> Outcomes:
        """Let a node that is known take jobs of the cluster."""
        return await self._node_command("allocate", host, cluster)

    async def deallocate(self, host: str, cluster: str = "*") -> Outcomes:
        """Let a node take no more jobs of the cluster."""
        return await self._node_command("deallocate", host, cluster)

    async def close_node(self, host: str, cluster: str = "*") -> Outcomes:
        """Close a node for the cluster: no further jobs go there; its running jobs end as usual."""
        return await self._node_command("close", host, cluster)

    async def _node_command(self, action: str, host: str, cluster: str) -> Outcomes:
        path = f"{NODE}/{action}"
        return await self._command(Outcomes, "POST", path, name=cluster, host=host)

    async def ask_again(self, number: int, cluster: str = "*") -> Outcomes:
        """Ask a node anew that was asked to join and has not, by its offer's number."""
        path = f"{_OFFER}/ask"
        return await self._command(Outcomes, "POST", path, name=cluster, number=number)

    async def withdraw(self, number: int, cluster: str = "*") -> Outcomes:
        """Take back the offer of a node that has not joined, by its number."""
        return await self._command(Outcomes, "DELETE", _OFFER, name=cluster, number=number)

    async def change_settings(
        self, *, poll_sec: float | None = None, show_job_args: bool | None = None
    ) -> SettingsRow:
        """Change the settings that are given, for everybody; return all."""
        body = _given(poll_sec=poll_sec, show_job_args=show_job_args)
        return await self._command(SettingsRow, "PATCH", f"{API}/settings", body)


def _which(
    serials: Sequence[int] | None,
    q: str | None,
    state: str | Collection[str],
    node: str | None,
    limit: int | None = None,
    before: int | None = None,
) -> dict[str, Any]:
    """Return which jobs are meant. An empty search has to be asked for: it finds all jobs."""
    words = [state] if isinstance(state, str) else list(state)
    given = _given(q=q, state=words or None, node=node)
    if (serials is None) == (not given):
        raise ValueError('give serials, or a search with q, state or node; q="" means all jobs')
    body: dict[str, Any] = {"filter": given} if serials is None else {"serials": list(serials)}
    return body | _given(limit=limit, before=before)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class BlockingCommands:
    """The same as plain methods, for a ``Blocking`` over a :class:`Commanding`."""

    cancel = plain(Commanding.cancel, finish)
    cancel_dry_run = plain(Commanding.cancel_dry_run, finish)
    rerun = plain(Commanding.rerun, finish)
    rerun_dry_run = plain(Commanding.rerun_dry_run, finish)
    add_node = plain(Commanding.add_node, finish)
    set_cpus = plain(Commanding.set_cpus, finish)
    allocate = plain(Commanding.allocate, finish)
    deallocate = plain(Commanding.deallocate, finish)
    close_node = plain(Commanding.close_node, finish)
    ask_again = plain(Commanding.ask_again, finish)
    withdraw = plain(Commanding.withdraw, finish)
    change_settings = plain(Commanding.change_settings, finish)
