"""Forms at their corners: what is no table, whose message refuses, in which order states are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import FlowMove
from tests.subject.stage import PlainStage, Play
from tests.subject.test_what_flows_tell import TWO, flow_of


def _form(plays: Mapping[str, Play] | None = None, **fields: Any) -> FormSubject:
    stage = PlainStage({**(plays or {})})
    return FormSubject(
        runner=stage,
        tell=stage.told.append,
        scripts=stage.scripts(*(plays or {})),
        fields=dict(fields),
    )


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        (None, [{"sku": "A-1"}]),
        ("", [{"sku": "A-1"}]),
        ([], [{"sku": "A-1"}]),
        ((), [{"sku": "A-1"}]),
        ([{"sku": "B-2"}], [{"sku": "B-2"}, {"sku": "A-1"}]),
        (({"sku": "B-2"},), [{"sku": "B-2"}, {"sku": "A-1"}]),
        (0, None),
        (False, None),
        ({}, None),
        ("无", None),
        (0.0, None),
    ],
)
def test_rows_are_added_to_a_table_or_to_an_empty_field(value: Any, rows: Any) -> None:
    form = _form(明细=value)
    if rows is not None:
        form.set_rows("明细", lambda before: [*before, {"sku": "A-1"}])
        assert form.fields["明细"] == rows
        return
    with pytest.raises(SubjectError) as caught:
        form.set_rows("明细", lambda before: [*before, {"sku": "A-1"}])
    assert (caught.value.code, form.fields["明细"]) == ("NOT_A_TABLE", value)


@pytest.mark.parametrize(
    ("said", "refusal", "shown"),
    [
        ([], "submit refused", 2),
        (["金额不能为空"], "金额不能为空", 2),
        (["请核对", "金额不能为空"], "金额不能为空", 3),
    ],
)
def test_the_reason_of_a_refusal_is_the_last_message_of_its_own_scripts(
    said: list[str], refusal: str, shown: int
) -> None:
    def refuse(form: Any, _ctx: Any) -> bool:
        for text in said:
            form["$message"] = text
        return False

    form = _form(
        {"open": lambda form, _ctx: form.__setitem__("$message", "欢迎"), "submit": refuse}
    )
    form.open({})

    result = form.submit()

    assert (result.refused, result.refusal) == (True, refusal)
    assert [message.text for message in form.messages] == ["欢迎", *(said or [refusal])]
    assert len(form.messages) == shown


def test_a_form_that_was_refused_may_be_submitted_in_the_same_action() -> None:
    answers = iter([False, True])
    form = _form({"submit": lambda _form, _ctx: next(answers)})

    assert form.submit().refused is True
    assert form.submit().refused is False


def test_states_are_listed_in_the_order_of_the_fields_and_then_as_they_were_set() -> None:
    form = _form(乙=1, 甲=2)
    view = form.make_script_views()[0].links["$visible"]
    for name in ("丁", "甲", "丙"):
        view.write(name, False, None)

    assert [*view.snapshot().items()] == [("乙", True), ("甲", False), ("丁", False), ("丙", False)]


def test_a_preview_is_stuck_where_the_only_owner_has_refused_already() -> None:
    owners = {"owners.初审": lambda _form, _ctx: [{"owner_id": "甲", "status": 2}]}
    flow, _ = flow_of(TWO, owners)

    with pytest.raises(SubjectError) as caught:
        flow.preview(FlowMove(by="张三"))

    assert caught.value.code == "ALREADY_DECIDED"
    assert flow.status == "new"
