"""The text of a file after values were merged into it: what is touched, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.yamlfile.edit import merge_into


@pytest.mark.parametrize(
    ("text", "steps", "addition", "after"),
    [
        ("a: 1\n", (), {"b": 2}, "a: 1\nb: 2\n"),
        ("a: 1", (), {"b": 2, "客户": "张三"}, "a: 1\nb: 2\n客户: 张三"),
        (
            "a: 1\nb: 2\nc: 3\n",
            (),
            {"c": 4, "a": None, "d": [1, "x: y"]},
            'a: null\nb: 2\nc: 4\nd: [1, "x: y"]\n',
        ),
        ("a: 1 # 一\n# 尾\nb: 2\n", (), {"a": 5}, "a: 5 # 一\n# 尾\nb: 2\n"),
        ("a: {b: 1}\n", ("a",), {"b": 2, "c": 3}, "a: {b: 2, c: 3}\n"),
        ("a: {}\n", ("a",), {"b": 2}, "a: {b: 2}\n"),
        ("a: {b: 1, }\n", ("a",), {"c": 3}, "a: {b: 1, c: 3}\n"),
        ("a: {\n  b: 1,\n}\n", ("a",), {"c": 3}, "a: {\n  b: 1,\n c: 3}\n"),
        (
            "a:\n  b: 1\n  c: # 空\n  d: 4\n\n# 别的\ne: 5\n",
            ("a",),
            {"b": 7, "f": 6},
            "a:\n  b: 7\n  c: # 空\n  d: 4\n  f: 6\n\n# 别的\ne: 5\n",
        ),
        (
            "a:\n- {x: 1}\n- x: 2\n  y: 3\n- {x: 3}\n",
            ("a", 1),
            {"x": 9, "z": 1},
            "a:\n- {x: 1}\n- x: 9\n  y: 3\n  z: 1\n- {x: 3}\n",
        ),
        (
            "a:\n- {x: 1}\n- x: 2\n  y: 3\n- {x: 3}\n",
            ("a", 2),
            {"x": 9, "z": 1},
            "a:\n- {x: 1}\n- x: 2\n  y: 3\n- {x: 9, z: 1}\n",
        ),
        (
            "a:\n  b: 旧 # 注\nc: 1\n",
            ("a",),
            {"b": {"x": {"y": 1}, "z": [1]}},
            'a:\n  b: # 注\n    x: {"y": 1}\n    z: [1]\nc: 1\n',
        ),
        (
            "a:\n  b: 旧 # 注\nc: 1\n",
            ("a",),
            {"b": {"x": 1, "y": 2}},
            'a:\n  b: {x: 1, "y": 2} # 注\nc: 1\n',
        ),
        ("a: {b: 旧}\n", ("a",), {"b": {"x": {"y": 1}}}, 'a: {b: {x: {"y": 1}}}\n'),
        ("a: |\n  文\n  本\nb: 1\n", (), {"a": "新", "b": 2}, "a: 新\nb: 2\n"),
        ("a: >\n  文\n  本\nb: 1\n", (), {"a": "新", "b": 2}, "a: 新\nb: 2\n"),
        ("b: 1\na: >\n  文\n\n", (), {"c": 2}, "b: 1\na: >\n  文\nc: 2\n\n"),
        ("a: >-\n  文\n\n\nb: 1\n", (), {"c": 2}, "a: >-\n  文\n\n\nb: 1\nc: 2\n"),
        ("a: '一'\nb: \"二\"\n", (), {"a": "真", "b": "true"}, 'a: 真\nb: "true"\n'),
        (
            "a:\n  b:\n    c: 1\n    d: 2\n  e: 3\n",
            (),
            {"a": {"b": {"d": 5, "f": 6}, "e": {}}},
            "a:\n  b:\n    c: 1\n    d: 5\n    f: 6\n  e: {}\n",
        ),
        ("- 1\n- a: 1\n", (1,), {"a": 2}, "- 1\n- a: 2\n"),
        ("a: [1, 2]\n", (), {"a": []}, "a: []\n"),
        ("a:\nb: 1\n", (), {"a": "张三"}, "a: 张三\nb: 1\n"),
        ("a: # 空\nb: 1\n", (), {"a": [], "b": None}, "a: [] # 空\nb: null\n"),
        ("a: {b: , c: 1, d: }\n", ("a",), {"b": 2, "d": 3}, "a: {b: 2 , c: 1, d: 3 }\n"),
        ("a:\n  - b:\n    c: 1\n", ("a", 0), {"b": {"x": 1}}, "a:\n  - b: {x: 1}\n    c: 1\n"),
        ("a: ~\n", (), {"a": 0}, "a: 0\n"),
        ("a: ''\n", (), {"a": 0}, "a: 0\n"),
        ("a:\n", (), {"a": {"x": {"b": 1}}}, "a:\n  x: {b: 1}\n"),
    ],
)
def test_only_the_text_of_values_changes(
    text: str, steps: tuple[Any, ...], addition: dict[str, Any], after: str
) -> None:
    assert merge_into(text, steps, addition, "单.yaml") == after
    before, shown = (f"# 头\n{one}".replace("\n", "\r\n") for one in (text, after))
    assert merge_into(before, steps, addition, "单.yaml") == shown


@pytest.mark.parametrize(
    ("text", "steps", "addition", "value"),
    [
        ("a: &x 1\nb: *x\n", (), {"b": 2}, "{b: 2}"),
        ("a: &x {c: 1}\nb: *x\n", ("b",), {"c": 2}, "{c: 2}"),
        ("a: [1]\nb: {c: 1}\n", ("b", "c"), {}, "{}"),
        ("", (), {"b": 2}, "{b: 2}"),
        ("# 头\n", (), {"b": {"c": 2}}, "{b: {c: 2}}"),
        ("a:\nb: 1\n", ("a",), {"c": 2}, "{c: 2}"),
        ("- 1\n", (), {"b": 2}, "{b: 2}"),
    ],
)
def test_what_other_places_share_is_not_changed(
    text: str, steps: tuple[Any, ...], addition: dict[str, Any], value: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        merge_into(text, steps, addition, "单.yaml")

    where = ".".join(map(str, steps)) or "b"  # at the top what is to be added
    assert str(caught.value).startswith(f"单.yaml: {where} cannot be changed here ")
    assert str(caught.value).endswith(f"write it by hand: {value}")


@pytest.mark.parametrize(
    ("text", "addition", "after"),
    [
        ("a: 1\r\nb: 2\n", {"b": 3}, "a: 1\r\nb: 3\n"),
        ("a: 1\nb: 2\r\nc: 3\n", {"c": 4, "d": 5}, "a: 1\nb: 2\r\nc: 4\nd: 5\n"),
        ("a: 1\r\nb: 2", {"b": 3}, "a: 1\r\nb: 3"),
    ],
)
def test_lines_of_other_ends_keep_theirs(text: str, addition: Any, after: str) -> None:
    assert merge_into(text, (), addition, "a.yaml") == after
