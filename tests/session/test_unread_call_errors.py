"""A call from Python that can never work, whose error is caught and not read, is told."""

from __future__ import annotations

import gc
import pickle
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import CallError, ConfigError, WrongCallWarning
from bpmax_sim.session.session import Session

PLATFORM = """\
platform_key: crm
base_url: https://crm.test
apis:
  get_customer:
    method: GET
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
"""
ADVICE = "that was caught, and nothing looked at it: mend the call, or check the code of the error"


@pytest.fixture(name="platforms")
def write_platform(tmp_path: Path) -> Path:
    """Return the file of a platform with one API."""
    path = tmp_path / "crm.yaml"
    path.write_text(PLATFORM, "utf-8")
    return path


def swallow(call: Callable[[Session], Any], session: Session) -> None:
    with suppress(Exception):
        call(session)


def catch_in_a_frame(session: Session) -> None:
    """Get an error that holds this frame, which holds the error."""
    with pytest.raises(CallError) as caught:
        session.proxy("crm").getCustomr("1")
    assert caught.type is CallError


def catch_in_a_frame_that_grows_old(session: Session) -> None:
    """Get such an error that the collector counts among the oldest before the frame ends."""
    with pytest.raises(CallError) as caught:
        session.proxy("crm").getCustomr("1")
    gc.collect()
    assert caught.type is CallError


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            catch_in_a_frame_that_grows_old,
            "crm.getCustomr: 'crm' has no API 'getCustomr'; did you mean 'get_customer'?",
        ),
        (
            catch_in_a_frame,
            "crm.getCustomr: 'crm' has no API 'getCustomr'; did you mean 'get_customer'?",
        ),
        (
            lambda session: session.proxy("crm").getCustomr("1"),
            "crm.getCustomr: 'crm' has no API 'getCustomr'; did you mean 'get_customer'?",
        ),
        (
            lambda session: session.proxy("crn").api("get_customer").path({"id": "1"}).call(),
            "crn.get_customer: there is no platform 'crn'; did you mean 'crm'?",
        ),
        (
            lambda session: session.proxy("crm", instance_key="生产").getCustomer("1"),
            (
                "crm.getCustomer: 'crm' has no instance '生产' in "
                "scenarios/instances.yaml; it has default"
            ),
        ),
        (
            lambda session: session.proxy("crm").api("get_customr").build(),
            "crm.get_customr: 'crm' has no API 'get_customr'; did you mean 'get_customer'?",
        ),
    ],
)
def test_a_wrong_call_that_python_code_swallows_is_told(
    platforms: Path, call: Callable[[Session], Any], told: str
) -> None:
    with pytest.warns(WrongCallWarning) as warned, Session.open(platforms) as session:
        swallow(call, session)

    (one,) = warned
    place, _, message = str(one.message).partition(": ")
    assert message == f"{told}; {ADVICE}"
    name, line, *_ = f"{place}:".split(":")
    assert name.endswith("tests/session/test_unread_call_errors.py")
    assert line == str(one.lineno)
    if call is catch_in_a_frame:
        assert one.lineno == catch_in_a_frame.__code__.co_firstlineno + 3
    assert one.filename.endswith("test_unread_call_errors.py")


def read_code(error: CallError) -> None:
    assert error.code == "UNKNOWN_API"


def read_text(error: CallError) -> None:
    assert "getCustomr" in str(error)


def match_text(session: Session) -> None:
    with pytest.raises(CallError, match="has no API 'getCustomr'"):
        session.proxy("crm").getCustomr("1")


@pytest.mark.parametrize("read", [read_code, read_text, repr, lambda error: error.message])
def test_an_error_that_was_read_is_not_told(
    platforms: Path, read: Callable[[CallError], object]
) -> None:
    with Session.open(platforms) as session:
        with pytest.raises(CallError) as caught:
            session.proxy("crm").getCustomr("1")
        read(caught.value)
        del caught  # one that is there still may be read later
        match_text(session)


def test_one_may_be_read_after_its_session(platforms: Path) -> None:
    with Session.open(platforms) as session, pytest.raises(CallError) as caught:
        session.proxy("crm").getCustomr("1")

    assert caught.value.code == "UNKNOWN_API"
    assert caught.type is CallError
    assert pickle.loads(pickle.dumps(caught.value)).code == "UNKNOWN_API"
    assert caught.traceback[0].path == Path(__file__)


def test_what_a_third_party_may_refuse_and_what_fails_the_test_is_not_told(
    platforms: Path,
) -> None:
    def handle(_request: object) -> Any:
        raise OSError("断开")

    with Session.open(platforms, mode="live", transport=handle) as session:
        swallow(lambda one: one.proxy("crm").getCustomer("1"), session)
    with Session.open(platforms, unawaited="allow") as session:  # as that of a scenario
        swallow(lambda one: one.proxy("crm").getCustomr("1"), session)
    with pytest.raises(CallError), Session.open(platforms) as session:
        session.proxy("crm").getCustomr("1")


def test_a_credential_that_is_not_there_is_an_error_that_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text(f"{PLATFORM}credentials: {{key: {{secret: true}}}}\nauth: bearer\n", "utf-8")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with Session.open(path, mode="live", environ={}) as session, pytest.raises(ConfigError):
            session.proxy("crm").getCustomer("1")

    assert [one.category for one in warned] == [WrongCallWarning]
