"""What editors are told of each parameter, response, form field and library, line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.response_shapes import ResponseShapes, infer_shape
from bpmax_sim.script.failure import Script
from bpmax_sim.starter.document_draft import draft_sample_call
from bpmax_sim.starter.editor_types import (
    DeclarationSources,
    format_declarations,
    read_settings,
)

CRM = """
platform_key: crm
title: 客户系统
base_url: https://crm.example.test
apis:
  getOrders:
    title: 订单 */ 列表
    aliases: [orders, getOrders]
    path: /orders/{shop}/{day}
    parameters:
      - {name: shop, in: path, required: true, type: integer}
      - {name: day, in: path, required: true, type: boolean}
      - {name: page, in: query, required: true}
      - {name: size, in: query, type: number}
      - {name: state, in: query, required: true, enum: [开, 关, 3]}
      - {name: open, in: query, type: boolean}
      - {name: X-Tenant, in: header, to: X-Tenant, type: string}
      - {name: ids, in: query, type: array}
      - {name: kind, in: header, schema: {type: integer}}
      - {name: odd, in: query, schema: {type: [string, "null"]}}
  save:
    method: POST
    path: /save
    parameters:
      - {name: 客户, in: body, required: true, type: string}
      - {name: 数量, in: body, type: integer}
      - {name: 明细, in: body, type: array}
      - {name: 更多, in: body, type: object}
      - {name: 任意, in: body}
      - {name: city, in: body, to: 地址.市.名, type: string}
      - {name: first, in: query, required: true, type: object}
  raw:
    method: PUT
    path: /raw
    parameters:
      - {name: body, in: body, to: $, required: true, type: array}
      - {name: more, in: body, required: true}
  detail:
    path: /detail
    answer:
      type: object
      required: [code]
      properties:
        code: {type: integer}
        data: {type: array, items: {type: object, properties: {"x-y": {type: string}}}}
        list: {type: array}
        map: {type: object}
        none: {}
        both: {type: [string, "null", boolean]}
  empty:
    path: /empty
  get_stock_items:
    path: /stock
    result: envelope
"""
OA = """
platform_key: oa
title: ''
base_url: https://oa.example.test
apis: {}
"""
SEEN = [
    infer_shape({"id": 1, "客户": None, "行": [{"a": 1}, {"b": "x"}], "无": []}),
    infer_shape({"id": "7"}),
]
SHAPES = ResponseShapes([
    {"crm.save": SEEN[0], "crm.detail": SEEN[0]}, {"crm.save": SEEN[1]},
    {"crm.get_stock_items": SEEN[1]},
])  # fmt: skip
FORMS: tuple[dict[str, Any], ...] = (
    {"金额": 1, "备注": None, "明细": [], "a-b": "x"},
    {"金额": "1", "备注": None, "明细": [{"量": 1}], "急": True},
    {"金额": None, "地址": {"市": "京"}, "空": {}},
)
LIBRARIES = (
    Script("const 税率 = 0.06;\nfunction 含税(价, 率) { return 价 * 率 }\n", "scripts/lib/税.js"),
    Script("const 税率 = 0.06;\nfunction 含税(价, 率) { return 价 * 率 }\n", "scripts/lib/税.js"),
    Script("1;", "空.js"),
)


@pytest.fixture(name="text", scope="module")
def text_of(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("platforms")
    (folder / "crm.yaml").write_text(CRM, "utf-8")
    (folder / "oa.yaml").write_text(OA, "utf-8")
    sources = DeclarationSources(
        platforms=[load_platforms(folder)], shapes=SHAPES, forms=FORMS, libraries=LIBRARIES
    )
    return format_declarations(sources, "en")


@pytest.mark.parametrize(
    "line",
    [
        'type BpmaxField = "a-b" | "地址" | "备注" | "急" | "明细" | "空" | "金额";',
        '  "a-b": string | null;',
        "  地址: { 市: string } | null;",
        "  备注: any;",
        "  急: boolean | null;",
        "  明细: ({ 量: number })[] | null;",
        "  空: Record<string, any> | null;",
        "  金额: number | string | null;",
        "  $visible: Partial<Record<BpmaxField, boolean>> & Record<string, boolean>;",
        "  $required: Partial<Record<BpmaxField, boolean>> & Record<string, boolean>;",
        "  $readonly: Partial<Record<BpmaxField, boolean>> & Record<string, boolean>;",
        "  $options: Partial<Record<BpmaxField, any[]>> & Record<string, any[]>;",
        "  crm: Bpmax_crm;",
        "  oa: Bpmax_oa;",
        '  crm: "default" | (string & {});',
        "  qywx: (string & {});",
        "/** 客户系统 */",
        "type Bpmax_crm_getOrders_result = any;",
        (
            "type Bpmax_crm_save_result = { id?: number | string; 客户?: null;"
            " 行?: ({ a?: number; b?: string })[]; 无?: any[] };"
        ),
        "type Bpmax_crm_raw_result = any;",
        (
            "type Bpmax_crm_get_stock_items_result = "
            "{ code?: any; message?: any; data?: { id?: string } };"
        ),
        (
            'type Bpmax_crm_detail_result = { code: number; data?: ({ "x-y"?: string })[];'
            " list?: any[]; map?: Record<string, any>; none?: any;"
            " both?: boolean | null | string };"
        ),
        "  /** POST /save */",
        (
            "  save(客户: string, 数量?: number, 明细?: any[], 更多?: Record<string, any>,"
            " 任意?: any, city?: string, first?: Record<string, any>)"
            ": Promise<Bpmax_crm_save_result>;"
        ),
        "  raw(body: any[], more: any): Promise<Bpmax_crm_raw_result>;",
        "  detail(): Promise<Bpmax_crm_detail_result>;",
        "// 税.js",
        "declare function 含税(价?: any, 率?: any): any;",
        "declare const 税率: any;",
    ],
)
def test_each_line_of_the_declarations_is_there_once(text: str, line: str) -> None:
    assert text.splitlines().count(line) == 1


ANY = "{ [name: string]: any }"
LISTED = "string | number | boolean | (string | number)[]"


@pytest.mark.parametrize(
    ("names", "setters"),
    [
        (
            ("getOrders", "get_orders", "orders"),
            (
                "{ shop?: string | number; day?: boolean }",
                (
                    f"{{ page?: {LISTED}; size?: {LISTED};"
                    ' state?: "开" | "关" | 3 | (string & {}); open?: boolean; ids?: any[];'
                    " odd?: any; [name: string]: any }"
                ),
                '{ "X-Tenant"?: string | number; kind?: string | number; [name: string]: any }',
                "any",
            ),
        ),
        (
            ("save",),
            (
                "Record<string, string | number>",
                "{ first?: Record<string, any>; [name: string]: any }",
                ANY,
                (
                    "{ 客户?: string; 数量?: number; 明细?: any[]; 更多?: Record<string, any>;"
                    " 任意?: any; 地址?: { 市?: { 名?: string; [name: string]: any };"
                    " [name: string]: any }; [name: string]: any } | any[] | string | Uint8Array"
                ),
            ),
        ),
        (("raw",), ("Record<string, string | number>", ANY, ANY, "any")),
        (
            ("get_stock_items", "getStockItems"),
            ("Record<string, string | number>", ANY, ANY, "any"),
        ),
        (("empty",), ("Record<string, string | number>", ANY, ANY, "any")),
    ],
)
def test_a_chain_takes_what_its_api_declares_at_each_place(
    text: str, names: tuple[str, ...], setters: tuple[str, ...]
) -> None:
    result = f"Bpmax_crm_{names[0]}_result"
    for name in names:
        chain = f'  $api(name: "{name}"): BpmaxChain<{", ".join(setters)}, {result}>;'
        assert text.splitlines().count(chain) == 1
    spelled = re.findall(rf"^  (\w+)\(.*Promise<{result}>;$", text, re.MULTILINE)
    assert spelled == list(names)


def test_the_comment_of_an_api_ends_where_its_title_does_not(text: str) -> None:
    comment = "  /**\n   * 订单 * / 列表\n   * GET /orders/{shop}/{day}\n   */\n"

    assert text.count(comment) == 3


def test_a_direct_call_is_optional_from_its_first_optional_argument_on(text: str) -> None:
    [line] = re.findall(r"^  orders\((.*)\): Promise", text, re.MULTILINE)

    assert re.findall(r"(\w+\??): ", line) == [
        "shop", "day", "page", "size?", "state?", "open?", "X_Tenant?", "ids?", "kind?", "odd?",
    ]  # fmt: skip


def test_a_project_without_forms_and_libraries_has_fields_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "oa.yaml").write_text(OA, "utf-8")
    known = load_platforms(tmp_path)

    text = format_declarations(
        DeclarationSources(platforms=[known, known], shapes=ResponseShapes()), "en"
    )

    assert "type BpmaxField = string;\n" in text
    assert "declare const 税率" not in text
    assert text.count("interface Bpmax_oa {\n  $api(name: string): ") == 1
    assert "@" not in re.sub(r"\S+@\S+\.", "", text)


def test_the_first_platform_of_a_key_that_is_the_projects_own_is_declared(tmp_path: Path) -> None:
    for name, title in (("a", "一"), ("b", "二")):
        (tmp_path / name).mkdir()
        own = OA.replace("title: ''", f"title: {title}")
        (tmp_path / name / f"{name}.yaml").write_text(own, "utf-8")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/qywx.yaml").write_text(OA.replace("platform_key: oa", "platform_key: qywx"))
    known = [load_platforms(tmp_path / name) for name in "abc"]

    text = format_declarations(DeclarationSources(platforms=known, shapes=ResponseShapes()), "en")

    assert "/** 二 */\ninterface Bpmax_oa {" in text
    assert "\ninterface Bpmax_qywx {\n  $api(name: string): BpmaxChain<any, any" in text


@pytest.mark.parametrize("name", ["jsconfig.json", "settings.json"])
def test_settings_of_an_editor_are_an_object(name: str) -> None:
    assert read_settings(name)


DOCUMENT = """
platform_key: shop
title: t
base_url: https://shop.example.test
apis:
  all:
    method: POST
    path: /{shop}/{day}
    parameters:
      - {name: shop, in: path, required: true, enum: [总店]}
      - {name: day, in: path, required: true, default: 7}
      - {name: page, in: query, required: true, default: 1}
      - {name: size, in: query, default: 2}
      - {name: tenant, in: header, to: X-Tenant, required: true, enum: [甲]}
      - {name: 客户, in: body, required: true, enum: [张三]}
      - {name: city, in: body, to: 地址.市, required: true, default: 京}
      - {name: more, in: body, default: x}
      - {name: area, in: body, to: 地址.区, required: true, default: 东城}
  whole:
    method: POST
    path: /whole
    parameters:
      - {name: 量, in: body, required: true, default: 3}
      - {name: body, in: body, to: ., required: true, enum: [全]}
  part:
    method: POST
    path: /part
    parameters:
      - {name: body, in: body, to: $, default: x}
      - {name: 量, in: body, required: true, default: 3}
  none:
    path: /none
"""


def test_a_sample_call_sets_what_is_required_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(DOCUMENT, "utf-8")
    platform = load_platforms(tmp_path).platform("shop")

    calls = [draft_sample_call(platform, name) for name in platform.apis]

    assert [one.expectation for one in calls] == [
        {"call": f"shop.{name}"} for name in ("all", "whole", "part", "none")
    ]
    lines = [re.sub(r"^await .*\$api\(", "", one.line) for one in calls]
    assert lines == [
        (
            '"all").$path({"shop": "总店", "day": 7}).$query({"page": 1}).$header'
            '({"X-Tenant": "甲"}).$body'
            '({"客户": "张三", "地址": {"市": "京", "区": "东城"}}).$call();'
        ),
        '"whole").$body("全").$call();',
        '"part").$body({"量": 3}).$call();',
        '"none").$call();',
    ]
