# ruff: noqa: E501 - calls and scripts, one a line
"""The earlier name of a scenario, and faults and recordings that made no difference to a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.fault_checks import find_useless_faults
from bpmax_sim.scenario.former_names import find_former_name
from bpmax_sim.scenario.load import load_items
from bpmax_sim.session.sending_log import RecordingMatch
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Action, Fault, Reply, Slow
from tests.files import write_files
from tests.scenario.test_doubts_of_a_run import load

STEP = "steps: [{open: {}, expect: {form: {金额: 1}}}]"


def test_an_earlier_name_is_listed_or_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    item = load(tmp_path, f"was: [旧单, 更旧]\n{STEP}")
    plain = load(tmp_path, STEP)
    named = load(tmp_path, f"proxy: {{cassette: 录}}\n{STEP}")
    (tmp_path / "坏.scenario.yaml").write_text("a: [\n", encoding="utf-8")
    (tmp_path / "行.scenario.yaml").write_text(
        "scenario: 行\nwas: 旧行\nform: {fields: {金额: 0}}\ncases: [{id: 甲}, {id: 乙}]\nsteps: [{js: form.金额 = 1, expect: {form: {金额: 1}}}]\n", encoding="utf-8",
    )  # fmt: skip
    row = load_items(Path("行.scenario.yaml"), environ={}, root=tmp_path)[1]

    assert [
        find_former_name(item, owners)
        for owners in (["别", "更旧"], ["更旧", "旧单"], ["旧单[甲]", "别"], [])
    ] == ["更旧", "旧单", "", ""]
    assert [
        find_former_name(row, owners) for owners in (["旧行[甲]", "旧行[乙]"], ["旧行", "x"])
    ] == ["旧行[乙]", ""]
    sole = [["改名前"], ["改名前[甲]"], ["报销单"], ["报销单[甲]"], ["行"], ["改名前", "别"]]
    assert [find_former_name(plain, owners) for owners in sole] == [
        "改名前",
        "改名前[甲]",
        "",
        "",
        "",
        "",
    ]
    assert find_former_name(named, ["改名前"]) == ""
    elsewhere = tmp_path.parent / f"{tmp_path.name}-别处"
    write_files(elsewhere, {"改.scenario.yaml": "scenario: 改名前\n"})
    (tmp_path / "scenarios").symlink_to(elsewhere, target_is_directory=True)
    assert [find_former_name(plain, owners) for owners in sole[:2]] == ["", ""]


SHOP = """\
platform_key: shop
base_url: https://shop.example.test
timeout: 30
response: {ok: {all: [{path: $.code, in: [0]}]}, code: [$.code]}
apis: {list_orders: {path: /orders}, create_order: {method: POST, path: /orders}}
"""
PLAIN = "platform_key: plain\nbase_url: https://plain.example.test\napis: {x: {path: /x}}\n"


def tell(
    folder: Path,
    *calls: CallMade,
    faults: Any = (),
    text: str = STEP,
    scripts: Any = ("form.金额 = 1",),
    rows: int = 0,
) -> list[str]:
    write_files(folder, {"平台/shop.yaml": SHOP, "平台/plain.yaml": PLAIN})
    item = load(folder, text)
    item = replace(item, rows=rows, names=replace(item.names, texts=scripts))
    session = SimpleNamespace(
        platforms=load_platforms(folder / "平台"),
        injected_faults=[SimpleNamespace(fault=one) for one in faults],
    )
    found = find_useless_faults(item, calls, cast("Session", session))
    return [
        f"{one.place} {one.kind}{'!' if one.fails else ''} {one.message.partition(';')[0]}"
        for one in found
    ]


def call(
    response: Any, name: str = "shop.list_orders", source: str = "fault", **more: Any
) -> CallMade:
    more = {"status": 200, "place": Place("a.js", 3), **more}
    return CallMade(number=1, call=name, source=source, response=response, **more)


def test_a_fault_that_answers_as_where_all_is_well_is_told(tmp_path: Path) -> None:
    told = ["a.js:3 rule the fault of shop.list_orders answers as shop does where all is well"]
    good: list[Any] = [{"code": 0}, {"code": 0, "data": {"n": 0, "ok": False, "rows": [0]}}]
    others: list[Any] = [
        {"code": 5}, {"code": 0, "data": ""}, {"code": 0, "data": None}, {"code": 0, "rows": []}, {"code": 0, "rows": [{"a": 1}, {}]}, {"code": 0, "rows": [1, ""]}, {},
        {"code": 0, "data": {"a": {"b": None}, "c": 1}},
    ]  # fmt: skip
    assert [tell(tmp_path, call(one)) for one in good] == [told] * 2
    assert [tell(tmp_path, call(one)) for one in others] == [[]] * 8
    assert (
        tell(
            tmp_path,
            call(others[1]),
            call(good[0], source="stub"),
            call({"a": 1}, "plain.x"),
            call(good[0], status=500),
            call(good[0]),
        )
        == told
    )


def test_a_delay_that_nothing_notices_is_told(tmp_path: Path) -> None:
    def slow(delay: float, on: str = "shop.list_orders", chunks: int = 0) -> Fault:
        return Fault(on=on, action=Slow(delay=delay, chunks=chunks), place=Place("a.yaml", 2))

    told = [
        "a.yaml:2 rule shop.list_orders: a delay of 2 s is below the timeout of 30 s, and no script looks at the time, so that it changes nothing"
    ]
    two = slow(2)
    action: Action = Reply(delay=2)
    assert tell(tmp_path, faults=[two, two]) == told
    assert (
        tell(
            tmp_path,
            faults=[
                slow(30),
                slow(31),
                slow(2, chunks=3),
                slow(2, "nobody.x"),
                Fault(on="shop.list_orders", action=action),
                two,
            ],
        )
        == told
    )
    assert len(tell(tmp_path, faults=[slow(29.9), slow(1, "shop.*")])) == 2
    times = [
        "setTimeout(f)",
        "setInterval(f)",
        "new AbortController()",
        "Promise.race([])",
        "Promise .all([])",
        "new Date()",
        "performance.now()",
        "form.$timeout(1)",
        "console.time('a')",
    ]
    assert [tell(tmp_path, faults=[two], scripts=("1", one)) for one in times] == [[]] * len(times)
    assert [
        tell(tmp_path, faults=[two], scripts=(one,)) for one in ("Dates()", "new Promise(f)", "")
    ] == [told] * 3
    assert tell(tmp_path, faults=[two], scripts=None) == []
    assert [tell(tmp_path, faults=[two], rows=rows) for rows in (1, 2)] == [told, []]
    during = "steps: [{open: {}, during: {call: crm.查客户, steps: [{set: {客户: a}}]}, expect: {form: {金额: 1}}}]"
    assert tell(tmp_path, faults=[two], text=during) == []


def test_a_writing_call_that_is_replayed_twice_is_told(tmp_path: Path) -> None:
    def sent(
        exchange: int, method: str = "POST", file: str = "a.yaml", *, played: bool = True
    ) -> CallMade:
        match = RecordingMatch(file=file, exchange=exchange, line=1, played=played)
        return call({}, "shop.create_order", "recorded", method=method, recording=match)

    repeat = f"proxy: {{repeat: true}}\n{STEP}"
    told = [
        "a.js:3 rule shop.create_order was recorded once and sent again here, which repeat: true hides"
    ]
    assert tell(tmp_path, sent(1), sent(1), text=repeat) == told
    assert tell(tmp_path, sent(1), sent(2), sent(1), sent(2), text=repeat) == told * 2
    assert tell(tmp_path, sent(1), sent(1)) == []
    others = [
        sent(1),
        sent(2),
        sent(1, file="b.yaml"),
        sent(3, "GET"),
        sent(3, "GET"),
        sent(4, "HEAD"),
        sent(4, "HEAD"),
        sent(5, played=False),
        sent(5, played=False),
        call({}),
        call({}),
    ]
    assert tell(tmp_path, *others, text=repeat) == []
