"""What keeps a person from a field, and what of a table he has to fill in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.form import FormSubject, check_complete, check_entry
from tests.subject.stage import PlainStage


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"visible": False}, "金额 is hidden, so a person cannot change it; a script may, in js"),
        (
            {"readonly": True},
            "金额 is read-only, so a person cannot change it; a script may, in js",
        ),
        ({"visible": False, "readonly": True}, "金额 is hidden, so a person cannot change it"),
        ({"required": True}, ""),
    ],
)
def test_what_keeps_a_person_from_a_field_is_said(state: dict[str, bool], told: str) -> None:
    form = FormSubject(runner=PlainStage({}), tell=lambda _event: None, fields={"金额": 1})
    for key, value in state.items():
        form.set_state("金额", key, value)

    if not told:
        form.set({"金额": 2})
        assert form.fields == {"金额": 2}
        return
    with pytest.raises(SubjectError, match=told):
        form.set({"金额": 2})
    assert form.fields == {"金额": 1}


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        (None, ""), ("", ""), ("x", ""), ([], ""), (7, ""), ([{"量": 0}], ""),
        ([{"量": 1}, {"量": ""}, {}], "明细[1].量, 明细[2].量"), ([None], "明细[0].量"),
        (({"量": None},), "明细[0].量"),
    ],
)  # fmt: skip
def test_a_required_column_is_filled_in_in_each_row(rows: Any, missing: str) -> None:
    form = FormSubject(runner=PlainStage({}), tell=lambda _event: None, fields={"明细": rows})
    form.set_state("明细.量", "required", True)

    if not missing:
        check_complete(form)
        return
    with pytest.raises(SubjectError, match=rf"empty (is|are) {re.escape(missing)}$"):
        check_complete(form)


@pytest.mark.parametrize("rows", [[{"量": 2}], ({"量": 2},), [{"量": 1}, {"量": 2}]])
@pytest.mark.parametrize("old", [None, "", [{"量": 1}, {"量": 1}], ({"量": 1}, {"量": 1})])
def test_a_column_that_is_hidden_is_not_changed_by_replacing_rows(rows: Any, old: Any) -> None:
    form = FormSubject(runner=PlainStage({}), tell=lambda _event: None, fields={"明细": old})
    form.set_state("明细.量", "visible", False)

    check_entry(form, ("明细",), ({"量": 1}, {"量": 1}), ({"量": 1}, {"量": 1}))
    with pytest.raises(SubjectError, match=r"明细\.量 is hidden"):
        check_entry(form, ("明细",), rows, old)
