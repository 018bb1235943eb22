"""Clusters as a notebook or an interactive Python shows them: HTML without script, and text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final

from ..core.errors import WrongProcess
from ..core.text import clean
from ..wire.shapes.clusters import Summary
from ..wire.wording import Clock, count, done_count, expectation
from .addresses import Address
from .views import View

__all__ = ["card"]

_MOST_ROWS: Final = 20
_HEADINGS: Final = ("Cluster", "Done", "Running", "Failed", "Nodes up", "Outlook")


def card(
    title: str,
    views: Callable[[], Sequence[View]],
    addresses: Sequence[Address],
    *,
    newest_first: bool = False,
) -> dict[str, str]:
    """Return the clusters by MIME type: the HTML has a frame of a server's pages if one allows it.

    In a fork of the clusters' process it is the title alone.
    """
    title = clean(title)
    try:
        shown = views()
    except WrongProcess:
        return {"text/plain": title}
    newest = shown[:_MOST_ROWS] if newest_first else shown[-_MOST_ROWS:]
    summaries = [view.summary() for view in newest]
    rows = [_cells(summary) for summary in summaries]
    note = "" if rows else "No clusters."
    if len(rows) < len(shown):
        note = f"These are the newest {len(rows)} of {count(len(shown))}."
    return {
        "text/plain": "\n".join(filter(None, (title, *map(_line, rows), note))),
        "text/html": _html(title, _table(rows, note), _as_of(summaries), addresses),
    }


def _cells(summary: Summary) -> tuple[str, ...]:
    jobs, now = summary["jobs"], summary["now"]
    cells = (
        summary["name"],
        done_count(jobs),
        count(0 if summary["watching"] == "history" else jobs["running"]),
        count(jobs["failed"]),
        count(summary["nodes"]["up"]),
        expectation(summary["outlook"], Clock(now), now),
    )
    return tuple(" ".join(clean(cell).split()) for cell in cells)


def _as_of(summaries: Sequence[Summary]) -> str:
    if not summaries:
        return ""
    now = max(summary["now"] for summary in summaries)
    return f"As of {Clock(now).text(now)}."


def _line(row: Sequence[str]) -> str:
    name, done, running, failed, nodes, outlook = row
    return f"{name}: {done} done, {running} running, {failed} failed, nodes up: {nodes}. {outlook}"


def _table(rows: Sequence[Sequence[str]], note: str) -> str:
    shown_note = f"<p>{note}</p>" if note else ""
    if not rows:
        return shown_note
    head = _row('th scope="col"', _HEADINGS)
    body = "".join(_row("td", row) for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{shown_note}"


def _row(tag: str, cells: Iterable[str]) -> str:
    start, end = f'<{tag} style="text-align:left">', f"</{tag.split()[0]}>"
    return f"<tr>{''.join(f'{start}{escape(cell)}{end}' for cell in cells)}</tr>"


def _html(title: str, table: str, as_of: str, addresses: Sequence[Address]) -> str:
    links = "".join(
        f' <a href="{url}" target="_blank" rel="noopener">Open the dashboard at {url}</a>'
        for url in (escape(address.url) for address in addresses)
    )
    heading = f"<p><b>{escape(title)}</b>{links}</p>"
    for address in addresses:
        if address.framed:
            # The table stays: a browser says nothing to us if it refuses to show the frame.
            return (
                f'{heading}<iframe src="{escape(address.url)}" title="Dashboard" height="600" '
                'style="width:100%;border:1px solid #8888"></iframe>'
                f"<details><summary>Without the frame</summary>{table}<p>{as_of}</p></details>"
            )
    hint = " To see it live here, give the server frame_ancestors=." if addresses else ""
    return f"{heading}{table}<p>{as_of}{hint}</p>"
