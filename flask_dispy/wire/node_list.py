"""Filtering, sorting and paging of node rows: by any column, IP addresses as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ..core.addresses import address_key
from ..core.errors import BadRequest
from ..core.nodes import NODE_STATES
from ..core.roster import CLOCK_OFF_SEC
from ..core.search.terms import Term, read_groups
from ..core.search.values import value_test
from .shapes.nodes import NodeRow

__all__ = ["QUALIFIERS", "matching", "sorted_rows"]

# What a comparison with the other nodes may find.
_KINDS: Final = ("slow", "failing")

QUALIFIERS: Final = ("state", "name", "ip", "cluster", "clock", "is")


def matching(
    rows: list[NodeRow],
    text: str,
    states: Sequence[str],
    cluster: str,
    columns: Sequence[str] = (),
) -> list[NodeRow]:
    """Return the rows in one of *states*, if any are given, that match each word of *text*.

    :param cluster: the cluster of rows that name none.
    :param columns: the names of custom columns, which are qualifiers, too.
    :raises BadRequest: an unknown qualifier or state; ``field`` says which parameter has it.
    """
    tests = [
        _any_of(group, cluster, columns) for group in read_groups(text, (*QUALIFIERS, *columns))
    ]
    if states:
        wanted = {_state(state, "state") for state in states}
        tests.append(lambda row: row["state"] in wanted)
    if not tests:
        return rows
    return [row for row in rows if all(test(row) for test in tests)]


def sorted_rows(
    rows: list[NodeRow], key: Callable[[NodeRow], Any], *, descending: bool
) -> list[NodeRow]:
    """Return the rows in the order of *key*, equal ones by address, unknown ones last."""
    ordered = sorted(rows, key=lambda row: address_key(row["ip_addr"]))
    known = [row for row in ordered if key(row) is not None]
    unknown = [row for row in ordered if key(row) is None]
    return sorted(known, key=key, reverse=descending) + unknown


def _any_of(
    group: Sequence[Term], cluster: str, columns: Sequence[str]
) -> Callable[[Mapping[str, Any]], bool]:
    """Return the test of rows that words of which one has to match stand for."""
    tests = [(_test(term, cluster, columns), term.excluded) for term in group]
    return lambda row: any(test(row) is not excluded for test, excluded in tests)


def _test(term: Term, cluster: str, columns: Sequence[str]) -> Callable[[Mapping[str, Any]], bool]:
    """Return the test of rows that a word of the search stands for."""
    value = term.value.casefold()
    match term.qualifier:
        case "state":
            wanted = _state(value, "q")
            return lambda row: bool(row["state"] == wanted)
        case "name":
            return lambda row: value in row["name"].casefold()
        case "ip":
            return lambda row: bool(row["ip_addr"].startswith(value))
        case "cluster":
            return lambda row: any(
                value in name.casefold() for name in row.get("clusters", (cluster,))
            )
        case "is":
            if value not in _KINDS:
                raise BadRequest(f"is: takes {' or '.join(_KINDS)}, not {term.value!r}.", field="q")
            return lambda row: bool((row["compared"] or {}).get(value))
        case "clock":
            if value != "off":
                raise BadRequest(f"clock: takes off, not {term.value!r}.", field="q")
            return lambda row: abs(row["clock_offset_sec"] or 0.0) > CLOCK_OFF_SEC
        case str() as column:
            matches = value_test(value)
            return lambda row: matches(row[column])
        case None:
            matches = value_test(value)
            return lambda row: (
                value in f"{row['ip_addr']} {row['name']}".casefold()
                or value == row["state"]
                or any(value in name.casefold() for name in row.get("clusters", ()))
                or any(matches(row[column]) for column in columns)
            )


def _state(text: str, field: str) -> str:
    state = text.casefold()
    if state not in NODE_STATES:
        raise BadRequest(
            f"{text[:80]!r} is no state of a node: it is one of {', '.join(NODE_STATES)}.",
            field=field,
        )
    return state
