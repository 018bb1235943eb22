"""DispyHTTPServer: the dashboard as a server of its own, in a thread of the client program."""

from __future__ import annotations

import contextlib
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from flask import Flask

from .core.columns import Column
from .core.errors import WrongProcess
from .core.failurewindow import FAILING_JOBS, FAILING_PERCENT
from .core.meter import CpuHourPrice
from .core.settings import Settings, among
from .core.textbudget import DEFAULT_HISTORY_BYTES
from .core.webhook import Webhook
from .hosting import (
    Limits,
    ThreadServer,
    listen,
    local_url,
    reachable_from_outside,
    tls_contexts,
)
from .registry import ClusterRegistry
from .report import save_report
from .terminal.progress import Progress
from .watching.addresses import Address
from .watching.dashboard import Dashboard, board_of
from .web.access.guard import Authorize
from .web.access.origins import checked_hosts
from .web.blueprint import create_blueprint
from .web.http.audience import Audience
from .web.http.turns import COSTLY_SHARE
from .web.http.validation import MAX_BODY_BYTES
from .wire.shapes.jobs import JobRow

__all__ = ["DispyHTTPServer", "cluster_status"]

logger = logging.getLogger("flask_dispy")

# How long requests under way may take to end.
_GRACE_SEC: Final = 2.0

# The longest that shutdown() waits for viewers, whatever the update interval: nobody expects a
# program to go on for an hour because a page asks once an hour.
_LONGEST_WAIT_SEC: Final = 60.0

# A stream is heard of once a second, however short the update interval is.
_LEAST_LATELY_SEC: Final = 5.0

_ANYWHERE: Final = {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not listened on


class DispyHTTPServer:
    """Serves the dashboard of dispy clusters, with the signature of ``dispy.httpd``'s server.

    It runs in daemon threads of this process and belongs to it: a fork holds no server. Several
    may run in one process, each on its own port. All methods may be called from any thread.
    As a context manager it ends with its block: ``with DispyHTTPServer(cluster) as server:``.

    :param cluster: the first cluster to watch, or None.
    :param host: the address or name to listen at; ``""`` for all interfaces, IPv6 and IPv4.
    :param port: 0 picks a free one.
    :param poll_sec: seconds between a page's updates, 10 if not given; 0 or less: only when asked.
        Pages can change it.
    :param DocumentRoot: a folder whose pages and files are served in place of ours.
    :param keyfile: the TLS key, in PEM without a pass phrase; read again when it changes.
    :param certfile: the TLS certificate in PEM; with its key, if there is no *keyfile*.
    :param show_job_args: whether pages show the jobs' arguments; they do if not given. Pages can
        change it.
    :param registry: show this one, a :class:`~flask_dispy.ClusterRegistry` or
        :class:`~flask_dispy.PastRegistry`, which stays open when the server ends. *poll_sec* and
        *show_job_args* are set on it if they are given.
    :param ssl_context: TLS settings of your own, in place of *keyfile* and *certfile*.
    :param replace: first end the server that this process has on the same host and port, without
        waiting for its viewers, as a notebook's cell that is run again needs. It is gone even if
        this one can't be made. If one of both listens on all interfaces, the port decides.
    :param public_url: where the browsers of those who see the card in a notebook find the server,
        if not at :attr:`url`; ``/proxy/{port}/`` through jupyter-server-proxy.
    :param rerun: runs a job of *cluster* again; see :meth:`ClusterRegistry.add`.
    :param max_connections: at a time; one more is answered 503. Streams get at most three
        quarters of them.
    :param request_timeout_sec: the longest that a client may take to send a request.
    :param keep_alive_sec: how long a connection may lie idle between requests.
    :param send_timeout_sec: the longest that a client may take to receive each 64 KB.

    From *authorize* to *costly_wait_sec* they are the options of
    :func:`~flask_dispy.create_blueprint`, from *history_limit* on the settings of
    :class:`~flask_dispy.ClusterRegistry`; those are not given beside *registry*, but to it.

    :raises OSError: host and port can't be had, or a TLS file can't be read.
    :raises ValueError: an option makes no sense.
    :raises TypeError: an option has the wrong type, or belongs to the registry that is given.

    Where it raises, nothing is left running.
    """

    registry: ClusterRegistry
    """What it shows; a :class:`~flask_dispy.PastRegistry`, where one was given."""

    port: int
    """The port that it listens on."""

    url: str
    """Where a browser on this machine finds it; ends in a slash."""

    def __init__(
        self,
        cluster: Any,
        host: str = "",
        port: int = 8181,
        poll_sec: float | None = None,
        DocumentRoot: str | os.PathLike[str] | None = None,  # noqa: N803 - dispy's name
        keyfile: str | os.PathLike[str] | None = None,
        certfile: str | os.PathLike[str] | None = None,
        show_job_args: bool | None = None,
        *,
        registry: Dashboard | None = None,
        ssl_context: ssl.SSLContext | None = None,
        replace: bool = False,
        public_url: str | None = None,
        rerun: Callable[[JobRow], object] | None = None,
        max_connections: int = 512,
        request_timeout_sec: float = 10,
        keep_alive_sec: float = 75,
        send_timeout_sec: float = 30,
        authorize: Authorize | None = None,
        users: Mapping[str, tuple[str, str]] | None = None,
        tokens: Mapping[str, str] | None = None,
        read_only: bool = False,
        trusted_hosts: Sequence[str] | None = None,
        frame_ancestors: Sequence[str] = (),
        max_body_bytes: int = MAX_BODY_BYTES,
        costly_share: float = COSTLY_SHARE,
        costly_waiting: int = 128,
        costly_wait_sec: float = 10,
        history_limit: int = 10_000,
        closed_limit: int = 20,
        text_limit: int = 1024,
        history_bytes: int = DEFAULT_HISTORY_BYTES,
        inbox_limit: int = 1_000_000,
        engine_timeout_sec: float = 10.0,
        stall_sec: float = 60.0,
        redact: Callable[[str, str], str] | None = None,
        history: str | os.PathLike[str] | None = None,
        history_days: float = 30.0,
        history_max_bytes: int = 500_000_000,
        node_columns: Sequence[Column] = (),
        job_columns: Sequence[Column] = (),
        cpu_hour_price: CpuHourPrice | None = None,
        failing_percent: float = FAILING_PERCENT,
        failing_jobs: int = FAILING_JOBS,
        alerts: Sequence[Webhook] = (),
    ) -> None:
        settings = among(locals())
        if rerun is not None and cluster is None:
            raise ValueError("rerun belongs to a cluster: give it to add_cluster() with that.")
        limits = Limits(
            max_connections=max_connections,
            request_timeout_sec=request_timeout_sec,
            keep_alive_sec=keep_alive_sec,
            send_timeout_sec=send_timeout_sec,
        )
        tls = tls_contexts(certfile, keyfile, ssl_context)
        self._pid = os.getpid()
        self._ending = threading.Lock()
        self._ended = False
        self._audience = Audience()
        self._owns_registry = registry is None
        self._host = host
        if replace:
            _end_earlier(host, port)
        with contextlib.ExitStack() as undo:
            sock = undo.enter_context(listen(host, port))
            self.port = sock.getsockname()[1]
            self.url = local_url(sock, host, secure=tls is not None)
            self._address = Address.of(
                self.url, public_url, self.port, framed=bool(frame_ancestors)
            )
            self.registry = _registry(registry, settings)
            if self._owns_registry:
                undo.callback(self.registry.close)
            # The name at which the server was asked to listen is no stranger's.
            own_name = (host,) if host and ":" not in host else ()
            blueprint = create_blueprint(
                self.registry,
                authorize=authorize,
                users=users,
                tokens=tokens,
                read_only=read_only,
                trusted_hosts=(*checked_hosts(trusted_hosts), *own_name),
                frame_ancestors=frame_ancestors,
                document_root=DocumentRoot,
                max_body_bytes=max_body_bytes,
                max_streams=max(1, max_connections * 3 // 4),
                costly_share=costly_share,
                costly_waiting=costly_waiting,
                costly_wait_sec=costly_wait_sec,
                audience=self._audience,
                standalone=True,
            )
            if reachable_from_outside(sock) and not (authorize or users or tokens):
                _warn_open(self.url, read_only)
            app = Flask("flask_dispy", static_folder=None, template_folder=None)
            app.register_blueprint(blueprint)
            name = f"flask_dispy:{self.port}"
            self._hosting = ThreadServer(app, sock, limits=limits, tls=tls, name=name)
            undo.callback(self._hosting.server_close)
            if cluster is not None:
                self.add_cluster(cluster, rerun=rerun)
            undo.pop_all()
        self._hosting.start()
        board_of(self.registry).addresses.append(self._address)
        _live.append(self)

    def add_cluster(
        self,
        cluster: Any,
        *,
        chain: bool = False,
        rerun: Callable[[JobRow], object] | None = None,
    ) -> str:
        """Show another cluster; see :meth:`ClusterRegistry.add`. Returns the name it is given.

        :param chain: put our callback before the cluster's own, if it has one.
        :param rerun: runs a job of the cluster again.
        :raises TypeError: *cluster* is none of dispy's, or the server shows past runs.
        :raises ValueError: it is closed already.
        :raises RuntimeError: the registry is closed.
        :raises WrongProcess: this is a fork of the server's process.
        """
        if os.getpid() != self._pid:
            raise WrongProcess(
                "This server lives on in the process of which this one is a fork: make the "
                "clusters there, or another server here."
            )
        return self._watching().add(cluster, chain=chain, rerun=rerun)

    def del_cluster(self, cluster: Any) -> None:
        """Show a cluster no longer. It may have been closed, or never been added.

        Closed clusters beyond the newest ``closed_limit`` go by themselves.

        :raises TypeError: the server shows past runs.
        """
        self._watching().remove(cluster)

    def _watching(self) -> ClusterRegistry:
        if not isinstance(self.registry, ClusterRegistry):
            raise TypeError("This server shows past runs: make another that watches clusters.")
        return self.registry

    # Without annotations: on Python 3.10 an unpatched dispy refuses a callback that has them.
    def cluster_status(self, status, node, job):  # type: ignore[no-untyped-def]
        """Take a report: to be called from a cluster's own callback, or passed as that.

        Never raises and takes about a microsecond. It has exactly these parameters, which dispy
        checks.
        """
        if isinstance(self.registry, ClusterRegistry):
            self.registry.cluster_status(status, node, job)  # type: ignore[no-untyped-call]

    def save_report(self, path: str | os.PathLike[str], cluster: str = "*") -> Path:
        """Write the report of a cluster's run, or of all, to a file; see docs/report.md.

        It can be called after :meth:`shutdown`, too. Returns the file's path.

        :raises UnknownCluster: no cluster of that name is watched.
        :raises OSError: the file can't be written.
        """
        return save_report(self.registry, path, cluster)

    def progress(self, cluster: str = "*") -> Progress:
        """Show in the terminal how far a cluster's run is, or all; see :func:`progress`.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        return Progress(self.registry.view(cluster).summary)

    def shutdown(self, wait: bool = True) -> None:
        """End the server and free its port; all its threads and streams end, too.

        :param wait: first let the browsers that were heard of lately (within three update
            intervals, or three of their own, if they ask less often) fetch what happened last. That
            takes a quarter of a second for dispy's last reports, then until they have, and at most
            one interval or 60 seconds, whichever is less. Nobody connected: no wait.

        Calling it again, or in a fork, does nothing.
        """
        if os.getpid() != self._pid:
            return
        with self._ending:
            if self._ended:
                return
            if wait:
                self._wait_for_viewers()
            if self in _live:
                _live.remove(self)
                board_of(self.registry).addresses.remove(self._address)
            self._audience.closing.set()
            board_of(self.registry).wake()
            if self._owns_registry:
                self.registry.close()
            self._hosting.stop(_GRACE_SEC)
            self._ended = True

    def __enter__(self) -> DispyHTTPServer:
        return self

    def __exit__(self, *raised: object) -> None:
        """End as :meth:`shutdown` does; without waiting for viewers where the block failed."""
        self.shutdown(wait=raised[0] is None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.url}{' (ended)' if self._ended else ''}>"

    def _repr_mimebundle_(self, **_kinds: object) -> dict[str, str]:
        """Return what a notebook shows; see docs/notebook.md."""
        return self.registry._card(repr(self), [] if self._ended else [self._address])

    def _wait_for_viewers(self) -> None:
        poll_sec = self.registry.poll_sec
        lately_sec = max(3 * poll_sec, _LEAST_LATELY_SEC)
        if poll_sec <= 0 or not self._audience.present(lately_sec):
            return
        # dispy reports a job's end a moment after cluster.wait() has returned.
        time.sleep(min(poll_sec, board_of(self.registry).intervals.last_reports_sec))
        self._audience.wait_until_current(
            self._current_version,
            within_sec=lately_sec,
            timeout_sec=min(poll_sec, _LONGEST_WAIT_SEC),
            longest_sec=_LONGEST_WAIT_SEC,
        )

    def _current_version(self) -> int:
        self.registry.views()  # which folds what waits
        return board_of(self.registry).version


def cluster_status(status, node, job):  # type: ignore[no-untyped-def]
    """Hand a report to the server that shows the cluster: ``dispy.httpd.cluster_status``.

    Of several servers, that is the one to which the cluster was added, else the one that was
    started first. Without any, nothing happens. Never raises.
    """
    registries = [s.registry for s in list(_live) if isinstance(s.registry, ClusterRegistry)]
    if registries:
        registry = registries[0] if len(registries) == 1 else _registry_of(registries, node, job)
        registry.cluster_status(status, node, job)  # type: ignore[no-untyped-call]


def _forwards_to(registry: object) -> bool:
    return any(server.registry is registry for server in list(_live))


# The registry asks this, to know that a cluster with this callback needs no other.
cluster_status.forwards_to = _forwards_to  # type: ignore[attr-defined]


def _registry_of(registries: Sequence[ClusterRegistry], node: Any, job: Any) -> ClusterRegistry:
    try:
        for registry in registries:
            if board_of(registry).knows(job, node):
                return registry
        # A fast job's end comes while its beginning still waits to be folded.
        for registry in registries:
            board_of(registry).fold()
            if board_of(registry).knows(job, node):
                return registry
    except Exception:
        logger.exception("can't find out which server shows the cluster of a report")
    return registries[0]


def _registry(given: Dashboard | None, settings: dict[str, Any]) -> Any:
    """Return what the server shows: *given*, or a registry of its own with these settings."""
    changeable = {name: settings.pop(name) for name in ("poll_sec", "show_job_args")}
    asked = {name: value for name, value in changeable.items() if value is not None}
    if given is None:
        return ClusterRegistry(**asked, **settings)
    defaults = {field.name: field.default for field in fields(Settings)}
    names = ", ".join(name for name, value in settings.items() if value != defaults[name])
    if names:
        raise TypeError(f"{names}: give the settings of a shared registry to the registry itself")
    for name, value in asked.items():
        setattr(given, name, value)
    return given


def _warn_open(url: str, read_only: bool) -> None:
    allowed = "see" if read_only else "see and manage"
    logger.warning(
        "Anyone who can reach %s over the network can %s the clusters: pass users=, tokens= or "
        "authorize= to DispyHTTPServer, or host='127.0.0.1'.",
        url,
        allowed,
    )


def _end_earlier(host: str, port: int) -> None:
    """End the server of this process that is in the way of one on *host* and *port*."""
    for server in list(_live):
        if server.port == port and (server._host == host or _ANYWHERE & {server._host, host}):
            server.shutdown(wait=False)


# The servers that run. They are held here because a program may drop its own reference: the threads
# serve on all the same.
_live: list[DispyHTTPServer] = []


def _after_fork() -> None:
    """In a child of the process: let go of what belongs to the parent."""
    for server in _live:
        server._hosting.abandon()
    _live.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
