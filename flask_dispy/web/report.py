"""The report of a run, as one file to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from .validation import read_parameters

if TYPE_CHECKING:
    from .context import Web

__all__ = ["report"]


def report(web: Web, name: str) -> Response:
    """Answer with the report of a cluster's run, as a file to save."""
    read_parameters()
    raise NotImplementedError
