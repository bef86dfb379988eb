"""What a scenario names outside of itself: recordings, platforms, secrets, scripts, variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.scenario.load import find_unread_variables, load_items
from bpmax_sim.scenario.model import ProxySpec
from bpmax_sim.scenario.run_log import RunLog
from bpmax_sim.scenario.runner import read_secret_values
from bpmax_sim.scenario.source import read_script
from bpmax_sim.session.sending_log import RecordingMatch
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import Result
from tests.files import write_files
from tests.scenario.bench import PlainBench
from tests.scenario.test_mistakes_of_a_file import OPEN

HEAD = "version: 1\nscenario: 报销\nform: {fields: {金额: 0, 客户: ''}}\n"
ROWS = "cases: [{id: 甲, 编号: KH-1}, {id: 乙, 编号: KH-2}, {id: 丙, 编号: KH-1}]\n"


def load(folder: Path, text: str, **given: Any) -> list[Any]:
    write_files(folder, {"pyproject.toml": "", "scenarios/单.scenario.yaml": HEAD + text})
    path = folder / "scenarios/单.scenario.yaml"
    return load_items(path, root=folder, **{"environ": {"区": "华东"}, **given})


@pytest.mark.parametrize(
    ("name", "alone", "rows"),
    [
        ("", "单", ["单/甲", "单/乙", "单/丙"]),
        ("crm/选择", "crm/选择", ["crm/选择/甲", "crm/选择/乙", "crm/选择/丙"]),
        ("crm/${vars.区}", "crm/华北", ["crm/华北/甲", "crm/华北/乙", "crm/华北/丙"]),
        ("${env.区}", "华东", ["华东/甲", "华东/乙", "华东/丙"]),
        ("crm/${case.id}", None, ["crm/甲", "crm/乙", "crm/丙"]),
        ("crm/${ case.id }", None, ["crm/甲", "crm/乙", "crm/丙"]),
        ("crm/${case.编号}-${vars.区}", None, ["crm/KH-1-华北", "crm/KH-2-华北", "crm/KH-1-华北"]),
        ("crm/$${case.id}", "crm/${case.id}", [f"crm/${{case.id}}/{row}" for row in "甲乙丙"]),
    ],
)
def test_rows_share_a_recording_only_where_its_name_is_made_of_them(
    tmp_path: Path, name: str, alone: str | None, rows: list[str]
) -> None:
    text = f"vars: {{区: 华北}}\nproxy: {{cassette: '{name}'}}\nsteps: [{OPEN}]\n"
    text = text.replace("open: {}", "set: {客户: '${vars.区}'}").replace("金额: 1", "客户: 华北")

    assert [item.cassette for item in load(tmp_path, text + ROWS)] == rows
    if alone is not None:
        assert [item.cassette for item in load(tmp_path, text)] == [alone]


@pytest.mark.parametrize(
    ("shared", "own", "is_told"),
    [
        ("", "proxy: {mode: live, cassette: crm/选择}", True),
        ("proxy: {cassette: crm/选择}", "proxy: {mode: live}", False),
        ("proxy: {mode: live}", "proxy: {cassette: crm/选择}", True),
        ("proxy: {mode: live, cassette: crm/选择}", "", False),
        ("", "proxy: {mode: live}", False),
    ],
)
def test_a_recording_that_is_inherited_need_not_be_read_by_all(
    tmp_path: Path, shared: str, own: str, *, is_told: bool
) -> None:
    write_files(tmp_path, {"scenarios/defaults.yaml": f"vars: {{}}\n{shared}\n"})
    [item] = load(tmp_path, f"{own}\nsteps: [{OPEN.replace('open: {}', 'set: {金额: 1}')}]\n")

    assert sum("never reads a recording" in one.message for one in item.warnings) == is_told


@pytest.mark.parametrize(
    ("platforms", "paths"),
    [
        ("", ()),
        ("平台", ("平台",)),
        (("平台", "../共用"), ("平台", "../共用")),
        ((), ()),
    ],
)
def test_no_platform_is_none(platforms: str | tuple[str, ...], paths: tuple[str, ...]) -> None:
    assert ProxySpec(platforms=platforms).platform_paths == paths


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        *((name, True) for name in ("税-率", "客户", "a.b", "a", "上限")),
        *((name, False) for name in ("税", "率", "税-率2", "客", "客户2", "a.bc", "b", "vars.a")),
    ],
)
def test_a_variable_is_read_by_its_whole_name(tmp_path: Path, name: str, *, is_read: bool) -> None:
    text = (
        "vars: {上限: 1}\n"
        "steps: [{set: {客户: '${vars.税-率} ${vars.客户}、${vars.a.b}'}, "
        "expect: {form: {金额: 0}}}]"
    )
    items = load(tmp_path, text, variables={"税-率": "6%", "客户": "甲", "a.b": "1"})

    assert len(find_unread_variables([name], items)) == (not is_read)
    assert find_unread_variables([name], []) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("vars: {钥: k-3f9a}\nsecrets: [vars.钥]", ("k-3f9a",)),
        ("vars: {钥: ''}\nsecrets: [vars.钥]", ()),
        ("vars: {钥: null}\nsecrets: [vars.钥]", ()),
        ("vars: {钥: 12345}\nsecrets: [vars.钥, env.区, env.无]", ("12345", "华东")),
        ("vars: {钥: '${env.区}-1'}\nsecrets: [env.无, vars.钥]", ("华东-1",)),
    ],
)
def test_a_secret_that_is_empty_hides_nothing(
    tmp_path: Path, text: str, values: tuple[str, ...]
) -> None:
    use = "set: {客户: '${vars.钥}'}, expect: {form: {金额: 0}}"
    [item] = load(tmp_path, f"{text}\nsteps: [{{{use}}}]")

    assert read_secret_values(item, {"区": "华东"}, needed=False) == values


@pytest.mark.parametrize(
    ("secret", "wrong"),
    [
        ("vars.钥", ""),
        ("vars.新", "${vars.新} is not defined"),
        ("case.列", "${case.列} is not defined; the scenario has no cases"),
        ("form.金额", "expected env.X, vars.x or case.x, got 'form.金额'"),
        ("钥", "expected env.X, vars.x or case.x, got '钥'"),
    ],
)
def test_a_secret_is_a_variable_that_is_there_from_the_start(
    tmp_path: Path, secret: str, wrong: str
) -> None:
    text = (
        f"vars: {{钥: k-3f9a}}\nsecrets: [{secret}]\nsteps: [{{set: {{客户: '${{vars.钥}}'}}, "
        "save: {新: '${form.金额}'}, expect: {form: {金额: 0}}}]"
    )
    if not wrong:
        assert len(load(tmp_path, text)) == 1
        return
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert [one.message.startswith(wrong) for one in refused.value.problems] == [True]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("运价.js", "it is not UTF-8"),
        ("运费.js", "No such file or directory; did you mean '运价.js'?"),
        ("汇率表.js", "No such file or directory"),
    ],
)
def test_a_script_that_is_missing_may_be_another(tmp_path: Path, name: str, reason: str) -> None:
    write_files(tmp_path, {"运价2.js": "", "说明.txt": ""})
    (tmp_path / "运价.js").write_bytes(b"// \xff")

    with pytest.raises(ConfigError) as refused:
        read_script(tmp_path / name, Place("单.scenario.yaml", 3, 5))
    [problem] = refused.value.problems
    assert problem.message.partition(" cannot be read: ")[2] == reason
    assert problem.place == Place("单.scenario.yaml", 3, 5)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("项目/cassettes/crm.yaml", "项目/cassettes/crm.yaml"),
        ("项目/crm.yaml", "项目/crm.yaml"),
        ("项目-2/cassettes/crm.yaml", "crm.yaml"),
        ("crm.yaml", "crm.yaml"),
    ],
)
def test_of_a_recording_outside_of_the_project_only_the_name_is_told(
    tmp_path: Path, file: str, told: str
) -> None:
    bench = PlainBench()
    path = str(tmp_path / file)
    match = RecordingMatch(file=path, exchange=1, line=3, played=True)
    bench.recordings[0, 0] = bench.recordings[0, 1] = bench.recordings[1, 1] = match
    bench.call("crm_system.get_customer_detail", answer={"code": 0})
    log = RunLog(cast("Session", bench), root=str(tmp_path / "项目"))
    log.collect_new_events(Result())

    [call] = log.calls
    assert call.recording is not None
    expected = str(tmp_path / told) if "/" in told else told
    assert call.recording.file == expected
