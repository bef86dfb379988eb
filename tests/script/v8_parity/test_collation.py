"""Chinese sorting and dates in digits, held against the pinned Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.script.bench import value_of

PAIRS = Path(__file__).parent / "data/collation_pairs.mjs"


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_no_pair_of_any_block_is_ordered_otherwise_than_in_node() -> None:
    done = subprocess.run(["node", str(PAIRS)], capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout)

    assert {"GB 2312", "URO", "Extension A", "full-width", "punctuation", "digits"} <= set(counts)
    assert {name: differ for name, (_, differ) in counts.items() if differ} == {}
    assert counts == json.loads(PAIRS.with_suffix(".json").read_text("utf-8"))


def test_names_beyond_gb_2312_sort_by_pinyin() -> None:
    source = """
      return ['王喆', '李堃', '张三', 'Ａ部', 'a部', '重庆', '虫害'].sort((a, b) => a.localeCompare(b, 'zh-CN'))"""

    assert value_of(source) == ["虫害", "重庆", "李堃", "王喆", "张三", "a部", "Ａ部"]


def test_digits_count_as_one_number_also_full_width_ones() -> None:
    source = "return ['第１0号', '第9号', '第2号'].sort(new Intl.Collator('zh-CN', {numeric: true}).compare)"

    assert value_of(source) == ["第2号", "第9号", "第１0号"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("d.toLocaleDateString('en-CA')", "2026-03-05"),
        ("d.toLocaleDateString('sv-SE')", "2026-03-05"),
        ("d.toLocaleString('sv-SE')", "2026-03-05 09:08:07"),
        ("d.toLocaleString('sv')", "2026-03-05 09:08:07"),
        ("d.toLocaleString('en-CA')", "2026-03-05, 9:08:07 a.m."),
        ("d.toLocaleString('en-CA', {hour12: false})", "2026-03-05, 09:08:07"),
        ("d.toLocaleDateString('sv-SE', {year: 'numeric', month: '2-digit'})", "2026-03"),
        ("new Intl.DateTimeFormat('en-CA', {timeZone: 'UTC'}).format(d)", "2026-03-05"),
    ],
)
def test_dates_in_digits_are_those_of_node(expression: str, value: str) -> None:
    assert value_of(f"const d = new Date(2026, 2, 5, 9, 8, 7); return {expression}") == value


@pytest.mark.parametrize(
    "expression",
    ["d.toLocaleDateString('sv-SE', {month: 'long'})", "(1).toLocaleString('sv-SE')"],
)
def test_what_those_locales_have_besides_is_refused(expression: str) -> None:
    source = (
        f"const d = new Date(0); try {{ return {expression} }} catch (e) {{ return e.message }}"
    )

    assert "is not simulated" in value_of(source)
