"""What a report must be, whatever the run: whole, self-contained, bounded, and safe to open."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["HOSTILE", "MOST_BYTES", "Document", "check"]

HOSTILE = "\"><script>alert(1)</script><img src=//x onerror='f()'>&{{7*7}}\u202e\x1b[31m\ud800"
MOST_BYTES = 2_000_000


class Document(HTMLParser):
    """What is in a page: its tags and their attributes, and its text without markup."""

    _VOID = frozenset(("meta", "br", "img", "link", "input", "hr"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]


def check(text: str) -> Document:
    """Check what holds of every report, and return it read."""
    document = Document(text)
    assert document.open == []
    names = {tag for tag, _ in document.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    assert not [a for _, attributes in document.tags for a in attributes if a.startswith("on")]
    assert document.values("src") == document.values("style") == []
    ids = document.values("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in document.values("href")} <= set(ids)
    assert {href[:1] for href in document.values("href")} == {"#"}
    assert set(re.findall(r"url\(#([\w-]+)\)", text)) <= set(ids)
    assert not re.search(r"url\((?!#)|@import|https?:", text)
    assert len(text.encode()) < MOST_BYTES
    return document
