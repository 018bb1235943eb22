"""A run's trace, and a job's texts, as files to keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Final

from flask import Response

from ...core.jobs import job_title
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
    about = f"{_about(job)}: {_missing(job, hidden, any_shown=bool(shown))}"
    sections = (f"\n---- {title} ----\n{text}\n" for title, text in shown)
    answer = file_answer(f"job-{job['serial']}", view.name, "txt", "text/plain; charset=utf-8")
    answer.set_data("".join(chain([f"{about}\n"], sections)).encode(errors="replace"))
    return answer


def _about(job: JobDetail) -> str:
    word = "failed" if job["failed"] else job["state"]
    title = " ".join(job_title(job["id"], job["serial"]).split())
    return f"Job {title} of {job['cluster']}, {word}"


def _missing(job: JobDetail, hidden: Collection[str], *, any_shown: bool) -> str:
    """Return what the first line says of texts: what is missing in the file."""
    cut, dropped = [], []
    for field, title in _TEXTS.items():
        why = (job["texts_cut"] or {}).get(field)
        text = job.get(field)
        if why is None or field in hidden:
            continue
        if why == "text_limit":
            cut.append(f"the {'beginning' if str(text).startswith('…') else 'end'} of the {title}")
        elif text:
            dropped.append(
                f"all but the {'last line' if field == 'exception' else 'beginning'} of the {title}"
            )
        else:
            dropped.append(f"the {title}")
    said = [] if any_shown else ["no text is kept"]
    said += [f"cut: {', '.join(cut)} (text_limit)"] if cut else []
    said += [f"dropped to make room: {', '.join(dropped)} (history_bytes)"] if dropped else []
    said += [] if cut or dropped else ["nothing was cut"]
    said += ["some texts are not shown to you"] if hidden else []
    return f"{'; '.join(said)}."
