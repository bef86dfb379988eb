"""`lint --fix` rewrites what an earlier version allowed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.door import Door

HEAD = """\
version: 1
scenario: 旧写法   # 一年前写的
form:
  fields: {金额: 0, 备注: "", 明细: [{数量: 1}]}
  scripts: {open: 打开.js, change.备注: 防抖.js, click.查: 查.js}
steps:
  - {open: {}}  # 打开
"""
SCRIPTS = {
    "打开.js": "form.$readonly = {金额: true, 明细: true}; form.$visible.查 = false;",
    "防抖.js": "setTimeout(() => { form.金额 = 9; }, 300);",
    "查.js": "form.备注 = '查过';",
}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def fixed(door: Door, steps: str) -> str:
    door.call("lint", HEAD + steps, SCRIPTS, "--fix")
    return (door.folder / "场景.scenario.yaml").read_text(encoding="utf-8").removeprefix(HEAD)


BLOCK = """\
  - name: 改
    set:
      金额: 5
      "明细[0].数量": 2
    expect: {form: {金额: 5}}
"""
BLOCK_AFTER = """\
  - name: 改
    js: 'form.金额 = 5; form.明细[0].数量 = 2'
    expect: {form: {金额: 5}}
"""
HELD = """\
  - name: 填
    set: {备注: 甲}
    expect:
      form: {金额: 9}
"""
HELD_AFTER = """\
  - name: 填
    set: {备注: 甲}
  - advance: 300ms
    expect:
      form: {金额: 9}
"""
LATER = """\
  - {set: {备注: 甲}}
  # 之后
  - {expect: {form: {金额: 9}}}
"""
LATER_AFTER = """\
  - {set: {备注: 甲}}
  # 之后
  - advance: 300ms
  - {expect: {form: {金额: 9}}}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BLOCK, BLOCK_AFTER),
        (
            '  - {set: {金额: 5, 备注: "it\'s {"}}\n',
            "  - {js: 'form.金额 = 5; form.备注 = \"it''s {\"'}\n",
        ),
        (
            "  - {click: 查, expect: {form: {备注: 查过}}}\n",
            "  - {fire: click.查, expect: {form: {备注: 查过}}}\n",
        ),
        (
            "  - {set: {备注: 甲}, expect: {form: {金额: 9}}}\n",
            "  - {set: {备注: 甲}}\n  - {advance: 300ms, expect: {form: {金额: 9}}}\n",
        ),
        (HELD, HELD_AFTER),
        (LATER, LATER_AFTER),
    ],
)
def test_what_means_something_else_is_rewritten(door: Door, before: str, after: str) -> None:
    assert fixed(door, before) == after
    assert door.run(HEAD + after, SCRIPTS).code == 0
    assert fixed(door, after) == after


@pytest.mark.parametrize(
    "steps",
    [
        "  - {set: {备注: 甲}, expect: {form: {金额: 0}}}\n",
        "  - {set: {备注: 甲}, expect: {form: {金额: 8}}}\n",
        '  - {set: {金额: "${form.备注}"}}\n',
        "  - {set: {金额: 5}, expect: {form: {金额: 6}}}\n",
        "  - {click: 茶}\n",
    ],
)
def test_what_fails_for_another_reason_is_left_alone(door: Door, steps: str) -> None:
    assert fixed(door, steps) == steps


def test_each_change_is_told_with_its_line(door: Door) -> None:
    ended = door.call("lint", HEAD + "  - {set: {金额: 5}}\n", SCRIPTS, "--fix")

    assert "场景.scenario.yaml:8: a script writes what a person cannot\n" in ended.text
    assert ended.code == 0
