"""How much a run measures: all of it, a quick look, or a smoke test whose figures mean nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

__all__ = ["Scale"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a run. Each chapter names its three sizes where it uses them."""

    name: Literal["full", "quick", "smoke"]

    def pick(self, full: T, quick: T, smoke: T) -> T:
        """Return what belongs to this scale."""
        return {"full": full, "quick": quick, "smoke": smoke}[self.name]
