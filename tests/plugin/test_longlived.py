from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bpmax_sim.pytest_plugin.items import LONG_LIVED, LongLived
from tests.plugin.project import Project

TABLE = """\
version: 1
scenario: 张三开户
cases:
{rows}
steps: [{{js: "return 1", expect: {{result: 1}}}}]
"""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    gc.unfreeze()  # an inner run of another test may have left some
    yield
    LONG_LIVED.take_back()
    assert gc.get_freeze_count() == 0


def test_many_tests_are_set_aside_every_few_files_and_taken_back() -> None:
    kept = LongLived()
    counts = []
    for tests in (99, 99, 100, 100):
        kept.set_aside(tests, every=2)
        counts.append(gc.get_freeze_count() > 0)
    kept.take_back()

    assert counts == [False, False, False, True]
    assert gc.get_freeze_count() == 0


def test_what_others_set_aside_stays() -> None:
    gc.freeze()
    LongLived().take_back()

    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_a_run_leaves_its_tests_aside_for_the_next_to_take_back(project: Project) -> None:
    rows = "".join(f"  - {{id: 行{number}}}\n" for number in range(100))
    table = project.write("scenarios/表.scenario.yaml", TABLE.format(rows=rows))

    project.run(str(table)).assert_outcomes(passed=100)
    assert gc.get_freeze_count() > 0

    one = project.write("scenarios/一.scenario.yaml", TABLE.format(rows="  - {id: 一}"))
    project.run(str(one)).assert_outcomes(passed=1)
    assert gc.get_freeze_count() == 0
