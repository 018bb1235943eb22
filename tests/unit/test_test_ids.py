"""All tests that were collected also run."""

from __future__ import annotations

from collections import Counter

import pytest


def test_no_two_tests_have_one_id(request: pytest.FixtureRequest) -> None:
    """Of those that have, ``pytest -n`` runs one, and says nothing of the others."""
    counts = Counter(item.nodeid for item in request.session.items)
    assert [nodeid for nodeid, count in counts.items() if count > 1] == []
