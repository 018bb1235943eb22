"""An alert's content, and its form for each service: :data:`BODIES`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from ..core.journal import EntryKind
from ..core.text import clean
from ..core.webhook import Service, Webhook
from ..wire.journal import EventRow, by_whom

__all__ = ["BODIES", "MOST_SHOWN", "Message", "message_of"]

MOST_SHOWN: Final = 10
"""The most events that one message names."""

# What a phone may show at once, and ntfy takes as text and not as an attachment.
_MOST_NTFY_BYTES: Final = 4_000

_TITLES: Final[dict[EntryKind, str]] = {
    "done": "done",
    "stalled": "stalled",
    "going": "going again",
    "node_lost": "node lost",
    "node_overdue": "node has not joined",
    "failing": "many jobs fail",
    "recovered": "few jobs fail again",
    "error_kind": "new kind of error",
    "history_failing": "history can't be written",
    "history_resumed": "history is written again",
}

_URGENT: Final = frozenset[EntryKind](
    ("stalled", "node_lost", "node_overdue", "failing", "error_kind", "history_failing")
)


@dataclass(frozen=True, slots=True)
class Message:
    """Events of one kind in one cluster; ``more`` happened beyond those in ``events``."""

    id: str
    kind: EntryKind
    cluster: str | None
    events: Sequence[EventRow]
    more: int
    link: str | None

    @property
    def title(self) -> str:
        """What happened where, in some words."""
        words = _TITLES.get(self.kind, self.kind.replace("_", " "))
        return clean(f"{self.cluster or 'dispy'}: {words}").replace("\n", " ")

    @property
    def text(self) -> str:
        """A line for each event, the oldest first."""
        lines = [
            clean(", ".join(filter(None, (row["text"], by_whom(row))))).replace("\n", " ")
            for row in self.events
        ]
        if self.more:
            lines.append(f"and {self.more:,} more")
        return "\n".join(lines)

    @property
    def is_urgent(self) -> bool:
        """Whether somebody should look."""
        return self.kind in _URGENT


def message_of(webhook: Webhook, events: Sequence[EventRow], more: int) -> Message:
    """Return a message about events of one kind in one cluster."""
    kind, cluster = events[0]["kind"], events[0]["cluster"]
    link = webhook.dashboard_url
    if link is not None:
        query = f"?cluster={quote(cluster, safe='')}" if cluster else ""
        link = f"{link.rstrip('/')}/events.html{query}"
    return Message(uuid.uuid4().hex, kind, cluster, events, more, link)


def _json(message: Message, _webhook: Webhook) -> dict[str, Any]:
    return {
        "id": message.id,
        "type": message.kind,
        "cluster": message.cluster,
        "title": message.title,
        "text": message.text,
        "events": list(message.events),
        "more": message.more,
        "link": message.link,
    }


# Chats and phones make links of bare addresses. A space of no width behind this keeps them text.
_ADDRESS: Final = re.compile(r":(?=//)|www(?=\.)", re.IGNORECASE)


def _said(message: Message) -> tuple[str, str]:
    """Return the title and the text for people, without an address that becomes a link."""
    title, text = (_ADDRESS.sub("\\g<0>\u200b", part) for part in (message.title, message.text))
    return title, text


def _slack(message: Message, _webhook: Webhook) -> dict[str, Any]:
    # Slack's own three characters; without mrkdwn, no others mean anything.
    text = "\n".join(filter(None, (*_said(message), message.link)))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


# Markdown's characters, and "@", which a backslash does not keep from naming people.
_MARKDOWN: Final = str.maketrans({**{one: f"\\{one}" for one in "\\`*_[]~|#>"}, "@": "@\u200b"})
# ":sos:" is a picture there.
_EMOJI: Final = re.compile(r":(?=[-+\w]+:)")


def _mattermost(message: Message, _webhook: Webhook) -> dict[str, Any]:
    title, text = (_EMOJI.sub(":\u200b", part).translate(_MARKDOWN) for part in _said(message))
    return {"text": "\n".join(filter(None, (f"**{title}**", text, message.link)))}


def _teams(message: Message, _webhook: Webhook) -> dict[str, Any]:
    # Text runs, because text blocks are Markdown.
    title, text = _said(message)
    runs = [{"type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium"}]
    if message.is_urgent:
        runs[0]["color"] = "Attention"
    blocks = [runs, *([{"type": "TextRun", "text": line}] for line in text.split("\n"))]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": title,
        "body": [{"type": "RichTextBlock", "inlines": block} for block in blocks],
    }
    if message.link:
        action = {"type": "Action.OpenUrl", "title": "Open the dashboard", "url": message.link}
        card["actions"] = [action]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _ntfy(message: Message, webhook: Webhook) -> dict[str, Any]:
    title, text = _said(message)
    text = text.encode()[:_MOST_NTFY_BYTES].decode(errors="ignore")
    tag = "warning" if message.is_urgent else "white_check_mark"
    body = {
        "topic": webhook.split_url.path.rpartition("/")[2],
        "title": title,
        "message": text,
        "priority": 4 if message.is_urgent else 3,
        "tags": [tag],
    }
    return {**body, "click": message.link} if message.link else body


BODIES: Final[dict[Service, Callable[[Message, Webhook], dict[str, Any]]]] = {
    "json": _json,
    "slack": _slack,
    "mattermost": _mattermost,
    "teams": _teams,
    "ntfy": _ntfy,
}
"""What is sent, by service. Texts stay texts, whatever characters they contain."""
