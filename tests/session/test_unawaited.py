"""Calls that no script awaited, outside of scenarios: reported with their line."""

from __future__ import annotations

import warnings

import pytest

from bpmax_sim.errors import ConfigError, ScriptError, UnawaitedWarning, UncalledWarning
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session

CARELESS = Script("const crm = $proxy('crm');\n  crm.通知('张三');\nreturn 1", "通知.js")
HINT = (
    "await it, or write void before it if nothing is to wait for it, "
    "or open the session with unawaited='allow'"
)


def test_a_call_that_nobody_awaits_is_a_warning_at_its_line() -> None:
    with (
        Session.open() as session,
        pytest.warns(UnawaitedWarning) as told,
    ):
        assert session.run_script(CARELESS).value == 1

    assert [str(one.message) for one in told] == [f"通知.js:2:3: crm.通知 was not awaited; {HINT}"]
    assert told[0].filename == __file__
    assert [call.name for call in session.calls] == ["crm.通知"]


def test_a_chain_of_python_that_is_never_called_is_a_warning_at_its_line() -> None:
    with Session.open() as session:
        chain = session.proxy("crm").api("查").query({"a": 1})
        with pytest.warns(UncalledWarning) as told:
            chain.header({"b": "2"})

    assert [str(one.message) for one in told] == [
        "proxy('crm').api('查').query(…).header(…) was built and never called; add .call()"
    ]
    assert told[0].filename.endswith("test_unawaited.py")


def test_it_can_be_an_error() -> None:
    with Session.open(unawaited="fail") as session:
        outcome = session.run_script(CARELESS)

    with pytest.raises(ScriptError) as caught:
        outcome.unwrap()
    assert str(caught.value) == f"通知.js:2:3: Unawaited: crm.通知 was not awaited; {HINT}"


def test_it_can_be_allowed() -> None:
    with Session.open(unawaited="allow") as session, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert session.run_script(CARELESS).value == 1


def test_an_error_of_the_script_stays_the_error() -> None:
    with Session.open(unawaited="fail") as session:
        error = session.run_script(Script(CARELESS.source[:-8] + "null.x", "坏.js")).error

    assert isinstance(error, ScriptError)
    assert error.name == "TypeError"


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Session.open(unawaited="alow")  # type: ignore[arg-type]

    assert str(caught.value) == "unawaited: there is no 'alow'; did you mean 'allow'?"


def test_a_rejection_that_nobody_handles_is_raised_with_its_line() -> None:
    script = Script("\nPromise.reject(new Error('坏'));\nreturn 1", "坏.js")
    with Session.open() as session:
        outcome = session.run_script(script)

    assert outcome.value == 1
    with pytest.raises(ScriptError) as caught:
        outcome.unwrap()
    assert str(caught.value) == "坏.js:2:20: Error: 坏"
