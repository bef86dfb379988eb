"""proxy.md: auth is injected last and wins; a script cannot replace, duplicate or read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
import pytest

from bpmax_sim.clock import SeededRandomSource, VirtualClock
from bpmax_sim.errors import ConfigError, NoMatchError
from bpmax_sim.messages import Request, Response, Sensitive
from bpmax_sim.platform.model import Api, Apply, Auth, Idempotency, Recover, ResponseRules, Sign
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.client import build_request
from bpmax_sim.proxy.response import RedactedRequest
from bpmax_sim.proxy.result import to_rejection_properties
from tests.proxy.world import (
    BASE,
    BEARER,
    CREATE,
    SEARCH,
    SECRET,
    STANDIN,
    START,
    World,
    answer,
    body_of,
    crm,
    headers_of,
    ok,
    rejected,
)


def put(place: Any, name: str, value: str = "{{ secret }}") -> Auth:
    """Return auth that puts one value somewhere."""
    return Auth(apply=(Apply(place=place, name=name, value=value),))


KEY_AUTH = put("query", "access_token", "{{ client_id }}")
COOKIE_AUTH = put("cookie", "sid", "{{ client_id }}")
BODY_AUTH = put("body", "auth.sign", "{{ client_id }}")


def test_a_header_of_the_script_cannot_replace_or_duplicate_the_credential() -> None:
    """O: auth is injected last and wins; an overridden name is noted in the call log."""
    auth = put("header", "Authorization", "Bearer {{ client_id }}")
    world = World(crm(auth=auth))

    world.proxy().api("search").header({"authorization": "mine", "X-A": "1"}).call()

    assert headers_of(world.request) == {"X-A": "1", "Authorization": "Bearer test"}
    assert world.request.injected == ("header.authorization",)
    assert world.log[0].notes == (
        "header.authorization is set by auth; the call's own value was dropped",
    )


@pytest.mark.parametrize("path", ["/api/search", "/api/search?Access_Token=a&access_token=b"])
def test_a_query_name_of_the_script_cannot_duplicate_the_credential_in_any_case(path: str) -> None:
    """O: a script cannot replace, duplicate or read a credential."""
    world = World(crm(msgspec.structs.replace(SEARCH, path=path), auth=KEY_AUTH))

    world.proxy().api("search").query(ACCESS_TOKEN="mine", page=1).call()

    assert world.request.url == "https://crm.example.test/api/search?page=1&access_token=test"
    assert world.request.injected == ("query.access_token",)
    assert "query.ACCESS_TOKEN is set by auth" in world.log[0].notes[-1]


def test_a_cookie_of_the_script_stands_beside_the_one_of_auth() -> None:
    """O: auth is injected last and wins."""
    world = World(crm(auth=COOKIE_AUTH))

    world.proxy().api("search").header({"cookie": "SID=mine; theme=dark; sid=mine"}).call()
    world.proxy().api("search").header({"cookie": "sid=mine"}).call()

    # Cookies set by a script are credentials too, so what is written down is a stand-in.
    assert headers_of(world.sent[0])["Cookie"] == "theme=dark; sid=test"
    assert headers_of(world.sent[1])["Cookie"] == "sid=test"
    assert world.sent[1].injected == ("cookie.sid",)
    assert world.log[0].notes == (
        "cookie.SID is set by auth; the call's own value was dropped",
        "cookie.sid is set by auth; the call's own value was dropped",
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"a": 1, "auth": {"sign": "mine", "SIGN": 1, "v": 2}}, {"a": 1, "auth": {"v": 2}}),
        ({"Auth": {"Sign": 1}, "auth": "mine"}, {"Auth": {}}),
        (None, {}),
    ],
)
def test_a_body_member_of_the_script_cannot_replace_the_credential(given: Any, sent: Any) -> None:
    """O: auth is injected last and wins."""
    world = World(crm(CREATE, auth=BODY_AUTH))

    world.proxy().api("create_contract").body(given).call()

    expected = {**sent, "auth": {**sent.get("auth", {}), "sign": "test"}}
    assert body_of(world.request) == expected
    assert world.request.injected == ("body.auth.sign",)
    assert headers_of(world.request) == {"Content-Type": "application/json"}


def test_a_body_that_auth_cannot_put_a_value_into_rejects() -> None:
    """O: auth is injected last and wins."""
    world = World(crm(CREATE, auth=BODY_AUTH))

    error = rejected(lambda: world.proxy().api("create_contract").body("text").call())

    assert (error.code, error.message) == (
        "BAD_ARGUMENT",
        "crm_system.create_contract: auth puts 'auth.sign' into the body: pass an object",
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("steps", "sent"),
    [
        ({}, b"auth.sign=test"),
        ({"Auth.Sign": "mine", "客户": "甲"}, b"%E5%AE%A2%E6%88%B7=%E7%94%B2&auth.sign=test"),
        ({"auth": "own"}, b"auth=own&auth.sign=test"),
    ],
)
def test_in_a_form_the_credential_is_one_field(steps: Any, sent: bytes) -> None:
    """O: auth is injected last and wins. A form has names, and no names within names."""
    world = World(crm(CREATE, auth=BODY_AUTH))

    world.proxy().api("create_contract").header(FORM).body(steps).call()

    assert world.request.body == sent
    overridden = ("body.auth.sign is set by auth; the call's own value was dropped",)
    assert world.log[0].notes == overridden * ("Auth.Sign" in steps)


def test_every_field_of_a_form_is_written_by_one_rule() -> None:
    """The WHATWG URL standard: ``*`` stays as it is, and ``~`` does not, whoever puts it in."""
    world = World(crm(CREATE, auth=put("body", "签名", "*~ +")))

    world.proxy().api("create_contract").header(FORM).body({"备注": "*~ +"}).call()

    assert world.request.body == (b"%E5%A4%87%E6%B3%A8=*%7E+%2B&%E7%AD%BE%E5%90%8D=*%7E+%2B")


@pytest.mark.parametrize(
    ("encoding", "headers", "media"),
    [
        ("json", {"Content-Type": "multipart/form-data"}, "multipart/form-data"),
        ("form", {"Content-Type": "application/json"}, "application/json"),
        ("xml", {}, "application/xml"),
    ],
)
def test_a_body_that_has_no_place_for_the_credential_rejects(
    encoding: Any, headers: Any, media: str
) -> None:
    """O: configuration errors reject when called, before any HTTP."""
    world = World(crm(msgspec.structs.replace(CREATE, encoding=encoding), auth=BODY_AUTH))

    error = rejected(
        lambda: world.proxy().api("create_contract").header(headers).body({"单": "1"}).call()
    )

    assert error.code == "BAD_ARGUMENT"
    assert error.message == (
        "crm_system.create_contract: auth puts 'auth.sign' into the body, which can be JSON or a "
        f"form, and not {media}"
    )


def test_auth_puts_a_credential_into_the_path_and_the_call_holds_its_standin() -> None:
    """platforms.md: apply — put values into header, query, cookie, body path or path."""
    api = Api(key="send", path="/hook/{key}/{id}")
    world = World(crm(api, auth=put("path", "key")))

    world.proxy().api("send").path(key="mine", id=7).call()

    assert world.request.url.endswith("/hook/s3cret-%E5%90%88%E5%90%8C-value/7")
    assert world.request.call
    assert world.request.call.path == f"/hook/{STANDIN}/7"
    assert "path.key is set by auth" in world.log[0].notes[0]


@pytest.mark.parametrize("platform", [Auth(), BEARER])
def test_with_auth_none_the_scripts_own_authorization_passes_through(platform: Auth) -> None:
    """O: with auth `none`, the script's own `Authorization` passes through."""
    open_api = msgspec.structs.replace(SEARCH, auth=Auth())
    world = World(crm(open_api, auth=platform))

    world.proxy().api("search").header({"Authorization": "Bearer 脚本".encode().hex()}).call()

    assert headers_of(world.request)["Authorization"] == "Bearer 脚本".encode().hex()
    assert world.log[0].notes == ()


def test_a_credential_set_by_the_script_is_written_as_a_standin() -> None:
    """cassettes.md: `Authorization` and `Cookie` set by a script are always secret."""
    world = World(separate=True)

    world.proxy().api("search").header({"Authorization": "Bearer own-token-1"}).call()
    world.proxy().api("search").header({"Authorization": "Bearer own-token-1"}).call()

    first, second = world.sent
    assert headers_of(first)["Authorization"] == "Bearer own-token-1"
    written = (("Authorization", "Bearer redacted.crm_system.test.script-authorization.1"),)
    assert first.call
    assert second.call
    assert first.call.headers == second.call.headers == first.recorded_form.headers == written


def test_a_script_cannot_read_a_credential() -> None:
    """O: a script cannot replace, duplicate or read a credential."""

    def echo(_request: Request) -> Response:
        return answer(403, {"message": f"no {SECRET}", SECRET: [SECRET]})

    world = World(crm(auth=BEARER_OF_HEX), echo)

    error = rejected(lambda: world.proxy().api("search").query(t="{{ secret }}").call())

    assert world.request.call is not None
    assert world.request.call.query == (("t", "{{ secret }}"),)
    shown = repr((error.message, error.response, world.log, world.log[0].request))
    assert SECRET not in shown
    assert error.response
    assert error.response["body"] == {"message": f"no {STANDIN}", STANDIN: [STANDIN]}


KNOWING = crm(auth=put("header", "X-Key", "{{ secret | hex }}"))


@pytest.mark.parametrize(
    "speak",
    [
        lambda world: world.proxy(SECRET).search(),
        lambda world: world.proxy(instance_key=SECRET).search(),
        lambda world: world.proxy().api(SECRET).call(),
        lambda world: world.proxy().api("get_customer_detail").path({SECRET: 1}).call(),
        lambda world: world.proxy().api("search").query({SECRET: {}}).call(),
        lambda world: world.proxy().api("search").header({f"{SECRET}:": "1"}).call(),
        lambda world: world.proxy(instanceKey=SECRET, **{f"caller {SECRET}": 1}).search(),
    ],
    ids=["platform", "instance", "api", "path", "query", "header", "options"],
)
def test_a_credential_that_a_script_takes_for_a_name_is_told_by_its_standin(
    speak: Callable[[World], Any],
) -> None:
    """O: the rejection is never a credential, nor is the log record."""
    world = World(KNOWING)
    world.proxy().search()

    error = rejected(lambda: speak(world))

    record = world.log[-1]
    told = (
        vars(error),
        error.args,
        to_rejection_properties(error),
        record.name,
        record.instance,
        record.notes,
    )
    assert SECRET not in repr(told)


def test_a_credential_in_caller_and_options_is_logged_by_its_standin() -> None:
    """O: `caller` is logged; other unknown options are logged."""
    world = World(KNOWING)

    world.proxy(caller=f"节点 {SECRET}", **{f"trace {SECRET}": 1}).search()

    record = world.log[-1]
    assert record.caller == f"节点 {STANDIN}"
    assert record.notes[0].startswith(f"unknown option 'trace {STANDIN}' was ignored")


@pytest.mark.parametrize("filler", range(280, 310, 3))
def test_what_an_answer_says_is_cut_after_it_was_redacted(filler: int) -> None:
    told = answer(400, {"message": f"{'x' * filler}{SECRET}"})
    world = World(
        crm(auth=KNOWING.auth, response=ResponseRules(message=("$.message",))), lambda _: told
    )

    error = rejected(lambda: world.proxy().search())

    assert "x" * 280 in error.message
    assert SECRET[:4] not in error.message


BEARER_OF_HEX = put("header", "Authorization", "Bearer {{ secret | hex }}")


def test_recording_makes_a_twin_with_standins_and_the_declared_address() -> None:
    """cassettes.md: the file holds what the stand-in yields."""
    world = World(crm(SEARCH, auth=BEARER_OF_HEX), separate=True, live="https://10.0.0.7:8443/crm")

    world.proxy().api("search").query(a=1).call()

    twin = world.request.recorded_form
    assert world.request.url == "https://10.0.0.7:8443/crm/api/search?a=1"
    assert twin.url == "https://crm.example.test/api/search?a=1"
    assert headers_of(twin) == {"Authorization": f"Bearer {STANDIN.encode().hex()}"}
    assert (twin.base, twin.injected) == ("https://crm.example.test", ("header.authorization",))
    assert twin.call is world.request.call
    # The whole derived header is known from now on, so an answer that echoes it is redacted.
    assert (
        world.vault.redact_text(f"Bearer {SECRET.encode().hex()}")
        == headers_of(twin)["Authorization"]
    )


SIGNED = Auth(
    sign=Sign(
        set_headers={"X-Ts": "{{ now | unix }}", "X-Nonce": "{{ nonce }}"},
        message="{{ method }} {{ target }} {{ headers['x-nonce'] }}",
        key="{{ secret }}",
        emit=(Apply(place="header", name="X-Sign", value="{{ signature }}"),),
    )
)


def _signed_world(**environment: Any) -> World:
    return World(crm(SEARCH, auth=SIGNED), **environment)


def test_a_signature_comes_last_and_its_names_are_taken() -> None:
    """platforms.md: signing happens after the last byte of the request is fixed."""
    world = _signed_world()

    world.proxy().api("search").header({"x-sign": "mine", "x-ts": "0"}).call()

    assert set(headers_of(world.request)) == {"X-Ts", "X-Nonce", "X-Sign"}
    assert headers_of(world.request)["X-Ts"] == str(int(START))
    assert world.request.call
    assert world.request.call.headers == ()
    assert set(world.request.injected) == {"header.x-ts", "header.x-nonce", "header.x-sign"}


@pytest.mark.parametrize("is_same", [True, False])
def test_without_a_session_another_signature_than_the_recorded_one_is_refused(
    *, is_same: bool
) -> None:
    def replay(request: Request) -> Response:
        headers = tuple((name, value if is_same else "0") for name, value in request.headers)
        return ok(recorded_request=msgspec.structs.replace(request, headers=headers))

    world = World(crm(SEARCH, auth=SIGNED), replay)
    if is_same:
        world.proxy().api("search").call()
        return
    with pytest.raises(NoMatchError, match=r"header\.x-sign"):
        world.proxy().api("search").call()


def test_the_recorded_twin_is_what_replay_sends() -> None:
    """cassettes.md: while recording, the request is also signed with the placeholder key."""
    recording = _signed_world(
        separate=True,
        auth_clock=VirtualClock(START + 99),
        auth_chance=SeededRandomSource(1),
        chance=SeededRandomSource(3),
    )
    shared = SeededRandomSource(3)
    replaying = _signed_world(chance=shared, auth_chance=shared)
    replaying.close_network()

    for world in (recording, replaying):
        for _ in range(2):
            world.proxy().api("search").call()

    written = [request.recorded_form for request in recording.sent]
    assert [r.headers for r in written] == [r.headers for r in replaying.sent]
    assert [r.headers for r in written] != [r.headers for r in recording.sent]
    assert written[0].headers != written[1].headers


def test_the_names_of_a_signature_may_be_parameters() -> None:
    """A generic HMAC preset names its headers by parameters."""
    auth = Auth(
        parameters={"key_header": "X-App-Key"},
        apply=(Apply(place="query", name="{{ key_header }}", value="{{ client_id }}"),),
        sign=Sign(set_headers={"{{ key_header }}": "{{ client_id }}"}, message="m", key="k"),
    )
    world = World(crm(auth=auth))

    world.proxy().api("search").header({"x-app-key": "mine"}).query({"x-app-KEY": "mine"}).call()

    assert headers_of(world.request) == {"X-App-Key": "test"}
    assert world.request.url.endswith("/api/search?X-App-Key=test")


def test_every_attempt_is_signed_anew_and_keeps_the_idempotency_key() -> None:
    """O: idempotency key; platforms.md: signing happens again on every attempt."""
    auth = msgspec.structs.replace(SIGNED, recover={"transient": Recover(tries=3)})
    api = Api(
        key="pay", method="POST", idempotency=Idempotency(place="header", name="Idempotency-Key")
    )
    world = World(crm(api, auth=auth), lambda _request: answer(503, {}))

    rejected(lambda: world.proxy().pay())
    rejected(lambda: world.proxy().pay())

    keys = [headers_of(request)["Idempotency-Key"] for request in world.sent]
    nonces = [headers_of(request)["X-Nonce"] for request in world.sent]
    assert [keys.count(key) for key in keys] == [3] * 6
    assert len(set(nonces)) == 6
    assert all(len(nonce) == 32 and int(nonce, 16) for nonce in nonces)
    assert [request.attempt for request in world.sent] == [0, 1, 2, 0, 1, 2]
    signed = [request.signed for request in world.sent if request.signed]
    assert [(one.now, one.nonce, one.call_id) for one in signed] == [
        (float(headers_of(request)["X-Ts"]), nonce, key)
        for request, nonce, key in zip(world.sent, nonces, keys, strict=True)
    ]
    assert "header.idempotency-key" in world.request.injected
    assert world.request.call
    assert world.request.call.headers == ()


def test_an_idempotency_key_of_the_script_is_kept() -> None:
    """O: setters are stronger than defaults; the key is no credential."""
    api = Api(key="pay", method="POST", idempotency=Idempotency(place="query", name="uuid"))
    world = World(crm(api))

    world.proxy().api("pay").query(UUID="own").call()
    world.proxy().pay()

    assert world.sent[0].url.endswith("?UUID=own")
    assert len(world.sent[1].url.partition("uuid=")[2]) == 36


def test_an_idempotency_key_may_stand_in_the_body() -> None:
    """Feishu takes its uuid there."""
    api = Api(key="send", method="POST", idempotency=Idempotency(place="body", name="uuid"))
    world = World(crm(api))

    world.proxy().api("send").body({"receive_id": "ou_1"}).call()

    assert set(body_of(world.request)) == {"receive_id", "uuid"}
    assert world.request.injected == ("body.uuid",)
    assert world.request.call
    assert world.request.call.body == b'{"receive_id":"ou_1"}'


@pytest.mark.parametrize(
    ("encoding", "name", "body", "is_kept"),
    [
        ("json", "uuid", {"n": 1, "uuid": "own"}, True),
        ("json", "uuid", {"n": 1, "uuid": ""}, True),
        ("json", "uuid", {"n": 1, "uid": "other"}, False),
        ("json", "uuid", {"n": 1, "uuid": None}, False),
        ("json", "head.uuid", {"head": {"uuid": "own"}}, True),
        ("json", "head.uuid", {"head": {"uid": "other"}}, False),
        ("form", "uuid", {"n": 1, "uuid": "own"}, True),
        ("form", "head.uuid", {"head.uuid": "own"}, True),
        ("form", "uuid", {"n": 1}, False),
    ],
)
def test_an_idempotency_key_that_the_script_puts_into_the_body_is_kept(
    encoding: Literal["json", "form"], name: str, body: dict[str, Any], *, is_kept: bool
) -> None:
    key = Idempotency(place="body", name=name)
    world = World(crm(Api(key="send", method="POST", encoding=encoding, idempotency=key)))

    world.proxy().api("send").body(body).call()

    assert world.request.call
    assert (world.request.body == world.request.call.body) == is_kept
    assert world.request.injected == (() if is_kept else (f"body.{name}",))


def test_auth_puts_in_several_values_wherever_they_go() -> None:
    places = (("body", "$.a.b"), ("body", "$.c"), ("cookie", "sid"), ("cookie", "tid"))
    more = (("header", "X-A"), ("header", "X-B"), ("query", "q"), ("query", "r"))
    apply = [
        {"in": place, "name": name.removeprefix("$."), "value": f"v{number}"}
        for number, (place, name) in enumerate((*places, *more))
    ]
    auth = msgspec.convert({"apply": apply}, Auth)
    world = World(crm(CREATE, auth=auth, base_url=f"{BASE}/"))

    world.proxy().api("create_contract").body({"n": 1}).call()

    assert world.request.url == f"{BASE}/api/contracts?q=v6&r=v7"
    assert body_of(world.request) == {"n": 1, "a": {"b": "v0"}, "c": "v1"}
    headers = headers_of(world.request)
    assert (headers["X-A"], headers["X-B"], headers["Cookie"]) == ("v4", "v5", "sid=v2; tid=v3")
    before = build_request(
        CallSpec(platform="crm_system", api="create_contract", steps=(("body", {"n": 1}),)),
        world.env,
    )
    assert (before.url, before.injected) == (f"{BASE}/api/contracts", ())


def test_parameters_of_auth_are_templates_that_see_credentials_and_each_other() -> None:
    """Preset parameters are rendered first and may use credentials and base_url."""
    auth = Auth(
        parameters={"who": "{{ client_id }}@{{ base_url }}", "twice": "{{ who }}!", "n": 7},
        apply=(Apply(place="header", name="X-Who", value="{{ twice }}{{ n }}"),),
    )
    world = World(crm(auth=auth))

    world.proxy().api("search").call()

    assert headers_of(world.request) == {"X-Who": "test@https://crm.example.test!7"}


def test_what_auth_puts_in_is_made_anew_only_where_it_changes() -> None:
    """The instant of a call is its own, credentials are the same in all."""
    auth = Auth(
        parameters={"stamp": "{{ now | unix }}"},
        apply=(
            Apply(place="header", name="X-Key", value="{{ secret | hex }}"),
            Apply(place="query", name="at", value="{{ stamp }}"),
        ),
    )
    world = World(crm(auth=auth), lambda _request: answer(200, {}, elapsed=5.0), separate=True)

    for _ in range(3):
        world.proxy().api("search").call()

    told = [request.url.partition("at=")[2] for request in world.sent]
    assert [int(at) - int(told[0]) for at in told] == [0, 5, 10]
    keys = [headers_of(one)["X-Key"] for r in world.sent for one in (r, r.recorded_form)]
    assert keys == [SECRET.encode().hex(), STANDIN.encode().hex()] * 3


def test_secret_places_of_answers_travel_with_the_request() -> None:
    """platforms.md: `secret: [body.path, header.name]` — answers' values that are secret."""
    api = msgspec.structs.replace(SEARCH, secret=("body.response_code",), redact=("body.phone",))
    world = World(crm(api, secret=("header.X-Ticket",)))

    world.proxy().api("search").call()

    assert world.request.sensitive == (
        Sensitive("header:X-Ticket", "X_Ticket"),
        Sensitive("body.response_code", "response_code"),
    )
    assert world.request.personal == ("body.phone",)


def test_a_template_of_auth_that_names_something_undefined_says_so() -> None:
    """platforms.md: strict undefined."""
    world = World(crm(auth=put("header", "X-K", "{{ secert }}")))

    with pytest.raises(ConfigError, match="'secert' is not defined; did you mean 'secret'"):
        world.proxy().api("search").call()

    assert isinstance(world.log[0].error, ConfigError)


def test_no_request_shows_a_credential_in_its_log_record() -> None:
    """O: every call leaves one log record, redacted."""
    world = World(crm(auth=put("header", "X-Key", "{{ secret | hex }}")))

    world.proxy().api("create_contract").body({"note": SECRET}).call()

    record = world.log[0]
    request: Request | None = world.sent[0]
    assert request
    assert record.request == RedactedRequest(
        method="POST",
        url="https://crm.example.test/api/contracts",
        headers={"content-type": "application/json", "x-key": STANDIN.encode().hex()},
        body=f'{{"note":"{STANDIN}"}}',
    )
