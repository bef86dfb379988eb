# ruff: noqa: E501 - declarations
"""The declarations for editors of one platform, two forms and a library, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.script.failure import Script
from bpmax_sim.starter.editor_types import DeclarationSources, format_declarations

PLATFORM = """\
platform_key: erp
title: "用友 */ U8"
base_url: https://erp.example.test
response: {code: [$.code], message: [$.msg], data: [$.data]}
apis:
  get_order:
    title: 查订单
    path: "/orders/{id}"
    aliases: [查订单, getOrder]
    parameters:
      - {name: id, in: path, required: true}
      - {name: 页, in: query, type: integer}
      - {name: 状态, in: query, required: true, type: string, enum: [未审, 已审]}
      - {name: X-Tenant, in: header, type: boolean}
    answer:
      type: object
      required: [code, data]
      properties:
        code: {type: integer}
        msg: {type: string}
        data:
          type: object
          required: [单号, 明细]
          properties:
            单号: {type: string}
            明细: {type: array, items: {type: object, properties: {数量: {type: number}, 含税: {type: boolean}}}}
            附件: {type: array}
            备注: {type: [string, "null"]}
            其他: {}
  saveOrder:
    method: POST
    path: /orders
    parameters:
      - {name: data, in: body, type: object, required: true}
      - {name: 客户, in: body, to: data.客户, type: string}
      - {name: tag, in: body, type: string}
      - {name: sub, in: body, to: tag.sub, schema: {type: array}}
      - {name: whole, in: query, schema: {type: array}}
  raw:
    method: PUT
    path: /raw
    parameters: [{name: body, in: body, to: $}]
  query_status: {path: /status}
"""
INSTANCES = """\
- {platform: erp, instance_key: 生产}
- {platform: erp, instance_key: test, default: true}
"""
FORMS = (
    {"单号": "", "金额": 0, "a-b": True, "明细": [], "客户": {"id": 1}},
    {"金额": "", "日期": None, "明细": [{"数量": 1}], "备注": "x", "客户": None, "标签": ["a"]},
)
TOOLS = "function 格式(值, 位 = 2) { return 值; }\nconst 税率 = 0.13;\n"
LIBRARIES = (
    Script(TOOLS, "scripts/lib/工具.js"),
    Script("1;", "b.js"),
    Script("class C {}\nasync function f() {}", "c.js"),
    Script(TOOLS, "scripts/lib/工具.js"),
)
FORM = """\
type BpmaxField = "a-b" | "单号" | "备注" | "客户" | "日期" | "明细" | "标签" | "金额";
/** The fields of all forms; which are there depends on the form. */
interface BpmaxForm {
  "a-b": boolean | null;
  单号: string | null;
  备注: string | null;
  客户: { id: number } | null;
  日期: any;
  明细: ({ 数量: number })[] | null;
  标签: (string)[] | null;
  金额: number | string | null;
  $message: string | { text: string; type?: 'info' | 'success' | 'warning' | 'error' };
  $visible: Partial<Record<BpmaxField, boolean>> & Record<string, boolean>;
  $required: Partial<Record<BpmaxField, boolean>> & Record<string, boolean>;
  $readonly: Partial<Record<BpmaxField, boolean>> & Record<string, boolean>;
  $options: Partial<Record<BpmaxField, any[]>> & Record<string, any[]>;
  [field: string]: any;
}
"""
ERP = """\
type Bpmax_erp_get_order_result = { code: number; msg?: string; data: { 单号: string; 明细: ({ 数量?: number; 含税?: boolean })[]; 附件?: any[]; 备注?: null | string; 其他?: any } };
type Bpmax_erp_saveOrder_result = any;
type Bpmax_erp_raw_result = any;
type Bpmax_erp_query_status_result = any;
/** 用友 * / U8 */
interface Bpmax_erp {
  /**
   * 查订单
   * GET /orders/{id}
   */
  get_order(id: string | number, 页?: string | number | boolean | (string | number)[], 状态?: "未审" | "已审" | (string & {}), X_Tenant?: boolean): Promise<Bpmax_erp_get_order_result>;
  /**
   * 查订单
   * GET /orders/{id}
   */
  getOrder(id: string | number, 页?: string | number | boolean | (string | number)[], 状态?: "未审" | "已审" | (string & {}), X_Tenant?: boolean): Promise<Bpmax_erp_get_order_result>;
  /**
   * 查订单
   * GET /orders/{id}
   */
  查订单(id: string | number, 页?: string | number | boolean | (string | number)[], 状态?: "未审" | "已审" | (string & {}), X_Tenant?: boolean): Promise<Bpmax_erp_get_order_result>;
  /** POST /orders */
  saveOrder(data: Record<string, any>, 客户?: string, tag?: string, sub?: any[], whole?: any[]): Promise<Bpmax_erp_saveOrder_result>;
  /** POST /orders */
  save_order(data: Record<string, any>, 客户?: string, tag?: string, sub?: any[], whole?: any[]): Promise<Bpmax_erp_saveOrder_result>;
  /** PUT /raw */
  raw(body?: any): Promise<Bpmax_erp_raw_result>;
  /** GET /status */
  query_status(): Promise<Bpmax_erp_query_status_result>;
  /** GET /status */
  queryStatus(): Promise<Bpmax_erp_query_status_result>;
  $api(name: "get_order"): BpmaxChain<{ id?: string | number }, { 页?: string | number | boolean | (string | number)[]; 状态?: "未审" | "已审" | (string & {}); [name: string]: any }, { "X-Tenant"?: boolean; [name: string]: any }, any, Bpmax_erp_get_order_result>;
  $api(name: "getOrder"): BpmaxChain<{ id?: string | number }, { 页?: string | number | boolean | (string | number)[]; 状态?: "未审" | "已审" | (string & {}); [name: string]: any }, { "X-Tenant"?: boolean; [name: string]: any }, any, Bpmax_erp_get_order_result>;
  $api(name: "查订单"): BpmaxChain<{ id?: string | number }, { 页?: string | number | boolean | (string | number)[]; 状态?: "未审" | "已审" | (string & {}); [name: string]: any }, { "X-Tenant"?: boolean; [name: string]: any }, any, Bpmax_erp_get_order_result>;
  $api(name: "saveOrder"): BpmaxChain<Record<string, string | number>, { whole?: any[]; [name: string]: any }, { [name: string]: any }, { data?: { 客户?: string; [name: string]: any }; tag?: string | { sub?: any[]; [name: string]: any }; [name: string]: any } | any[] | string | Uint8Array, Bpmax_erp_saveOrder_result>;
  $api(name: "save_order"): BpmaxChain<Record<string, string | number>, { whole?: any[]; [name: string]: any }, { [name: string]: any }, { data?: { 客户?: string; [name: string]: any }; tag?: string | { sub?: any[]; [name: string]: any }; [name: string]: any } | any[] | string | Uint8Array, Bpmax_erp_saveOrder_result>;
  $api(name: "raw"): BpmaxChain<Record<string, string | number>, { [name: string]: any }, { [name: string]: any }, any, Bpmax_erp_raw_result>;
  $api(name: "query_status"): BpmaxChain<Record<string, string | number>, { [name: string]: any }, { [name: string]: any }, any, Bpmax_erp_query_status_result>;
  $api(name: "queryStatus"): BpmaxChain<Record<string, string | number>, { [name: string]: any }, { [name: string]: any }, any, Bpmax_erp_query_status_result>;
  $api(name: string): BpmaxChain<any, any, any, any, any>;
}
"""
LIBRARY = """\
// 工具.js
declare function 格式(值?: any, 位?: any): any;
declare const 税率: any;

// c.js
declare function f(): any;
declare const C: any;
"""


@pytest.fixture(name="declarations", scope="module")
def declarations_of(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("platforms")
    (folder / "platforms").mkdir()
    (folder / "platforms/erp.yaml").write_text(PLATFORM, "utf-8")
    (folder / "instances.yaml").write_text(INSTANCES, "utf-8")
    sources = DeclarationSources(
        platforms=[load_platforms(folder / "platforms")],
        shapes=ResponseShapes(()),
        forms=FORMS,
        libraries=LIBRARIES,
    )
    return format_declarations(sources, "en")


def test_forms_are_one_interface_with_what_fits_all_of_them(declarations: str) -> None:
    begin = declarations.index("type BpmaxField")

    assert declarations[begin:].partition("\ninterface BpmaxPlatforms")[0] == FORM


def test_a_platform_is_declared_with_each_spelling_argument_and_result(declarations: str) -> None:
    begin = declarations.index("type Bpmax_erp_")

    assert "".join(declarations[begin:].partition("\n}\n")[:2]) == ERP
    lines = declarations.splitlines()
    assert lines.count("  erp: Bpmax_erp;") == 1
    assert lines.count('  erp: "生产" | "test" | (string & {});') == 1


def test_a_library_is_declared_once_and_one_without_names_not_at_all(declarations: str) -> None:
    assert declarations[declarations.index("// 工具.js") :] == LIBRARY


def test_names_have_no_sign_that_typescript_refuses(tmp_path: Path) -> None:
    """Words that are quoted may have any."""
    api = "{path: /x, parameters: [{name: 面积m², in: query}, {name: ①, in: query}]}"
    text = f"platform_key: erp\nbase_url: https://erp.example.test\napis: {{查①: {api}}}\n"
    (tmp_path / "erp.yaml").write_text(text, "utf-8")
    known = load_platforms(tmp_path)

    lines = format_declarations(
        DeclarationSources(platforms=[known], shapes=ResponseShapes(())), "en"
    ).splitlines()

    kind = "string | number | boolean | (string | number)[]"
    assert "type Bpmax_erp_查__result = any;" in lines
    assert f'  "查①"(面积m_?: {kind}, _?: {kind}): Promise<Bpmax_erp_查__result>;' in lines


def test_without_a_form_a_field_is_any_text() -> None:
    sources = DeclarationSources(platforms=[], shapes=ResponseShapes(()))

    assert "\ntype BpmaxField = string;\n" in format_declarations(sources, "en")


OWN = """\
platform_key: zoo
base_url: https://zoo.example.test
apis:
  GetU8data:
    title: "全 */ 部 */"
    path: /all
    parameters:
      - {name: 页, in: query, to: page, type: integer}
      - {name: 租户, in: header, to: X-Tenant}
      - {name: 单, in: body}
      - {name: 行, in: body, to: 单.行, enum: [1, 甲]}
      - {name: 表, in: body, type: object}
      - {name: 列, in: body, to: 表.列, type: boolean}
"""
CHAIN = (
    '  $api(name: "getU8data"): BpmaxChain<Record<string, string | number>, '
    "{ page?: string | number | boolean | (string | number)[]; [name: string]: any }, "
    '{ "X-Tenant"?: string | number; [name: string]: any }, '
    '{ 单?: { 行?: 1 | "甲" | (string & {}); [name: string]: any }; '
    "表?: { 列?: boolean; [name: string]: any }; [name: string]: any } "
    "| any[] | string | Uint8Array, Bpmax_zoo_GetU8data_result>;"
)


def test_a_chain_has_the_names_on_the_wire_and_platforms_are_in_order(tmp_path: Path) -> None:
    for key in ("zoo", "ant", "bee"):
        (tmp_path / key).mkdir()
        (tmp_path / key / f"{key}.yaml").write_text(OWN.replace("zoo", key), "utf-8")
    library = Script(
        "const $价 = 1, 价 = 2;\nfunction $取(号) {}\nfunction 取($号, 行) {}\n", "a/b.js"
    )
    known = [load_platforms(tmp_path / key) for key in ("zoo", "ant", "bee")]
    sources = DeclarationSources(
        platforms=known, shapes=ResponseShapes(()), libraries=[library], forms=[{"*/ a*/": None}]
    )

    lines = format_declarations(sources, "en").splitlines()
    begin = lines.index("interface BpmaxPlatforms {")
    members = lines[begin + 1 : lines.index("}", begin)]
    assert CHAIN in lines
    assert members == sorted(members)
    assert "   * 全 * / 部 * /" in lines
    assert {line for line in lines if line.startswith('  $api(name: "') and "zoo" in line} == {
        CHAIN,
        CHAIN.replace("getU8data", "GetU8data"),
        CHAIN.replace("getU8data", "get_u8data"),
    }
    assert {"  ant: Bpmax_ant;", "  dingtalk: Bpmax_dingtalk;", "  zoo: Bpmax_zoo;"} <= {*members}
    assert lines[lines.index("// b.js") :] == [
        "// b.js",
        "declare function 取($号?: any, 行?: any): any;",
        "declare const 价: any;",
    ]
