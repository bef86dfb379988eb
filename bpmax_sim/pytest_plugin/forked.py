"""Support for pytest-forked, where each test runs, records and replays in its own process.

If pytest-forked cannot serialise the reports of the installed pytest, every test fails without any
explanation; `refuse_pytest_forked` reports this before the run.
"""

from __future__ import annotations

import marshal
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import pytest

from bpmax_sim.i18n import msg
from bpmax_sim.pytest_plugin.options import make_usage_error


def refuse_pytest_forked(config: pytest.Config) -> None:
    """Stop the run if pytest-forked would fail every test.

    Raises:
        pytest.UsageError: if pytest-forked cannot serialise this pytest's reports.
    """
    plugin = config.pluginmanager.getplugin("pytest_forked")
    serialize = getattr(plugin, "serialize_report", None)
    if serialize is None:
        return
    place = ("x.py", 0, "x")
    report = pytest.TestReport("x.py::x", place, {}, "passed", None, "call")
    try:
        marshal.dumps(serialize(report))
    except ValueError:
        known = msg("of another kind")
        with suppress(PackageNotFoundError):
            known = version("pytest-forked")
        raise make_usage_error(
            "--forked: pytest-forked {version} cannot hand on the reports of pytest "
            "{version_2}, so every test would fail; leave it out, run workers of "
            "pytest-xdist (-n 2), or take a pytest that it knows, such as 8.4",
            version=known,
            version_2=pytest.__version__,
        ) from None
