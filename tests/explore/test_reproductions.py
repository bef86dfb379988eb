# ruff: noqa: E501 - a scenario, one part a line
"""The scenario that is written for a finding: what it takes over, what it leaves out, where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from bpmax_sim.explore.judge import Judgement
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.reproduce import (
    ReproducingScenario,
    reproduce,
    save_and_check_reproduction,
)
from bpmax_sim.explore.search import JudgedVariant
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import FaultAction, FaultRule
from tests.explore.project import INSTANCES, PLATFORM
from tests.explore.views import LINE, made

SCENARIO = """\
version: 1
scenario: 选择客户
was: 旧名
form: {fields: {编号: "", 客户: ""}}
explore: {silent: warn}
proxy:
  platforms: platforms/
  stubs:
    - {on: crm.getCustomer, body: {code: 0}}
    - {on: crm.notify, body: {code: 0}}
    - {on: "crm.create*", body: {code: 0}}
    - {on: "*", body: {}}
faults: {on: crm.notify, call: 2, do: {status: 503}}
steps:
  - {name: 一, set: {编号: "1"}, expect: {form: {编号: "1"}}, save: {n: form.编号}}
  - {name: 二, set: {编号: "2"}, expect: {form: {编号: "2"}}}
  - {name: 三, id: drei, set: {编号: "3"}, expect: {form: {编号: "3"}}, faults: [{on: crm.notify, do: {status: 500}}]}
  - {name: 四, set: {编号: "4"}}
finally: [{name: 末, set: {编号: ""}}]
expect: {form: {编号: "4"}}
"""
RULE = FaultRule(on="crm.getCustomer", call=1, attempts=10, do=FaultAction(error="timeout"))
RULE_DATA = {"on": "crm.getCustomer", "call": 1, "attempts": 10, "do": {"error": "timeout"}}
OWN = {"on": "crm.notify", "call": 2, "do": {"status": 503}}
EXPECTS = {"messages": {"$length": {"$gt": 0}}}


def variant(step: str = "2", **fields: Any) -> JudgedVariant:
    judgement: dict[str, Any] = {
        "why": msg("{call} failed, and nobody was told", call="crm.getCustomer"),
        "place": LINE,
        "failing_expectation": EXPECTS,
    }
    usual: dict[str, Any] = {
        "call": made("crm.getCustomer", step=step), "kind": msg("timeout"), "column": "timeout",
        "rules": (RULE,), "severity": "fail", "base_call_names": ("crm.getCustomer",),
        "judgement": Judgement(verdict="silent", **{**judgement, **fields.pop("judgement", {})}),
    }  # fmt: skip
    return JudgedVariant(**{**usual, **fields})


def load(folder: Path, text: str = SCENARIO) -> ScenarioItem:
    home = folder / "scenarios"
    (home / "platforms").mkdir(parents=True, exist_ok=True)
    (home / "platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    (home / "instances.yaml").write_text(INSTANCES, "utf-8")
    path = home / "选择客户.scenario.yaml"
    path.write_text(text, "utf-8")
    return load_items(path, environ={})[-1]


def written(item: ScenarioItem, one: JudgedVariant) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(reproduce(item, one).text)
    return data


def test_a_finding_becomes_a_scenario_up_to_the_step_that_was_judged(tmp_path: Path) -> None:
    item = load(tmp_path)

    scenario = reproduce(item, variant())

    assert scenario.path == tmp_path / "scenarios/选择客户 crm.getCustomer timeout.scenario.yaml"
    assert scenario.fails_expectation
    head, _, rest = scenario.text.partition("\n")
    assert head == "# crm.getCustomer failed, and nobody was told"
    assert yaml.safe_load(rest) == {
        "version": 1,
        "scenario": "选择客户：crm.getCustomer timeout",
        "was": ["选择客户", "旧名"],
        "form": {"fields": {"编号": "", "客户": ""}},
        "proxy": {
            "platforms": "platforms/",
            "stubs": [{"on": "crm.getCustomer", "body": {"code": 0}}, {"on": "*", "body": {}}],
            "unused": "ignore",
            "cassette": item.cassette,
        },
        "faults": [OWN, RULE_DATA],
        "steps": [
            {
                "name": "一",
                "set": {"编号": "1"},
                "expect": {"form": {"编号": "1"}},
                "save": {"n": "form.编号"},
            },
            {"name": "二", "set": {"编号": "2"}, "expect": EXPECTS},
        ],
    }
    assert [*yaml.safe_load(rest)][:3] == ["version", "scenario", "was"]
    assert [*yaml.safe_load(rest)][-1] == "steps"


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("", ["一"]),
        ("1", ["一"]),
        ("3", ["一", "二", "三"]),
        ("4", ["一", "二", "三", "四"]),
        ("5", ["一", "二", "三", "四"]),
    ],
)
def test_steps_after_the_failed_one_are_left_out(
    tmp_path: Path, step: str, names: list[str]
) -> None:
    steps = written(load(tmp_path), variant(step))["steps"]

    assert [one["name"] for one in steps] == names
    assert steps[-1]["expect"] == EXPECTS
    assert all("expect" in one for one in steps[:-1])


@pytest.mark.parametrize(
    ("names", "stubs"),
    [
        ((), ["*"]),
        (("crm.notify",), ["crm.notify", "*"]),
        (("crm.createOrder", "crm.getCustomer"), ["crm.getCustomer", "crm.create*", "*"]),
        (("crm.get_customer",), ["crm.getCustomer", "*"]),
    ],
)
def test_only_stubs_that_are_needed_are_taken_over(
    tmp_path: Path, names: tuple[str, ...], stubs: list[str]
) -> None:
    one = variant(base_call_names=names)

    assert [stub["on"] for stub in written(load(tmp_path), one)["proxy"]["stubs"]] == stubs


def test_what_fails_by_an_error_has_no_expectation(tmp_path: Path) -> None:
    one = variant("3", judgement={"failing_expectation": {}}, refusals={"2": "MOVED_ON"})

    scenario = reproduce(load(tmp_path), one)

    assert not scenario.fails_expectation
    first, second, third = yaml.safe_load(scenario.text)["steps"]
    assert "expect_error" not in first
    assert second == {
        "name": "二", "set": {"编号": "2"}, "expect": {"form": {"编号": "2"}}, "expect_error": {"code": "MOVED_ON"},
    }  # fmt: skip
    assert third == {
        "name": "三", "id": "drei", "set": {"编号": "3"}, "faults": [{"on": "crm.notify", "do": {"status": 500}}],
    }  # fmt: skip


@pytest.mark.parametrize(("is_again", "inner"), [(False, "三"), (True, "二")])
def test_what_a_person_did_meanwhile_is_done_during_the_call(
    tmp_path: Path, is_again: bool, inner: str
) -> None:
    call = made("crm.getCustomer", step="2")
    what = Interruption(call=call, what="点 during crm.getCustomer", is_again=is_again)
    one = variant(interruption=what, kind=what.what, base_call_names=())

    data = written(load(tmp_path), one)

    steps = data["steps"]
    assert [step["name"] for step in steps] == ["一", "二", *(["三"] if is_again else []), "四"]
    assert steps[0]["expect"] == {"form": {"编号": "1"}}
    number = {"二": "2", "三": "3"}[inner]
    assert steps[1] == {
        "name": "二", "set": {"编号": "2"},
        "during": {"call": "crm.getCustomer", "steps": [{"name": inner, "set": {"编号": number}}]},
    }  # fmt: skip
    assert [step.get("expect") for step in steps[1:]] == [None] * (len(steps) - 2) + [EXPECTS]
    assert len(data["proxy"]["stubs"]) == 4


def test_the_step_that_was_judged_and_those_after_it_check_nothing_else(tmp_path: Path) -> None:
    checks = "save: {n: form.编号}, retry: {tries: 2, until: {form: {编号: '2'}}}"
    step = f"{{set: {{编号: '1'}}, expect_error: {{message: 坏了}}, {checks}}}"
    text = f"version: 1\nscenario: 甲\nform: {{fields: {{编号: ''}}}}\nsteps: [{step}, {step}, {step}]\n"
    item = load(tmp_path, text)
    call = made("crm.getCustomer", step="2")
    whole, bare = yaml.safe_load(step), {"set": {"编号": "1"}}

    assert written(item, variant())["steps"] == [whole, {**bare, "expect": EXPECTS}]
    meanwhile = Interruption(call=call, what="再点", is_again=False)
    assert written(item, variant(interruption=meanwhile))["steps"] == [
        whole,
        {
            **bare,
            "during": {"call": "crm.getCustomer", "steps": [bare]},
            "expect": EXPECTS,
        },
    ]


PROXIES: dict[str, tuple[str, bool, dict[str, Any]]] = {
    # the section of the scenario, whether simulators answered, and the section that is written
    "none": ("", False, {"unused": "ignore", "cassette": "选择客户/选择客户"}),
    "a cassette of its own": ("proxy: {cassette: 别的}\n", False, {"cassette": "别的", "unused": "ignore"}),
    "simulated": ("", True, {"unused": "ignore", "mode": "simulate"}),
    "simulated in place of a cassette": ("proxy: {cassette: 别的}\n", True, {"cassette": "别的", "unused": "ignore", "mode": "simulate"}),
    "what it says of recordings that are left": ("proxy: {unused: warn}\n", True, {"unused": "ignore", "mode": "simulate"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PROXIES)
def test_the_recording_is_that_of_the_scenario(tmp_path: Path, name: str) -> None:
    section, is_simulated, expected = PROXIES[name]
    text = f"version: 1\nscenario: 选择客户\n{section}form: {{fields: {{a: 1}}}}\nsteps: [{{set: {{a: 2}}}}]\n"
    item = load(tmp_path, text)

    data = written(item, variant("1", is_simulated=is_simulated))

    if name == "none":
        expected = {**expected, "cassette": item.cassette}
    assert data["proxy"] == expected
    assert data["faults"] == [RULE_DATA]
    assert data["was"] == ["选择客户"]


def test_what_stands_alone_counts_as_a_list_of_one(tmp_path: Path) -> None:
    text = """\
version: 1
scenario: 选择客户
form: {fields: {编号: ""}}
proxy: {platforms: platforms/, stubs: {on: crm.getCustomer, body: {code: 0}}}
steps: {name: 一, set: {编号: "1"}}
"""
    data = written(load(tmp_path, text), variant("1"))

    assert [*data][:3] == ["version", "scenario", "was"]
    assert data["was"] == ["选择客户"]
    assert data["proxy"]["stubs"] == [{"on": "crm.getCustomer", "body": {"code": 0}}]
    assert data["steps"] == [{"name": "一", "set": {"编号": "1"}, "expect": EXPECTS}]


def test_a_row_becomes_the_only_case_and_plays_its_own_recording(tmp_path: Path) -> None:
    rows = "cases: [{id: 甲, 号: '1'}, {id: 乙, 号: '2', 名: x}]\n"
    item = load(
        tmp_path, SCENARIO.replace("explore:", f"{rows}explore:").replace("was: 旧名\n", "")
    )

    data = written(item, variant(kind="data.name null"))

    assert data["cases"] == [{"id": "乙", "号": "2", "名": "x"}]
    assert data["proxy"]["cassette"] == item.cassette.rpartition("/")[0]
    assert "explore" not in data


def test_several_faults_of_the_scenario_stay_before_those_of_the_finding(tmp_path: Path) -> None:
    text = SCENARIO.replace("faults: {", "faults: [{").replace(
        "status: 503}}", "status: 503}}, {on: crm.notify, call: 3, do: {status: 504}}]"
    )
    second = replace(RULE, call=3)

    data = written(load(tmp_path, text), variant(rules=(RULE, second)))

    assert [one["call"] for one in data["faults"]] == [2, 3, 1, 3]
    assert data["faults"][2:] == [RULE_DATA, {**RULE_DATA, "call": 3}]


GREEN = "version: 1\nscenario: 好\nform: {fields: {a: 1}}\nsteps: [{set: {a: 2}, expect: {form: {a: 2}}}]\n"
CHECKED: dict[str, tuple[str, bool, str]] = {
    # a scenario, whether an expectation fails, and what is wrong with it
    "an expectation fails": (GREEN.replace("{form: {a: 2}}", "{form: {a: 3}}"), True, ""),
    "it passes": (GREEN, True, "it passes"),
    "it cannot be read": (GREEN.replace("steps", "stps"), True, "scenarios/新.scenario.yaml:"),
    "an error comes first": (GREEN.replace("set: {a: 2}", "js: throw new Error('坏了')"), True, "坏了"),
    "the error that was meant": (GREEN.replace("set: {a: 2}", "js: throw new Error('坏了')"), False, ""),
    "a value is not there": (GREEN.replace("a: 2}, expect", "a: '${vars.x}'}, expect"), True, "vars.x"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKED)
def test_a_scenario_that_does_not_fail_as_it_should_is_not_kept(tmp_path: Path, name: str) -> None:
    text, fails_expectation, why = CHECKED[name]
    path = tmp_path / "scenarios/新.scenario.yaml"

    told = save_and_check_reproduction(ReproducingScenario(path, text, fails_expectation))

    assert (why in told, bool(told)) == (True, bool(why))
    assert path.exists() is not bool(why)
