"""The code in the README and in docs/, run as it stands there, with a real node where needed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from clusters import LocalDispy, free_port_family, wait_until
from documented.blocks import (
    APPS,
    BLOCKS,
    COMMANDS,
    NOT_RUN,
    PROGRAMS,
    RUN_ELSEWHERE,
    Block,
    blocks,
)
from processes import needs
from web.fakes import make_node, watched_cluster

from flask_dispy import DispyHTTPServer

TESTS = Path(__file__).parent
ALL = blocks()


def _holding(text: str) -> list[Block]:
    return [block for block in ALL if text in block.text]


@pytest.mark.parametrize("block", ALL, ids=lambda b: f"{b.document}: {b.text[:40]!r}")
def test_every_block_is_run_or_says_why_not(block: Block) -> None:
    if block.language in NOT_RUN or block.document in PROGRAMS:
        return
    plans = (*BLOCKS, *APPS, *COMMANDS, *RUN_ELSEWHERE)
    assert len([plan for plan in plans if plan in block.text]) == 1, (
        "Tell in documented/blocks.py how to run this block, or why that can't be"
    )


@pytest.mark.parametrize("plan", [*BLOCKS, *APPS, *COMMANDS, *RUN_ELSEWHERE])
def test_every_plan_is_of_a_block(plan: str) -> None:
    assert _holding(plan)


def _environment(port: int, **more: str) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONWARN", "PYTEST"))}
    path = os.pathsep.join((str(TESTS / "documented"), str(TESTS.parent)))
    return env | {"PYTHONPATH": path, "DOCUMENTED_DISPY_PORT": str(port)} | more


@pytest.mark.cluster
@pytest.mark.programs
@pytest.mark.parametrize(
    ("plan", "block"),
    [(plan, block) for plan in BLOCKS for block in _holding(plan)],
    ids=lambda value: value.document if isinstance(value, Block) else value[:30],
)
def test_block_runs(scratch: Path, local_dispy: LocalDispy, plan: str, block: Block) -> None:
    _run(scratch, local_dispy, block.text, *BLOCKS[plan])


@pytest.mark.cluster
@pytest.mark.programs
@pytest.mark.parametrize("document", PROGRAMS)
def test_blocks_of_a_document_run_as_one_program(
    scratch: Path, local_dispy: LocalDispy, document: str
) -> None:
    found = [b.text for b in ALL if (b.document, b.language) == (document, "python")]
    _run(scratch, local_dispy, "\n".join(found), *PROGRAMS[document])


def _run(scratch: Path, local_dispy: LocalDispy, text: str, before: str, after: str) -> None:
    if "compute" in before:
        local_dispy.start_node()
    folder = scratch / "program"
    folder.mkdir()
    text = text.replace("/etc/ssl/", "")
    (folder / "program.py").write_text(f"{before}\n{text}\n{after}\nprint('to the end')\n")
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env=_environment(local_dispy.port),
        capture_output=True, text=True, timeout=80, check=False,
    )  # fmt: skip
    assert "to the end" in done.stdout, done.stdout + done.stderr


@contextmanager
def _serving(folder: Path, command: list[str], dispy_port: int, port: int) -> Iterator[Any]:
    """An app in processes of its own; yields what asks it for its cluster."""

    def summary() -> dict[str, Any] | None:
        try:
            url = f"http://127.0.0.1:{port}/dispy/api/v1/clusters"
            with urllib.request.urlopen(url, timeout=10) as answer:
                items: list[dict[str, Any]] = json.load(answer)["items"]
        except OSError:
            return None
        return items[0] if items else None

    with (folder / "log").open("wb") as log, subprocess.Popen(
        command, cwd=folder, env=_environment(dispy_port, FLASK_RUN_PORT=str(port)),
        stdout=log, stderr=log, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield summary
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


def _write_app(folder: Path, block: Block, before: str) -> None:
    folder.mkdir()
    (folder / "app.py").write_text(f"{before}\n{block.text}")


_WHOLE = _holding("# With --debug this file runs twice")


@pytest.mark.cluster
@pytest.mark.programs
@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["flask run", "flask run --debug"])
@pytest.mark.parametrize(
    "block", {block.text: block for block in _WHOLE}.values(), ids=lambda block: block.document
)
def test_app_runs_its_jobs(
    scratch: Path, local_dispy: LocalDispy, block: Block, options: list[str]
) -> None:
    local_dispy.start_node()
    _write_app(scratch / "app", block, "")
    command = [sys.executable, "-m", "flask", "run", *options]
    with _serving(scratch / "app", command, local_dispy.port, free_port_family()) as summary:
        found = wait_until(
            lambda: (one := summary()) and one["jobs"]["finished"] == 10 and one,
            timeout_sec=50, what="ten finished jobs",
        )  # fmt: skip
        assert found["trouble"] is None


@pytest.mark.cluster
@pytest.mark.programs
def test_app_that_runs_itself_shows_its_cluster(scratch: Path, local_dispy: LocalDispy) -> None:
    local_dispy.start_node()
    (plan,) = [plan for plan in APPS if APPS[plan]]
    (block,) = _holding(plan)
    _write_app(scratch / "app", block, APPS[plan])
    command = [sys.executable, "app.py"]
    with _serving(scratch / "app", command, local_dispy.port, free_port_family()) as summary:
        wait_until(lambda: (one := summary()) and one["nodes"]["up"], timeout_sec=50, what="a node")


_LINES = re.findall(r"^\$ (.*)$", _holding("$ waitress-serve")[0].text, re.M)


@pytest.mark.cluster
@pytest.mark.programs
@pytest.mark.parametrize("line", _LINES, ids=lambda line: line.split()[0])
def test_commands_of_the_documents_serve_an_app(
    scratch: Path, local_dispy: LocalDispy, line: str
) -> None:
    program, *options = line.split()
    found = shutil.which(program, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"no {program}")
    local_dispy.start_node()
    _write_app(scratch / "app", _WHOLE[0], "")
    port = free_port_family()
    at = f"127.0.0.1:{port}"
    options[-1:-1] = [f"--listen={at}"] if program.startswith("waitress") else ["-b", at]
    with _serving(scratch / "app", [found, *options], local_dispy.port, port) as summary:
        wait_until(
            lambda: (one := summary()) and one["jobs"]["finished"] == 10,
            timeout_sec=50, what="ten finished jobs",
        )  # fmt: skip


@needs("curl")
def test_requests_of_the_documents_are_answered() -> None:
    (block,) = _holding("curl http://localhost:8181/api/v1/clusters")
    with DispyHTTPServer(None, "127.0.0.1", 0) as server:
        cluster = watched_cluster(server.registry)
        node = cluster.join(make_node("10.0.0.2"))
        for number in range(42):
            job = cluster.submit(job_id=number)
            cluster.start(job, node)
            if number < 2:
                cluster.end(job, node, exception="Traceback\nValueError: no")
        text = block.text.replace("http://localhost:8181/", server.url)
        answers = []
        for command in re.split(r"\n(?=curl)", text.strip()):
            done = subprocess.run(
                ["sh", "-c", command], capture_output=True, text=True, timeout=20, check=True
            )
            answers.append(json.loads(done.stdout))
    assert [answer.get("total") for answer in answers] == [1, 2, None]
    assert [outcome["serial"] for outcome in answers[2]["outcomes"]] == [41, 42]


def test_query_of_the_documents_is_answered(tmp_path: Path) -> None:
    (block,) = _holding('$ sqlite3 runs.sqlite "SELECT')
    (query,) = re.findall(r'"(SELECT[^"]*)"', block.text)
    path = tmp_path / "runs.sqlite"
    with DispyHTTPServer(None, "127.0.0.1", 0, history=path) as server:
        cluster = watched_cluster(server.registry)
        node = cluster.join(make_node("10.0.0.2"))
        job = cluster.submit()
        cluster.start(job, node)
        cluster.end(job, node)
    database = sqlite3.connect(path)
    try:
        ((address, jobs, _),) = database.execute(query).fetchall()
    finally:
        database.close()
    assert (address, jobs) == ("10.0.0.2", 1)
