"""The paths and parameters that several routes have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...core.search.query import MAX_QUERY_LENGTH
from ...wire.answers import MOST_NODES, MOST_ROWS
from ..api.exports import FORMATS
from ..http.values import Choice, Integer, Text

__all__ = [
    "API_ROOT",
    "CLUSTER",
    "FORMAT",
    "LIMIT",
    "NODE",
    "NODE_LIMIT",
    "OFFER",
    "OFFSET",
    "PAGED",
    "QUERY",
    "SERIAL",
    "TEXT",
    "sorted_by",
]

API_ROOT: Final = "/api/v1"
CLUSTER: Final = f"{API_ROOT}/clusters/<path:name>"
NODE: Final = f"{CLUSTER}/nodes/<host>"
OFFER: Final = f"{CLUSTER}/offers/<number>"

TEXT: Final = Text()
QUERY: Final = Text(longest=MAX_QUERY_LENGTH)
LIMIT: Final = Integer(least=1, most=MOST_ROWS, default=100)
NODE_LIMIT: Final = Integer(least=1, most=MOST_NODES, default=1_000)
OFFSET: Final = Integer(least=0, default=0)
SERIAL: Final = Integer(least=1)
FORMAT: Final = Choice(choices=FORMATS, default=FORMATS[0])

PAGED: Final = {"limit": LIMIT, "offset": OFFSET, "format": FORMAT}
"""The parameters of a list that is paged by a number, and is there as a file."""


def sorted_by(choices: Sequence[str], default: str, order: str) -> dict[str, Choice]:
    """Return the parameters of a list that can be sorted, with their defaults."""
    return {
        "sort": Choice(choices=choices, default=default),
        "order": Choice(choices=("asc", "desc"), default=order),
    }
