"""What a run came to: the same for runs that are the same to a person, else different."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import VERSION, ConsoleWritten, ErrorThrown, Event
from bpmax_sim.scenario.observation import (
    Observation,
    ObservedDifference,
    compare_runs,
    compute_digest,
    describe_states_and_results,
    find_outdated_digest,
    get_unobserved_value,
    observe,
    parse_digest_format,
    read_field_states,
    read_last_preview,
    read_subject_state,
)
from bpmax_sim.subject.definition import Definition, FlowNode, FlowParts
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.hooks import FlowMove, MessageShown
from tests.scenario.door import Door
from tests.scenario.project import Project, headlines, verdict
from tests.subject.stage import PlainStage

HEAD = """\
version: 1
scenario: 选择客户
form:
  scripts: {change.customerId: 回填.js, click.查询: 查询.js}
  fields: {customerId: "", phone: "", 明细: [{数量: 1}]}
proxy: {platforms: platforms, instances: instances.yaml}
"""
STEPS = """\
steps:
  - {set: {customerId: "12345"}}
  - {js: "return form.明细.length"}
"""
EMPTY = {"回填.js": "", "查询.js": ""}


def observations(
    project: Project, script: str, text: str = HEAD + STEPS
) -> tuple[Observation, ...]:
    return observe(project.events(project.write(text, {**EMPTY, "回填.js": script})))


@pytest.fixture(name="project")
def project_of(tmp_path: Path) -> Project:
    return Project(tmp_path)


ONE = "await $proxy('crm_system').$api('get_customer_detail').$path({id: '1'})"
DIFFERENT = {
    "nothing": "",
    "a value": "form.phone = '1'",
    "a required field": "form.$required.phone = true",
    "a hidden field": "form.$visible.phone = false",
    "options": "form.$options.phone = ['1', '2']",
    "a message": "form.$message = '已选择'",
    "a warning": "form.$message = {text: '已选择', type: 'warning'}",
    "a line of the console": "console.log('已选择')",
    "an error": "throw new Error('已选择')",
    "another error": "throw new TypeError('已选择')",
    "a call": "await $proxy('crm_system').getCustomerDetail('1')",
    "another path": "await $proxy('crm_system').getCustomerDetail('2')",
    "another query": f"{ONE}.$query({{a: 1}}).$call()",
    "another header": f"{ONE}.$header({{'X-Token': 'x'}}).$call()",
    "a body": "await $proxy('crm_system').$api('create_order').$body({数量: 1}).$call()",
    "another body": "await $proxy('crm_system').$api('create_order').$body({数量: '1'}).$call()",
    "a row more": "form.明细 = [...form.明细, {数量: 2}]",
    "a cell": "form.明细 = [{数量: 2}]",
}


def test_scripts_of_different_effect_never_share_a_digest(project: Project) -> None:
    digests = {
        name: compute_digest(observations(project, script)) for name, script in DIFFERENT.items()
    }

    equal = [pair for pair in combinations(DIFFERENT, 2) if len({*map(digests.get, pair)}) == 1]
    assert equal == []


SAME = {
    "a moved column": "   form.phone = '1'; console.log(new Error('坏').stack)",
    "a comment before": "// 回填电话\n\nform.phone = '1'; console.log(new Error('坏').stack)",
    "time that passes": (
        "await new Promise(done => setTimeout(done, 5)); "
        "form.phone = '1'; console.log(new Error('坏').stack)"
    ),
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_runs_that_are_the_same_to_a_person_share_a_digest(project: Project, script: str) -> None:
    plain = observations(project, "form.phone = '1'; console.log(new Error('坏').stack)")

    assert compare_runs(plain, observations(project, script)) == ()
    assert compute_digest(plain) == compute_digest(observations(project, script))


def test_names_of_steps_and_the_order_of_fields_change_nothing(project: Project) -> None:
    other = (HEAD + STEPS).replace("{set:", "{id: 选, name: 选客户, set:")
    other = other.replace('customerId: "", phone: ""', 'phone: "", customerId: ""')

    assert compare_runs(observations(project, ""), observations(project, "", other)) == ()


def test_a_difference_is_told_by_step_and_place(project: Project) -> None:
    one = "await $proxy('crm_system').$api('create_order').$body({明细: [{数量: 1}]}).$call()"
    two = one.replace("数量: 1", "数量: 2").replace(
        "await", "form.$required.phone = true; form.明细 = [{数量: 3}]; await"
    )

    assert compare_runs(observations(project, one), observations(project, two)) == (
        ObservedDifference("1", "calls[0].body.明细[0].数量", 1, 2),
        ObservedDifference("1", "form.明细[0].数量", 1, 3),
        ObservedDifference("2", "form.明细[0].数量", 1, 3),
        ObservedDifference("1", "fields.phone.required", False, True),
        ObservedDifference("2", "fields.phone.required", False, True),
    )


@pytest.mark.parametrize(
    ("first", "second", "different"),
    [
        ({"甲": 1}, {"甲": 1}, []),
        ({"甲": 1}, {}, [(".甲", 1, UNSET)]),
        ({}, {"甲": 1}, [(".甲", UNSET, 1)]),
        ({"甲": None}, {}, [(".甲", None, UNSET)]),
        ({"甲": 0, "乙": 2}, {"乙": 2, "丙": 0}, [(".甲", 0, UNSET), (".丙", UNSET, 0)]),
        ([1, 2, 3], [1, 2, 4], [("[2]", 3, 4)]),
        ([1, 2], [1, 2, 3], [("", [1, 2], [1, 2, 3])]),
        ([1, 2, 3], [], [("", [1, 2, 3], [])]),
        ([{"甲": [1]}], ({"甲": (2,)},), [("[0].甲[0]", 1, 2)]),
        ([], {}, [("", [], {})]),
        ({"甲": 1}, [1], [("", {"甲": 1}, [1])]),
        ([1], {"甲": 1}, [("", [1], {"甲": 1})]),
        (1, 1.0, []),
        (1, True, [("", 1, True)]),
        (1, "1", [("", 1, "1")]),
        ("", None, [("", "", None)]),
        (float("nan"), float("nan"), []),
    ],
)
def test_two_values_differ_as_deep_inside_as_possible(
    first: object, second: object, different: list[tuple[str, object, object]]
) -> None:
    runs = [(Observation("1", "result", value),) for value in (first, second)]

    assert compare_runs(*runs) == tuple(
        ObservedDifference("1", f"result{place}", was, now) for place, was, now in different
    )


def test_what_only_one_of_two_runs_has_is_a_difference() -> None:
    alike = Observation("1", "result", 1)
    other, later = Observation("2", "skipped", True), Observation("2", "result", None)

    assert compare_runs((alike,), (alike,)) == ()
    assert compare_runs((alike, other), (alike, later)) == (
        ObservedDifference("2", "skipped", True, UNSET),
        ObservedDifference("2", "result", UNSET, None),
    )


def test_of_a_sub_flow_its_form_is_observed_and_its_log_is_not() -> None:
    inner = Definition(
        flow="盖章",
        start="盖",
        nodes={"盖": FlowNode(owners=("印章员",)), "完": FlowNode(end=True)},
    )
    nodes = {"用印": FlowNode(subflow="盖章", approve="结束"), "结束": FlowNode(end=True)}
    flow = FlowSubject(
        runner=PlainStage(), tell=list[object]().append, user={"id": "张三"}, form={"金额": 5},
        definition=Definition(flow="合同", start="用印", nodes=nodes),
        subflows={"盖章": FlowParts(definition=inner)},
    )  # fmt: skip
    flow.create(FlowMove(by="张三"))
    flow.begin_branches_or_child_at_start()

    facts = read_subject_state(flow).flow
    assert facts is not None
    [child] = facts["projects"].values()
    assert {"form", "history", "notified", "passed"}.isdisjoint(facts)
    assert {"form", "at", "status"} <= {*child}
    assert {"history", "notified", "passed"}.isdisjoint(child)

    flow.current_form.set_state("金额", "required", True)
    assert read_field_states(flow)["金额"]["required"] is True
    assert read_last_preview(flow) is UNSET
    flow.foreseen = {"nodes": ("用印", "结束")}
    assert read_last_preview(flow) == {"nodes": ["用印", "结束"]}


def test_a_result_belongs_to_its_step_alone(project: Project) -> None:
    found = [one for one in observations(project, "") if one.place == "result"]

    assert found == [Observation("2", "result", 1)]


def test_steps_inside_others_and_in_finally_have_keys_of_their_own(project: Project) -> None:
    text = HEAD.replace("form:", "use: [公共.yaml]\nvars: {查: 否}\nform:")
    text += "steps:\n  - {run: 两步}\n  - {if: '${vars.查} == 是', click: 查询}\n"
    text += "finally:\n  - {click: 查询}\n"
    common = "steps:\n  两步:\n    - {click: 查询}\n    - {click: 查询}\n"
    path = project.write(text, {**EMPTY, "公共.yaml": common, "查询.js": "console.log('查')"})

    found = observe(project.events(path))

    assert [one.step for one in found if one.place == "console[0].text"] == [
        *("1.1", "1.2", "finally.1"),
    ]
    assert Observation("2", "skipped", True) in found


def test_a_login_is_no_observation_but_who_is_to_act_is(tmp_path: Path) -> None:
    text = (
        "version: 1\nscenario: 审批\nflow: {definition: 流程.yaml, at: 部门}\n"
        "steps:\n  - {approve: {by: wangwu, comment: 同意}}\n"
    )
    flow = (
        "flow: 审批\nstart: 部门\nnodes:\n  部门: {owners: [wangwu], approve: 财务}\n"
        "  财务: {owners: [zhaoliu], approve: 结束}\n  结束: {end: true}\n"
    )
    project = Project(tmp_path)

    found = {
        one.place: one.value
        for one in observe(project.events(project.write(text, {"流程.yaml": flow})))
    }

    assert (found["flow.at"], found["flow.pending"]) == ("财务", ["zhaoliu"])
    assert found["flow.log[0].node"] == "财务"
    assert found["flow.tasks"]["部门"] == {"wangwu": "passed"}


def test_what_a_login_adds_to_a_call_is_no_observation() -> None:
    alone = CallMade(number=1, call="crm.get", header={"x-a": "1"}, body={"数量": 1})
    sent = msgspec.structs.replace(
        alone,
        header={"x-a": "1", "authorization": "redacted.1", "cookie": "sid=redacted.2"},
        body={"数量": 1, "sign": "redacted.3"},
        injected=("header.authorization", "cookie.sid", "body.sign"),
    )
    whole = msgspec.structs.replace(sent, injected=("header.authorization", "cookie.sid", "body"))

    assert observe([sent]) == observe([alone])
    signed = {"body": {"签": {"sign": "redacted.3"}}, "injected": ("body.签.sign",)}
    without = msgspec.structs.replace(alone, body=None)
    assert observe([msgspec.structs.replace(alone, **signed)]) == observe([without])
    assert [one.place for one in observe([whole])] == ["calls[0].api", "calls[0].header"]


def test_a_wrong_digest_shows_states_and_results_of_the_steps(project: Project) -> None:
    text = f"{HEAD}{STEPS}expect: {{trace: new}}\n"
    events = project.events(
        project.write(text, {**EMPTY, "回填.js": "form.$required.phone = true"})
    )

    (failure,) = verdict(events).failures
    assert failure.detail == (
        "step 1: fields.phone.required true",
        "step 2: fields.phone.required true, result 1",
    )


@pytest.mark.parametrize(
    ("count", "more"), [(0, []), (8, []), (9, ["and 1 more step"]), (11, ["and 3 more steps"])]
)
def test_of_more_than_eight_steps_the_rest_is_counted(count: int, more: list[str]) -> None:
    seen = [Observation(f"{n}", "result", f"HT-{n}") for n in range(1, count + 1)]
    told = list(describe_states_and_results([*seen, Observation("1", "result", None)][: count + 1]))

    assert told[8:] == more


@pytest.mark.parametrize("trace", ["{}", "{{$eq: {}}}", "{{$in: [new, {}]}}", "{{$ne: {}}}"])
def test_an_asserted_digest_of_an_older_format_says_so(project: Project, trace: str) -> None:
    older = "e3b0c442" * 8
    text = f"{HEAD}{STEPS}expect: {{trace: {trace.format(older)}}}\n"
    events = project.events(project.write(text, EMPTY))

    (headline,) = headlines(verdict(events))
    assert f"expected a digest of format {VERSION}, not 2, got" in headline
    assert "e3b0c442e3… is of another format of traces" in verdict(events).failures[0].detail[0]
    digest = verdict(events).digest
    assert digest.startswith(f"v{VERSION}-")
    again = project.events(project.write(text.replace(older, digest)))
    assert verdict(again).outcome == ("failed" if "$ne" in trace else "passed")


def test_a_digest_may_stand_at_a_step(project: Project) -> None:
    text = HEAD + STEPS.replace('"12345"}}', '"12345"}, expect: {trace: new}}')
    (headline,) = headlines(verdict(project.events(project.write(text, EMPTY))))
    digest = headline.rpartition(" got ")[2].strip('"')

    assert (
        verdict(
            project.events(project.write(text.replace("trace: new", f"trace: {digest}")))
        ).outcome
        == "passed"
    )


def test_observations_stay_in_what_was_redacted(tmp_path: Path) -> None:
    ended = Door(tmp_path).run(
        f"{HEAD}secrets: [vars.电话]\nvars: {{电话: '13800138000'}}\n"
        "steps:\n  - {js: \"return '13800138000'\", expect: {result: '13800138000'}}\n",
        EMPTY,
        "--json",
    )

    assert ended.code == 0
    assert "13800138000" not in ended.text


@pytest.mark.parametrize(
    ("event", "seen"),
    [
        (
            ErrorThrown(type="TypeError", message="不行", source="script", at=1.0),
            {
                "errors[0].type": "TypeError", "errors[0].message": "不行",
                "errors[0].from": "script",
            },
        ),
        (
            ErrorThrown(
                type="CallError", code="HTTP_STATUS", status=503, message="", source="crm.get",
                unhandled=True, at=2.0, stack=("报价.js:3",),
            ),
            {
                "errors[0].type": "CallError", "errors[0].code": "HTTP_STATUS",
                "errors[0].message": "", "errors[0].from": "crm.get", "errors[0].status": 503,
                "errors[0].unhandled": True,
            },
        ),
        (
            ConsoleWritten(level="error", text="Error: 不行\n    at f (报价.js:3:9)\n", at=1.0),
            {"console[0].level": "error", "console[0].text": "Error: 不行"},
        ),
        (
            ConsoleWritten(level="log", text="在 at 家\n  at 家\n好", at=1.0),
            {"console[0].level": "log", "console[0].text": "在 at 家\n好"},
        ),
        (
            MessageShown(text="好", level="info", at=1.0),
            {"messages[0].level": "info", "messages[0].text": "好"},
        ),
        (
            CallMade(
                number=7, call="crm.get", instance="上海", query={"页": "1"}, body=0, status=200,
                header={"user-agent": "a", "host": "b", "accept": "c", "x-id": "7"},
            ),
            {
                "calls[0].api": "crm.get", "calls[0].instance": "上海",
                "calls[0].query": {"页": "1"}, "calls[0].header": {"x-id": "7"},
                "calls[0].body": 0, "calls[0].status": 200,
            },
        ),
        (
            CallMade(number=1, call="crm.get", error="TIMEOUT"),
            {"calls[0].api": "crm.get", "calls[0].error": "TIMEOUT"},
        ),
        (CallMade(number=1, call="crm.$token"), {}),
    ],
)  # fmt: skip
def test_of_an_event_only_its_effect_is_observed(event: Event, seen: dict[str, object]) -> None:
    assert observe([event]) == tuple(Observation("", place, value) for place, value in seen.items())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("fields.电话.visible", True),
        ("fields.电话.required", False),
        ("fields.明细.数量.readonly", False),
        ("fields.电话.options", UNSET),
        ("form.visible", UNSET),
        ("result", UNSET),
    ],
)
def test_a_state_that_is_not_observed_is_that_with_which_fields_begin(
    place: str, value: object
) -> None:
    assert get_unobserved_value(place) == value


DIGEST = "0a" * 32


@pytest.mark.parametrize(
    ("digest", "number"),
    [
        (DIGEST, 2),
        (f"v{VERSION}-{DIGEST}", VERSION),
        (f"v3-{DIGEST}", 3),
        (f"v12-{DIGEST}", 12),
        (f"v-{DIGEST}", None),
        (DIGEST[1:], None),
        (DIGEST.upper(), None),
        ("new", None),
        (None, None),
        (5, None),
    ],
)
def test_a_digest_has_the_number_of_its_format(digest: object, number: int | None) -> None:
    assert parse_digest_format(digest) == number


@pytest.mark.parametrize(
    ("expected", "outdated"),
    [
        (f"v{VERSION}-{DIGEST}", ""),
        (DIGEST, DIGEST),
        ({"$in": [f"v{VERSION}-{DIGEST}", f"v3-{DIGEST}", DIGEST]}, f"v3-{DIGEST}"),
        ({"$not": f"v{VERSION + 1}-{DIGEST}"}, f"v{VERSION + 1}-{DIGEST}"),
        ("new", ""),
        ({"$matches": "v3-"}, ""),
    ],
)
def test_a_digest_of_another_format_is_outdated(expected: object, outdated: str) -> None:
    assert find_outdated_digest(expected) == outdated
