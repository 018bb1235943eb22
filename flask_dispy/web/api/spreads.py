"""The JSON API's answers about what jobs came to over the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ...core.tally import TIMED_WORDS, TimedWord
from ..http.answers import json_answer
from ..http.errors import invalid

if TYPE_CHECKING:
    from ..context import Web

__all__ = ["comparison", "durations"]


def comparison(web: Web, name: str, *, limit: int, offset: int) -> Response:
    """Answer with how a cluster's nodes did beside each other, the worse first."""
    items = web.view(name).comparison()
    end = offset + limit
    following = f"?offset={end}&limit={limit}" if end < len(items) else None
    return json_answer({"total": len(items), "items": items[offset:end], "next": following})


def durations(web: Web, name: str, *, state: list[str], node: str) -> Response:
    """Answer with how long a cluster's jobs ran and waited."""
    words = [_word(text) for text in state]
    return json_answer(web.view(name).durations(node=node or None, words=words))


def _word(text: str) -> TimedWord:
    for word in TIMED_WORDS:
        if text.casefold() == word:
            return word
    raise invalid("state", f"{text[:80]!r} is none of {', '.join(TIMED_WORDS)}.")
