"""``-k``: which scenarios an expression selects, and what is told of one that is none."""

from __future__ import annotations

import re

import pytest

from bpmax_sim.cli.keyword_expression import parse_keyword
from bpmax_sim.errors import ConfigError

WORDS = ("采购申请", "crm", "slow", "a[金额=5]", "scenarios/报销.scenario.yaml", "nothing")


@pytest.mark.parametrize(
    ("text", "is_selected"),
    [
        ("crm", True), ("CRM", True), ("cr", True), ("erp", False), ("采购", True), ("申购", False),
        ("报销.scenario", True), ("a[金额=5]", None), ("scenarios/报销", True), ("not", None),
        ("not crm", False), ("not erp", True), ("not not crm", True), ("not not not crm", False),
        ("crm and slow", True), ("crm and erp", False), ("erp and crm", False),
        ("crm and slow and erp", False), ("erp or oa or crm", True), ("erp or oa or hr", False),
        ("crm or erp and erp", True), ("erp and erp or crm", True), ("(crm or erp) and erp", False),
        ("not crm or slow", True), ("not (crm or slow)", False), ("not crm and erp", False),
        ("not erp and crm", True), ("((crm))", True), ("(not erp)and(crm)", True),
        ("  crm  ", True), ("nothing", True), ("android", False), ("or", None), ("and", None),
        ("crm::slow", False), ("crm-slow", False), ("AND", False), ("NOT", True),
    ],
)  # fmt: skip
def test_an_expression_selects_by_parts_of_names(text: str, *, is_selected: bool | None) -> None:
    if is_selected is None:
        with pytest.raises(ConfigError, match=re.escape(f"-k {text!r}: expected")):
            parse_keyword(text)
    else:
        assert parse_keyword(text)(WORDS) is is_selected
        assert parse_keyword(f"not ({text})")(WORDS) is not is_selected


@pytest.mark.parametrize(
    ("text", "expected", "got"),
    [
        ("", "a name, not or '('", "the end"),
        ("crm and", "a name, not or '('", "the end"),
        ("crm or or", "a name, not or '('", "or"),
        ("crm erp", "and, or, or the end", "erp"),
        ("crm not erp", "and, or, or the end", "not"),
        ("(crm", "')'", "the end"),
        ("(crm erp)", "')'", "erp"),
        ("crm)", "and, or, or the end", ")"),
        ("()", "a name, not or '('", ")"),
        ("not and", "a name, not or '('", "and"),
        ("crm & erp", "and, or, or the end", "&"),
        ("=", "a name, not or '('", "="),
    ],
)
def test_what_is_no_expression_is_told(text: str, expected: str, got: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_keyword(text)
    assert f"-k {text!r}: expected {expected}, got {got}; write it" in str(caught.value)


def test_no_words_are_selected_by_not_alone() -> None:
    assert parse_keyword("not crm")(()) is True
    assert parse_keyword("crm")(()) is False
