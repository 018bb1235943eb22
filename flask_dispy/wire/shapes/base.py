"""What the shapes of several subjects are made of."""

from __future__ import annotations

from typing import Annotated, TypedDict

__all__ = ["Column", "Count", "From"]

# What follows a type in "Annotated" joins its JSON Schema.
Count = Annotated[int, ("minimum", 0)]

Column = list[float | None]

From = TypedDict("From", {"from": float})  # a word of Python's
