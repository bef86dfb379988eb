"""What holds for every chain of setters and every direct call, against the model."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.errors import CallError
from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Parameter
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.encode import BadValueError, encode_payload
from tests.loopback import answer_json, loopback
from tests.property import bodies, model
from tests.property.rounds import in_rounds
from tests.property.world import MANY, STEADY, Case, ThirdParty, both, cases, opened, refused

BEFORE_HTTP = {"MISSING_PARAMETER", "UNKNOWN_PARAMETER", "BAD_ARGUMENT", "UNKNOWN_INSTANCE"}


def sent(case: Case, program: CallSpec) -> tuple[CallError | None, ThirdParty]:
    """Make one call, and return its rejection and whom it reached."""
    third = ThirdParty(case)
    with opened(case, third) as session:
        error = refused(lambda: strategies.perform(program, session))
    caller = program.options.get("caller", UNDEFINED)
    assert session.calls[-1].caller == (None if caller is UNDEFINED else caller)
    return error, third


def wire(case: Case, program: CallSpec) -> Any:
    """Return what a call comes to: what is sent, spelling and order aside, or its code."""
    error, third = sent(case, program)
    if error is not None:
        return error.code
    return on_the_wire(third)


def on_the_wire(third: ThirdParty) -> Any:
    """Return what the last call said; one token is as good as another of the same instance."""
    request = third.requests[-1]
    tokens = dict(zip(third.tokens, third.logins, strict=True))
    url = _named(request.url, tokens)
    headers = {name.lower(): _named(value, tokens) for name, value in request.headers}
    headers.pop("x-signature", None)  # of the order of query and body too
    address, _, query = url.partition("?")
    return address, sorted(query.split("&")), headers, request.body


def _named(text: str, tokens: dict[str, str]) -> str:
    for token, instance in tokens.items():
        text = text.replace(token, instance)
    return text


@pytest.mark.long("240 examples, as many as find a mistake behind each corner")
@in_rounds(both(), 240)
def test_the_last_value_of_each_place_and_name_wins(case: Case) -> None:
    error, third = sent(case, case.program)
    program, values = case.program, third.values(case.program)
    expected = model.authorise(model.said(case, program), case, program, values)

    assert expected.agrees(error.code if error else ""), (error, expected)
    if error is None:
        model.check(third.requests[-1], expected, case, program, values)
    else:
        assert (third.requests, third.logins) == ([], [])


@given(cases(size=3, kinds=STEADY), st.randoms(use_true_random=False))
def test_two_builders_from_one_proxy_never_influence_each_other(case: Case, chance: Any) -> None:
    programs = [replace(one, options={}) for one in case.programs if one.args is None]
    alone = [wire(case, one) for one in programs]
    third = ThirdParty(case)
    with opened(case, third) as session:
        proxy = session.proxy(case.platform.platform_key)
        builders = [proxy.api(one.api) for one in programs]
        turns = [number for number, one in enumerate(programs) for _ in one.steps]
        chance.shuffle(turns)
        left = [list(one.steps) for one in programs]
        for turn in turns:
            setter, value = left[turn].pop(0)
            builders[turn] = getattr(builders[turn], setter)(value)
        beside = []
        for builder in builders:
            error = refused(builder.call)
            beside.append(error.code if error else on_the_wire(third))

    assert beside == alone


@given(cases(forms=["chained"], kinds=["none", "static"]), st.data())
def test_a_builder_that_is_extended_stays_as_it_was(case: Case, data: st.DataObject) -> None:
    program = case.program
    step = strategies.steps(platform=case.platform, api=case.api(program))
    more = data.draw(st.lists(step, min_size=1, max_size=3))
    third = ThirdParty(case)
    with opened(case, third) as session:
        builder = session.proxy(program.platform, **program.options).api(program.api)
        for setter, value in program.steps:
            builder = getattr(builder, setter)(value)
        longer = builder
        for setter, value in more:
            longer = getattr(longer, setter)(value)
        came = []
        for one in (longer, builder):
            error = refused(one.call)
            came.append(error.code if error else on_the_wire(third))

    extended = replace(program, steps=(*program.steps, *more))
    assert came == [wire(case, extended), wire(case, program)]


@given(cases(forms=["chained"], kinds=STEADY), st.data())
def test_a_value_that_is_changed_after_it_was_passed_changes_nothing(
    case: Case, data: st.DataObject
) -> None:
    before = wire(case, case.program)
    third = ThirdParty(case)
    with opened(case, third) as session:
        builder = session.proxy(case.platform.platform_key, **case.program.options).api(
            case.program.api
        )
        for setter, value in case.program.steps:
            given_value = dict(value) if isinstance(value, dict) else value
            builder = getattr(builder, setter)(given_value)
            if isinstance(given_value, dict):
                given_value.clear()
                given_value["page"] = "改"
        error = refused(builder.call)
        second = refused(builder.call)

    assert (error.code if error else on_the_wire(third)) == before
    assert (error is None) == (second is None)
    assert len(third.requests) == (0 if error else 2)


@given(cases(forms=["direct"], kinds=STEADY))
def test_chained_and_direct_forms_give_the_same_request(case: Case) -> None:
    program, api = case.program, case.api(case.program)
    args = (program.args or ())[: len(api.parameters)]
    program = replace(program, args=args)
    steps: list[Any] = []
    body: Any = UNDEFINED
    for one, value in zip(api.parameters, args, strict=False):
        if value is UNDEFINED:
            continue
        if one.place == "body":
            first, dot, last = one.wire_name.partition(".")
            known = model.said(case, replace(program, args=()))
            base = known.body.get(first) if isinstance(known.body, dict) else None
            body = {} if body is UNDEFINED else body
            inner = body.get(first, base)
            inner = inner if isinstance(inner, dict) else {}
            body = {**body, first: {**inner, last: value} if dot else value}
        else:
            steps.append((one.place, {one.wire_name: value}))
    steps += [("body", body)] if body is not UNDEFINED else []

    assert wire(case, program) == wire(case, replace(program, args=None, steps=tuple(steps)))


NAMES = st.sampled_from(("来源", "单", "1", "a.b", "@no", "#text", "#x", "a b", ""))
LEAVES = strategies.script_values(max_leaves=1, refusable=True) | st.binary(max_size=3)
BODIES = st.recursive(
    LEAVES | st.builds(BigInt, st.integers()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@MANY
@pytest.mark.parametrize("encoding", sorted(bodies.TYPES))
@given(
    value=(BODIES | st.builds(lambda inner: {"单": inner}, BODIES)).filter(
        lambda value: value is not UNDEFINED
    )
)
def test_a_body_is_read_as_what_it_is_or_refused(encoding: Any, value: Any) -> None:
    assume(value is not UNDEFINED)
    try:
        payload = encode_payload(value, encoding)
    except BadValueError:
        assert not bodies.can_hold(value, encoding)
        return
    assert bodies.can_hold(value, encoding)
    headers = (("Content-Type", payload.content_type),)
    request = Request(method="POST", url="https://x.test/", headers=headers, body=payload.data)
    bodies.check(payload.data, value, encoding, request)


DOTS = ("..", ".")
SEGMENTS = st.sampled_from(("...", "../..", "./", "a/b", "/", "%2F")) | strategies.texts().filter(
    lambda text: text not in {"", *DOTS}
)


@given(cases(forms=["chained"]), SEGMENTS, SEGMENTS)
def test_a_path_value_never_adds_a_segment(case: Case, one: str, two: str) -> None:
    api = case.api(case.program)
    declared = api.path.partition("?")[0].split("/")
    path = {name: text for name, text in zip(("id", "no", "状态"), (one, two, one), strict=True)
            if f"{{{name}}}" in declared}  # fmt: skip
    program = replace(case.program, steps=(*case.program.steps, ("path", path)))
    _, third = sent(case, program)

    for request in third.requests:
        base = case.base(case.program)
        segments = request.url[len(base) :].partition("?")[0].split("/")
        assert len(segments) == len(declared)
        assert not {".", ".."} & set(segments)
        for name, text in path.items():
            assert unquote(segments[declared.index(f"{{{name}}}")]) == text


@given(cases(forms=["chained"]), st.sampled_from(DOTS), st.data())
def test_a_path_value_of_dots_alone_rejects_and_nothing_is_sent(
    case: Case, dots: str, data: st.DataObject
) -> None:
    api = case.api(case.program)
    owned = {one.name for one in case.auth(case.program).apply if one.place == "path"}
    names = [
        name for name in ("id", "no", "状态") if f"{{{name}}}" in api.path and name not in owned
    ]
    assume(names)
    path = {data.draw(st.sampled_from(names)): dots}
    program = replace(case.program, steps=(*case.program.steps, ("path", path)))

    expected = model.said(case, program)
    error, third = sent(case, program)
    assert error is not None
    assert expected.agrees(error.code)
    assert not third.requests


@given(cases(forms=["chained"], kinds=STEADY))
def test_setting_a_defaults_own_value_changes_nothing(case: Case) -> None:
    program = case.program
    bare = model.said(case, replace(program, steps=()))
    defaults: list[Any] = [("query", bare.query), ("header", bare.headers)]
    defaults += [] if bare.body is UNDEFINED else [("body", bare.body)]

    assert wire(case, replace(program, steps=(*defaults, *program.steps))) == wire(case, program)


@given(cases(forms=["chained"], kinds=STEADY), st.data())
def test_undefined_changes_nothing(case: Case, data: st.DataObject) -> None:
    program = case.program
    steps = list(program.steps)
    names = ("id", "page", "X-Trace", "lang")
    for _ in range(data.draw(st.integers(1, 4))):
        setter: Any = data.draw(st.sampled_from(("path", "query", "header", "body")))
        value: Any = data.draw(
            st.sampled_from((UNDEFINED, {}))
            | st.dictionaries(st.sampled_from(names), st.just(UNDEFINED))
        )
        is_object = any(name == "body" for name, _ in steps) or case.api(program).body
        if setter == "body" and value is not UNDEFINED and not isinstance(is_object, dict):
            continue  # an empty object is a body
        if setter == "body" and value is not UNDEFINED and any(s == "body" for s, _ in steps):
            continue
        steps.insert(data.draw(st.integers(0, len(steps))), (setter, value))

    assert wire(case, replace(program, steps=tuple(steps))) == wire(case, program)


@MANY
@given(cases(refusable=True))
def test_what_cannot_be_sent_is_refused_before_anything_is(case: Case) -> None:
    third = ThirdParty(case)
    with opened(case, third) as session:
        error = refused(lambda: strategies.perform(case.program, session))
    if error is not None:
        assert error.code in BEFORE_HTTP
        assert (third.requests, third.logins) == ([], [])
        return
    (request,) = third.requests
    assert request.url.isascii() or not case.platform.base_url.isascii()
    for name, value in request.headers:
        assert (name + value).isascii()
        assert not {"\r", "\n", "\x00"} & {*name, *value}
        assert name.lower() not in {"host", "content-length"}


@MANY
@given(cases(forms=["chained"]), st.data())
def test_a_required_parameter_that_is_missing_is_told(case: Case, data: st.DataObject) -> None:
    required = [one for one in case.api(case.program).parameters if one.required]
    # Two bodies merge at the top only, so the second may drop what the first has said.
    assume(required and sum(one.place == "body" for one in required) < 2)
    left_out = data.draw(st.sampled_from(required))
    steps = tuple(said_at(one) for one in required if one is not left_out)
    program = replace(case.program, steps=steps)
    expected = model.said(case, program)
    expected = model.authorise(expected, case, program, {"user": "u", "secret": "s", "token": "t"})
    error, third = sent(case, program)

    assert expected.agrees(error.code if error else "")
    if error is not None and error.code == model.MISSING:
        assert f"parameter {left_out.name!r} is missing" in error.message
        assert (third.requests, third.logins) == ([], [])


def said_at(one: Parameter) -> Any:
    value: Any = "1"
    for name in reversed(one.wire_name.split(".") if one.place == "body" else [one.wire_name]):
        value = {name: value}
    return one.place, value


@given(
    cases(forms=["chained"], kinds=["none"]),
    st.sampled_from(("x\r\nX-Evil: 1", "x\nY: 1", "a\x00b", " a", "a ", "\t", "\x7f", "", "a  b"))
    | strategies.texts(refusable=True),
)
def test_a_header_value_is_sent_as_it_is_or_refused(case: Case, value: str) -> None:
    program = replace(case.program, steps=(*case.program.steps, ("header", {"X-New": value})))
    error, third = sent(case, program)
    can_stand = value == value.strip() and all(" " <= one <= "~" or one == "\t" for one in value)

    if sent(case, case.program)[0] is not None:  # refused for something else
        assert third.requests == []
    elif can_stand:
        assert model.found(third.requests[0], "header", "X-New") == [value]
    else:
        assert error is not None
        assert error.code == "BAD_ARGUMENT"
        assert third.requests == []


def test_no_part_of_a_call_adds_a_line_to_the_request() -> None:
    with loopback(lambda _: answer_json("1")) as server:

        @given(cases(kinds=["none"], refusable=True))
        def on_the_loopback(case: Case) -> None:
            case = case.moved(f"{server.url}/base")
            del server.received[:]
            with opened(case, network=True) as session:
                refused(lambda: strategies.perform(case.program, session))
            assert len(server.received) <= 1
            for raw in server.received:
                head = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
                assert head[0].count(" ") == 2
                assert [line for line in head if line.lower().startswith("x-evil")] == []
                assert sum(line.lower().startswith("host:") for line in head) == 1

        on_the_loopback()
