"""The language of the jobs search: qualifiers and free words, all of which must match.

``state:failed node:10.0.0.7 id:42 arg:alpha error:timeout slower:30s -draft "two words"``

:mod:`~flask_dispy.core.search.terms` splits a search into words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain
from math import inf
from typing import Final

from ..errors import BadRequest
from ..events import JobWord
from ..jobs import JOB_WORDS, Job
from ..yielding import yield_now
from .blocks import JobBlock
from .moments import Moment, Span, duration_sec
from .order import JobSort, rows_between
from .terms import Term, read_groups
from .values import value_test

__all__ = ["MAX_QUERY_LENGTH", "QUALIFIERS", "JobQuery"]

MAX_QUERY_LENGTH: Final = 500

QUALIFIERS: Final = (
    "state", "is", "node", "id", "arg", "error", "error-kind", "serial", "cluster", "slower",
    "faster", "waited", "since", "until", "ended",
)  # fmt: skip
"""What words may begin with, a colon behind it."""

# Americans call a cancelled job "canceled".
_ALIASES: Final[dict[str, JobWord]] = {"canceled": "cancelled"}

# The values of "is:": jobs that need attention.
_KINDS: Final = ("failed", "straggler", "bound")

_NUMBER = re.compile(r"#?(?P<serial>[0-9]{1,18})")


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return a test for equality regardless of case; ``*`` and ``?`` are wildcards."""
    pattern = pattern.casefold()
    if "*" in pattern or "?" in pattern:
        # fnmatch also has a meaning for "[", which is literal here: ids such as "run[3]" have it.
        pattern = pattern.replace("[", "[[]")
        return lambda text: fnmatchcase(text.casefold(), pattern)
    return lambda text: text.casefold() == pattern


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
    slower_sec: float | None = None
    faster_sec: float | None = None
    words: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    columns: tuple[tuple[int, str], ...] = ()
    waited_sec: float | None = None
    spans: tuple[tuple[JobSort, Span], ...] = ()
    groups: tuple[tuple[Alternative, ...], ...] = ()
    error_kinds: frozenset[str] = frozenset()

    @property
    def depends_on_time(self) -> bool:
        """Whether other jobs may match as time passes, even if none changes."""
        lengths = (self.slower_sec, self.faster_sec, self.waited_sec)
        return (
            any(length is not None for length in lengths)
            or "straggler" in self.kinds
            or bool(self.spans)
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
                    tuple((term.excluded, cls._alternative(term, columns)) for term in group)
                )
        return cls._of(plain, states, node, columns=columns, groups=tuple(groups))

    @classmethod
    def _alternative(cls, term: Term, columns: Sequence[str]) -> JobQuery:
        query = cls._of([term], columns=columns)
        if query.kinds:
            raise BadRequest(
                f"is:{term.value} can be neither excluded nor joined by OR.", field="q"
            )
        return query

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
            slower_sec=max((duration_sec(t, "q") for t in found.get("slower", ())), default=None),
            faster_sec=min((duration_sec(t, "q") for t in found.get("faster", ())), default=None),
            words=tuple(text.casefold() for text in found.get("word", ())),
            kinds=kinds - {"failed"},
            columns=tuple(
                (place, text) for place, name in enumerate(columns) for text in found.get(name, ())
            ),
            waited_sec=max((duration_sec(t, "q") for t in found.get("waited", ())), default=None),
            spans=_spans(found),
            groups=groups,
            error_kinds=frozenset(text.casefold() for text in found.get("error-kind", ())),
        )

    @property
    def only_stragglers(self) -> bool:
        """Whether the search is for running jobs that take far longer than usual.

        Only their cluster knows which these are; it must pass no others to :meth:`select`.
        """
        return "straggler" in self.kinds

    @property
    def only_bound(self) -> bool:
        """Whether the search is for queued jobs that are bound to a node that is gone.

        Their cluster must pass no others to :meth:`select`.
        """
        return "bound" in self.kinds

    def wants_cluster(self, name: str) -> bool:
        """Whether jobs of the cluster *name* can match, whatever the groups say of it."""
        return all(_matcher(pattern)(name) for pattern in self.clusters)

    def select(
        self,
        blocks: Iterable[JobBlock],
        now: float,
        *,
        node_names: Callable[[str], str | None] = lambda _ip: None,
        private: bool = False,
        cluster: str = "",
    ) -> list[tuple[JobBlock, Sequence[int]]]:
        """Return the blocks with matching jobs, whatever their state, and the rows of these.

        :param now: epoch seconds, to know how long running jobs have taken.
        :param node_names: returns the name of a node by its address, so that ``node:`` takes
            either.
        :param private: the reader may not see arguments and errors: they are not searched, and
            ``arg:`` and ``error:`` match nothing.
        :param cluster: the name of the jobs' cluster.
        """
        if private and (self.args or self.errors):
            return []
        search = _Search(self, now, node_names, private, cluster)
        found = []
        for block in blocks:
            rows = search.rows(block)
            if rows:
                found.append((block, rows))
            yield_now()
        return found


Alternative = tuple[bool, JobQuery]
"""One of the words of a group: whether it is excluded, and what it looks for."""


class _Search:
    """One search, block by block."""

    def __init__(
        self,
        query: JobQuery,
        now: float,
        node_names: Callable[[str], str | None],
        private: bool,
        cluster: str,
    ) -> None:
        self._query = query
        self._now = now
        self._private = private
        # Those that can't match at all, in place of their search.
        self._groups = [
            [
                (excluded, _Search(one, now, node_names, private, cluster))
                if one.wants_cluster(cluster) and not (private and (one.args or one.errors))
                else (excluded, None)
                for excluded, one in group
            ]
            for group in query.groups
        ]
        self._nodes = [_node_matcher(pattern, node_names) for pattern in query.nodes]
        self._ids = [(_literal(p), _matcher(p), _number(p)) for p in query.ids]
        self._bounds = (
            -inf if query.slower_sec is None else query.slower_sec,
            inf if query.faster_sec is None else query.faster_sec,
        )
        self._texts = [*query.args, *query.words]
        self._columns = [(place, value_test(text)) for place, text in query.columns]

    def rows(self, block: JobBlock) -> Sequence[int]:
        """Return the rows of a block that match, in order."""
        query, jobs = self._query, block.jobs
        # Searching one text of all jobs takes a fraction of the time of searching each job.
        if not all(map(block.holds, self._texts)):
            return ()
        if query.serials and query.serials.isdisjoint(block.serials):
            return ()
        if not all(block.holds(text) or number in block.serials for text, _, number in self._ids):
            return ()
        rows: Sequence[int] = range(len(jobs))
        for matches in self._nodes:
            rows = _both(rows, _on_nodes(block, matches))
        if query.error_kinds:
            rows = _both(rows, block.rows_of_kinds(query.error_kinds))
        if query.errors:
            rows = _both(rows, block.raised)
        if query.serials:
            rows = [row for row in rows if block.serials[row] in query.serials]
        if (query.slower_sec, query.faster_sec) != (None, None):
            rows = _both(rows, block.rows_that_took(*self._bounds, self._now))
        for text, is_id, number in self._ids:
            texts, serials = block.texts, block.serials
            rows = [
                row
                for row in rows
                if (text in texts[row] and is_id(jobs[row].id)) or serials[row] == number
            ]
        for text in query.args:
            rows = [
                row for row in rows if text in block.texts[row] and _in_arguments(text, jobs[row])
            ]
        for text in query.errors:
            rows = [row for row in rows if text in (jobs[row].exception or "").casefold()]
        for place, matches_value in self._columns:
            values = block.columns
            rows = [row for row in rows if values[row] and matches_value(values[row][place])]
        if query.waited_sec is not None:
            rows = _both(rows, rows_between(block, "waited", query.waited_sec, inf, self._now))
        for column, span in query.spans:
            rows = _both(rows, rows_between(block, column, *span.bounds(self._now), self._now))
        rows = self._with_words(block, rows)
        for group in self._groups:
            if rows:
                rows = _both(rows, _any_of(group, block))
        return rows

    def rows_in_states(self, block: JobBlock) -> Sequence[int]:
        """Return the rows of a block that match, their state included."""
        states, rows = self._query.states, self.rows(block)
        words = block.words if states else ()
        return [row for row in rows if words[row] in states] if states else rows

    def _with_words(self, block: JobBlock, rows: Sequence[int]) -> Sequence[int]:
        for word in self._query.words:
            texts = block.texts
            rows = [row for row in rows if word in texts[row]]
            if self._private:
                jobs = block.jobs
                rows = [
                    row for row in rows if word in f"{jobs[row].id}\n{jobs[row].node}".casefold()
                ]
        return rows


def _any_of(group: Sequence[tuple[bool, _Search | None]], block: JobBlock) -> Sequence[int]:
    """Return the rows of a block that match one of a group."""
    every, found = range(len(block.jobs)), set[int]()
    for excluded, search in group:
        rows = () if search is None else search.rows_in_states(block)
        if excluded:
            rows = _rows_without(every, rows)
        if len(group) == 1:
            return rows
        found.update(rows)
    return every if len(found) == len(every) else sorted(found)


def _rows_without(every: range, rows: Sequence[int]) -> Sequence[int]:
    """Return the rows that are not among these."""
    if not rows:
        return every
    excluded = frozenset(rows)
    return [row for row in every if row not in excluded]


def _spans(found: Mapping[str, Sequence[str]]) -> tuple[tuple[JobSort, Span], ...]:
    """Return the spans of time in which jobs were to be submitted, or to end."""
    spans: list[tuple[JobSort, Span]] = []
    spans += [("submitted", Span(Moment.parse(text, "since"))) for text in found.get("since", ())]
    spans += [("submitted", Span(None, Moment.parse(t, "until"))) for t in found.get("until", ())]
    spans += [("ended", Span.parse(text, "ended")) for text in found.get("ended", ())]
    return tuple(spans)


def _kind_of_word(term: Term) -> str:
    # Jobs without an id are shown as "#17".
    number = not term.quoted and term.value.startswith("#") and _NUMBER.fullmatch(term.value)
    return "id" if number else "word"


def _number(pattern: str) -> int | None:
    """Return the serial number that ``id:`` may refer to."""
    match = _NUMBER.fullmatch(pattern)
    return int(match["serial"]) if match else None


def _literal(pattern: str) -> str:
    """Return the longest part of *pattern* without wildcards."""
    return max(re.split(r"[*?]", pattern.casefold()), key=len)


def _node_matcher(pattern: str, node_names: Callable[[str], str | None]) -> Callable[[str], bool]:
    """Return a test of a node's address or name, evaluated once for each node."""
    matches = _matcher(pattern)
    return cache(lambda address: matches(address) or matches(node_names(address) or address))


def _on_nodes(block: JobBlock, matches: Callable[[str], bool]) -> list[int]:
    return sorted(
        chain.from_iterable(rows for node, rows in block.by_node.items() if matches(node))
    )


def _both(rows: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    """Return the rows that are in both; a range stands for all rows."""
    if isinstance(rows, range):
        return others
    if isinstance(others, range):
        return rows
    wanted = frozenset(others)
    return [row for row in rows if row in wanted]


def _in_arguments(text: str, job: Job) -> bool:
    return text in (job.args or "").casefold() or text in (job.kwargs or "").casefold()


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
