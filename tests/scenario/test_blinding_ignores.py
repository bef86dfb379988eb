"""Calls that only ``ignore`` makes equal: told at the line of the entry, where responses differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.scenario.blinding_ignores import find_calls_made_equal
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
