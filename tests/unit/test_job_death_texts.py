"""What is kept of a job whose process dies, what the kernel counts, and what is said of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flask_dispy.programs import jobdeaths
from flask_dispy.programs.jobdeaths import how_it_ended
from flask_dispy.programs.oomkills import OomKills, oom_kills
from flask_dispy.programs.outputs import CapturedOutput, KeptOutput
from flask_dispy.programs.replies import Death, JobPipe, ReplyQueue


def _write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_counter_of_cgroup_v2(tmp_path: Path) -> None:
    _write(tmp_path, "proc/self/cgroup", "0::/nodes/a\n")
    _write(tmp_path, "sys/fs/cgroup/nodes/a/memory.events", "low 0\noom 4\noom_kill 3\n")
    assert oom_kills(tmp_path) == OomKills(3, "this node's control group")


def test_counter_of_cgroup_v1(tmp_path: Path) -> None:
    _write(tmp_path, "proc/self/cgroup", "4:memory:/nodes/a\n1:cpu:/\n0::/\n")
    _write(
        tmp_path,
        "sys/fs/cgroup/memory/nodes/a/memory.oom_control",
        "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    )
    assert oom_kills(tmp_path) == OomKills(2, "this node's control group")


def test_counter_of_a_container_that_sees_the_hosts_path(tmp_path: Path) -> None:
    _write(tmp_path, "proc/self/cgroup", "4:memory,hugetlb:/docker/abc\n")
    _write(tmp_path, "sys/fs/cgroup/memory/memory.oom_control", "oom_kill 5\n")
    assert oom_kills(tmp_path) == OomKills(5, "this node's control group")


def test_counter_of_the_machine_where_the_group_has_none(tmp_path: Path) -> None:
    _write(tmp_path, "proc/self/cgroup", "0::/\n")
    _write(tmp_path, "proc/vmstat", "pgfault 1\noom_kill 7\n")
    assert oom_kills(tmp_path) == OomKills(7, "this machine")


@pytest.mark.parametrize("line", ["", "nonsense", "0::", "4:memory:/x", "\x00"])
def test_no_counter(tmp_path: Path, line: str) -> None:
    assert oom_kills(tmp_path) is None
    _write(tmp_path, "proc/self/cgroup", f"{line}\n")
    _write(tmp_path, "proc/vmstat", "oom_kill many\n")
    assert oom_kills(tmp_path) is None


@pytest.mark.parametrize(
    ("exitcode", "said"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-11, "was killed by signal 11 (SIGSEGV)"),
        (-40, "was killed by signal 40"),
        (-9, "was killed by signal 9; perhaps the machine ran out of memory"),
        (None, "ended; how is not known"),
    ],
)
def test_how_a_process_ended(exitcode: int | None, said: str) -> None:
    assert how_it_ended(exitcode) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "no out-of-memory kill"), (1, "1 out-of-memory kill"),
                        (2, "2 out-of-memory kills")],
)  # fmt: skip
def test_kernels_count_is_named(monkeypatch: pytest.MonkeyPatch, count: int, said: str) -> None:
    before = OomKills(4, "this machine")
    monkeypatch.setattr(jobdeaths, "oom_kills", lambda: OomKills(4 + count, "this machine"))
    assert how_it_ended(-9, before) == (
        "was killed by signal 9; perhaps the machine ran out of memory "
        f"(since the job's start the kernel has counted {said} in this machine)"
    )
    assert "kernel" not in how_it_ended(-15, before)


def test_kept_output_is_what_was_written() -> None:
    kept = KeptOutput()
    captured = CapturedOutput(kept)
    print("é", "\ud800", file=captured)
    captured.writelines(["a", "b"])
    assert captured.getvalue() == "é \ud800\nab"
    assert kept.text() == "é \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" \
        "\N{REPLACEMENT CHARACTER}\nab"  # fmt: skip
    kept.close()


def test_kept_output_keeps_the_last_of_much() -> None:
    kept = KeptOutput(10)
    for part in ("abcdefgh", "ij"):
        kept.add(part)
    assert kept.text() == "abcdefghij"
    kept.add("klm")
    assert kept.text() == "[3 bytes before this were lost with the process]\ndefghijklm"
    kept.add("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert kept.text().splitlines()[1] == "QRSTUVWXYZ"
    kept.add("!")
    assert kept.text().splitlines()[1] == "RSTUVWXYZ!"
    kept.close()


def test_output_of_a_fork_of_the_job_is_not_the_jobs() -> None:
    kept = KeptOutput()
    captured = CapturedOutput(kept)
    captured.write("one ")
    if (pid := os.fork()) == 0:
        captured.write("not this")
        os._exit(0)
    os.waitpid(pid, 0)
    captured.write("two")
    assert kept.text() == "one two"
    kept.close()


def _reply(**fields: object) -> SimpleNamespace:
    return SimpleNamespace(**({"uid": 7, "hash": "a", "start_time": 1.0} | fields))


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the queue looks at of a dispynode that runs job 7."""
    info = SimpleNamespace(job_reply=_reply(), compute_id=1)
    node = SimpleNamespace(job_infos={7: info}, clients={1: object()})
    monkeypatch.setattr(sys.modules["__main__"], "_dispy_node", node, raising=False)
    return node


def _passed(*items: object) -> list[object]:
    replies = ReplyQueue(ctx=multiprocessing.get_context("fork"))
    replies._relay = object()  # type: ignore[assignment]
    for item in (*items, {"req": "over"}):
        replies.put(item)
    passed = list(iter(replies.get, {"req": "over"}))
    replies.close()
    return passed


def test_replies_and_deaths_pass(node: SimpleNamespace) -> None:
    reply = _reply(status=9)
    assert _passed(reply) == [reply]
    assert _passed(Death(reply)) == [reply]


def test_second_report_of_a_job_does_not_end_the_next_at_its_address(node: SimpleNamespace) -> None:
    stale = _reply(hash="b")
    assert _passed(stale, Death(stale)) == []
    node.job_infos.clear()
    assert _passed(_reply()) == []


def _interrupt_reply(pipe: JobPipe, interrupted: Any) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        pipe.send_reply("x" * 1_000_000)  # more than a pipe takes before somebody reads it
    except KeyboardInterrupt:
        interrupted.set()
        pipe.send_traceback("x" * 2_000_000)


def test_traceback_does_not_become_the_end_of_a_reply_that_was_cut_off() -> None:
    context = multiprocessing.get_context("fork")
    pipe, interrupted = JobPipe(), context.Event()
    process = context.Process(target=_interrupt_reply, args=(pipe, interrupted))
    process.start()
    pipe.after_fork_in_parent(process.pid)
    assert interrupted.wait(20)
    found = pipe.read_until_end_of(process)
    pipe.close()  # so that a process that writes on ends
    process.join()
    assert found.reply is None


def test_death_of_a_jobs_first_process_does_not_end_its_second(node: SimpleNamespace) -> None:
    first = _reply(start_time=0.5)
    assert _passed(Death(first)) == []
    assert _passed(first) == [first], "a result is one, whichever process sent it"


def test_node_that_gave_its_client_up_reports_no_death(node: SimpleNamespace) -> None:
    node.clients.clear()
    assert _passed(Death(_reply())) == []
