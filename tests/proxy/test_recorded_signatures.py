"""Which recorded request counts as signed as the platform file says now, and what is compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
import pytest

from bpmax_sim.clock import VirtualClock
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Api, Apply, Auth, Idempotency, Sign
from bpmax_sim.proxy.auth import has_valid_signature
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from tests.proxy.world import START, TOKEN, World, answer, crm, headers_of, ok

ORDER = {"单号": "DD-2026-0042", "客户": "张三", "金额": 1280.5}
CREATE = Api(key="create", method="POST", path="/orders", idempotent=True)
MESSAGE = "{{ method }} {{ target }} {{ nonce }} {{ call_id }} {{ body }}"


def _sign(place: str = "header", name: str = "X-Sign", **changed: Any) -> Auth:
    fields: dict[str, Any] = {
        "message": MESSAGE,
        "key": "{{ secret }}",
        "emit": [{"in": place, "name": name, "value": "{{ signature }}"}],
    }
    return msgspec.convert({"sign": fields | changed}, Auth)


SIGNED = _sign()


def _record(auth: Auth, api: Api = CREATE, **more: Any) -> Request:
    """Return the recorded form of a call of *api*, which signs as *auth* says."""
    world = World(crm(api, auth=auth, **more), separate=True, auth_clock=VirtualClock(START + 9))
    world.proxy().api(api.key).query(n=[1, 2]).body(ORDER).call()
    return world.request.recorded_form


def _compile(auth: Auth, api: Api = CREATE) -> tuple[World, CompiledApi]:
    world = World(crm(api, auth=auth))
    platform = world.platform
    instance = world.book.instance(platform.platform_key, "test")
    return world, compile_api(platform, instance, platform.apis[api.key])


def _is_valid(recorded: Request, auth: Auth, api: Api = CREATE) -> bool:
    world, recipe = _compile(auth, api)
    return has_valid_signature(recorded, recipe, world.tenants["test"], None)


@pytest.mark.parametrize(
    ("then", "now", "valid"),
    [
        (Auth(), Auth(), True),
        (Auth(), SIGNED, False),
        (SIGNED, Auth(), False),
        (SIGNED, SIGNED, True),
        *((_sign(place), _sign(place), True) for place in ("query", "cookie", "body")),
        *(
            (_sign("body", name), _sign("body", name), True)
            for name in ("验签", "auth.sign", "a.b.c")
        ),
        (_sign("body", "a.b"), _sign("body", "a.c"), False),
        (SIGNED, _sign(message=f"{MESSAGE} "), False),
        (SIGNED, _sign(message=MESSAGE.replace("{{ nonce }}", "{{ call_id }}")), False),
        (SIGNED, _sign(key="{{ client_id }}"), False),
        (SIGNED, _sign(algorithm="hmac-sha1"), False),
        (SIGNED, _sign(encode="upper_hex"), False),
        (SIGNED, _sign(name="X-Signature"), False),  # another header: both differ
        (_sign("query"), SIGNED, False),
        (SIGNED, _sign("body"), False),
        (SIGNED, _sign(set_headers={"X-Time": "{{ now | unix }}"}), False),
        (
            _sign(set_headers={"X-Time": "{{ now | unix }}"}),
            _sign(set_headers={"X-Time": "{{ now | unix_ms }}"}),
            False,
        ),
    ],
)
def test_a_recorded_request_is_signed_as_it_is_declared_now_or_not(
    then: Auth, now: Auth, *, valid: bool
) -> None:
    assert _is_valid(_record(then), now) is valid


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": {"app": "A-1"}},
        {"auth": {"app": {}, "b": []}, "明细": [{"sku": "A-1"}]},
        {"auth.sign": "of a member with a point"},
        {"x": {"auth": {"sign": "deeper"}}},
    ],
)
def test_a_signature_within_the_body_is_left_out_when_the_body_is_signed_again(body: Any) -> None:
    auth = _sign("body", "auth.sign")
    world = World(crm(CREATE, auth=auth), separate=True)
    world.proxy().api("create").body(body).call()
    sent = json.loads(world.request.body or b"")
    recorded = world.request.recorded_form

    sign = sent["auth"].pop("sign")
    assert len(sign) == 64
    assert {k: v for k, v in sent.items() if v != {}} == body
    assert _is_valid(recorded, auth)
    wrong = (recorded.body or b"").replace(b'"sign":"', b'"sign":"0', 1)
    if b'"deeper"' not in wrong:
        assert not _is_valid(msgspec.structs.replace(recorded, body=wrong), auth)


FORM = msgspec.structs.replace(CREATE, encoding="form")


@pytest.mark.parametrize("changed", [b"x", b""])
@pytest.mark.parametrize(
    ("place", "api"), [("header", CREATE), ("query", CREATE), ("cookie", CREATE), ("body", FORM)]
)
def test_a_signature_that_was_changed_or_emptied_does_not_count(
    place: str, api: Api, changed: bytes
) -> None:
    """Wherever it stands, and also where it is there twice."""
    recorded, value = _record(_sign(place, "sign"), api), changed.decode()
    assert _is_valid(recorded, _sign(place, "sign"), api)

    change = partial(msgspec.structs.replace, recorded)
    if place == "header":
        [sign] = [pair for pair in recorded.headers if pair[0] == "sign"]
        kept = tuple(pair for pair in recorded.headers if pair != sign)
        wrong = [change(headers=(*kept, *more, ("sign", value))) for more in ((), (sign,))]
    elif place == "query":
        start, _, text = recorded.url.partition("&sign=")
        wrong = [change(url=f"{start}{more}&sign={value}") for more in ("", f"&sign={text}")]
    elif place == "cookie":
        [cookie] = [pair for pair in recorded.headers if pair[0] == "Cookie"]
        kept = tuple(pair for pair in recorded.headers if pair != cookie)
        lines = (f"sign={value}", f"{cookie[1]}; sign={value}")
        wrong = [change(headers=(*kept, ("Cookie", line))) for line in lines]
    else:
        head, _, end = (recorded.body or b"").partition(b"&sign=")
        bodies = (head + more + b"&sign=" + changed for more in (b"", b"&sign=" + end))
        wrong = [change(body=body) for body in bodies]
    assert [_is_valid(one, _sign(place, "sign"), api) for one in wrong] == [False, False]


def test_a_token_or_an_idempotency_key_is_no_part_of_the_signature() -> None:
    """Both may have been renewed since: what only the signing fills is compared."""
    api = msgspec.structs.replace(
        CREATE, idempotency=Idempotency(place="header", name="X-Request-Id")
    )
    unsigned = MESSAGE.replace("{{ body }}", "").replace("{{ call_id }}", "")
    auth = msgspec.structs.replace(
        _sign(message=unsigned),
        apply=(Apply(place="header", name="X-Key", value="{{ client_id }}"),),
    )
    recorded = _record(auth, api)
    assert {"header.x-request-id", "header.x-key", "header.x-sign"} == {*recorded.injected}

    def change(names: Iterable[str]) -> Request:
        pairs = tuple((k, "other" if k in names else v) for k, v in recorded.headers)
        return msgspec.structs.replace(recorded, headers=pairs)

    changes: Mapping[str, bool] = {"X-Request-Id": True, "X-Key": True, "X-Sign": False}
    for name, valid in changes.items():
        assert (name, _is_valid(change([name]), auth, api)) == (name, valid)


def _replay(auth: Auth, recorded: Request, body: Any = ORDER, api: Api = CREATE) -> str:
    """Return how the call of today, answered by *recorded*, ends: "" or the message."""

    def respond(_request: Request) -> Response:
        return ok({"code": 200}, source="recorded", recorded_request=recorded)

    world = World(crm(api, auth=auth), respond)
    world.close_network()
    try:
        world.proxy().api("create").query(n=[1, 2]).body(body).call()
    except NoMatchError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("place", ["header", "query", "body"])
@pytest.mark.parametrize("value", ["{{ call_id }}", "v2-{{ call_id }}", "{{ client_id }}"])
def test_an_idempotency_key_may_be_made_otherwise_than_it_was(place: Any, value: str) -> None:
    keyed = {
        text: msgspec.structs.replace(
            CREATE, idempotency=Idempotency(place=place, name="x-request-id", value=text)
        )
        for text in ("{{ call_id }}", value)
    }
    auth = _sign(message="{{ method }} {{ path }} {{ nonce }}")
    recorded = _record(auth, keyed["{{ call_id }}"])

    assert _replay(auth, recorded, api=keyed[value]) == ""
    other = _sign(message="{{ path }} {{ nonce }}")
    assert "header.x-sign" in _replay(other, recorded, api=keyed[value])


def test_a_signature_that_is_put_at_other_places_than_it_was_is_told() -> None:
    emit = [
        {"in": "header", "name": name, "value": "{{ signature }}"} for name in ("X-Sign", "X-Old")
    ]
    one, both = _sign(emit=emit[:1]), _sign(emit=emit)

    assert _replay(one, _record(one)) == _replay(both, _record(both)) == ""
    assert "header.x-old" in _replay(one, _record(both))
    assert "header.x-old" in _replay(both, _record(one))
    assert "header.x-sign" not in _replay(both, _record(one))


def test_what_is_new_in_each_call_is_no_secret_that_is_hidden_later() -> None:
    apply = (
        Apply(place="header", name="X-Time", value="{{ now | unix }}"),
        Apply(place="header", name="X-Nonce", value="{{ nonce }}"),
        Apply(place="header", name="X-Basic", value="Basic {{ (client_id ~ ':' ~ secret) | b64 }}"),
        Apply(place="header", name="X-Digest", value="{{ secret | sha256_hex }}"),
    )
    world = World(
        crm(CREATE, auth=Auth(apply=apply)), separate=True, auth_clock=VirtualClock(START + 9)
    )
    world.proxy().api("create").body(ORDER).call()
    sent, shown = headers_of(world.request), headers_of(world.request.recorded_form)

    assert int(sent["X-Time"]) == int(shown["X-Time"]) + 9
    for name in ("X-Time", "X-Nonce"):
        assert world.vault.redact_text(f"金额 {sent[name]}") == f"金额 {sent[name]}"
    for name in ("X-Basic", "X-Digest"):
        assert sent[name] != shown[name]
        assert world.vault.redact_text(sent[name]) == shown[name]


def test_of_calls_that_differ_the_recorded_one_is_signed_again() -> None:
    """Two bodies, of which matching ignores a part, have two signatures."""
    recorded = _record(SIGNED)
    other = {**ORDER, "金额": 99}

    swapped = dict(reversed(ORDER.items()))  # the same body, spelled otherwise
    for body in (ORDER, other, swapped):
        assert _replay(SIGNED, recorded, body) == ""
    again = _sign(message=MESSAGE.replace("{{ nonce }}", "-"))
    for body in (ORDER, other, swapped, {**ORDER, "单号": ""}):
        assert "header.x-sign" in _replay(again, recorded, body)
    for body in (ORDER, other):  # it is signed no more: nothing can be signed again
        assert "header.x-sign" in _replay(Auth(), recorded, body)


def test_each_attempt_has_a_nonce_of_its_own_in_the_recorded_form_too() -> None:
    auth = msgspec.structs.replace(
        _sign(set_headers={"X-Nonce": "{{ nonce }}", "X-Call": "{{ call_id }}"}),
        recover=msgspec.convert({"transient": {"tries": 3, "backoff": 0}}, dict[str, Any]),
    )
    auth = msgspec.convert({**msgspec.to_builtins(auth)}, Auth)
    answers = iter([answer(503, {}), answer(503, {})])
    world = World(crm(CREATE, auth=auth), lambda _request: next(answers, ok()), separate=True)

    world.proxy().api("create").body(ORDER).call()

    forms = [headers_of(request.recorded_form) for request in world.sent]
    stamps = [request.recorded_form.signed for request in world.sent]
    assert len({form["X-Nonce"] for form in forms}) == 3
    assert len({form["X-Call"] for form in forms}) == 1
    assert [(one.nonce, one.call_id, one.now) for one in stamps if one] == [
        (form["X-Nonce"], form["X-Call"], START) for form in forms
    ]


def test_what_is_hidden_in_a_recording_is_hidden_before_it_is_signed() -> None:
    """Replay has stand-ins alone, and has to come to the same signature."""
    world = World(crm(CREATE, auth=SIGNED), separate=True)
    world.env.hide_secrets_as_recorded = lambda request: msgspec.structs.replace(  # type: ignore[method-assign]
        request, body=(request.body or b"").replace("张三".encode(), b"redacted.1")
    )
    world.proxy().api("create").query(n=[1, 2]).body(ORDER).call()

    recorded = world.request.recorded_form
    assert json.loads(recorded.body or b"")["客户"] == "redacted.1"
    assert _is_valid(recorded, SIGNED)
    assert _replay(SIGNED, recorded, {**ORDER, "客户": "redacted.1"}) == ""


def test_a_token_is_in_the_signature_by_its_stand_in() -> None:
    auth = msgspec.structs.replace(
        TOKEN,
        sign=Sign(message="{{ token }}", key="{{ secret }}", emit=SIGNED.sign.emit),  # type: ignore[union-attr]
    )
    world = World(
        crm(CREATE, auth=auth),
        lambda request: ok({"access_token": "tok-1234"} if request.is_login else None),
        separate=True,
    )
    world.proxy().api("create").body(ORDER).call()
    _, recipe = _compile(auth)
    [grant] = world.env.renewed.values()

    recorded = world.request.recorded_form
    assert has_valid_signature(recorded, recipe, world.tenants["test"], grant)
    other = msgspec.structs.replace
    assert not has_valid_signature(
        other(recorded, headers=(("X-Sign", "0"),)), recipe, world.tenants["test"], grant
    )
