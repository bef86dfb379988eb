"""What auth puts in: exactly the instance's, once, whatever a script says."""

from __future__ import annotations

import json
from functools import partial

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Instance
from tests.property import model
from tests.property.credentials import check_signature, puts
from tests.property.rounds import in_rounds
from tests.property.world import Case, ThirdParty, cases, opened, refused

SECRET_KINDS = ("static", "login", "double", "steps")
LOGINS = ("login", "steps")
BEFORE_LOGIN = {"MISSING_PARAMETER", "BAD_ARGUMENT", "UNKNOWN_PARAMETER"}


def sayings(request: Request) -> str:
    """Return everything that *request* says, as one text."""
    heads = "\n".join(f"{name}: {value}" for name, value in request.headers)
    body = (request.body or b"").decode(errors="replace")
    return f"{request.url}\n{heads}\n{json.dumps(json.loads(body)) if body[:1] == '{' else body}"


@given(cases(kinds=SECRET_KINDS))
def test_the_credential_is_exactly_the_instances_and_appears_where_it_is_put(case: Case) -> None:
    third = ThirdParty(case)
    with opened(case, third) as session:
        refused(partial(strategies.perform, case.program, session))

    for request in third.requests:
        values = third.values(case.program)
        placed = [
            (place, name, put(values))
            for place, name, put in puts(case.auth(case.program), request.method)
        ]
        spelled = [model.spelled(value, place, request) for place, _, value in placed]
        for (place, name, value), text in zip(placed, spelled, strict=True):
            if place == "path":
                continue
            assert model.found(request, place, name) == [value]
            if value != values["user"]:  # a short one is in other texts by chance
                assert sayings(request).count(text) == sum(one.count(text) for one in spelled)


@given(case=cases(forms=["chained"]), data=st.data())
def test_a_script_that_claims_the_place_of_a_credential_is_overruled(
    case: Case, data: st.DataObject
) -> None:
    program = case.program
    auth, api = case.auth(program), case.api(program)
    claims = [one for one in strategies.claims(platform=case.platform, api=api) if one[0] != "path"]
    assume(claims)
    claimed = data.draw(st.lists(st.sampled_from(claims), min_size=1, max_size=3))
    third = ThirdParty(case)
    with opened(case, third) as session:
        claiming = replace(program, steps=(*program.steps, *claimed))
        refused(partial(strategies.perform, claiming, session))
        notes = session.calls[-1].notes

    values = third.values(program)
    for request in third.requests:
        for place, name, value in puts(auth, request.method):
            if place != "path":
                assert model.found(request, place, name) == [value(values)]
        check_signature(auth, request, values)
        is_owned = auth.acquire is None or not auth.acquire.methods
        assert auth.sign or not is_owned or any("is set by auth" in note for note in notes)


@given(cases(kinds=SECRET_KINDS, size=2))
def test_no_call_carries_a_credential_of_another_instance(case: Case) -> None:
    third = ThirdParty(case)
    calls = [
        replace(program, options={"instance_key": instance.instance_key})
        for program in case.programs
        for instance in case.instances
    ]
    with opened(case, third) as session:
        for program in calls:
            del third.requests[:]
            refused(partial(strategies.perform, program, session))
            own = case.instance(program)
            others = [str(one.credentials["secret"]) for one in case.instances if one is not own]
            others += [token for token, key in zip(third.tokens, third.logins, strict=True)
                       if key != own.instance_key]  # fmt: skip
            for request in third.requests:
                text = sayings(request)
                for secret in set(others) - set(third.values(program).values()):
                    assert secret not in text
                    assert secret.encode().hex() not in text


@given(cases(kinds=["signed", "preset"]))
def test_a_signature_is_that_of_what_is_sent(case: Case) -> None:
    third = ThirdParty(case)
    with opened(case, third) as session:
        refused(partial(strategies.perform, case.program, session))

    for request in third.requests:
        check_signature(case.auth(case.program), request, third.values(case.program))


@in_rounds(cases(kinds=["preset"]), 200)
def test_a_preset_puts_in_what_its_vendor_asks_for(case: Case) -> None:
    third = ThirdParty(case)
    with opened(case, third) as session:
        error = refused(partial(strategies.perform, case.program, session))

    values = third.values(case.program)
    expected = model.authorise(model.said(case, case.program), case, case.program, values)
    assert expected.agrees(error.code if error else "")
    if error is None:
        model.check(third.requests[-1], expected, case, case.program, values)


@given(cases(kinds=LOGINS, size=4))
def test_calls_of_one_instance_share_one_login(case: Case) -> None:
    third = ThirdParty(case)
    with opened(case, third) as session:
        called = [
            (case.instance(program).instance_key, repr(case.auth(program).acquire))
            for program in case.programs
            if refused(partial(strategies.perform, program, session)) is None
        ]

    assert third.logins == [key for key, _ in dict.fromkeys(called)]


@given(cases(kinds=LOGINS), st.integers(1, 4))
def test_a_token_that_is_expired_is_renewed_before_each_call(case: Case, count: int) -> None:
    third = ThirdParty(case, ttl=0)
    with opened(case, third) as session:
        errors = [refused(partial(strategies.perform, case.program, session)) for _ in range(count)]

    sent = sum(error is None for error in errors)
    assert (len(third.logins), len(third.requests)) == (sent, sent)


@given(cases(kinds=LOGINS))
def test_a_token_that_is_revoked_is_renewed_once_and_the_call_repeated(case: Case) -> None:
    third = ThirdParty(case)
    with opened(case, third) as session:
        first = refused(partial(strategies.perform, case.program, session))
        assume(first is None)
        third.good.clear()
        second = refused(partial(strategies.perform, case.program, session))

    assert second is None
    assert (len(third.logins), len(third.requests)) == (2, 3)
    apply = case.auth(case.program).apply[0]
    sent = [model.found(one, apply.place, apply.name)[0] for one in third.requests]
    bearer = sent[0].removesuffix(third.tokens[0])
    assert sent == [bearer + third.tokens[index] for index in (0, 0, 1)]
    assert third.requests[0].body == third.requests[2].body


@given(cases(kinds=LOGINS))
def test_a_fresh_token_that_is_refused_again_ends_the_call(case: Case) -> None:
    third = ThirdParty(case, forgets=True)
    with opened(case, third) as session:
        error = refused(partial(strategies.perform, case.program, session))

    assume(error is not None and error.code not in BEFORE_LOGIN)
    assert error is not None
    assert error.code == "AUTH_FAILED"
    assert (len(third.logins), len(third.requests)) == (2, 2)


@given(cases(kinds=LOGINS, size=2))
def test_a_login_that_is_refused_is_never_sent_again(case: Case) -> None:
    third = ThirdParty(case)
    wrong = tuple(with_secret(one, "s3c-wrong-Kq7") for one in case.instances)
    with opened(Case(case.platform, wrong, case.programs), third) as session:
        errors = [
            refused(partial(strategies.perform, program, session)) for program in case.programs
        ]

    refusals = [error for error in errors if error and error.code == "AUTH_FAILED"]
    assert third.refused == len(refusals)
    assert third.requests == []
    assert all("s3c-wrong-Kq7" not in error.message for error in refusals)


def with_secret(instance: Instance, secret: str) -> Instance:
    return replace(instance, credentials={**instance.credentials, "secret": secret})
