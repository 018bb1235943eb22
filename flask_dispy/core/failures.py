"""The kind of a failure, from its text: the exception's type, and its message without values.

``KeyError: 'alpha'`` and ``KeyError: 'beta'`` are one kind, ``KeyError`` with the message
``'…'``. docs/api.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from .terminal import LOOK_BACK, as_displayed, without_overwriting
from .text import Cut, bounded

__all__ = ["PROCESS_DIED", "Failure", "failure_of", "kept_error", "kind_id"]

PROCESS_DIED: Final = "process died"
"""The type of a failure if the job's process died without an exception."""

# How many characters of a message are examined, and how long a pattern may be. Kinds whose messages
# agree so far are one kind.
_MESSAGE: Final = 600
_PATTERN: Final = 240
_TYPE: Final = 120

# How many types of exceptions in a group are named.
_NAMED: Final = 3

_DEATH = re.compile(
    r"The job returned nothing: its process "
    r"(ended; how is not known|ended with exit code \d+|was killed by signal \d+(?: \(\w+\))?)"
)
_HEAD = re.compile(r"(?P<type>[^\W\d][\w.<>]*)(?:: ?(?P<message>.*))?", re.DOTALL)
_USUAL_TYPE = re.compile(
    r"(?:\w+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Timeout|Group)"
)
_FRAME: Final = '  File "'
_GROUP: Final = "  + Exception Group Traceback (most recent call last):"
_SECTION = re.compile(r" +\+[-+]+ \S+ -+")

# Characters that begin a value, as a quick check: most messages have at most two kinds of values.
_QUOTES: Final = frozenset("'\"`“\u2018«")
_SLASHES: Final = frozenset("/\\")
_DIGITS: Final = frozenset("0123456789")

# A quoted text may lack its end, if the message was cut.
_QUOTED = re.compile(
    r"""
    (?<!\w)'\[.*?\]'(?!\w)  # what subprocess shows of a command
    | (?<!\w)(?:\b[bru])?'(?:[^'\\]|\\.)*(?:'(?!\w)|$)
    | "(?:[^"\\]|\\.)*(?:"|$) | `[^`]*` | “[^”]*” | \u2018[^\u2019]*\u2019 | «[^»]*»
    """,
    re.VERBOSE,
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>)\]}]+")
_PATH = re.compile(
    r"""
    (?<![\w./\\])(?:~|\.{1,2}|[A-Za-z]:)?[/\\][^\s'"<>(){}\[\],;:]+
    | (?<![\w./-])[\w-]+(?:/[\w.-]+)*/[\w.-]*\.\w{1,8}\b
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"""
    \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b
    | \d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?
    | \b0[xX][0-9a-fA-F]+\b
    | \b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b
    | (?<![\w)])[-+]?\d[\d_]*(?:[.,]\d+)*(?:\.(?=[,\])]))?(?:[eE][-+]?\d+)?(?![\w])
      (?:[ ]?(?:[KMGTPE]i?B|bytes)\b)?
    | \b(?=[^\W\d]*\d+[^\W\d]+\d)\w+\b  # an identifier in which digits and letters mix
    | \d+
    """,
    re.VERBOSE,
)

# A sequence of values counts as one, because its length is a value, too.
_NUMBERS = re.compile(r"#(?:[\s,;:x./-]{0,2}#)+")
_LIST = re.compile(r"((?:'…'|#)(?:: (?:'…'|#))?)(?:, \1)+")
_ONE_TUPLE = re.compile(r"(?<=['…#]),(?=\))")


class Failure(NamedTuple):
    """What failures of one kind have in common.

    *type* is the exception's type, as in the traceback; :data:`PROCESS_DIED`, or empty if the text
    names none. *message* is the message's first line without its values.
    """

    type: str
    message: str


def failure_of(text: str) -> Failure:
    """Return the kind of failure of an error's text, which usually is a traceback.

    It takes about 20 us for any text.
    """
    death = _DEATH.match(text)
    lines = text.splitlines()
    kind, message = _named(lines, is_cut=isinstance(text, Cut) or text.startswith("…"))
    if death:
        after = f", after {kind}" if len(lines) > 1 and kind else ""
        return Failure(PROCESS_DIED, death[1] + after)
    return Failure(bounded(kind, _TYPE), message)


def kind_id(function: str, failure: Failure) -> str:
    """Return a short id of a kind of failure, the same in every run.

    :param function: the name of the jobs' function.
    """
    said = "\0".join((function, *failure)).encode(errors="surrogateescape")
    return blake2b(said, digest_size=5).hexdigest()


def _named(lines: Sequence[str], *, is_cut: bool) -> tuple[str, str]:
    """Return the type of the exception that was raised last, and the pattern of its message."""
    frame = _last(lines, _FRAME)
    group = _last(lines, _GROUP)
    if group > frame:
        return _of_group(lines[group + 1 :])
    line = _head(lines, frame, is_cut=is_cut)
    match = _HEAD.fullmatch(line)
    if match is None or (is_cut and frame < 0 and not _USUAL_TYPE.match(line)):
        return "", _without_values(line)
    message = match["message"]
    if message is not None and not message.strip():
        # The message begins with an empty line.
        behind = list(lines).index(line) + 1
        message = next((one for one in lines[behind:] if one.strip()), "")
    return match["type"], _without_values(message or "")


def _last(lines: Sequence[str], beginning: str) -> int:
    """Return the index of the last line with that beginning, -1 if there is none."""
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].startswith(beginning):
            return at
    return -1


def _head(lines: Sequence[str], frame: int, *, is_cut: bool) -> str:
    """Return the line that names the exception: the first behind the last frame's own lines."""
    if frame >= 0 or not is_cut:
        heads = [
            line
            for line in lines[frame + 1 :]
            if line.strip() and not line[0].isspace() and not line.startswith("Traceback")
        ]
        if frame < 0:  # without frames, what looks like an exception
            heads = [*filter(_USUAL_TYPE.match, heads), *heads]
        if heads:
            return heads[0]
    # If the beginning of the message was not kept, or there is no traceback, use the last lines.
    said = [line for line in reversed(lines) if line.strip(" …")]
    return next(filter(_USUAL_TYPE.match, said), said[0].strip() if said else "")


def _of_group(lines: Sequence[str]) -> tuple[str, str]:
    """Return the type of an exception group, and its message with the types of what is in it."""
    sections = [at for at, line in enumerate(lines) if _SECTION.fullmatch(line)]
    own = [line[4:] for line in lines[: sections[0] if sections else None] if line[:4] == "  | "]
    kind, message = _named(own, is_cut=False)
    inner = set()
    for start, end in zip(sections, [*sections[1:], len(lines)], strict=True):
        section = [line[6:] for line in lines[start + 1 : end] if line.startswith("    | ")]
        inner.add(_named(section, is_cut=False)[0])
    inner.discard("")
    named = sorted(inner)[:_NAMED] + ["…"] * (len(inner) > _NAMED)
    message = message.replace("sub-exceptions)", "sub-exception)")
    return kind, f"{message}: {', '.join(named)}" if named else message


def _without_values(message: str) -> str:
    """Return a message with a placeholder for each value."""
    text = message[:_MESSAGE].strip()
    if not _QUOTES.isdisjoint(text):
        text = _QUOTED.sub("'…'", text)
    if not _SLASHES.isdisjoint(text):
        text = _PATH.sub("<path>", _URL.sub("<url>", text))
    if not _DIGITS.isdisjoint(text):
        text = _NUMBERS.sub("#", _NUMBER.sub("#", text))
    text = _ONE_TUPLE.sub("", _LIST.sub(r"\1", text))
    return bounded(text, _PATTERN)


def kept_error(text: str, limit: int) -> str:
    """Return an error's text in at most *limit* characters, so that its kind is still visible.

    Of a long traceback, the end is kept, unless the message alone is longer: then its beginning.
    The sentence on how a process ended is always kept.
    """
    kept = as_displayed(without_overwriting(text, limit), limit)
    if not isinstance(kept, Cut):
        return kept
    death = _DEATH.match(text)
    if death:
        room = limit - len(death[0]) - 2
        return Cut(f"{death[0]}\n…{kept[-room:]}") if room > 0 else kept
    message = _message(text[-LOOK_BACK * limit :])
    return Cut(bounded(message, limit)) if len(message) > limit else kept


def _message(text: str) -> str:
    """Return the text after a traceback's last frame: the exception with its message."""
    lines = text.splitlines(keepends=True)
    frame = _last(lines, _FRAME)
    if frame < 0:
        return ""
    for at in range(frame + 1, len(lines)):
        if lines[at].strip() and not lines[at][0].isspace():
            return "".join(lines[at:])
    return ""
