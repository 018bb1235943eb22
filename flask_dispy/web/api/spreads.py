"""The JSON API's answers about what jobs came to over the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ...core.tally import TIMED_WORDS
from ..http.answers import json_answer
from ..http.values import word_of
from .lists import rows_answer

if TYPE_CHECKING:
    from ..context import Web

__all__ = ["comparison", "durations"]


def comparison(web: Web, name: str, *, limit: int, offset: int) -> Response:
    """Answer with how a cluster's nodes did beside each other, the worse first."""
    return rows_answer(web.view(name).comparison(), limit=limit, offset=offset)


def durations(web: Web, name: str, *, state: list[str], node: str) -> Response:
    """Answer with how long a cluster's jobs ran and waited."""
    words = [word_of("state", text, TIMED_WORDS) for text in state]
    return json_answer(web.view(name).durations(node=node or None, words=words))
