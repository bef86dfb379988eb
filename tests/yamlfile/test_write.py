from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.yamlfile import read_yaml, write_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["on", "yes", "NO", "null", "~", "007", "1e3", "0x1F", "a: b", "# x", "- a", "{{ x }}", "客户",
     "https://a.test/{id}", "https:", " a", "a ", "'", '"', "\u202e", "\ufeff", "\x85", "a\nb", "=",
     "<<", ""]
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(value=st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5), block=st.integers(0, 4))
def test_what_is_written_reads_back_the_same(value: dict[str, Any], block: int) -> None:
    assert read_yaml(write_yaml(value, block_levels=block)).to_plain() == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"path": "/客户/{id}", "url": "https://a.test/v1"}, "path: /客户/{id}\nurl: https://a.test/v1\n"),
        ({"a": {}, "b": [], "c": None}, "a: {}\nb: []\nc: null\n"),
        ({"in": "query", "word": "on", "number": "12"}, 'in: query\nword: "on"\nnumber: "12"\n'),
        ({"rows": [{"a": 1}, {"b": [1, 2]}]}, "rows:\n  - {a: 1}\n  - {b: [1, 2]}\n"),
        ({"a": {"b": 1}}, "a:\n  b: 1\n"),
        ({"数": [math.inf, -math.inf, math.nan]}, "数: [.inf, -.inf, .nan]\n"),
    ],
)  # fmt: skip
def test_files_look_as_a_person_would_write_them(value: dict[str, Any], text: str) -> None:
    assert write_yaml(value, block_levels=2) == text


def test_a_line_has_a_hundred_columns_at_most_where_it_can_be_broken() -> None:
    row = {f"名称{number}": "一二三四五六七" for number in range(12)}

    assert max(map(len, write_yaml({"rows": [row]}).splitlines())) <= 100


WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


@pytest.mark.parametrize(
    "text",
    [
        *(cased for word in WORDS for cased in (word, word.title(), word.upper())),
        *("~", "", ".inf", "-.INF", ".NaN", "0o7", "0x1F", "1e3", "+1", "007", "1_000", "12:30"),
        *("2026-03-02", "=", "<<", "nULL", "tRUE"),
    ],
)
def test_a_text_is_a_text_to_every_reader(text: str) -> None:
    written = write_yaml({"值": text, text: [text]})

    expected = {"值": text, text: [text]}
    assert read_yaml(written).to_plain() == expected if text else True
    assert yaml.safe_load(written) == expected  # YAML 1.1
