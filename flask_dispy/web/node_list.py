"""Filtering, sorting and paging of node rows: by any column, IP addresses as numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..core.addresses import address_key

__all__ = ["SORT_COLUMNS", "matching", "sorted_rows"]

_Key = Callable[[dict[str, Any]], Any]


def _load(figure: str) -> _Key:
    def key(row: dict[str, Any]) -> Any:
        return row["avail_info"][figure] if row["avail_info"] else None

    return key


def _sec_per_job(row: dict[str, Any]) -> Any:
    return row["cpu_time"] / row["jobs_done"] if row["jobs_done"] else None


def _column(name: str) -> _Key:
    return lambda row: row[name]


SORT_COLUMNS: Final[dict[str, _Key]] = {
    "ip_addr": lambda row: address_key(row["ip_addr"]),
    "name": lambda row: row["name"].casefold(),
    "cpu": _load("cpu"),
    "memory": _load("memory"),
    "swap": _load("swap"),
    "disk": _load("disk"),
    "sec_per_job": _sec_per_job,
    **{
        name: _column(name)
        for name in (
            "avail_cpus",
            "busy",
            "cpu_time",
            "cpus",
            "jobs_done",
            "running",
            "rx",
            "state",
            "tx",
            "update_time",
        )
    },
}
"""What rows can be sorted by, and how. A column of ``None`` comes last in either order."""


def matching(rows: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Return the rows in which each word of *text* is part of the address, name or state."""
    words = text.casefold().split()
    if not words:
        return rows
    return [row for row in rows if _holds(row, words)]


def sorted_rows(
    rows: list[dict[str, Any]], column: str, *, descending: bool
) -> list[dict[str, Any]]:
    """Return the rows in the order of *column*, equal ones by address."""
    key = SORT_COLUMNS[column]
    ordered = sorted(rows, key=SORT_COLUMNS["ip_addr"])
    known = [row for row in ordered if key(row) is not None]
    unknown = [row for row in ordered if key(row) is None]
    return sorted(known, key=key, reverse=descending) + unknown


def _holds(row: dict[str, Any], words: list[str]) -> bool:
    text = f"{row['ip_addr']} {row['name']} {row['state']}".casefold()
    return all(word in text for word in words)
