"""The words of a search as typed: free words, quoted text and qualifiers.

A word that begins with letters and a colon is a qualifier. Unknown qualifiers are refused, because
a misspelt one that is taken for text would silently find nothing. Text that looks like a qualifier
can be quoted. These are never qualifiers: a single letter (``C:\\data``), unknown words with
capitals (``ValueError:``), digits (``10:30``), and words in which a slash, a backslash or another
colon follows (``http://host``, ``std::move``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..errors import BadRequest

__all__ = ["Term", "read_terms"]

# Each term is one more pass over the jobs: a few milliseconds where there are 100,000.
_MOST_TERMS: Final = 20

_TERM = re.compile(r'(?:(?P<key>[A-Za-z_][A-Za-z0-9_]*):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')
_LONE_QUALIFIER = re.compile(r"[a-z_][a-z0-9_]+:")
_QUALIFIER = re.compile(r"[a-z_]{2,}")


class Term(NamedTuple):
    """One word: its qualifier in lower case, or ``None``, and its value."""

    qualifier: str | None
    value: str
    quoted: bool


def read_terms(text: str, qualifiers: Sequence[str]) -> list[Term]:
    """Return the words of a search, without empty ones.

    :raises BadRequest: a qualifier that does not exist or has no value, or too many words.
    """
    matches = list(_TERM.finditer(text))
    if len(matches) > _MOST_TERMS:
        raise BadRequest(
            f"The search has {len(matches)} terms; {_MOST_TERMS} are the most.", field="q"
        )
    terms = [_term(match, qualifiers) for match in matches]
    return [term for term in terms if term.value]


def _term(match: re.Match[str], qualifiers: Sequence[str]) -> Term:
    key, quoted, bare = match.group("key", "quoted", "bare")
    is_quoted = quoted is not None
    value = quoted if is_quoted else bare
    if key is None and not is_quoted and _LONE_QUALIFIER.fullmatch(bare):
        key, value = bare[:-1], ""
    if key is None:
        return Term(None, value, is_quoted)
    if key.lower() in qualifiers:
        if not value:
            raise BadRequest(f"{key}: needs a value, right after the colon.", field="q")
        return Term(key.lower(), value, is_quoted)
    if not _QUALIFIER.fullmatch(key) or (not is_quoted and value.startswith(("/", "\\", ":"))):
        return Term(None, f"{key}:{value}", is_quoted)
    raise BadRequest(
        f"There is no qualifier {key}: there are {', '.join(qualifiers)}. "
        "Text with a colon stands in quotes.",
        field="q",
    )
