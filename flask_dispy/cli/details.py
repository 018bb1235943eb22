"""One job as text: what is known of it, its output, result and traceback."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..core.jobs import job_title
from ..core.phrases import quantity
from ..terminal.cells import block, line, plain, style_of
from ..wire.shapes.jobs import JobDetail
from ..wire.wording import UNKNOWN, Clock, count, duration
from .tables import arguments_of, job_state

__all__ = ["job_details"]

_TEXTS: Final = (
    ("exception", "Traceback"),
    ("result", "Result"),
    ("provisional_result", "Provisional result"),
    ("stdout", "Output"),
    ("stderr", "Error output"),
)


def job_details(job: JobDetail, clock: Clock) -> RenderableType:
    """Return a job for people."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("State", job_state(job)),
        ("Cluster", line(job["cluster"])),
        ("Node", line(job["node"] or UNKNOWN)),
        ("Arguments", block(arguments_of(job))),
        ("Waited", duration(job["waited_sec"])),
        ("Ran", duration(job["duration_sec"])),
        ("Attempts", count(job["attempts"])),
        ("Error kind", line(job["error_kind"] or UNKNOWN)),
    ):
        facts.add_row(name, value)
    if job["rerun_of"]:
        facts.add_row("Again of", f"#{job['rerun_of']}")
    if job["reruns"]:
        last = f", last as #{job['rerun_as']}" if job["rerun_as"] else ""
        facts.add_row("Run again", f"{quantity(job['reruns'], 'time')}{last}")
    for step in job["history"]:
        where = f" on {plain(step['node'])}" if step["node"] else ""
        word = "failed" if job["failed"] and step["state"] == "terminated" else step["state"]
        facts.add_row(clock.text(step["at"]), line(f"{word}{where}", style_of(word)))
    title = line(job_title(job["id"], job["serial"]), "bold")
    return Group(Text.assemble("Job ", title), facts, *_texts(job))


def _texts(job: JobDetail) -> list[RenderableType]:
    found: list[RenderableType] = []
    for name, heading in _TEXTS:
        text = job[name]  # type: ignore[literal-required]
        if text:
            cut = ", cut" if job[f"{name}_truncated"] else ""  # type: ignore[literal-required]
            found += [Text(f"\n{heading}{cut}", "bold"), block(text.rstrip("\n"))]
    if job["texts_dropped"]:
        found.append(Text("\nIts texts had to make room for those of later jobs.", "dim"))
    return found
