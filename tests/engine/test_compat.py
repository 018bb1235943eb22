"""dispy on the running Python: callbacks, recovery files, dispy.httpd, TLS; the real thing."""

from __future__ import annotations

import copy
import functools
import inspect
import queue
import shelve
import ssl
import threading

import computations
import dispy
import pycos
import pytest
import trustme
from clusters import call_in_child, result_of, wait_until
from dispy import DispyJob

from flask_dispy.programs.patches import patch_dispy


class Listener:
    """Callbacks as users write them today: methods, with annotations."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.results: list[object] = []

    def cluster_status(self, status: int, node: object, job: object) -> None:
        self.statuses.append(status)

    def job_status(self, job: DispyJob) -> None:
        self.results.append(job.result)


def too_few(status, node):
    """Not a callback for cluster_status."""


def with_default(status, node, job=None):
    """Not a callback for cluster_status."""


def keyword_only(status, node, *, job):
    """Not a callback for cluster_status."""


def test_standard_library_is_untouched():
    modules = (inspect, queue, ssl, shelve)
    before = [vars(module).copy() for module in modules]
    patch_dispy()
    assert [vars(module) for module in modules] == before


def test_patching_again_changes_nothing():
    patch_dispy()
    first = [dispy.inspect, dispy.queue, dispy.shelve, pycos.ssl]
    patch_dispy()
    assert [dispy.inspect, dispy.queue, dispy.shelve, pycos.ssl] == first


def test_stand_in_passes_on_what_it_does_not_replace():
    patch_dispy()
    assert dispy.inspect.isfunction is inspect.isfunction
    assert dispy.shelve.Shelf is shelve.Shelf
    assert pycos.ssl.SSLError is ssl.SSLError


def test_patching_in_many_threads_leaves_one_stand_in(tmp_path):
    assert call_in_child("engine/compat_child.py:count_stand_ins", 16, cwd=tmp_path) == 1


@pytest.mark.cluster
def test_constructors_take_annotated_callbacks(local_dispy):
    listener = Listener()
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(
        computations.echo, cluster_status=listener.cluster_status, job_status=listener.job_status
    )
    cluster.submit("done")
    wait_until(lambda: DispyJob.Finished in listener.statuses, what="the end of the job")
    wait_until(lambda: listener.results == ["done"], what="the job's own callback")


@pytest.mark.cluster
def test_shared_cluster_takes_annotated_callbacks(local_dispy):
    listener = Listener()
    local_dispy.start_node()
    local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(
        computations.echo, cluster_status=listener.cluster_status, job_status=listener.job_status
    )
    cluster.submit("done")
    wait_until(lambda: DispyJob.Finished in listener.statuses, what="the end of the job")
    wait_until(lambda: listener.results == ["done"], what="the job's own callback")


def note_thread(status, node, job):
    """Take a report, without a mark."""
    threads.add(threading.current_thread())


def note_thread_at_once(status, node, job):
    """Take a report, with a mark."""
    threads.add(threading.current_thread())


note_thread_at_once.at_once = note_thread_at_once


@functools.wraps(note_thread_at_once)
def wrapping(status, node, job):
    """Take a report; the mark is another's."""
    note_thread(status, node, job)


threads: set[threading.Thread] = set()


@pytest.mark.cluster
@pytest.mark.parametrize(
    "callback", [note_thread, note_thread_at_once, wrapping],
    ids=["plain", "marked", "wrapping"],
)  # fmt: skip
def test_only_callbacks_marked_so_are_called_at_once(local_dispy, callback):
    threads.clear()
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.echo, cluster_status=callback)
    worker = cluster._cluster.worker_thread
    result_of(cluster.submit(1))
    wait_until(lambda: threads, what="a report")
    assert (worker not in threads) is (callback is note_thread_at_once)
    assert len(threads) == 1


def fields(job):
    """Return what is set of a job's fields."""
    return {name: getattr(job, name) for name in DispyJob.__slots__ if hasattr(job, name)}


@pytest.mark.parametrize("missing", [(), ("result",), ("_dispy_job_", "finish")])
def test_job_is_copied_as_the_standard_library_copies_it(missing):
    patch_dispy()
    job = DispyJob("an id", (1, [2]), {"n": 5})
    for number, name in enumerate(DispyJob.__slots__):
        setattr(job, name, [number])
    for name in missing:
        delattr(job, name)
    ours, usual = dispy.copy.copy(job), copy.copy(job)
    assert type(ours) is DispyJob
    assert ours is not job
    assert fields(ours) == fields(usual) == fields(job)
    assert all(getattr(ours, name) is getattr(job, name) for name in fields(job))


def test_other_objects_than_jobs_are_copied_as_before():
    class Kept(DispyJob):
        """A class of somebody's own, with a way of its own to be copied."""

        def __copy__(self):
            return "its own way"

    patch_dispy()
    assert dispy.copy.copy(Kept("an id", (), {})) == "its own way"
    original = [[1]]
    assert dispy.copy.copy(original) == original
    assert dispy.copy.copy(original) is not original
    assert copy.copy(DispyJob("an id", (), {})).id == "an id"
    assert dispy.copy.deepcopy is copy.deepcopy


@pytest.mark.parametrize("callback", [too_few, with_default, keyword_only])
def test_constructor_refuses_wrong_callbacks_as_ever(local_dispy, callback):
    with pytest.raises(Exception, match='Invalid "cluster_status" function'):
        local_dispy.job_cluster(computations.echo, cluster_status=callback)


def test_recovery_file_is_written_from_any_thread(tmp_path):
    patch_dispy()
    path = str(tmp_path / "recover")
    shelf = dispy.shelve.open(path, flag="c", writeback=True)
    writer = threading.Thread(target=shelf.__setitem__, args=("node_127.0.0.2", {"port": 9701}))
    writer.start()
    writer.join()
    shelf.sync()
    shelf.close()
    with dispy.shelve.open(path, flag="r") as shelf:
        assert dict(shelf) == {"node_127.0.0.2": {"port": 9701}}


def test_recovery_file_of_an_unpatched_client_is_read(tmp_path):
    patch_dispy()
    path = str(tmp_path / "recover")
    with shelve.open(path, flag="c") as shelf:
        shelf["_cluster"] = {"port": 9700}
    with dispy.shelve.open(path, flag="r") as shelf:
        assert dict(shelf) == {"_cluster": {"port": 9700}}


@pytest.mark.cluster
def test_recovery_files_are_removed_when_dispy_shuts_down(local_dispy):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.echo)
    assert result_of(cluster.submit(1)) == 1
    assert list(local_dispy.folder.glob("recover*"))
    local_dispy.close()
    assert list(local_dispy.folder.glob("recover*")) == []


def test_httpd_stands_in_only_where_the_original_cannot_be_imported(tmp_path):
    seen = call_in_child("engine/compat_child.py:httpd_seen_by_programs", cwd=tmp_path)
    try:
        import cgi  # noqa: F401 - gone in Python 3.13
    except ImportError:
        assert seen == {"import": "ours", "attribute": "ours"}
    except DeprecationWarning:
        assert seen == {"import": "dispy's", "attribute": "dispy's"}
    else:
        assert seen == {"import": "dispy's", "attribute": "dispy's"}


def test_httpd_can_be_replaced_on_every_python(tmp_path):
    seen = call_in_child("engine/compat_child.py:httpd_replaced", cwd=tmp_path)
    assert seen == {"import": "ours", "attribute": "ours"}


@pytest.mark.cluster
def test_jobs_run_over_tls(tmp_path, certificate):
    result, statuses = call_in_child(
        "engine/tls_child.py:statuses_of_a_job", certificate, cwd=tmp_path
    )
    assert result == 3
    # Interim results come over a connection of the job's own process.
    assert statuses.count(DispyJob.ProvisionalResult) == 3


@pytest.mark.cluster
def test_node_with_another_certificate_is_not_trusted(tmp_path, certificate, other_certificate):
    trusted = call_in_child(
        "engine/tls_child.py:nodes_that_were_trusted", certificate, other_certificate, cwd=tmp_path
    )
    assert trusted == ["127.0.0.3"]


@pytest.fixture
def certificate(tmp_path):
    return _pem(tmp_path / "one.pem")


@pytest.fixture
def other_certificate(tmp_path):
    return _pem(tmp_path / "other.pem")


def _pem(path):
    """A key, its certificate and the authority in one file, as dispy's peers share it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "127.0.0.2", "127.0.0.3")
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    authority.cert_pem.write_to_path(str(path), append=True)
    return str(path)
