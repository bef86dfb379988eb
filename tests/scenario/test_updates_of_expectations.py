# ruff: noqa: E501 - expectations, one a line
"""What `expect: new` and ``run --update`` write: which values, of which places, and until when."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.expect_new import NOTHING_CAME, has_other_failure, report_new_expect
from bpmax_sim.scenario.expect_update import (
    ExpectUpdate,
    attach_update,
    build_update,
    collect_edits_or_reason_by_replay,
    make_update_if_possible,
    merge_row_edits,
    update_expected,
)
from bpmax_sim.scenario.expect_writer import (
    ExpectEdit,
    FileRewrite,
    find_changed_keys,
    merge_expected,
    prepare_rewrites,
)
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.model import NOTHING_YET, Expect, ExpectedCall, Step
from bpmax_sim.scenario.source import Failure
from bpmax_sim.yamlfile.edit import Replacement
from tests.scenario.test_doubts_of_a_run import load, write

SECRET = "令牌 redacted.crm.test.token.1"
STEPS = """\
steps:
  - {open: {}, expect: {form: {金额: 1}}}
  - {set: {金额: 2}, during: {call: crm.查客户, steps: [{set: {客户: a}, expect: {form: {客户: a}}}]}, expect: {form: {金额: 2}}}
finally:
  - {set: {金额: 3}, expect: {form: {金额: 3}}}
"""


def read(**parts: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "form": {},
        "messages": [],
        "refusals": [],
        "proxy": [],
        "flow": {},
        "result": None,
    }
    return {name: lambda value=value: value for name, value in {**usual, **parts}.items()}


@pytest.fixture
def item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScenarioItem:
    monkeypatch.chdir(tmp_path)
    return load(tmp_path, STEPS)


def draft(item: ScenarioItem, *events: Event, at: int | None = 0, **parts: Any) -> Failure:
    located = None if at is None else item.steps[at]
    return report_new_expect(FailureReporter(item=item, located=located), read(**parts), events, ())


def keys(failure: Failure) -> Any:
    return failure.update and failure.update.edit.keys["expect"]


def test_a_new_expectation_has_each_effect_of_its_step(item: ScenarioItem) -> None:
    calls = [
        CallMade(number=1, call="crm.$token", query={"a": "1"}),
        CallMade(number=2, call="crm.查", path={"id": "1"}, query={"页": SECRET}, status=200),
        CallMade(number=3, call="crm.下", body={"单": {"号": SECRET}, "额": 0}, error="RESET"),
    ]
    written = [write(name, 1) for name in ("客户", "金额", "明细[0].量", "合同/金额", "空", "客户")]
    entered = write("备注", 1, by="user")
    form = {"金额": 0, "客户": None, "明细": [{"量": 2}], "合同/金额": 5, "备注": 1, "空": ""}
    failure = draft(
        item, *written, entered, form=form, proxy=calls, result=0,
        messages=[{"text": "好", "type": "info", "level": "x"}, {"text": "坏", "type": "error"}],
        flow={"at": "", "status": "finished", "pending": ["张三"], "owners": ["李四"]},
    )  # fmt: skip
    assert keys(failure) == {
        "form": {"客户": None, "金额": 0, "明细[0].量": 2},
        "messages": [{"text": "好", "type": "info"}, {"text": "坏", "type": "error"}],
        "proxy": [
            {"call": "crm.查", "path": {"id": "1"}, "status": 200},
            {"call": "crm.下", "body": {"额": 0}, "error": "RESET"},
        ],
        "flow": {"status": "finished", "pending": ["张三"]},
        "result": 0,
    }
    assert list(keys(failure)["form"]) == ["客户", "金额", "明细[0].量"]
    assert failure.update is not None
    assert failure.update.edit.is_new
    assert [one.message for one in failure.update.edit.notes] == [
        'form.空 is left out: "" looks like a mistake of the script',
        "proxy[0].query.页 is left out: it holds a secret",
        "proxy[1].body.单.号 is left out: it holds a secret",
    ]
    assert failure.essence == NOTHING_YET
    assert not has_other_failure([failure, draft(item)])
    assert has_other_failure([failure, replace_essence(failure)])


def replace_essence(failure: Failure) -> Failure:
    return Failure(
        kind="expect", essence="别的", scenario="", place=Place("a"), location=Place("a")
    )


def test_what_must_not_be_written_is_left_out(item: ScenarioItem) -> None:
    values = {
        "maps": [{"t": SECRET}], "list": ["x", [SECRET]], "mixed": {"$a": 1, "b": 2}, "nested": [{"a": {"$in": 1}}], "deep": [[{"$x": 1}]],
        "null": None, "zero": 0, "empty": {},
    }  # fmt: skip
    failure = draft(item, result=values)
    assert keys(failure) == {"result": {"null": None, "zero": 0, "empty": {"$exactly": {}}}}
    assert failure.update is not None
    assert [one.message.partition(": ")[2] for one in failure.update.edit.notes] == [
        *["it holds a secret"] * 2,
        *["its keys look like operators"] * 3,
    ]
    assert (
        keys(draft(item, messages=[{"text": SECRET, "type": "a"}, {"text": "b", "type": "c"}]))
        is None
    )
    empty: list[Any] = [None, {}, False, []]
    assert [keys(draft(item, result=one)) for one in empty] == [
        None, None, {"result": False}, None,
    ]  # fmt: skip
    assert keys(draft(item, at=None, result=5)) is None
    bare = replace(item, steps=(replace(item.steps[0], step=Step()),))
    assert [keys(draft(one, result=5)) for one in (item, bare)] == [{"result": 5}, None]
    assert draft(item).essence == NOTHING_CAME
    assert keys(draft(item, flow={"at": "审批", "status": "x", "pending": []})) == {
        "flow": {"at": "审批", "pending": []}
    }


def fill(value: Any) -> Any:
    values = {"${vars.c}": "crm.*", "${vars.b}": {"a": 1}, "${vars.t}": "好"}
    if isinstance(value, list):
        return [fill(one) for one in value]
    if isinstance(value, dict):
        return {key: fill(one) for key, one in value.items()}
    return values.get(value, value) if isinstance(value, str) else value


def test_only_what_does_not_hold_is_written_anew(item: ScenarioItem) -> None:
    calls = [
        CallMade(number=1, call="crm.$token"),
        CallMade(number=2, call="crm.查", body={"a": 1}, query={"页": "2"}, url="https://c.test/a/%E5%8D%95?x=1", header={"x-a": "1"}),
        CallMade(number=3, call="crm.下", path={"id": "2"}, status=201),
        CallMade(number=4, call="oa.x"),
    ]  # fmt: skip
    expected = Expect(
        form={"金额": 1, "客户": "甲", "没有": 1},
        console=["一", {"level": "log"}],
        messages=["${vars.t}", {"text": "x", "code": "C"}, {"$matches": "^三"}],
        proxy=(
            ExpectedCall(call="${vars.c}", body="${vars.b}", query={"页": 1}, path="/b", header={"X-A": 2}),
            ExpectedCall(call="crm.查", path={"id": 1}, status=201),
        ),
        vars={"额": 1},
    )  # fmt: skip
    state = read(
        form={"金额": 1, "客户": "乙"},
        console=[{"text": "一", "level": "log"}, {"text": "二", "level": "warn"}],
        messages=[{"text": "好", "type": "info"}, {"text": msg("y"), "type": "info"}, {"text": "四"}, {"text": "五"}],
        proxy=calls, vars={"额": 1},
    )  # fmt: skip
    update = make_update_if_possible(expected, state, fill, item.steps[0].spot)

    assert update is not None
    written = update.edit.keys["expect"]
    assert written == {
        "form": {"金额": 1, "客户": "乙"},
        "console": ["一", {"level": "warn"}],
        "messages": ["${vars.t}", {"text": "y"}, "四", "五"],
        "proxy": [
            {"call": "${vars.c}", "body": "${vars.b}", "query": {"页": "2"}, "path": "/a/单", "header": {"X-A": "1"}},
            {"call": "crm.下", "path": {"id": "2"}, "status": 201},
            {"call": "oa.x"},
        ],
    }  # fmt: skip
    assert type(written["messages"][1]["text"]) is str
    assert (update.expect.vars, update.edit.is_new) == ({"额": 1}, False)
    assert update.expect.proxy is not UNSET
    assert update.expect.proxy[2] == ExpectedCall(call="oa.x")
    other = make_update_if_possible(
        Expect(messages={"text": "x"}, flow={"passed": {"审批": 1, "复核": 0}}),
        read(messages=[{"text": "y", "type": "a"}], flow={"passed": ["审批", "审批"]}),
        fill,
        item.steps[0].spot,
    )
    assert other is not None
    assert other.edit.keys["expect"] == {
        "messages": [{"text": "y"}],
        "flow": {"passed": {"审批": 2, "复核": 0}},
    }
    many = replace(expected, proxy=(*expected.proxy, ExpectedCall(call="x", times=1)))  # type: ignore[misc]
    assert make_update_if_possible(many, state, fill, item.spot) is None
    assert make_update_if_possible(Expect(form={"没有": 1}), state, fill, item.spot) is None
    failure = draft(item)
    assert attach_update([], expected, state, fill, item.spot) == []
    attached = attach_update([failure, failure], expected, state, fill, item.steps[0].spot)
    assert [one.update for one in attached] == [update, update]


def test_a_value_is_updated_part_by_part() -> None:
    cases: list[tuple[Any, Any, Any]] = [
        ({"$not": {}}, {"a": 1}, {"a": 1}),
        ({"$not": {"a": 1}}, {"a": 1, "b": 2}, {"a": 1}),
        ({"$not": 5}, 5, 5),
        ([1, {"a": 1}], [1, {"b": 2}], [1, {"b": 2}]),
        ([1], [1, 2], [1, 2]),
        ("${vars.t}", "好", "${vars.t}"),
        ({"a": "${vars.t}"}, {"a": "好"}, {"a": "${vars.t}"}),
        (1, 0, 0),
        (1, "", ""),
        ({}, 7, 7),
        (1, UNSET, UNSET),
    ]
    assert [update_expected(old, new, fill) for old, new, _ in cases] == [one for *_, one in cases]


def test_a_scenario_is_replayed_until_nothing_but_expectations_failed(item: ScenarioItem) -> None:
    def update(number: int, *, path: tuple[str | int, ...] = ()) -> ExpectUpdate:
        spot = item.spot.at(*path) if path else item.spot
        return build_update({"form": {"金额": number}}, Expect(), spot)

    def failed(*updates: ExpectUpdate | None) -> ScenarioFinished:
        failures = tuple(
            SimpleNamespace(update=one, headline=f"第 {n} 个") for n, one in enumerate(updates)
        )
        return cast("ScenarioFinished", SimpleNamespace(outcome="failed", failures=failures))

    def replay(*ends: Any) -> tuple[list[Any], str, list[Any]]:
        left, seen = list(ends), []

        def run(one: ScenarioItem) -> ScenarioFinished:
            located = [*one.steps, *one.steps[1].during, *one.cleanup]
            seen.append([one.scenario.expect.form, *(step.step.expect.form for step in located)])
            return cast("ScenarioFinished", left.pop(0))

        edits, why = collect_edits_or_reason_by_replay(item, run)
        return [edit.keys["expect"]["form"]["金额"] for edit in edits], why, seen

    paths = [("steps", 0), ("steps", 1, "during", "steps", 0), ("finally", 0), ()]
    for outcome in ("passed", "skipped", "xfailed"):
        ended = SimpleNamespace(outcome=outcome, failures=())
        numbers, why, seen = replay(
            failed(update(5, path=paths[0]), update(6, path=paths[1])),
            failed(update(7, path=paths[2]), update(8)),
            ended,
        )
        assert (numbers, why) == ([5, 6, 7, 8], "")
    start = [{"金额": 1}, {"金额": 2}, {"客户": "a"}, {"金额": 3}]
    assert seen == [
        [UNSET, *start],
        [UNSET, {"金额": 5}, {"金额": 2}, {"金额": 6}, {"金额": 3}],
        [{"金额": 8}, {"金额": 5}, {"金额": 2}, {"金额": 6}, {"金额": 7}],
    ]
    first = update(5, path=paths[0])
    assert replay(failed(None, first))[:2] == ([], "第 0 个")
    assert replay(failed(first, None))[:2] == ([], "第 0 个")
    second = update(6, path=paths[1])
    assert replay(failed(second), failed(first), failed(first))[:2] == ([], "第 0 个")
    endless = (failed(update(number, path=paths[0])) for number in range(300))
    edits, why = collect_edits_or_reason_by_replay(item, lambda _: next(endless))
    assert (edits, why) == ([], "more than 200 steps differ")


def test_rows_agree_on_what_is_written(tmp_path: Path) -> None:
    def edit(value: Any, step: int = 0, *, is_new: bool = False) -> ExpectEdit:
        return ExpectEdit(tmp_path / "a.yaml", ("steps", step), {"expect": value}, is_new=is_new)

    kept, problems = merge_row_edits(
        [
            [edit({"a": 1}), edit({"b": 1}, 1)],
            [edit({"a": True}), edit({"b": 1}, 1)],
            [edit({"c": 1}, 2)],
        ]
    )
    assert [one.steps for one in kept] == [("steps", 1), ("steps", 2)]
    assert [(one.message.partition(";")[0], one.path) for one in problems] == [
        ("the rows come to different values here", "steps[0]")
    ]
    assert merge_row_edits([[edit({"a": 1})], [edit({"a": 2})]])[0] == []
    rows: list[Any] = [
        {"proxy": [{"call": "x", "body": {"n": 1, "k": 1}}, {"call": "y"}], "form": {"甲": 1, "乙": 2}, "列": [1, 2], "短": [1], "头": [{"call": "p"}, {"call": "q"}]},
        {"proxy": [{"call": "x", "body": {"n": 2, "k": 1}}, {"call": "y"}], "form": {"甲": 2, "丙": 3, "乙": 2}, "列": [1, 3], "短": [1, 2], "头": [{"call": "p"}, {"call": "r"}]},
        {"proxy": [{"call": "x", "body": {"n": 3, "k": 1}}, {"call": "y"}], "form": {"乙": 2}},
    ]  # fmt: skip
    [new], problems = merge_row_edits([[edit(one, is_new=True)] for one in rows])
    assert new.keys == {
        "expect": {"proxy": [{"call": "x", "body": {"k": 1}}, {"call": "y"}], "form": {"乙": 2}}
    }
    assert (len(new.notes), problems) == (1, [])
    first: dict[str, Any] = {
        "列": [1, 2],
        "短": [1],
        "额": 1,
        "首": [{"call": "p", "n": 1}],
        "同": [1, {"a": 1}],
        "名": 5,
    }
    second: dict[str, Any] = {
        "列": [1, 3],
        "短": [1, 2],
        "首": [{"call": "q", "n": 1}],
        "同": [1, {"a": 1, "b": 2}],
        "名": 5,
    }
    [both], _ = merge_row_edits([[edit(first, is_new=True)], [edit(second, is_new=True)]])
    assert both.keys == {"expect": {"同": [1, {"a": 1}], "名": 5}}
    _, [differing] = merge_row_edits([[edit({"a": 1}, is_new=True)], [edit({"a": 2}, is_new=True)]])
    assert differing.path == "steps[0]"


def test_an_edit_changes_the_keys_that_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {
        "expect": {"form": {"a": 1, "b": {"$in": [1], "$ne": 2}}, "result": 1},
        "set": {"x": 1},
    }
    after = {"expect": {"form": {"a": True, "b": {"$in": [1]}}, "vars": {"c": 1}, "result": 1}}
    changes = find_changed_keys(before, after)
    assert changes == {"expect": {"form": {"a": True, "b": {"$in": [1]}}, "vars": {"c": 1}}}
    assert [
        type(changes["expect"]["form"]),
        type(find_changed_keys({"e": {"f": {"a": 1, "b": 2}}}, {"e": {"f": {"a": 1}}})["e"]["f"]),
    ] == [dict, cast("Any", Replacement)]
    assert find_changed_keys({"e": {"f": {"a": 1, "b": 2}}}, {"e": {"g": 1}}) == {"e": {"g": 1}}
    assert find_changed_keys(5, {"e": 1}) == {"e": 1}
    merged: list[tuple[Any, Any, Any]] = [
        (UNSET, 1, 1), (1, 1, 1), (1, True, UNSET), ([1, {"a": 1}], [1, {"b": 2}], [1, {"a": 1, "b": 2}]), ([1], [1, 2], UNSET), ([1, 2], [1], UNSET),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}), ({"a": 1}, {"a": 2}, UNSET), ({"$gt": 1}, 5, {"$gt": 1, "$eq": 5}), ({"$eq": 4}, 5, UNSET), ({"a": 1}, 5, UNSET),
        ({"$length": 1}, [1], [1]), ({"$gt": 1}, {"a": 1}, {"$gt": 1, "$contains": {"a": 1}}), ({"a": 1}, {"$gt": 1}, UNSET), ({}, {"$gt": 1}, {"$gt": 1}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}), (1, {"a": 1}, UNSET),
    ]  # fmt: skip
    assert [merge_expected(known, addition) for known, addition, _ in merged] == [
        one for *_, one in merged
    ]


def test_edits_of_a_file_are_applied_in_memory_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, other, broken = (tmp_path / f"{name}.yaml" for name in "甲乙丙")
    path.write_text(
        "steps:\n  - expect: {a: 1} # 注\n  - set: 1\n  - set: 2\n  - set: 3\n", encoding="utf-8"
    )
    other.write_text("steps: [{expect: {a: 1}}]\n", encoding="utf-8")
    broken.write_text("steps: [{expect: 5}]\n", encoding="utf-8")
    edits = [
        ExpectEdit(path, ("steps", 0), {"expect": {"b": 2}}, is_merged=True), ExpectEdit(path, ("steps", 0), {"expect": {"a": 1}}), ExpectEdit(path, ("steps", 1), {"expect": {"c": 3}}),
        ExpectEdit(other, ("steps", 0), {"expect": {"a": 1}}), ExpectEdit(broken, ("steps", 0), {"expect": 6}, is_merged=True), ExpectEdit(tmp_path / "无.yaml", (), {}),
    ]  # fmt: skip
    [file], refused = prepare_rewrites(edits)
    assert (
        file.after
        == "steps:\n  - expect: {a: 1, b: 2} # 注\n  - set: 1\n    expect: {c: 3}\n  - set: 2\n  - set: 3\n"
    )
    assert "what is expected there leaves no room" in str(refused[0])
    assert (len(refused), file.is_table, file.path, file.encoding) == (2, False, path, "utf-8")
    lines = [*file.make_diff_lines()]
    assert lines[2:] == [
        "@@ -1,4 +1,5 @@",
        " steps:",
        "-  - expect: {a: 1} # 注",
        "+  - expect: {a: 1, b: 2} # 注",
        "   - set: 1",
        "+    expect: {c: 3}",
        "   - set: 2",
    ]
    assert not FileRewrite(file.version, "a", "a").is_changed
    file.restore()
    file.write()
    path.write_text(file.after[:20], encoding="utf-8")
    file.restore()
    assert path.read_text(encoding="utf-8") == file.before
    file.write()
    path.write_text("别人写的", encoding="utf-8")
    with pytest.raises(Exception, match="somebody wrote it"):
        file.restore()
