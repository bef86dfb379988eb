# ruff: noqa: E501 - scenarios, one a line
"""What a run finds when it knows the platforms, the row, and what scripts wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import Place, Problem
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.findings import (
    FilledValueContext,
    RunFinding,
    check_names_against_platforms,
    find_expected_columns,
    find_fields_meant_to_change_type,
    find_undeclared_names_in_write,
    run_check_on_row_values,
)
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.subject.hooks import UNDO
from tests.files import write_files
from tests.scenario.test_doubts_of_a_run import FILES, write

CRM = """\
platform_key: crm
base_url: https://crm.example.test
timeout: 30
auth: {apply: [{in: header, name: X-Key, value: x}]}
apis:
  查客户: {path: "/c/{客户号}", parameters: [{name: 客户号, in: path, required: true}, {name: 页码号, in: query}], answer: {properties: {编码值: {type: integer}}}}
  下单: {method: POST, path: /o, answer: {properties: {编码值: {type: integer}}}}
"""
SLOW = (
    "platform_key: slow\nbase_url: https://slow.example.test\ntimeout: 500\napis: {x: {path: /x}}\n"
)
OWN = """\
platform_key: own
base_url: https://own.example.test
apis:
  x:
    path: /x
    auth: {acquire: {steps: [{request: {path: /login}, extract: {t: {path: $.t}}}]}, apply: [{in: header, name: A, value: "{{ t }}"}]}
"""
SCENARIO = """\
version: 1
scenario: 单
form: {scripts: {open: 开.js}, fields: {金额: 0}}
faults: [{on: crm.差客户, do: {status: 503}}, {on: crm.查客户, do: {token: revoked}}, {on: slow.x, do: {delay: 400}}, {on: own.x, do: {token: expired}}, {on: crm.下单, do: {status: 500, delay: 100}}, 断]
fault_sets: {断: [{on: crm.下但, do: {status: 503}}, {on: crm.下单, do: {delay: 3000}}]}
proxy:
  instance: 总步
  stubs:
    - {on: crm.查客户, request: {query: {页码好: {$ne: 1}}}, delay: 200, body: {编码值: x, 编码直: 1}}
    - {on: crm.下单, answers: [{delay: 300, body: {编码值: x}}, {body: {编码值: y}, status: 503}, {body: {编码值: z}, status: 200}]}
    - {on: slow.x, delay: 500}
    - {on: crm.下单, body: {编码值: z}, status: 404}
expect: {proxy: [{call: crm.一, times: 0}]}
always: {proxy: [{call: crm.二, times: 0}]}
never: [{proxy: [{call: crm.三}]}]
steps:
  - {open: {}, faults: [断, {on: crm.四, do: {status: 500}}, {on: slow.x, do: {delay: 900}}], expect: {proxy: [{call: crm.五}]}, retry: {tries: 2, until: {proxy: [{call: crm.六}]}}}
  - {set: {金额: 1}, expect_error: {from: crm.七}}
  - {set: {金额: 2}, during: {call: crm.八, steps: [{set: {金额: 3}}]}}
  - {proxy: {call: crm.九}, expect: {result: {编码直: {$ne: 1}}}}
  - {proxy: {call: crm.十}, expect_error: {code: UNKNOWN_API}}
  - {proxy: {call: crm.查客户, path: {客户好: 1}, query: {页码好: 1}}, expect_error: {code: MISSING_PARAMETER}}
  - {proxy: {call: crm.查客户, path: {客户好: 1}, query: {页码好: 1}}, expect_error: {code: {$ne: X}}}
  - {proxy: {call: crm.查客户, args: [1, 2, 3]}, expect: {result: {编码直: {$ne: 1}}}}
"""


def write_and_load(folder: Path, text: str, **files: str) -> list[Any]:
    write_files(
        folder,
        {
            **FILES,
            "platforms/crm.yaml": CRM,
            "platforms/slow.yaml": SLOW,
            "platforms/own.yaml": OWN,
            "单.scenario.yaml": text,
            **files,
        },
    )
    return load_items(Path("单.scenario.yaml"), environ={}, root=folder, is_checked=True)


def test_each_name_that_no_platform_has_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [item] = write_and_load(tmp_path, SCENARIO)
    platforms = replace(
        load_platforms(tmp_path / "platforms"),
        doubts=(Problem("可疑", Place("platforms/crm.yaml", 2, 1)),),
        suspects=(Problem("怀疑", Place("instances.yaml", 1, 1)),),
    )
    found = check_names_against_platforms(item, platforms)

    assert [
        f"{one.place and f'{one.place.line}:{one.place.column}'} {one.kind}{'!' if one.fails else ''} {one.message}"
        for one in found
    ] == [
        "4:10 rule! this can never answer: crm has no API '差客户'; did you mean '查客户'?",
        "5:18 rule! this can never answer: crm has no API '下但'; did you mean '下单'?",
        "17:28 rule! this can never answer: crm has no API '四'; there are 查客户, 下单",
        "4:44 rule crm has no login, so no token of it ends; write status: 401 where a refused key is meant",
        "4:148 rule delay: 100 is in seconds and beyond the timeout of 30; write 0.1 where milliseconds are meant, error: timeout where a time-out is",
        "5:51 rule delay: 3000 is in seconds and beyond the timeout of 30; write 3 where milliseconds are meant, error: timeout where a time-out is",
        "17:60 rule delay: 900 is in seconds and beyond the timeout of 500; write 0.9 where milliseconds are meant, error: timeout where a time-out is",
        "2:1  可疑",
        "1:1  怀疑",
        "5:19 name! crm has no API '下但'; did you mean '下单'?",
        "9:39 name! crm.查客户 has no parameter '页码好' in query; did you mean '页码号'?",
        "9:7 rule delay: 200 is in seconds and beyond the timeout of 30; write 0.2 where milliseconds are meant, error: timeout where a time-out is",
        "9:75 unfit crm.查客户: integer is declared, got 'x'",
        "9:83 name crm.查客户 is declared to answer without '编码直'; did you mean '编码值'?",
        "10:7 rule delay: 300 is in seconds and beyond the timeout of 30; write 0.3 where milliseconds are meant, error: timeout where a time-out is",
        "10:50 unfit crm.下单: integer is declared, got 'x'",
        "10:99 unfit crm.下单: integer is declared, got 'z'",
        "7:3 name! no platform has an instance '总步'; there is default",
        "13:19 name! crm has no API '一'; there are 查客户, 下单",
        "14:19 name! crm has no API '二'; there are 查客户, 下单",
        "15:19 name! crm has no API '三'; there are 查客户, 下单",
        "17:111 name! crm has no API '五'; there are 查客户, 下单",
        "17:162 name! crm has no API '六'; there are 查客户, 下单",
        "18:35 name! crm has no API '七'; there are 查客户, 下单; or one of script, form, flow, python, proxy",
        "19:29 name! crm has no API '八'; there are 查客户, 下单",
        "20:14 name! crm has no API '九'; there are 查客户, 下单",
        "22:53 name! crm.查客户 has no parameter '页码好' in query; did you mean '页码号'?",
        "23:36 name! crm.查客户 has no parameter '客户好' in path; did you mean '客户号'?",
        "23:53 name! crm.查客户 has no parameter '页码好' in query; did you mean '页码号'?",
        "24:65 name! crm.查客户 has no parameter '编码直' in response; did you mean '编码值'?",
        "24:42 name! crm.查客户 takes 2 arguments; the rest is dropped",
    ]


def tell_of_row(context: CheckContext, item: Any) -> None:
    context.tell(
        item.spot.at("scenario"),
        "坏 {name!r}{hint}",
        known=["金额", "客户"],
        name="金颖",
        kind="name",
        fails=False,
    )
    context.tell(item.spot.at("form"), "没有", kind="别的")


def test_a_finding_in_a_row_names_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head = "scenario: 单\nform: {fields: {金额: 0}}\nsteps: [{js: form.金额 = 1, expect: {form: {金额: 1}}}]\n"
    [single] = write_and_load(tmp_path, head)
    first, _ = write_and_load(tmp_path, head + "cases: [{id: 甲}, {id: 乙}]\n")

    assert run_check_on_row_values(
        single, single.names, lambda context: tell_of_row(context, single)
    ) == [
        RunFinding(
            "name", "坏 '金颖'; did you mean '金额'?", Place("单.scenario.yaml", 1, 1), False
        ),
        RunFinding("value", "没有", Place("单.scenario.yaml", 2, 1), True),
    ]
    told = run_check_on_row_values(first, first.names, lambda context: tell_of_row(context, first))
    assert [one.message for one in told] == [
        "坏 '金颖'; did you mean '金额'? (filled in by the row '甲', 单.scenario.yaml:4:9)",
        "没有 (filled in by the row '甲', 单.scenario.yaml:4:9)",
    ]
    assert FilledValueContext(single.names).findings == []


def test_fields_and_columns_that_a_script_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [item] = write_and_load(
        tmp_path,
        "scenario: 单\nform: {scripts: {open: 开.js}, fields: {金额: 0, 名: '', 明细: [{量: 1}], 甲: [{a: 1}], 乙: [{b: 1}], 丙: 0, 丁: 0, 戊: 0, 己: 0, 庚: '', 辛: {}}}\n"
        "steps:\n  - {open: {}, expect: {form: {'明细[0].价': 1, 丙: 五, 庚: 六, 丁: {$in: [甲]}}}, retry: {until: {form: {甲: {$each: {c: 1}}}}}}\n"
        "expect: {form: {乙: [{d: 1}, {e: 2}], 戊: {a: 1}}}\nalways: {form: {甲: {$not: {$contains: {f: 1}}}, 己: []}}\nnever: {form: {乙: [{g: 1}], 辛: 5}}\n",
    )  # fmt: skip
    assert find_expected_columns(item) == {"明细": {"价"}, "甲": {"c", "f"}, "乙": {"d", "e"}}
    assert find_fields_meant_to_change_type(item) == {"明细", "丙", "乙", "戊", "己"}

    def tell(field: str, new: Any, by: str = "script") -> list[str]:
        expected = {"明细": frozenset({"价"})}
        return [
            name
            for name, _ in find_undeclared_names_in_write(
                item.names, write(field, new, by), expected
            )
        ]

    rows = [{"量": 1, "价": 2, "单位": 3}, "坏", {"品名": 1}]
    assert [tell("明细", rows), tell("备注", 1), tell("明细", rows, UNDO), tell("合同/备注", 1), tell("project.备注", 1), tell("projects", 1), tell("金额", rows)] == [
        ["form.明细[0].单位", "form.明细[2].品名"], ["form.备注"], [], [], [], ["form.projects"], [],
    ]  # fmt: skip
    [(_, wrong)] = find_undeclared_names_in_write(item.names, write("明细", [{"单位": 1}]), {})
    assert wrong.endswith("(if it is a column, declare it: a row of form.fields.明细 that has it)")
