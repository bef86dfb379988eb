# ruff: noqa: E501 - values, many a line
"""Values of a run as expectations, literals inside expectations, and words that are recognised."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import CallError, Place, SubjectError
from bpmax_sim.file_names import to_node_id_part
from bpmax_sim.i18n import TranslatableText, msg, to_plain_english, translate
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.scenario.absent_columns import AbsentColumnReads
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.error_translation import append_message_in_language
from bpmax_sim.scenario.expect_values import (
    ValueGeneraliser,
    escape_references,
    looks_like_script_mistake,
    make_digit_pattern,
    to_expectation,
)
from bpmax_sim.scenario.expected_literals import (
    denies_value,
    find_fields_expected_present,
    find_literals_with_denial,
    find_maps,
    find_member_names,
    find_nested_literals,
)
from bpmax_sim.scenario.expected_refusals import (
    find_expected_message_codes,
    is_expected_refusal,
    is_map_of_members,
    is_refusal_covered_by_expect,
    names_member,
)
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.idempotency import (
    find_keys_with_names,
    is_key_name,
    is_possible_key_value,
)
from bpmax_sim.scenario.model import Expect, ExpectedError, NewExpect, Step
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.references import UndefinedValueError
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import AbsentRead
from tests.scenario.test_doubts_of_a_run import load


def test_what_a_script_did_not_mean_looks_like_a_mistake() -> None:
    mistakes = [
        "", "undefined", "NaN", "价格 NaN 元", "undefined元", "共undefined", "[object Object]", "收 [object Promise] 。",
        math.nan, UNSET, UNDEFINED, ["甲", ""], ("甲", "NaN"), {"甲": 1, "乙": "undefined"}, {"甲": [{"乙": ""}]},
    ]  # fmt: skip
    fine = [
        None, 0, False, math.inf, " ", "isNaNo", "undefinedValue", "[object  Object]", "甲", [], {}, [1, "甲"], {"甲": "乙"},
        "[object 对象]",
    ]  # fmt: skip

    assert [one for one in mistakes if not looks_like_script_mistake(one)] == []
    assert [one for one in fine if looks_like_script_mistake(one)] == []


def test_digits_become_a_pattern_where_there_are_enough_of_them() -> None:
    texts = {
        "PO-12": "^PO-12$",
        "PO-123": r"^PO-\d{3}$",
        "2026-03-02 9:05": r"^\d{4}-\d{2}-\d{2} \d{1}:\d{2}$",
        "1a2b": "^1a2b$",
        "(a+b)*[c]{d}|e^f$g?h.i\\": "^\\(a\\+b\\)\\*\\[c\\]\\{d\\}\\|e\\^f\\$g\\?h\\.i\\\\$",
        "合计(元): $1,234.5": r"^合计\(元\): \$\d{1},\d{3}\.\d{1}$",
        "0f8fad5b-d9cb-469f-a165-70867728950e": "^[0-9a-f-]{36}$",
        "号0f8fad5b-d9cb-469f-a165-70867728950e":
            r"^号\d{1}f\d{1}fad\d{1}b-d\d{1}cb-\d{3}f-a\d{3}-\d{14}e$".replace(r"\d{14}", r"\d{11}"),
    }  # fmt: skip

    assert {text: make_digit_pattern(text) for text in texts} == texts


def test_only_what_the_next_run_has_anew_becomes_a_pattern(tmp_path: Path) -> None:
    calls = [
        CallMade(number=1, call="crm.查客户", source="recorded",
                 response={"列": ["单-001", "单-002", {"号": "单-003"}], "名": "张三", "元": ("票1001",)}),
        CallMade(number=2, call="crm.$token", source="recorded", response="令牌-900"),
        CallMade(number=3, call="crm.下单", source="live", response={"号": "活-100"}),
        CallMade(number=4, call="crm.下单", source="recorded", response=["2026-03-02 单-777", "单-777"]),
    ]  # fmt: skip
    text = "vars: {号: 单-777}\nsteps: [{open: {客户: '${vars.号}'}, expect: {form: {金额: 1}}}]"
    item = load(tmp_path, text)
    patterns = ValueGeneraliser.from_run(item, calls)
    clocked = ValueGeneraliser.from_run(
        load(tmp_path, f'clock: "2026-03-02T09:00:00+08:00"\n{text}'), calls
    )
    instants = [
        "2026-3-2",
        "2026/03/02",
        "2026年3月2日",
        "9:05起",
        "19:05:07",
        "1772413200",
        "1772413200123",
    ]
    plain = [
        "2772413200",
        "11772413200",
        "20263",
        "2026-3",
        "令牌-900",
        "活-100",
        "张三",
        "单-777",
        "金额",
        "12:3",
        "第 9:5 条",
    ]

    seen = [isinstance(patterns.generalise(one), dict) for one in (*instants, *plain)]
    assert seen == [True] * len(instants) + [False] * len(plain)
    assert patterns.generalise(
        {"甲": ["单-002", 5, None], "乙": "${x}", "丙": {}, "丁": "票1001"}
    ) == {
        "甲": [{"$matches": r"^单-\d{3}$"}, 5, None],
        "乙": "$${x}",
        "丙": {"$exactly": {}},
        "丁": {"$matches": r"^票\d{4}$"},
    }
    assert [isinstance(clocked.generalise(one), dict) for one in ("2026-3-2", "单-003")] == [
        False,
        True,
    ]


def test_a_value_is_expected_as_it_is_at_any_depth() -> None:
    assert escape_references("a${b}${c}$d") == "a$${b}$${c}$d"
    assert to_expectation(
        {"甲": [{"乙": "${x}"}, ("丙", {})], "丁": {"$in": ["${y}", {"号": "${z}"}, ("${w}",)], "k": 1}, "戊": None}
    ) == {
        "甲": [{"乙": "$${x}"}, ["丙", {"$exactly": {}}]],
        "丁": {"$eq": {"$in": ["$${y}", {"号": "$${z}"}, ["$${w}"]], "k": 1}},
        "戊": None,
    }  # fmt: skip
    assert to_expectation([{"甲": "乙"}, "丙", 4], len) == [{"甲": 1}, 1, 4]


NESTED: dict[str, Any] = {
    "甲": {"$not": {"$ne": {"乙": [1, "二", {"$ne": "三"}]}}},
    "丙": {"$in": ["四", None], "$not": {"丁": "五"}, "$gt": "六"},
    "戊": {"$exists": False},
    "己": {"庚": {"$exists": "${vars.x}"}, "辛": {"$not": {"$exists": False}}},
}


def test_literals_members_and_maps_are_found_with_their_path_and_whether_they_are_denied() -> None:
    inside = {key: list(find_literals_with_denial(value)) for key, value in NESTED.items()}
    assert inside == {
        "甲": [(("$not", "$ne"), {"乙": [1, "二", {"$ne": "三"}]}, False)],
        "丙": [
            (("$in", 0), "四", False),
            (("$in", 1), None, False),
            (("$not",), {"丁": "五"}, True),
        ],
        "戊": [],
        "己": [
            ((), {"庚": {"$exists": "${vars.x}"}, "辛": {"$not": {"$exists": False}}}, False),
        ],
    }
    assert list(find_literals_with_denial(["甲", {"$ne": "乙"}, ("丙",), 0, UNSET], ("列",), True)) == [
        (("列", 0), "甲", True),
        (("列", 1, "$ne"), "乙", False),
        (("列", 2, 0), "丙", True),
        (("列", 3), 0, True),
    ]  # fmt: skip
    assert list(find_nested_literals({"$in": ["甲"]}, ("客户",))) == [(("客户", "$in", 0), "甲")]
    assert list(find_member_names(NESTED)) == [
        ((), "甲", False),
        (("甲", "$not", "$ne"), "乙", False),
        ((), "丙", True),
        (("丙", "$not"), "丁", True),
        ((), "戊", True),
        ((), "己", False),
        (("己",), "庚", True),
        (("己",), "辛", False),
    ]
    assert list(find_member_names({"$not": {"甲": {"乙": 1}}}, ("单",))) == [
        (("单", "$not"), "甲", True),
        (("单", "$not", "甲"), "乙", True),
    ]
    assert list(find_maps({"$not": {"$contains": {"甲": 1}, "$gt": {"乙": 1}}}, ("单",))) == [
        (("单", "$not", "$contains"), {"甲": 1}, True)
    ]
    assert list(find_maps({"$ne": {"甲": 1}}, (), True)) == [(("$ne",), {"甲": 1}, False)]


def test_a_denial_is_one_of_these() -> None:
    denials: list[Any] = [
        {"$ne": 1}, {"$exists": False}, {"$exists": "${vars.有}"}, {"$not": 1}, {"$gt": 1, "$ne": 2}, {"$not": {"$not": {"$ne": 1}}},
    ]  # fmt: skip
    others: list[Any] = [
        1, [], {}, {"$exists": True}, {"$not": {"$ne": 1}}, {"$not": {"$exists": False}}, {"$in": [{"$ne": 1}]}, {"甲": {"$ne": 1}},
    ]  # fmt: skip

    assert [one for one in denials if not denies_value(one)] == []
    assert [one for one in others if denies_value(one)] == []


def test_fields_that_must_exist_are_those_of_form_and_flow() -> None:
    expectations = [
        Expect(form={"金额": 1, "客户": {"$ne": ""}, "明细[0].数量": 2, "$not": {"单号": 1}}),
        Expect(flow={"at": "审批", "form": {"部门": {"$not": {"$ne": "甲"}}, "明细.单价": 3}}),
        Expect(form={"$length": 2}, flow={"$not": {"at": "甲"}}),
        Expect(messages=["好"]),
    ]

    assert [*find_fields_expected_present(expectations)] == ["金额", "明细", "部门", "明细"]


def test_an_expectation_covers_a_refusal_if_the_refusal_would_break_it() -> None:
    covered: list[Step] = [
        Step(expect=NewExpect()),
        Step(expect=Expect(messages=[])),
        Step(expect=Expect(result=None)),
        Step(expect_error=ExpectedError()),
        *(Step(expect=Expect(flow={"status": "processing", name: []}))
          for name in ("at", "owners", "pending", "tasks", "history", "delay_level", "projects", "$not")),
        Step(expect=Expect(flow={"passed": [], "status": "finished"})),
    ]  # fmt: skip
    open_: list[Step] = [
        Step(),
        Step(expect=Expect(form={"金额": 1}, proxy=(), fields={}, console=[], vars={}, trace="v4-")),
        Step(expect=Expect(flow={"status": "processing"})),
        Step(expect=Expect(flow={"passed": [], "form": {}, "notified": [], "project": {}})),
        Step(expect=Expect(flow="${vars.x}")),
    ]  # fmt: skip

    assert [is_refusal_covered_by_expect(one) for one in covered] == [True] * len(covered)
    assert [is_refusal_covered_by_expect(one) for one in open_] == [False] * len(open_)


def test_the_code_of_a_refusal_is_that_of_an_expected_message() -> None:
    refused = SubjectError("必填", code="REQUIRED")
    rejected = CallError("必填", code="REQUIRED", platform="crm", api="查客户")
    messages: dict[str, Any] = {
        "one": {"code": "REQUIRED"},
        "third": ["甲", {"text": "乙"}, {"code": {"$in": ["HIDDEN", "REQUIRED"]}}],
        "contained": {"$contains": {"code": "REQUIRED"}},
        "twice denied": {"$not": {"$ne": {"code": "REQUIRED"}}},
        "variable": {"code": "${vars.码}"},
    }
    others: dict[str, Any] = {
        "denied": {"$not": {"$contains": {"code": "REQUIRED"}}},
        "other": [{"code": "HIDDEN"}, {"code": ""}],
        "text": ["REQUIRED"],
        "undefined": {"code": "${vars.无}"},
        "none": UNSET,
    }

    def resolve(value: Any) -> Any:
        if value == {"code": "${vars.无}"}:
            raise UndefinedValueError("没有")
        return {"code": "REQUIRED"} if value == {"code": "${vars.码}"} else value

    def is_expected(error: Exception, expected: Any) -> bool:
        return is_expected_refusal(error, Expect(messages=expected), resolve)

    assert [name for name, one in messages.items() if not is_expected(refused, one)] == []
    assert [name for name, one in others.items() if is_expected(refused, one)] == []
    assert not is_expected(rejected, messages["one"])
    assert find_expected_message_codes([*messages["third"], {"code": ""}, {"code": None}]) == [
        {"$in": ["HIDDEN", "REQUIRED"]},
        "",
        None,
    ]


def test_a_member_is_named_in_lists_and_operators() -> None:
    maps = [
        {"code": 1},
        ["甲", {"code": 1}],
        {"$not": {"$contains": {"code": 1}}},
        ("甲", ["乙", {"code": 1}]),
    ]
    others = [{"text": 1}, ["甲"], {}, {"$in": [{"text": {"code": 1}}]}, "code", None]

    assert [names_member(one, "code") for one in maps] == [True] * 4
    assert [names_member(one, "code") for one in others] == [False] * 6
    assert [names_member(one) for one in others] == [True, False, True, True, False, False]
    maps_or_not: list[Any] = [{}, {"a": 1}, {"$a": 1}, {"a": 1, "$b": 2}, []]
    assert [is_map_of_members(one) for one in maps_or_not] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_idempotency_keys_have_these_names_and_values() -> None:
    keys = [
        "Idempotency-Key", "X-IDEMPOTENT", "dedupId", "clientToken", "client_token", "out_trade_no", "outBizNo", "outOrderNo",
        "outRequestNo", "X-Request-Id", "requestId", "req-no", "req_key", "bizNo", "msgId", "message_no", "uuid", "UUID", "请求号", "业务流水号", "幂等键",
    ]  # fmt: skip
    others = [
        "msgKey",
        "x-message",
        "prerequestId",
        "myRequestId",
        "uuids",
        "my-uuid",
        "tradeNo",
        "id",
        "y-request-id",
        "",
    ]

    assert [name for name in keys if not is_key_name(name)] == []
    assert [name for name in others if is_key_name(name)] == []
    assert [is_key_name(*pair) for pair in (("单号", "单号"), ("OrderNo", "orderno"), ("单", "单号"))] == [
        True, True, False,
    ]  # fmt: skip
    values: list[Any] = ["a", 0, 1.5, "", True, None, [], {}]
    assert [is_possible_key_value(one) for one in values] == [True] * 3 + [False] * 5
    body = {
        "requestId": "r1", "列": [{"bizNo": 7}, [{"单号": "D1"}]], "uuid": {"msgId": "m1", "单号": "D2"}, "outTradeNo": "", "单号": False,
    }  # fmt: skip
    assert [*find_keys_with_names(body, "单号")] == [
        "requestId=r1", "bizNo=7", "单号=D1", "msgId=m1", "单号=D2",
    ]  # fmt: skip
    assert [*find_keys_with_names("r1")] == []


def test_an_item_is_named_by_title_and_row(tmp_path: Path) -> None:
    plain = ItemHeader(
        root=tmp_path, path=tmp_path / "a", file="a.yaml", title="报销\n单", place=Place("a.yaml"), cassette="a", platforms=(tmp_path,), instances=tmp_path / "i",
    )  # fmt: skip
    row = ItemHeader(
        root=tmp_path,
        path=tmp_path,
        file="a.yaml",
        title="单",
        row_id="一\n二",
        place=Place("a"),
        cassette="a",
    )

    assert (plain.name, plain.one_line_name, plain.node_id) == (
        "报销\n单",
        to_node_id_part(plain.title),
        f"a.yaml::{to_node_id_part(plain.title)}",
    )
    assert (row.name, row.node_id) == ("单[一\n二]", f"a.yaml::单[{to_node_id_part(row.row_id)}]")
    assert plain.platforms_key == ((tmp_path,), tmp_path / "i")
    assert row.platforms_key == ((), None)


def test_errors_of_the_engine_are_told_in_the_language_of_the_reader() -> None:
    meanings = {
        "getNmae is not a function; did you mean getName?": "there is no getNmae; did you mean getName?",
        "Dta is not a constructor; did you mean Date?": "there is no Dta; did you mean Date?",
        "the chain of crm has no $qurey; did you mean $query?": "the chain of crm has no $qurey; did you mean $query?",
        "form.算 is not a function": "form.算 cannot be called",
        "form.算 is not a constructor at a.js": "form.算 cannot be called",
        "form.算 is not a function (it is 5)": "form.算 cannot be called",
        "'客户$1' is not defined": "nothing is called 客户$1",
        "a.b is not defined": "nothing is called a.b",
        "Cannot read properties of undefined (reading 'name')": "what has to have name is undefined",
        "Cannot set properties of null (setting '')": "what has to have  is null",
        "Cannot read properties of undefined (reading 'a') here": "",
        "the API a.b is not defined": "",
        "": "",
    }  # fmt: skip

    def tell(message: str, *known: str) -> str:
        told = append_message_in_language(f"Error: {message}", message, known)
        return told if isinstance(told, TranslatableText) else ""

    assert {one: to_plain_english(tell(one)) for one in meanings} == {
        one: f"Error: {one}" if means else "" for one, means in meanings.items()
    }
    assert {one: tell(one).values["meaning"] if tell(one) else "" for one in meanings} == {  # type: ignore[attr-defined]
        one: to_plain_english(means) for one, means in meanings.items()
    }
    own = msg("no API {api!r}", api="甲")
    text = f"crm: {to_plain_english(own)} (a.js)"
    assert tell(text, "", "别的", own) == f"Error: {text}"
    assert translate(own, "zh") in translate(tell(text, "", own), "zh")
    assert (
        append_message_in_language("Error: 坏了", "坏了 is what it is", ["坏了"]) == "Error: 坏了"
    )
    known = [to_plain_english(own)[:5], own]
    assert tell(text, *known) == ""  # the first that is in it is no message of this package


def test_a_column_that_no_row_had_is_told_once_where_its_read_does_not_allow_for_that() -> None:
    names = ScenarioNames(
        entered_columns={"明细": ("数量",), "附表": (), "有头": ("甲",)},
        initial_table_columns={"明细": (), "有头": ("甲",)},
    )
    reads = AbsentColumnReads(names)
    lines = [
        "form.明细[0].数辆", "form.明细[0].数辆 + 1", "row.单价 || 0", "(row.折扣) ?? 0", "row.税率 ? 1 : 0", "row.备注 === null",
        "row.序号 != undefined", "!row.已付", "typeof row.币种", "row.税?.a", "row.甲 && 1", "if (form.明细[0].规格) form.明细[0].规格.length",
        "row.单位", "row.品名", "row.型号", "row['颜色']", "row.产地 >= 2", "明细.x.批次", "row.重量(1)", "row.aa", "row.ab", "row.a+c",
        "if (form.明细[0].厂家) {", "form.明细[0].厂家.length }", "if (form.明细[0].口味) {}", "form.明细[0].口味.length", "form.明细[0].香型 = 1; form.明细[0].酒精",
    ]  # fmt: skip
    scripts = [
        Script("\n".join(lines), "算.js"),
        Script("x.单位 = 1; y.数辆 || 1; aac: 1\nx = {'品名': 1}\nx['型号'] = 2; 我颜色 = 1; 颜色 == 2; 产地 => 3; aaa: 1\nrow.批次 || 1", "写.js"),
    ]  # fmt: skip

    def read(number: int, column: str, owner: str = "form.明细", file: str = "算.js") -> None:
        reads.note_read(AbsentRead(owner, column, Place(file, number, 3)))

    read(1, "数辆", "ctx.form.明细")
    read(2, "数辆")
    columns = (
        "单价",
        "折扣",
        "税率",
        "备注",
        "序号",
        "已付",
        "币种",
        "税",
        "甲",
        "规格",
        "单位",
        "品名",
        "型号",
        "颜色",
        "产地",
    )
    for number, column in enumerate(columns, 3):
        read(number, column)
    read(18, "批次")
    read(19, "重量")
    read(20, "aa")
    read(21, "数量")
    read(22, "a+c")
    for number, column in ((24, "厂家"), (25, "口味"), (26, "口味"), (27, "酒精"), (26, "厂址")):
        read(number, column)
    reads.note_read(AbsentRead("form.明细", "无处", None))
    for owner in ("ctx.user.明细", "form.别表", "form.有头", "form"):
        read(2, "外", owner)
    read(2, "空", "form.附表")
    rows: dict[str, list[Any]] = {
        "明细": [None, [], [{"数量": 1}], [{"名称": 2}, "坏"], [{"数量": 3}]],
        "附表": [[], [{}]],
        "别表": [[{"甲": 1}]],
        "有头": [[{"甲": 1}]],
    }
    found = [*reads.find_doubts(lambda table: rows.get(table, []), scripts)]

    assert [(one.kind, one.place, one.fails) for one in found] == [
        ("name", Place("算.js", line, 3), False) for line in (1, 16, 17, 18, 19, 20, 22, 24, 27, 26)
    ]
    assert [one.message for one in found][:2] == [
        "the script reads ctx.form.明细.数辆, a column that no row ever had; did you mean '数量'?; if it is one, enter it in a row",
        "the script reads form.明细.颜色, a column that no row ever had; there are 数量, 名称; if it is one, enter it in a row",
    ]  # fmt: skip
