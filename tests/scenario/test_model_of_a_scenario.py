# ruff: noqa: E501 - schemas, one a line
"""What the parts of a scenario say of themselves, and what the schemas for editors allow."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.model import (
    Expect,
    ExpectedCall,
    FlowSpec,
    FormSpec,
    Policy,
    ProxySpec,
    Retry,
    Scenario,
    Step,
    Table,
    find_named_steps,
    get_initial_form,
    is_for_row,
    list_declared_fields,
    list_file_keys,
    make_flow_schema,
    make_form_schema,
    make_fragment_schema,
    make_people_schema,
    make_scenario_schema,
)


def make_step(**parts: Any) -> Step:
    """Return a step, whose actions no type checker knows."""
    return Step(**parts)


def test_a_step_is_named_by_its_name_id_or_action() -> None:
    steps = [
        make_step(),
        make_step(open={}),
        make_step(id="开", open={}),
        make_step(name="打开", id="开", open={}),
        make_step(js="1", expect=Expect(result=1)),
    ]
    assert [(one.title, one.action, one.value, one.kind) for one in steps] == [
        ("check", "", None, None), ("open", "open", {}, ACTIONS["open"]), ("开", "open", {}, ACTIONS["open"]), ("打开", "open", {}, ACTIONS["open"]),
        ("js", "js", "1", ACTIONS["js"]),
    ]  # fmt: skip
    until = Expect(form={"a": 1})
    assert make_step(retry=Retry(until=until), expect=Expect(result=2)).expectations == (
        Expect(result=2),
        until,
    )
    assert make_step(retry=Retry(), expect=Expect(result=2)).expectations == (Expect(result=2),)
    assert [find_named_steps(one) for one in (make_step(run="走"), make_step(run={"steps": "走", "with": {"x": 1}}), make_step(open={}), make_step())] == [
        ("走", {}), ("走", {"x": 1}), None, None,
    ]  # fmt: skip
    parts: list[Step | Policy] = [
        make_step(),
        make_step(only=("甲", 2)),
        make_step(only=()),
        Policy(at="*", only=(2,)),
    ]
    assert [[is_for_row(part, row) for row in ("甲", "2", "")] for part in parts] == [
        [True, True, True], [True, True, False], [False, False, False], [False, True, False],
    ]  # fmt: skip


def test_a_scenario_lists_its_fields_invariants_and_folders() -> None:
    form, flow = FormSpec(fields={"金额": 1, "客户": 2}), FlowSpec(form={"客户": 3, "号": 4})
    scenarios = [
        Scenario(scenario="a"), Scenario(scenario="a", form=form), Scenario(scenario="a", flow=flow), Scenario(scenario="a", form=form, flow=flow),
        Scenario(scenario="a", form=FormSpec(), flow=flow),
    ]  # fmt: skip
    assert [list_declared_fields(one) for one in scenarios] == [
        (),
        ("金额", "客户"),
        (),
        ("金额", "客户", "号"),
        (),
    ]
    assert [get_initial_form(one) for one in scenarios] == [
        {},
        {"金额": 1, "客户": 2},
        {"客户": 3, "号": 4},
        {"金额": 1, "客户": 3, "号": 4},
        {"客户": 3, "号": 4},
    ]
    one, two = Expect(form={"a": 1}), Expect(result=2)
    kinds: list[dict[str, Any]] = [
        {},
        {"always": one},
        {"never": one},
        {"never": (one, two)},
        {"always": two, "never": (one,)},
        {"always": Expect(), "never": ()},
        {"never": Expect()},
    ]
    assert [[*Scenario(scenario="a", **kind).invariants] for kind in kinds] == [
        [], [(("always",), one)], [(("never",), one)], [(("never", 0), one), (("never", 1), two)], [(("always",), two), (("never", 0), one)], [],
        [(("never",), Expect())],
    ]  # fmt: skip
    assert [ProxySpec(platforms=names).platform_paths for names in ("", "甲", ("甲", ""), ())] == [
        (),
        ("甲",),
        ("甲", ""),
        (),
    ]
    assert (list_file_keys(Table), Table(source="a.csv").id) == (("from", "id"), "id")


DEFAULTS: dict[str, Any] = {
    "was": (), "version": 1, "description": "", "tags": (), "skip": False, "xfail": False, "use": (), "script": UNSET, "form": UNSET, "flow": UNSET, "vars": {},
    "secrets": (), "user": UNSET, "people": {}, "clock": "", "seed": UNSET, "faults": (), "fault_sets": {}, "cases": UNSET, "policies": (), "steps": (), "cleanup": (),
    "expect": Expect(), "always": Expect(), "never": (),
}  # fmt: skip


def test_what_is_left_out_has_its_default() -> None:
    scenario = Scenario(scenario="a")
    assert {name: getattr(scenario, name) for name in DEFAULTS} == DEFAULTS
    proxy = ProxySpec()
    assert [getattr(proxy, name) for name in ("unused", "unawaited", "repeat", "mode", "instance", "cassette", "ignore", "redact", "stubs")] == [
        "fail", UNSET, False, UNSET, "", "", (), (), (),
    ]  # fmt: skip
    retry, policy = Retry(), Policy(at="甲")
    assert (retry.tries, retry.every, retry.until) == (3, 1, UNSET)
    assert (
        policy.by,
        policy.project,
        policy.after,
        policy.times,
        policy.only,
        policy.condition,
    ) == ("", "", 0, UNSET, UNSET, True)
    call = ExpectedCall(call="crm.x")
    assert {getattr(call, name) for name in list_file_keys(ExpectedCall) if name != "call"} == {
        UNSET
    }


def test_the_schema_of_a_scenario_allows_what_the_loader_reads() -> None:  # noqa: PLR0915 - one schema
    schema = make_scenario_schema()
    step, policy = (
        schema["definitions"]["Step"]["properties"],
        schema["definitions"]["Policy"]["properties"],
    )
    assert ({*ACTIONS} - {*step}, "js" in policy, "approve" in policy) == (set(), False, True)
    assert [properties["if"]["type"] for properties in (step, policy)] == [
        ["string", "boolean"]
    ] * 2
    assert schema["anyOf"] == [{"required": ["steps"]}, {"required": ["script"]}]
    faults = [place["faults"]["anyOf"] for place in (schema["properties"], step)]
    assert [options[0].get("type") for options in faults] == ["array", "array"]
    assert schema["properties"]["user"]["type"] == ["string", "integer", "object"]
    assert [schema["properties"][key]["anyOf"][0] for key in ("form", "flow", "people")] == [
        {"type": "string"}
    ] * 3
    subflows = schema["definitions"]["FlowSpec"]["properties"]["subflows"]["additionalProperties"][
        "anyOf"
    ]
    assert subflows[0] == {"type": "string"}
    events = {
        kind: schema["definitions"][f"{kind}Spec"]["properties"]["scripts"]["propertyNames"][
            "pattern"
        ]
        for kind in ("Form", "Flow")
    }
    names = (
        "open",
        "change.金额",
        "change",
        "click.查",
        "submit",
        "approve.部门",
        "owners.部门",
        "jump",
        "create",
        "opened",
        "xopen",
    )
    assert {kind: [name for name in names if re.search(pattern, name)] for kind, pattern in events.items()} == {
        "Form": ["open", "change.金额", "click.查", "submit"], "Flow": ["approve.部门", "owners.部门", "jump", "create"],
    }  # fmt: skip
    assert make_form_schema()["properties"]["scripts"]["propertyNames"]["pattern"] == events["Form"]
    assert make_flow_schema()["properties"]["scripts"]["propertyNames"]["pattern"] == events["Flow"]
    expected = schema["definitions"]["Expected"]
    pattern = expected["propertyNames"]["pattern"]
    assert [
        bool(re.search(pattern, name))
        for name in ("金额", "$gt", "$each", "$gtx", "$no", "a$gt", "$")
    ] == [True, True, True, False, False, True, False]
    assert (expected["items"], expected["additionalProperties"]) == (
        {"$ref": "#/definitions/Expected"},
    ) * 2
    proxied = schema["definitions"]["ExpectedCall"]["properties"]
    assert ["$ref" in str(proxied[key]) for key in ("call", "query", "times")] == [
        False,
        True,
        True,
    ]
    cases = schema["properties"]["cases"]["anyOf"]
    assert (
        cases[0]["type"],
        cases[0]["minItems"],
        cases[0]["items"]["required"],
        cases[0]["items"]["properties"]["id"]["type"],
    ) == ("array", 1, ["id"], ["string", "integer"])
    assert all(
        "description" in schema["properties"][key]
        for key in ("cases", "form", "user", "faults", "script")
    )
    fragment = make_fragment_schema()
    assert (
        "anyOf" in fragment,
        "faults" in fragment["properties"],
        "steps" in fragment["properties"],
    ) == (False, False, True)
    people = make_people_schema()
    assert (people["additionalProperties"], people["type"], people["title"]) == (
        {"type": ["string", "integer", "object"]},
        "object",
        "bpmax-sim people",
    )
