"""The processes of a dispynode's jobs: none outruns the node, and none dies unseen.

dispynode starts a job's process, and only then notes its number. A job that ends before that,
because it is short or the machine busy, is lost with an AttributeError; and if its end is taken
in even before ``start`` has returned, the node's thread for that dies of "can only join a started
process", and the node never again sends a result. So a reply waits, a moment, until the number is
noted.

dispynode waits for the reply alone. A job whose process ends without one, by ``sys.exit``,
``os._exit``, a signal, an error in its exit or the kernel's out-of-memory killer, would run for
ever and keep its CPU. So a thread here follows each process until it has replied or ended.

And a job that is to be ended as soon as it has been sent would run on (:class:`_NodeTask`).
"""

from __future__ import annotations

import io
import multiprocessing
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Final

from dispy import DispyJob
from pycos import Task

from .jobdeaths import GROUP_SIGNALS, death_reply, how_it_ended
from .oomkills import oom_kills
from .outputs import CapturedOutput, KeptOutput
from .patches import replace
from .replies import Death, JobPipe, ReplyQueue

__all__ = ["patch_node_when_loaded"]

# A reply is let go by itself after this, should nobody ask for the process's number.
_PID_READ_SEC: Final = 2.0

# How long it takes a node to see that it, too, is to end.
_NODE_END_SEC: Final = 0.5

# How long a command to end a job waits for its process.
_STARTED_SEC: Final = 5.0

_JOB: Final = "_dispy_job_func"
_TERMINATE: Final = "terminate_job"

_followed: dict[int, JobProcess] = {}
"""The processes of jobs, by number, that this process has started and that have not ended."""


class JobProcess(multiprocessing.Process):
    """A process that, if it is a job's, is followed until its end by a thread of its parent's."""

    def __init__(self, *, target: Any = None, args: Any = (), **options: Any) -> None:
        super().__init__(target=target, args=args, **options)
        self._job: _Job | None = None
        if getattr(target, "__name__", "") == _JOB:
            self._job = _Job(args[2])

    def start(self) -> None:
        """Fork, and follow a job."""
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
        _followed[self.ident or 0] = self
        threading.Thread(target=job.follow, args=(self,), name="follow-job", daemon=True).start()

    def run(self) -> None:
        """Do the work, in the process that was started."""
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
            # An error that is no Exception, or one in pickling the result: dispy passes over these.
            frames = error.__traceback__ and error.__traceback__.tb_next
            job.pipe.send_traceback("".join(traceback.format_exception(type(error), error, frames)))
            raise

    def terminated(self) -> None:
        """Note that somebody asks for its end."""
        if self._job is not None:
            self._job.terminated = True

    def is_reported(self) -> bool:
        """Whether what became of it is on its way to the node, if it is a job's."""
        return self._job is None or self._job.reported.is_set()

    @property
    def pid(self) -> int | None:
        """The process's number. dispynode asks right after ``start``, to note it."""
        if self._job is not None:
            self._job.pid_read.set()
        return self.ident


class _Job:
    """What connects a job's process with the one that started it.

    :param names: what the job finds as globals.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._replies = names["reply_Q"]
        self._reply = names["__dispy_job_reply"]
        self.pipe = JobPipe()
        self.pid_read = threading.Event()
        self.reported = threading.Event()
        self.terminated = False
        self._outputs = _make_outputs()
        self._oom_kills = oom_kills()

    # -- in the job

    def begin(self, node: dict[str, Any]) -> None:
        """Put ours into dispynode's hands, whose globals are ``node``."""
        self.pipe.close_other_pipes()
        self._names["reply_Q"] = self
        if self._outputs:
            node["io"] = _Streams(self._outputs, lambda: node.update(io=io))

    def put(self, reply: Any) -> None:
        """Send the reply, as dispy's queue would."""
        try:
            self.pipe.send_reply(reply)
        except BrokenPipeError:
            # The process that was set up for the computation, and started this one, has died.
            self._replies.put(reply)

    # -- in the process that started it

    def follow(self, process: JobProcess) -> None:
        """Wait for the process to reply or end, and pass on what is to be known of it."""
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
        exitcode = None if self.terminated else _exitcode_of(process)
        if (exitcode is not None and -exitcode in GROUP_SIGNALS) or traceback_text.endswith(
            "KeyboardInterrupt\n"
        ):
            self._wait_for_command()
        stdout, stderr = [output.text() for output in self._outputs] or ("", "")
        return death_reply(
            self._reply,
            ended=how_it_ended(exitcode, self._oom_kills),
            traceback_text=traceback_text,
            terminated=self.terminated,
            stdout=stdout,
            stderr=stderr,
        )

    def _wait_for_command(self) -> None:
        """Give the node time to see that it is to end too, or the job by somebody's command."""
        give_up_at = time.monotonic() + _NODE_END_SEC
        while not self.terminated and time.monotonic() < give_up_at:
            time.sleep(0.02)

    def close(self) -> None:
        """Give back what was taken for it."""
        self.pipe.close()
        for output in self._outputs:
            output.close()


def _make_outputs() -> list[KeptOutput]:
    try:
        return [KeptOutput(), KeptOutput()]
    except OSError:  # the system promises no more memory; the job may get on without
        return []


def _exitcode_of(process: JobProcess) -> int | None:
    """Return the exit code, which another thread may be about to note, or may have lost."""
    give_up_at = time.monotonic() + 0.5
    while process.exitcode is None and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return process.exitcode


class _Streams:
    """The module ``io`` as dispynode's job sees it, until it has made its two outputs."""

    def __init__(self, outputs: list[KeptOutput], over: Callable[[], None]) -> None:
        self._outputs = list(outputs)
        self._over = over

    def StringIO(self) -> io.StringIO:  # noqa: N802 - the name that dispynode calls
        captured = CapturedOutput(self._outputs.pop(0))
        if not self._outputs:
            self._over()
        return captured


def patch_node_when_loaded() -> None:
    """Let the dispynode that is about to be loaded as ``__main__`` start its jobs as ours.

    With its names made, and before it makes anything of them, it says how processes are to be
    started. On Windows it does not, and remains as it is.
    """
    original = multiprocessing.set_start_method

    def set_start_method(*args: Any, **options: Any) -> None:
        multiprocessing.set_start_method = original
        original(*args, **options)
        node = sys.modules["__main__"]
        replace(node, "multiprocessing", multiprocessing, Process=JobProcess, Queue=_reply_queue)
        _mark_terminated_jobs(node)
        vars(node)["Task"] = _NodeTask

    multiprocessing.set_start_method = set_start_method


def _reply_queue(maxsize: int = 0) -> ReplyQueue:
    return ReplyQueue(maxsize, ctx=multiprocessing.get_context())


class _NodeTask(Task):  # type: ignore[misc]
    """A task of dispynode's, which terminates a job no sooner than its process is known.

    dispynode lets the client know that a job runs before it has started it, and passes in silence
    over the command to end a job of which it knows no process yet.
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
        process = _followed.get(getattr(proc_pid, "pid", proc_pid))
        if process is not None:
            process.terminated()
        # To be awaited by pycos, which takes what a generator returns as its value.
        status = yield original(proc_pid, task=task)
        # dispy goes on to report the end, without what the job had printed. Ours is to be first.
        give_up_at = time.monotonic() + _NODE_END_SEC
        while process and not process.is_reported() and time.monotonic() < give_up_at:
            yield task.sleep(0.01)
        return status

    node._dispy_terminate_proc = terminate
