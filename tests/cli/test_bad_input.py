"""Whatever is wrong is told on stderr, a line each, with its place and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.starter.demo import Crm
from tests.cli.project import Command, Project, in_a_process
from tests.snapshots import snapshot

HERE = "scenarios/customer.scenario.yaml"


def files(project: Project) -> set[str]:
    found = project.folder.rglob("*")
    names = {path.relative_to(project.folder).as_posix() for path in found if path.is_file()}
    return {name for name in names if not name.startswith(".bpmax/")}  # what `show` shows


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["run", "scenarios/custmer.scenario.yaml"],
            (f"scenarios/custmer.scenario.yaml: file or folder not found; did you mean '{HERE}'?"),
        ),
        (["run", f"{HERE}:99"], f"{HERE}:99: the file has 19 lines"),
        (
            ["run", f"{HERE}::选择客户后显示联系"],
            (
                f"{HERE}: there is no scenario '选择客户后显示联系'; did you mean "
                "'选择客户后显示联系人'?"
            ),
        ),
        (
            ["run", "--platforms", "scenarios/platfroms"],
            ("scenarios/platfroms: file or folder not found; did you mean 'scenarios/platforms'?"),
        ),
        (["rn"], "there is no command 'rn'; did you mean 'run'?; see bpmax-sim --help"),
        (
            ["run", "--moed", "live"],
            "No such option: --moed (Possible options: --mode); see bpmax-sim run --help",
        ),
        (
            ["cassette", "inspect", "cassettes/crm/customer.yml"],
            "cassettes/crm/customer.yml: file or folder not found; see what `ls` shows",
        ),
        (
            ["serve", "--record", "--upstream", "http://zhangsan:geheim@crm.example.test"],
            ("--upstream: the address holds a user name; leave it out, clients log in themselves"),
        ),
        (
            ["serve", "--record", "--upstream", "http://localhost:8700", "--port", "8700"],
            (
                "--upstream http://localhost:8700: that is this proxy itself; name the third "
                "party's own address"
            ),
        ),
        (
            ["serve", "--record", "--upstream", "https://a.example", "--platform", "crm_sytem"],
            "--platform crm_sytem: there is no such platform; did you mean 'crm_system'?",
        ),
        (
            ["serve", "--upstream", "https://a.example", "cassettes"],
            (
                "to record, say both --record and --upstream URL, and no cassette: it is "
                "cassettes/<platform or host>.yaml"
            ),
        ),
        (["import", "scenarios"], "scenarios: this is a folder; name a file in it"),
        (
            ["import", "openap"],
            (
                "openap: file or folder not found; see what `ls` shows\n"
                "of an OpenAPI document, `bpmax-sim import openapi FILE` makes a platform"
            ),
        ),
        (
            ["run", "scenarios/scripts/customer.js"],
            (
                "scenarios/scripts/customer.js: this is no scenario, the names of scenarios end "
                "with .scenario.yaml; name one of these"
            ),
        ),
        (
            ["record", "--against", "simulatr"],
            (
                "Invalid value for '--against': 'simulatr' is not one of 'live', 'simulator'; did "
                "you mean 'simulator'?; see bpmax-sim record --help"
            ),
        ),
        (
            ["cassette", "export", "x.yaml"],
            (
                "Missing option '--as'. Choose from: har, curl, wiremock, vcrpy; see bpmax-sim "
                "cassette export --help"
            ),
        ),
        (
            ["run", "--mode"],
            "Option '--mode' requires an argument; see bpmax-sim run --help",
        ),
        (
            ["coverage", "--fail-under", "200"],
            "Invalid value for '--fail-under': expected at most 100; see bpmax-sim coverage --help",
        ),
        (
            ["simulate", "qywx", "--port", "x"],
            "Invalid value for '--port': expected a whole number; see bpmax-sim simulate --help",
        ),
        (["simulate", "qywxx"], "there is no platform 'qywxx'; did you mean 'qywx'?"),
        (
            ["simulate"],
            "name a platform; there are crm_system, dingtalk, dingtalk_v1, feishu, qywx",
        ),
        (
            ["serve", "cassettes"],
            "cassettes: file or folder not found; see what `ls` shows",
        ),
        (["review", "--accept", "--reject"], "--accept and --reject: choose one"),
        (["review", "--reject", "--accept", "--yes"], "--accept and --reject: choose one"),
    ],
)
def test_a_wrong_command_line(
    project: Project, bs: Command, arguments: list[str], message: str
) -> None:
    done = bs(*arguments)

    assert (done.code, done.out, done.err) == (2, "", f"{message}\n")


def test_a_wrong_value_of_an_option_names_the_right_ones(project: Project, bs: Command) -> None:
    done = bs("run", "--mode", "replai")

    assert done.code == 2
    assert "'replai' is not one of 'replay', 'record', 'live'" in done.err


def test_a_line_behind_the_end_of_a_cassette_is_told(recorded: Project, bs: Command) -> None:
    done = bs("cassette", "inspect", "cassettes/crm/customer.yaml:999")

    assert (done.code, done.err) == (
        2,
        snapshot("cassettes/crm/customer.yaml:999: the file has 28 lines\n"),
    )


@pytest.mark.parametrize("words", [["help", "run"], ["run", "-h"], ["run", "--help"]])
def test_help_is_found_by_whatever_name(bs: Command, words: list[str]) -> None:
    done = bs(*words)

    assert (done.code, done.out) == (0, bs("run", "--help").out)


def test_every_problem_of_every_file_is_told_before_anything_runs(
    project: Project, bs: Command
) -> None:
    project.edit(project.scenario, "clock:", "clok:")
    project.edit(project.scenario, "expect:", "expct:")
    other = project.folder / "scenarios/空.scenario.yaml"
    other.write_text("version: 1\nscenario: 空\n", encoding="utf-8")

    done = bs("run")

    assert (done.code, done.out.partition("   ")[0]) == (2, "2 not read")
    assert done.err.splitlines() == [
        f"{HERE}:11:1: clok: unknown key 'clok'; did you mean 'clock'?",
        f"{HERE}:15:5: steps[0].expct: unknown key 'expct'; did you mean 'expect'?",
        "scenarios/空.scenario.yaml:1:1: steps: a scenario needs a step",
    ]


@pytest.mark.parametrize("wrong", ["clok: x", "form: {scripts: {open: scripts/坏.js}}"])
def test_a_broken_file_does_not_stop_the_others(recorded: Project, bs: Command, wrong: str) -> None:
    (recorded.folder / "scenarios/scripts/坏.js").write_text("if (", encoding="utf-8")
    text = f"version: 1\nscenario: 坏\n{wrong}\nsteps: [{{advance: 1s}}]\n"
    (recorded.folder / "scenarios/坏.scenario.yaml").write_text(text, encoding="utf-8")

    done, told = bs("run"), json.loads(bs("run", "--json").out)

    assert done.code == told["summary"]["exit_code"] == 2
    failed = [item for item in told["items"] if item["outcome"] == "failed"]
    assert len(done.err.splitlines()) == len(told["problems"]) + len(failed) == 1
    assert "1 passed" in done.out.splitlines()[-1]


def test_a_problem_is_in_the_json_too(project: Project, bs: Command) -> None:
    project.edit(project.scenario, "clock:", "clok:")

    done = bs("run", "--json")

    assert json.loads(done.out)["problems"] == [
        {
            "file": HERE,
            "line": 11,
            "column": 1,
            "path": "clok",
            "message": "unknown key 'clok'; did you mean 'clock'?",
        }
    ]


def test_a_script_that_is_no_javascript_is_told_at_its_line(project: Project, bs: Command) -> None:
    project.edit(project.script, "if (result.code", "if result.code")

    done = bs("run")

    assert (done.code, "did not run" in done.out) == (2, True)
    assert done.err == snapshot(
        "scenarios/scripts/customer.js:6:8: SyntaxError: Unexpected identifier 'result'; "
        "correct the script\n"
    )


def test_on_the_first_line_the_column_is_that_of_the_file(project: Project, bs: Command) -> None:
    project.script.write_text("form.a = ]", encoding="utf-8")

    assert bs("run").err.startswith("scenarios/scripts/customer.js:1:10: SyntaxError: ")


def test_an_undeclared_platform_is_told_at_the_call(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.script, "'crm_system'", "'crm_sytem'")

    ran, linted = bs("run"), bs("lint")

    assert ran.code == 1
    assert "there is no platform 'crm_sytem'; did you mean 'crm_system'?" in ran.out
    assert "script: scenarios/scripts/customer.js:4:" in ran.out
    assert (linted.code, linted.err) == (
        2,
        snapshot(
            "scenarios/scripts/customer.js:4:33: there is no platform 'crm_sytem'; did you mean "
            "'crm_system'?\n1 scenario file: 1 problem\n"
        ),
    )


def test_a_mistake_in_a_platform_file_ends_with_2(recorded: Project, bs: Command) -> None:
    platform = recorded.folder / "scenarios/platforms/crm_system.yaml"
    recorded.edit(platform, "base_url:", "base_ulr:")

    done = bs("run")

    assert done.code == 2
    assert "scenarios/platforms/crm_system.yaml:4:1: base_ulr: unknown key 'base_ulr'" in done.err


def test_an_absent_cassette_ends_with_3_and_says_how_to_record(
    project: Project, bs: Command
) -> None:
    before = files(project)

    done = bs("run")

    assert done.code == 3
    assert "cassettes/crm/customer.yaml does not exist" in done.out
    assert "record    bpmax-sim record scenarios/customer.scenario.yaml" in done.out
    assert files(project) == before


def test_a_missing_variable_in_record_mode_ends_with_2(project: Project, bs: Command) -> None:
    before = files(project)

    done = bs("record", "--record=rewrite")

    assert done.code == 2
    assert done.err.splitlines() == [
        f"scenarios/instances.yaml:{place}: environment variable {name} is not set; set it, or run "
        "in replay mode (instance 'default' of 'crm_system')"
        for place, name in (
            ("5:13: base_url", "CRM_URL"),
            ("7:16: credentials.client_id", "CRM_CLIENT_ID"),
            ("8:20: credentials.client_secret", "CRM_CLIENT_SECRET"),
        )
    ]
    assert files(project) == before


def test_recording_in_ci_is_asked_for_twice(
    project: Project, crm: Crm, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    refused, done = (
        bs("record", "--record=rewrite"),
        bs("record", "--record=rewrite", "--allow-ci-record"),
    )

    assert (refused.code, refused.err) == (
        2,
        snapshot(
            "recording is disabled because CI is set; pass allow_ci=True "
            "(pytest: --bpmax-allow-ci-record, bpmax-sim: --allow-ci-record)\n"
        ),
    )
    assert done.code == 0


def test_a_damaged_cassette_ends_with_3(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")
    edited = bs("run")
    recorded.cassette.write_bytes(recorded.cassette.read_bytes()[:400])
    cut = bs("run")

    assert (edited.code, cut.code) == (3, 3)
    assert "bpmax-sim cassette seal cassettes/crm/customer.yaml" in edited.out + edited.err
    assert cut.err.startswith("cassettes/crm/customer.yaml:")


def test_an_unreachable_system_ends_with_4(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CRM_CLIENT_ID", "bpmax")
    monkeypatch.setenv("CRM_CLIENT_SECRET", "s3cret-s3cret")

    done = bs("record", "--record=rewrite")

    assert done.code == 4
    assert "cannot connect" in done.out
    assert "s3cret" not in done.out + done.err


def test_a_fault_that_looks_like_it_ends_with_1(project: Project, crm: Crm, bs: Command) -> None:
    project.edit(
        project.scenario,
        "steps:",
        "faults:\n  - {on: crm_system.get_customer_detail, do: {error: dns}}\nsteps:",
    )

    assert bs("record", "--record=rewrite").code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["scenarios/scripts"],
            (
                "scenarios/scripts: no *.scenario.yaml here; write one, or see one with "
                "`bpmax-sim demo`"
            ),
        ),
        (["-k", "发货"], "scenarios/: no scenario has '发货' in it; see `bpmax-sim list`"),
    ],
)
def test_nothing_to_run_ends_with_5(
    project: Project, bs: Command, arguments: list[str], message: str
) -> None:
    done = bs("run", *arguments)

    assert (done.code, done.out, done.err) == (5, "", f"{message}\n")


def test_without_a_project_there_is_nothing_to_run(
    bs: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert bs("run").code == 5
    assert bs("list").code == 5


UNREACHABLE = {
    "CRM_URL": "http://127.0.0.1:9",
    "CRM_CLIENT_ID": "bpmax",
    "CRM_CLIENT_SECRET": "s3cret-s3cret",
}


@pytest.mark.parametrize(
    ("code", "arguments", "environ"),
    [
        (0, ["run"], {}),
        (1, ["run", f"{HERE}", "失败.scenario.yaml"], {}),
        (2, ["run", "没有.scenario.yaml"], {}),
        (3, ["run", "--cassettes", "别处"], {}),
        (4, ["record", "--record=rewrite"], UNREACHABLE),
        (5, ["run", "-k", "没有"], {}),
        (6, ["review"], {}),
    ],
)
def test_every_exit_code_reaches_the_shell(
    recorded: Project, code: int, arguments: list[str], environ: dict[str, str]
) -> None:
    failing = recorded.folder / "失败.scenario.yaml"
    failing.write_text(
        "version: 1\nscenario: 失败\nsteps:\n  - {js: return 1, expect: {result: 2}}\n",
        encoding="utf-8",
    )
    waiting = recorded.cassette.with_name("customer.yaml.new")
    waiting.write_bytes(recorded.cassette.read_bytes())

    done = in_a_process(*arguments, cwd=recorded.folder, **environ)

    assert done.code == code
    assert "Traceback" not in done.out + done.err
    assert "s3cret" not in done.out + done.err


@pytest.mark.parametrize(
    "begin",
    [
        "show --from {name}",
        "run {name}",
        "run --cassettes {name}",
        "run --platforms {name}",
        "run --junitxml {name}",
        "lint {name}",
        "list {name}",
        "coverage {name}",
        "report --evidence {name}",
        "cassette inspect {name}",
        "import {name}",
        "cassette prune --evidence {name}",
        "init {name}",
        "init --from {name}",
        "demo {name}",
        "serve {name}",
        "migrate {name}",
        "uses {name}",
        "doctor {name}",
        "challenge {name}",
        "explore {name}",
    ],
)
@pytest.mark.parametrize("name", ["客" * 100, "a" * 256, "scenarios/" + "b" * 300])
def test_a_name_that_is_too_long_for_a_file_is_told(
    project: Project, bs: Command, begin: str, name: str
) -> None:
    before = files(project)

    done = bs(*begin.format(name=name).split())

    assert (done.code, len(done.err.splitlines())) == (2, 1), done.err
    assert name[:20] in done.err
    assert files(project) == before
