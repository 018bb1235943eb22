"""The events in the history: an entry of the journal as a row of its table, and back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ..core.cluster import ClusterState
from ..core.journal import ENTRY_KINDS, SHARED_KINDS, Entry
from ..core.offers import SOURCES
from ..wire.journal import event_row
from .checking import count, figure, json_of, moment, one_of, or_none, serial, text

__all__ = ["EVENT_COLUMNS", "EventRow", "enter_events", "entry_of"]

EVENT_COLUMNS: Final = ("at", "kind", "node", "name", "source", "given_by", "detail")

# What an entry's detail may hold.
_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("jobs", "failed", "cpus", "cpus_before"), count),
    **dict.fromkeys(("finished", "terminated", "cancelled", "abandoned"), count),
    **dict.fromkeys(("error_kind", "function", "type", "message", "setting"), text),
    "job": serial,
    "value": figure,
}


class EventRow:
    """An entry. Its detail becomes text when it is written, without the registry's lock."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __iter__(self) -> Iterator[Any]:
        """Yield the columns after the run's."""
        _, *columns, detail = self._entry
        yield from columns
        yield json.dumps({name: value for name, value in detail.items() if value is not None})


def entry_of(row: tuple[Any, ...], shift: int) -> Entry:
    """Return the entry that a row of ``EVENT_COLUMNS`` describes, not numbered yet.

    :param shift: what to add to serial numbers of jobs.
    """
    at, kind, node, name, source, by, said = row
    detail = {name: _CHECKS[name](value) for name, value in json_of(said, dict).items()}
    if "job" in detail:
        detail["job"] += shift
    entry = Entry(
        0, moment(at), one_of(kind, ENTRY_KINDS), or_none(text, node), text(name),  # type: ignore[arg-type]
        None if source is None else one_of(source, SOURCES),  # type: ignore[arg-type]
        or_none(text, by), detail,
    )  # fmt: skip
    event_row(entry, None, private=False)  # raises if the detail is incomplete
    return entry


def enter_events(kept: Iterable[tuple[ClusterState, Entry]]) -> None:
    """Number the entries of all runs by their times, and enter them in the runs' journals.

    An event that concerned several runs is an entry in each of them, with the same number.
    """
    numbers = itertools.count(1)
    number, before = 0, None
    for state, entry in sorted(kept, key=lambda each: each[1].at):
        if entry.kind not in SHARED_KINDS or before != entry:
            number = next(numbers)
        before = entry
        state.journal.enter(entry._replace(serial=number))
