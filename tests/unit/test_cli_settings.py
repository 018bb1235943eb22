"""Which dashboard the command line asks, and to whom it shows its token."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flask_dispy.cli.settings import DEFAULT_URL, BadSettings, config_path, find_dashboard

FILE = """
[day]
url = https://day.example:8443/dispy
token = day-secret
ca = /etc/ssl/ours.pem

[night]
url = http://night.example
user = ann
password = 100 %% [sure]
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose configuration file is not there yet."""
    return {"FLASK_DISPY_CONFIG": str(tmp_path / "flask-dispy.ini")}


@pytest.fixture
def configured(environ: dict[str, str]) -> dict[str, str]:
    path = config_path(environ)
    path.touch(0o600)
    path.write_text(FILE.replace("%%", "%"))
    return environ


def test_without_anything_it_is_the_dashboard_of_this_machine(environ: dict[str, str]) -> None:
    assert find_dashboard(None, environ).url == DEFAULT_URL


def test_command_line_goes_before_environment_before_file(configured: dict[str, str]) -> None:
    assert find_dashboard(None, configured).url == "https://day.example:8443/dispy"
    given = {**configured, "FLASK_DISPY_URL": "http://env.example"}
    assert find_dashboard(None, given).url == "http://env.example"
    assert find_dashboard("http://argument.example", given).url == "http://argument.example"


def test_section_is_chosen_by_its_name(configured: dict[str, str]) -> None:
    night = find_dashboard("night", configured)
    assert (night.url, night.token, night.auth) == (
        "http://night.example", None, ("ann", "100 % [sure]"),
    )  # fmt: skip
    with pytest.raises(BadSettings, match="nor a section of"):
        find_dashboard("evening", configured)


def test_token_goes_only_to_the_server_it_was_given_for(configured: dict[str, str]) -> None:
    def token_for(url: str, **more: str) -> str | None:
        return find_dashboard(url, {**configured, **more}).token

    assert token_for("https://day.example:8443/dispy/") == "day-secret"
    for url in (
        "https://day.example:8443/other",
        "https://day.example:8443/",
        "http://day.example:8443/dispy",
        "https://day.example/",
        "https://eve.example:8443/",
    ):
        assert token_for(url) is None
    bound = {"FLASK_DISPY_TOKEN": "env-secret", "FLASK_DISPY_URL": "http://env.example/dispy"}
    assert token_for("http://env.example:80/", **bound) == "env-secret"
    assert token_for("http://eve.example/", **bound) is None
    assert token_for("http://any.example/", FLASK_DISPY_TOKEN="env-secret") == "env-secret"


TWO = """
[a]
url = https://host/a
token = AAA
ca = a.pem

[b]
url = https://HOST:443/b/
token = BBB
"""


@pytest.mark.parametrize(
    ("url", "token", "ca"),
    [
        ("https://host/a", "AAA", "a.pem"),
        ("https://host/b", "BBB", None),
        ("https://host/c", None, "a.pem"),
        ("https://other/a", None, None),
    ],
)
def test_of_several_dashboards_of_one_server_each_gets_its_own_login(
    environ: dict[str, str], url: str, token: str | None, ca: str | None
) -> None:
    path = config_path(environ)
    path.touch(0o600)
    path.write_text(TWO)
    found = find_dashboard(url, environ)
    assert (found.token, found.ca) == (token, ca)


def test_token_of_the_environment_goes_with_the_certificates_of_the_file(
    configured: dict[str, str],
) -> None:
    environ = {**configured, "FLASK_DISPY_TOKEN": "env-secret"}
    found = find_dashboard("https://day.example:8443/dispy", environ)
    assert (found.token, found.auth, found.ca) == ("env-secret", None, "/etc/ssl/ours.pem")


def test_secrets_are_in_no_representation(configured: dict[str, str]) -> None:
    shown = repr(find_dashboard(None, configured)) + repr(find_dashboard("night", configured))
    assert "secret" not in shown
    assert "sure" not in shown


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660])
def test_file_that_others_can_read_is_refused_with_the_remedy(
    configured: dict[str, str], mode: int
) -> None:
    path = config_path(configured)
    path.chmod(mode)
    with pytest.raises(BadSettings, match=f"mode {mode:04o}.*chmod 600 {path}"):
        find_dashboard("http://elsewhere.example", configured)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\ntoken = 1", r"\[a\]: url is missing"),
        ("[a]\nurl = http://a\ntocken = 1", "unknown tocken"),
        ("[a]\nurl = http://a\ntoken = 1\nuser = b", "a token, or a user"),
        ("[a]\nurl = ftp://a", "http:// or https://"),
        ("token = very-secret", "is no INI file"),
        ("[a]\nurl = http://ann:very-secret@a", "must hold no password"),
    ],
)
def test_mistake_in_the_file_is_named_without_its_secrets(
    environ: dict[str, str], text: str, message: str
) -> None:
    path = config_path(environ)
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(BadSettings, match=message) as caught:
        find_dashboard(None, environ)
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "http://a:0", "http://a:b", "file:///etc", "http://[a"])
def test_malformed_address_is_refused(environ: dict[str, str], url: str) -> None:
    with pytest.raises(BadSettings, match="http:// or https:// and a host"):
        find_dashboard(url, environ)


def test_address_with_a_password_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="configuration file") as caught:
        find_dashboard("http://ann:secret@host", environ)
    assert "secret" not in str(caught.value)


def test_file_is_below_the_users_configuration() -> None:
    assert config_path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/flask-dispy.ini")
    assert config_path({}) == Path.home() / ".config" / "flask-dispy.ini"
