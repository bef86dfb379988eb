"""Judge markers of a Python test that had no effect, as the test has no session of its own."""

from __future__ import annotations

import warnings

import pytest

from bpmax_sim.errors import ConfigError, UnusedRuleWarning
from bpmax_sim.i18n import join_messages, msg, translate
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.python_tests import read_fault_markers
from bpmax_sim.pytest_plugin.stash import SESSIONS
from bpmax_sim.scenario.faults import describe_fault


def judge_markers_without_session(item: pytest.Item, names: set[str]) -> None:
    """Fail the Python test *item* for its faults, which never struck; warn of other markers.

    *names* are those of the test's own markers. The test has passed, and the fixture
    ``bpmax_session`` was not used.
    """
    if "bpmax" in names and SESSIONS not in item.stash and not _has_factory(item):
        file, line, _ = item.location
        message = msg(
            "the marker bpmax has no effect, as this test opens no session by a fixture; use "
            "bpmax_session, or take the marker away"
        )
        warnings.warn_explicit(message, UnusedRuleWarning, file, (line or 0) + 1)
    armed = options.read_option_value(item.config, "faults", "on") == "on"
    if "bpmax_fault" in names and armed:
        pytest.fail(translate(_describe_faults(item)), pytrace=False)


def _has_factory(item: pytest.Item) -> bool:
    """Return whether *item* may use a session that an earlier test of its module opened."""
    return "bpmax_session_factory" in getattr(item, "fixturenames", ())


def _describe_faults(item: pytest.Item) -> str:
    """Return a message about the faults of the markers of *item*, or on what is wrong with them."""
    try:
        rules = list(read_fault_markers(item))
    except ConfigError as error:
        return str(error)
    lines = [
        msg(
            "fault never fired: {rule} -> {describe_fault}; a marker holds for the session of the "
            "fixture bpmax_session, which this test does not use; use it, or declare the fault "
            "where the session is opened, such as in the scenario",
            rule=rule,
            describe_fault=describe_fault(rule),
        )
        for rule in rules
    ]
    return join_messages("\n", lines)
