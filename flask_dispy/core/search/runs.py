"""Which runs a search finds, and in which order: page after page, while runs go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol, TypeVar, get_args

from ..errors import BadRequest
from .terms import Term, read_groups

__all__ = ["NEWEST_RUN", "RUN_SORTS", "RunOrder", "RunPlace", "RunQuery", "RunSort", "page_of"]

RunSort = Literal[
    "started_at", "name", "duration_sec", "jobs", "failed", "median_sec", "p95_sec", "cpu_time_sec"
]

RUN_SORTS: Final[tuple[RunSort, ...]] = get_args(RunSort)
"""The columns by which runs can be sorted."""

_QUALIFIERS: Final = ("tag", "name")

Key = float | str


class _Run(Protocol):
    """What is searched."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


_R = TypeVar("_R", bound=_Run)


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Words that must all be in a run's name or one of its tags.

    ``name:`` looks at the name alone; ``tag:`` is a whole tag, regardless of case.
    """

    groups: tuple[tuple[Term, ...], ...] = ()

    @classmethod
    def parse(cls, text: str) -> RunQuery:
        """Read a search as typed.

        :raises BadRequest: an unknown qualifier, too many words; says which.
        """
        return cls(tuple(map(tuple, read_groups(text, _QUALIFIERS))))

    def matches(self, run: _Run) -> bool:
        """Whether it finds a run."""
        return all(any(_found(term, run) for term in group) for group in self.groups)


def _found(term: Term, run: _Run) -> bool:
    value = term.value.casefold()
    tags = [tag.casefold() for tag in run.tags]
    if term.qualifier == "tag":
        found = value in tags
    else:
        texts = [run.name.casefold(), *(tags if term.qualifier is None else ())]
        found = any(value in text for text in texts)
    return found != term.excluded


class RunOrder(NamedTuple):
    """A column, and whether its largest values come first. Runs without a value come last."""

    column: RunSort = "started_at"
    descending: bool = True


NEWEST_RUN: Final = RunOrder()
"""The default order."""


class RunPlace(NamedTuple):
    """Where a page ended: the value and id of its last run. As a text, it is a reader's cursor."""

    column: RunSort
    key: Key | None
    id: int

    def __str__(self) -> str:
        kind = "" if self.key is None else "t" if isinstance(self.key, str) else "n"
        return f"{self.column}~{self.id}~{kind}{'' if self.key is None else self.key}"

    @classmethod
    def parse(cls, text: str, column: RunSort) -> RunPlace:
        """Read a cursor of a list that is sorted by *column*.

        :raises BadRequest: it is no cursor, or one of another column.
        """
        try:
            of, id_, key = text.split("~", 2)
            if of != column or (key[:1] == "t") != (column == "name"):
                raise ValueError(text)
            known = key[1:] if column == "name" else float(key[1:]) if key else None
            return cls(column, known, int(id_))
        except ValueError:
            raise BadRequest(
                "after is no cursor of this list sorted so: take it from next, as it is.",
                field="after",
            ) from None


def page_of(
    runs: Iterable[_R],
    key_of: Callable[[_R, RunSort], Key | None],
    order: RunOrder,
    *,
    after: RunPlace | None = None,
    limit: int | None = None,
) -> tuple[Sequence[_R], RunPlace | None]:
    """Return a page of runs, and where it ends if there are more; of equals the newest first."""
    column, descending = order
    keyed = sorted(((key_of(run, column), run.id, run) for run in runs), key=lambda one: -one[1])
    known = [one for one in keyed if one[0] is not None]
    known.sort(key=lambda one: one[0], reverse=descending)  # type: ignore[arg-type, return-value]
    ordered = [*known, *(one for one in keyed if one[0] is None)]
    if after is not None:
        ordered = [one for one in ordered if _is_after(one[0], one[1], after, descending)]
    page = ordered[:limit]
    end = RunPlace(column, *page[-1][:2]) if page and len(page) < len(ordered) else None
    return [run for _, _, run in page], end


def _is_after(key: Key | None, id_: int, place: RunPlace, descending: bool) -> bool:
    if key == place.key:
        return id_ < place.id
    if key is None or place.key is None:
        return key is None
    below: bool = key < place.key  # type: ignore[operator]
    return below == descending
