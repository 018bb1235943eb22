"""A job's values as bounded texts: rendered at once if that runs no user code."""

from __future__ import annotations

from typing import Any, TypeAlias

from ...core.failures import kept_error
from ...core.terminal import LOOK_BACK, as_displayed
from ...core.text import plain_call, plain_text, type_name
from ...core.textbudget import most_kept
from .figures import NAME_LIMIT

__all__ = ["DeferredTexts", "JobTexts"]

DeferredTexts: TypeAlias = list[tuple[str, object]]
"""Collects values whose texts only their own ``__str__`` can make, as (field, value)."""


class JobTexts:
    """Renders the texts of jobs.

    :param limit: the most characters of a text.
    :param plain: render built-in values at once; off if a redaction hook must see every text.
    """

    def __init__(self, limit: int, *, plain: bool) -> None:
        self._limit = limit
        self._plain = plain

    def id_of(self, job: Any, deferred: DeferredTexts) -> str:
        """Return a job's id, which the user or dispy set; empty for ``None``."""
        job_id = job.id
        if job_id is None:
            return ""
        if type(job_id) is int and -(2**63) < job_id < 2**63:
            return str(job_id)
        text = plain_text(job_id, NAME_LIMIT)
        if text is None:
            deferred.append(("id", job_id))
            return f"<{type_name(job_id)}>"
        return text

    def arguments(self, job: Any, deferred: DeferredTexts) -> tuple[str | None, str | None]:
        """Return a job's arguments and keyword arguments."""
        args, kwargs = job._args, job._kwargs
        texts = plain_call(args, kwargs, most_kept("args", self._limit)) if self._plain else None
        if texts is not None:
            return texts
        deferred.append(("args", tuple(args)))
        if kwargs:
            deferred.append(("kwargs", dict(kwargs)))
        return None, None if kwargs else ""

    def text(self, field: str, value: object, deferred: DeferredTexts) -> str:
        """Return the text of any value of a job's *field*."""
        if self._plain:
            text = plain_text(value, most_kept(field, self._limit))
            if text is not None:
                return text
        deferred.append((field, value))
        return ""

    def output(self, field: str, value: Any, deferred: DeferredTexts) -> str:
        """Return a job's output: its end, if it is long, but the whole message of an error."""
        limit = most_kept(field, self._limit)
        if type(value) is bytes:  # dispy returns a program's output as bytes
            # A character takes four bytes at most.
            value = value[-4 * LOOK_BACK * limit - 4 :].decode(errors="replace")
        if self._plain and type(value) is str:
            keep = kept_error if field == "exception" else as_displayed
            return keep(value, limit)
        return self.text(field, value, deferred)
