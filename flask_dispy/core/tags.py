"""Tags of a run: short words that a program gives it, to find and compare it by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .errors import BadRequest
from .text import bounded

__all__ = ["MOST_TAGS", "TAG_LETTERS", "checked_tags"]

MOST_TAGS: Final = 10
"""How many tags a run may have."""

TAG_LETTERS: Final = 50
"""How long a tag may be."""


def checked_tags(tags: Sequence[str], redact: Callable[[str], str]) -> tuple[str, ...]:
    """Return *tags*, each once, on one line and redacted; those that are empty then are left out.

    :param redact: called with each tag.
    :raises BadRequest: they are no list of texts, too many, or one is too long.
    """
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise BadRequest("tags must be a list of texts.", field="tags")
    if len(tags) > MOST_TAGS:
        raise BadRequest(f"There are {len(tags)} tags; {MOST_TAGS} are the most.", field="tags")
    found = [" ".join(tag.split()) for tag in tags]
    for tag in found:
        if len(tag) > TAG_LETTERS:
            raise BadRequest(
                f"The tag {tag[:TAG_LETTERS]!r}... has {len(tag)} letters; {TAG_LETTERS} are the "
                "most.",
                field="tags",
            )
    shown = (" ".join(bounded(redact(tag), TAG_LETTERS).split()) for tag in found)
    return tuple(dict.fromkeys(tag for tag in shown if tag))
