"""The live view as lines: a function of its state and the terminal's size.

Most important first: what will come of the run, how far it is, what needs attention; then nodes, as
many as there is room for. A wide terminal has errors and events beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from rich.text import Text

from ...core.jobs import JOB_WORDS, count_of
from ...core.phrases import quantity
from ...terminal.cells import line, plain, style_of
from ...terminal.rows import outlook_line, progress_row
from ...wire.shapes.clusters import Summary
from ...wire.wording import Clock, amount, count, money
from ..tables import cluster_name, event_text, kind_title, part_of
from .nodes import node_lines
from .state import TopState

__all__ = ["view"]

_WIDE: Final = 140
_SIDE: Final = 64
_GAP: Final = 2

_HELP: Final = (
    ("s, S", "sort by the next, the previous figure"),
    ("r", "reverse the order"),
    ("/", "filter nodes: words, state:lost, is:slow, is:failing, -word, OR"),
    ("Esc", "drop the filter"),
    ("c, C", "next, previous cluster"),
    ("arrows, Space", "scroll; also j, k, Page Up, Page Down, Home, End"),
    ("q", "quit"),
)


def view(
    state: TopState, width: int, height: int, *, now: float, ascii_only: bool = False
) -> list[Text]:
    """Return the lines of a terminal, each as wide as it is.

    :param now: the time that the clock shows, in epoch seconds.
    :param ascii_only: for a terminal that shows nothing else.
    """
    clock = Clock(now)
    lines = [_head(state, width, clock.text(now, "%H:%M:%S"))]
    if (summary := state.summary) is not None:
        lines += _folded(outlook_line(summary, clock), width, 2)
        lines.append(progress_row(summary, width, ascii_only=ascii_only))
        lines += _tiles(summary, width)
        lines += _folded(_attention(summary), width, 2)
    room = max(0, height - len(lines) - 1)
    if state.helps:
        body = _help()
    elif summary is None:
        body = [Text()]
    elif width >= _WIDE:
        left = width - _SIDE - _GAP
        nodes = node_lines(state, left, room, ascii_only=ascii_only)
        body = _beside(nodes, _side(state, room, clock), left)
    else:
        body = node_lines(state, width, room, ascii_only=ascii_only)
    body = [*body[:room], *[Text()] * (room - len(body))]
    shown = [*lines, *body, _foot(state)][:height]
    for text in shown:
        text.truncate(width, overflow="ellipsis")
    return shown


def _head(state: TopState, width: int, time: str) -> Text:
    names = state.names()
    number = f" ({names.index(state.cluster) + 1} of {len(names)})" if len(names) > 2 else ""
    place = Text.assemble((" flask-dispy top  ", "bold"), line(cluster_name(state.cluster)), number)
    link = f" {'No connection' if state.away else 'Live'}  {time} "
    place.truncate(max(0, width - len(link)), overflow="ellipsis", pad=True)
    found = place.append(link, "bold" if state.away else "")
    found.stylize("reverse")
    return found


def _folded(text: Text, width: int, most: int) -> list[Text]:
    """Return a text on as many lines as it needs, cut after some."""
    words = text.plain.split(" ")
    lines = [""]
    for place, word in enumerate(words):
        longer = f"{lines[-1]} {word}".lstrip() if lines[-1] else word
        if Text(longer).cell_len <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            rest = " ".join(words[place:])
            lines[-1] = f"{lines[-1]} {rest}"  # too long, so that it is cut
            break
    return [Text(one, text.style, no_wrap=True) for one in lines]


def _tiles(summary: Summary, width: int) -> list[Text]:
    """Return two lines: figures, and what they are."""
    jobs, cpus, nodes, cost = summary["jobs"], summary["cpus"], summary["nodes"], summary["cost"]
    counts = {word: count_of(jobs, word) for word in ("running", "queued", *JOB_WORDS[2:])}
    counts["queued"] += jobs["before_watching"]
    tiles = [
        (word.capitalize(), count(number), style_of(word) if number else "dim")
        for word, number in counts.items()
        if number or word in ("running", "queued", "finished", "failed")
    ]
    tiles += [
        ("CPUs busy", part_of(cpus["busy"], cpus["total"]), ""),
        ("Nodes up", part_of(nodes["up"], nodes["known"]), ""),
        ("Jobs/s", amount(summary["jobs_per_sec"]), ""),
        ("CPU hours", amount(cost["used_sec"] / 3600), "")
        if cost["money"] is None
        else ("Cost", money(cost["money"]), ""),
    ]
    figures, labels = Text(), Text()
    for label, figure, style in tiles:
        cells = max(len(label), len(figure)) + 2
        if len(labels) + cells - 2 > width:
            break
        figures.append(figure.ljust(cells), style=f"{style} bold" if style != "dim" else style)
        labels.append(label.ljust(cells), "dim")
    return [figures, labels]


def _attention(summary: Summary) -> Text:
    """Return what somebody should look at, the worst first."""
    told, jobs = summary["attention"], summary["jobs"]
    clocks = told["clocks_off"]
    off = "1 node's clock is off" if clocks == 1 else f"{count(clocks)} nodes' clocks are off"
    found = [
        (told["lost"], f"{quantity(told['lost'], 'node')} lost"),
        (told["silent"], f"{quantity(told['silent'], 'node')} silent"),
        (told["offers"], f"{quantity(told['offers'], 'node')} not joined"),
        (clocks, off),
        (told["slow"], quantity(told["slow"], "slow node")),
        (told["failing"], quantity(told["failing"], "failing node")),
        (jobs["failed"], f"{quantity(jobs['failed'], 'job')} failed"),
        (jobs["abandoned"], f"{quantity(jobs['abandoned'], 'job')} abandoned"),
        (told["stragglers"], quantity(told["stragglers"], "straggler")),
        (summary["dropped_events"],
         f"{quantity(summary['dropped_events'], 'event')} dropped: counts may be low"),
    ]  # fmt: skip
    words = [text for number, text in found if number]
    if summary["trouble"] and summary["trouble"] not in summary["outlook"]["message"]:
        words.insert(0, plain(summary["trouble"]))
    if not words:
        return Text("Nothing needs attention.", "dim")
    return Text(f"Needs attention: {', '.join(words)}.", "bold yellow")


def _side(state: TopState, room: int, clock: Clock) -> list[Text]:
    """Return the commonest errors and the latest events."""
    half = room // 2
    lines = [Text("Errors", "bold")]
    for kind in state.errors[: max(0, half - 2)]:
        new = ("new ", "bold yellow") if kind["new"] else ""
        lines.append(Text.assemble(f"{count(kind['count']):>7}  ", new, line(kind_title(kind))))
    if not state.errors:
        lines.append(Text("none", "dim"))
    lines += [Text(), Text("Events", "bold")]
    for row in state.events[: max(0, room - len(lines))]:
        lines.append(Text.assemble(clock.text(row["at"], "%H:%M:%S"), "  ", event_text(row)))
    return lines


def _beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    """Return two columns of lines as one."""
    lines = []
    for one, other in zip_longest(left, right, fillvalue=Text()):
        first = one.copy()
        first.truncate(width, overflow="ellipsis", pad=True)
        lines.append(Text.assemble(first, " " * _GAP, other))
    return lines


def _help() -> list[Text]:
    return [Text(), *(Text.assemble((f"{keys:>15}  ", "bold"), what) for keys, what in _HELP)]


def _foot(state: TopState) -> Text:
    if state.typed is not None:
        told = f"  {plain(state.problem)}" if state.problem else "  Enter: keep   Esc: leave"
        return Text.assemble(("Filter: ", "bold"), line(state.typed), ("_", "blink"), (told, "dim"))
    if state.away:
        return Text.assemble(line(state.away, "bold yellow"), " Trying again.  q quit")
    keys = "q quit  s sort  r reverse  / filter  c cluster  ? help"
    if state.words:
        problem = f": {plain(state.problem)}" if state.problem else ""
        return Text.assemble(("Filter: ", "bold"), line(state.words), problem,
                             ("  Esc drops it  ", "dim"), (keys, "dim"))  # fmt: skip
    return Text(keys, "dim")
