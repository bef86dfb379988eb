"""How the session of one Python test ends: closed, counted and judged once, whatever went wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.errors import BpmaxError, CassetteError, ExpectationError
from bpmax_sim.pytest_plugin import options, python_tests
from bpmax_sim.pytest_plugin.python_tests import PythonTestRun, RunClock, open_test_run
from bpmax_sim.pytest_plugin.stash import RUN

SILENT = "the fault on crm.find never fired"
FAILED = CassetteError("报价.yaml: cannot be written")


class Ending:
    """A run whose session, faults and counts note what they are asked, in order."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, silent: str = "", error: BpmaxError | None = None
    ) -> None:
        self.done: list[str] = []

        def close(*, failed: bool) -> None:
            self.done.append(f"close {failed}")
            if error is not None:
                raise error

        def disarm() -> str:
            self.done.append("disarm")
            return silent

        self.session: Any = SimpleNamespace(close=close)
        tally = SimpleNamespace(
            add_closed_session=lambda one: self.done.append(f"count {one is self.session}")
        )
        sessions = SimpleNamespace(finish=lambda *, failed: self.done.append(f"judge {failed}"))
        self.faults = SimpleNamespace(
            disarm=disarm, arm=lambda rule: self.done.append(f"arm {rule}")
        )
        self.switch = "on"
        replacements: dict[str, Any] = {
            "open_session": lambda _node: self.session,
            "RunFaults": self.make_faults,
            "read_fault_markers": lambda _node: ["一", "二"],
            "get_tally": lambda _config: tally,
            "_get_or_create_sessions": lambda _node: sessions,
        }
        for name, instead in replacements.items():
            monkeypatch.setattr(python_tests, name, instead)
        monkeypatch.setattr(options, "read_option_value", lambda *_: self.switch)
        self.node: Any = SimpleNamespace(config=None, stash={})

    def make_faults(self, _session: Any, *, armed: bool) -> Any:
        self.done.append(f"armed {armed}")
        return self.faults


@pytest.mark.parametrize(
    ("failed", "silent", "error", "ended", "raised"),
    [
        (False, "", None, ["close False", "judge False"], None),
        (True, "", None, ["close True", "judge True"], None),
        # a fault that never fired fails the test, unless it failed already
        (False, SILENT, None, ["close True", "judge True"], SILENT),
        (True, SILENT, None, ["close True", "judge True"], None),
        # what cannot be closed is counted and judged as failed, and told before a silent fault
        (False, "", FAILED, ["close False", "judge True"], str(FAILED)),
        (False, SILENT, FAILED, ["close True", "judge True"], str(FAILED)),
        (True, "", FAILED, ["close True", "judge True"], str(FAILED)),
    ],
)
def test_a_session_is_closed_counted_and_judged_once(
    monkeypatch: pytest.MonkeyPatch,
    failed: bool,
    silent: str,
    error: BpmaxError | None,
    ended: list[str],
    raised: str | None,
) -> None:
    ending = Ending(monkeypatch, silent, error)
    run = PythonTestRun(ending.node)

    if raised is None:
        run.finish(failed=failed)
    else:
        with pytest.raises(BpmaxError) as wrong:
            run.finish(failed=failed)
        assert str(wrong.value) == raised
        assert isinstance(wrong.value, ExpectationError) == (error is None)
    run.finish(failed=True)
    run.finish()

    close, judge = ended
    assert ending.done == ["armed True", "arm 一", "arm 二", "disarm", close, "count True", judge]


def test_a_run_is_found_while_it_lasts_and_fails_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ending = Ending(monkeypatch, SILENT)
    ending.switch = "off"

    def use() -> None:
        with open_test_run(ending.node) as run:
            assert ending.node.stash == {RUN: run}
            assert ending.done == ["armed False", "arm 一", "arm 二"]

    with pytest.raises(pytest.fail.Exception) as wrong:
        use()
    assert (str(wrong.value), wrong.value.pytrace) == (SILENT, False)
    assert ending.done[3:] == ["disarm", "close True", "count True", "judge True"]


def test_a_clock_advances_by_a_duration_however_it_is_written() -> None:
    waited: list[float] = []
    session: Any = SimpleNamespace(advance=waited.append, clock=SimpleNamespace(now=lambda: 7.5))
    clock = RunClock(session)

    for duration in (2, 0.5, "1m30s", "250ms"):
        clock.advance(duration)
    assert (clock.now(), waited) == (7.5, [2.0, 0.5, 90.0, 0.25])
    with pytest.raises(ValueError, match="bald"):
        clock.advance("bald")
