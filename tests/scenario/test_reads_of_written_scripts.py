"""A script that stands in a step reads what no form has: it is told, in whichever line it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.project import Project

HEAD = "version: 1\nscenario: 报价\nform: {fields: {客户名称: 张三, 金额: 0}}\nsteps:\n  - js: |\n"
TOLD = "form.客户名: no field '客户名'; did you mean '客户名称'?"


@pytest.mark.parametrize(
    ("script", "places"),
    [
        ("form.金额 = form.客户名 ? 1 : 2", ["1:11"]),
        ("form.金额 = 1\nform.金额 = form.客户名 ? 1 : 2", ["2:11"]),
        ("// 一\n// 二\n\nform.金额 = form.客户名 ? 1 : 2", ["4:11"]),
        ("// 一\n// 二\n\n// 四\nif (form.客户名 !== undefined) form.金额 = 2", []),
        ("if (form.客户名 !== undefined) form.金额 = 2", []),
        ("// 一\n// 二\n\nform.金额 = form.客户名称 ? 1 : 2", []),
    ],
)
def test_a_misspelt_field_is_told_where_the_script_of_a_step_reads_it(
    tmp_path: Path, script: str, places: list[str]
) -> None:
    lines = "".join(f"      {line}\n" for line in script.splitlines())

    ended = Project(tmp_path).run(f"{HEAD}{lines}")

    told = [(one.message, one.place) for one in ended.warnings if "客户名" in str(one.message)]
    assert [str(message).endswith(TOLD) for message, _ in told] == [True] * len(places)
    assert [f"{place.line}:{place.column}" for _, place in told if place is not None] == places
