"""Texts that only a user's ``__str__`` can make: whatever it does, the others go on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clusters import wait_until

from flask_dispy.core.text import Cut
from flask_dispy.engine.reports.render import Renderer, TextRequest


class Rig:
    """A renderer, what it delivered, and its watch, which the pump would call."""

    def __init__(self, **options: Any) -> None:
        self.delivered: dict[int, str] = {}
        self.fields: dict[int, str] = {}
        self.renderer = Renderer(self._take, **({"limit": 50, "time_limit_sec": 0.2} | options))
        self._serial = 0

    def _take(self, serial: int, field: str, text: str) -> None:
        self.delivered[serial] = text
        self.fields[serial] = field

    def submit(self, value: object, field: str = "result") -> int:
        self._serial += 1
        self.renderer.submit(TextRequest(self._serial, field, value))
        return self._serial

    def text(self, value: object, field: str = "result") -> str:
        return self.result(self.submit(value, field))

    def result(self, serial: int) -> str:
        def there() -> bool:
            self.renderer.watch()
            return serial in self.delivered

        wait_until(there, timeout_sec=5)
        return self.delivered[serial]


@pytest.fixture
def make_rig() -> Iterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(**options: Any) -> Rig:
        rigs.append(Rig(**options))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.renderer.close()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()


def value_whose_str(does: Callable[[], Any], name: str = "Own") -> object:
    return type(name, (), {"__str__": lambda self: does()})()


def loop_for_ever() -> str:
    while True:
        pass


def leave() -> str:
    raise SystemExit


# -- __str__ ----------------------------------------------------------------------------------


def test_text_is_what_str_returns(rig: Rig) -> None:
    assert rig.text(value_whose_str(lambda: "own text")) == "own text"


def test_text_is_bounded_and_clean(rig: Rig) -> None:
    text = rig.text(value_whose_str(lambda: "\0" * 10**6))
    assert (len(text), type(text)) == (50, Cut)
    assert text.startswith("\\x00")


def test_str_that_raises_is_named(rig: Rig) -> None:
    assert rig.text(value_whose_str(lambda: 1 / 0)) == "<Own: __str__ raised ZeroDivisionError>"


def test_str_that_leaves_the_program_does_not(rig: Rig) -> None:
    assert rig.text(value_whose_str(leave)) == "<Own: __str__ raised SystemExit>"
    assert rig.text(value_whose_str(lambda: "next")) == "next"


def test_str_that_returns_something_else_is_named(rig: Rig) -> None:
    assert rig.text(value_whose_str(lambda: 5)) == "<Own: __str__ raised TypeError>"


def test_methods_of_a_returned_subclass_of_str_are_not_called(rig: Rig) -> None:
    class Evil(str):
        def _no(self, *_: Any) -> Any:
            raise AssertionError("asked")

        __len__ = __getitem__ = isprintable = replace = __str__ = _no  # type: ignore[assignment]

    assert rig.text(value_whose_str(lambda: Evil("inner"))) == "inner"


def test_arguments_are_joined(rig: Rig) -> None:
    own = value_whose_str(lambda: "own")
    assert rig.text((1, own, "a"), "args") == "1, own, a"
    assert rig.text({"k": own, "n": 2}, "kwargs") == "k=own, n=2"


def test_class_that_cannot_be_hashed_is_shown_like_any_other(rig: Rig) -> None:
    class Meta(type):
        __hash__ = None  # type: ignore[assignment]

    class Own(metaclass=Meta):
        def __str__(self) -> str:
            return "own"

    assert rig.text((1, Own()), "args") == "1, own"


def test_a_tuple_that_is_no_argument_list_is_one_value(rig: Rig) -> None:
    assert rig.text((1, 2)) == "(1, 2)"


# -- too slow ---------------------------------------------------------------------------------


def test_endless_loop_is_interrupted(rig: Rig) -> None:
    assert rig.text(value_whose_str(loop_for_ever)) == "<Own: no text within 0.2 s>"
    wait_until(lambda: rig.renderer.stuck == 0)


def test_class_that_took_too_long_is_not_asked_again(rig: Rig) -> None:
    slow = value_whose_str(loop_for_ever)
    rig.text(slow)
    assert rig.text(slow) == "<Own, not called again: it took too long>"


def test_other_arguments_of_a_slow_call_are_asked_again(rig: Rig) -> None:
    quick = value_whose_str(lambda: "quick", "Quick")
    rig.text((quick, value_whose_str(loop_for_ever)), "args")
    assert rig.text(quick) == "quick"


def test_call_that_sleeps_in_c_is_left_behind_and_counted(rig: Rig) -> None:
    release = threading.Event()
    rig.text(value_whose_str(lambda: str(release.wait(20))))
    assert rig.renderer.stuck == 1
    assert rig.text(value_whose_str(lambda: "next", "Next")) == "next"
    release.set()
    wait_until(lambda: rig.renderer.stuck == 0)


def test_no_user_code_runs_once_too_many_calls_hang(rig: Rig) -> None:
    release = threading.Event()
    for number in range(4):
        rig.text(value_whose_str(lambda: str(release.wait(20)), f"Slow{number}"))
    assert rig.renderer.stuck == 4
    text = rig.text(value_whose_str(lambda: "x", "Next"))
    assert text == "<Next, not shown: earlier values have not come back>"
    release.set()
    wait_until(lambda: rig.renderer.stuck == 0)
    assert rig.text(value_whose_str(lambda: "again", "Next")) == "again"


def test_late_text_is_not_delivered(rig: Rig) -> None:
    release = threading.Event()

    def late() -> str:
        with contextlib.suppress(BaseException):
            release.wait(20)
        return "late"

    serial = rig.submit(value_whose_str(late))
    assert rig.result(serial) == "<Own: no text within 0.2 s>"
    release.set()
    wait_until(lambda: rig.renderer.stuck == 0)
    assert rig.delivered[serial] == "<Own: no text within 0.2 s>"


# -- too many ---------------------------------------------------------------------------------


def test_text_is_made_once_a_thread_can_be_had(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        serial = rig.submit(value_whose_str(lambda: "made"))
        rig.renderer.watch()
        assert rig.delivered == {}
    assert rig.result(serial) == "made"


def test_full_queue_names_the_class_at_once() -> None:
    small = Rig(time_limit_sec=20, queue_limit=2)
    release = threading.Event()
    busy = small.submit(value_whose_str(lambda: str(release.wait(20))))
    wait_until(lambda: small.renderer.waiting == 0)
    waiting = [small.submit(value_whose_str(lambda: "late")) for _ in range(2)]
    refused = small.submit(value_whose_str(lambda: "never"))
    assert small.delivered == {refused: "<Own, not shown: too many values waited>"}
    release.set()
    assert [small.result(serial) for serial in (busy, *waiting)] == ["True", "late", "late"]
    small.renderer.close()


# -- redact -----------------------------------------------------------------------------------


def test_redact_sees_text_and_kind(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(redact=lambda text, kind: f"{kind}:{text[:2]}")
    assert rig.text("secret", "stdout") == "stdout:se"


def test_redact_is_not_asked_about_ids(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(redact=lambda text, kind: "hidden")
    assert rig.text(value_whose_str(lambda: "job 7"), "id") == "job 7"


@pytest.mark.parametrize(
    ("redact", "shown"),
    [
        (lambda text, kind: 1 / 0, "<not shown: redact() raised ZeroDivisionError>"),
        (lambda text, kind: leave(), "<not shown: redact() raised SystemExit>"),
        (lambda text, kind: None, "<not shown: redact() returned NoneType>"),
        (lambda text, kind: b"x", "<not shown: redact() returned bytes>"),
        (lambda: "x", "<not shown: redact() raised TypeError>"),
    ],
)
def test_text_is_not_shown_where_redact_fails(
    make_rig: Callable[..., Rig], redact: Any, shown: str
) -> None:
    rig = make_rig(redact=redact)
    assert rig.text("secret") == shown
    assert rig.text("secret") == shown


def test_redacted_text_is_bounded_and_clean(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(redact=lambda text, kind: "\u202e" * 1_000)
    assert len(rig.text("x")) == 50


def test_redact_that_hangs_shows_nothing_and_bans_no_class(make_rig: Callable[..., Rig]) -> None:
    hang = True

    def redact(text: str, kind: str) -> str:
        return loop_for_ever() if hang else text

    rig = make_rig(redact=redact)
    own = value_whose_str(lambda: "own")
    assert rig.text(own) == "<Own: no text within 0.2 s>"
    hang = False
    assert rig.text(own) == "own"


def test_value_that_breaks_the_renderer_hides_no_other(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    assert rig.text({5: "key that is no str"}, "kwargs") == "<dict, not shown>"
    assert rig.text("next") == "next"
    assert "could not be rendered" in caplog.text


# -- the end ----------------------------------------------------------------------------------


def test_close_ends_an_endless_loop() -> None:
    rig = Rig(time_limit_sec=30)
    rig.submit(value_whose_str(loop_for_ever))
    wait_until(lambda: rig.renderer.waiting == 0)
    start = time.monotonic()
    rig.renderer.close()
    assert time.monotonic() - start < 20


def test_closed_renderer_holds_no_values() -> None:
    rig = Rig()
    rig.renderer.close()
    rig.submit(value_whose_str(lambda: "x"))
    assert (rig.renderer.waiting, rig.delivered) == (0, {})
