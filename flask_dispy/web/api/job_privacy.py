"""Leaving out of job rows what the client may not see."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["hide_arguments", "hide_output"]

_ARGUMENTS: Final = ("args", "kwargs")
_OUTPUT: Final = ("error", "exception", "provisional_result", "result", "stderr", "stdout")


def hide_arguments(row: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the job *row* without its arguments, and marked so."""
    return _without(row, _ARGUMENTS)


def hide_output(row: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the job *row* without its arguments and all that it put out.

    A result or a traceback shows what a job was given as well as its arguments do.
    """
    return _without(row, _ARGUMENTS + _OUTPUT)


def _without(row: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    hidden = {**row, "hidden": True}
    for field in fields:
        if field in hidden:
            hidden[field] = None
        if f"{field}_truncated" in hidden:
            hidden[f"{field}_truncated"] = False
    return hidden
