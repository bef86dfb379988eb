from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from bpmax_sim.starter.demo import Crm
from tests.cli.project import NAME, Command, Project
from tests.files import write_files
from tests.loopback import answer_json, loopback
from tests.snapshots import snapshot

TABLE = """\
scenario: 报价
version: 1
tags: [冒烟]
cases:
  - {id: 大客户, 数量: "100"}
  - {id: 小客户, 数量: "1"}
steps:
  - {name: 数量, js: "return 1", expect: {result: 1}}
"""


def without_times(text: str) -> str:
    return re.sub(r"\d+(\.\d+)? (ms|s)\b", "N", text)


def table(project: Project) -> Path:
    path = project.folder / "scenarios/报价.scenario.yaml"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_what_all_rows_have_in_common_is_told_once(project: Project, bs: Command) -> None:
    local = "- {platform: crm_system, instance_key: defualt}\n"
    (project.folder / "scenarios/instances.local.yaml").write_text(local, encoding="utf-8")

    done = bs("run", str(table(project)))

    assert done.err.count("did you mean 'default'?") == 1


def test_files_beside_the_folders_of_a_run_are_not_told(project: Project, bs: Command) -> None:
    for path in ("报价/小额.scenario.yaml", "合同/大额.yaml"):
        file = project.folder / "scenarios" / path
        file.parent.mkdir()
        file.write_text(TABLE, encoding="utf-8")

    runs = [["报价"], ["合同"], [""], ["报价", "合同"]]
    told = [bs("run", *(f"scenarios/{name}" for name in names)).err for names in runs]

    assert [err.count("大额.yaml:1:1") for err in told] == [0, 1, 1, 1]


def test_what_was_recorded_is_replayed(recorded: Project, bs: Command) -> None:
    done = bs("run")

    assert (done.code, done.err) == (0, "")
    assert without_times(done.out) == (
        f"√ {NAME}   2 calls   N virtual\n1 passed   2 calls: 2 recorded   N\n"
    )


def test_files_that_cannot_be_read_are_counted_in_the_last_line(
    recorded: Project, bs: Command
) -> None:
    path = recorded.folder / "scenarios/broken.scenario.yaml"
    path.write_text("version: 1\nscenario: 报价\nstep: []\n", encoding="utf-8")

    every, broken = bs("run"), bs("run", str(path))

    assert (every.code, broken.code) == (2, 2)
    assert "\n1 passed, 1 not read   2 calls: 2 recorded   " in every.out
    assert without_times(broken.out) == "1 not read   0 calls   N\n"


def test_recording_says_what_it_wrote(project: Project, crm: Crm, bs: Command) -> None:
    first = bs("record", "--record=rewrite")
    second = bs("record", "--record=rewrite", "scenarios/customer.scenario.yaml")

    green = "replayed what was recorded: 1 of 1 passed\n"
    assert (first.code, first.err) == (0, f"{green}cassettes/crm/customer.yaml: 1 exchange\n")
    assert (second.code, second.err) == (0, f"{green}cassettes/crm/customer.yaml: unchanged\n")
    assert len(crm.tokens) == 2


def test_a_recording_that_fails_names_the_command_that_records_the_same(
    project: Project, crm: Crm, bs: Command
) -> None:
    text = project.scenario.read_text("utf-8").replace("张三", "李四")
    project.scenario.write_text(text, encoding="utf-8")
    target = "rerun: bpmax-sim record scenarios/customer.scenario.yaml"

    every, missing = bs("record", "--record=rewrite"), bs("record")

    assert (every.code, missing.code) == (1, 1)
    assert f"{target} --record=rewrite" in every.out.splitlines()
    assert target in missing.out.splitlines()


def test_recording_tells_where_something_looks_like_a_secret(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: bytes) -> bytes:
        note = "sk3ZtV9qLw7YxB2nPm5RkD8f"
        person = {"name": "张三", "phone": "13800138000", "note": note}
        token = {"access_token": "minted-token", "expires_in": 7200}
        is_login = request.startswith(b"POST /oauth/token")
        said = token if is_login else {"code": 200, "message": "ok", "data": person}
        return answer_json(json.dumps(said), headers="connection: close\r\n")

    with loopback(answer) as server:
        for name, value in (
            ("URL", server.url),
            ("CLIENT_ID", "i"),
            ("CLIENT_SECRET", "Kx7-q9Lw2z"),
        ):
            monkeypatch.setenv(f"CRM_{name}", value)
        recorded = bs("record", "--record=rewrite")

    assert recorded.code == 0
    assert recorded.err.splitlines() == snapshot(
        [
            (
                "recorded as it is, and looks like a secret: "
                "crm_system.get_customer_detail.body.data.note; if it is one, declare its place "
                "with `secret:` in the platform file and record again, else answer with "
                "`bpmax-sim review --not-secret crm_system.get_customer_detail.body.data.note`"
            ),
            "replayed what was recorded: 1 of 1 passed",
            "cassettes/crm/customer.yaml: 1 exchange",
        ]
    )
    assert (bs("run").code, bs("run").err) == (0, "")


def test_recording_once_sends_nothing_that_is_recorded(
    recorded: Project, crm: Crm, bs: Command
) -> None:
    assert bs("record", "--record", "once").code == 0
    assert bs("run", "--mode", "record").code == 0
    assert crm.tokens == []


def test_live_mode_writes_nothing(project: Project, crm: Crm, bs: Command) -> None:
    done = bs("run", "--mode", "live")

    assert without_times(done.last) == snapshot("1 passed   2 calls: 2 live   N")
    assert not (project.folder / "cassettes").exists()


def test_json_is_one_versioned_object(recorded: Project, bs: Command) -> None:
    done = bs("run", "--json")
    told = json.loads(done.out)

    assert told["version"] == 1
    assert told["summary"] == {
        "passed": 1,
        "failed": 0,
        "xfailed": 0,
        "skipped": 0,
        "calls": 2,
        "exit_code": 0,
    }
    (item,) = told["items"]
    assert (item["name"], item["file"], item["line"]) == (
        NAME,
        "scenarios/customer.scenario.yaml",
        2,
    )
    assert {call["call"] for call in item["calls"]} == {
        "crm_system.$token",
        "crm_system.get_customer_detail",
    }


def test_a_cassette_elsewhere_and_platforms_elsewhere(
    recorded: Project, bs: Command, tmp_path: Path
) -> None:
    (recorded.folder / "cassettes").rename(recorded.folder / "录制")
    (recorded.folder / "scenarios/platforms").rename(recorded.folder / "scenarios/平台")

    found = bs("run", "--cassettes", "录制", "--platforms", "scenarios/平台")

    assert found.code == 0


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["scenarios/报价.scenario.yaml"], ["报价[大客户]", "报价[小客户]"]),
        (["scenarios/报价.scenario.yaml:6"], ["报价[小客户]"]),
        (["scenarios/报价.scenario.yaml:8"], ["报价[大客户]", "报价[小客户]"]),
        (["scenarios/报价.scenario.yaml::报价[大客户]"], ["报价[大客户]"]),
        (["-k", "冒烟"], ["报价[大客户]", "报价[小客户]"]),
        (["scenarios", "-k", "小客户"], ["报价[小客户]"]),
    ],
)
def test_files_lines_rows_and_words_choose(
    project: Project, bs: Command, arguments: list[str], names: list[str]
) -> None:
    table(project)
    told = json.loads(bs("run", "--json", *arguments).out)

    assert [item["name"] for item in told["items"]] == names


def test_what_a_pattern_matches_beside_scenarios_is_left_out(
    recorded: Project, bs: Command
) -> None:
    done = bs("run", "scenarios/customer.scenario.yaml", "scenarios/scripts/customer.js")

    assert done.code == 0
    left_out = "left out, as names of scenarios end with .scenario.yaml: "
    assert f"{left_out}scenarios/scripts/customer.js\n" in done.err


def test_the_rerun_command_names_the_row_and_works(project: Project, bs: Command) -> None:
    path = table(project)
    project.edit(path, "expect: {result: 1}", 'expect: {result: "${case.数量}"}')

    done = bs("run", str(path))

    assert done.code == 1
    assert 'rerun: bpmax-sim run "scenarios/报价.scenario.yaml::报价[大客户]"' in done.out


def test_variables_win_over_the_files(recorded: Project, bs: Command) -> None:
    done = bs("run", "--var", "customer=12346")

    assert done.code == 3
    assert '× path.id: recorded "12345", sent "12346"' in done.out
    again = "scenarios/customer.scenario.yaml --var customer=12346"
    assert f"record    bpmax-sim record {again} --record=rewrite\n" in done.out
    assert f"or add    bpmax-sim record {again} --record=new\n" in done.out
    assert f"rerun: bpmax-sim run {again}\n" in done.out


def test_an_instance_that_no_platform_has_is_refused(recorded: Project, bs: Command) -> None:
    files = {
        "别的/platforms/a.yaml": "{platform_key: a, base_url: 'https://a', apis: {}}",
        "别的/instances.yaml": "- {platform: a, instance_key: 测试}",
    }
    write_files(recorded.folder, files)
    told = "--instance: no platform has an instance '{}'; there is {}; leave the option out, "
    wrong, other = bs("run", "--instance", "nope"), ("--platforms", "别的/platforms")

    assert (wrong.code, wrong.out, wrong.err) == (
        2, "", f"{told.format('nope', 'default')}or declare it in scenarios/instances.yaml\n",
    )  # fmt: skip
    assert bs("run", "--instance", "nope", "-k", "没有").code == wrong.code
    assert "--instance" not in bs("run", "--instance", "测试", *other).err
    assert bs("run", "--instance", "nope", *other).err.startswith(told.format("nope", "测试"))


def test_a_variable_needs_a_name_and_a_value(project: Project, bs: Command) -> None:
    done = bs("run", "--var", "customer")

    assert (done.code, done.err) == (
        2,
        snapshot("--var customer: expected NAME=VALUE, such as --var customer=12345\n"),
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("custmer=1",), "nothing reads the variable 'custmer'; did you mean 'customer'?"),
        (("customer=12345", "客=1"), "nothing reads the variable '客'; there is customer"),
        (("customer=12345", "custom=1"), "nothing reads the variable 'custom'; did you mean"),
        (("customer=12345",), ""),
    ],
)
def test_a_variable_that_nothing_reads_is_refused(
    recorded: Project, bs: Command, given: tuple[str, ...], told: str
) -> None:
    other = recorded.scenario.with_name("别的.scenario.yaml")
    other.write_text("version: 1\nscenario: 别的\nsteps: [{js: return 1}]\n", encoding="utf-8")
    done = bs("run", *(part for one in given for part in ("--var", one)))

    assert (done.code, done.err.startswith(told)) == (2 if told else 0, True)


def test_faults_can_be_switched_off(recorded: Project, bs: Command) -> None:
    recorded.edit(
        recorded.scenario,
        "steps:",
        "faults:\n  - {on: crm_system.get_customer_detail, do: {status: 503}}\nsteps:",
    )

    assert bs("run").code == 1
    assert bs("run", "--faults", "off").code == 0


@pytest.mark.parametrize(
    ("unused", "code", "told"),
    [("fail", 1, False), ("warn", 0, True), ("ignore", 0, False)],
)
def test_what_is_not_played_fails_unless_said_otherwise(
    recorded: Project, bs: Command, unused: str, code: int, told: bool
) -> None:
    recorded.script.write_text(
        "console.log('客户名称:', '张三'); console.log('联系电话:', '13800138000')",
        encoding="utf-8",
    )
    recorded.edit(recorded.scenario, "      proxy:\n", "")
    text = recorded.scenario.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "call: crm_system" not in line]
    recorded.scenario.write_text("\n".join(kept), encoding="utf-8")

    done = bs("run", "--unused", unused)

    assert done.code == code
    assert ("1 recorded exchange was not played" in done.err) is told


def test_a_changed_call_is_added_or_recorded_afresh(
    recorded: Project, crm: Crm, bs: Command
) -> None:
    text = recorded.scenario.read_text(encoding="utf-8")
    text = text.replace('"12345"', '"12346"')
    recorded.scenario.write_text(text[: text.index("    expect:")], encoding="utf-8")
    left = (
        "cassettes/crm/customer.yaml: 1 recorded exchange was not played: "
        "[1] crm_system.get_customer_detail GET https://crm.example.test/api/customers/12345; "
        "record afresh with `bpmax-sim record scenarios/customer.scenario.yaml --record=rewrite`, "
        "or write proxy: {unused: warn}"
    )

    added = bs("record", "--record=new")
    played = bs("run")
    assert bs("record", "--record=rewrite", "scenarios/customer.scenario.yaml").code == 0

    not_green = "replayed what was recorded: 0 of 1 passed"
    assert added.code == 1
    assert added.err == f"{left}\n{not_green}\ncassettes/crm/customer.yaml: 2 exchanges\n"
    assert played.code == 1
    assert f"{NAME}: {left}\n" in played.out
    assert bs("run").code == 0
    assert len(crm.tokens) == 2


@pytest.mark.parametrize(
    ("arguments", "rerun"),
    [
        (["record"], "bpmax-sim record scenarios/customer.scenario.yaml"),
        (["run", "--mode=live"], "bpmax-sim run --mode live scenarios/customer.scenario.yaml"),
    ],
    ids=["record", "live"],
)
def test_the_rerun_command_runs_in_the_same_mode(
    project: Project, crm: Crm, bs: Command, arguments: list[str], rerun: str
) -> None:
    project.edit(project.scenario, "客户名称: 张三", "客户名称: 李四")

    done = bs(*arguments)

    assert done.code == 1
    assert f"rerun: {rerun}\n" in done.out
    assert len(crm.tokens) == 1


def test_commands_to_repeat_have_the_options_of_the_run(recorded: Project, bs: Command) -> None:
    (recorded.folder / "cassettes").rename(recorded.folder / "录 音")
    options = ["--instance=default", "--cassettes=录 音", "--platforms", "scenarios/platforms"]

    done = bs("run", *options, "--js-stack=24MB", "--faults=off", "--var", "customer=12346")

    again = (
        'scenarios/customer.scenario.yaml --cassettes "录 音" --platforms scenarios/platforms '
        "--instance default --js-stack 24MB --faults off --var customer=12346"
    )
    assert done.code == 3
    assert f"rerun: bpmax-sim run {again}\n" in done.out
    assert f"    record    bpmax-sim record {again} --record=rewrite\n" in done.out
    repeated = bs(*shlex.split(f"run {again}"))
    without_seconds = [done.out.rpartition("  ")[0], repeated.out.rpartition("  ")[0]]
    assert without_seconds[0] == without_seconds[1]
    assert bs("run", str(recorded.scenario)).code == 3  # without them: nothing is recorded there


def test_a_recording_from_the_simulator_is_repeated_from_the_simulator(
    project: Project, crm: Crm, bs: Command
) -> None:
    project.edit(project.scenario, "客户名称: 张三", "客户名称: 李四")

    done = bs("record", "--against=simulator")

    assert (
        "rerun: bpmax-sim record scenarios/customer.scenario.yaml --against simulator" in done.out
    )
    assert crm.tokens == []


def test_what_several_rows_suffer_from_is_told_once(project: Project, bs: Command) -> None:
    project.edit(project.scenario, 'vars: {customer: "12345"}', "vars: {customer: x}")
    rows = 'cases: [{id: 甲, n: "12345"}, {id: 乙, n: "12346"}]\nsteps:'
    project.edit(project.scenario, "steps:", rows)

    done = bs("record", "--record=rewrite")

    assert done.code == 2
    assert done.err.count("environment variable CRM_CLIENT_SECRET is not set") == 1
    assert done.out.count("× ") == 4  # a line of its own for each, and the list at the end
    (cause,) = (line for line in done.out.splitlines() if "failed for one cause" in line)
    assert cause.startswith("2 scenarios failed for one cause: scenarios/instances.yaml:5:13: ")


UNAWAITED = """\
if (form.n === 2) {
  $proxy('crm_system').getCustomerDetail("12345");
}
"""
ROWS = """\
version: 1
scenario: 分支
form: {scripts: {click.go: scripts/分支.js}, fields: {n: 0}}
cases: [{id: 不走, n: 1}, {id: 走, n: 2}]
steps:
  - {set: {n: "${case.n}"}}
  - {click: go}
"""


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "(this run does not reach it)"), ("zh", "（本次运行没有执行到这里）")],
)
def test_a_missing_await_that_a_row_does_not_reach_is_told_as_such(
    recorded: Project, bs: Command, language: str, said: str
) -> None:
    (recorded.script.parent / "分支.js").write_text(UNAWAITED, encoding="utf-8")
    path = recorded.folder / "scenarios/分支.scenario.yaml"
    path.write_text(ROWS, encoding="utf-8")

    beside = bs("--lang", language, "run", f"{path}::分支[不走]")
    there = bs("--lang", language, "run", f"{path}::分支[走]")

    (warning,) = (line for line in beside.err.splitlines() if "await" in line)
    assert warning.startswith("scenarios/scripts/分支.js:2:3")
    assert warning.endswith(said)
    assert said not in there.out + there.err


def test_what_is_skipped_or_expected_to_fail_passes(project: Project, bs: Command) -> None:
    path = table(project)
    project.edit(path, "steps:", "xfail: 单据 1432\nsteps:")
    project.edit(path, "return 1", "return 2")
    skip = project.scenario
    project.edit(skip, "steps:", "skip: 没有录制\nsteps:")

    done = bs("run")

    assert done.code == 0
    assert f"- {NAME}   skipped: 没有录制" in done.out
    assert "- 报价[大客户]   0 calls   0 ms virtual   failed as expected: 单据 1432" in done.out
    assert without_times(done.last) == snapshot("2 xfailed, 1 skipped, 1 warning   0 calls   N")


def test_what_passes_against_expectation_fails(project: Project, bs: Command) -> None:
    path = table(project)
    project.edit(path, "steps:", "xfail: true\nsteps:")

    done = bs("run", str(path))

    assert done.code == 1
    assert "报价[大客户]: expected to fail but passed; remove xfail" in done.out
    assert "at scenarios/报价.scenario.yaml:7:1" in done.out


def test_a_failed_recording_waits_for_review(recorded: Project, crm: Crm, bs: Command) -> None:
    before = recorded.cassette.read_bytes()

    failed = bs("record", "--record=rewrite", "--var", "customer=12346")

    assert failed.code == 1
    assert "cassettes/crm/customer.yaml.new: waits for review; run `bpmax-sim review`" in failed.err
    assert recorded.cassette.read_bytes() == before


def test_what_waits_is_gone_once_its_scenario_was_recorded(
    recorded: Project, crm: Crm, bs: Command
) -> None:
    waiting = recorded.cassette.with_name("customer.yaml.new")
    bs("record", "--record=rewrite", "--var", "customer=12346")
    assert waiting.exists()

    assert bs("record", "--record=rewrite").code == 0
    assert not waiting.exists()


CALL_AGAIN = "const customerInfo = await getCustomerInfo(customerId);"


@pytest.mark.parametrize("case", ["no cassette", "no such call", "already played"])
def test_a_call_that_only_a_waiting_recording_has_is_found_there(
    recorded: Project, crm: Crm, bs: Command, case: str
) -> None:
    chosen: tuple[str, ...] = ("--var", "customer=12346")
    if case == "already played":
        chosen = ()
        recorded.edit(
            recorded.script, CALL_AGAIN, f"await getCustomerInfo(customerId);{CALL_AGAIN}"
        )
    assert bs("record", "--record=rewrite", *chosen).code == 1
    if case == "no cassette":
        recorded.cassette.unlink()

    missed, chinese = bs("run", *chosen), bs("--lang", "zh", "run", *chosen)

    new = "cassettes/crm/customer.yaml.new"
    command = f"bpmax-sim review {new}"
    place = re.escape(new) + r":\d+:\d+|" + re.escape(new) + r":\d+"
    assert f": {case}: " in missed.out
    assert re.search(rf"\n +waiting +({place}) holds this call and is not accepted\n", missed.out)
    assert re.search(rf"\n +look +{command}\n +accept +{command} --accept\n", missed.out)
    assert re.search(rf"\n +待审核 +({place}) 已录有这次调用，尚未接受\n", chinese.out)
    assert bs(*command.split()[1:], "--accept", "--yes").code == 0
    assert f"{case}: " not in bs("run", *chosen).out


def test_a_waiting_recording_without_the_call_is_not_named(
    recorded: Project, crm: Crm, bs: Command
) -> None:
    assert bs("record", "--record=rewrite", "--var", "customer=12346").code == 1

    missed = bs("run", "--var", "customer=99999")

    assert "no such call: " in missed.out
    assert "waiting" not in missed.out


UNSTEADY = """\
import os


def ask(session):
    return session.proxy("crm_system").get_customer_detail("12345", os.urandom(8).hex())
"""


def test_what_was_recorded_is_replayed_at_once(project: Project, crm: Crm, bs: Command) -> None:
    recorded = bs("record", "--record=rewrite")

    assert recorded.code == 0
    assert "replayed what was recorded: 1 of 1 passed\n" in recorded.err
    assert "replayed" not in bs("record", "--record=rewrite", "--no-check").err


def test_a_recording_that_does_not_replay_is_red(project: Project, crm: Crm, bs: Command) -> None:
    (project.folder / "unsteady.py").write_text(UNSTEADY, encoding="utf-8")
    project.edit(project.scenario, "steps:\n", "steps:\n  - {python: 'unsteady:ask'}\n")
    recorded = bs("record", "--record=rewrite")

    assert recorded.code == 3
    assert "replayed what was recorded: 0 of 1 passed\n" in recorded.err
    assert "no such call: crm_system.get_customer_detail" in recorded.out


def test_cassettes_may_lie_at_a_url(recorded: Project, bs: Command, tmp_path: Path) -> None:
    there = f"file://{tmp_path / '共享'}"
    shutil.copytree(recorded.folder / "cassettes", tmp_path / "共享")
    shutil.rmtree(recorded.folder / "cassettes")

    assert bs("run", "--cassettes", there).code == 0
    assert bs("run", "--cassettes", f"{there}/空").code == 3


def test_words_select_in_any_case(project: Project, bs: Command) -> None:
    (project.folder / "scenarios/ERP.scenario.yaml").write_text(
        'version: 1\nscenario: ERP 对账\nsteps: [{js: "return 1", expect: {result: 1}}]\n',
        encoding="utf-8",
    )

    assert without_times(bs("run", "-k", "erp and 对账").last) == snapshot("1 passed   0 calls   N")


def test_what_a_platform_ignores_is_ignored_in_each_of_its_apis(
    recorded: Project, bs: Command
) -> None:
    assert bs("run", "--var", "customer=12346").code == 3
    platform = recorded.folder / "scenarios/platforms/crm_system.yaml"
    text = platform.read_text(encoding="utf-8")
    platform.write_text(f"{text}\nignore: [path.id]\n", encoding="utf-8")

    assert bs("run", "--var", "customer=12346").code == 0
