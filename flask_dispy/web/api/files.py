"""A run's trace, and a job's texts, as files to keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from flask import Response

from ...core.jobs import job_title
from ...core.text import Cut
from ...core.trace import TraceEvent
from ...wire.rows import encode
from ...wire.shapes.jobs import JobDetail
from ..context import Web
from .exports import file_answer, streamed
from .read import hidden_fields, job_of

__all__ = ["job_texts", "trace"]

# The texts of a job in the order in which they are asked for, what went wrong first.
_TEXTS: Final = {
    "exception": "traceback",
    "args": "arguments",
    "kwargs": "keyword arguments",
    "result": "result",
    "provisional_result": "interim result",
    "stdout": "output",
    "stderr": "error output",
}


def trace(web: Web, name: str) -> Response:
    """Answer with all that ran, in the Trace Event Format."""
    view = web.view(name)
    started_at, events = view.trace()
    head = {"cluster": view.name, "started_at": started_at}
    answer = file_answer("trace", view.name, "json", "application/json")
    return streamed(web, answer, _trace_texts(encode(head), events))


def _trace_texts(head: str, events: Iterable[list[TraceEvent]]) -> Iterator[str]:
    # The head goes out at once, before anything is sorted.
    yield f'{{"displayTimeUnit":"ms","otherData":{head},"traceEvents":['
    comma = "\n"
    for chunk in events:
        if chunk:
            yield comma + ",\n".join(map(encode, chunk))
            comma = ",\n"
    yield "\n]}\n"


def job_texts(web: Web, name: str, serial: str) -> Response:
    """Answer with all texts that are kept of a job; the first line says what was cut."""
    view, hidden = web.view(name), hidden_fields(web)
    job = job_of(view, serial)
    parts = [(title, job.get(field)) for field, title in _TEXTS.items() if field not in hidden]
    shown = [(title, text) for title, text in parts if isinstance(text, str) and text]
    said = _said_of(shown, is_hidden=bool(hidden))
    if job["texts_dropped"]:
        said = f"the rest was dropped to make room (history_bytes); {said}"
    about = f"{_about(job)}: {said}"
    sections = (f"\n---- {title} ----\n{text}\n" for title, text in shown)
    answer = file_answer(f"job-{job['serial']}", view.name, "txt", "text/plain; charset=utf-8")
    answer.set_data("".join(chain([f"{about}\n"], sections)).encode(errors="replace"))
    return answer


def _about(job: JobDetail) -> str:
    word = "failed" if job["failed"] else job["state"]
    title = " ".join(job_title(job["id"], job["serial"]).split())
    return f"Job {title} of {job['cluster']}, {word}"


def _said_of(texts: list[tuple[str, str]], *, is_hidden: bool) -> str:
    """Return what the first line says of texts: what is missing in the file."""
    cuts = [
        f"the {'beginning' if text.startswith('…') else 'end'} of the {title}"
        for title, text in texts
        if isinstance(text, Cut)
    ]
    said = f"cut: {', '.join(cuts)} (text_limit)" if cuts else "nothing was cut"
    if is_hidden:
        said += "; some texts are not shown to you"
    return f"{said}." if texts else f"no text is kept; {said}."
