"""The report as text, and as a file."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..core.endings import ending
from ..core.text import clean
from ..core.yielding import yield_now
from ..wire import wording
from . import charts, lanes
from .gathering import gather

if TYPE_CHECKING:
    from ..watching.dashboard import Dashboard
    from ..watching.views import View

__all__ = ["render_report", "save_report"]

# The pages' colours.
_TOKENS: Final = resources.files("flask_dispy") / "static" / "css" / "tokens.css"

# Parts of the document between two breaths: some tens of microseconds.
_PARTS: Final = 32


def render_report(view: View, *, arguments: bool = True) -> str:
    """Return the report of a view as one HTML document, below 2 MB whatever the run.

    A view of all clusters becomes a report of the one cluster, where there is but one. The view
    may go on changing: the report shows one moment of it.

    :param arguments: whether to show what jobs were given and what errors they raised. Arguments
        are left out too while the registry's ``show_job_args`` is off.

    May be called from any thread; needs no Flask application.
    """
    members = view.members()
    if view.combined and len(members) == 1:
        view = members[0]
    template = _templates().get_template("flask_dispy/report/report.html")
    parts = []
    for number, part in enumerate(template.generate(gather(view, arguments=arguments))):
        parts.append(part)
        if number % _PARTS == 0:
            yield_now()
    return "".join(parts)


def save_report(registry: Dashboard, path: str | os.PathLike[str], cluster: str = "*") -> Path:
    """Write the report of a cluster, or of all with ``*``, to a file; return the file's path.

    The file is there whole or not at all: a report that was there before is replaced at once.
    Shows arguments if the registry does.

    :raises UnknownCluster: no cluster of that name is watched.
    :raises OSError: the file can't be written: no such folder, no permission, no space.
    """
    target = Path(path).resolve()  # a link goes on pointing to the report
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "The report needs a file's name", str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No folder to write the report in", str(path))
    text = render_report(registry.view(cluster))
    # Beside the target, because a file can be moved at once only within a file system.
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return target


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("flask_dispy"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        amount=wording.amount,
        cost=wording.cost_text,
        count=wording.count,
        duration=wording.duration,
        ending=lambda jobs: ending(jobs)[1],
        expectation=wording.expectation,
        percent=wording.percent,
        size=wording.size,
    )
    environment.globals.update(
        chart_box=(charts.WIDTH, charts.HEIGHT, charts.LEFT),
        gutter=lanes.GUTTER,
        lanes_width=lanes.WIDTH,
        tokens=Markup(_TOKENS.read_text(encoding="utf-8")),
    )
    return environment


def _shown(value: Any) -> Any:
    """Return a value as it goes into the document: no character of it hides, or turns the text."""
    if value is None:
        return wording.UNKNOWN
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
