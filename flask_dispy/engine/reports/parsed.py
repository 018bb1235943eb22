"""A report of dispy's once it is parsed, on its way into the state."""

from __future__ import annotations

from typing import Any, TypeAlias

from ...core import events
from .render import TextRequest

__all__ = ["Deferred", "ParsedReport", "text_requests"]

Deferred: TypeAlias = tuple[tuple[str, object], ...]
"""Texts that only a value's own ``__str__`` can make, as (field, value)."""

# A plain tuple, for several are made of every job that runs.
ParsedReport: TypeAlias = tuple[events.Event, Any, Deferred]
"""An event; the job to hold while it lives (``None``: let go); the texts to be made later."""


def text_requests(deferred: Deferred, serial: int) -> list[TextRequest]:
    """Return the texts to be made for the job that got *serial*."""
    return [TextRequest(serial, field, value) for field, value in deferred]
