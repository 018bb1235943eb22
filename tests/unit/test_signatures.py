"""The settings and options that stand in signatures are those that there are."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter
from typing import Any

import pytest

from flask_dispy import ClusterRegistry, DispyHTTPServer, create_blueprint
from flask_dispy.core.settings import Settings
from flask_dispy.hosting import Limits

Described = dict[str, tuple[Any, Any]]

# What the server sets by itself, and what it holds otherwise.
OWN = {"registry", "name", "document_root", "max_streams", "audience", "standalone"}
POSITIONAL = [
    "self", "cluster", "host", "port", "poll_sec", "DocumentRoot", "keyfile", "certfile",
    "show_job_args",
]  # fmt: skip


def keyword_only(function: Callable[..., Any]) -> Described:
    """Return the types and defaults of the parameters that are given by name alone."""
    parameters = inspect.signature(function).parameters.values()
    assert not [
        p for p in parameters if p.kind in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
    ]
    return {
        p.name: (p.annotation, p.default)
        for p in parameters
        if p.kind is Parameter.KEYWORD_ONLY and not p.name.startswith("_")
    }


def described(dataclass: Any) -> Described:
    return {field.name: (field.type, field.default) for field in fields(dataclass)}


def test_registry_takes_each_setting_by_its_name_type_and_default() -> None:
    assert keyword_only(ClusterRegistry.__init__) == described(Settings)


def test_server_takes_each_option_of_its_parts() -> None:
    ours = keyword_only(DispyHTTPServer.__init__)
    settings = described(Settings)
    shared = {name: settings[name] for name in settings if name not in POSITIONAL}
    limits = {name: ours[name] for name in described(Limits) if name in ours}
    blueprint = {
        name: one for name, one in keyword_only(create_blueprint).items() if name not in OWN
    }
    own = {"registry", "ssl_context", "replace", "public_url", "rerun"}
    assert set(ours) == {*own, *limits, *blueprint, *shared}
    assert {name: ours[name] for name in shared} == shared
    assert {name: default for name, (_, default) in limits.items()} == {
        name: described(Limits)[name][1] for name in limits
    }
    # It has a thread for each request that waits, an app of one's own may have few.
    assert {n for n, one in blueprint.items() if ours[n] != one} == {"costly_waiting"}


def test_servers_first_parameters_are_dispys_own() -> None:
    parameters = inspect.signature(DispyHTTPServer.__init__).parameters.values()
    assert [p.name for p in parameters if p.kind is not Parameter.KEYWORD_ONLY] == POSITIONAL


def test_public_names_of_a_registry_are_few(registry: ClusterRegistry) -> None:
    assert [name for name in dir(registry) if not name.startswith("_")] == [
        "add", "callback", "close", "cluster_status", "control", "health", "names", "on",
        "poll_sec", "remove", "show_job_args", "view", "views",
    ]  # fmt: skip


@pytest.mark.parametrize("owner", [ClusterRegistry, DispyHTTPServer])
def test_parameters_are_documented(owner: type) -> None:
    # The server's docstring refers to the registry's for its settings, and to the blueprint's.
    documented = "".join(
        str(inspect.getdoc(one)) for one in (owner, ClusterRegistry, create_blueprint)
    )
    names = [name for name in inspect.signature(owner).parameters if not name.startswith("_")]
    assert [name for name in names if f":param {name}:" not in documented] == []
