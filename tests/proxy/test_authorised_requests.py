"""What auth puts into a request and its recorded form, and the states that calls share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from bpmax_sim.clock import SeededRandomSource, VirtualClock
from bpmax_sim.errors import CallError, ConfigError, NoMatchError, TransportError
from bpmax_sim.messages import Call, Request, Response, SignatureInput
from bpmax_sim.platform.model import Api, Auth
from bpmax_sim.proxy.auth import (
    authorise,
    collect_template_values,
    has_valid_signature,
    is_same_in_every_call,
    make_real_context,
    make_standin_context,
    make_standin_context_at,
)
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import Effect, Flow, Grant, Send, Sleep, TokenRequest
from bpmax_sim.proxy.call_plan import CallRandomness, Plan, plan_call
from bpmax_sim.proxy.client import (
    TokenStore,
    exchange_within_timeout,
    make_timeout_error,
    run_blocking,
)
from bpmax_sim.proxy.environment import RenewableCredentialStore
from bpmax_sim.secret.vault import Credential, Credentials
from tests.proxy.world import BASE, SECRET, STANDIN, START, World, answer, crm, ok, rejected

DRAWN = CallRandomness(b"seed", "call-1")
LATER = VirtualClock(START + 90)


def api(**fields: Any) -> Api:
    return msgspec.convert({"key": "pay", "method": "POST", "path": "/pay", **fields}, Api)


def put(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"in": place, "name": name, "value": value} for place, name, value in rows]


def world(auth: Any, of: Api | None = None, platform: Any = None, **more: Any) -> World:
    made = crm(of or api(), auth=msgspec.convert(auth, Auth), **(platform or {}))
    return World(made, **more)


def plan(made: World, *steps: tuple[str, Any], key: str = "pay") -> Plan:
    spec = CallSpec(platform="crm_system", api=key, steps=steps)  # type: ignore[arg-type]
    return plan_call(spec, made.env)


def test_names_are_those_of_credentials_login_parameters_and_the_call() -> None:
    auth = {
        "parameters": {"first": "{{ secret }}-{{ now | unix }}",
        "second": "{{ first }}/{{ nonce }}",
                       "number": 7, "own": "{{ token }}"},
    }  # fmt: skip
    made = world(auth)
    recipe, tenant = plan(made).recipe, made.tenants["test"]
    grant = Grant(values={"token": "real"}, standins={"token": "shown"}, expires=0)
    nonces = {
        attempt: hashlib.sha256(b"seed" + attempt.to_bytes(4, "big")).hexdigest()[:32]
        for attempt in (0, 1)
    }
    for attempt, nonce in nonces.items():
        real = collect_template_values(
            recipe, make_real_context(tenant, grant, DRAWN, START, attempt, 3)
        )
        assert real == {
            "client_id": "test", "secret": SECRET, "token": "real", "now": START, "nonce": nonce,
            "nonce_count": 3, "call_id": "call-1", "base_url": BASE,
            "first": f"{SECRET}-{int(START)}", "second": f"{SECRET}-{int(START)}/{nonce}",
            "number": 7, "own": "real",
        }  # fmt: skip
    shown = collect_template_values(recipe, make_standin_context(tenant, grant, DRAWN, START + 1))
    assert (shown["secret"], shown["token"], shown["now"], shown["nonce_count"]) == (
        STANDIN, "shown", START + 1, 1,
    )  # fmt: skip
    second = collect_template_values(recipe, make_standin_context(tenant, grant, DRAWN, START, 1))
    assert second["nonce"] == nonces[1]
    renewed = Grant(values={"secret": "new", "token": ""}, standins={}, expires=0)
    assert collect_template_values(
        recipe, make_real_context(tenant, renewed, DRAWN, START)
    )["secret"] == "new"  # fmt: skip
    yielded = Credentials(live="{{ url }}/x")
    early = make_real_context(yielded, None, DRAWN, START)
    bare = plan(world({})).recipe
    assert collect_template_values(bare, early, in_login=True)["base_url"] == "{{ url }}/x"
    with pytest.raises(ConfigError, match="'url' is not defined"):
        collect_template_values(bare, early)
    stamp = SignatureInput(now=5.0, nonce="n0", call_id="c0")
    again = collect_template_values(recipe, make_standin_context_at(tenant, grant, stamp, 1))
    assert (again["now"], again["nonce"], again["call_id"]) == (5.0, "n0", "c0")
    plain = world({"apply": put(("header", "X", "{{ call_id }}"))})
    without = collect_template_values(
        plan(plain).recipe, make_real_context(plain.tenants["test"], None, DRAWN, START)
    )
    assert (without["nonce"], without["call_id"]) == ("", "call-1")


def test_values_are_computed_again_when_what_they_are_made_of_changes() -> None:
    made = world({"parameters": {"k": "{{ secret }}|{{ base_url }}|{{ token }}"}})
    recipe = plan(made).recipe

    def k(tenant: Credentials, token: str) -> Any:
        grant = Grant(values={"token": token}, standins={"token": f"s-{token}"}, expires=0)
        real = collect_template_values(recipe, make_real_context(tenant, grant, DRAWN, START))
        shown = collect_template_values(recipe, make_standin_context(tenant, grant, DRAWN, START))
        assert real["now"] == shown["now"] == START
        return real["k"], shown["k"]

    def tenant(secret: str, live: str) -> Credentials:
        key = Credential(name="secret", real=secret, standin=f"s-{secret}")
        return Credentials(key, live=live, declared=BASE)

    assert k(tenant("a", BASE), "t") == (f"a|{BASE}|t", f"s-a|{BASE}|s-t")
    assert k(tenant("a", BASE), "u") == (f"a|{BASE}|u", f"s-a|{BASE}|s-u")
    assert k(tenant("b", BASE), "u")[0] == f"b|{BASE}|u"
    assert k(tenant("b", "https://b.test/"), "u") == ("b|https://b.test|u", f"s-b|{BASE}|s-u")
    real = make_real_context(tenant("b", BASE), None, DRAWN, START)
    same: dict[tuple[Any, ...], bool] = {
        (): True, ("{{ secret }}",): True, ("{{ now }}",): False, ("{{ secret }}",
        "{{ nonce }}"): False,
        ("{{ call_id }}",): False, ("{{ nonce_count }}",): False,
    }  # fmt: skip
    assert {texts: is_same_in_every_call(recipe, real, texts) for texts in same} == same
    timed = plan(world({"parameters": {"k": "{{ now }}"}})).recipe
    assert not is_same_in_every_call(timed, real)
    named = plan(world({"parameters": {"nonce": "x"}})).recipe
    assert not is_same_in_every_call(named, real)
    based = make_real_context(tenant("b", "https://{{ nonce }}.test"), None, DRAWN, START)
    assert not is_same_in_every_call(recipe, based)


ALL = put(
    ("header", "X-Key", "{{ secret | b64 }}"), ("query", "key", "{{ secret | b64 }}"),
    ("cookie", "sid", "{{ secret | b64 }}"), ("path", "hook", "{{ secret | b64 }}"),
    ("body", "auth.key", "{{ secret | b64 }}"), ("header", "X-Time", "{{ now | unix }}"),
)  # fmt: skip


def test_auth_is_put_at_each_place_of_both_forms() -> None:
    of = api(path="/hooks/{hook}/{no}", secret=("body.t",), redact=("body.p",), timeout=9.0,
             charset="gbk", redirects="error")  # fmt: skip
    made = world({"apply": ALL}, of, separate=True, auth_clock=LATER)
    made.proxy().api("pay").path(no=1).query(a="甲").header({"X-A": "1"}).body({"b": 2}).call()

    real, shown = (base64.b64encode(text.encode()).decode() for text in (SECRET, STANDIN))
    request = made.request
    for form, key, now in ((request, real, 90), (request.recorded_form, shown, 0)):
        escaped = quote(key, safe="")
        assert form.url == f"{BASE}/hooks/{escaped}/1?a=%E7%94%B2&key={escaped}"
        assert form.headers == (
            ("X-A", "1"), ("Content-Type", "application/json"), ("X-Key", key),
            ("X-Time", str(int(START) + now)), ("Cookie", f"sid={key}"),
        )  # fmt: skip
        assert form.body == f'{{"b":2,"auth":{{"key":"{key}"}}}}'.encode()
        assert form.injected == (
            "header.x-key", "query.key", "header.x-time", "cookie.sid", "path.hook",
            "body.auth.key",
        )  # fmt: skip
        assert (form.timeout, form.personal, form.charset, form.follow) == (
            9.0, ("body.p",), "gbk", False,
        )  # fmt: skip
        assert (form.base, form.path_template, form.confined, form.attempt) == (
            BASE, "/hooks/{hook}/{no}", False, 0,
        )  # fmt: skip
        assert [one.path for one in form.sensitive] == ["body.t"]
        assert form.call is not None
        assert form.call.path == f"/hooks/{quote(shown, safe='')}/1"
        assert form.call.query == (("a", "甲"),)
        assert form.call.body == b'{"b":2}'
    assert made.vault.redact_text(real) == shown
    assert made.vault.redact_text(str(int(START) + 90)) == str(int(START) + 90)
    plain = world({"apply": ALL}, of, auth_clock=LATER)
    plain.proxy().api("pay").path(no=1).call()
    assert plain.request.standin is None
    assert plain.request.call is not None
    assert plain.request.call.path == f"/hooks/{quote(shown, safe='')}/1"
    assert made.proxy().api("pay").path(no=1).build().url == f"{BASE}/hooks/{{hook}}/1"


def test_a_request_with_credentials_of_its_own_is_confined() -> None:
    of = api(query={"k": {"$credential": "secret"}})
    made = world({}, of, separate=True)
    made.proxy().pay()
    assert made.request.confined
    assert SECRET not in made.request.recorded_form.url
    for redirects, follow in ("follow", True), ("error", False), ("result", False):
        other = world({}, api(redirects=redirects))
        other.proxy().pay()
        assert other.request.follow is follow


def test_a_call_carries_its_idempotency_key_unless_it_has_one() -> None:
    def sent(declared: Any, build: Callable[[Any], Any], encoding: str = "json") -> Request:
        of = api(idempotency=declared, encoding=encoding)
        made = world({}, of)
        build(made.proxy().api("pay")).call()
        return made.request

    header, query, body = (
        {"in": place, "name": "Idem-Key", "value": "K-{{ client_id }}"}
        for place in ("header", "query", "body")
    )
    for declared, where in (
        (header, "header.idem-key"),
        (query, "query.Idem-Key"),
        (body, "body.Idem-Key"),
    ):
        request = sent(declared, lambda one: one.body({"a": 1}))
        assert where in request.injected
    assert sent(header, lambda one: one).headers == (("Idem-Key", "K-test"),)
    assert sent(header, lambda one: one.header({"IDEM-KEY": "own"})).headers == (
        ("IDEM-KEY", "own"),
    )
    assert sent(query, lambda one: one).url == f"{BASE}/pay?Idem-Key=K-test"
    assert sent(query, lambda one: one.query({"idem-key": "own"})).url == f"{BASE}/pay?idem-key=own"
    assert sent(body, lambda one: one.body({"a": 1})).body == b'{"a":1,"Idem-Key":"K-test"}'
    assert sent(body, lambda one: one.body({"Idem-Key": 1})).body == b'{"Idem-Key":1}'
    assert sent(body, lambda one: one.body({"Idem-Key": None})).body == b'{"Idem-Key":"K-test"}'
    assert sent(body, lambda one: one.body({"a": 1}), "form").body == b"a=1&Idem-Key=K-test"


def test_an_idempotency_key_is_new_in_each_call_and_the_same_in_its_sendings() -> None:
    header = {"in": "header", "name": "Idem-Key"}
    both = world(
        {"apply": put(("header", "X-Key", "{{ client_id }}"))}, api(idempotency={**header,
        "value": "{{ call_id }}"})
    )  # fmt: skip
    for _ in range(2):
        both.proxy().pay()
    assert [list(dict(one.headers)) for one in both.sent] == [["Idem-Key", "X-Key"]] * 2
    assert len({dict(one.headers)["Idem-Key"] for one in both.sent}) == 2
    for first in {"Idem-Key": "own"}, {}:
        own = world(
            {"apply": put(("header", "X-Key", "k"))}, api(idempotency={**header, "value": "K"})
        )
        for headers in first, {} if first else {"Idem-Key": "own"}:
            own.proxy().api("pay").header(headers).call()
        assert [dict(one.headers)["Idem-Key"] for one in own.sent] == (
            ["own", "K"] if first else ["K", "own"]
        )
    answers = iter([answer(429, {}), answer(429, {}), ok(), ok()])
    of = api(idempotency={"in": "header", "name": "Idem-Key"})
    made = world({"recover": {"rate": {"tries": 3}}}, of, handler=lambda _request: next(answers))
    made.proxy().pay()
    made.proxy().pay()
    keys = [dict(request.headers)["Idem-Key"] for request in made.sent]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert [request.attempt for request in made.sent] == [0, 1, 2, 0]


SIGN = {
    "sign": {
        "message": "{{ method }}{{ target }}{{ now | unix }}{{ nonce }}{{ body }}",
        "key": "{{ secret }}",
        "emit": put(("header", "X-Sign", "{{ signature }}"), ("header", "X-Time",
        "{{ now | unix }}"),
                    ("header", "X-Nonce", "{{ nonce }}")),
    }
}  # fmt: skip


def test_a_signed_request_says_what_it_was_signed_from() -> None:
    made = world(SIGN, separate=True, auth_clock=LATER, auth_chance=SeededRandomSource(9))
    made.proxy().api("pay").body({"a": 1}).call()
    request, twin = made.request, made.request.recorded_form
    assert request.signed is not None
    assert twin.signed is not None
    assert (request.signed.now, twin.signed.now) == (START + 90, START)
    assert dict(request.headers)["X-Nonce"] == request.signed.nonce != twin.signed.nonce
    assert request.signed.call_id != twin.signed.call_id != ""
    assert dict(twin.headers)["X-Nonce"] == twin.signed.nonce != ""
    assert dict(request.headers)["X-Sign"] != dict(twin.headers)["X-Sign"]
    recipe, tenant = plan(made).recipe, made.tenants["test"]
    assert has_valid_signature(twin, recipe, tenant, None)
    assert not has_valid_signature(request, recipe, tenant, None)
    forged = msgspec.structs.replace(twin, body=b'{"a":2}')
    assert not has_valid_signature(forged, recipe, tenant, None)
    unsigned = msgspec.structs.replace(twin, signed=None)
    assert not has_valid_signature(unsigned, recipe, tenant, None)
    assert has_valid_signature(unsigned, plan(world({})).recipe, tenant, None)
    assert not has_valid_signature(twin, plan(world({})).recipe, tenant, None)


def test_what_is_recorded_is_signed_when_other_secrets_are_hidden() -> None:
    made = world(SIGN, separate=True, auth_clock=LATER)
    recipe, tenant = plan(made).recipe, made.tenants["test"]

    def hide(request: Request) -> Request:
        return msgspec.structs.replace(request, body=b"{}")

    made.env.hide_secrets_as_recorded = hide  # type: ignore[method-assign]
    made.proxy().api("pay").body({"a": 1}).call()
    assert (made.request.body, made.request.recorded_form.body) == (b'{"a":1}', b"{}")
    assert has_valid_signature(made.request.recorded_form, recipe, tenant, None)
    offset = authorise(plan(made), None, made.env, offset=10.0)
    assert offset.signed is not None
    assert offset.signed.now == START + 100


def test_a_recorded_call_is_signed_again_and_compared() -> None:
    def replay(
        change: Callable[[Request], Request], auth: Any = SIGN, body: Any = None, was: Any = None
    ) -> str:
        recording = world(SIGN, separate=True)
        recording.proxy().api("pay").body(was or {"a": 1}).call()
        known = change(recording.request.recorded_form)
        made = world(auth, handler=lambda _request: ok(recorded_request=known))
        made.close_network()
        made.clock.advance(60)
        try:
            made.proxy().api("pay").body(body or {"a": 1}).call()
        except NoMatchError:
            return "differs"
        return "same"

    def keep(request: Request) -> Request:
        return request

    def forge(request: Request) -> Request:
        headers = tuple(
            (name, "forged" if name == "X-Sign" else value) for name, value in request.headers
        )
        return msgspec.structs.replace(request, headers=headers)

    assert replay(keep) == "same"
    assert replay(forge) == "differs"
    assert replay(lambda request: msgspec.structs.replace(request, signed=None)) == "same"
    other = {"sign": {**SIGN["sign"], "key": "{{ client_id }}"}}
    assert replay(keep, other) == "differs"
    assert replay(keep, SIGN, {"a": 2}) == "same"
    assert replay(keep, other, {"a": 2}) == "differs"
    assert replay(forge, SIGN, {"a": 2}) == "differs"
    assert replay(keep, SIGN, '{"a":1}', '{ "a": 1 }') == "same"


def request(**fields: Any) -> Request:
    call = Call(platform="crm", instance="test", api="pay", method="GET", path="/")
    return Request(**{"method": "GET", "url": BASE, "call": call, "timeout": 5.0, **fields})


def test_an_exchange_ends_within_the_timeout_of_its_request() -> None:
    def outcome(made: Request, result: Response | Exception) -> Any:
        def handle(_request: Request) -> Response:
            if isinstance(result, Exception):
                raise result
            return result

        response, error, seconds = exchange_within_timeout(made, handle)
        if error is None:
            assert response is not None
            return response.status, seconds
        assert response is None
        message = error.message if isinstance(error, CallError) else str(error)
        fields = [getattr(error, name, "") for name in ("platform", "instance", "api")]
        return type(error), message, fields, seconds

    assert outcome(request(), ok(elapsed=5.0)) == (200, 5.0)
    assert outcome(request(), ok(elapsed=5.1)) == (
        TransportError, "crm.pay: no answer within 5 s", ["crm", "test", "pay"], 5.0,
    )  # fmt: skip
    assert outcome(request(call=None), ok(elapsed=9.0)) == (
        TransportError, "no answer within 5 s", ["", "", ""], 5.0,
    )  # fmt: skip
    failed = TransportError("断开", code="RESET", elapsed=2.0)
    assert outcome(request(), failed) == (
        TransportError, "crm.pay: 断开", ["crm", "test", "pay"], 2.0,
    )  # fmt: skip
    assert failed.args == (failed.message,)
    named = CallError("无", platform="erp")
    assert outcome(request(), named) == (CallError, "无", ["erp", "", ""], 0.0)
    bare = TransportError("断开", code="RESET")
    assert outcome(request(call=None), bare)[:3] == (TransportError, "断开", ["", "", ""])
    assert outcome(request(), ValueError("x")) == (ValueError, "x", ["", "", ""], 0.0)
    late = make_timeout_error(request(timeout=0.5))
    assert late.sent  # so that an order is not sent again
    assert (late.code, late.elapsed, late.message) == (
        "TIMEOUT", 0.5, "crm.pay: no answer within 0.5 s",
    )  # fmt: skip


def grant(expires: float = 100) -> Grant:
    return Grant(values={"t": "1"}, standins={}, expires=expires)


def wanted(key: str = "k", now: float = 0) -> TokenRequest:
    def flow() -> Flow:
        yield from ()
        return grant()

    return TokenRequest(key=key, now=now, flow=flow)


def test_a_store_keeps_one_grant_for_each_key() -> None:
    store, one, two = TokenStore(), grant(), grant(50)
    store.store("a", one)
    store.store("b", two)
    assert store.find_valid_grant(wanted("a", 99)) is one
    assert store.find_valid_grant(wanted("b", 49)) is two
    assert store.find_valid_grant(wanted("b", 50)) is None
    assert store.find_valid_grant(wanted("a")) is one
    assert store.find_valid_grant(wanted("c")) is None
    ran: list[Grant] = []

    def run(_flow: Flow) -> Grant:
        ran.append(grant())
        return ran[-1]

    assert store.obtain(wanted("a"), run) is one
    fresh = store.obtain(wanted("b"), run)
    assert ran == [fresh]
    assert store.obtain(wanted("b"), run) is fresh
    fresh.is_refused = True
    assert store.obtain(wanted("b"), run) is ran[1]

    def fail(_flow: Flow) -> Grant:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        store.obtain(wanted("c"), fail)
    assert store.obtain(wanted("c"), run) is ran[2]
    store.clear()
    assert store.find_valid_grant(wanted("a")) is None


def test_a_driver_moves_the_clock_by_what_each_effect_takes() -> None:
    clock, waits, seen = VirtualClock(START), list[float](), list[Any]()

    def handle(made: Request) -> Response:
        if made.method == "DELETE":
            raise TransportError("断开", code="RESET", elapsed=3.0)
        return ok(elapsed=2.0)

    def call() -> Any:
        seen.append(((yield Send(request())).status, clock.now() - START))
        seen.append(((yield Sleep(1.5)), clock.now() - START))
        try:
            yield Send(request(method="DELETE"))
        except TransportError as error:
            seen.append((error.code, clock.now() - START))
        seen.append(((yield wanted()).expires, clock.now() - START))
        return "done"

    ended = run_blocking(
        call(), handle=handle, tokens=TokenStore(), clock=clock, sleep=waits.append
    )
    assert ended == "done"
    assert waits == [1.5]
    assert seen == [(200, 2.0), (None, 3.5), ("RESET", 6.5), (100, 6.5)]
    assert isinstance(Send(request()), Effect)


def test_a_call_leaves_one_record_of_all_its_sendings() -> None:
    answers = iter([answer(503, {}, elapsed=1.0), answer(503, {}), ok({"code": 0}, elapsed=2.0)])
    made = world(
        {"recover": {"transient": {"tries": 3, "backoff": 0.5}}}, api(method="GET"),
        handler=lambda _request: next(answers),
    )  # fmt: skip
    made.proxy(caller="表单", zone=1).pay("extra")
    (record,) = made.log
    assert (record.name, record.instance, record.caller, record.attempts) == (
        "crm_system.pay", "test", "表单", 3,
    )  # fmt: skip
    assert (record.at, record.duration, record.sent_at) == (START, 4.5, START + 2.5)
    assert (record.status, record.source, record.error, record.is_login) == (
        200,
        "live",
        None,
        False,
    )
    assert record.notes == (
        "unknown option 'zone' was ignored; options are instance_key, caller",
        "1 arguments given, 0 declared (none); the rest was dropped",
        "transient: sent again after 0.5 s",
        "transient: sent again after 1 s",
    )
    assert record.doubts == record.notes[1:2]
    earlier, second = record.earlier
    assert made.slept == [0.5, 1.0]
    assert (second.at, second.duration, second.wait) == (START + 1.5, 0.0, 1.0)
    assert (earlier.at, earlier.duration, earlier.wait, earlier.follows, earlier.note) == (
        START, 1.0, 0.5, "retried", record.notes[2],
    )  # fmt: skip
    assert earlier.response is not None
    assert earlier.response.status == 503
    assert record.began < earlier.ended < record.ended
    assert record.request is not None
    assert record.response is not None
    assert (record.request.method, record.response.body) == ("GET", {"code": 0})


def test_a_rejected_call_leaves_a_record_without_its_secrets() -> None:
    made = world({})
    refused = rejected(lambda: made.proxy().api(f"pay{SECRET}").call())
    assert SECRET not in refused.message
    assert refused.api == f"pay{STANDIN}"
    strange = rejected(lambda: made.proxy(f"p{SECRET}").pay())
    assert (strange.platform, made.log.pop().platform) == (f"p{STANDIN}", f"p{STANDIN}")
    assert made.log[0].api == f"pay{STANDIN}"
    assert (made.log[0].request, made.log[0].status, made.log[0].source) == (None, None, "")
    assert (made.log[0].attempts, made.log[0].call, made.log[0].error) == (0, None, refused)
    assert (made.log[0].at, made.log[0].sent_at) == (START, 0.0)  # it was never sent


def test_a_refused_token_is_renewed_once_and_told() -> None:
    bad = [True]

    def handler(made: Request) -> Response:
        if made.is_login:
            return ok({"t": f"tok-{len(made_world.sent)}-abcdef"})
        return answer(401, {"code": 1}, reason="No") if bad else ok()

    steps = [{"request": {"path": "/t"}, "extract": {"t": {"path": "$.t", "secret": True}}}]
    auth = {"acquire": {"steps": steps}, "apply": put(("header", "X-T", "{{ t }}"))}
    made_world = world(auth, handler=handler)
    error = rejected(made_world.proxy().pay)
    assert error.message == "crm_system.pay: the new token was refused too: HTTP 401"
    assert (error.code, error.status) == ("AUTH_FAILED", 401)
    assert [one.is_login for one in made_world.sent] == [True, False, True, False]
    bad.clear()
    made_world.proxy().pay()
    assert [one.is_login for one in made_world.sent[4:]] == [True, False]
    made_world.proxy().pay()
    assert len(made_world.sent) == 7
    renewed = next(one for one in made_world.log if one.earlier)
    assert [one.follows for one in renewed.earlier] == ["renewed"]


def test_a_store_of_nothing_has_no_lock_and_no_values() -> None:
    store = RenewableCredentialStore()
    assert store.try_lock_and_read()
    assert (store.values, store.source) == ({}, "")
    made = world({})
    assert [made.env.next_serial() for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ConfigError, match="empty, which would call another address"):
        world({"apply": put(("path", "k", ""))}, api(path="/{k}")).proxy().pay()
    with pytest.raises(ConfigError):
        world({"apply": put(("header", "X", "{{ undeclared }}"))}).proxy().pay()


def test_a_digest_counts_the_requests_of_its_login() -> None:
    steps = [{"request": {"path": "/t"}, "extract": {"t": {"path": "$.t", "secret": True}}}]
    auth = {"acquire": {"steps": steps}, "apply": put(("header", "X", "{{ t }}:{{ nonce_count }}"))}
    made = world(auth, handler=lambda _request: ok({"t": "tok-1234567"}), separate=True)
    for _ in range(3):
        made.proxy().pay()
    sent = [one for one in made.sent if not one.is_login]
    assert [dict(one.headers)["X"] for one in sent] == [f"tok-1234567:{at}" for at in (1, 2, 3)]
    assert {dict(one.recorded_form.headers)["X"][-2:] for one in sent} == {":1"}
    away = world({}, live="https://live.test")
    assert away.proxy().api("pay").build().url == f"{BASE}/pay"
    away.proxy().pay()
    assert away.request.url == "https://live.test/pay"
