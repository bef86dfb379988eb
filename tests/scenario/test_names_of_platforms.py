"""Names of instances and APIs in a scenario, beside those that its platform files declare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.scenario.expect_check import check_call
from bpmax_sim.scenario.findings import FilledValueContext
from bpmax_sim.scenario.model import ExpectedCall
from bpmax_sim.scenario.names import ScenarioNames, find_unknown_instance_problem
from bpmax_sim.scenario.source import ScenarioSource, Spot
from tests.files import write_files

CRM = """\
platform_key: crm
base_url: https://crm.example.test
apis: {get_customer: {path: /c, aliases: [查客户]}, get_order: {path: /o}}
"""
OA = "platform_key: oa\nbase_url: https://oa.example.test\napis: {send: {path: /s}}\n"
BROKEN = "platform_key: erp\nbase_url: 5\napis: {}\n"
INSTANCES = "- {platform: crm, instance_key: 上海}\n- {platform: oa, instance_key: 深圳}\n"


@pytest.fixture(name="platforms", scope="module")
def load_declared(tmp_path_factory: pytest.TempPathFactory) -> Platforms:
    folder = tmp_path_factory.mktemp("平台")
    texts = {"platforms/crm.yaml": CRM, "platforms/oa.yaml": OA, "platforms/erp.yaml": BROKEN}
    write_files(folder, {**texts, "instances.yaml": INSTANCES})
    return load_usable_platforms(folder / "platforms")


@pytest.mark.parametrize(
    ("key", "platform", "wrong"),
    [
        ("上海", "", None),
        ("深圳", "", None),
        ("上海", "crm", None),
        ("上海", "c*", None),
        ("上海", "*", None),
        ("上海", "oa", "oa has no instance '上海'; there is 深圳"),
        ("上海", "o*", "no platform has an instance '上海'; there is 深圳"),
        ("上诲", "crm", "crm has no instance '上诲'; did you mean '上海'?"),
        ("北京", "", "no platform has an instance '北京'; there are 上海, 深圳"),
        ("北京", "*", "no platform has an instance '北京'; there are 上海, 深圳"),
        ("北京", "没有", None),
        ("北京", "x*", None),
        ("北京", "${vars.平台}", None),
        ("${vars.实例}", "crm", None),
        ("default", "crm", None),
        ("default", "", None),
        ("", "crm", None),
    ],
)
def test_an_instance_is_one_of_the_platform_that_is_named(
    platforms: Platforms, key: str, platform: str, wrong: str | None
) -> None:
    usable = replace(platforms, broken={})

    assert ScenarioNames(platforms=usable).find_instance_problem(key, platform) == wrong
    for unknown in (None, usable.copy_replacing_entries([])):
        assert ScenarioNames(platforms=unknown).find_instance_problem(key, platform) is None


def test_an_instance_of_the_command_line_is_one_of_any_platform_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {"甲": "", "乙": INSTANCES.replace("深圳}", "深圳, enabled: false}"), "坏": INSTANCES}
    for name, text in rows.items():
        files = {"platforms/crm.yaml": CRM, "platforms/oa.yaml": OA, "instances.yaml": text}
        write_files(tmp_path / name, files)
    (tmp_path / "坏/platforms/erp.yaml").write_text(BROKEN, "utf-8")

    def find(key: str, *names: str, instances: str = "") -> str | None:
        other = tmp_path / instances if instances else None
        return find_unknown_instance_problem(
            key, [([Path(f"{n}/platforms")], other) for n in names]
        )

    told = "no platform has an instance '{}'; {}; leave the option out, or declare it in {}"
    assert {
        "all": [find("上海", "甲", "乙"), find("default", "乙"), find("北京"), find("北京", "坏")],
        "none": find("北京", "甲"),
        "some": find("北京", "乙"),
        "several": find("北京", "乙", "甲"),
        "near": find("上诲", "乙"),
        "disabled": find("深圳", "乙"),
        "elsewhere": [
            find("深圳", "乙", instances="坏/instances.yaml"),
            find("上海", "甲") is None,
        ],
    } == {
        "all": [None, None, None, None],
        "none": told.format("北京", "there is default", "甲/instances.yaml"),
        "some": told.format("北京", "there is 上海", "乙/instances.yaml"),
        "several": told.format("北京", "there are default, 上海", "乙/instances.yaml"),
        "near": told.format("上诲", "did you mean '上海'?", "乙/instances.yaml"),
        "disabled": (
            "instance '深圳' of 'oa' is disabled; remove enabled: false at 乙/instances.yaml:2:36"
        ),
        "elsewhere": [None, False],
    }
    write_files(tmp_path / "空", {"platforms/a.txt": ""})
    assert find("北京", "空") == told.format("北京", "none is declared", "scenarios/instances.yaml")


@pytest.mark.parametrize(
    ("platform", "is_told"),
    [("crm", True), ("c*", True), ("erp", False), ("*", False), ("", False)],
)
def test_of_a_platform_that_cannot_be_used_no_instance_is_missed(
    platforms: Platforms, platform: str, is_told: bool
) -> None:
    wrong = ScenarioNames(platforms=platforms).find_instance_problem("北京", platform)

    assert bool(wrong) == is_told


@pytest.mark.parametrize(
    ("parts", "unknown"),
    [
        ({"instance": "上海"}, []),
        ({"instance": "北京"}, ["北京"]),
        ({"instance": "深圳"}, ["深圳"]),
        ({"instance": ""}, []),
        ({"instance": {"$in": ["上海", "北京", "广州"]}}, ["北京", "广州"]),
        ({"instance": {"$ne": "北京"}}, ["北京"]),
        ({"instance": "北京", "error": "TIMEOUT"}, ["北京"]),
        ({"instance": "北京", "error": "UNKNOWN_INSTANCE"}, []),
        ({"instance": "北京", "error": {"$in": ["TIMEOUT", "UNKNOWN_INSTANCE"]}}, []),
        ({"instance": "北京", "error": {"$exists": True}}, []),
        ({"instance": "北京", "error": ""}, ["北京"]),
    ],
)
def test_an_expected_call_names_an_instance_that_there_is_or_expects_its_error(
    tmp_path: Path, platforms: Platforms, parts: dict[str, Any], unknown: list[str]
) -> None:
    path = tmp_path / "单.scenario.yaml"
    path.write_text("scenario: 单\n", encoding="utf-8")
    context = FilledValueContext(ScenarioNames(platforms=replace(platforms, broken={})))

    check_call(
        context, ExpectedCall(call="crm.get_order", **parts), Spot(ScenarioSource.read(path))
    )

    told = [one.message.partition("has no instance '")[2] for one in context.findings]
    assert [one.partition("'")[0] for one in told] == unknown


@pytest.mark.parametrize(
    ("call", "api", "wrong"),
    [
        ("crm.get_customer", "get_customer", None),
        ("crm.getCustomer", "get_customer", None),
        ("crm.查客户", "get_customer", None),
        ("crm.查用户", None, "crm has no API '查用户'; did you mean '查客户'?"),
        ("crm.get_*", None, None),
        ("crm.*", None, None),
        (
            "crm.del_*",
            None,
            "crm has no API 'del_*'; there are get_customer, get_order, 查客户",
        ),
        ("oa.get_order", None, "oa has no API 'get_order'; there is send"),
        ("crn.get_order", None, "no platform 'crn'; did you mean 'crm'?"),
        ("*", None, None),
        ("*.del_*", None, None),
        ("c*.get_order", None, None),
        ("x*.get_order", None, "no platform is like 'x*'"),
        ("erp.什么", None, None),
        ("${vars.平台}.什么", None, None),
        ("crm", None, None),
        ("crm.", None, None),
        ("crm.$token", None, None),
    ],
)
def test_an_api_is_one_of_its_platform(
    platforms: Platforms, call: str, api: str | None, wrong: str | None
) -> None:
    names = ScenarioNames(platforms=platforms)
    found = names.find_api(call)

    assert (names.find_call_problem(call), found and found[1].key) == (wrong, api)
    assert (ScenarioNames().find_call_problem(call), ScenarioNames().find_api(call)) == (None, None)
    assert ScenarioNames(platforms=Platforms()).find_call_problem("*.get_order") is None
