"""What is written into the text of a scenario file, and when nothing is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from bpmax_sim.scenario.expect import fulfils
from bpmax_sim.scenario.expect_update import (
    build_update,
    collect_edits_or_reason_by_replay,
    merge_row_edits,
    update_expected,
)
from bpmax_sim.scenario.expect_writer import (
    ExpectEdit,
    find_changed_keys,
    merge_expected,
    prepare_rewrites,
)
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import Expect
from bpmax_sim.scenario.source import Failure
from bpmax_sim.subject.hooks import is_same_value
from bpmax_sim.yamlfile import parse_yaml
from bpmax_sim.yamlfile.write import write_inline


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {}, {}),
        ({}, {"form": {"金额": 0}}, {"form": {"金额": 0}}),
        (None, {"form": None}, {"form": None}),
        ({"form": {"金额": 1, "客户": "张三"}}, {"form": {"金额": 1, "客户": "李四"}},
         {"form": {"客户": "李四"}}),
        ({"form": {"金额": 1}}, {"form": {"金额": 1, "客户": "", "日期": None}},
         {"form": {"客户": "", "日期": None}}),
        ({"form": {"金额": 1}}, {"form": {"金额": 1}}, {}),
        ({"form": {"金额": 1}}, {"form": {"金额": 1.0}}, {}),
        ({"form": {"急件": 1}}, {"form": {"急件": True}}, {"form": {"急件": True}}),
        ({"form": {"急件": False}}, {"form": {"急件": 0}}, {"form": {"急件": 0}}),
        ({"form": {"明细": [{"数量": 1}]}}, {"form": {"明细": [{"数量": True}]}},
         {"form": {"明细": [{"数量": True}]}}),
        ({"form": {"明细": [1, 2, 3]}}, {"form": {"明细": [1, 2, 4]}},
         {"form": {"明细": [1, 2, 4]}}),
        ({"form": {"金额": "1"}}, {"form": {"金额": 1}}, {"form": {"金额": 1}}),
        ({"form": "${case.表单}"}, {"form": {"金额": 1}}, {"form": {"金额": 1}}),
        ({"form": {"客户": {"名称": "张三"}}}, {"form": {"客户": "张三"}},
         {"form": {"客户": "张三"}}),
        ({"form": {"金额": 1}, "result": "是"}, {"result": "否"}, {"result": "否"}),
    ],
)  # fmt: skip
def test_keys_whose_value_is_another_one_change(
    before: Any, after: dict[str, Any], changes: dict[str, Any]
) -> None:
    found = find_changed_keys(before, after)

    assert repr(found) == repr(changes)  # True == 1


LOST = """\
steps:
  - set: {金额: 1}
    expect:
      form: {客户: {$exactly: {名: 张}}, 明细: {甲: 1, 乙: {丙: 2, 丁: 3}}}  # 单
      result: {ok: true}
"""


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ({"客户": {"名": "张", "岁": 9}, "明细": {"甲": 1, "乙": {"丙": 2, "丁": 3}}},
         "{客户: {名: 张, 岁: 9}, 明细: {甲: 1, 乙: {丙: 2, 丁: 3}}}"),
        ({"客户": {"$exactly": {"名": "李"}}, "明细": {"甲": 1, "乙": {"丙": 2, "丁": 4}}},
         "{客户: {$exactly: {名: 李}}, 明细: {甲: 1, 乙: {丙: 2, 丁: 4}}}"),
        ({"客户": {"$exactly": {"名": "张"}}, "明细": {"甲": 1, "乙": {"丁": 3}}},
         "{客户: {$exactly: {名: 张}}, 明细: {甲: 1, 乙: {丁: 3}}}"),
        ({"客户": {"$exactly": {"名": "张"}}, "明细": {"甲": 2}},
         "{客户: {$exactly: {名: 张}}, 明细: {甲: 2}}"),
    ],
)  # fmt: skip
def test_what_a_map_has_lost_is_taken_out_of_the_text(
    tmp_path: Path, form: Any, written: str
) -> None:
    one = edit(tmp_path / "单.yaml", form)

    text = one.apply(LOST)

    assert text == LOST.replace(LOST[LOST.index("{客") : LOST.index("  #")], written)


@pytest.mark.parametrize(
    "form",
    [
        {"客户": {"$exactly": {"名": "张"}}},
        {"客户": {"$exactly": {"名": "李"}}},
        {"明细": {"甲": 1, "乙": {"丙": 2, "丁": 3}}},
        {"明细": {"乙": {"丁": 3}}, "金额": 5},
        {"金额": 5},
    ],
)
def test_a_section_has_no_member_that_is_no_longer_expected(tmp_path: Path, form: Any) -> None:
    text = edit(tmp_path / "单.yaml", form).apply(LOST)

    tree: Any = parse_yaml(text, "单.yaml").to_plain()
    assert tree["steps"] == [{"set": {"金额": 1}, "expect": {"form": form, "result": {"ok": True}}}]


@pytest.mark.parametrize(
    ("known", "addition", "merged"),
    [
        (UNSET, "张三", "张三"),
        ("张三", "张三", "张三"),
        ("张三", "李四", UNSET),
        (1, True, UNSET),
        (0, False, UNSET),
        (None, None, None),
        (None, "张三", UNSET),
        ({"金额": 1}, {"客户": "张三"}, {"金额": 1, "客户": "张三"}),
        ({"金额": 1, "客户": "张三"}, {"客户": "李四", "日期": "今天"}, UNSET),
        ({"明细": {"行": 1}}, {"明细": {"列": 2}}, {"明细": {"行": 1, "列": 2}}),
        ([1, 2, 3], [1, 2, 3], [1, 2, 3]),
        ([{"金额": 1}, {}, {}], [{}, {"客户": "张三"}, {"日期": "今天"}],
         [{"金额": 1}, {"客户": "张三"}, {"日期": "今天"}]),
        ([1, 2, 3], [1, 2, 4], UNSET),
        ([1], [1, 2], UNSET),
        ([], [1], UNSET),
        ("张三", {"$matches": "张"}, UNSET),
        ({"$gt": 1}, 2, {"$gt": 1, "$eq": 2}),
        ({"$matches": "^张"}, "张三", {"$matches": "^张", "$eq": "张三"}),
        ({"$contains": "张三"}, ["张三", "李四"], ["张三", "李四"]),
        ({"$gt": 1}, {"$lt": 9}, {"$gt": 1, "$lt": 9}),
        ({"$gt": 1}, {"$gt": 2}, UNSET),
        ({"$eq": 1, "$gt": 0}, 2, UNSET),
        ({"金额": 1}, 2, UNSET),
        ({"金额": {"$gt": 1}}, {"金额": 2}, {"金额": {"$gt": 1, "$eq": 2}}),
        ({"$exists": True}, {"金额": 2}, {"$exists": True, "$contains": {"金额": 2}}),
        ({"$contains": {"金额": 1}}, {"客户": "张三"}, {"$contains": {"金额": 1, "客户": "张三"}}),
        ({"$contains": {"金额": 1}}, {"金额": 2}, UNSET),
        ({"$contains": "金额"}, {"金额": 2}, UNSET),
        ({"金额": 2}, {"$exists": True}, UNSET),
        ({}, {"$length": 2}, {"$length": 2}),
        ({"$exists": True}, {}, {"$exists": True}),
    ],
)  # fmt: skip
def test_an_addition_holds_beside_what_is_known_or_is_refused(
    known: Any, addition: Any, merged: Any
) -> None:
    assert merge_expected(known, addition) == merged


FILE = """\
scenario: 报销
form: {fields: {金额: 0}}
steps:
  - set: {金额: 1}  # 填
    expect: {form: {金额: 1}}
  - set: {金额: 2}
"""


@pytest.mark.parametrize(
    ("keys", "is_merged", "written"),
    [
        ({"expect": {"form": {"金额": 2}}}, False, "{form: {金额: 2}}"),
        ({"expect": {"form": {"金额": True}}}, False, "{form: {金额: true}}"),
        ({"expect": {"form": {"金额": 1}}}, False, "{form: {金额: 1}}"),
        ({}, False, "{form: {金额: 1}}"),
        ({"expect": {"result": 3}}, True, "{form: {金额: 1}, result: 3}"),
        ({"expect": {"form": {"金额": 1}}}, True, "{form: {金额: 1}}"),
    ],
)
def test_an_edit_changes_its_keys_and_leaves_the_rest_of_the_text(
    tmp_path: Path, keys: dict[str, Any], written: str, *, is_merged: bool
) -> None:
    edit = ExpectEdit(tmp_path / "报销.scenario.yaml", ("steps", 0), keys, is_merged=is_merged)

    assert edit.apply(FILE) == FILE.replace("{form: {金额: 1}}", written)


def test_an_edit_that_contradicts_the_file_says_what_to_write_by_hand(tmp_path: Path) -> None:
    path, other = tmp_path / "报销.scenario.yaml", tmp_path / "付款.scenario.yaml"
    path.write_text(FILE, encoding="utf-8")
    other.write_text(FILE, encoding="utf-8")
    edits = [
        ExpectEdit(path, ("steps", 1), {"expect": {"form": {"金额": 2}}}),
        ExpectEdit(path, ("steps", 0), {"expect": {"form": {"金额": 2}}}, is_merged=True),
        ExpectEdit(tmp_path / "没有.yaml", (), {}),
        ExpectEdit(other, ("steps", 0), {"expect": {"form": {"金额": 1}}}),
        ExpectEdit(path, ("steps", 0), {"name": "填"}),
    ]

    files, refused = prepare_rewrites(edits)

    assert [(file.path, file.before, file.is_table) for file in files] == [(path, FILE, False)]
    assert "".join(line[1:] for line in files[0].make_diff_lines() if line[:2] == "+ ") == (
        "    name: 填    expect: {form: {金额: 2}}"
    )
    assert [error.problems[0].message[:34] for error in refused] == [
        "what is expected there leaves no r",
        "cannot be read: No such file or di",
    ]


def edit(path: Path, form: Any, *, is_new: bool = False, step: int = 0) -> ExpectEdit:
    return ExpectEdit(path, ("steps", step), {"expect": {"form": form}}, is_new=is_new)


ROWS = "the rows come to different values here; make them a column of cases"


@pytest.mark.parametrize(
    ("forms", "is_new", "kept", "problems"),
    [
        ([{"金额": 1}, {"金额": 1}, {"金额": 1}], False, [{"金额": 1}], 0),
        ([{"金额": 1}, {"金额": 1}, {"金额": 2}], False, [], 1),
        ([{"急件": 1}, {"急件": True}], False, [], 1),
        ([{"金额": 1, "客户": "张三"}, {"金额": 2, "客户": "张三"}], True, [{"客户": "张三"}], 0),
        ([{"金额": 1}, {"金额": 2}], True, [], 1),
        ([{"急件": 1, "客户": "张三"}, {"急件": True, "客户": "张三"}], True,
         [{"客户": "张三"}], 0),
        ([{"明细": [{"名": "纸", "价": 1}]}, {"明细": [{"名": "纸", "价": 2}]}], True,
         [{"明细": [{"名": "纸"}]}], 0),
        ([{"明细": [{"名": "纸", "价": 1}]}, {"明细": [{"名": "笔", "价": 1}]}], True, [], 1),
        ([{"明细": [1, 2]}, {"明细": [1, 2, 3]}], True, [], 1),
        ([{"明细": [1, 2, 3], "金额": 1}, {"明细": [1, 2, 4], "金额": 1}], True, [{"金额": 1}], 0),
    ],
)  # fmt: skip
def test_rows_share_what_they_agree_on(
    tmp_path: Path, forms: list[Any], kept: list[Any], problems: int, *, is_new: bool
) -> None:
    edits, differing = merge_row_edits(
        [[edit(tmp_path / "行.yaml", form, is_new=is_new)] for form in forms]
    )

    assert [one.keys["expect"]["form"] for one in edits] == kept
    assert [len(one.notes) for one in edits] == [int(len(forms) > 1 and is_new)] * len(kept)
    assert [(one.message, one.path) for one in differing] == [(ROWS, "steps[0]")] * problems


def test_edits_of_other_places_are_all_kept(tmp_path: Path) -> None:
    one, two = tmp_path / "一.yaml", tmp_path / "二.yaml"
    made = [edit(one, {"金额": 1}), edit(one, {"金额": 2}, step=1), edit(two, {"金额": 3})]

    assert merge_row_edits([made[:2], made[2:]]) == (made, [])


REPLAYED = """\
scenario: 报销
form: {fields: {金额: 0}}
steps:
  - set: {金额: 1}
    expect: {form: {金额: 9}}
  - set: {金额: 2}
finally:
  - set: {金额: 3}
    expect: {form: {金额: 9}}
expect: {form: {金额: 9}}
"""


@pytest.mark.parametrize(
    ("failing", "written"),
    [
        ([("steps", 0), ("finally", 0), ()], [("steps", 0), ("finally", 0), ()]),
        ([], []),
        ([("steps", 0), ("steps", 0)], "step 1/1 : 仍不对"),
    ],
)
def test_a_scenario_is_replayed_with_each_edit_until_it_passes(
    tmp_path: Path, failing: list[tuple[str | int, ...]], written: Any
) -> None:
    path = tmp_path / "报销.scenario.yaml"
    path.write_text(REPLAYED, encoding="utf-8")
    (item,) = load_items(path, environ={})
    seen: list[list[Any]] = []

    def run(now: ScenarioItem) -> Any:
        every = [*now.steps, *now.cleanup]
        seen.append([one.step.expect.form for one in every] + [now.scenario.expect.form])
        if len(seen) > len(failing):
            return SimpleNamespace(outcome="passed", failures=())
        spot = now.spot.at(*failing[len(seen) - 1])
        update = build_update({"form": {"金额": 1}}, Expect(form={"金额": 9}), spot)
        failure = Failure(kind="expect", essence="仍不对", step=1, total=1, update=update)
        return SimpleNamespace(outcome="failed", failures=(failure,))

    edits, why = collect_edits_or_reason_by_replay(item, run)

    if isinstance(written, str):
        assert (edits, why) == ([], written)
        return
    assert ([one.steps for one in edits], why) == (written, "")
    old, new = {"金额": 9}, {"金额": 1}
    assert (
        seen
        == [
            [old, UNSET, old, old],
            [new, UNSET, old, old],
            [new, UNSET, new, old],
            [new, UNSET, new, new],
        ][: len(failing) + 1]
    )


@pytest.mark.parametrize("kinds", [("expect", "miss"), ("miss",), ("miss", "expect")])
def test_actual_values_are_taken_only_where_nothing_else_failed(
    tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    path = tmp_path / "报销.scenario.yaml"
    path.write_text(REPLAYED, encoding="utf-8")
    (item,) = load_items(path, environ={})
    update = build_update({"form": {"金额": 1}}, Expect(form={"金额": 9}), item.spot)

    ended: list[Expect] = []

    def run(now: ScenarioItem) -> Any:
        ended.append(now.scenario.expect)
        if len(ended) > 1:  # with the update that stood beside the miss it would pass
            return SimpleNamespace(outcome="passed", failures=())
        failures = [
            Failure(kind=kind, essence=kind, update=update if kind == "expect" else None)
            for kind in kinds
        ]
        return SimpleNamespace(outcome="failed", failures=failures)

    assert collect_edits_or_reason_by_replay(item, run) == ([], f": {kinds[0]}")
    assert ended == [item.scenario.expect]


def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from("甲乙丙"), inner, max_size=3
    )


PLAIN = st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "甲", "1", "true"])
VALUES = st.recursive(PLAIN, nest, max_leaves=8)
OPERATORS = st.one_of(
    VALUES.map(lambda value: {"$not": value}),
    VALUES.map(lambda value: {"$exactly": value}),
    VALUES.map(lambda value: {"$contains": value}),
    st.integers(0, 2).map(lambda number: {"$length": number}),
)
EXPECTED = st.recursive(PLAIN | OPERATORS, nest, max_leaves=8)


@given(EXPECTED, VALUES)
def test_what_is_written_anew_holds_and_is_what_the_file_then_has(
    expected: Any, actual: Any
) -> None:
    updated = update_expected(expected, actual, lambda value: value)
    if updated is UNSET:
        return
    text = f"steps:\n  - set: {{}}\n    expect: {write_inline({'result': expected})}  # 单\n"
    change = ExpectEdit(Path("单.yaml"), ("steps", 0), {"expect": {"result": updated}})

    written: Any = parse_yaml(change.apply(text), "单.yaml").to_plain()

    assert fulfils(updated, actual)
    assert is_same_value(written["steps"][0]["expect"], {"result": updated})
