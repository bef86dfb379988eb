"""What tries the trials; ``python -m tests.matrix`` makes them, and CI runs that."""

from __future__ import annotations

import re
import tomllib

from tests.matrix.environments import (
    PLUGINS,
    ROOT,
    VERSIONS,
    floors,
    pytest_of,
)


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
