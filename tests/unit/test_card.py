"""The card of a notebook: what it shows, and that any text stays text."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from web.fakes import make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import WrongProcess
from flask_dispy.watching.card import Address, card

HOSTILE = "<script>alert(1)</script>\"'\x1b[31m\u202e"


class Tags(HTMLParser):
    """Collects the tags and the attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)


def shown(registry: ClusterRegistry, *addresses: Address) -> dict[str, str]:
    return card("Title", registry.views, addresses)


def test_figures_and_outlook_are_in_text_and_table(registry: ClusterRegistry) -> None:
    cluster = watched_cluster(registry, "compute")
    node = cluster.join(make_node("10.0.0.2", "alpha"))
    for exception in ("", "ValueError: bad"):
        job = cluster.submit("x")
        cluster.start(job, node)
        cluster.end(job, node, exception=exception or None)
    cluster.start(cluster.submit("y"), node)
    found = shown(registry)
    line = found["text/plain"].splitlines()[1]
    assert line.startswith("compute: 2 of 3 done, 1 running, 1 failed, nodes up: 1. ")
    for cell in ("compute", "2 of 3", "1"):
        assert f">{cell}</td>" in found["text/html"]
    assert Tags(found["text/html"]).tags.count("tr") == 2


def test_hostile_texts_stay_text(registry: ClusterRegistry) -> None:
    watched_cluster(registry)
    summary = registry.views()[0].summary()
    summary["name"] = summary["outlook"]["message"] = HOSTILE
    view: Any = SimpleNamespace(summary=lambda: summary)
    found = card(HOSTILE, lambda: [view], [Address('http://a/?"><script>', framed=True)])
    assert set(Tags(found["text/html"]).tags) == {
        "p", "b", "a", "iframe", "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    for text in found.values():
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_without_clusters_it_says_so(registry: ClusterRegistry) -> None:
    assert shown(registry)["text/plain"] == "Title\nNo clusters."
    assert "No clusters." in shown(registry)["text/html"]


def test_of_many_clusters_the_newest_are_shown(registry: ClusterRegistry) -> None:
    for number in range(23):
        watched_cluster(registry, f"run {number:02}")
    found = shown(registry)
    assert "run 02" not in found["text/plain"]
    assert "run 03" in found["text/plain"]
    assert found["text/plain"].endswith("\nThese are the newest 20 of 23.")
    assert Tags(found["text/html"]).tags.count("tr") == 21


def test_of_past_runs_the_newest_come_first(registry: ClusterRegistry) -> None:
    for number in range(21):
        watched_cluster(registry, f"run {number:02}")
    text = card("Title", registry.views, (), newest_first=True)["text/plain"]
    assert "run 00" in text
    assert "run 20" not in text


def test_frame_is_there_only_where_a_server_allows_it(registry: ClusterRegistry) -> None:
    closed, framed = Address("http://a/", framed=False), Address("http://b/", framed=True)
    alone = Tags(shown(registry, closed)["text/html"])
    assert (alone.tags.count("iframe"), alone.attributes["href"]) == (0, ["http://a/"])
    both = Tags(shown(registry, closed, framed)["text/html"])
    assert both.attributes["src"] == ["http://b/"]
    assert both.attributes["href"] == ["http://a/", "http://b/"]


def test_fork_shows_its_title(registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    watched_cluster(registry)
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    with pytest.raises(WrongProcess):
        registry.views()
    assert shown(registry) == {"text/plain": "Title"}
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "http://localhost:81/"),
        ("/proxy/{port}/", "/proxy/81/"),
        ("https://hub.example/user/a/proxy/{port}/", "https://hub.example/user/a/proxy/81/"),
    ],
)
def test_address_is_the_given_one(given: str | None, url: str) -> None:
    assert Address.of("http://localhost:81/", given, 81, framed=False).url == url


@pytest.mark.parametrize("given", ["javascript:alert(1)", "hub.example", "", 7, "/a b"])
def test_other_addresses_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="is no address: give one such as"):
        Address.of("http://localhost:81/", given, 81, framed=False)
