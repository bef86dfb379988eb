"""Where an expected error may come from: each of the words, a call, or what a row fills in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.scenario.expect import format_path_label
from bpmax_sim.scenario.expected_literals import (
    find_literals_with_denial,
    find_member_names,
    find_nested_literals,
)
from tests.scenario.test_lies import Case, run, what_is_wrong


def wrong(folder: Path, source: str) -> str:
    """Return what is said of an error that is expected from *source*; the script throws one."""
    case = Case(
        steps=f"{{open: {{}}, expect_error: {{from: {source}}}}}",
        script="throw new Error('不行')",
        stubs="",
        top="vars: {来源: script}",
    )
    return what_is_wrong(run(folder, case))


@pytest.mark.parametrize(
    "source",
    ["script", "'${vars.来源}'", "{$in: [form, flow, script]}", "{$in: [python, proxy, script]}",
     "{$in: [crm.get_customer, crm, script]}"],
)  # fmt: skip
def test_an_error_comes_from_one_of_these(tmp_path: Path, source: str) -> None:
    assert wrong(tmp_path, source) == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("scirpt", "no platform 'scirpt'"),
        ("crm.get_custome", "crm has no API 'get_custome'"),
        ("{$in: [script, form, flwo]}", "no platform 'flwo'"),
        ("{$in: [script, 5, flwo]}", "no platform 'flwo'"),
        ("{$in: ['${vars.来源}', flwo]}", "no platform 'flwo'"),
        ("subject.x", "no platform 'subject'"),
        ("''", "no platform ''; there are crm"),
    ],
)
def test_any_other_word_is_wrong(tmp_path: Path, source: str, said: str) -> None:
    found = wrong(tmp_path, source)

    assert said in found
    assert found.count("no platform") <= 1


@pytest.mark.parametrize(
    ("expected", "literals", "members"),
    [
        ("甲", [("甲", False)], []),
        (None, [(None, False)], []),
        (0, [(0, False)], []),
        (UNSET, [], []),
        (["甲", "乙", "丙"], [("甲", False), ("乙", False), ("丙", False)], []),
        ({"$ne": "甲"}, [("甲", True)], []),
        ({"$not": {"$in": ["甲", "乙", "丙"]}}, [("甲", True), ("乙", True), ("丙", True)], []),
        ({"$not": {"$ne": "甲"}}, [("甲", False)], []),
        ({"a": {"$not": {"$ne": 1}}, "b": {"$not": {"$exists": True}}, "c": {"$not": {"$not": 1}}},
         [({"a": {"$not": {"$ne": 1}}, "b": {"$not": {"$exists": True}},
            "c": {"$not": {"$not": 1}}}, False)],
         [("a", False), ("b", True), ("c", False)]),
        ({"$not": {"$not": {"$ne": "甲"}}}, [("甲", True)], []),
        ({"$not": {"$ne": {"a": 1}}}, [({"a": 1}, False)], [("a", False)]),
        ({"$in": ["甲", {"$ne": "乙"}]}, [("甲", False), ("乙", True)], []),
        ({"$eq": "甲", "$not": "乙"}, [("甲", False), ("乙", True)], []),
        ({"$gt": "甲", "$matches": "乙", "$length": 1, "$exists": False}, [], []),
        ({"$each": {"$contains": "甲"}}, [("甲", False)], []),
        ({"a": 1, "b": {"c": 2}}, [({"a": 1, "b": {"c": 2}}, False)],
         [("a", False), ("b", False), ("b.c", False)]),
        ({"$not": {"a": {"b": 1}}}, [({"a": {"b": 1}}, True)], [("a", True), ("a.b", True)]),
        ({"$exactly": {"a": {"$ne": 1}}}, [({"a": {"$ne": 1}}, False)], [("a", True)]),
        ({"a": {"$exists": False}, "b": {"$exists": True}, "c": {"$not": 1}},
         [({"a": {"$exists": False}, "b": {"$exists": True}, "c": {"$not": 1}}, False)],
         [("a", True), ("b", False), ("c", True)]),
        ({"$gt": {"a": 1}}, [], []),
        ({}, [({}, False)], []),
    ],
)  # fmt: skip
def test_what_an_expectation_compares_with_is_found_below_its_operators(
    expected: Any, literals: list[tuple[Any, bool]], members: list[tuple[str, bool]]
) -> None:
    assert [(one, denied) for _, one, denied in find_literals_with_denial(expected)] == literals
    assert [one for _, one in find_nested_literals(expected)] == [one for one, _ in literals]
    named = [(format_path_label((*path, name)), is_denied)
             for path, name, is_denied in find_member_names(expected)]  # fmt: skip
    assert named == members
