"""Text with characters whose pinyin is not known here: one warning, with the line that sorts it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import bpmax_sim as bs
from bpmax_sim.scenario.events import ScenarioFinished

SCRIPT = """\
const 姓名 = ['李𠮷', '王喆', '李堃', '𡈽屋'];
return %s;
"""


@pytest.mark.parametrize(
    ("sorted_by", "warns"),
    [
        ("姓名.sort((a, b) => a.localeCompare(b, 'zh-CN'))", True),
        ("姓名.sort(new Intl.Collator('zh').compare)", True),
        ("姓名.slice(1, 3).sort(new Intl.Collator('zh').compare)", False),
        ("姓名.sort()", False),
        ("姓名.sort(new Intl.Collator('en-US').compare)", False),
    ],
)
def test_a_session_warns_once(sorted_by: str, *, warns: bool) -> None:
    script = bs.Script(f"setTimeout(() => {{}}, 1000); {SCRIPT}" % sorted_by, "排序.js")
    with bs.Session.open() as session, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        session.run_script(script).unwrap()
        session.advance(1)  # what the timer does comes of the same script

    found = [str(one.message) for one in caught if one.category is bs.CollationWarning]
    assert len(found) == warns
    for message in found:
        assert message.startswith("排序.js:2:")
        assert "is sorted by its code point" in message


def test_v8_knows_all_of_them() -> None:
    script = bs.Script(SCRIPT % "姓名.sort((a, b) => a.localeCompare(b))", "排序.js")
    with bs.Session.open(engine="v8") as session, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert session.run_script(script).unwrap()[0] == "李堃"


def test_a_scenario_warns_of_it(tmp_path: Path) -> None:
    script = (SCRIPT % "姓名.sort((a, b) => a.localeCompare(b))").replace("return ", "")
    (tmp_path / "排.js").write_text(script, encoding="utf-8")
    path = tmp_path / "排.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 排\n"
        "form: {scripts: {open: ./排.js}}\nsteps: [{open: {}}, {open: {}}]\n",
        encoding="utf-8",
    )
    last = bs.run_scenario(path).events[-1]

    assert isinstance(last, ScenarioFinished)
    assert last.outcome == "passed"
    told = [(one.kind, one.place and one.place.line) for one in last.warnings]
    assert told == [("collation", 2), ("empty", 2)]
