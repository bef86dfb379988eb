from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import (
    make_replay_check,
    open_session,
    read_secret_values,
    run_item,
    run_scenario,
)
from bpmax_sim.scenario.source import render_failure
from bpmax_sim.transport.protocol import Handler
from tests.scenario.bench import write

PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test
apis:
  get_customer_detail:
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
  create_order: {method: POST, path: /orders}
"""
SCENARIO = """\
version: 1
scenario: 选择客户后回填
form:
  scripts: {change.customerId: form.js, change.customerName: hello.js}
  fields: {customerId: null, customerName: "", greeting: ""}
proxy: {platforms: platforms, cassette: crm/回填}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - name: 选择客户
    set: {customerId: "12345"}
    expect:
      form: {customerName: 张三, greeting: 你好 张三}
      proxy: [{call: crm_system.get_customer_detail, path: {id: "12345"}, status: 200}]
      console: [客户 张三]
      fields: {greeting: {readonly: true}}
  - name: 不存在的客户
    set: {customerId: "404"}
    expect_error: {from: crm_system.get_customer_detail, status: 404}
"""
FORM_JS = """\
const res = await $proxy('crm_system').$api('get_customer_detail').$path({id: form.customerId})
  .$call();
console.log('客户', res.data.name);
form.customerName = res.data.name;
"""
HELLO_JS = "form.greeting = '你好 ' + form.customerName; form.$readonly = {greeting: true};\n"


def third_party(request: Request) -> Response:
    if request.url.endswith("/404"):
        return Response(status=404, body=b"{}", source="live")
    body = json.dumps({"code": 200, "data": {"name": "张三"}}).encode()
    headers = (("content-type", "application/json"),)
    return Response(status=200, headers=headers, body=body, source="live")


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "crm.yaml").write_text(PLATFORM, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(
        "- {platform: crm_system, instance_key: test}\n", encoding="utf-8"
    )
    return write(tmp_path, SCENARIO, form__js=FORM_JS, hello__js=HELLO_JS)


def outcome(path: Path, **overrides: Any) -> ScenarioFinished:
    (item,) = load_items(path, environ={})
    *_, last = run_item(item, open_session(item, environ={}, **overrides), environ={})
    assert isinstance(last, ScenarioFinished)
    return last


def test_what_was_recorded_once_replays_the_same(scenario: Path) -> None:
    recorded = outcome(scenario, mode="record", transport=Handler(third_party))
    first, second = outcome(scenario), outcome(scenario)

    assert [render_failure(one) for one in (*recorded.failures, *first.failures)] == []
    assert (first.outcome, first.calls, first.digest) == ("passed", 2, second.digest)
    assert (scenario.parent / "cassettes" / "crm" / "回填.yaml").is_file()


@pytest.mark.parametrize("mode", ["record", "live"])
def test_a_stub_holds_where_a_live_system_is_asked(scenario: Path, mode: str) -> None:
    stub = '{on: crm_system.*, request: {path: {id: "404"}}, status: 404}'
    text = SCENARIO.replace("cassette: crm/回填", f"cassette: crm/回填, stubs: [{stub}]")
    scenario.write_text(text, encoding="utf-8")
    asked = list[str]()

    def answer(request: Request) -> Response:
        asked.append(request.url)
        return third_party(request)

    last = outcome(scenario, mode=mode, transport=Handler(answer), allow_ci=True)

    assert [render_failure(one) for one in last.failures] == []
    assert asked == ["https://crm.example.test/customers/12345"]
    recorded = scenario.parent / "cassettes/crm/回填.yaml"
    assert recorded.is_file() is (mode == "record")
    if mode == "record":
        assert "404" not in recorded.read_text(encoding="utf-8")
        assert outcome(scenario).outcome == "passed"


def test_without_a_recording_the_step_says_how_to_record(scenario: Path) -> None:
    (failure,) = outcome(scenario).failures

    assert failure.kind == "miss"
    assert failure.headline.startswith("step 1/2 选择客户: no cassette: crm_system.get_customer_")
    assert str(failure.script) == "form.js:2:4"
    assert "bpmax-sim record" in render_failure(failure)


def test_a_fault_reaches_the_script_and_nothing_is_recorded_for_it(scenario: Path) -> None:
    text = SCENARIO.partition("steps:")[0]
    steps = """\
steps:
  - set: {customerId: "1"}
    faults: [{on: crm_system.*, do: {status: 503, body: {}}}]
    expect_error: {code: HTTP_STATUS, status: 503}
    expect: {proxy: [{call: crm_system.get_customer_detail, source: fault}]}
  - set: {customerId: "2"}
    faults: [{on: crm_system.create_order, do: {error: reset}}]
    expect_error: {code: {$in: [RESET]}}
"""
    scenario.write_text(text + steps, encoding="utf-8")

    last = outcome(scenario, mode="live", transport=Handler(third_party))

    assert [one.headline for one in last.failures] == [
        'step 2/2 set: expected an error (code {"$in": ["RESET"]}), but the step succeeded'
    ]


def test_what_was_recorded_and_not_played_fails(scenario: Path) -> None:
    outcome(scenario, mode="record", transport=Handler(third_party))
    text = scenario.read_text(encoding="utf-8")
    scenario.write_text(text.partition("  - name: 不存在")[0], encoding="utf-8")

    (failure,) = outcome(scenario).failures

    assert failure.kind == "unplayed"
    assert "1 recorded exchange was not played" in failure.headline


def test_secrets_are_named_and_must_be_there_to_record(scenario: Path) -> None:
    text = SCENARIO.replace("clock:", "secrets: [env.CRM_SECRET, vars.a]\nvars: {a: xyz}\nclock:")
    scenario.write_text(text, encoding="utf-8")
    (item,) = load_items(scenario, environ={})

    assert read_secret_values(item, {"CRM_SECRET": "s3cr3t"}) == ("s3cr3t", "xyz")
    assert read_secret_values(item, {}, needed=False) == ("xyz",)
    with pytest.raises(ConfigError) as caught:
        open_session(item, environ={}, mode="live")
    assert str(caught.value) == (
        "场景.scenario.yaml:7:11: secrets: ${env.CRM_SECRET} is not defined;"
        " set the environment variable CRM_SECRET"
    )


def test_the_built_in_platforms_do_without_a_folder(scenario: Path) -> None:
    text = SCENARIO.replace("proxy: {platforms: platforms, cassette: crm/回填}\n", "")
    scenario.write_text(text.partition("steps:")[0] + "steps: [{expect: {proxy: []}}]\n", "utf-8")

    assert outcome(scenario).outcome == "passed"


def test_a_whole_file_runs_row_by_row(scenario: Path) -> None:
    text = SCENARIO.replace("clock:", "cases: [{id: 甲, 号: '1'}, {id: 乙, 号: '2'}]\nclock:")
    steps = "steps: [{set: {customerId: '${case.号}'}, expect: {form: {customerName: 张三}}}]\n"
    scenario.write_text(text.partition("steps:")[0] + steps, encoding="utf-8")

    events = run_scenario(
        scenario, environ={}, mode="record", transport=Handler(third_party)
    ).events

    assert [e.outcome for e in events if isinstance(e, ScenarioFinished)] == ["passed"] * 2
    folder = scenario.parent / "cassettes" / "crm" / "回填"
    assert sorted(path.name for path in folder.iterdir()) == ["乙.yaml", "甲.yaml"]


def test_platforms_that_are_not_there_are_told_at_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    scenario = folder / "x.scenario.yaml"
    scenario.write_text(
        "version: 1\nscenario: 没有平台\n"
        "proxy: {platforms: platfroms/, instances: 实例.yaml}\nsteps: [{advance: 1s}]\n",
        encoding="utf-8",
    )
    (item,) = load_items(scenario)
    with pytest.raises(ConfigError) as caught:
        open_session(item)

    assert str(caught.value) == (
        f"{scenario}:3:9: proxy.platforms: there is no {folder}/platfroms; "
        "create it, or name another\n"
        f"{scenario}:3:32: proxy.instances: there is no {folder}/实例.yaml; "
        "create it, or name another"
    )


@pytest.mark.parametrize(
    ("platforms", "column"),
    [("''", 0), ("[]", 0), ("['']", 22), ("[a, '']", 25), ("['', a]", 22)],
)
def test_an_empty_name_among_those_of_platforms_is_told_at_its_place(
    tmp_path: Path, platforms: str, column: int
) -> None:
    (tmp_path / "a").mkdir()
    head = f"version: 1\nscenario: 平台\nproxy: {{ platforms: {platforms}}}\n"
    path = tmp_path / "x.scenario.yaml"
    path.write_text(f"{head}steps: [{{advance: 1s}}]\n", encoding="utf-8")
    if not column:
        assert load_items(path)
        return
    with pytest.raises(ConfigError) as caught:
        load_items(path)

    assert [one.place and one.place.column for one in caught.value.problems] == [column]


@pytest.mark.parametrize(
    ("more", "options", "expected"),
    [
        ("", {}, (None, "replay", "fail", None)),
        ("seed: 7\n", {}, (7, "replay", "fail", None)),
        ("seed: 0\n", {}, (0, "replay", "fail", None)),
        (
            "seed: 0\n",
            {"seed": 3, "unused": "warn", "mode": "live", "default_instance": "test"},
            (3, "live", "warn", "test"),
        ),
        ("unused", {}, (None, "simulate", "ignore", "test")),
    ],
)
def test_a_session_has_the_settings_of_its_scenario_or_those_of_the_caller(
    scenario: Path, more: str, options: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    proxy = "cassette: crm/回填, mode: simulate, unused: ignore, instance: test"
    text = SCENARIO.replace("cassette: crm/回填", proxy) if more == "unused" else SCENARIO + more
    scenario.write_text(text, encoding="utf-8")
    (item,) = load_items(scenario, environ={})

    session = open_session(item, environ={}, **options)
    session.close(failed=True)
    settings = session.settings
    found = (settings.seed, settings.mode, settings.unused, settings.default_instance)
    assert found == expected


@pytest.mark.parametrize(
    ("secrets", "values"),
    [
        ("[]", ()),
        ("[env.密钥]", ("s3cret",)),
        ("[env.空, env.密钥]", ("s3cret",)),
        ("[env.没有, env.密钥]", ("s3cret",)),
        ("[vars.数, vars.零, vars.无]", ("128", "0")),
        ("[vars.对.密, vars.引]", ("甲", "s3cret")),
        ("[case.号, case.引]", ("007", "128")),
    ],
)
def test_secrets_are_the_texts_of_all_values_that_there_are(
    scenario: Path, secrets: str, values: tuple[str, ...]
) -> None:
    more = "vars: {数: 128, 零: 0, 无: null, 对: {密: 甲}, 引: '${env.密钥}'}\n"
    cases = "cases: [{id: 一, 号: '007', 引: '${vars.数}'}]\n"
    environ = {"密钥": "s3cret", "空": ""}
    scenario.write_text(f"{SCENARIO}{more}{cases}secrets: {secrets}\n", encoding="utf-8")
    (item,) = load_items(scenario, environ=environ)

    assert read_secret_values(item, environ, needed=False) == values
    if "没有" in secrets:
        with pytest.raises(ConfigError, match=r"secrets: \$\{env.没有\} is not defined"):
            read_secret_values(item, environ)


WRONG_NAME = ("customerName: 张三, ", "customerName: 李四, ")
XFAIL = ("scenario: 选择", "xfail: 以后\nscenario: 选择")


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [([], True), ([WRONG_NAME], False), ([XFAIL], False), ([WRONG_NAME, XFAIL], True)],
)
def test_a_recording_is_kept_unless_the_scenario_fails_with_it(
    scenario: Path, changes: list[tuple[str, str]], is_kept: bool
) -> None:
    assert outcome(scenario, mode="record", transport=Handler(third_party)).outcome == "passed"
    recorded = scenario.parent / "cassettes/crm/回填.yaml"
    text = SCENARIO
    for change in changes:
        text = text.replace(*change)
    scenario.write_text(text, encoding="utf-8")
    (item,) = load_items(scenario, environ={})

    check = make_replay_check(item, scenario.parent / "cassettes", {"environ": {}})
    assert check(recorded) == is_kept
    recorded.write_text("- 5\n", encoding="utf-8")
    assert not check(recorded)


def test_what_is_written_is_run_again_with_the_recordings_of_the_run(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(scenario, mode="record", transport=Handler(third_party)).outcome == "passed"
    (scenario.parent / "cassettes").rename(scenario.parent / "别处")
    scenario.write_text(SCENARIO.replace(*WRONG_NAME), encoding="utf-8")

    code = run_command_line(("run", str(scenario), "--cassettes", "别处", "--update", "--yes"))

    assert (code, scenario.read_text(encoding="utf-8")) == (1, SCENARIO), capsys.readouterr().out
    assert outcome(scenario, cassettes=Path("别处")).outcome == "passed"
