"""The shapes of the answers that are made here, from which their schemas are made, too."""

from __future__ import annotations

from typing import Annotated, TypedDict

from ...engine.commands.outcomes import OutcomeRow
from ...wire.shapes.base import Count

__all__ = ["Cancelled", "Matched", "Outcomes", "SettingsRow"]


class Outcomes(TypedDict):
    """What became of a command for nodes or offers."""

    outcomes: list[OutcomeRow]
    ok: bool


class Cancelled(TypedDict):
    """What became of a command to cancel jobs."""

    matched: Count
    outcomes: list[OutcomeRow]
    cancelled: Count
    failed: Count
    next_before: Count | None


class Matched(TypedDict):
    """What a command to cancel jobs would do."""

    matched: Count
    cancellable: Count


class SettingsRow(TypedDict):
    """What can be set while running."""

    poll_sec: Annotated[float, ("minimum", 0)]
    show_job_args: bool
