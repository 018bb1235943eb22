"""The live view in a terminal: what it shows at each size, what keys do, and hostile texts."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console, Group
from web.conftest import Scene
from web.fakes import FakeCluster, make_node

from flask_dispy import ClusterRegistry
from flask_dispy.cli.top.keyboard import keys_of
from flask_dispy.cli.top.state import SORTS, TopState
from flask_dispy.cli.top.view import view
from flask_dispy.terminal.cells import bar

NOW = 1_795_860_000.0
SIZES = [(80, 24), (200, 50), (40, 10), (20, 3)]


def state_of(registry: ClusterRegistry, cluster: str = "*") -> TopState:
    """Return the state that a dashboard's first answer makes."""
    state = TopState(cluster)
    shown = registry.view(cluster)
    state.take(
        [registry.view(name).summary() for name in ("*", *registry.names())],
        {row["ip_addr"]: row for row in shown.nodes()},
    )
    state.errors = shown.error_kinds(limit=20).items
    state.events = shown.events(limit=20).items
    return state


def lines_of(state: TopState, width: int = 80, height: int = 24, **options: Any) -> list[str]:
    return [text.plain for text in view(state, width, height, now=NOW, **options)]


def printed(state: TopState, width: int, height: int, **options: Any) -> str:
    """Return what a terminal of that size gets."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, markup=False, **options)
    console.print(Group(*view(state, width, height, now=NOW)))
    return file.getvalue()


@pytest.mark.usefixtures("scene")
def test_outlook_comes_first_then_progress_counts_and_what_needs_attention(
    registry: ClusterRegistry,
) -> None:
    head, outlook, progress, figures, labels, attention, *_ = lines_of(state_of(registry))
    assert head.startswith(" flask-dispy top  All clusters (1 of 3)")
    assert re.fullmatch(r"compute: About .+ left.*; done about \d\d:\d\d\.", outlook)
    assert progress.endswith(" 50 %  2 of 4 done")
    assert labels.split()[:5] == ["Running", "Queued", "Finished", "Failed", "CPUs"]
    assert figures.split()[:5] == ["1", "1", "1", "1", "1/8"]
    assert attention == "Needs attention: 1 job failed."


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_size_is_filled_exactly(registry: ClusterRegistry, width: int, height: int) -> None:
    lines = printed(state_of(registry), width, height).splitlines()
    assert len(lines) == height
    assert max(map(len, lines)) <= width


@pytest.mark.usefixtures("scene")
def test_no_column_is_cut_at_any_width(registry: ClusterRegistry) -> None:
    state = state_of(registry)
    for width in range(52, 201):
        (headings,) = [line for line in lines_of(state, width) if line.startswith("Node ")]
        assert "…" not in headings, width
        assert ("x others" in headings) == (width >= 68), width
    assert "Address" in headings
    assert "Memory" in headings


def test_wide_terminal_has_errors_and_events_beside_the_nodes(
    registry: ClusterRegistry, scene: Scene
) -> None:
    state = state_of(registry, "compute")
    wide, narrow = "\n".join(lines_of(state, 200, 50)), "\n".join(lines_of(state))
    for text in ("ValueError: secret", "alpha joined with 4 CPUs"):
        assert text in wide
        assert text not in narrow
    assert "10.0.0.10" in wide


def test_stalled_cluster_says_so_before_all_else(registry: ClusterRegistry, scene: Scene) -> None:
    state = state_of(registry)
    summary: Any = state.summaries["*"]
    summary["outlook"] |= {"state": "stalled", "eta_sec": None, "message": "No job has ended. " * 9}
    _, first, second, *_ = lines_of(state)
    assert first.startswith("Stalled: No job has ended.")
    assert second.endswith("…")  # two lines at most
    assert f"{first} {second[:-1]}" in f"Stalled: {'No job has ended. ' * 9}"


def test_more_nodes_than_lines_are_scrolled(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    for number in range(30):
        cluster.join(make_node(f"10.0.0.{number + 1}", f"node{number:02}"))
    state = state_of(registry)

    def shown() -> list[str]:
        return re.findall(r"node\d\d", "\n".join(lines_of(state)))

    first = shown()
    assert first == [f"node{number:02}" for number in range(len(first))]
    assert f"1 to {len(first)} of 30 nodes, by address" in "\n".join(lines_of(state))
    state.press("down")
    assert shown()[0] == "node01"
    state.press("end")
    assert shown()[-1] == "node29"
    assert len(shown()) == len(first)
    state.press("pageup")
    state.press("home")
    assert shown() == first


@pytest.mark.usefixtures("scene")
def test_keys_sort_and_reverse(registry: ClusterRegistry) -> None:
    state = state_of(registry, "compute")
    assert [row["name"] for row in state.shown()] == ["alpha", "beta"]
    state.press("r")
    assert [row["name"] for row in state.shown()] == ["beta", "alpha"]
    for name in [*list(SORTS)[1:], "address"]:
        state.press("s")
        assert (state.sort, state.descending) == (name, SORTS[name][1])
        assert len(state.shown()) == 2
    state.press("S")
    assert state.sort == list(SORTS)[-1]


@pytest.mark.usefixtures("scene")
def test_filter_is_that_of_the_pages(registry: ClusterRegistry) -> None:
    state = state_of(registry, "compute")

    def typed(text: str) -> list[str]:
        for key in ["/", *["backspace"] * 50, *text]:
            state.press(key)
        return [row["name"] for row in state.shown()]

    assert typed("alp") == ["alpha"]
    assert "Filter: alp" in lines_of(state)[-1]
    state.press("enter")
    assert (state.words, state.typed) == ("alp", None)
    assert "1 node (2 without the filter)" in "\n".join(lines_of(state))
    assert typed("-alpha") == ["beta"]
    state.press("escape")
    assert state.words == "alp"  # leaving it keeps the one before
    assert typed("state:gone") == ["alpha", "beta"]
    assert "no state of a node" in lines_of(state, 120)[-1]
    state.press("enter")
    state.press("escape")
    assert (state.words, len(state.shown())) == ("", 2)


@pytest.mark.usefixtures("scene")
def test_keys_switch_the_cluster_show_help_and_quit(registry: ClusterRegistry) -> None:
    state = state_of(registry)
    for name in ("compute", "render", "*"):
        state.press("c")
        assert state.cluster == name
    assert state.nodes == {}  # those of the other cluster are to come
    state.press("?")
    assert "sort by the next" in "\n".join(lines_of(state))
    state.press("x")
    assert "sort by the next" not in "\n".join(lines_of(state))
    state.press("q")
    assert state.ended


def test_view_without_new_data_shows_the_error() -> None:
    head, *_, foot = lines_of(TopState("http://dashboard/", away="Nobody answers."))
    assert "No connection" in head
    assert foot.startswith("Nobody answers. Trying again.")


def test_keys_of_a_terminal() -> None:
    assert keys_of("a\x1b[A\x1bOB\x1b[5~\r\x7f\x1b/ü\x1b[200~\x01") == [
        "a", "up", "down", "pageup", "enter", "backspace", "escape", "/", "ü",
    ]  # fmt: skip


def test_parts_of_a_bar_differ_without_colour() -> None:
    parts = [(0.5, "finished"), (0.001, "failed"), (0.2, "running")]
    assert bar(20, parts).plain == "██████████▓▒▒▒▒░░░░░"
    assert bar(20, parts, ascii_only=True).plain == "##########x~~~~....."
    assert bar(4, [(1.0, "finished"), (0.1, "failed")]).plain == "████"


@pytest.mark.usefixtures("scene")
def test_no_color_and_ascii_are_honoured(
    registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_of(registry)
    assert "\x1b[34" in printed(state, 80, 24, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    colors = set(re.findall(r"\x1b\[([\d;]*)m", printed(state, 80, 24, force_terminal=True)))
    assert colors <= {"0", "1", "2", "4", "7", "1;4", "1;7"}  # bold, dim, underlined, reverse
    assert all("█" not in one and "░" not in one for one in lines_of(state, ascii_only=True))


HOSTILE = "a\x1b]0;pwned\x07\x1b[2J\x9b31m[bold]b[/] [link=http://evil]c\u202ed\r\n\te\x00"


def with_hostile_texts(value: Any, text: str = HOSTILE) -> Any:
    """Return a row in which every text that a job or a node chooses is another."""
    if isinstance(value, dict):
        chosen = ("name", "message", "text", "type", "by", "trouble", "error", "id", "function")
        return {
            key: text if key in chosen and isinstance(one, str) else with_hostile_texts(one, text)
            for key, one in value.items()
        }
    return [with_hostile_texts(one, text) for one in value] if isinstance(value, list) else value


def hostile(state: TopState, text: str) -> TopState:
    state.summaries = {name: with_hostile_texts(one, text) for name, one in state.summaries.items()}
    state.nodes = {ip: with_hostile_texts(row, text) for ip, row in state.nodes.items()}
    state.errors = with_hostile_texts(state.errors, text)
    state.events = with_hostile_texts(state.events, text)
    state.away = text
    return state


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50)])
def test_hostile_texts_reach_no_terminal(
    registry: ClusterRegistry, width: int, height: int
) -> None:
    state = hostile(state_of(registry), HOSTILE)
    assert all(char.isprintable() or char == "\n" for char in printed(state, width, height))
    shown = printed(state, width, height, force_terminal=True, color_system="truecolor")
    assert re.sub(r"\x1b\[[\d;]*m", "", shown).replace("\n", "").isprintable()
    assert "[bold]b[/]" in shown
    assert "\x1b]8" not in shown  # no link


@pytest.mark.usefixtures("scene")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60))
def test_no_text_breaks_the_layout_or_gets_through(registry: ClusterRegistry, text: str) -> None:
    shown = printed(hostile(state_of(registry), text), 100, 30)
    assert shown.count("\n") == 30
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
