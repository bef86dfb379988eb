"""What `uses` and `list --resolved` print of a small project, and what tools write for it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli import calibrate, listing, types, usage, verify
from bpmax_sim.cli.resolved import format_resolved, resolve_keys, to_keys_data
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.live.judge import (
    CalibrationDifference,
    CalibrationResult,
    RuleMark,
    describe_workaround,
)
from bpmax_sim.live.rules import RULES
from bpmax_sim.report.usage import Evidence, store_evidence
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.yamlfile import parse_yaml
from tests.cassette.exchanges import detail
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write as write_cassette
from tests.files import write_files

FILES = {
    "scenarios/platforms/crm.yaml": (
        "platform_key: crm\nbase_url: https://crm.example.test\napis:\n"
        "  getOrder: {method: GET, path: /o}\n"
    ),
    "scenarios/脚本/查.js": "await $proxy('crm').getOrder('1');\nform.金额 = 1;\n",
    "scenarios/采购/片段.yaml": "steps: {查: [{js: {file: ../脚本/查.js}}]}\n",
    "scenarios/采购/付款.scenario.yaml": (
        "version: 1\nscenario: 付款\nuse: [片段.yaml]\nform: {fields: {金额: 0}}\n"
        "vars: {口令: 甲, 客户: \"12345\", 空: ''}\nsecrets: [vars.口令]\n"
        "steps:\n  - {run: 查}\n  - {set: {金额: 2}}\n"
    ),
    "scenarios/defaults.yaml": "proxy: {unused: warn}\n",
}
PAY = "scenarios/采购/付款.scenario.yaml"


@pytest.fixture(name="root", autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_uses_of_an_api_end_with_the_scenarios_that_run_it(bs: Command) -> None:
    done = bs("uses", "crm.get_order")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "crm.getOrder (API): 2 uses",
        "  declared at",
        "    scenarios/platforms/crm.yaml:4:3  getOrder",
        "  called by",
        "    scenarios/脚本/查.js:1:21  direct 1",
        "      run by scenarios/采购/片段.yaml:1:25  file",
        "        loaded by scenarios/采购/付款.scenario.yaml:3:7  use",
    ]


def test_each_thing_of_a_name_has_its_tree_and_its_entry(bs: Command) -> None:
    told = json.loads(bs("uses", "金额", "--json").out)["places"]
    lines = bs("uses", "金额").out.splitlines()

    assert [(one["kind"], one["name"], len(one["uses"])) for one in told] == [("field", "金额", 5)]
    assert [line for line in lines if not line.startswith("   ")] == [
        "金额 (field): 3 uses",
        "  declared at",
        "  written by",
        "  filled in by",
    ]
    last = told[0]["uses"][-1]
    assert last == {
        "role": "loads", "file": PAY, "line": 3, "column": 7, "detail": "use", "learned": False,
        "through": ["scenarios/采购/片段.yaml", "scenarios/脚本/查.js"],
    }  # fmt: skip


def test_who_runs_a_file_is_told_below_the_first_of_its_uses(root: Path, bs: Command) -> None:
    script = root / "scenarios/脚本/查.js"
    text = script.read_text("utf-8")
    script.write_text(f"{text}const crm = $proxy('crm');\nawait crm.getOrder('2');\n", "utf-8")
    write_files(root, {
        "scenarios/脚本/催.js": "await $proxy('crm').getOrder('1', '2');\n",
        "scenarios/退款.scenario.yaml": (
            "version: 1\nscenario: 退款\nform: {fields: {金额: 0}, scripts: {open: 脚本/催.js}}\n"
            "proxy:\n  stubs: [{on: crm.getOrder, body: {}}]\n"
            "faults: [{on: crm.get_order, do: {status: 500}}]\nsteps: [{open: {}}]\n"
        ),
        ".bpmax/trace/scenarios/退款/a.ndjson": (
            '{"event":"CallMade","call":"crm.getOrder","place":"脚本/学.js:3:7"}\n'
        ),
        "scenarios/脚本/学.js": "const 名 = 'getOrder';\n",
    })  # fmt: skip
    os.utime(root / "scenarios/脚本/学.js", (1, 1))

    lines = bs("uses", "crm.get_order").out.splitlines()

    assert lines == [
        "crm.getOrder (API): 7 uses",
        "  declared at",
        "    scenarios/platforms/crm.yaml:4:3  getOrder",
        "  called by",
        "    scenarios/脚本/催.js:1:21  direct 2",
        "      run by scenarios/退款.scenario.yaml:3:41  open",
        "    scenarios/脚本/学.js:3:7  learned from a run",
        "    scenarios/脚本/查.js:1:21  direct 1",
        "      run by scenarios/采购/片段.yaml:1:25  file",
        "        loaded by scenarios/采购/付款.scenario.yaml:3:7  use",
        "    scenarios/脚本/查.js:4:11  direct 1",
        "  stubbed by",
        "    scenarios/退款.scenario.yaml:5:16  on",
        "  given a fault by",
        "    scenarios/退款.scenario.yaml:6:15  on",
    ]


@pytest.mark.parametrize(
    ("place", "folder", "head"),
    [
        ("查.js:2", "scenarios/脚本", "scenarios/脚本/查.js:2 (file): 3 uses"),
        ("查.js", "scenarios/脚本", "scenarios/脚本/查.js (file): 1 use"),
        (PAY, ".", f"{PAY} (file): 0 uses"),
    ],
)
def test_a_file_or_a_line_is_named_from_where_one_stands(
    root: Path, bs: Command, monkeypatch: pytest.MonkeyPatch, place: str, folder: str, head: str
) -> None:
    monkeypatch.chdir(root / folder)
    done = bs("uses", place)

    assert (done.code, done.out.splitlines()[0]) == (0, head)
    nothing = f"nothing in this project uses {place}\n"
    assert done.err == (nothing if head.endswith("0 uses") else "")


def test_each_key_of_a_scenario_has_its_value_and_its_place(bs: Command) -> None:
    (item,) = load_items(Path(PAY).absolute())
    keys = [*resolve_keys(item)]

    assert [(one.key, one.value, f"{one.place.file}:{one.place.line}") for one in keys] == [
        ("scenario", "付款", f"{PAY}:2"),
        ("version", "1", f"{PAY}:1"),
        ("use", '["片段.yaml"]', f"{PAY}:3"),
        ("form.fields.金额", "0", f"{PAY}:4"),
        ("proxy.unused", "warn", "scenarios/defaults.yaml:1"),
        ("vars.口令", "***", f"{PAY}:5"),
        ("vars.客户", "12345", f"{PAY}:5"),
        ("vars.空", "", f"{PAY}:5"),
        ("secrets", '["vars.口令"]', f"{PAY}:6"),
        ("steps[0]", '{"run": "查"}', f"{PAY}:8"),
        ("steps[1]", '{"set": {"金额": 2}}', f"{PAY}:9"),
    ]
    assert to_keys_data(keys[-2:-1]) == [
        {"key": "steps[0]", "value": '{"run": "查"}', "file": PAY, "line": 8, "column": 5}
    ]
    lines = [*format_resolved([(PAY, "付款", keys), (PAY, "付款", keys), ("b", "乙", keys[7:8])])]
    assert lines[0] == f"{PAY}  付款"
    assert lines[len(keys) + 1 :] == ["b  乙", f'  {PAY}:5  vars.空  ""']


LISTS = """\
version: 1
scenario: 报价
proxy:
  stubs:
    - {on: crm.getOrder, body: {}}
    - {on: crm.find}
  redact: [body.phone, body.id]
cases:
  - {id: 甲, 金额: 1}
  - {id: 乙, 金额: 2}
steps: [{js: return 1}]
finally:
  - {js: return 2}
  - {js: return 3}
"""


def test_each_step_row_and_stub_has_a_line_of_its_own(root: Path) -> None:
    path = root / "scenarios/报价.scenario.yaml"
    path.write_text(LISTS, encoding="utf-8")
    item, _ = load_items(path)

    lists = {one.key: (one.value, one.place.line) for one in resolve_keys(item)}
    assert {key: told for key, told in lists.items() if told[1] > 3} == {
        "proxy.stubs[0]": ('{"on": "crm.getOrder", "body": {}}', 5),
        "proxy.stubs[1]": ('{"on": "crm.find"}', 6),
        "proxy.redact": ('["body.phone", "body.id"]', 7),
        "cases[0]": ('{"id": "甲", "金额": 1}', 9),
        "cases[1]": ('{"id": "乙", "金额": 2}', 10),
        "steps[0]": ('{"js": "return 1"}', 11),
        "finally[0]": ('{"js": "return 2"}', 13),
        "finally[1]": ('{"js": "return 3"}', 14),
    }


HIDING = """\
version: 1
scenario: 登录
secrets: [vars.登录.密码, "vars.列[1]", case.令牌, case.更多.钥, vars.平, env.口令]
vars: {登录: {密码: hunter2-a, 名: 张三}, 列: [甲, hunter2-b, 丙], 平: [hunter2-c], 名: 李四}
cases:
  - {id: 一, 令牌: hunter2-d, 更多: {钥: hunter2-e, 名: 王五}}
  - {id: 二, 令牌: hunter2-f, 更多: {钥: hunter2-g, 名: 赵六}}
steps: [{js: "return 1"}]
"""


def test_secrets_are_hidden_inside_of_values_and_in_each_row(root: Path, bs: Command) -> None:
    path = root / "scenarios/登录.scenario.yaml"
    path.write_text(HIDING, encoding="utf-8")
    item, _ = load_items(path)

    assert {one.key: one.value for one in resolve_keys(item) if one.key[:1] in "vc"} == {
        "version": "1",
        "vars.登录": '{"密码": "***", "名": "张三"}',
        "vars.列": '["甲", "***", "丙"]',
        "vars.平": "***",
        "vars.名": "李四",
        "cases[0]": '{"id": "一", "令牌": "***", "更多": {"钥": "***", "名": "王五"}}',
        "cases[1]": '{"id": "二", "令牌": "***", "更多": {"钥": "***", "名": "赵六"}}',
    }
    for more in ((), ("--json",)):
        assert "hunter2" not in bs("list", "--resolved", *more).out


# ---------------------------------------------------------------------------- ages


@pytest.mark.parametrize(
    ("owners", "shown"),
    [
        ([("付款", [3, 40])], "40 days ago"),
        ([("付款", [10])], ""),
        ([("付款", [])], ""),
        ([("旧名", [40])], "40 days ago"),  # the only one there, whatever it is called
        ([("旧名", [40]), ("付款", [3])], ""),
        ([("旧名", [3]), ("付款", [40])], "40 days ago"),
        ([("旧名", [40]), ("别的", [50])], ""),
        ([("从前", [40]), ("别的", [50])], "40 days ago"),
        ([("付款", [3]), ("从前", [40])], ""),
    ],
)
def test_a_recording_is_as_old_as_what_its_scenario_recorded_first(
    root: Path, owners: list[tuple[str, list[int]]], shown: str
) -> None:
    path = root / PAY
    path.write_text(FILES[PAY].replace("use:", "was: [从前]\nuse:"), encoding="utf-8")
    (item,) = load_items(path)
    now = time.time()
    write_cassette(
        root / "cassettes/采购/付款.yaml",
        [(name, [detail(n, at=now - days * 86_400 - 60) for n, days in enumerate(ages)])
         for name, ages in owners],
    )  # fmt: skip

    told = listing._describe_age(item.header, 20 * 86_400)
    assert told.endswith(f", {shown}" if shown else "")
    if shown:
        day = str(Instant(now - int(shown.split(maxsplit=1)[0]) * 86_400 - 60))[:10]
        assert told.startswith(f"recorded {day}, ")
    assert bool(told) is bool(shown)


@pytest.mark.parametrize(
    ("keys", "more", "shown"),
    [
        ("", (), ""),
        ("tags: [大额, 月末]\n", (), "  大额 月末"),
        ("was: [从前]\n", (), "  (was '从前')"),
        ("was: [从前, 更早]\n", ("--old", "20d"), "  (was '从前', '更早') {age}"),
        ("tags: [大额]\nwas: [从前]\n", ("--old", "20d"), "  大额 (was '从前') {age}"),
    ],
)
def test_a_line_of_the_list_has_tags_earlier_names_and_age(
    root: Path, bs: Command, keys: str, more: tuple[str, ...], shown: str
) -> None:
    path = root / PAY
    path.write_text(FILES[PAY].replace("use:", f"{keys}use:"), encoding="utf-8")
    recorded = detail(1, at=time.time() - 40 * 86_400 - 60)
    write_cassette(root / "cassettes/采购/付款.yaml", [("付款", [recorded])])
    (item,) = load_items(path)
    age = listing._describe_age(item.header, 0)

    done = bs("list", *more)

    assert done.out == f"{PAY}:2  付款  采购/付款{shown.format(age=age)}\n"


def test_a_list_of_nothing_is_an_empty_document_without_advice(root: Path, bs: Command) -> None:
    (root / PAY).unlink()
    plain, told = bs("list"), bs("list", "--json")

    assert (plain.code, plain.out) == (5, "")
    assert plain.err.startswith("scenarios/: no *.scenario.yaml here")
    assert (told.code, told.err, json.loads(told.out)["items"]) == (5, "", [])


def test_what_is_not_recorded_has_no_age(root: Path) -> None:
    (item,) = load_items(root / PAY)
    assert listing._describe_age(item.header, 0) == ""


# ---------------------------------------------------------------------------- files for editors


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (None, {"a": 1, "b": {"c": 2}}, ""),
        ("{}", {"a": 1, "b": {"c": 2}}, ""),
        ('{"z": 0, "a": null}', {"a": None, "b": {"c": 2}, "z": 0}, ""),
        ('{"b": 1, "a": 2}', None, ""),
        ("// 说明\n{}", None, "it has comments or is not an object"),
        ("[]", None, "it has comments or is not an object"),
        ("", None, "it has comments or is not an object"),
    ],
)
def test_only_missing_settings_are_added(
    root: Path,
    before: str | None,
    after: Any,
    note: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = root / ".vscode/settings.json"
    if before is not None:
        path.parent.mkdir()
        path.write_text(before, encoding="utf-8")

    assert types._add_settings(path, {"a": 1, "b": {"c": 2}}) is (after is not None)
    if after is None:
        assert path.read_text(encoding="utf-8") == before
    else:
        assert json.loads(path.read_text(encoding="utf-8")) == after
    told = f".vscode/settings.json was left unchanged: {note}\n" if note else ""
    assert capsys.readouterr().err == told


def test_schemas_and_declarations_are_written_where_they_differ(root: Path) -> None:
    first = [path.relative_to(root).as_posix() for path in types.write_editor_files(root)]
    (root / "scenarios/schemas/form.schema.json").write_text("{}\n", encoding="utf-8")
    (root / "scenarios/bpmax.d.ts").write_text("", encoding="utf-8")
    third = [path.relative_to(root).as_posix() for path in types.write_editor_files(root)]

    assert first[:2] == ["scenarios/bpmax.d.ts", "scenarios/schemas"]
    assert third == first[:2]
    assert [*types.write_editor_files(root)] == []
    (root / "scenarios/bpmax.d.ts").unlink()
    types.refresh_existing_types(root)
    assert not (root / "scenarios/bpmax.d.ts").exists()


# ---------------------------------------------------------------------------- calibration


def calibrated(**changes: Any) -> CalibrationResult:
    known: dict[str, Any] = {
        "asked": 0, "engine": "V8", "zone": "", "offsets": (480, 480), "rules": {},
    }  # fmt: skip
    return CalibrationResult(**{**known, **changes})


@pytest.mark.parametrize(
    ("offsets", "clock", "is_summer"),
    [
        ((), None, False), ((480, 480), None, False), ((480,), None, False),
        ((0, 0), "2026-01-05T09:00:00+00:00", False),
        ((-180, -180), "2026-01-05T09:00:00-03:00", False),
        ((-210, -150), "2026-01-05T09:00:00-03:30", True),
        ((345, 345), "2026-01-05T09:00:00+05:45", False),
        ((60, 120), "2026-01-05T09:00:00+01:00", True),
        ((480, 540), "2026-01-05T09:00:00+08:00", True),
    ],
)  # fmt: skip
def test_a_zone_other_than_that_of_shanghai_becomes_the_clock(
    root: Path,
    offsets: tuple[int, ...],
    clock: str | None,
    is_summer: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planned = [*calibrate._plan_clock_zone(root, calibrated(offsets=offsets))]

    assert ("summer time" in capsys.readouterr().err) is is_summer
    if clock is None:
        assert planned == []
        return
    ((path, (text, told)),) = planned
    assert path == root / "pyproject.toml"
    assert (text, told) == (
        f'[tool.bpmax_sim.defaults]\nclock = "{clock}"\n',
        f"defaults.clock: {clock}",
    )
    path.write_text(text, encoding="utf-8")
    assert [*calibrate._plan_clock_zone(root, calibrated(offsets=offsets))] == []
    path.write_text("tool.bpmax_sim.defaults = {clock = 'x'}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"cannot be added to here; write clock = {clock[:10]}"):
        list(calibrate._plan_clock_zone(root, calibrated(offsets=offsets)))


def test_what_a_calibration_found_is_told_line_by_line() -> None:
    found = calibrated(
        offsets=(330, -90),
        result="body",
        globals={"form": {"members": ["$message", "金额"]}, "ctx": None},
    )
    assert [*calibrate.describe_calibration(found)] == [
        "engine V8, time zone +5.5 h, -1.5 h, result body",
        "form: $message, 金额",
        "ctx: none",
        "0 rules: 0 confirmed, 0 refuted, 0 unknown",
    ]
    assert next(calibrate.describe_calibration(calibrated(zone="Asia/Shanghai"))).startswith(
        "engine V8, time zone Asia/Shanghai"
    )


def test_rules_are_told_refuted_first_and_unknown_last() -> None:
    both = {
        "a": CalibrationDifference(ours="?a=1&a=2", there="?a=1%2C2"),
        "b": CalibrationDifference(ours="一", there="二"),
    }
    found = calibrated(
        zone="Asia/Shanghai",
        result="body",
        rules={
            "timeout": RuleMark(mark="unknown", why="没有等到"),
            "merge_body": RuleMark(mark="confirmed", why="只试了一次"),
            "query_array": RuleMark(mark="refuted", seen=both),
            "query_object": RuleMark(mark="confirmed"),
        },
    )
    assert [*calibrate.describe_calibration(found)] == [
        "engine V8, time zone Asia/Shanghai, result body",
        "form: none",
        "ctx: none",
        f"refuted: {RULES['query_array'].text}",
        "  here: ?a=1&a=2",
        "  there: ?a=1%2C2",
        "  here: 一",
        "  there: 二",
        f"  {describe_workaround('query_array', found)}",
        f"confirmed: {RULES['merge_body'].text} (只试了一次)",
        f"confirmed: {RULES['query_object'].text}",
        f"unknown: {RULES['timeout'].text} (没有等到)",
        "4 rules: 2 confirmed, 1 refuted, 1 unknown",
    ]


OMS = (
    "platform_key: oms\nbase_url: https://oms.example.test\nresult: envelope\ntimeout: 1.5s\n"
    "apis: {find: {path: /o}}\n"
)


@pytest.mark.parametrize(
    ("keys", "only", "planned"),
    [
        ({}, None, {}),
        ({"result": "body", "timeout": "30s"}, ["crm"], {}),  # as it is already
        ({"result": "envelope", "timeout": "30s"}, None,
         {"crm": {"result": "envelope"}, "oms": {"timeout": "30s"}}),
        ({"result": "envelope", "timeout": "1.5s"}, ["oms"], {}),
        ({"result": "body", "timeout": "1s"}, None,
         {"crm": {"timeout": "1s"}, "oms": {"result": "body", "timeout": "1s"}}),
        ({"timeout": "1s"}, ["oms", "crm"],
         {"oms": {"timeout": "1s"}, "crm": {"timeout": "1s"}}),
        ({"timeout": "1s"}, [], {"crm": {"timeout": "1s"}, "oms": {"timeout": "1s"}}),
        ({}, ["qywx"], None),
        ({"timeout": "1s"}, ["crm", "qywx"], None),
    ],
)  # fmt: skip
def test_keys_are_set_in_the_platforms_that_have_another_value(
    root: Path,
    keys: dict[str, str],
    only: list[str] | None,
    planned: dict[str, dict[str, str]] | None,
) -> None:
    write_files(root, {"scenarios/platforms/oms.yaml": OMS})
    found = calibrated(keys=keys)
    if planned is None:
        with pytest.raises(ConfigError) as refused:
            list(calibrate._plan_changes(root, found, only))
        assert str(refused.value) == "--platform qywx: it is built in, and has no file here"
        return

    *platforms, (marks, (text, told)) = calibrate._plan_changes(root, found, only)

    assert [(path.stem, said) for path, (_, said) in platforms] == [
        (name, ", ".join(f"{key}: {value}" for key, value in new.items()))
        for name, new in planned.items()
    ]
    for path, (after, _) in platforms:
        before = parse_yaml(path.read_text("utf-8"), "").to_plain()
        assert isinstance(before, dict)
        assert parse_yaml(after, "").to_plain() == {**before, **planned[path.stem]}
    assert (marks, told) == (root / "scenarios/calibration.yaml", "the marks of all rules")
    marks.write_text(text, "utf-8")
    assert [path for path, _ in calibrate._plan_changes(root, found, only)] == [
        path for path, _ in platforms
    ]


def test_a_platform_that_nobody_declares_is_not_taken_for_one_that_is_built_in(root: Path) -> None:
    with pytest.raises(CallError, match="crn") as refused:
        list(calibrate._plan_changes(root, calibrated(keys={"timeout": "1s"}), ["crm", "crn"]))

    assert refused.value.code == "UNKNOWN_PLATFORM"


@pytest.mark.parametrize(
    ("apis", "is_refused"),
    [
        ("a,b,c,d", False),
        ("", False),
        ("a,b,c", True),
        ("a,b,c,d,e", True),
        ("a", True),
        ("a,,c,d", True),
        ("a,b,c, ", True),
        (",,,", True),
    ],
)
def test_an_echo_has_four_interfaces(
    apis: str, is_refused: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if is_refused:
        with pytest.raises(ConfigError, match=f"--apis {apis}: expected four names"):
            calibrate._print_script("回声", apis, 3, "no")
        return
    assert calibrate._print_script("回声", apis.replace(",", " , "), 3, "no") == 0
    script = capsys.readouterr().out
    names = apis.split(",") if apis else ["echo_read", "echo_write", "echo_status", "echo_delay"]
    assert all(name in script for name in ("回声", *names))


# ---------------------------------------------------------------------------- jobs


def store(root: Path, folder: str, seconds: dict[str, float], shard: Shard) -> None:
    evidence = Evidence(
        folders=("cassettes",), digests={}, owners={}, left={}, unplayed_files=(), tests=(),
        seconds=seconds,
    )  # fmt: skip
    store_evidence(evidence, root / folder, "构建", shard)


@pytest.mark.parametrize("with_traces", [(), ("甲",), ("乙", "甲")])
def test_durations_of_all_shards_are_laid_together(
    root: Path, with_traces: Iterable[str], capsys: pytest.CaptureFixture[str]
) -> None:
    store(root, "甲", {"a": 1.5, "b": 2.0}, Shard(1, 2))
    store(root, "乙", {"c": 0.5}, Shard(2, 2))
    for name in with_traces:
        (root / name / ".bpmax/trace").mkdir()
    # What an earlier run left here and knows of tests that are gone counts no more.
    shards.store_durations(root, {"a": 9.0, "删除的场景": 7.0}, shard=None)
    shards.store_durations(root, {"改名的场景": 3.0}, shard=Shard(1, 3))
    places = [root / name / ".bpmax/usage" for name in ("甲", "乙")]

    traces = usage.merge_durations_and_find_traces(root, places)
    assert traces == [root / name / ".bpmax/trace" for name in ("甲", "乙") if name in with_traces]
    assert shards.read_durations(root) == {"a": 1.5, "b": 2.0, "c": 0.5}
    assert [*(root / ".bpmax").glob("durations*")] == [root / shards.FILE]
    assert capsys.readouterr().err == ".bpmax/durations.json: what 3 tests took\n"
    with pytest.raises(ConfigError, match="构建"):
        usage.merge_durations_and_find_traces(root, places[:1])


@pytest.mark.parametrize("known", [{}, {"付款": 2.5}])
def test_without_durations_none_are_stored(
    root: Path, known: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    store(root, "甲", {}, Shard(1, 1))
    shards.store_durations(root, known, shard=None)

    assert usage.merge_durations_and_find_traces(root, [root / "甲/.bpmax/usage"]) == []
    assert capsys.readouterr().err == ""
    assert shards.read_durations(root) == known


# ---------------------------------------------------------------------------- cassettes to verify


def test_cassettes_and_scenarios_to_verify_come_each_by_what_names_them(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cassette(root / "cassettes/采购/付款.yaml", [("付款", [detail(1)]), ("乙", [detail(2)])])
    write_cassette(root / "cassettes/旧/a.yaml", [("甲", [detail(3), detail(4), detail(5)])])
    (root / "scenarios/无.scenario.yaml").write_text(
        "version: 1\nscenario: 无录制\nsteps: [{js: return 1}]\n", encoding="utf-8"
    )

    def list_jobs(*paths: str) -> list[tuple[str, str | None, int | None]]:
        return [
            (os.fspath(job.cassette), job.owner, verify._count_exchanges(job))
            for job in verify._find_jobs(paths, None)
            if job.cassette.exists()
        ]

    pay = ("cassettes/采购/付款.yaml", "付款", 1)
    assert list_jobs() == [pay]
    assert list_jobs("cassettes/旧") == [("cassettes/旧/a.yaml", None, 3)]
    assert list_jobs("cassettes/采购/付款.yaml", PAY) == [(pay[0], None, 2), pay]
    assert list_jobs("scenarios/采购") == [pay]
    assert capsys.readouterr().err == ""


def test_a_cassette_is_verified_with_the_platforms_asked_for_or_of_its_scenario(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(
        root,
        {PAY: f"{FILES[PAY]}proxy: {{instances: 实例.yaml}}\n", "scenarios/采购/实例.yaml": "[]\n"},
    )
    write_cassette(root / "cassettes/采购/付款.yaml", [("付款", [detail(1)])])
    ours, theirs = root / "scenarios/platforms", Path("平台")
    theirs.mkdir()

    (job,), (other,) = (verify._find_jobs([], asked) for asked in (None, [theirs]))

    assert (job.platforms, other.platforms) == ((ours,), (theirs,))
    assert job.instances == other.instances == root / "scenarios/采购/实例.yaml"
    assert job.secrets == ("甲",)
    (named,) = verify._find_jobs(["cassettes"], [theirs])
    assert (named.platforms, named.instances, named.secrets) == ((theirs,), None, ())
