from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from bpmax_sim.cli.terminal import iterate_with_progress, show_progress
from bpmax_sim.clock import VirtualClock

ERASED = "\r\x1b[2K"
HIDDEN_CURSOR = "\x1b[?25l"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(clock: VirtualClock, seconds: float, times: int = 4) -> Iterator[int]:
    for number in range(times):
        clock.advance(seconds)
        yield number


def shown(stream: io.StringIO, seconds: float) -> list[str]:
    """Return what was on the terminal whenever a step was handled."""
    clock = VirtualClock(0)
    told = []
    for number in iterate_with_progress(work(clock, seconds), 4, stream=stream, now=clock.now):
        told.append(stream.getvalue())
        stream.seek(0)
        stream.truncate()
        assert number == len(told) - 1
    return [*told, stream.getvalue()]


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_long_work_has_a_bar_that_is_gone_while_a_step_is_told() -> None:
    first, second, third, fourth, end = shown(Terminal(), 1.5)

    assert (first, second) == ("", "")
    assert "[2/4] about 3 s left" in third
    assert "3/4" in fourth
    assert third.endswith(ERASED)
    assert end == ""


def break_off(clock: VirtualClock, steps: int) -> Iterator[int]:
    yield from work(clock, 1.5, times=steps)
    raise KeyboardInterrupt


def test_ctrl_c_leaves_no_bar_and_a_cursor() -> None:
    clock, stream = VirtualClock(0), Terminal()
    with pytest.raises(KeyboardInterrupt):
        list(iterate_with_progress(break_off(clock, 3), 4, stream=stream, now=clock.now))

    assert "3/4" in stream.getvalue()
    assert stream.getvalue().endswith(ERASED)
    assert HIDDEN_CURSOR not in stream.getvalue()


class BrokenOff(Terminal):
    """A terminal at which Ctrl-C comes while the *number*-th thing is written."""

    def __init__(self, number: int, *, after: bool) -> None:
        super().__init__()
        self.number, self.after = number, after

    def write(self, text: str) -> int:
        self.number -= 1
        if self.number or self.after:
            super().write(text)
        if not self.number:
            raise KeyboardInterrupt
        return len(text)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_ctrl_c_while_it_is_drawn_or_erased_leaves_none(number: int, *, after: bool) -> None:
    clock, stream = VirtualClock(0), BrokenOff(number, after=after)
    with pytest.raises(KeyboardInterrupt):
        list(iterate_with_progress(break_off(clock, 4), 4, stream=stream, now=clock.now))

    *_, left = stream.getvalue().rsplit(ERASED, 1)
    assert left == ""


def test_short_work_has_none() -> None:
    assert shown(Terminal(), 0.4) == ["", "", "", "", ""]


def test_where_nobody_looks_at_a_terminal_there_is_none() -> None:
    assert shown(io.StringIO(), 9) == ["", "", "", "", ""]


def test_it_is_plain_where_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = "".join(shown(Terminal(), 3))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "".join(shown(Terminal(), 3))

    assert "\x1b[91m" in coloured
    assert "\x1b[9" not in plain
    assert "3/4" in plain


def test_a_search_has_a_bar_of_its_seconds_that_is_gone_at_its_end() -> None:
    clock, stream = VirtualClock(0), Terminal()
    told = []
    with show_progress(60, stream=stream, now=clock.now) as move:
        for _ in range(3):
            clock.advance(1.5)
            move()
            told.append(stream.getvalue())
    end = stream.getvalue()

    assert told[0] == ""
    assert "3/60" in told[1]
    assert "4/60" in told[2]
    assert end.endswith(ERASED)


def test_work_that_is_counted_has_a_bar_of_its_counts() -> None:
    clock, stream = VirtualClock(0), Terminal()
    with show_progress(stream=stream, now=clock.now) as move:
        clock.advance(10)
        move(20, 60)
    assert "20/60] about 20 s left" in stream.getvalue()


def test_a_search_that_nobody_watches_has_none() -> None:
    clock, stream = VirtualClock(0), io.StringIO()
    with show_progress(60, stream=stream, now=clock.now) as move:
        clock.advance(30)
        move()

    assert stream.getvalue() == ""
