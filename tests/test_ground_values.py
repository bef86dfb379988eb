"""Durations, near names, lists, problems, names of files and hosts, each at its corners."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.clock import (
    LONGEST,
    FreshSeedSource,
    Instant,
    VirtualClock,
    describe_duration,
    format_parsable_duration,
    parse_duration,
)
from bpmax_sim.errors import (
    ClosedNetworkError,
    ConfigError,
    LimitedProblems,
    Place,
    Problem,
    find_misspelt,
    find_nearest,
    get_place_sort_key,
    is_plural,
    shorten_list,
    suggest_few,
    suggest_meant_value,
    suggest_or_list,
)
from bpmax_sim.file_names import (
    RelativeFileNameRewriter,
    find_case_conflicts,
    find_case_variant,
)
from bpmax_sim.file_system import shell_quote
from bpmax_sim.git import (
    ATTRIBUTES,
    configure_merging,
    find_repository,
    find_unmerged_files,
    has_merge_driver,
    read_blob,
    run_git,
)
from bpmax_sim.guard import (
    _WAYS,
    WHY_UNSEEN,
    ConnectionObserver,
    NetworkGuard,
    NetworkTarget,
    observe_connections,
    split_hosts,
)
from bpmax_sim.keywords import refuse_unknown_keywords

# ---------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("采购.scenario.yaml:10:5", Place("采购.scenario.yaml", 10, 5)),
        ("采购.scenario.yaml:10", Place("采购.scenario.yaml", 10)),
        ("采购.scenario.yaml", Place("采购.scenario.yaml")),
        ("", Place("")),
        ("C:\\采购\\a.js:3:1", Place("C:\\采购\\a.js", 3, 1)),
        ("09:30 采购.yaml:2:1", Place("09:30 采购.yaml", 2, 1)),
        ("采购:x:1", Place("采购:x", 1)),
        ("多行\n.js:3:1", Place("多行\n.js", 3, 1)),
    ],
)
def test_a_place_is_read_from_what_it_prints(text: str, place: Place) -> None:
    assert (Place.parse(text), str(place)) == (place, text)


def test_places_are_in_the_order_of_lines() -> None:
    texts = ["b.js:1:1", "a.js:10:2", "a.js:9:30", "a.js:10:1", "a.js:9:4", "a.js"]

    ordered = ["a.js", "a.js:9:4", "a.js:9:30", "a.js:10:1", "a.js:10:2", "b.js:1:1"]
    assert sorted(texts, key=Place.parse) == ordered


# ---------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"), (0.0004, "0 ms"), (0.013, "13 ms"), (0.999, "999 ms"), (0.9996, "1 s"),
        (1, "1 s"), (1.5, "1.5 s"), (31.0034, "31.003 s"), (59.999, "59.999 s"),
        (59.9996, "1 minute"), (60, "1 minute"), (61, "1 minute 1 second"),
        (119.9999, "2 minutes"), (122.9, "2 minutes 2 seconds"), (3599, "59 minutes 59 seconds"),
        (3600, "1 hour"), (3601, "1 hour"), (3660, "1 hour 1 minute"), (7325, "2 hours 2 minutes"),
        (86_399, "23 hours 59 minutes"), (86_400, "1 day"), (90_000, "1 day 1 hour"),
        (86_460, "1 day"), (180_000, "2 days 2 hours"), (2_592_000, "30 days"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_two_units_at_most(seconds: float, text: str) -> None:
    assert describe_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30), ("1m30s", 90), ("250ms", 0.25), ("2h", 7200), ("1d", 86_400), ("1.5h", 5400),
        ("0s", 0), ("1d1h1m1s1ms", 90_061.001), ("30s30s", 60), (7, 7), (0.5, 0.5), (-1, -1),
        (LONGEST, LONGEST), (-LONGEST, -LONGEST), ("366000d", LONGEST),
        ("", None), ("30", None), ("-5s", None), ("s", None), ("1 s", None), ("1S", None),
        (".5s", None), ("1.s", None), ("5s ", None), ("1w", None), (LONGEST + 1, None),
        ("366001d", None), (float("nan"), None), (float("inf"), None), (-LONGEST - 1, None),
    ],
)  # fmt: skip
def test_a_duration_is_read_as_it_is_written(text: str | float, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(ValueError, match="is not a duration"):
            parse_duration(text)
    else:
        found = parse_duration(text)
        assert found == pytest.approx(seconds, abs=1e-9)
        assert type(found) is float


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (0.0004, "0s"), (0.0006, "1ms"), (0.3, "300ms"), (1, "1s"), (5400, "1h30m"),
        (90_061.001, "1d1h1m1s1ms"), (86_400, "1d"), (59.9996, "1m"), (61, "1m1s"),
    ],
)  # fmt: skip
def test_what_is_written_of_a_duration_is_read_again(seconds: float, text: str) -> None:
    assert format_parsable_duration(seconds) == text
    assert parse_duration(text) == pytest.approx(seconds, abs=0.0005)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-02T09:00:00+08:00", "2026-03-02T09:00:00.000+08:00"),
        ("2026-03-02T09:00:00.1234+08:00", "2026-03-02T09:00:00.123+08:00"),
        ("2026-03-02T09:00:00.9996-05:30", "2026-03-02T09:00:01.000-05:30"),
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000+00:00"),
        ("2026-03-02T09:00+0800", "2026-03-02T09:00:00.000+08:00"),
        ("1969-12-31T23:59:59.5+00:00", "1969-12-31T23:59:59.500+00:00"),
    ],
)
def test_an_instant_is_shown_in_the_zone_that_it_was_written_in(text: str, shown: str) -> None:
    instant = Instant.parse(text)

    assert str(instant) == shown
    assert str(instant.at(instant.seconds + 61)).endswith(shown[23:])


@pytest.mark.parametrize("text", ["2026-03-02T09:00:00", "2026-03-02", "明天+08:00", "+08:00", ""])
def test_an_instant_without_a_zone_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|isoformat"):
        Instant.parse(text)


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (0.0, "09:00:00.000"), (0.0004, "09:00:00.000"), (0.0006, "09:00:00.001"),
        (0.9994, "09:00:00.999"), (0.9996, "09:00:01.000"), (-0.0004, "09:00:00.000"),
        (-0.0006, "08:59:59.999"),
    ],
)  # fmt: skip
def test_an_instant_is_rounded_to_milliseconds(fraction: float, shown: str) -> None:
    instant = Instant.parse("2026-03-02T09:00:00+08:00")
    assert str(instant.at(instant.seconds + fraction)) == f"2026-03-02T{shown}+08:00"


def test_a_virtual_clock_never_goes_back() -> None:
    clock = VirtualClock(100)
    clock.advance(5)
    clock.move_to(50)
    clock.advance(-9)
    assert clock.now() == 105
    clock.move_to(105.5)

    assert (clock.now(), clock.next_seq(), clock.next_seq()) == (105.5, 1, 2)


def test_each_owner_has_seeds_of_its_own_which_the_run_decides() -> None:
    one, same, other = FreshSeedSource("run"), FreshSeedSource("run"), FreshSeedSource("nur")
    first = [one.next_seed("甲"), one.next_seed("乙"), one.next_seed("甲")]

    assert len({*first}) == 3
    assert [same.next_seed("甲"), same.next_seed("甲")] == [first[0], first[2]]
    assert other.next_seed("甲") not in first
    assert all(0 < seed <= 2**48 for seed in first)
    assert FreshSeedSource().next_seed("甲") != FreshSeedSource().next_seed("甲")


# ---------------------------------------------------------------------------- near names


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("get_custmer", ["get_order", "get_customer"], "get_customer"),
        ("GET_ORDER", ["get_order2", "get_order"], "get_order"),
        ("ｃｒｍ", ["crm", "crm2"], "crm"),
        (" crm ", ["crm"], "crm"),
        ("crm", ["crm"], "crm"),
        ("xyz", ["crm", "erp"], ""),
        ("crm", [], ""),
        ("", ["crm"], ""),
        # two Chinese characters that share one at its place, or are the wrong way round
        ("财物", ["财务", "人事"], "财务"),
        ("财物", ["财务", "财政"], ""),
        ("务财", ["财务", "人事"], "财务"),
        ("财物", ["人财", "物资"], ""),
        ("财物", ["财务部"], ""),
        ("x" * 200, ["x" * 199], "x" * 199),
        ("x" * 201, ["x" * 200], ""),
        # of more than three hundred, those that begin alike and are about as long
        ("get_ordr", [*(f"字段{n}" for n in range(300)), "get_order"], "get_order"),
        ("bet_order", [*(f"字段{n}" for n in range(300)), "get_order"], ""),
        ("bet_order", [*(f"字段{n}" for n in range(299)), "get_order"], "get_order"),
        ("get_ord", [*(f"字段{n}" for n in range(300)), "get_order"], ""),
    ],
)
def test_the_nearest_name_is_near_enough_or_none(word: str, names: list[str], near: str) -> None:
    assert find_nearest(word, names) == near


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("statuss", ["status"], ""), ("statis", ["status"], "status"),
        ("sttus", ["status"], "status"),
        ("sttaus", ["status"], "status"), ("staatus", ["status"], "status"),
        ("tsatus", ["status"], "status"), ("statu", ["status"], "status"),
        ("status", ["status"], ""), ("stotis", ["status"], ""), ("sautts", ["status"], ""),
        ("Status", ["status"], "status"), ("nam", ["name"], "name"), ("nme", ["nam"], ""),
        ("amout", ["客户", "amount", "amour"], "amount"), ("", ["name"], ""), ("name", [], ""),
        ("names", ["name", "namen"], "namen"), ("客户名", ["客户名称"], "客户名称"),
    ],
)  # fmt: skip
def test_one_slip_of_the_keyboard_is_a_misspelt_name(
    word: str, names: list[str], near: str
) -> None:
    assert find_misspelt(word, names) == near


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("order", "orders", True),
        ("orders", "order", True),
        ("box", "boxes", True),
        ("boxes", "box", True),
        ("order", "order", False),
        ("order", "orderes", True),
        ("city", "cities", False),
        ("order", "orders2", False),
        ("", "s", True),
    ],
)
def test_a_plural_has_s_or_es(first: str, second: str, is_one: bool) -> None:
    assert is_plural(first, second) is is_one


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("PO-2", ["PO-1"], ""), ("方案A", ["方案B"], ""), ("未通过", ["已通过"], ""),
        ("unpaid", ["paid"], ""), ("第三季度", ["第二季度"], ""), ("not-paid", ["paid"], ""),
        ("aproved", ["approved"], "approved"), ("已通果", ["已通过"], "已通过"),
        ("Unpaid", ["Paid", "unpayd"], "unpayd"), ("inactiv", ["active", "inactive"], "inactive"),
        ("采购单", ["采购订单"], "采购订单"),
    ],
)  # fmt: skip
def test_another_number_or_state_is_another_value_and_no_slip(
    word: str, names: list[str], near: str
) -> None:
    assert suggest_meant_value(word, names) == (f"; did you mean {near!r}?" if near else "")


@pytest.mark.parametrize(
    ("word", "names", "hint"),
    [
        ("crn", ["crm", "erp"], "; did you mean 'crm'?"),
        ("xyz", ["crm"], "; there is crm"),
        ("xyz", ["crm", "erp"], "; there are crm, erp"),
        ("xyz", [], ""),
        ("xyz", [f"n{n}" for n in range(42)], None),
    ],
)
def test_a_hint_is_the_near_name_or_all(word: str, names: list[str], hint: str | None) -> None:
    if hint is None:
        hint = f"; there are {', '.join(names[:40])} and 2 more"
    assert suggest_or_list(word, names) == hint


@pytest.mark.parametrize(
    ("word", "names", "hint"),
    [
        ("crn", ["crm", "erp"], "; did you mean 'crm'?"),
        ("采购金额", ["采购数量", "销售金额", "备注"], "; nearest: 销售金额, 采购数量"),
        ("xyz", ["crm"], ""),
        ("xyz", [], ""),
    ],
)
def test_a_few_names_are_told_where_none_is_near(word: str, names: list[str], hint: str) -> None:
    assert suggest_few(word, names) == hint


@pytest.mark.parametrize(
    ("count", "most", "text"),
    [(0, 2, ""), (2, 2, "n0, n1"), (3, 2, "n0, n1, n2"), (4, 2, "n0, n1 and 2 more"),
     (9, 2, "n0, n1 and 7 more"), (2, 0, " and 2 more")],
)  # fmt: skip
def test_a_long_list_is_cut_where_more_than_one_is_left_out(
    count: int, most: int, text: str
) -> None:
    assert shorten_list((f"n{n}" for n in range(count)), most) == text


def test_the_names_of_a_set_are_told_in_an_order_that_lasts() -> None:
    names = {"金额", "pageNo", "备注", "客户", "b"}

    assert shorten_list(names, 3) == "b, pageNo, 备注 and 2 more"
    assert suggest_or_list("xyz", frozenset(names)) == "; there are b, pageNo, 备注, 客户, 金额"
    assert shorten_list(["b", "a"]) == "b, a"


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a/b-c.yaml:7", "a/b-c.yaml:7"), ("付款", "付款"), ("a=b@c%d+e,f", "a=b@c%d+e,f"),
        ("付款 大额", '"付款 大额"'), ("", '""'),
        ('说"好"', """'说"好"'"""), ("$a`b`", "'$a`b`'"), ("付款!", "'付款!'"),
        (r"a\b", r"'a\b'"), ("a;b", '"a;b"'), ("甲[乙]", '"甲[乙]"'),
    ],
)  # fmt: skip
def test_a_word_is_quoted_where_a_shell_would_read_it(
    monkeypatch: pytest.MonkeyPatch, text: str, quoted: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")

    assert shell_quote(text) == quoted
    assert shlex.split(quoted) == [text]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("付款", "付款"), ("付款 大额", '"付款 大额"'), ("", '""'), ("甲[乙]", '"甲[乙]"'),
        ('说 "好"', r'"说 \"好\""'), ("a&b|c", '"a&b|c"'), ("$a`b`!", '"$a`b`!"'),
        (r"C:\项目\a b.yaml", r'"C:\项目\a b.yaml"'), ("C:\\项 目\\", r'"C:\项 目\\"'),
        (r'a \"b\\"', r'"a \\\"b\\\\\""'), (r"\\机器\a\b", r'"\\机器\a\b"'),
    ],
)  # fmt: skip
def test_a_word_is_quoted_where_windows_would_read_it(
    monkeypatch: pytest.MonkeyPatch, text: str, quoted: str
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    assert shell_quote(text) == quoted
    assert (text and " " not in text) or subprocess.list2cmdline([text]) == quoted


# ---------------------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("a.yaml"), "a.yaml"), (Place("a.yaml", 3), "a.yaml:3"),
        (Place("a.yaml", 3, 7), "a.yaml:3:7"), (Place("", 3, 7), "3:7"), (Place(""), ""),
        (Place("a.yaml", 0, 7), "a.yaml:7"),
    ],
)  # fmt: skip
def test_a_place_is_as_exact_as_it_is_known(place: Place, text: str) -> None:
    assert str(place) == text


def test_a_problem_is_one_line_and_problems_are_sorted_by_place() -> None:
    problems = [
        Problem("丁", Place("b.yaml", 1)),
        Problem("丙", Place("a.yaml", 10, 1), "steps[0]"),
        Problem("乙", Place("a.yaml", 9, 2)),
        Problem("甲"),
        Problem("乙一", Place("a.yaml", 9, 1), "form"),
    ]
    problems.sort(key=get_place_sort_key)

    assert str(ConfigError(*problems)).splitlines() == [
        "甲", "a.yaml:9:1: form: 乙一", "a.yaml:9:2: 乙", "a.yaml:10:1: steps[0]: 丙",
        "b.yaml:1: 丁",
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["append", "extend", "+="])
def test_two_hundred_problems_of_a_file_are_enough(way: str) -> None:
    def add(problems: LimitedProblems, count: int) -> LimitedProblems:
        more = [Problem(f"第 {n}", Place("a.yaml", 300 - n)) for n in range(count)]
        if way == "append":
            for one in more:
                problems.append(one)
        elif way == "extend":
            problems.extend(more)
        else:
            problems += more
        return problems

    assert len(add(LimitedProblems(), 200)) == 200
    with pytest.raises(ConfigError) as refused:
        add(LimitedProblems(), 205)
    first, *_, last, more = refused.value.problems
    assert len(refused.value.problems) == 201
    assert (first.place, last.place) == (Place("a.yaml", 100), Place("a.yaml", 299))
    assert str(more) == "a.yaml: more than 200 problems; mend these first"


# ---------------------------------------------------------------------------- names of files


@pytest.mark.parametrize(
    ("there", "path", "variant"),
    [
        ("cassettes/crm/a.yaml", "cassettes/crm/a.yaml", None),
        ("cassettes/crm/a.yaml", "cassettes/crm/A.yaml", "cassettes/crm/a.yaml"),
        ("cassettes/CRM/a.yaml", "cassettes/crm/b.yaml", "cassettes/CRM"),
        ("cassettes/crm/a.yaml", "cassettes/crm/b.yaml", None),
        ("cassettes/stra\u00dfe.yaml", "cassettes/strasse.yaml", "cassettes/stra\u00dfe.yaml"),
        ("cassettes/e\u0301.yaml", "cassettes/\u00e9.yaml", "cassettes/e\u0301.yaml"),
        ("Cassettes/a.yaml", "cassettes/a.yaml", None),
        ("cassettes/a.yaml", "没有/a.yaml", None),
    ],
)  # fmt: skip
def test_a_name_that_windows_takes_for_another_one_is_found(
    tmp_path: Path, there: str, path: str, variant: str | None
) -> None:
    (tmp_path / there).parent.mkdir(parents=True)
    (tmp_path / there).write_text("", encoding="utf-8")

    found = find_case_variant(tmp_path / path)
    assert found == (None if variant is None else tmp_path / variant)


def test_files_that_windows_takes_for_one_are_pairs_with_the_first() -> None:
    paths = [Path(name) for name in ("a/b", "A/b", "a/c", "a/B", "a/b")]
    assert [*find_case_conflicts(paths)] == [(paths[0], paths[1]), (paths[0], paths[3])]
    assert [*find_case_conflicts(iter([]))] == []


def test_names_of_files_in_a_text_are_relative_to_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["脚本/算.js", "场景/算.js", "脚本/算.js.map", "../外.js", "脚本/算.js"]
    moved = RelativeFileNameRewriter(str(tmp_path / "场景"), names)

    assert [moved.to_relative_name(name) for name in (*names, "")] == [
        "../脚本/算.js", "算.js", "../脚本/算.js.map", "../../外.js", "../脚本/算.js", ""
    ]  # fmt: skip
    text = "脚本/算.js.map:1 脚本/算.js:2 场景/算.js ../外.js 别的.js"
    assert moved.rewrite_names(text) == (
        "../脚本/算.js.map:1 ../脚本/算.js:2 算.js ../../外.js 别的.js"
    )
    assert moved.rewrite_names("../外") == "../外"
    twice = RelativeFileNameRewriter(str(tmp_path / "场景"), ["算.js", "脚本/算.js"])
    assert twice.rewrite_names("算.js:1, 脚本/算.js:2") == "../算.js:1, ../脚本/算.js:2"
    assert twice.rewrite_names("算.js") == "../算.js"  # as short as the shortest
    assert moved.rewrite_names("../外.js") == "../../外.js"
    assert RelativeFileNameRewriter("", names).rewrite_names(text) == text


# ---------------------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    ("hosts", "single"),
    [
        ("a.test", ("a.test",)), ("a.test, b.test ,", ("a.test", "b.test")), ("", ()), (" , ", ()),
        (["a.test,b.test", "", "c.test"], ("a.test", "b.test", "c.test")), ([], ()),
    ],
)  # fmt: skip
def test_hosts_stand_one_by_one_or_with_commas(
    hosts: str | list[str], single: tuple[str, ...]
) -> None:
    assert split_hosts(hosts) == single


@pytest.mark.parametrize(
    ("target", "hosts", "attempt", "option"),
    [
        (("crm.test", 443), [], "crm.test:443", "crm.test"),
        ((b"crm.test", 0), [], "crm.test", "crm.test"),
        ((bytearray(b"crm.test"), 443), [], "crm.test:443", "crm.test"),
        ((bytearray(b"CRM.Test"), 443), ["crm.test"], "", ""),
        ((b"caf\xe9.test", 443), [], "caf\ufffd.test:443", "caf\ufffd.test"),
        (("::2", 443), [], "[::2]:443", "::2"),
        (("::2", None), [], "::2", "::2"),
        ((None, 5), [], ":5", ""),
        (("a\nb", 1), [], r"'a\nb':1", r"'a\nb'"),
        (("crm.test", 443), ["erp.test", "*.example"], "crm.test:443", "crm.test"),
        (("CRM.Example", 443), ["erp.test", "*.example"], "", ""),
        (("127.0.0.1", 443), ["127.0.0.1"], "", ""),
        (("127.0.0.1", 443), ["LOCALHOST"], "", ""),
        (("127.0.0.2", 443), ["localhost"], "127.0.0.2:443", "127.0.0.2"),
        # names that no resolver can be asked for
        (("127.0.0.2", 443), ["甲" * 64], "127.0.0.2:443", "127.0.0.2"),
        (("127.0.0.2", 443), ["a..b", "x" * 64, "erp.test"], "127.0.0.2:443", "127.0.0.2"),
        (("x" * 64, 443), ["x*"], "", ""),
        (("127.0.0.1", 443), ["[1]27.0.0.1"], "", ""),
        (("127.0.0.1", 443), ["local?ost"], "127.0.0.1:443", "127.0.0.1"),
    ],
)
def test_a_host_that_is_not_allowed_is_noted_and_refused(
    target: tuple[Any, Any], hosts: list[str], attempt: str, option: str
) -> None:
    guard = NetworkGuard("场景", allow="--allow-hosts={}", hosts=hosts)
    if not attempt:
        guard.judge("connect to", NetworkTarget(*target))
        assert guard.attempts == []
        return
    with pytest.raises(ClosedNetworkError) as refused:
        guard.judge("connect to", NetworkTarget(*target))

    assert guard.attempts == [f"connect to {attempt}"]
    assert str(refused.value) == (
        f"场景 tried to connect to {attempt} outside $proxy, and the network is closed in replay "
        f"and simulate mode; call it through $proxy, or allow the host: --allow-hosts={option}"
    )


@pytest.mark.parametrize(
    ("event", "args", "target"),
    [
        ("socket.getaddrinfo", ("crm.test", 443, 0), ("crm.test", 443)),
        ("socket.getaddrinfo", (b"crm.test", None), (b"crm.test", None)),
        ("socket.getaddrinfo", (None, 80), None), ("socket.getaddrinfo", ("", 80), None),
        ("socket.gethostbyname", ("crm.test",), ("crm.test", None)),
        ("socket.gethostbyaddr", ("192.0.2.1",), ("192.0.2.1", None)),
        ("socket.gethostbyaddr", ("127.0.0.1",), None), ("socket.gethostbyaddr", (b"::1",), None),
        ("socket.getnameinfo", (("192.0.2.1", 80),), ("192.0.2.1", None)),
        ("socket.getnameinfo", (("127.0.0.1", 80),), None),
        ("socket.getnameinfo", ((b"127.0.0.1", 80),), None),
        ("socket.getnameinfo", (("127.0.0.2", 80),), ("127.0.0.2", None)),
        ("socket.getnameinfo", ((),), ((), None)),
    ],
)  # fmt: skip
def test_a_look_up_goes_to_the_host_that_it_names(
    event: str, args: tuple[Any, ...], target: tuple[Any, Any] | None
) -> None:
    verb, find_target = _WAYS[event]

    assert (verb, find_target(args, None)) == ("look up", target)


@pytest.mark.parametrize(
    ("hosts", "names"),
    [
        ([], []), (["erp.test"], ["erp.test"]), (["ERP.test", "b.test"], ["erp.test", "b.test"]),
        # a pattern is no name that could be looked up
        (["*.test"], []), (["er?.test"], []), (["[ab].test"], []), (["a*", "b.test"], ["b.test"]),
        (["127.0.0.*"], ["127.0.0.1"]),
    ],
)  # fmt: skip
def test_only_allowed_names_are_looked_up(
    monkeypatch: pytest.MonkeyPatch, hosts: list[str], names: list[str]
) -> None:
    asked: list[str] = []

    def look_up(host: str, _port: None) -> list[Any]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    guard = NetworkGuard("场景", hosts=hosts)
    with suppress(ClosedNetworkError):
        guard.judge("connect to", NetworkTarget("127.0.0.1", 1))

    assert asked == names


@pytest.mark.parametrize(
    ("event", "verb", "target"),
    [
        ("connect", "connect to", ("192.0.2.1", 80)), ("sendto", "send to", ("192.0.2.1", 80)),
        ("sendmsg", "send to", ("192.0.2.1", 80)), ("bind", "bind to", None),
    ],
)  # fmt: skip
def test_an_attempt_is_named_after_what_was_done(
    event: str, verb: str, target: tuple[Any, Any] | None
) -> None:
    shown, find_target = _WAYS[f"socket.{event}"]
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        assert (shown, find_target((sock, ("192.0.2.1", 80)), None)) == (verb, target)
        # a connected socket names nobody anew
        assert find_target((sock, None), None) is None
        assert find_target((sock,), None) is None


@pytest.mark.parametrize(
    ("modules", "is_unseen"),
    [
        (("http.client",), True),
        (("urllib3.connection",), True),  # which connects by TLS without http.client
        (("socket", "urllib3.connection", "审批"), True),
        (("socket", "审批"), False),
        (("httpx",), False),
    ],
)
def test_who_passes_an_intercepting_client_is_told_why(
    modules: tuple[str, ...], is_unseen: bool
) -> None:
    """*modules* are those of the frames that lead to the attempt, the innermost first."""
    judge = "lambda: guard.judge('connect to', target, sys._getframe())"
    guard = NetworkGuard("场景")
    names = {"guard": guard, "target": NetworkTarget("crm.test", 443), "sys": sys}
    for module in modules:
        attempt = eval(judge, {**names, "__name__": module})
        names["inner"], judge = attempt, "lambda: inner()"

    for observers, advice in ((0, "call it through $proxy"), (1, str(WHY_UNSEEN))):
        with ExitStack() as stack:
            for _ in range(observers):
                stack.enter_context(observe_connections(cast(ConnectionObserver, None)))
            with pytest.raises(ClosedNetworkError) as refused:
                attempt()
        is_told = str(refused.value).endswith(advice)
        assert is_told == (is_unseen or not observers)


def test_a_guard_that_is_closed_once_more_forgets_the_addresses_of_former_hosts() -> None:
    guard = NetworkGuard("场景", hosts=["localhost"])
    guard.judge("connect to", NetworkTarget("127.0.0.1", 1))
    assert guard.attempts == []

    guard.close(["127.0.0.2"])
    with pytest.raises(ClosedNetworkError):
        guard.judge("connect to", NetworkTarget("127.0.0.1", 1))
    assert guard.attempts == ["connect to 127.0.0.1:1"]


def test_a_guard_that_is_not_closed_yet_or_has_no_option() -> None:
    assert not NetworkGuard("a", closed=False).is_closed
    guard = NetworkGuard("a")
    with pytest.raises(ClosedNetworkError) as refused:
        guard.judge("look up", NetworkTarget("x", None))
    assert str(refused.value).endswith("call it through $proxy")
    guard.close(["X"])
    guard.judge("look up", NetworkTarget("x", None))
    assert guard.attempts == ["look up x"]


# ---------------------------------------------------------------------------- keywords


@refuse_unknown_keywords(["cassette"])
def open_it(folder: str, /, mode: str = "replay", *rest: str, seed: int = 0, **more: Any) -> Any:
    return folder, mode, rest, seed, more


def test_an_unknown_keyword_is_refused_with_the_near_one() -> None:
    assert open_it("a", "b", "c", seed=1, cassette="x") == ("a", "b", ("c",), 1, {"cassette": "x"})
    with pytest.raises(ConfigError) as refused:
        open_it("a", sead=1, casette="x", folder="b", rest=1, more=2)
    assert str(refused.value).splitlines() == [
        "open_it: there is no 'casette'; did you mean 'cassette'?",
        "open_it: there is no 'folder'; did you mean 'mode'?",
        "open_it: there is no 'more'; did you mean 'mode'?",
        "open_it: there is no 'rest'; there are cassette, mode, seed",
        "open_it: there is no 'sead'; did you mean 'seed'?",
    ]


# ---------------------------------------------------------------------------- Git


@pytest.fixture(name="repository")
def initialised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CI", raising=False)
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    return tmp_path


def test_the_merge_driver_is_set_up_once_and_whole(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes = repository / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.js text", encoding="utf-8")
    assert not has_merge_driver(repository)
    monkeypatch.setenv("CI", "1")
    assert [*configure_merging(repository)] == []
    monkeypatch.setenv("CI", "")

    assert len([*configure_merging(repository)]) == 1
    assert has_merge_driver(repository)
    assert attributes.read_text("utf-8") == "*.js text\ncassettes/** merge=bpmax\n"
    assert [*configure_merging(repository)] == []
    run_git(repository, "config", "--unset", "diff.bpmax.textconv")
    assert not has_merge_driver(repository)
    assert len([*configure_merging(repository)]) == 1
    assert attributes.read_text("utf-8").count("merge=bpmax") == 1
    attributes.write_text(f"{ATTRIBUTES}\n# cassettes/** merge=bpmax\n", encoding="utf-8")
    assert not has_merge_driver(repository)


@pytest.mark.parametrize(
    ("driver", "is_used"),
    [
        (f'"{sys.executable}" -m bpmax_sim merge %O %A %B %P', True),
        ("git merge-file %A %O %B", True),
        ("'/旧 环境/bin/python' -m bpmax_sim merge %O %A %B %P", False),
        ('"/旧环境/bin/python -m bpmax_sim', False), ("", False),
    ],
)  # fmt: skip
def test_a_merge_driver_whose_program_is_gone_is_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch, driver: str, is_used: bool
) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert len([*configure_merging(repository)]) == 1
    run_git(repository, "config", "merge.bpmax.driver", driver)

    assert has_merge_driver(repository) == is_used
    assert len([*configure_merging(repository)]) == (not is_used)
    assert has_merge_driver(repository)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ""), ("", ""), ("\n", "\n"), ("*.js text", "*.js text\n"),
        ("*.js text\n", "*.js text\n"), ("a\n\n", "a\n\n"),
    ],
)  # fmt: skip
def test_the_line_of_the_merge_driver_is_the_last(
    repository: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str
) -> None:
    monkeypatch.delenv("CI", raising=False)
    attributes = repository / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.unlink(missing_ok=True)
    if before is not None:
        attributes.write_text(before, encoding="utf-8")

    assert len([*configure_merging(repository)]) == 1
    assert attributes.read_text("utf-8") == f"{after}cassettes/** merge=bpmax\n"
    assert [*configure_merging(repository)] == []


def test_a_repository_is_that_of_the_nearest_folder_and_says_what_is_wrong(
    repository: Path,
) -> None:
    (repository / "子/内").mkdir(parents=True)
    assert find_repository(repository / "子/内") == repository
    (repository / "子/.git").write_text("gitdir: x\n", encoding="utf-8")
    assert find_repository(repository / "子/内") == repository / "子"
    assert find_repository(Path(repository.anchor)) is None
    assert find_unmerged_files(repository) == {}
    assert read_blob(repository, None) is None
    with pytest.raises(ConfigError, match=r"^git cat-file: fatal: "):
        read_blob(repository, "0" * 40)
    assert not has_merge_driver(repository / "子")


def test_names_and_comments_in_a_repository_need_not_be_utf_8(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    attributes = repository / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_bytes("# 合同".encode("gbk"))
    (repository / "a").write_bytes(b"1")
    blob = run_git(repository, "hash-object", "-w", "a").decode().strip()
    names = ["cassettes/合同.yaml".encode(), "合同.js".encode("gbk")]
    lines = [f"100644 {blob} {n}\t".encode() + name for name in names for n in (1, 2)]
    command = ["git", "update-index", "-z", "--index-info"]
    subprocess.run(command, input=b"\0".join([*lines, b""]), cwd=repository, check=True)

    assert find_unmerged_files(repository) == {
        name.decode(errors="surrogateescape"): {1: blob, 2: blob} for name in names
    }
    assert len([*configure_merging(repository)]) == 1
    assert has_merge_driver(repository)
    lines = attributes.read_bytes().splitlines()
    assert lines == ["# 合同".encode("gbk"), b"cassettes/** merge=bpmax"]
