from __future__ import annotations

import re
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.errors import Place, ScriptError
from bpmax_sim.script.failure import FIRST_LINE, PlacedScripts, Script
from bpmax_sim.script.turn_result import Outcome
from tests.script.bench import NAME, run

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=20)


@given(st.lists(LINE, min_size=1, max_size=5), st.data())
def test_a_column_in_bytes_maps_to_the_same_character(
    lines: list[str], data: st.DataObject
) -> None:
    row = data.draw(st.integers(1, len(lines)))
    before = data.draw(st.integers(0, len(lines[row - 1])))
    column = len(lines[row - 1][:before].encode()) + 1
    sources = PlacedScripts([Script("1\n2", "前.js"), Script("\n".join(lines), "后.js")])
    start = sources.placed[1].start

    assert sources.locate(start + row, column) == Place("后.js", row, before + 1)


def test_our_own_lines_are_no_place() -> None:
    sources = PlacedScripts([Script("1", "a.js")])

    assert sources.locate(FIRST_LINE, 1) is None
    assert sources.find_user_frames("    at entry (<input>:12:3)\n    at eval (native)\n") == ()


def test_our_own_files_end_above_the_first_line_of_a_script() -> None:
    folder = files("bpmax_sim.script")
    ours = [folder / "prelude.js", *(folder / "bindings").iterdir()]
    texts = [path.read_text("utf-8") for path in ours]
    told = re.findall(r"FIRST_USER_LINE = (\d+)", "".join(texts))

    assert max(len(text.splitlines()) for text in texts) < FIRST_LINE
    assert told == [f"{FIRST_LINE}"] * 2, "the prelude and V8's binding say it too"


def test_a_position_past_the_end_is_the_end() -> None:
    sources = PlacedScripts([Script("if (张) {", "a.js")])

    assert sources.locate(FIRST_LINE + 3, 1) == Place("a.js", 1, 9)


def test_positions_are_right_after_crlf() -> None:
    error = run("// 注释\r\nconst 甲 = {};\r\n/* 中 */ 甲.乙.丙;").error

    assert isinstance(error, ScriptError)
    assert error.place == Place(NAME, 3, 9)


def test_an_outcome_without_error_unwraps_to_its_value() -> None:
    assert Outcome(value=1).unwrap() == 1
