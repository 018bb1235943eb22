"""Patches that make dispy 4.15.2 and pycos 4.12.2 run on newer Pythons.

Both are older than Python 3.11, and unmaintained. Four things that they use have since been removed
from the standard library, or changed:

=======  ==============================================  ========================================
Python   removed or changed                              what fails in dispy
=======  ==============================================  ========================================
3.11     ``inspect.getargspec``                          ``job_status=`` and ``cluster_status=``
                                                         of ``JobCluster``, ``SharedJobCluster``
3.12     ``ssl.wrap_socket``                             TLS between client, scheduler and nodes
3.13     ``cgi``                                         ``import dispy.httpd``, and with it
                                                         dispyscheduler
3.13     ``shelve`` uses SQLite, which refuses a second  every job: the client's recovery file is
         thread                                          written from several threads
=======  ==============================================  ========================================

On every Python, ``dispy.recover_jobs`` fails, because it looks in the recovery file for a name that
dispy does not write.

:func:`patch_dispy` replaces those four names inside dispy's and pycos's modules, and two more that
make reports far cheaper: ``queue.Queue``, through which dispy hands a report to a thread
(:class:`_Callbacks`), and ``copy.copy``, with which it copies the job (:func:`_copied`). The
standard library itself is never touched, so no other code of the process is affected.
"""

from __future__ import annotations

import copy
import dbm
import dbm.dumb
import importlib
import importlib.util
import inspect
import queue
import shelve
import ssl
import sys
import threading
import warnings
from collections.abc import Callable
from operator import attrgetter
from types import ModuleType
from typing import Any, Final, NamedTuple

import dispy
import pycos
from dispy import DispyJob

__all__ = ["patch_dispy", "replace"]

_patching = threading.Lock()

_SQLITE_SHELVES: Final = importlib.util.find_spec("dbm.sqlite3") is not None


def patch_dispy(
    *, httpd: ModuleType | None = None, replace_httpd: bool = False, lighten: bool = True
) -> None:
    """Apply the patches; see :func:`flask_dispy.patch_dispy`.

    :param httpd: the module that replaces ``dispy.httpd`` if that can't be imported. ``None``
    leaves
        ``dispy.httpd`` alone, which is enough for a node. It is a parameter because this file
        may not import the server, which is on a higher floor.
    :param replace_httpd: replace ``dispy.httpd`` even if it can be imported.
    :param lighten: whether to apply the patches that only make dispy faster.
    """
    with _patching:
        # On every Python, because the original of 3.10 refuses a callback with annotations.
        replace(dispy, "inspect", inspect, getargspec=_getargspec)
        if not hasattr(ssl, "wrap_socket"):
            replace(pycos, "ssl", ssl, wrap_socket=_wrap_socket)
        replace(dispy, "shelve", shelve, open=_open_shelf)
        if httpd is not None:
            _patch_httpd(httpd, always=replace_httpd)
        if lighten:
            replace(dispy, "queue", queue, Queue=_Callbacks)
            replace(dispy, "copy", copy, copy=_copied)


class _StandIn(ModuleType):
    """A module of the standard library as dispy sees it, with a few names replaced."""

    def __init__(self, original: ModuleType, names: dict[str, Callable[..., Any]]) -> None:
        super().__init__(original.__name__, original.__doc__)
        self.__dict__.update(names)
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def replace(module: Any, name: str, original: ModuleType, **names: Callable[..., Any]) -> None:
    """Set ``module``'s global ``name`` to ``original`` with ``names`` replaced, unless it is."""
    if not isinstance(getattr(module, name), _StandIn):
        setattr(module, name, _StandIn(original, names))


class _ArgSpec(NamedTuple):
    """The result of ``inspect.getargspec``, with the names that dispy reads."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def _getargspec(function: Callable[..., Any]) -> _ArgSpec:
    """``inspect.getargspec``, which also accepts annotations."""
    spec = inspect.getfullargspec(function)
    if spec.kwonlyargs:
        raise ValueError(f"{function!r} has keyword-only parameters, which dispy can't pass")
    return _ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


class _Callbacks(queue.Queue[Any]):
    """dispy's queue of callbacks to call on its own thread, except those to call at once.

    Waking that thread for a report takes about 0.1 ms of CPU time. Callbacks that only store the
    report, never fail and never wait have an attribute ``at_once``: the callback itself, because a
    wrapper may copy its attributes. All others, including users' own, are queued.
    """

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if item is not None:  # which would end the thread
            callback, arguments = item
            marked: Any = getattr(callback, "at_once", None)
            if marked is callback:
                callback(*arguments)
                return
        super().put(item, block, timeout)


_JOB_FIELDS: Final = (
    "id", "result", "stdout", "stderr", "exception", "submit_time", "start_time", "end_time",
    "status", "ip_addr", "finish", "_args", "_kwargs", "_dispy_job_", "_uid",
)  # fmt: skip
_fields_of: Final = attrgetter(*_JOB_FIELDS)
_known_to_us: Final = set(_JOB_FIELDS) == set(DispyJob.__slots__) and not hasattr(
    DispyJob, "__copy__"
)


def _copied(original: Any) -> Any:
    """``copy.copy`` that is several times as fast for jobs, because it does not use pickling.

    dispy copies the job for each of its reports, mostly on the thread that schedules.
    """
    if type(original) is not DispyJob or not _known_to_us:
        return copy.copy(original)
    job: Any = object.__new__(DispyJob)
    try:
        (job.id, job.result, job.stdout, job.stderr, job.exception, job.submit_time,
         job.start_time, job.end_time, job.status, job.ip_addr, job.finish, job._args, job._kwargs,
         job._dispy_job_, job._uid) = _fields_of(original)  # fmt: skip
    except AttributeError:  # not all of them are set
        return copy.copy(original)
    return job


def _wrap_socket(
    sock: Any,
    keyfile: str | None = None,
    certfile: str | None = None,
    server_side: bool = False,
    cert_reqs: ssl.VerifyMode = ssl.CERT_NONE,
    ssl_version: int | None = None,  # noqa: ARG001 - pycos passes the deprecated "any version"
    ca_certs: str | None = None,
    do_handshake_on_connect: bool = True,
) -> ssl.SSLSocket:
    """``ssl.wrap_socket`` with the parameters that pycos passes.

    As before, no host name is checked: dispy's peers are addresses, and share one certificate
    file, which ``ca_certs`` pins.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = cert_reqs
    if ca_certs:
        context.load_verify_locations(ca_certs)
    if certfile:
        context.load_cert_chain(certfile, keyfile)
    return context.wrap_socket(
        sock, server_side=server_side, do_handshake_on_connect=do_handshake_on_connect
    )


class _RecoveryFile(shelve.Shelf[Any]):
    """A client's recovery file, which ``dispy.recover_jobs`` can use."""

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "_cluster":  # on every Python, recover_jobs looks for the hosts under this name
            value = {**value, "ip_addrs": value["hosts"]}
        super().__setitem__(key, value)


def _open_shelf(
    filename: str, flag: Any = "c", protocol: int | None = None, writeback: bool = False
) -> shelve.Shelf[Any]:
    """``shelve.open`` whose files may be written from any thread.

    ``dbm.dumb`` is the one kind that every Python has on every platform; dispy removes its files
    (``.dat``, ``.dir``, ``.bak``) when it shuts down. Reading, as ``dispy.recover_jobs`` does in
    one thread, detects the kind of file by itself.
    """
    if flag == "r":
        return shelve.open(filename, flag, protocol, writeback)
    file: Any = (dbm.dumb if _SQLITE_SHELVES else dbm).open(filename, flag)
    return _RecoveryFile(file, protocol, writeback)


def _patch_httpd(stand_in: ModuleType, *, always: bool) -> None:
    """Make ``import dispy.httpd`` work: with the original if possible, else with ``stand_in``."""
    if sys.modules.get("dispy.httpd") is stand_in:
        return
    original = None if always else _original_httpd()
    if original is None:
        sys.modules["dispy.httpd"] = stand_in
        # The import system binds a submodule to its package only if it loads it itself.
        dispy.httpd = stand_in
    elif not hasattr(ssl, "wrap_socket"):
        replace(original, "ssl", ssl, wrap_socket=_wrap_socket)


def _original_httpd() -> ModuleType | None:
    """dispy's own ``dispy.httpd``, or None where it can't be imported."""
    with warnings.catch_warnings():
        # 3.11 and 3.12 warn of cgi's removal, which the caller can't change.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return importlib.import_module("dispy.httpd")
        except ImportError:
            return None
