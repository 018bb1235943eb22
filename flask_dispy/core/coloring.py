"""What the runs of a timeline are coloured by: state, function, kind of error, or time run.

There are few classes, because more colours could not be told apart. They come from the figures of
the whole run, so a colour means the same in every window.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypedDict, get_args

from .cluster import ClusterState
from .errorkinds import ErrorKind
from .jobs import JOB_WORDS, Job
from .phrases import quantity, span
from .spread import Spread

__all__ = ["COLORS_BY", "ColorBy", "ColorClass", "ColorOf", "Coloring", "by_state", "coloring"]

ColorBy = Literal["state", "function", "error", "ran"]

COLORS_BY: Final[tuple[ColorBy, ...]] = get_args(ColorBy)
"""What runs can be coloured by, the usual one first."""

ColorOf = Callable[[Job | None, float, str], str]
"""Returns the key of a run's class, given its job (``None`` for an attempt that was abandoned), the
seconds that it ran, and the word for its state."""

# Functions, or kinds of errors, that have a colour of their own.
_MOST: Final = 7

# Multiples of the median time of a function at which the next class begins.
_EDGES: Final = (0.5, 0.8, 1.25, 2.0, 4.0)

_OTHER: Final = "other"
_NONE: Final = "none"


class ColorClass(TypedDict):
    """A class of runs that share a colour.

    ``detail`` says more: an error's message, lengths of time, or how many are put together here.
    """

    key: str
    label: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Coloring:
    """The classes, and how the class of a run is found.

    ``of`` returns that for the jobs of a function.
    """

    by: ColorBy
    classes: list[ColorClass]
    of: Callable[[str], ColorOf]


def coloring(by: ColorBy, states: Sequence[ClusterState]) -> Coloring:
    """Return the colouring of some clusters' runs. Called under the lock that guards them."""
    return _COLORINGS[by](states)


def by_state(_: Sequence[ClusterState] = ()) -> Coloring:
    """Return the colouring by state: a class for each word, except for jobs that never ran."""
    classes = [_class(word, word) for word in JOB_WORDS if word != "queued"]
    return Coloring("state", classes, lambda _: lambda _job, _ran_sec, word: word)


def _by_function(states: Sequence[ClusterState]) -> Coloring:
    jobs: Counter[str] = Counter()
    for state in states:
        jobs[state.error_kinds.function] += state.ledger.submitted
    most = {function for function, _ in jobs.most_common(_MOST)}
    # In the order of the clusters, so that colours stay while the counts grow.
    keys = {name: str(place) for place, name in enumerate(name for name in jobs if name in most)}
    classes = [_class(key, name) for name, key in keys.items()]
    if len(jobs) > len(keys):
        classes.append(_class(_OTHER, _OTHER, quantity(len(jobs) - len(keys), "function")))

    def of(function: str) -> ColorOf:
        key = keys.get(function, _OTHER)
        return lambda _job, _ran_sec, _word: key

    return Coloring("function", classes, of)


def _by_error(states: Sequence[ClusterState]) -> Coloring:
    kinds: dict[str, ErrorKind] = {}
    counts: Counter[str] = Counter()
    for state in states:
        for kind in state.error_kinds.kinds.values():
            counts[kind.id] += kind.count
            known = kinds.get(kind.id)
            if known is None or kind.first_at < known.first_at:
                kinds[kind.id] = kind
    # In the order in which they first occurred, so that colours stay while the counts grow.
    shown = sorted((kinds[id_] for id_, _ in counts.most_common(_MOST)), key=_by_first)
    keys = {kind.id: str(place) for place, kind in enumerate(shown)}
    several = len({kind.function for kind in shown}) > 1
    classes = [_class(_NONE, "no error")]
    for kind in shown:
        label = kind.failure.type or "error"
        label = f"{label} in {kind.function}" if several else label
        classes.append(_class(keys[kind.id], label, kind.failure.message))
    if len(kinds) > len(keys) or any(state.error_kinds.uncounted for state in states):
        classes.append(_class(_OTHER, "other errors"))
    has_other = classes[-1]["key"] == _OTHER

    def key_of(job: Job | None, _ran_sec: float, word: str) -> str:
        if word != "failed" or job is None:
            return _NONE
        return keys.get(job.error_kind or "", _OTHER if has_other else _NONE)

    return Coloring("error", classes, lambda _: key_of)


def _by_first(kind: ErrorKind) -> tuple[float, str]:
    return kind.first_at, kind.id


def _by_time(states: Sequence[ClusterState]) -> Coloring:
    spreads: dict[str, list[Spread]] = {}
    for state in states:
        finished = state.tallies.total.finished
        found = spreads.setdefault(state.error_kinds.function, [])
        found += [] if finished is None else [finished.ran]
    medians = {function: Spread.merged(found).quantile(0.5) for function, found in spreads.items()}
    known = [median for median in medians.values() if median is not None]
    only = known[0] if len(medians) == len(known) == 1 else None
    classes = [
        _class(str(place), label, None if only is None else _lengths(only, *bounds))
        for place, (label, bounds) in enumerate(
            zip(_times_labels(), pairwise((0.0, *_EDGES, None)), strict=True)
        )
    ]
    if len(known) < len(medians):
        classes.append(_class(_NONE, "no median yet", "No job of the function has finished."))
    return Coloring("ran", classes, lambda function: _key_of_time(medians, function))


def _key_of_time(medians: Mapping[str, float | None], function: str) -> ColorOf:
    median = medians.get(function)
    if median is None:
        return lambda _job, _ran_sec, _word: _NONE
    edges = [median * edge for edge in _EDGES]
    keys = [str(place) for place in range(len(edges) + 1)]
    return lambda _job, ran_sec, _word: keys[bisect_right(edges, ran_sec)]


def _times_labels() -> list[str]:
    between = [f"{low:g} to {high:g} times the median" for low, high in pairwise(_EDGES)]
    return [f"under {_EDGES[0]:g} of the median", *between, f"over {_EDGES[-1]:g} times the median"]


def _lengths(median: float, low: float | None, high: float | None) -> str:
    if high is None:
        return f"over {span((low or 0.0) * median)}"
    if not low:
        return f"under {span(high * median)}"
    return f"{span(low * median)} to {span(high * median)}"


def _class(key: str, label: str, detail: str | None = None) -> ColorClass:
    return {"key": key, "label": label, "detail": detail}


_COLORINGS: Final[dict[ColorBy, Callable[[Sequence[ClusterState]], Coloring]]] = {
    "state": by_state,
    "function": _by_function,
    "error": _by_error,
    "ran": _by_time,
}
