"""The processes of a dispynode's jobs, which may be short, die, or be terminated early.

dispynode starts a job's process, and only then notes its pid. A job that ends before that, because
it is short or the machine is busy, is lost with an AttributeError. If its end is read even before
``start`` has returned, the node's reply thread dies of "can only join a started process", and the
node never sends a result again. So a reply waits briefly until the pid has been read.

dispynode waits for the reply alone. If a job's process ends without one, by ``sys.exit``,
``os._exit``, a signal, an error at exit or the kernel's out-of-memory killer, the job would run for
ever and keep its CPU. So a thread follows each process until it has replied or ended.

A job that is terminated right after it was sent would run on; see :class:`_NodeTask`.
"""

from __future__ import annotations

import io
import multiprocessing
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from dispy import DispyJob
from pycos import Task

from .jobdeaths import GROUP_SIGNALS, death_reply, how_it_ended
from .nodesignals import heed_signals
from .oomkills import oom_kills
from .outputs import CapturedOutput, KeptOutput
from .patches import replace
from .replies import Death, JobPipe, ReplyQueue

__all__ = ["patch_node_when_loaded"]

# A reply is sent after this long even if nobody has read the process's pid.
_PID_READ_SEC: Final = 2.0

# How long a node takes to notice that it, too, is to end.
_NODE_END_SEC: Final = 0.5

# How long a command to end a job waits for its process.
_STARTED_SEC: Final = 5.0

_JOB: Final = "_dispy_job_func"
_TERMINATE: Final = "terminate_job"

_followed: dict[int, _Job] = {}
"""The jobs that this process has started and that have not ended, by the pid of their process."""


class JobProcess(multiprocessing.Process):
    """A process that a thread of its parent follows until its end, if it runs a job."""

    def __init__(self, *, target: Any = None, args: Any = (), **options: Any) -> None:
        super().__init__(target=target, args=args, **options)
        self._job: _Job | None = None
        if getattr(target, "__name__", "") == _JOB:
            self._job = _Job(args[2])

    def start(self) -> None:
        """Fork; if the process runs a job, follow it."""
        job = self._job
        if job is None:
            super().start()
            return
        try:
            super().start()
        except BaseException:
            job.pipe.after_fork_in_parent(None)
            job.close()
            raise
        job.pipe.after_fork_in_parent(self.ident)
        _followed[self.ident or 0] = job
        threading.Thread(target=job.follow, args=(self,), name="follow-job", daemon=True).start()

    def run(self) -> None:
        """Do the work, in the new process."""
        job = self._job
        if job is None:
            super().run()
            return
        target: Any = self._target  # type: ignore[attr-defined]
        job.begin(target.__globals__)
        try:
            super().run()
        except SystemExit:
            raise
        except BaseException as error:
            # An error that is no Exception, or that pickling the result raised: dispy ignores
            # these. multiprocessing would also write it to the job's error output.
            frames = error.__traceback__ and error.__traceback__.tb_next
            job.pipe.send_traceback("".join(traceback.format_exception(type(error), error, frames)))
            raise SystemExit(1) from None

    @property
    def pid(self) -> int | None:
        """The process's pid, which dispynode reads right after ``start``."""
        if self._job is not None:
            self._job.pid_read.set()
        return self.ident


class _Job:
    """The connection between a job's process and the one that started it.

    :param names: the job's globals.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._replies = names["reply_Q"]
        self._reply = names["__dispy_job_reply"]
        self.pipe = JobPipe()
        self.pid_read = threading.Event()
        self.reported = threading.Event()
        self.terminated = threading.Event()
        self._outputs: list[KeptOutput] = []
        with suppress(OSError):  # the system has no memory left; the job can do without
            self._outputs = [KeptOutput(), KeptOutput()]
        self._oom_kills = oom_kills()

    # -- in the job

    def begin(self, node: dict[str, Any]) -> None:
        """Replace dispynode's queue and streams by ours; ``node`` has dispynode's globals."""
        self.pipe.close_other_pipes()
        self._names["reply_Q"] = self
        outputs = iter(self._outputs)

        def captured() -> io.StringIO:
            kept = next(outputs)
            if kept is self._outputs[-1]:
                node["io"] = io
            return CapturedOutput(kept)

        if self._outputs:
            node["io"] = SimpleNamespace(StringIO=captured)

    def put(self, reply: Any) -> None:
        """Send the reply; dispynode calls this as it would call its queue."""
        try:
            self.pipe.send_reply(reply)
        except BrokenPipeError:
            # The process that was set up for the computation, and had started this one, has died.
            self._replies.put(reply)

    # -- in the process that started it

    def follow(self, process: JobProcess) -> None:
        """Wait until the process replies or ends, and forward its reply or report its death."""
        try:
            said = self.pipe.read_until_end_of(process)
            self.pid_read.wait(_PID_READ_SEC)
            if said.reply is not None:
                self._replies.put(said.reply)
            else:
                self._replies.put(Death(self._death_of(process, said.traceback_text)))
        finally:
            self.reported.set()
            _followed.pop(process.ident or 0, None)
            self.close()

    def _death_of(self, process: JobProcess, traceback_text: str) -> Any:
        exitcode = None if self.terminated.is_set() else _exitcode_of(process)
        if (exitcode is not None and -exitcode in GROUP_SIGNALS) or traceback_text.endswith(
            "KeyboardInterrupt\n"
        ):
            # The node may notice that it ends, too, or that somebody terminates the job.
            self.terminated.wait(_NODE_END_SEC)
        stdout, stderr = [output.text() for output in self._outputs] or ("", "")
        return death_reply(
            self._reply,
            ended=how_it_ended(exitcode, self._oom_kills),
            traceback_text=traceback_text,
            terminated=self.terminated.is_set(),
            stdout=stdout,
            stderr=stderr,
        )

    def close(self) -> None:
        """Release the pipe and the outputs."""
        self.pipe.close()
        for output in self._outputs:
            output.close()


def _exitcode_of(process: JobProcess) -> int | None:
    """Return the exit code; another thread may be about to set it, or may have lost it."""
    give_up_at = time.monotonic() + 0.5
    while process.exitcode is None and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return process.exitcode


def patch_node_when_loaded() -> None:
    """Patch the dispynode that is about to be loaded as ``__main__``: its jobs start as ours.

    Once its names are defined, and before it uses them, dispynode sets the start method of
    processes; the patch hooks into that call. On Windows there is no such call, and no patch.
    """
    original = multiprocessing.set_start_method

    def set_start_method(*args: Any, **options: Any) -> None:
        multiprocessing.set_start_method = original
        original(*args, **options)
        node = sys.modules["__main__"]
        replies = partial(ReplyQueue, ctx=multiprocessing.get_context())
        replace(node, "multiprocessing", multiprocessing, Process=JobProcess, Queue=replies)
        _mark_terminated_jobs(node)
        heed_signals(node)
        vars(node)["Task"] = _NodeTask

    multiprocessing.set_start_method = set_start_method


class _NodeTask(Task):  # type: ignore[misc]
    """A task of dispynode's that terminates a job no sooner than its process is known.

    dispynode reports that a job runs before it has started it, and silently ignores the command to
    terminate a job whose process it does not know yet.
    """

    def __init__(self, target: Any, *arguments: Any, **options: Any) -> None:
        if getattr(target, "__name__", "") == _TERMINATE:
            super().__init__(_once_started, target, *arguments, **options)
        else:
            super().__init__(target, *arguments, **options)


def _once_started(terminate: Any, client: Any, info: Any, task: Any = None) -> Iterator[Any]:
    give_up_at = time.monotonic() + _STARTED_SEC
    while (
        not _has_started(info)
        and info.job_reply.status == DispyJob.Running
        and time.monotonic() < give_up_at
    ):
        yield task.sleep(0.02)
    yield terminate(client, info, task=task)


def _has_started(info: Any) -> bool:
    process = info.proc
    number = process.ident if isinstance(process, JobProcess) else getattr(process, "pid", None)
    return bool(number or info.pid)


def _mark_terminated_jobs(node: Any) -> None:
    original = node._dispy_terminate_proc

    def terminate(proc_pid: Any, task: Any = None) -> Iterator[Any]:
        job = _followed.get(getattr(proc_pid, "pid", proc_pid))
        if job is not None:
            job.terminated.set()
        # pycos awaits the generator, and takes its return value.
        status = yield original(proc_pid, task=task)
        # dispy now reports the end without the job's output; our report must come first.
        give_up_at = time.monotonic() + _NODE_END_SEC
        while job and not job.reported.is_set() and time.monotonic() < give_up_at:
            yield task.sleep(0.01)
        return status

    node._dispy_terminate_proc = terminate
