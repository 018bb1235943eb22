"""Tracebacks of jobs get the source lines that a node can't show."""

from __future__ import annotations

import traceback
from types import SimpleNamespace

import pytest
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.engine.reports.sources import SentCode

CODE = """
def compute(value):
    pairs = [
        (one, 1 / value) for one in range(3)
    ]
    return helper(pairs)


class Model:
    def step(self):
        raise ValueError("no step")


def helper(what):
    return Model().step()
"""


def sent(code: object) -> SentCode:
    return SentCode(SimpleNamespace(_compute=SimpleNamespace(code=code)))


def failure(code: str, call: str) -> str:
    space: dict[str, object] = {}
    exec(compile(code, "<string>", "exec"), space)
    try:
        exec(call, space)
    except Exception:
        return traceback.format_exc()
    raise AssertionError("it did not fail")


def frames(text: str) -> list[str]:
    """The lines from the frame of ``compute`` on."""
    lines = text.splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.endswith("in compute")) :]


def test_each_frame_of_the_code_sent_shows_its_line() -> None:
    assert frames(sent(CODE).with_lines(failure(CODE, "compute(2)"))) == [
        '  File "<string>", line 6, in compute',
        "    return helper(pairs)",
        '  File "<string>", line 15, in helper',
        "    return Model().step()",
        '  File "<string>", line 11, in step',
        '    raise ValueError("no step")',
        "ValueError: no step",
    ]


def test_function_sent_with_a_job_comes_before_one_of_the_same_name() -> None:
    own = "\ndef helper(what):\n    if what:\n        raise ValueError(what)\n"
    space: dict[str, object] = {}
    for code in (CODE, own):
        exec(compile(code, "<string>", "exec"), space)
    with pytest.raises(ValueError, match=r"2\.0") as raised:
        space["compute"](0.5)  # type: ignore[operator]
    text = "".join(traceback.format_exception(raised.value))
    one = sent(CODE)
    for _ in range(2):
        assert frames(one.with_lines(text, own)) == [
            '  File "<string>", line 6, in compute',
            "    return helper(pairs)",
            '  File "<string>", line 4, in helper',
            "    raise ValueError(what)",
            "ValueError: [(0, 2.0), (1, 2.0), (2, 2.0)]",
        ]
    # Of another job, which has none.
    assert frames(one.with_lines(text))[2:4] == [
        '  File "<string>", line 4, in helper',
        "ValueError: [(0, 2.0), (1, 2.0), (2, 2.0)]",
    ]


def test_function_sent_with_a_job_is_shown_where_watching_began_later(
    registry: ClusterRegistry,
) -> None:
    cluster = FakeCluster()
    node, job = cluster.join("10.0.0.1"), cluster.submit(1)
    job._dispy_job_.code = "\ndef compute():\n    raise ValueError('own')\n"
    name = registry.add(cluster)
    cluster.start(job, node)
    cluster.end(job, node, exception=failure(job._dispy_job_.code, "compute()"))
    (row,) = registry.view(name).jobs().items
    exception = registry.view(name).job(row["serial"])["exception"]
    assert "    raise ValueError('own')" in frames(exception or "")


def test_line_within_a_comprehension_is_shown() -> None:
    shown = sent(CODE).with_lines(failure(CODE, "compute(0)"))
    assert "    (one, 1 / value) for one in range(3)\nZeroDivisionError" in shown


def test_line_of_the_command_that_started_the_process_gives_way() -> None:
    text = (
        '  File "<string>", line 1, in compute\n'
        "    from multiprocessing.spawn import spawn_main; spawn_main()\n"
        "                                                  ~~~~~~~~~~^^\n"
        '  File "/lib/other.py", line 7, in other\n'
        "    raise ValueError\n"
        "ValueError\n"
    )
    assert sent("def compute(): other()").with_lines(text) == (
        '  File "<string>", line 1, in compute\n'
        "    def compute(): other()\n"
        '  File "/lib/other.py", line 7, in other\n'
        "    raise ValueError\n"
        "ValueError\n"
    )


def test_frame_within_an_exception_group_keeps_its_margin() -> None:
    text = '    |   File "<string>", line 15, in helper\n    | ValueError: no\n'
    assert sent(CODE).with_lines(text) == (
        '    |   File "<string>", line 15, in helper\n'
        "    |     return Model().step()\n"
        "    | ValueError: no\n"
    )


@pytest.mark.parametrize(
    "frame",
    [
        'File "<string>", line 6, in other',  # of code that the job compiled
        'File "<string>", line 6, in helper',  # not where that function is
        'File "<string>", line 9999999, in compute',
        'File "<string>", line 0, in compute',
        'File "/lib/math.py", line 6, in compute',
    ],
)
def test_frame_of_other_code_stays_as_it_is(frame: str) -> None:
    text = f"Traceback (most recent call last):\n  {frame}\nKeyError: 'a'\n"
    assert sent(CODE).with_lines(text) == text


@pytest.mark.parametrize("code", [None, "", b"def compute(): pass", "def compute(:", "\0", 7])
def test_code_that_is_missing_or_broken_adds_nothing(code: object) -> None:
    text = failure(CODE, "compute(2)")
    assert sent(code).with_lines(text) == text
    assert SentCode(None).with_lines(text) == text


def test_huge_texts_are_left_alone() -> None:
    text = failure(CODE, "compute(2)") + "x" * 100_000
    assert sent(CODE).with_lines(text) == text
