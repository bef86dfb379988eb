"""Calls that only ``ignore`` makes equal: told at the line of the entry, where responses differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.scenario.blinding_ignores import (
    find_calls_made_equal,
    find_responses_matched_by_ignore,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.load import load_items
from bpmax_sim.session.sending_log import RecordingMatch

SCENARIO = """\
scenario: 公文编号回填
form: {fields: {编号: ""}}
proxy:
  ignore:
    - query.ts
    - path.id
steps: [{open: {}}]
"""
MATCH = RecordingMatch(file="公文.yaml", exchange=1, line=4, played=True)


VOLATILE = Platform(
    platform_key="oa",
    base_url="https://oa.example",
    apis={"get_doc": Api(key="get_doc", volatile=("body.nr",))},
)


def call(id_: str, ts: str, response: Any, *, live: bool = False) -> CallMade:
    return CallMade(
        number=1, call="oa.get_doc", path={"id": id_}, query={"ts": ts}, response=response,
        source="live" if live else "", recording=None if live else MATCH,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([call("D-1", "1", "甲"), call("D-2", "1", "乙")], ["6:7: path.id D-1 D-2"]),
        ([call("D-1", "1767196800000", "甲"), call("D-1", "1767196800050", "乙")], []),
        ([call("D-1", "一", "甲"), call("D-1", "二", "乙")], ["5:7: query.ts 一 二"]),
        ([call("D-1", "1767196800000", "甲"), call("D-1", "2026-03-02", "乙")], []),
        (
            [call("D-1", "1767196800000", "甲"), call("D-1", "急件", "乙")],
            ["5:7: query.ts 1767196800000 急件"],
        ),
        (
            [call("D-1", "急件", "甲"), call("D-1", "2026-03-02", "乙")],
            ["5:7: query.ts 急件 2026-03-02"],
        ),
        ([call("D-1", "20260302", "甲"), call("D-1", "20261231", "乙")], []),
        (
            [call("20261301", "1", "甲"), call("20261302", "1", "乙")],
            ["6:7: path.id 20261301 20261302"],
        ),
        (
            [call("10023456", "1", "甲"), call("10023457", "1", "乙")],
            ["6:7: path.id 10023456 10023457"],
        ),
        ([call("D-1", "1", "甲"), call("D-2", "1", "甲")], []),
        ([call("D-1", "1", "甲")], []),
        ([call("D-1", "1", {"nr": 1}), call("D-2", "1", {"nr": 2})], []),
        (
            [call("D-1", "1", "甲", live=True), call("D-2", "1", "乙", live=True)],
            ["6:7: path.id D-1 D-2"],
        ),
    ],
)
def test_an_ignore_that_makes_other_calls_equal_is_told_with_its_line(
    tmp_path: Path, calls: list[CallMade], said: list[str]
) -> None:
    path = tmp_path / "scenarios" / "公文.scenario.yaml"
    path.parent.mkdir()
    path.write_text(SCENARIO, encoding="utf-8")
    (item,) = load_items(path, environ={}, root=tmp_path)

    found = [*find_calls_made_equal(item, calls, Platforms({"oa": VOLATILE}), is_recording=True)]

    assert [one.kind for one in found] == ["ignore"] * len(said)
    for one, text in zip(found, said, strict=True):
        place, name, first, second = text.split()
        assert str(one.place).endswith(place.rstrip(":"))
        assert f"ignore: {name} makes calls of oa.get_doc equal" in one.message
        assert f'("{first}" and "{second}")' in one.message


@pytest.mark.parametrize(
    ("ignored", "said"),
    [
        ([], []),
        ([{"path": "body.no", "recorded": "D-1", "sent": "D-2"}], ['body.no "D-1", not "D-2"']),
        ([{"path": "body.no", "recorded": "D-1"}], ['body.no "D-1", not null']),
        ([{"path": "body.no", "sent": 5}], ["body.no null, not 5"]),
        ([{"path": "body.at", "recorded": "1767196800", "sent": "2026-03-02 09:00"}], []),
        ([{"path": "body.at", "sent": "2026-03-02"}], []),
        ([{"path": "body.at", "recorded": "20260302090000", "sent": ""}], []),
        ([{"path": "body.id", "recorded": "0b1c2d3e-0000-1111-2222-333344445555", "sent": "甲"}],
         ['body.id "0b1c2d3e-0000-1111-2222-333344445555", not "甲"']),
        ([{"path": "body.x", "recorded": 0.123456789, "sent": 0.987654321}], []),
        ([{"path": "body.x", "recorded": 0.5, "sent": 0.25}], ["body.x 0.5, not 0.25"]),
        ([{"path": "body.x", "recorded": "abcdef0123456789", "sent": "ABCDEF01234567890"}], []),
        ([{"path": "body.x", "recorded": "abcdef012345678", "sent": "abcdef012345679"}],
         ['body.x "abcdef012345678", not "abcdef012345679"']),
        ([{"path": "a", "recorded": "一", "sent": "二"}, {"path": "b", "sent": "1767196800"},
          {"path": "c", "recorded": "三", "sent": "四"}], ['a "一", not "二"', 'c "三", not "四"']),
    ],
)  # fmt: skip
@pytest.mark.parametrize("played", [True, False])
def test_a_response_to_another_request_is_told(
    ignored: list[dict[str, Any]], said: list[str], *, played: bool
) -> None:
    match = RecordingMatch(
        file="公文.yaml", exchange=1, line=4, played=played, ignored=tuple(ignored)
    )
    place = Place("回填.js", 3, 1)
    made = CallMade(number=2, call="oa.get_doc", recording=match, place=place)

    found = [*find_responses_matched_by_ignore([CallMade(number=1, call="oa.x"), made])]

    recorded = "oa.get_doc: this response was recorded for "
    told = [one.message.removeprefix(recorded).partition(";")[0] for one in found]
    assert told == (said if played else [])
    assert {(one.kind, one.place, one.fails) for one in found} <= {("ignore", place, False)}


def test_only_calls_of_one_api_and_no_logins_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "公文.scenario.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    (item,) = load_items(path, environ={}, root=tmp_path)
    one, two = call("D-1", "1", "甲"), call("D-2", "1", "乙")

    def find(*calls: CallMade, is_recording: bool = False) -> int:
        platforms = Platforms({"oa": VOLATILE})
        return len([*find_calls_made_equal(item, calls, platforms, is_recording=is_recording)])

    assert find(one, two) == 1
    assert find(one, replace(two, call="oa.list_docs")) == 0
    assert find(*(replace(each, call="oa.$token") for each in (one, two))) == 0
    assert find(one, replace(two, instance="华东")) == 0
    assert find(one, replace(two, recording=replace(MATCH, played=False))) == 0
    assert find(one, replace(two, response="甲", status=404)) == 1
    assert find(one, two, call("D-3", "1", "丙")) == 1
    live = [call("D-1", "1", "甲", live=True), call("D-2", "1", "乙", live=True)]
    assert (find(*live), find(*live, is_recording=True)) == (0, 1)
    same = [call("D-1", "1", "甲")] * 19
    assert (find(*same, two), find(*same, one, two)) == (1, 0)


def test_an_ignore_of_the_platform_is_told_at_the_call(tmp_path: Path) -> None:
    path = tmp_path / "公文.scenario.yaml"
    path.write_text(SCENARIO.replace("    - path.id\n", ""), encoding="utf-8")
    (item,) = load_items(path, environ={}, root=tmp_path)
    api = Api(key="get_doc", ignore=("path.id",))
    platform = Platform(platform_key="oa", base_url="https://oa.example", apis={"get_doc": api})
    here = Place("回填.js", 3, 1)
    calls = [call("D-1", "1", "甲"), replace(call("D-2", "1", "乙"), place=here)]

    (found,) = find_calls_made_equal(item, calls, Platforms({"oa": platform}))

    assert (found.place, "ignore: path.id makes" in found.message) == (here, True)
