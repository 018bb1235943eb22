"""A real registry, fed by a fake cluster through dispy's own objects, behind the blueprint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from dispy import DispyJob, DispyNode
from flask import Flask
from flask.testing import FlaskClient
from receivers import Receiver
from web.alerting import PROMPT, Watch
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry, Webhook
from flask_dispy.web.blueprint import create_blueprint


@pytest.fixture
def cluster(registry: ClusterRegistry) -> FakeCluster:
    return watched_cluster(registry, "compute")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as one:
        yield one


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Return a function that makes a registry and a cluster with a node."""
    registries: list[ClusterRegistry] = []

    def make(
        *webhooks: Webhook, intervals: Any = PROMPT, **settings: Any
    ) -> tuple[ClusterRegistry, FakeCluster]:
        registries.append(ClusterRegistry(alerts=webhooks, _intervals=intervals, **settings))
        cluster = FakeCluster("compute")
        registries[-1].add(cluster)
        return registries[-1], cluster

    yield make
    for registry in registries:
        registry.close()


@dataclass
class Scene:
    """A cluster with two nodes, a job in each state that matters, and another idle cluster."""

    cluster: FakeCluster
    other: FakeCluster
    alpha: DispyNode
    beta: DispyNode
    finished: DispyJob
    failed: DispyJob
    running: DispyJob
    queued: DispyJob


@pytest.fixture
def scene(registry: ClusterRegistry, cluster: FakeCluster) -> Scene:
    other = watched_cluster(registry, "render")
    alpha = cluster.join(make_node("10.0.0.2", "alpha"))
    beta = cluster.join(make_node("10.0.0.10", "beta", load=False))
    other.join(make_node("10.0.0.2", "alpha"))
    finished = cluster.submit("first", n=1, job_id="a")
    cluster.start(finished, alpha)
    cluster.end(finished, alpha, result="the result")
    failed = cluster.submit("second", job_id="b")
    cluster.start(failed, alpha)
    cluster.end(failed, alpha, exception="Traceback\nValueError: secret")
    running = cluster.submit("third", n=3, job_id="c")
    cluster.start(running, alpha)
    queued = cluster.submit("fourth", job_id="d")
    return Scene(cluster, other, alpha, beta, finished, failed, running, queued)


MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def make_client(registry: ClusterRegistry) -> MakeClient:
    """Return a function that gives a client of an app with one blueprint, at the root."""

    def make(*, prefix: str = "", **options: Any) -> FlaskClient:
        app = Flask("host")
        app.register_blueprint(create_blueprint(registry, **options), url_prefix=prefix or None)
        return app.test_client()

    return make


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()
