"""Values are changed inside a file; comments, order and layout around them stay."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.yamlfile.edit import merge_into

STEP = "steps:\n  - name: 选单  # 第一步\n    set: {编号: 7}\n"

CHANGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a key behind the last one": (
        STEP,
        {"expect": {"form": {"金额": 800}}},
        STEP + "    expect: {form: {金额: 800}}\n",
    ),
    "behind a comment at the end of its line": (
        STEP + "    at: 财务  # 只有财务\n  - click: 下一步\n",
        {"by": "李四"},
        STEP + "    at: 财务  # 只有财务\n    by: 李四\n  - click: 下一步\n",
    ),
    "inside a flow mapping": (
        STEP + "    expect: {form: {客户: 张三}}  # 名称\n",
        {"expect": {"form": {"金额": 800}, "messages": []}},
        STEP + "    expect: {form: {客户: 张三, 金额: 800}, messages: []}  # 名称\n",
    ),
    "inside a block mapping": (
        STEP + "    expect:\n      form:\n        客户: 张三\n\n# 以下\n",
        {"expect": {"form": {"金额": 800}}},
        STEP + "    expect:\n      form:\n        客户: 张三\n        金额: 800\n\n# 以下\n",
    ),
    "a value is replaced": (
        STEP + "    expect: {form: {金额: 799}}\n",
        {"expect": {"form": {"金额": 800}}},
        STEP + "    expect: {form: {金额: 800}}\n",
    ),
    "a list over several lines is replaced": (
        STEP + "    expect:\n      messages:\n        - 甲\n        - 乙\n    at: 财务\n",
        {"expect": {"messages": ["甲"]}},
        STEP + "    expect:\n      messages:\n        [甲]\n    at: 财务\n",
    ),
    "an empty mapping": (
        STEP + "    expect: {}\n",
        {"expect": {"result": False}},
        STEP + "    expect: {result: false}\n",
    ),
    "a flow step": (
        "steps:\n  - {advance: 1s}\n",
        {"expect": {"proxy": []}},
        "steps:\n  - {advance: 1s, expect: {proxy: []}}\n",
    ),
    "text that has to be quoted": (
        STEP,
        {"expect": {"result": "是: # ${x}"}},
        STEP + '    expect: {result: "是: # ${x}"}\n',
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_changes_is_written_anew(name: str) -> None:
    before, addition, after = CHANGES[name]
    assert merge_into(before, ("steps", 0), addition, "x.yaml") == after


def test_what_would_change_more_is_refused() -> None:
    with pytest.raises(ConfigError, match="by hand"):
        merge_into("a: &x {b: 1}\nc: *x\n", ("c",), {"b": 2}, "x.yaml")
