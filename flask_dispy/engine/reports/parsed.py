"""A parsed report, on its way into the state."""

from __future__ import annotations

from typing import Any, TypeAlias

from ...core import events
from .render import TextRequest

__all__ = ["Deferred", "ParsedReport", "text_requests"]

Deferred: TypeAlias = tuple[tuple[str, object], ...]
"""Values whose texts only their own ``__str__`` can make, as (field, value)."""

# A plain tuple, because every job that runs takes several.
ParsedReport: TypeAlias = tuple[events.Event, Any, Deferred]
"""An event; the job to hold while it lives (``None``: release it); the texts to be made later."""


def text_requests(deferred: Deferred, serial: int) -> list[TextRequest]:
    """Return requests for the texts of the job with this serial number."""
    return [TextRequest(serial, field, value) for field, value in deferred]
