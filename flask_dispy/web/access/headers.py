"""The headers that every answer of the blueprint bears, and no other answer of the host app."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flask import Response

from .permissions import Kind

__all__ = ["ContentPolicy", "harden"]

_CACHING: Final[dict[Kind, str]] = {
    "page": "private, no-cache",
    "data": "no-store",
    "asset": "no-cache",
    "document": "no-cache",
}

# A browser shows these as text, never as a page: what only a page heeds is left off them.
_PART_OF_A_PAGE: Final = frozenset(("text/javascript", "text/css"))


class ContentPolicy:
    """The Content-Security-Policy: nothing inline, nothing from elsewhere.

    :param frame_ancestors: sources that may show the pages in a frame, such as
        ``https://portal.example`` or ``'self'``; none by default.
    :raises ValueError: a source that would break out of the header.
    """

    def __init__(self, frame_ancestors: Sequence[str] = ()) -> None:
        if isinstance(frame_ancestors, str):
            raise ValueError("frame_ancestors is a sequence of sources, not one string")
        for source in frame_ancestors:
            if not re.fullmatch(r"[!-~]+", source) or ";" in source or "," in source:
                raise ValueError(f"{source!r} is no source for frame_ancestors")
        self.frame_options = None if frame_ancestors else "DENY"
        self._ancestors = " ".join(("frame-ancestors", *(frame_ancestors or ("'none'",))))
        self.strict = "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self'",
                "connect-src 'self'",
                "font-src 'self'",
                "manifest-src 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                self._ancestors,
            )
        )

    def for_document(self, script_hashes: Sequence[str] = ()) -> str:
        """Return the policy for a page of the user's own, which has inline scripts and styles.

        Its inline scripts are allowed by their hashes. What a job's text smuggles into such a
        page is not among them, and does not run.
        """
        inline = "".join(f" '{item}'" for item in script_hashes)
        handlers = " 'unsafe-hashes'" if script_hashes else ""
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self'{handlers}{inline}",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data:",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                self._ancestors,
            )
        )


def harden(answer: Response, kind: Kind, policy: ContentPolicy) -> Response:
    """Set the headers on *answer* that it does not already have."""
    headers = answer.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", _CACHING[kind])
    if kind == "asset" and answer.mimetype in _PART_OF_A_PAGE:
        return answer
    headers.setdefault("Content-Security-Policy", policy.strict)
    # Not no-referrer: Flask-WTF's CSRFProtect asks for the referrer on https.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if policy.frame_options is not None:
        headers.setdefault("X-Frame-Options", policy.frame_options)
    return answer
