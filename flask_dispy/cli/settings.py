"""Which dashboard the command line asks, and the token that it shows there.

The address comes from the command line, ``FLASK_DISPY_URL`` or the configuration file, in this
order; a token only from ``FLASK_DISPY_TOKEN`` or the file, because every user of a machine can read
the arguments of its programs. A login of the file is sent only to the address of its section, and
``FLASK_DISPY_TOKEN`` only to the server in ``FLASK_DISPY_URL``, if that is set.
"""

from __future__ import annotations

import configparser
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ..core.errors import FlaskDispyError

__all__ = ["DEFAULT_URL", "BadSettings", "Dashboard", "config_path", "find_dashboard"]

DEFAULT_URL: Final = "http://127.0.0.1:8181/"

_KEYS: Final = frozenset(("url", "token", "user", "password", "ca"))


class BadSettings(FlaskDispyError, ValueError):
    """An address or a configuration file that can't be used."""

    code = "bad_settings"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard, and how to be let in.

    :param ca: the file of the certificates that its own is signed by; ``None``: the system's.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    ca: str | None = None


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the configuration file is: ``FLASK_DISPY_CONFIG``, or below the user's own."""
    if given := environ.get("FLASK_DISPY_CONFIG"):
        return Path(given)
    folder = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "flask-dispy.ini"


def find_dashboard(given: str | None, environ: Mapping[str, str] = os.environ) -> Dashboard:
    """Return the dashboard to ask.

    :param given: on the command line: an address, or the name of a section of the file.
    :raises BadSettings: the file can be read by others, or something in it can't be used.
    """
    known = _configured(config_path(environ))
    url = given or environ.get("FLASK_DISPY_URL") or next(iter(known.values()), {}).get("url")
    url = url or DEFAULT_URL
    if "://" not in url:
        if url not in known:
            raise BadSettings(
                f"{url!r} is neither an address, which begins with http:// or https://, nor a "
                f"section of {config_path(environ)}."
            )
        return _of_section(known[url])
    _check(url, "The address")
    section = _section_of(known, url)
    token = environ.get("FLASK_DISPY_TOKEN")
    if token and _origin(environ.get("FLASK_DISPY_URL") or url) == _origin(url):
        return Dashboard(url, token, ca=section.get("ca"))
    return _of_section({**section, "url": url})


def _section_of(known: Mapping[str, Mapping[str, str]], url: str) -> Mapping[str, str]:
    """Return the section of an address.

    Another one of the same server has its certificate, but may be another program's: its login
    stays where it is.
    """
    there = [one for one in known.values() if _origin(one["url"]) == _origin(url)]
    for section in there:
        if _path(section["url"]) == _path(url):
            return section
    return next(({"ca": one["ca"]} for one in there if "ca" in one), {})


def _of_section(section: Mapping[str, str]) -> Dashboard:
    user = section.get("user")
    return Dashboard(
        section["url"],
        section.get("token"),
        None if user is None else (user, section.get("password", "")),
        section.get("ca"),
    )


def _configured(path: Path) -> dict[str, dict[str, str]]:
    """Return the sections of the configuration file; none if there is no such file."""
    try:
        with path.open(encoding="utf-8") as file:
            _check_private(path, os.fstat(file.fileno()))
            text = file.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} can't be read: {error}") from error
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # Its message quotes the line, which may be a token.
        raise BadSettings(f"{path} is no INI file ({type(error).__name__}).") from None
    found = {name: dict(parser[name]) for name in parser.sections()}
    for name, section in found.items():
        place = f"{path}, [{name}]"
        if unknown := section.keys() - _KEYS:
            raise BadSettings(f"{place}: unknown {', '.join(sorted(unknown))}.")
        if "url" not in section:
            raise BadSettings(f"{place}: url is missing.")
        if "token" in section and "user" in section:
            raise BadSettings(f"{place}: give a token, or a user with a password.")
        _check(section["url"], place)
    return found


def _check_private(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if os.name == "posix" and mode & 0o077:
        raise BadSettings(
            f"{path} may hold a token, and others can read or write it (mode {mode:04o}). "
            f"Make it yours alone: chmod 600 {path}"
        )


def _check(url: str, place: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadSettings(f"{place}: an address is http:// or https:// and a host.")
    if parts.username is not None:
        raise BadSettings(
            f"{place}: an address must hold no password, because others could read it. Put user "
            "and password into the configuration file."
        )


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return the scheme, host and port by which a server is known."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        return parts.scheme, parts.hostname, port
    except ValueError:
        return "", url, None
