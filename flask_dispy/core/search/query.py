"""The language of the jobs search: qualifiers and free words, all of which must match.

``state:failed node:10.0.0.7 id:42 arg:alpha error:timeout slower:30s -draft "two words"``

:mod:`~flask_dispy.core.search.terms` splits a search into words, and
:mod:`~flask_dispy.core.search.matching` finds the jobs that match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import BadRequest
from ..events import JobWord
from ..jobs import JOB_WORDS
from .moments import Moment, Span, duration_sec
from .order import JobSort
from .terms import Term, read_groups
from .values import pattern_test, serial_named

__all__ = ["MAX_QUERY_LENGTH", "QUALIFIERS", "JobQuery"]

MAX_QUERY_LENGTH: Final = 500

QUALIFIERS: Final = (
    "state", "is", "node", "id", "arg", "error", "error-kind", "serial", "cluster", "slower",
    "faster", "waited", "since", "until", "ended",
)  # fmt: skip
"""What words may begin with, a colon behind it."""

# Americans call a cancelled job "canceled".
_ALIASES: Final[dict[str, JobWord]] = {"canceled": "cancelled"}

# What has to lie in a span, and how the span is read.
_SPANS: Final[dict[str, tuple[JobSort, Callable[[str], Span]]]] = {
    "slower": ("ran", lambda text: Span(Moment(duration_sec(text)))),
    "faster": ("ran", lambda text: Span(None, Moment(duration_sec(text)))),
    "waited": ("waited", lambda text: Span(Moment(duration_sec(text)))),
    "since": ("submitted", lambda text: Span(Moment.parse(text, "since"))),
    "until": ("submitted", lambda text: Span(None, Moment.parse(text, "until"))),
    "ended": ("ended", lambda text: Span.parse(text, "ended")),
}

# The values of "is:": jobs that need attention, and those that were run again.
_KINDS: Final = ("failed", "straggler", "bound", "rerun")


@dataclass(frozen=True, slots=True)
class JobQuery:
    """A parsed search. All its criteria must match; an empty query matches every job."""

    states: frozenset[str] = frozenset()
    nodes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    serials: frozenset[int] = frozenset()
    clusters: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    columns: tuple[tuple[int, str], ...] = ()
    spans: tuple[tuple[JobSort, Span], ...] = ()
    groups: tuple[tuple[Alternative, ...], ...] = ()
    error_kinds: frozenset[str] = frozenset()

    @property
    def depends_on_time(self) -> bool:
        """Whether other jobs may match as time passes, even if none changes."""
        return (
            bool(self.spans)
            or "straggler" in self.kinds
            or any(query.depends_on_time for group in self.groups for _, query in group)
        )

    @classmethod
    def parse(
        cls,
        q: str = "",
        states: Sequence[str] = (),
        node: str | None = None,
        *,
        columns: Sequence[str] = (),
    ) -> JobQuery:
        """Parse a search as typed, combined with the *states* and *node* of a URL.

        Several ``state:`` widen the choice; every other criterion narrows it. A group of words
        with ``OR`` between them needs one match; a minus before a word excludes what it finds.
        States are those that people read (``JOB_WORDS``); ``is:failed`` means ``state:failed``.

        :param columns: the names of the jobs' custom columns, which are qualifiers, too.

        :raises BadRequest: an unknown qualifier or state, a bad number or duration, or an
            overlong search.
        """
        if len(q) > MAX_QUERY_LENGTH:
            raise BadRequest(
                f"The search has {len(q)} characters; {MAX_QUERY_LENGTH} are the most.", field="q"
            )
        plain, groups = [], []
        for group in read_groups(q, (*QUALIFIERS, *columns)):
            if len(group) == 1 and not group[0].excluded:
                plain += group
            else:
                groups.append(
                    tuple((term.excluded, cls._of([term], columns=columns)) for term in group)
                )
        return cls._of(plain, states, node, columns=columns, groups=tuple(groups))

    @classmethod
    def _of(
        cls,
        terms: Iterable[Term],
        states: Sequence[str] = (),
        node: str | None = None,
        *,
        columns: Sequence[str] = (),
        groups: tuple[tuple[Alternative, ...], ...] = (),
    ) -> JobQuery:
        found: dict[str, list[str]] = {}
        for term in terms:
            found.setdefault(term.qualifier or _kind_of_word(term), []).append(term.value)
        kinds = frozenset(_kind(text) for text in found.get("is", ()))
        return cls(
            states=frozenset(_state(s, "q") for s in found.get("state", ()))
            | (kinds & {"failed"})
            | frozenset(_state(s, "state") for s in states),
            nodes=tuple(found.get("node", ())) + ((node,) if node else ()),
            ids=tuple(found.get("id", ())),
            args=tuple(text.casefold() for text in found.get("arg", ())),
            errors=tuple(text.casefold() for text in found.get("error", ())),
            serials=frozenset(_serial(text) for text in found.get("serial", ())),
            clusters=tuple(found.get("cluster", ())),
            words=tuple(text.casefold() for text in found.get("word", ())),
            kinds=kinds - {"failed"},
            columns=tuple(
                (place, text) for place, name in enumerate(columns) for text in found.get(name, ())
            ),
            spans=tuple(
                (column, read(text))
                for name, (column, read) in _SPANS.items()
                for text in found.get(name, ())
            ),
            groups=groups,
            error_kinds=frozenset(text.casefold() for text in found.get("error-kind", ())),
        )

    @property
    def kinds_named(self) -> frozenset[str]:
        """Which of ``straggler``, ``bound`` and ``rerun`` it names; clusters know those jobs."""
        return self.kinds.union(*(query.kinds for group in self.groups for _, query in group))

    def wants_cluster(self, name: str) -> bool:
        """Whether jobs of the cluster *name* can match, whatever the groups say of it."""
        return all(pattern_test(pattern)(name) for pattern in self.clusters)


Alternative = tuple[bool, JobQuery]
"""One of the words of a group: whether it is excluded, and what it looks for."""


def _kind_of_word(term: Term) -> str:
    # Jobs without an id are shown as "#17".
    number = not term.quoted and term.value.startswith("#") and serial_named(term.value) is not None
    return "id" if number else "word"


def _state(text: str, field: str) -> str:
    state = text.casefold()
    state = _ALIASES.get(state, state)
    if state not in JOB_WORDS:
        raise BadRequest(
            f"{text!r} is no job state: it is one of {', '.join(JOB_WORDS)}.", field=field
        )
    return state


def _kind(text: str) -> str:
    kind = text.casefold()
    if kind not in _KINDS:
        known = f"{', '.join(_KINDS[:-1])} or {_KINDS[-1]}"
        raise BadRequest(f"is: takes {known}, not {text!r}.", field="q")
    return kind


def _serial(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadRequest(f"{text!r} is no serial number.", field="q")
    return int(text)
