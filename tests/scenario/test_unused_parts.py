"""Which parts of a file no row used, judged by the rows that passed, in any order of merging."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.file_verdict import (
    FileRuns,
    find_unused_conditions_of_row,
    find_unused_parts,
    find_used_keys_except_steps,
    is_failure_if_unused,
    make_ran_step_key,
    make_retried_step_key,
    make_unused_part_failure,
    select_keys_of_other_files,
)
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.source import RunWarning
from bpmax_sim.session.sending_log import InjectedFault
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Fault
from tests.files import write_files
from tests.scenario.bench import PlainBench
from tests.scenario.test_doubts_of_a_run import call, load

PARTS = """\
vars: {加急: true}
proxy:
  platforms: platforms
  ignore: [body.时间, query.号]
  redact: header.令牌
  stubs:
    - {on: crm.查客户, answers: [{body: 1}, {body: 2}, {body: 3}]}
    - {on: crm.下单, body: {}}
faults: [{on: crm.查客户, call: 1-2, do: {status: 503}}, {on: crm.下单, do: {status: 503}}]
steps:
  - {open: {}, retry: {tries: 3}}
  - {if: "${form.金额} > 1", set: {金额: 1}}
  - {if: "${vars.加急}", set: {金额: 2}}
  - {if: "${env.机器} == 1", set: {金额: 3}}
finally:
  - {if: "${form.客户}", set: {客户: 甲}}
"""
EVERY = [
    "10: answer 2 of the stub crm.查客户 was never given!",
    "10: answer 3 of the stub crm.查客户 was never given!",
    "10: the stub crm.查客户 has never answered!",
    "11: the stub crm.下单 has never answered!",
    "12: crm.查客户 call 1-2: fewer calls came, so that this never struck all of them",
    "14: retry: the first try was enough each time, so nothing shows that a second one helps",
    "15: if: ${form.金额} > 1 has never held, so this step never ran!",
    "16: if: ${vars.加急} has never held, so this step never ran",
    "19: if: ${form.客户} has never held, so this step never ran!",
    "7: ignore: no call has this place",
    "7: ignore: no call has this place",
    "8: redact: no call has this place",
]


def told(found: Iterable[RunWarning]) -> list[str]:
    """Return line and message of each part, with a mark behind those that are failures."""
    return sorted(
        f"{one.place.line if one.place else 0}: {one.message.partition(';')[0]}"
        f"{'!' if one.fails else ''}"
        for one in found
    )


def test_a_part_is_used_by_its_key(tmp_path: Path) -> None:
    item = load(tmp_path, PARTS, environ={"机器": "2"})
    stubs = item.spot.at("proxy", "stubs")
    conditions = [*item.steps[1:], *item.cleanup]
    keys = [
        str(stubs.at(0, "answers", 1).place),
        str(stubs.at(0, "answers", 2).place),
        str(stubs.at(0).place),
        str(stubs.at(1).place),
        f"{item.faults[0].place} range",
        make_retried_step_key(item.steps[0]),
        make_ran_step_key(conditions[0]),
        make_ran_step_key(conditions[1]),
        make_ran_step_key(conditions[3]),
        str(item.spot.at("proxy", "ignore", 0).place),
        str(item.spot.at("proxy", "ignore", 1).place),
        str(item.spot.at("proxy", "redact").place),
    ]

    assert told(find_unused_parts(item, ())) == EVERY
    assert told(find_unused_parts(item, keys)) == []
    for key, line in zip(keys, EVERY, strict=True):
        left = told(find_unused_parts(item, {key}))
        assert sorted([*left, line]) == EVERY, key
    assert select_keys_of_other_files(item, ["乙:1:1", *keys, "甲:1:1"]) == ("乙:1:1", "甲:1:1")


def test_conditions_of_steps_within_others_are_parts_too(tmp_path: Path) -> None:
    (tmp_path / "共用.yaml").write_text(
        "steps: {填: [{if: '${form.客户}', set: {客户: 甲}}, {run: 再填}],\n"
        "  再填: [{if: '${form.金额} > 9', set: {客户: 乙}}]}\n",
        encoding="utf-8",
    )
    during = "during: {call: crm.查客户, steps: [{if: '${form.金额} > 1', set: {金额: 1}}]}"
    text = f"use: 共用.yaml\nsteps:\n  - {{open: {{}}, {during}}}\n  - run: 填\n  - run: 填\n"
    item = load(tmp_path, text)

    assert told(find_unused_parts(item, ())) == [
        "1: if: ${form.客户} has never held, so this step never ran!",
        "2: if: ${form.金额} > 9 has never held, so this step never ran!",
        "6: if: ${form.金额} > 1 has never held, so this step never ran!",
    ]


def test_keys_of_what_a_run_used(tmp_path: Path) -> None:
    item = load(tmp_path, PARTS, environ={"机器": "2"})
    stubs = item.spot.at("proxy", "stubs")
    first, second = (str(stubs.at(number).place) for number in (0, 1))
    answers = [str(stubs.at(0, "answers", number).place) for number in range(3)]
    rules = [Fault(on="x", action=item.faults[0].action, place=stubs.at(n).place) for n in (0, 1)]
    ranged = item.faults[0]

    def use(counts: dict[int, int], serials: Iterable[int] = (), **parts: Any) -> set[str]:
        """Return the keys that are used if stubs answer so often and one call has *parts*."""
        injected = [
            InjectedFault(fault=ranged, call="crm.查客户", serial=one, attempt=0, at=0, order=0)
            for one in serials
        ]
        bench = PlainBench(
            fired=[rules[n] for n, count in counts.items() for _ in range(count)],
            injected_faults=injected,
        )
        calls = [call(), CallMade(number=2, call="crm.下单", **parts)]
        return find_used_keys_except_steps(item, cast("Session", bench), calls, rules)

    assert use({}) == set()
    assert use({0: 1}) == {first, answers[0]}
    assert use({0: 2}) == {first, *answers[:2]}
    assert use({0: 4, 1: 1}) == {first, *answers, second}
    ignored = [str(item.spot.at("proxy", "ignore", number).place) for number in (0, 1)]
    redacted = {str(item.spot.at("proxy", "redact").place)}
    assert use({}, body={"时间": None}, query={"号": ""}) == {*ignored}
    assert use({}, query={"号": "1"}, header={"号": "1"}) == {ignored[1]}
    assert use({}, response={"时间": 1}) == set()
    assert use({}, header={"令牌": "x"}) == use({}, response_header={"令牌": "x"}) == redacted
    assert use({}, [1]) == use({}, [1, 1]) == set()
    assert use({}, [1, 2]) == use({}, [1, 2, 3]) == {f"{ranged.place} range"}


def test_a_fault_of_several_sendings_is_used_when_one_call_was_sent_so_often(
    tmp_path: Path,
) -> None:
    rule = "{on: crm.查客户, attempts: 2, do: {status: 503}}"
    item = load(tmp_path, f"steps: [{{open: {{}}, faults: [{rule}]}}]")
    (fault,) = item.steps[0].faults

    def is_used(*serials: int) -> bool:
        injected = [
            InjectedFault(fault=fault, call="crm.查客户", serial=one, attempt=0, at=0, order=0)
            for one in serials
        ]
        session = cast("Session", PlainBench(injected_faults=injected))
        return bool(find_used_keys_except_steps(item, session, [call()], []))

    assert [is_used(), is_used(1), is_used(1, 2), is_used(1, 2, 1), is_used(1, 1)] == [
        False, False, False, True, True
    ]  # fmt: skip
    assert told(find_unused_parts(item, ())) == ["4: crm.查客户: no call was sent 2 times"]


@pytest.mark.parametrize(
    ("file", "fails", "verdicts"),
    [
        ("单.scenario.yaml", True, (True, True, False)),
        ("单.scenario.yaml", False, (True, False, False)),
        ("scenarios/defaults.yaml", True, (True, False, False)),
        ("scenarios/共用.yaml", True, (True, True, False)),
        ("", True, (True, True, False)),
    ],
)
def test_an_unused_part_fails_by_the_strictness_of_its_folder(
    file: str, verdicts: tuple[bool, ...], *, fails: bool
) -> None:
    part = RunWarning("rule", "未用", Place(file, 3, 1) if file else None, fails=fails)

    judged = [is_failure_if_unused(part, one) for one in ("strict", "normal", "lenient")]
    assert tuple(judged) == verdicts


def part(line: int, message: str = "未用", file: str = "甲.scenario.yaml") -> RunWarning:
    return RunWarning("rule", message, Place(file, line, 1), fails=True)


def test_a_part_is_unused_if_no_row_that_passed_used_it(tmp_path: Path) -> None:
    rows: list[tuple[str, list[RunWarning], list[str]]] = [
        ("一", [part(30), part(4), part(5)], []),
        ("二", [part(4), part(30)], []),
        ("三", [part(30), part(4), part(7)], []),
    ]
    for order in (rows, rows[::-1]):
        runs = FileRuns()
        for row, unused, used in order:
            assert [*runs.find_failing_unused_parts()] == []
            runs.add_row("甲.scenario.yaml", 3, row, unused, "normal", used)
        lines = [one.place.line for _, one in runs.find_failing_unused_parts() if one.place]
        assert lines == [4, 30]
        assert [*runs.find_tolerated_unused_parts()] == []

    apart = [FileRuns() for _ in rows]
    for runs, (row, unused, used) in zip(apart, rows, strict=True):
        runs.add_row("甲.scenario.yaml", 3, row, unused, "lenient", used)
    whole = FileRuns()
    for runs in apart:
        whole.merge(runs.to_plain_data())
    assert [*whole.find_failing_unused_parts()] == []
    assert len([*whole.find_tolerated_unused_parts("甲.scenario.yaml")]) == 2
    assert [*whole.find_tolerated_unused_parts("乙.scenario.yaml")] == []


def test_only_runs_that_passed_count(tmp_path: Path) -> None:
    item = load(tmp_path, "steps: [{open: {}}]")
    shared = part(3, file="共用.yaml")
    runs = FileRuns()
    for outcome in ("failed", "skipped", "xfailed"):
        end: Any = SimpleNamespace(
            outcome=outcome, unused_parts=(shared,), used_keys_of_other_files=("乙.yaml:1:1",)
        )
        runs.add_if_passed(item, end)
    assert runs.to_plain_data() == {}

    own = part(3, file=item.spot.source.file)
    end = SimpleNamespace(
        outcome="passed", unused_parts=(shared, own), used_keys_of_other_files=("乙.yaml:1:1",)
    )
    runs.add_if_passed(item, end)
    assert runs.to_plain_data() == {
        item.spot.source.file: (
            1,
            {""},
            {("rule", "未用", "共用.yaml:3:1", True)},
            "normal",
            {"乙.yaml:1:1"},
        )
    }


USING = "use: 共用.yaml\nscenario: 单\nsteps: [{open: {}}]\n"


@pytest.mark.parametrize(
    ("ran", "used", "reported"),
    [
        (["甲", "乙"], {}, ["乙"]),
        (["乙", "甲"], {}, ["甲"]),
        (["甲", "乙"], {"甲": ["共用.yaml:3:1"]}, []),
        (["甲", "乙"], {"乙": ["共用.yaml:4:1"]}, ["乙"]),
        (["甲"], {}, []),
    ],
)
def test_a_shared_part_is_told_once_when_all_files_that_may_use_it_have_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ran: list[str],
    used: dict[str, list[str]],
    reported: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    other = USING.replace("use: 共用.yaml\n", "")
    write_files(tmp_path, {
        "甲.scenario.yaml": USING, "乙.scenario.yaml": USING, "丙.scenario.yaml": other,
        "共用.yaml": "", "pyproject.toml": "[tool.bpmax_sim]\n",
    })  # fmt: skip
    runs = FileRuns()
    for name in ran:
        unused = [part(3, file="共用.yaml")]
        runs.add_row(f"{name}.scenario.yaml", 0, "", unused, "normal", used.get(name, []))

    found = [file for file, _ in runs.find_failing_unused_parts()]

    assert found == [f"{name}.scenario.yaml" for name in reported]


def test_the_failure_of_a_shared_part_is_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    item = load(tmp_path, "steps: [{open: {}}]")

    own = make_unused_part_failure(item, part(3, file="单.scenario.yaml"))
    assert (own.essence, own.scenario, bool(own.excerpt)) == ("未用", "报销单", True)
    assert own.rerun == "bpmax-sim run 单.scenario.yaml"
    for file, folder in (("深/共用.yaml", "深"), ("共用.yaml", ".")):
        shared = make_unused_part_failure(item, part(3, file=file))
        assert shared.essence == f"未用; no scenario below {folder} uses it"
        assert (shared.scenario, shared.excerpt) == (file, ())
        assert shared.rerun == f"bpmax-sim run {folder}"
    nowhere = make_unused_part_failure(item, RunWarning("rule", "未用"))
    assert nowhere.place == item.place


def test_a_condition_in_the_cell_of_a_row_is_judged_by_the_row_alone(tmp_path: Path) -> None:
    step = "{if: '${form.金额}', set: {金额: 1}}"
    text = f"cases:\n- {{id: 甲, 做: [{step}, {{open: {{}}}}]}}\n- {{id: 乙, 做: []}}\n"
    write_files(tmp_path, {
        "单.scenario.yaml": f"scenario: 单\nform: {{fields: {{金额: 0}}}}\n{text}"
        "steps: [{run: '${case.做}'}]\n",
    })  # fmt: skip
    first, second = load_items(tmp_path / "单.scenario.yaml", environ={})
    (inner, _) = first.steps[0].inner or ()

    (found,) = find_unused_conditions_of_row(first, ())
    assert found.message == "if: ${form.金额} has never held, so this step never ran"
    assert [*find_unused_conditions_of_row(first, {make_ran_step_key(inner)})] == []
    assert [*find_unused_conditions_of_row(second, ())] == []


def test_conditions_of_named_steps_that_only_cells_run_are_judged_over_all_rows(
    tmp_path: Path,
) -> None:
    write_files(tmp_path, {
        "单.scenario.yaml": "scenario: 单\nform: {fields: {金额: 0}}\nuse: 共用.yaml\n"
        "cases: [{id: 甲, 做: 清}, {id: 乙, 做: [{run: 查}]}, {id: 丙, 做: []}]\n"
        "steps: [{run: '${case.做}'}]\n",
        "共用.yaml": "steps:\n  清: [{if: '${form.金额}', set: {金额: 0}}]\n"
        "  查: [{if: '${form.金额} > 9', open: {}}]\n  别的: [{if: '${form.金额}', open: {}}]\n",
    })  # fmt: skip
    rows = load_items(tmp_path / "单.scenario.yaml", environ={})

    for row in rows:
        assert [*find_unused_conditions_of_row(row, ())] == []
        assert told(find_unused_parts(row, ())) == [
            "2: if: ${form.金额} has never held, so this step never ran!",
            "3: if: ${form.金额} > 9 has never held, so this step never ran!",
        ]


def test_a_condition_in_a_cell_that_finally_runs_is_judged_too(tmp_path: Path) -> None:
    step = "{if: '${form.金额}', set: {金额: 1}}"
    write_files(tmp_path, {
        "单.scenario.yaml": "scenario: 单\nform: {fields: {金额: 0}}\n"
        f"cases:\n- {{id: 甲, 收尾: [{{open: {{}}}}, {step}, {{run: 清}}]}}\n"
        "- {id: 乙, 收尾: []}\nuse: 共用.yaml\n"
        "steps: [{open: {}}]\nfinally: [{run: '${case.收尾}'}]\n",
        "共用.yaml": "steps: {清: [{set: {金额: 0}}]}\n",
    })  # fmt: skip
    first, second = load_items(tmp_path / "单.scenario.yaml", environ={})

    found = [*find_unused_conditions_of_row(first, ())]

    assert told(found) == ["4: if: ${form.金额} has never held, so this step never ran!"]
    assert [*find_unused_conditions_of_row(second, ())] == []


def test_retries_and_ranges_of_faults_in_finally_are_parts(tmp_path: Path) -> None:
    rule = "{on: crm.查客户, call: 2-3, do: {status: 503}}"
    text = f"finally:\n  - {{set: {{金额: 1}}, retry: {{tries: 3}}, faults: [{rule}]}}"
    item = load(tmp_path, f"steps: [{{open: {{}}}}]\n{text}")
    (last,) = item.cleanup
    (fault,) = last.faults
    keys = (make_retried_step_key(last), f"{fault.place} range")

    assert told(find_unused_parts(item, ())) == [
        "6: crm.查客户 call 2-3: fewer calls came, so that this never struck all of them",
        "6: retry: the first try was enough each time, so nothing shows that a second one helps",
    ]
    assert told(find_unused_parts(item, keys)) == []


@pytest.mark.parametrize(
    ("ran", "reported"),
    [
        (["甲"], []),
        (["甲", "丙"], []),
        (["丙", "丁"], []),
        (["丙", "丁", "甲"], ["甲"]),
        (["甲", "丙", "丁"], ["甲"]),
    ],
)
def test_a_part_of_a_file_that_another_shared_one_uses_waits_for_all_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: list[str], reported: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    using = {"甲": "use: 共用.yaml\n", "丙": "use: 中间.yaml\n", "丁": ""}
    scenarios = {f"{name}.scenario.yaml": f"{use}scenario: {name}\n" for name, use in using.items()}
    write_files(tmp_path, {
        **scenarios, "共用.yaml": "", "中间.yaml": "use: 共用.yaml\n",
        "pyproject.toml": "[tool.bpmax_sim]\n",
    })  # fmt: skip
    runs = FileRuns()
    for name in ran:
        unused = [part(3, file="共用.yaml")] if name == "甲" else []
        runs.add_row(f"{name}.scenario.yaml", 0, "", unused, "normal")

    found = [file for file, _ in runs.find_failing_unused_parts()]

    assert found == [f"{name}.scenario.yaml" for name in reported]
