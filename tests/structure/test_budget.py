"""A test that takes long by day needs a reason."""

from __future__ import annotations

import pytest

from tests import budget

BUSY = """\
import subprocess, sys, time
import pytest

def busy():
    end = time.process_time() + 0.06
    while time.process_time() < end:
        pass

def test_short():
    time.sleep(0.06)

def test_long():
    busy()

@pytest.mark.long("as it says why")
def test_long_with_a_reason():
    busy()

def test_child():
    subprocess.run([sys.executable, "-IS", "-c", "sum(range(12_000_000))"], check=True)
"""


@pytest.mark.long("is held to the 0.04 s too")
def test_what_takes_too_long_without_a_reason_is_red(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(budget, "SECONDS", 0.02)
    monkeypatch.setattr(budget, "QUIET", 60)  # however slow the machine is just now
    pytester.makeini("[pytest]\nmarkers = long(why)")
    pytester.makepyfile(BUSY)

    done = pytester.runpytest_inprocess("-p", "tests.budget", "-rf")

    done.assert_outcomes(passed=2, failed=2)
    done.stdout.fnmatch_lines(["*::test_long - Failed: took 0.* s of processors, 0.02 allowed*"])
    done.stdout.fnmatch_lines(["*::test_child - Failed: took 0.*"])
