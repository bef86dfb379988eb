"""Nodes of YAML files: where they and their keys are, what is below them, and how much."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.yamlfile.node import Node, Step, read_yaml

TEXT = """\
客户: &c {名: 张三, 级: 3}
明细:
  - {品: 笔, 数: 2}
  - [1, [2]]
  - ~
付: *c
折: 0.5
急: true
"""
ORDER = read_yaml(TEXT, file="单.yaml")


@pytest.mark.parametrize(
    ("path", "line", "column", "kind", "size", "depth"),
    [
        ("", 1, 1, "a mapping", 18, 4), ("客户", 1, 5, "a mapping", 3, 1),
        ("客户.名", 1, 12, "text", 1, 0), ("客户.级", 1, 19, "a number", 1, 0),
        ("明细", 3, 3, "a list", 9, 3), ("明细[1]", 4, 5, "a list", 4, 2),
        ("明细[1][1][0]", 4, 10, "a number", 1, 0), ("明细[2]", 5, 5, "nothing", 1, 0),
        ("付", 1, 5, "a mapping", 3, 1), ("折", 7, 4, "a number", 1, 0),
        ("急", 8, 4, "true or false", 1, 0),
    ],
)  # fmt: skip
def test_a_node_knows_its_place_its_kind_and_how_much_is_in_it(
    path: str, line: int, column: int, kind: str, size: int, depth: int
) -> None:
    node = ORDER.get(path)

    assert node is not None
    assert (node.place, node.kind_in_messages) == (Place("单.yaml", line, column), kind)
    assert (node.size, node.depth) == (size, depth)
    assert sum(1 for _ in node.walk()) == size


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (("明细", 0, "品"), "笔"), (("明细", 2), None), (("明细", 3), "none"),
        (("明细", "0"), "none"),
        (("客户", 0), "none"), (("客户", "名", 0), "none"), (("客户", "名", "x"), "none"),
        (("折", 0), "none"), (("付", "级"), 3), (("没有",), "none"),
    ],
)  # fmt: skip
def test_a_step_is_a_key_of_a_mapping_or_an_index_of_a_list(
    steps: tuple[Step, ...], found: Any
) -> None:
    node = ORDER.find_at(steps)
    above = ORDER.find_at(steps[:-1])

    assert (node.value if node is not None else "none") == found
    assert above is None or above.find_child(steps[-1]) is node


def test_what_is_no_mapping_has_no_entries_and_what_is_no_list_no_elements() -> None:
    kinds = [ORDER.get(path) for path in ("客户", "明细", "折", "客户.名", "明细[2]")]

    assert [
        (len(node.items), len(node.elements)) for node in kinds if node is not None
    ] == [(2, 0), (0, 3), (0, 0), (0, 0), (0, 0)]  # fmt: skip


def test_a_merged_mapping_names_the_file_of_each_key() -> None:
    one, two = Node(1, "a.yaml", 2, 4), Node((Node("x", "c.yaml", 9, 3),), "b.yaml", 7, 1)
    merged = Node(
        {"甲": one, "乙": two}, "a.yaml", 1, 1, {"甲": (2, 1), "乙": (6, 1)}, files={"乙": "b.yaml"}
    )

    assert merged.find_key_place("甲") == Place("a.yaml", 2, 1)
    assert merged.find_key_place("乙") == Place("b.yaml", 6, 1)
    assert merged.find_key_place("丙") == Place("a.yaml", 1, 1)
    assert merged.all_files == {"a.yaml", "b.yaml", "c.yaml"}
    assert one.all_files == {"a.yaml"}
    assert two.all_files == {"b.yaml", "c.yaml"}
    assert merged.to_plain() == {"甲": 1, "乙": ["x"]}
    assert [*merged.walk_texts(("上",))] == [(("上", "乙", 0), "x")]
    assert [*Node("x").walk_texts(("上",))] == [(("上",), "x")]
