"""What tries the trials; ``python -m tests.matrix`` makes them, and CI runs that."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.matrix import __main__ as matrix
from tests.matrix.environments import (
    PLUGINS,
    ROOT,
    VERSIONS,
    BuildError,
    environment,
    floors,
    pytest_of,
)
from tests.matrix.project import NAME, Done, Place
from tests.matrix.trials import TRIALS, NotHereError


def passes(place: Place) -> None:
    assert place.run(str(place.python), "-c", "print('好')").text == "好\n"


def fails(place: Place) -> None:
    place.run(str(place.python), "-c", "print('坏')")
    raise ValueError("没有成")


def is_not_here(_place: Place) -> None:
    raise NotHereError("no such locale")


@pytest.fixture(name="project")
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / NAME
    folder.mkdir()
    return folder


def test_a_verdict_tells_what_did_not_hold_and_what_was_printed_last(project: Path) -> None:
    python = Path(sys.executable)
    good, bad, missing = (
        matrix.judge(trial, project, python, "9.2") for trial in (passes, fails, is_not_here)
    )

    assert (good.wrong, good.missing) == ("", "")
    assert re.fullmatch(r"pytest 9\.2     ok +\d+\.\d s  passes", str(good))
    assert bad.wrong.splitlines()[0] == "ValueError: 没有成"
    assert bad.wrong.splitlines()[1].startswith("  | test_matrix.py:")
    assert bad.wrong.splitlines()[-1] == "  | 坏"
    assert (missing.wrong, missing.missing) == ("", "no such locale")


def test_a_version_that_is_not_to_be_had_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no-such-wheel"):
        environment(tmp_path / "x", tmp_path / "no-such-wheel.whl", "8.4")


def test_the_oldest_version_is_the_one_that_we_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs/en/reference/pytest.md").read_text(encoding="utf-8")
    page = re.sub(r"<!--.*?-->", "", page)

    assert f"pytest>={VERSIONS[0]}" in project["dependencies"]
    assert f"pytest {VERSIONS[0]} to {VERSIONS[-1]}" in page
    assert [name for name in PLUGINS if name not in page] == []


def test_the_oldest_environment_has_the_floor_of_each_run_time_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = list(floors())

    assert len(pins) == len(set(pins)) > len(project["dependencies"])
    assert {"httpx==0.28.1", "quickjs-ng==0.16.2.1", "pytest==8.4"} <= set(pins)
    assert pytest_of("oldest") == VERSIONS[0]


def test_ci_makes_the_trials_with_the_newest_and_by_night_with_all() -> None:
    by_day, by_night = ((ROOT / ".ci" / name).read_text("utf-8") for name in ("run", "nightly"))

    assert f'stage "matrix" python -m tests.matrix {VERSIONS[-1]}\n' in by_day
    assert 'every "matrix" python -m tests.matrix\n' in by_night
    assert len({trial.__name__ for trial in TRIALS}) == len(TRIALS) >= 12


def test_the_last_line_of_pytest_is_told_without_its_time() -> None:
    assert Done(0, "…\n==== 8 passed in 3.02s ====\n".encode()).last == "8 passed"
