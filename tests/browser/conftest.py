"""Fixtures of the browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from flask_dispy import ClusterRegistry

pytest.register_assert_rewrite("browser.stage")

from browser.stage import Browsers, Stage, fill_stage, serve  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that lies here drives a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browsers(browser: Any) -> Iterator[Browsers]:
    """What tests share of the browser."""
    browsers = Browsers(browser)
    yield browsers
    browsers.close()


@pytest.fixture
def make_stage(registry: ClusterRegistry, browsers: Browsers) -> Iterator[Callable[..., Stage]]:
    """Return a function that gives an empty stage, served with the options given."""
    with ExitStack() as ends:
        yield lambda **options: ends.enter_context(serve(registry, browsers, **options))


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    """A cluster "compute" with three nodes and a job in each state that matters."""
    stage = make_stage()
    fill_stage(stage)
    return stage
