"""Where alerts go: the address of a service, what it is sent, and how."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from .errors import BadRequest
from .journal import ENTRY_KINDS, EntryKind

__all__ = ["ALERT_EVENTS", "MOST_WEBHOOKS", "Service", "Webhook"]

Service = Literal["json", "slack", "mattermost", "teams", "ntfy"]

ALERT_EVENTS: Final[tuple[EntryKind, ...]] = (
    "done", "stalled", "going", "node_lost", "node_overdue", "failing", "recovered", "error_kind",
    "history_failing", "history_resumed",
)  # fmt: skip
"""The events that alerts are sent of by default."""

MOST_WEBHOOKS: Final = 10
"""The most webhooks of a registry: each has a thread while it is used."""

_LEAST_SECRET: Final = 16
_DAY: Final = 86_400.0
_LONGEST_TIMEOUT_SEC: Final = 60.0
_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
_HEADER_NAME: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_URL: Final = re.compile(r"[!-~]+")  # printable ASCII without spaces
_OURS: Final = frozenset(
    ("host", "content-length", "content-type", "transfer-encoding", "connection",
     "webhook-id", "webhook-timestamp", "webhook-signature"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Webhook:
    """An address that is sent a message when something happens to a cluster.

    ::

        ClusterRegistry(alerts=[Webhook("https://hooks.slack.com/services/...", service="slack")])

    Messages are sent by a thread of their own. Their texts contain no arguments or results of
    jobs. docs/alerts.md has an example for each service.

    :param url: where to POST to, as the service shows it; for ntfy, the topic's address. It must
        be ``https:``, or ``http:`` with *allow_private*. It is a secret: no log, representation or
        answer contains more of it than the host's name.
    :param service: the form of the message: ``json``, ``slack``, ``mattermost``, ``teams`` or
        ``ntfy``.
    :param secret: signs messages, as Standard Webhooks describe: 16 characters or more, whose bytes
        are the key, or ``whsec_`` and the key in base64.
    :param events: kinds of events, as in docs/api.md.
    :param headers: further headers, such as ``Authorization``; their values are secrets, too.
    :param dashboard_url: the address of the dashboard, for the link in the message.
    :param details: whether messages contain errors' messages, if the registry shows job arguments,
        and who gave a command.
    :param quiet_sec: after a message about a kind of event in a cluster, further such events are
        gathered for so long, then sent as one message; 0 to gather nothing, a day at most.
    :param timeout_sec: how long an attempt may take; 60 at most. Resolving the name counts, but is
        not cut off: the system has limits of its own.
    :param allow_private: whether the address may be private or of this machine.
    :param ca_file: certificates, in PEM, of the authorities to trust in place of the system's.
    :param name: what pages, log and ``/healthz`` call it; the host's name if not given.
    :raises BadRequest: one of them makes no sense; the message names it and the remedy.
    """

    url: str
    _: KW_ONLY
    service: Service = "json"
    secret: str | None = None
    events: Collection[EntryKind] = ALERT_EVENTS
    headers: Mapping[str, str] | None = None
    dashboard_url: str | None = None
    details: bool = False
    quiet_sec: float = 300.0
    timeout_sec: float = 10.0
    allow_private: bool = False
    ca_file: str | os.PathLike[str] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        for name in ("details", "allow_private"):
            if not isinstance(getattr(self, name), bool):
                raise self._invalid(name, "give True or False")
        if self.service not in get_args(Service):
            raise self._invalid("service", f"give one of {', '.join(get_args(Service))}")
        self._check_url()
        self._check_secrets()
        object.__setattr__(self, "events", self._checked_events())
        for name, least, most in (
            ("quiet_sec", 0.0, _DAY),
            ("timeout_sec", 0.001, _LONGEST_TIMEOUT_SEC),
        ):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not least <= value <= most:
                raise self._invalid(name, f"give seconds, {most:.0f} at most")
        if self.ca_file is not None and not _is_file(self.ca_file):
            raise self._invalid("ca_file", "give the path of a file of certificates in PEM")
        text = self.name
        if not isinstance(text, str) or len(text) > 80 or not text.isprintable():
            raise self._invalid("name", "give a text of up to 80 printable characters")
        object.__setattr__(self, "name", text or self.split_url.hostname or "")

    @property
    def split_url(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url)

    @property
    def key(self) -> bytes | None:
        """The key that messages are signed with, if they are."""
        if self.secret is None:
            return None
        if self.secret.startswith("whsec_"):
            return base64.b64decode(self.secret.removeprefix("whsec_"), validate=True)
        return self.secret.encode()

    def __repr__(self) -> str:
        return f"<Webhook {self.name} ({self.service})>"

    def _checked_events(self) -> tuple[EntryKind, ...]:
        given: Any = self.events
        kinds = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else ()
        if not kinds or not all(kind in ENTRY_KINDS for kind in kinds):
            raise self._invalid("events", f"give a list of {', '.join(ENTRY_KINDS)}")
        return kinds

    def _check_url(self) -> None:
        parts = _split(self.url)
        if parts is None:
            raise self._invalid("url", "give the address, with https:// in front", secret=True)
        if parts.scheme == "http" and not self.allow_private:
            raise self._invalid("url", "give an https: address, or allow_private=True", secret=True)
        if parts.username is not None or parts.password is not None:
            raise self._invalid("url", "give logins in headers, not in the address", secret=True)
        if self.service == "ntfy" and not _TOPIC.fullmatch(parts.path.rpartition("/")[2]):
            raise self._invalid(
                "url", "give the topic's address, as https://ntfy.sh/my-topic", secret=True
            )
        link = self.dashboard_url
        if link is not None and _split(link) is None:
            raise self._invalid("dashboard_url", "give an address with https:// in front")

    def _check_secrets(self) -> None:
        remedy = f"give {_LEAST_SECRET} characters or more, or whsec_ and base64"
        if self.secret is not None:
            try:
                long_enough = isinstance(self.secret, str) and len(self.key or b"") >= _LEAST_SECRET
            except (binascii.Error, ValueError):
                long_enough = False
            if not long_enough:
                raise self._invalid("secret", remedy, secret=True)
        headers = {} if self.headers is None else self.headers
        pairs = headers.items() if isinstance(headers, Mapping) else [(None, None)]
        if not all(_is_header(name, value) for name, value in pairs):
            raise self._invalid("headers", "give names and printable values", secret=True)
        object.__setattr__(self, "headers", dict(headers))

    def _invalid(self, name: str, remedy: str, *, secret: bool = False) -> BadRequest:
        said = "can't be used" if secret else f"is {getattr(self, name)!r:.80}"
        return BadRequest(f"The {name} of a webhook {said}: {remedy}.", field=name)


def _split(url: Any) -> SplitResult | None:
    """Return the parts of an address, ``None`` if it is none that can be asked."""
    if not isinstance(url, str) or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _is_file(path: Any) -> bool:
    return isinstance(path, (str, os.PathLike)) and os.path.isfile(path)


def _is_header(name: Any, value: Any) -> bool:
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    printable = value.isascii() and value.isprintable()
    return bool(_HEADER_NAME.fullmatch(name)) and name.lower() not in _OURS and printable
