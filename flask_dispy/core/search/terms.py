"""The words of a search as typed: free words, quoted text and qualifiers.

A word that begins with letters and a colon is a qualifier. Unknown qualifiers are refused, because
a misspelt one that is taken for text would silently find nothing. Text that looks like a qualifier
can be quoted. These are never qualifiers: a single letter (``C:\\data``), unknown words with
capitals (``ValueError:``), digits (``10:30``), and words in which a slash, a backslash or another
colon follows (``http://host``, ``std::move``).

All words must match. A minus before a word excludes what it finds; of words with ``OR`` between
them, one must match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..errors import BadRequest

__all__ = ["Term", "read_groups"]

# Each term is one more pass over the jobs: a few milliseconds where there are 100,000.
_MOST_TERMS: Final = 20

# "-5" excludes a five, "->" and "--help" are text.
_TERM = re.compile(
    r'(?P<minus>-(?=[\w"#]))?'
    r'(?:(?P<key>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z]+)?):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))'
)
_OR: Final = "OR"
_NO_OR: Final = "OR stands between two words; the word itself stands in quotes."
_QUALIFIER = re.compile(r"[a-z_]{2,}")


class Term(NamedTuple):
    """One word: its qualifier in lower case, or ``None``, and its value."""

    qualifier: str | None
    value: str
    quoted: bool
    excluded: bool = False


def read_groups(text: str, qualifiers: Sequence[str]) -> list[list[Term]]:
    """Return the words of a search, without empty ones, in groups that must all match.

    A group matches if one of its words does. Words with ``OR`` between them are one group; any
    other word is a group of its own. A minus right before a word, a quoted text or a qualifier
    excludes what it finds.

    :raises BadRequest: a qualifier that does not exist or has no value, too many words, or an
        ``OR`` that stands between no two words.
    """
    matches = list(_TERM.finditer(text))
    if len(matches) > _MOST_TERMS:
        raise BadRequest(
            f"The search has {len(matches)} terms; {_MOST_TERMS} are the most.", field="q"
        )
    groups: list[list[Term]] = []
    joins = False
    for match in matches:
        if match.group() == _OR:
            if joins or not groups:
                raise BadRequest(_NO_OR, field="q")
            joins = True
            continue
        term = _term(match, qualifiers)._replace(excluded=match["minus"] is not None)
        if not joins:
            groups.append([])
        groups[-1].append(term)
        joins = False
    if joins:
        raise BadRequest(_NO_OR, field="q")
    filled = ([term for term in group if term.value] for group in groups)
    return [group for group in filled if group]


def _term(match: re.Match[str], qualifiers: Sequence[str]) -> Term:
    key, quoted, bare = match.group("key", "quoted", "bare")
    is_quoted = quoted is not None
    value = quoted if is_quoted else bare
    if key is None and not is_quoted and bare.endswith(":"):
        name = bare[:-1]
        if _QUALIFIER.fullmatch(name) or name in qualifiers:
            key, value = name, ""
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
