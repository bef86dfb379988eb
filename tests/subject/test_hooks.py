from __future__ import annotations

import pytest

from bpmax_sim.subject.hooks import HOOKS, check_target, hooks_of, parse_event


def test_the_table_names_every_hook_of_the_format() -> None:
    assert [hook.pattern for hook in hooks_of("form")] == [
        "open",
        "change.<field>",
        "click.<button>",
        "submit",
    ]
    assert [hook.pattern for hook in hooks_of("flow")] == [
        "create",
        "approve.<node>",
        "reject.<node>",
        "before_next.<node>",
        "owners.<node>",
        "jump",
        "project_name",
        "task_title",
        "computed",
        "visibility",
    ]


def test_a_documented_hook_carries_the_name_of_the_product() -> None:
    assert all(bool(hook.label) is (hook.origin == "documented") for hook in HOOKS)
    assert parse_event("jump", "flow").hook.label == "自定义跳转逻辑"


def test_an_event_is_read_and_printed_the_same() -> None:
    event = parse_event("approve.部门审批", "flow")

    assert (event.hook.name, event.target, str(event)) == (
        "approve",
        "部门审批",
        "approve.部门审批",
    )
    assert str(parse_event("submit", "form")) == "submit"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chang.x", "a form has no event 'chang.x'; did you mean 'change'?"),
        (
            "approve.x",
            "a form has no event 'approve.x'; there is open, change.<field>, click.<button>,",
        ),
        ("change", "write change.<field>, not 'change'"),
        ("change.", "write change.<field>, not 'change.'"),
        ("open.x", "write open, not 'open.x'"),
    ],
)
def test_an_unknown_event_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_event(text, "form")

    assert str(caught.value).startswith(message)


def test_the_target_of_an_event_must_exist() -> None:
    event = parse_event("change.customerld", "form")

    assert check_target(event, ["customerId", "phone"]) == (
        "change.customerld: no field 'customerld'; did you mean 'customerId'?"
    )
    assert check_target(event, []) is None
    assert check_target(parse_event("change.x", "form"), ["客户"]) == (
        "change.x: no field 'x'; there is 客户"
    )
