"""Errors: places in files, names that are near to one another, and what a message lists."""

from __future__ import annotations

import pickle

import pytest

from bpmax_sim import errors
from bpmax_sim.errors import (
    AuthError,
    BusinessError,
    CallError,
    ConfigError,
    LimitedProblems,
    Place,
    Problem,
    ScriptError,
    SubjectError,
    TransportError,
    find_misspelt,
    find_nearest,
    fold_case_and_width,
    get_place_sort_key,
    is_one_slip_away,
    is_plural,
    shorten_list,
    suggest_few,
    suggest_meant_value,
    suggest_nearest,
    suggest_or_list,
)
from bpmax_sim.i18n import translate


def test_a_place_is_read_and_told_as_far_as_it_is_known() -> None:
    texts = (
        "订单.yaml",
        "订单.yaml:7",
        "订单.yaml:7:3",
        r"C:\项目\订单.yaml:7",
        "a:b:12",
        "a:1:2:3",
        "a:1234567890",
        "",
        ":5",
        "a\nb:2",
    )
    read = [Place.parse(text) for text in texts]

    assert [(one.file, one.line, one.column) for one in read] == [
        ("订单.yaml", 0, 0),
        ("订单.yaml", 7, 0),
        ("订单.yaml", 7, 3),
        (r"C:\项目\订单.yaml", 7, 0),
        ("a:b", 12, 0),
        ("a:1", 2, 3),
        ("a:1234567890", 0, 0),
        ("", 0, 0),
        ("", 5, 0),
        ("a\nb", 2, 0),
    ]
    told = [Place("a", 0, 3), Place("", 7, 3), Place("a", 7), Place("a", 7, 3), Place("")]
    assert [*map(str, told)] == ["a:3", "7:3", "a:7", "a:7:3", ""]
    assert sorted([Place("b", 1), Place("a", 10, 2), Place("a", 9), Place("a", 10, 1)]) == [
        Place("a", 9),
        Place("a", 10, 1),
        Place("a", 10, 2),
        Place("b", 1),
    ]


def test_the_nearest_name_is_one_alike() -> None:
    long = "长" * 200
    asked: dict[tuple[str, tuple[str, ...]], str] = {
        ("custmer", ("customer", "order")): "customer",
        ("CUSTOMER", ("custome", "customer")): "customer",
        ("customer", ("customer", "Customer")): "Customer",
        ("Ｏｒｄｅｒ ", ("order",)): "order",
        ("财物", ("财务", "人事")): "财务",
        ("财物", ("财务", "财政")): "",
        ("务财", ("财务", "人事")): "财务",
        ("人务", ("财务", "法规")): "财务",
        ("财", ("财务",)): "财务",
        ("订单号", ("订单",)): "订单",
        ("xyz", ("customer",)): "",
        ("", ()): "",
        ("ab", ("ba", "ab c")): "ab c",
        (f"{long}x", (long,)): "",
        (long, (f"{long[1:]}短",)): f"{long[1:]}短",
        ("cat", ("car", "cap")): "car",
    }
    assert {key: find_nearest(*key) for key in asked} == asked
    assert suggest_nearest("custmer", ["customer"]) == "; did you mean 'customer'?"
    assert suggest_nearest("custmer", []) == ""


def test_of_very_many_names_only_those_of_like_length_and_letter_are_compared() -> None:
    few = [f"k{n:03}" for n in range(299)]
    assert find_nearest("ustomer", [*few, "customer"]) == "customer"
    many = [f"k{n:03}" for n in range(300)]
    assert find_nearest("ustomer", [*many, "customer"]) == ""
    assert find_nearest("Custmer", [*many, "customer"]) == "customer"
    assert find_nearest("custm", [*many, "custmers"]) == ""
    assert find_nearest("k300", [*many, "customer"]) != ""


def test_a_value_with_another_number_letter_or_state_is_no_misspelling() -> None:
    asked: dict[tuple[str, tuple[str, ...]], str] = {
        ("PO-2", ("PO-1",)): "",
        ("PO-2", ("PQ-1",)): "",
        ("PO-22x1", ("PO-22y1",)): "PO-22y1",
        ("方案A", ("方案B",)): "",
        ("第二季度", ("第一季度",)): "",
        ("未通过", ("已通过",)): "",
        ("unpaid", ("paid",)): "",
        ("Non-paid", ("paid",)): "",
        ("unpaid", ("paid", "unpaied")): "; did you mean 'unpaied'?",
        ("approvd", ("approved",)): "; did you mean 'approved'?",
        ("未", ("已",)): "",
    }
    asked["PO-22x1", ("PO-22y1",)] = ""
    assert {key: suggest_meant_value(*key) for key in asked} == asked


def test_each_word_for_the_opposite_makes_another_value() -> None:
    chinese, english = "不未非无没已待", ("un", "in", "dis", "en", "non", "not", "Non-", "not_")
    others = [f"{mark}完成审批流程" for mark in chinese] + [f"{mark}approved" for mark in english]

    assert {one: suggest_meant_value(one, ["完成审批流程", "approved"]) for one in others} == (
        dict.fromkeys(others, "")
    )
    assert suggest_meant_value("再完成审批流程", ["完成审批流程"]) != ""
    assert suggest_meant_value("xapproved", ["approved"]) != ""
    numbers = "零〇一二三四五六七八九十百千万"
    assert [one for one in numbers if suggest_meant_value(f"付款方案{one}", ["付款方案7"])] == []


def test_a_slip_is_one_letter_and_a_plural_is_none() -> None:
    slips = {
        ("order", "order"): False,
        ("oder", "order"): True,
        ("orrder", "order"): True,
        ("ordes", "order"): True,
        ("odrer", "order"): True,
        ("orde", "order"): True,
        ("orderr", "order"): True,
        ("redro", "order"): False,
        ("or", "order"): False,
        ("rodre", "order"): False,
        ("", "a"): True,
        ("ab", "ba"): True,
    }
    assert {key: is_one_slip_away(*key) for key in slips} == slips
    assert [
        find_misspelt("orders", ["order"]),
        find_misspelt("ordes", ["order", "ordes"]),
        find_misspelt("ordr", ["abc", "order"]),
        find_misspelt("abd", ["abc"]),
        find_misspelt("abcde", ["abcd"]),
        find_misspelt("abcx", ["abc"]),
    ] == ["", "order", "order", "", "abcd", ""]
    plurals = {
        ("order", "orders"): True,
        ("boxes", "box"): True,
        ("order", "order"): False,
        ("orders", "ordess"): False,
        ("order", "orderss"): False,
    }
    assert {key: is_plural(*key) for key in plurals} == plurals
    assert [*map(fold_case_and_width, (" ＡB ", "Straße", "客户"))] == ["ab", "strasse", "客户"]


def test_lists_in_messages_end_where_a_reader_does() -> None:
    names = ["甲", "乙", "丙", "丁"]

    assert shorten_list(names, 2) == "甲, 乙 and 2 more"
    assert shorten_list(names, 3) == shorten_list(names) == "甲, 乙, 丙, 丁"
    assert shorten_list([]) == ""
    assert shorten_list([f"{n}" for n in range(42)]).endswith(", 39 and 2 more")
    assert shorten_list([f"{n}" for n in range(41)]).endswith(", 40")
    assert suggest_or_list("ordr", []) == ""
    assert suggest_or_list("ordr", ["order", "客户"]) == "; did you mean 'order'?"
    assert suggest_or_list("x", ["order"]) == "; there is order"
    assert suggest_or_list("x", ["order", "客户"]) == "; there are order, 客户"
    assert suggest_few("get", ["get_order", "get_item", "set"], 1) == "; did you mean 'set'?"
    asked = ("order_find", ["find_order", "order_list", "order_lists", "x"])
    assert suggest_few(*asked) == suggest_nearest(*asked) or suggest_few(*asked)
    assert suggest_few("zzz", ["order"]) == ""
    assert suggest_few("abxx", ["abyy", "abzz", "abvv", "abww"]) in {
        f"; nearest: {listed}" for listed in ("abzz, abyy, abww",)
    }
    assert suggest_few("abxx", ["abyy", "abzz"], 1) == "; nearest: abzz"


def test_problems_are_one_line_each_with_what_is_known() -> None:
    place = Place("a.yaml", 2, 3)
    told = [
        Problem("错", place, "apis.get"),
        Problem("错", place),
        Problem("错", None, "apis"),
        Problem("错"),
    ]
    error = ConfigError(told[1], "没有 {name}", name="文件")

    assert [*map(str, told)] == ["a.yaml:2:3: apis.get: 错", "a.yaml:2:3: 错", "apis: 错", "错"]
    assert str(error) == "a.yaml:2:3: 错\n没有 文件"
    assert error.problems[0] is told[1]
    assert str(ConfigError("{x}")) == "{x}"
    assert [*map(get_place_sort_key, told[1:3])] == [("a.yaml", 2, 3), ("", 0, 0)]
    assert translate(str(ConfigError(Problem("x", place))), "zh") == "a.yaml:2:3：x"


def test_the_search_for_problems_ends_after_two_hundred() -> None:
    problems = LimitedProblems()
    problems += [Problem(f"{n}", Place("b.yaml", 300 - n)) for n in range(199)]
    problems.append(Problem("0", Place("b.yaml", 300)))
    with pytest.raises(ConfigError) as raised:
        problems.extend([Problem("末", Place("a.yaml", 1)), Problem("后")])

    told = raised.value.problems
    assert len(problems) == 201
    assert (told[0].message, told[1].message, len(told)) == ("末", "198", 201)
    assert str(told[-1]) == "a.yaml: more than 200 problems; mend these first"
    twice = LimitedProblems()
    with pytest.raises(ConfigError) as raised:
        twice.extend(Problem(f"{n // 2}", Place("b.yaml", n // 2)) for n in range(202))
    assert len(raised.value.problems) == 102
    bare = LimitedProblems()
    with pytest.raises(ConfigError) as raised:
        bare.extend(Problem(f"{n}") for n in range(400))
    assert (len(bare), raised.value.problems[-1].place) == (201, None)


def test_errors_of_calls_have_their_fields_and_usual_codes() -> None:
    kinds = (
        CallError,
        AuthError,
        TransportError,
        errors.HttpStatusError,
        errors.BadResponseError,
        BusinessError,
    )
    timeout = TransportError("慢", elapsed=3, sent=False, code="TIMEOUT", api="get", instance="一")
    told = CallError("错", platform="crm", status=400, response={"status": 400})

    assert [kind("错").code for kind in kinds] == [
        "BAD_ARGUMENT",
        "AUTH_FAILED",
        "CONNECT",
        "HTTP_STATUS",
        "BAD_RESPONSE",
        "BUSINESS",
    ]
    assert (timeout.elapsed, timeout.sent, timeout.code, timeout.api, timeout.instance) == (
        3,
        False,
        "TIMEOUT",
        "get",
        "一",
    )
    assert (TransportError("x").elapsed, TransportError("x").sent) == (0.0, True)
    assert (told.platform, told.status, told.response, told.message, told.instance) == (
        "crm",
        400,
        {"status": 400},
        "错",
        "",
    )
    missed = errors.NoMatchError("无", platform="crm", api="get", case="no cassette")
    assert (missed.platform, missed.api, missed.case, missed.nearest) == (
        "crm",
        "get",
        "no cassette",
        None,
    )


def test_errors_of_scripts_and_forms_tell_place_name_and_code() -> None:
    bare, placed = (
        ScriptError("坏了"),
        ScriptError("坏了", name="TypeError", place=Place("a.js", 3)),
    )
    copied = pickle.loads(pickle.dumps(SubjectError("{who} 不可", code="REQUIRED", who="张三")))

    assert (str(bare), bare.name, bare.stack, bare.fields) == ("Error: 坏了", "Error", (), {})
    assert (str(placed), placed.message) == ("a.js:3: TypeError: 坏了", "坏了")
    assert (str(copied), copied.code, copied.place) == ("张三 不可", "REQUIRED", None)


def test_what_is_read_of_an_error_is_noted_for_who_wants_to_know() -> None:
    error = BusinessError("余额不足", code="BUSINESS", status=200)
    before = (str(error), error.code)
    error._reads = []
    after = (error.status, error._reads is None, str(error), repr(error)[:13])

    assert (before, after) == (("余额不足", "BUSINESS"), (200, False, "余额不足", "BusinessError"))
    assert error._reads == ["status", "str", "repr"]


def test_a_frame_is_found_outside_of_the_given_files() -> None:
    frame = errors.find_frame_outside("no such file")

    assert frame is not None
    assert frame.f_code.co_name == "test_a_frame_is_found_outside_of_the_given_files"
    assert errors.find_frame_outside("") is None
    assert errors.describe_data_error(RecursionError("x")) == "nested too deeply"


def test_each_kind_of_warning_has_one_class() -> None:
    assert {kind: found.__name__ for kind, found in errors.WARNINGS.items()} == {
        "unawaited": "UnawaitedWarning",
        "uncalled": "UncalledWarning",
        "name": "UnknownNameWarning",
        "refused": "RefusedActionWarning",
        "call": "WrongCallWarning",
        "rule": "UnusedRuleWarning",
        "never_ran": "NeverRanWarning",
        "empty": "EmptyExpectationWarning",
        "cycle": "ChangeCycleWarning",
        "timer": "WaitingTimerWarning",
        "unplayed": "UnplayedWarning",
        "charset": "LostCharactersWarning",
        "secret": "UndeclaredSecretWarning",
        "interrupted": "InterruptedWarning",
        "ignore": "BlindIgnoreWarning",
        "unrecorded": "UnrecordedWarning",
        "unseen": "UnseenFailureWarning",
        "unfit": "UnfitValueWarning",
        "script": "ScriptSlipWarning",
        "weak_secret": "WeakSecretWarning",
        "collation": "CollationWarning",
        "power": "PowerWarning",
        "challenge": "ChallengeWarning",
        "explore": "ExploreWarning",
    }
    assert errors.REFUSALS < errors.CODES
    assert {*errors.WRONG_CALLS} == {
        "ConfigError",
        "UNKNOWN_PLATFORM",
        "UNKNOWN_INSTANCE",
        "UNKNOWN_API",
        "UNKNOWN_PARAMETER",
        "MISSING_PARAMETER",
        "BAD_ARGUMENT",
    }
    assert errors.CALL_ERROR_MEMBERS == (
        "code",
        "platform_key",
        "instance_key",
        "api",
        "status",
        "response",
    )
