"""Options that make no sense are refused where they are given, by name, and nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_dispy import DispyHTTPServer, create_blueprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": 5}, "host must be a name or an address, not 5"),
        ({"port": "8181"}, "port must be a whole number from 0 to 65535, not '8181'"),
        ({"port": 80.0}, "port must be a whole number from 0 to 65535, not 80.0"),
        ({"port": True}, "port must be a whole number from 0 to 65535, not True"),
        ({"port": None}, "port must be a whole number from 0 to 65535, not None"),
        ({"ssl_context": "dash.pem"}, "ssl_context must be an ssl.SSLContext, not 'dash.pem'"),
        ({"certfile": __file__}, "does not hold a PEM certificate and its key; a key in a file"),
        ({"keep_alive_sec": "75"}, "keep_alive_sec must be a number greater than 0, not '75'"),
        ({"registry": "clusters"}, "str object is no ClusterRegistry"),
        ({"authorize": "ann"}, "authorize must be a function"),
        ({"users": ["ann"]}, "users must be a mapping, not list"),
        ({"users": {"ann": "secret"}}, "user 'ann' needs a pair"),
        ({"users": {"ann": ("scrypt:1:1:1$a$b",)}}, "user 'ann' needs a pair"),
        ({"tokens": "secret"}, "tokens must be a mapping, not str"),
        ({"trusted_hosts": [5]}, "trusted_hosts holds 5, which is no name"),
    ],
)
def test_server_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        DispyHTTPServer(None, **{"host": "127.0.0.1", "port": 0, **options})


@pytest.mark.parametrize("option", ["users", "tokens"])
def test_logins_that_are_given_and_empty_open_nothing(registry: Any, option: str) -> None:
    with pytest.raises(ValueError, match=f"{option} is empty, so nobody could log in"):
        create_blueprint(registry, **{option: {}})


@pytest.mark.parametrize("max_streams", [-1, "512", None])
def test_number_of_streams_is_a_number(registry: Any, max_streams: Any) -> None:
    with pytest.raises(ValueError, match="max_streams must be a whole number"):
        create_blueprint(registry, max_streams=max_streams)


def test_cluster_in_place_of_the_registry_is_refused(cluster: Any) -> None:
    with pytest.raises(TypeError, match="FakeCluster object is no ClusterRegistry"):
        create_blueprint(cluster)


def test_missing_folder_of_pages_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"DocumentRoot .*absent. is no directory"):
        DispyHTTPServer(None, "127.0.0.1", 0, DocumentRoot=tmp_path / "absent")
