# ruff: noqa: E501 - scenarios, one a line
"""Empty names, headers that no client knows, and near columns: each word that these checks know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.scenario.findings_of_a_file import examine

CASES: dict[str, tuple[str, Mapping[str, str], list[str]]] = {
    "each header to which a client reacts": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
proxy:
  stubs:
    - on: crm.a
      headers:
        Content-Dispositon: a
        Content-Encodng: b
        Content-Lenght: '3'
        Last-Modifed: d
      body: {}
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "7:9 name no client knows the header 'Content-Dispositon'; did you mean 'content-disposition'?",
            "8:9 name no client knows the header 'Content-Encodng'; did you mean 'content-encoding'?",
            "9:9 name no client knows the header 'Content-Lenght'; did you mean 'content-length'?",
            "10:9 name no client knows the header 'Last-Modifed'; did you mean 'last-modified'?",
        ],
    ),
    "names that are empty where they are values": (
        """\
scenario: 单
use: 片.yaml
form: {fields: {明细: [{at: ''}], by: 甲}, scripts: {open: 开.js}}
vars: {at: ''}
cases: [{id: 甲, to: '', by: 1}, {id: 乙, to: '', by: 2}]
proxy: {stubs: [{on: crm.a, request: {path: {at: ''}}, body: {}}]}
steps:
  - {open: {by: ''}, save: {at: ''}, expect: {form: {by: ''}}}
  - {set: {by: '${vars.at}'}}
  - {set: {by: ''}}
  - {add_row: {table: 明细, row: {at: ''}}}
  - {proxy: {call: crm.a, query: {at: ''}, header: {by: ''}, body: {to: ''}}}
  - {proxy: {call: crm.a, args: [{to: ''}]}}
  - {run: {steps: 填, with: {to: '', by: '${case.by}'}}}
  - {add_row: {table: ''}}
  - {proxy: {call: ""}}
""",
        {"片.yaml": """\
steps: {填: [{set: {by: '${vars.to} ${vars.by} ${case.to}'}}]}
"""},
        [
            "15:16 ! no field ''; there are 明细, by",
            "15:16 empty table names nothing; fill it in, or leave it out",
            "16:14 ! expected call: platform.api, got ''",
            "16:14 empty call names nothing; fill it in, or leave it out",
        ],
    ),
    "columns for who reads the table": (
        """\
scenario: 单
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases:
  - {id: 甲, 额: 1, name: a, title: b, description: c, comment: d, note: e, 名称: f, 标题: g, 说明: h, 备注: i, 描述: j, 注释: k}
  - {id: 乙, 额: 2}
steps: [{open: {金额: '${case.额}'}, expect: {form: {金额: 1}}}]
""",
        {},
        ["4:110 rule nothing reads the column '注释'"],
    ),
    "rows that differ in the title of the scenario alone": (
        """\
scenario: '单 ${case.甲}'
form: {fields: {金额: 0}, scripts: {open: 开.js}}
cases: [{id: a, 甲: 1}, {id: b, 甲: 2}]
steps: [{open: {}, expect: {form: {金额: 1}}}]
""",
        {},
        [
            "3:24 rule the row 'b' differs from the row 'a' only in 甲, which no more than a name reads; fill it in where it is meant",
        ],
    ),
    "rows of a near column stand where they are first": (
        """\
scenario: 单
form: {fields: {明细: []}, scripts: {open: 开.js}}
steps:
  - {open: {}, expect: {form: {明细: []}}}
  - {add_row: {table: 明细, row: {物料各: a}}}
  - {add_row: {table: 明细, row: {物料名: a}}}
  - {add_row: {table: 明细, row: {物料各: b, 物料名: b}}}
  - {add_row: {table: 明细, row: {物料名: c}}}
""",
        {},
        [
            "5:33 name no other row of 明细 has a column '物料各'; did you mean '物料名'?",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "told"), CASES.values(), ids=CASES)
def test_each_mistake_is_told_at_its_place_and_nothing_else(
    tmp_path: Path, text: str, files: Mapping[str, str], told: list[str]
) -> None:
    assert examine(tmp_path, text, {"开.js": "form.金额 = 1", **files}) == told
