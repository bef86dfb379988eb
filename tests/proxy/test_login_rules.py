"""A login in detail: the request of a step, what its response yields, and why it is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import AuthError, CallError, ConfigError, HttpStatusError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Auth, ResponseRules
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_plan import plan_call
from bpmax_sim.proxy.environment import RenewableCredentialStore
from bpmax_sim.proxy.login import make_login_key
from bpmax_sim.secret.vault import Credential, Credentials
from tests.proxy.world import (
    BASE,
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

BEARER = [{"in": "header", "name": "Authorization", "value": "Bearer {{ token }}"}]
TAKE = {"token": {"path": "$.access_token", "secret": True}}
TOKEN = {"access_token": "tok-1234"}
PAGE = {"Content-Type": "text/html"}


def step(request: Any = None, extract: Any = None, **more: Any) -> dict[str, Any]:
    return {"request": request or {"path": "/t"}, "extract": extract or TAKE, **more}


def world(
    *steps: dict[str, Any], answers: Iterable[Any] = (), auth: Any = None, response: Any = None,
    apply: Any = None, platform: Any = None, acquire: Any = None, **more: Any,
) -> World:  # fmt: skip
    """Return a world whose login has *steps*, answered by *answers* in turn, calls by 200."""
    queue = iter(answers or [ok(TOKEN)])

    def handle(request: Request) -> Response:
        if not request.is_login:
            return ok()
        one = next(queue)
        if isinstance(one, Exception):
            raise one
        assert isinstance(one, Response)
        return one

    declared = {
        "acquire": {"steps": list(steps or [step()]), **(acquire or {})},
        "apply": BEARER if apply is None else apply,
        **(auth or {}),
    }
    rules = msgspec.convert(response or {}, ResponseRules)
    made = crm(auth=msgspec.convert(declared, Auth), response=rules, **(platform or {}))
    return World(made, handle, **more)


def sent(request: Any, **more: Any) -> Request:
    """Return the request that a login step sends."""
    made = world(step(request), **more)
    made.proxy().search()
    return made.sent[0]


def test_the_address_of_a_step_is_below_the_platform_or_its_own() -> None:
    addresses: dict[str, tuple[str, str, Any]] = {
        # written -> url, path and query of the call
        "/t": (f"{BASE}/t", "/t", ()),
        "t/甲": (f"{BASE}/t/%E7%94%B2", "/t/%E7%94%B2", ()),
        "": (BASE, "", ()),
        f"url:{BASE}/y#f": (f"{BASE}/y", "/y", ()),
        f"url:{BASE}/x?a=1&b=#f": (f"{BASE}/x?a=1&b=", "/x", (("a", "1"), ("b", ""))),
        "url:https://sso.example.test/x?k=a+b": (
            "https://sso.example.test/x?k=a%20b", "/x", (("k", "a b"),),
        ),
        "url:https://CRM.example.test:443/x": (f"{BASE}/x", "/x", ()),
        f"url:{BASE}.cn/x": (f"{BASE}.cn/x", "/x", ()),
    }  # fmt: skip
    found = {}
    for written in addresses:
        text = written.removeprefix("url:")
        request = sent({"url": text} if written.startswith("url:") else {"path": written})
        assert request.call is not None
        found[written] = request.url, request.call.path, request.call.query
    assert found == addresses
    for url in "sso.example.test/x", "/x", "https:///x":
        with pytest.raises(ConfigError) as caught:
            sent({"url": url})
        assert str(caught.value) == (
            "the login address of 'crm_system' is not absolute; start it with https://"
        )


def test_a_step_sends_what_it_declares() -> None:
    request = sent(
        {
            "method": "put", "url": f"{BASE}/t?z=0", "query": {"a": "{{ client_id }}", "n": None,
            "l": [1, 2]},
            "headers": {"content-TYPE": "text/x", "X-Id": "{{ client_id }}"},
            "form": {"id": "{{ client_id }}", "none": None, "list": ["甲", 2]},
        },
        platform={"timeout": 7.0, "redact": ("body.phone",), "charset": "gbk"},
    )  # fmt: skip
    assert (request.method, request.url) == ("PUT", f"{BASE}/t?z=0&a=test&l=1&l=2")
    assert request.headers == (("content-TYPE", "text/x"), ("X-Id", "test"))
    assert request.body == b"id=test&list=%E7%94%B2&list=2"
    assert (request.timeout, request.personal, request.charset) == (7.0, ("body.phone",), "gbk")
    assert (request.confined, request.follow, request.injected) == (True, False, ())
    assert request.call is not None
    assert (request.call.api, request.call.method, request.call.body) == (
        "$token", "PUT", request.body,
    )  # fmt: skip
    json = sent({"path": "/t", "body": {"id": "{{ client_id }}", "n": None, "l": [{"a": True}]}})
    assert json.headers == (("Content-Type", "application/json"),)
    assert body_of(json) == {"id": "test", "n": None, "l": [{"a": True}]}
    assert sent({"path": "/t", "form": {}}).body == b""
    assert sent({"path": "/t", "body": {}}).body == b"{}"
    bare = sent({"path": "/t"})
    assert (bare.body, bare.headers, bare.method) == (None, (), "POST")
    with pytest.raises(ConfigError) as caught:
        sent({"path": "/t", "headers": {"X-A": "合同"}})
    assert str(caught.value).startswith(
        "the login of 'crm_system' cannot be sent: header.X-A holds U+5408 at character 1"
    )


def test_what_is_new_in_each_login_is_not_compared() -> None:
    request = sent(
        {
            "path": "/t",
            "query": {"ts": "{{ now | unix }}", "id": "{{ client_id }}"},
            "headers": {"X-Nonce": "{{ stamp }}", "X-Id": "{{ client_id }}"},
            "body": {
                "deep": {"call": "{{ twice }}", "id": "{{ client_id }}"}, "list": ["a",
                "{{ nonce }}"],
                "odd": {"a.b": "{{ call_id }}", "c": "x"}, "plain": "{{ client_id }}",
            },
        },
        auth={"parameters": {"stamp": "{{ nonce }}!", "twice": "{{ stamp }}{{ stamp }}", "p": "x"}},
    )  # fmt: skip
    assert set(request.injected) == {
        "query.ts", "header.x-nonce", "body.deep.call", "body.list", "body.odd",
    }  # fmt: skip
    assert request.call is not None
    assert request.call.query == (("id", "test"),)


def refusal(given: Response, *steps: dict[str, Any], **more: Any) -> str:
    """Return the message of the refused login, without its beginning."""
    made = world(*(steps or [step()]), answers=[given], **more)
    error = rejected(made.proxy().search)
    begin = "crm_system: the login of instance 'test' "
    assert error.response is not None
    assert (error.status, error.response["body"]) == (given.status, None)
    assert error.message.startswith(begin)
    assert (error.platform, error.instance, error.api) == ("crm_system", "test", "search")
    return error.message.removeprefix(begin)


AT = "(step 1, POST /t)"


def test_a_value_is_extracted_missing_or_wrong() -> None:
    extract = {
        **TAKE, "ttl": {"path": "$.life"}, "more": {"path": "$.more", "optional": True},
        "id": {"path": "$.id"},
    }  # fmt: skip
    fine: list[dict[str, Any]] = [
        {}, {"life": 60}, {"life": "60"}, {"life": None}, {"life": ""}, {"more": None}, {"more": 5},
        {"access_token": 5}, {"access_token": 1.5}, {"id": 0}, {"life": "1e3"}, {"life": -1},
    ]  # fmt: skip
    for changed in fine:
        made = world(step(None, extract), answers=[ok({**TOKEN, "id": "x", **changed})])
        made.proxy().search()
    no_text: list[Any] = [{}, [], True, False, {"a": 1}, "\ud800", "a\udfff"]
    no_number: list[Any] = ["soon", True, [], {}, "inf", "nan", 10**400]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"access_token": None}, f"yields no token {AT}: HTTP 200; expected it at $.access_token"),
        ({"access_token": ""}, f"yields no token {AT}: HTTP 200; expected it at $.access_token"),
        ({"id": ""}, f"yields no id {AT}: HTTP 200; expected it at $.id"),
        *[
            ({name: value}, f"yields a {name} that is no text {AT}: HTTP 200; see {path}")
            for name, path in (("id", "$.id"), ("more", "$.more"))
            for value in no_text
        ],
        *[
            ({"life": value}, f"yields a ttl that is not a number {AT}: HTTP 200; see $.life")
            for value in no_number
        ],
        ({"id": "a\ufffd"}, (f"yields a id that is not text in the charset of its page {AT}: "
         "HTTP 200; see $.id")),
    ]  # fmt: skip
    for changed, told in wrong:
        body = json.dumps({**TOKEN, "id": "x", **changed}).encode()
        assert refusal(answer(200, body), step(None, extract)) == told, changed
    page = refusal(answer(200, b"<p>tok-1234</p>", PAGE), step(None, {"ttl": {"path": "$.life"}}))
    assert page == f"yields no ttl {AT}: HTTP 200, text/html, 15 bytes; expected it at $.life"
    life = {**TAKE, "ttl": {"path": "$.life"}}
    guessed = world(step(None, life), answers=[answer(200, msgspec.json.encode(TOKEN), PAGE)])
    guessed.proxy().search()


def test_a_refusal_says_what_the_response_said() -> None:
    check = "; check its credentials"
    bodies: list[tuple[Response, str]] = [
        (answer(401, {"error": "e1", "errcode": 2, "code": 3, "error_description": "d"}),
         "HTTP 401, code e1, d"),
        (answer(400, {"errcode": 40013, "errmsg": "无效"}), "HTTP 400, code 40013, 无效"),
        (answer(400, {"code": 0, "msg": "m1", "message": "m2"}), "HTTP 400, code 0, m2"),
        (answer(400, {"error": None, "code": 1.0, "error_msg": "x"}), "HTTP 400, code 1, x"),
        (answer(400, {"msg": "m1", "error_msg": "m2"}), "HTTP 400, m1"),
        (answer(400, {"error": {"a": 1}, "msg": ["x"]}), "HTTP 400"),
        (answer(400, {"code": True}), "HTTP 400, code true"),
        (answer(400, {"msg": "长" * 201}), f"HTTP 400, {'长' * 200}"),
        (answer(400, {"msg": f"wrong {SECRET}"}), f"HTTP 400, wrong {STANDIN}"),
        (answer(400, [1]), "HTTP 400, a JSON array"),
        (answer(400, b""), "HTTP 400, an empty body"),
        (answer(500, b"{"), "HTTP 500, broken JSON ({})"),
        (answer(500, b"<p>", PAGE), "HTTP 500, text/html, 3 bytes"),
        (Response(status=500, body=b"abc"), "HTTP 500, no content type, 3 bytes"),
        (answer(500, b'{"code": 7}', PAGE), "HTTP 500, code 7"),
        (answer(500, b'"text"'), "HTTP 500, application/json, 6 bytes"),
    ]  # fmt: skip
    for response, told in bodies:
        found = refusal(response)
        if "{}" in told:
            assert found.startswith(f"was refused {AT}: {told.partition('{}')[0]}")
        else:
            assert found == f"was refused {AT}: {told}{check}"
    own = {"code": ["$.ret"], "message": ["$.info"]}
    assert refusal(answer(401, {"ret": 0, "error": "e", "info": ""}), response=own) == (
        f"was refused {AT}: HTTP 401, code 0, {check}"
    )
    gbk = answer(400, '{"msg":"无效"}'.encode("gbk"))
    assert refusal(gbk, platform={"charset": "gbk"}) == f"was refused {AT}: HTTP 400, 无效{check}"
    assert refusal(answer(401, {"ret": 9, "info": "密码错", "code": 1}), response=own) == (
        f"was refused {AT}: HTTP 401, code 9, 密码错{check}"
    )


def test_a_step_is_accepted_by_its_own_rule_or_that_of_the_platform() -> None:
    platform = {"ok": {"status": [299], "all": [{"path": "$.errcode", "in": [0]}]}}
    own = {"status": [202], "all": [{"path": "$.ok", "in": [True]}]}
    cases: list[tuple[Any, int, dict[str, Any], bool]] = [
        (None, 200, {}, True), (None, 200, {"errcode": 0}, True), (None, 200, {"errcode": 1},
        False),
        (None, 299, {}, True), (None, 300, {}, False), (None, 201, {"errcode": "0"}, True),
        (own, 202, {"ok": True}, True), (own, 202, {}, False), (own, 200, {"ok": True}, False),
        (own, 202, {"ok": True, "errcode": 1}, True),
    ]  # fmt: skip
    found = []
    for rule, status, body, _ in cases:
        one = step(**({} if rule is None else {"ok": rule}))
        made = world(one, answers=[answer(status, {**TOKEN, **body})], response=platform)
        try:
            made.proxy().search()
            found.append((rule, status, body, True))
        except AuthError:
            found.append((rule, status, body, False))
    assert found == cases
    classes = {"classes": {"token": {"location": ["/login"]}}}
    back = answer(302, TOKEN, {"Location": "/login?e=1"})
    told = refusal(back, step(ok={"status": [302]}), response=classes)
    assert told == (f"was refused {AT}: HTTP 302; it leads back to the form; check its credentials")
    away = refusal(
        answer(302, TOKEN, {"Location": "https://u:p@sso.test/x?code=1"}), response=classes
    )
    assert away.endswith(
        "; check its credentials; it redirects to https://sso.test/x: where that is its success, "
        "say follow: true for this step, or ok: {status: [302]}"
    )
    for location in "http://[bad", None:
        headers = {"Location": location} if location else {}
        assert refusal(answer(302, TOKEN, headers)) == (
            f"was refused {AT}: HTTP 302; check its credentials"
        )


def test_a_cookie_that_is_missing_is_explained() -> None:
    wanted = step(None, {"token": {"path": "cookie: SID ", "secret": True}})

    def response(*cookies: str) -> Response:
        made = ok({})
        return msgspec.structs.replace(
            made, headers=(*made.headers, *(("Set-Cookie", line) for line in cookies))
        )

    at = f"yields no token {AT}: HTTP 200; expected it at cookie: SID "
    assert refusal(response(), wanted) == at
    assert refusal(response("sid=1", "a=1; Domain=example.test"), wanted) == (
        f"{at}; its cookies are for crm.example.test, example.test"
    )
    assert refusal(response("x=1", "SID=1; Domain=other.test", "k=2; Domain=test"), wanted) == (
        f"{at}; cookies that were set for another domain than the server's own are not taken: "
        "SID (other.test), k (test)"
    )
    assert refusal(response("SID=1; Domain=other.test"), wanted).endswith("SID (other.test)")
    made = world(wanted, answers=[response("SID=tok-1234", "SID=tok-5678")])
    made.proxy().search()
    assert headers_of(made.request)["Authorization"] == "Bearer tok-5678"
    whole = world(
        step(None, {"token": {"path": "cookies", "secret": True}}),
        answers=[response("a=1; Path=/x", "b=2; Domain=other.test", "c=3")],
    )
    whole.proxy().search()
    assert headers_of(whole.request)["Authorization"] == "Bearer a=1; c=3"


def test_cookies_go_on_to_later_steps_unless_the_step_has_its_own() -> None:
    second = {"path": "/two"}
    for headers, cookie in (None, "sid=a1b2c3d4"), ({"cookie": "own=1"}, "own=1"):
        first = ok({})
        first = msgspec.structs.replace(
            first, headers=(*first.headers, ("Set-Cookie", "sid=a1b2c3d4; Path=/"))
        )
        made = world(
            step(None, {"x": {"path": "$.x", "optional": True}}),
            step({**second, **({"headers": headers} if headers else {})}),
            answers=[first, ok(TOKEN)], separate=True,
        )  # fmt: skip
        made.proxy().search()
        shown = {name.lower(): value for name, value in made.sent[1].headers}
        assert shown["cookie"] == cookie
        twin = made.sent[1].standin
        assert twin is not None
        if headers is None:
            assert dict(twin.headers)["Cookie"] == "sid=redacted.crm_system.test.cookie-sid.1"
            assert made.sent[1].injected == twin.injected == ("header.cookie",)


def test_redirects_of_a_step_are_followed_if_it_says_so() -> None:
    def moved(location: str, *cookies: str) -> Response:
        headers = (("Location", location), *(("Set-Cookie", line) for line in cookies))
        return Response(status=302, headers=headers)

    follows = step(follow=True)
    made = world(follows, answers=[moved("/a", "s=1; Path=/"), moved("/b"), ok(TOKEN)])
    made.proxy().search()
    assert [one.url for one in made.sent[:3]] == [f"{BASE}/t", f"{BASE}/a", f"{BASE}/b"]
    assert [headers_of(one).get("Cookie") for one in made.sent[:3]] == [None, "s=1", "s=1"]
    circle = world(follows, answers=[moved("/a?k=1"), moved("/b"), moved("/c"), moved("/a?k=1")])
    assert rejected(circle.proxy().search).message.endswith(
        "is redirected in a circle (step 1, GET /c): HTTP 302, an empty body; it came by "
        f"{BASE}/t → {BASE}/a → {BASE}/b; check its credentials and its form"
    )
    assert len(circle.sent) == 4
    again = world(follows, answers=[moved("/a"), moved("/a", "s=1"), ok(TOKEN)])
    again.proxy().search()
    kept = world(follows, answers=[moved("/a", "s=1; Path=/"), moved("/a"), ok(TOKEN)])
    assert "is redirected in a circle" in rejected(kept.proxy().search).message
    assert len(kept.sent) == 2
    far = world(follows, answers=[moved(f"/{number}") for number in range(12)])
    assert "is redirected in a circle" in rejected(far.proxy().search).message
    assert len(far.sent) == 10
    bad = world(follows, answers=[moved("ftp://x/y")])
    assert rejected(bad.proxy().search).message.endswith(
        f"redirects to an address that is not HTTP {AT}: HTTP 302, an empty body; see the address "
        "of the step"
    )


RATE = {"recover": {"rate": {"tries": 3, "wait": ["header:Retry-After"], "backoff": 2}}}


def test_a_rate_limit_is_waited_for_as_recover_says() -> None:
    busy = answer(429, {}, {"Retry-After": "5"})
    made = world(answers=[busy, answer(429, {}), ok(TOKEN)], auth=RATE)
    made.proxy().search()
    assert made.slept == [5, 4]
    assert [one.notes for one in made.log if one.is_login] == [
        (), ("rate: sent again after 5 s",), ("rate: sent again after 4 s",),
    ]  # fmt: skip
    hint = "; wait and try again, or declare recover: {rate: {tries: 3}}"
    cases: list[tuple[list[Response], Any, str, type[CallError], int]] = [
        ([busy], None, "sent once", HttpStatusError, 1),
        ([busy] * 3, RATE, "sent 3 times", HttpStatusError, 3),
        ([answer(200, {"code": 45009})], None, "sent once", AuthError, 1),
        ([answer(429, {}, {"Retry-After": "601"})], RATE,
         "rate: not sent again, as a wait of 601 s is longer than 600 s", HttpStatusError, 1),
    ]  # fmt: skip
    rules = {
        "code": ["$.code"], "ok": {"all": [{"path": "$.code", "in": [0]}]},
        "classes": {"rate": {"code": [45009]}},
    }  # fmt: skip
    for answers, auth, why, kind, count in cases:
        made = world(answers=answers, auth=auth, response=rules)
        error = rejected(made.proxy().search)
        assert type(error) is kind
        assert "met a rate limit (step 1, POST /t): HTTP " in error.message
        assert error.message.endswith(f"; {why}{hint}")
        assert len(made.sent) == count


def test_a_grant_lives_from_the_step_that_says_how_long() -> None:
    ttl = {"ttl": {"path": "$.life"}}
    none = {"x": {"path": "$.x", "optional": True}}
    slow = ok({"life": 200, **TOKEN}, elapsed=10.0)
    cases: list[tuple[list[Any], float]] = [
        ([step(None, {**TAKE, **ttl})], 140), ([step(None, TAKE)], 3540),
        ([step(None, none), step(None, {**TAKE, **ttl})], 150),
        ([step(None, ttl), step(None, TAKE)], 140),
    ]  # fmt: skip
    for steps, valid_until in cases:
        made = world(*steps, answers=[slow, slow])
        made.proxy().search()
        (grant,) = made.tokens._grants.values()
        assert grant.expires - START == valid_until
        assert made.env.ended == [valid_until - (10 if valid_until == 150 else 0)]
    failing = world(answers=[answer(401, {})])
    rejected(failing.proxy().search)
    assert failing.env.ended == [None]
    broken = world(answers=[TransportError("断开", code="RESET")])
    assert rejected(broken.proxy().search).code == "RESET"
    assert broken.env.ended == [None]
    assert [(one.is_login, one.error is None) for one in broken.log] == [
        (True, False),
        (False, False),
    ]
    named = world()
    named.proxy(caller=f"表单 {SECRET}").search()
    assert [one.caller for one in named.log] == [f"表单 {STANDIN}"] * 2


class Store(RenewableCredentialStore):
    """A store that another process holds twice."""

    def __init__(self, **values: str) -> None:
        super().__init__()
        self.values, self.source = values, "钥匙串"
        self.held, self.released = 2, 0
        self.stored: list[Any] = []

    def try_lock_and_read(self) -> bool:
        self.held -= 1
        return self.held < 0

    def store(self, values: Any) -> None:
        self.stored.append(dict(values))

    def release_lock(self) -> None:
        self.released += 1


REFRESH = step(
    {"path": "/t", "form": {"r": "{{ refresh }}"}},
    {**TAKE, "refresh": {"path": "$.next", "secret": True}},
)


def renewing(*steps: Any, answers: Any, **values: str) -> tuple[World, Store]:
    made = world(*steps, answers=answers)
    key = Credential(name="refresh", secret=True, real="first-1a2b", standin="redacted.first")
    made.tenants["test"] = Credentials(key, live=BASE, declared=BASE)
    store = Store(**values)
    made.env.renewal = store
    return made, store


def test_a_credential_that_a_login_replaces_is_stored_and_sent_next() -> None:
    made, store = renewing(
        REFRESH, answers=[ok({**TOKEN, "next": f"n{at}xt-3c4d"}) for at in range(4)]
    )
    made.proxy().search()
    assert set(made.env.renewed_names) == {"refresh"}
    assert (made.slept, store.released) == ([0.05, 0.05], 1)
    assert store.stored == [{"refresh": "n0xt-3c4d"}]
    made.tokens.clear()
    made.proxy().search()
    assert [one.body for one in made.sent if one.is_login] == [b"r=first-1a2b", b"r=n0xt-3c4d"]
    made.tokens.clear()
    made.proxy().search()
    assert made.sent[-2].body == b"r=n1xt-3c4d"
    store.values["refresh"] = "other-5e6f"
    made.tokens.clear()
    made.proxy().search()
    assert made.sent[-2].body == b"r=other-5e6f"
    assert "other-5e6f" not in made.vault.redact_text("other-5e6f")
    recorded = ok({**TOKEN, "next": "n9xt-3c4d"}, source="recorded")
    made, store = renewing(REFRESH, answers=[recorded])
    made.proxy().search()
    assert store.stored == []


def test_a_replaced_credential_outlives_a_login_that_fails_later() -> None:
    second = step({"path": "/two"})
    first = step(REFRESH["request"], {"refresh": {"path": "$.next", "secret": True}})
    made, store = renewing(
        first, second,
        answers=[ok({"next": "n0xt-3c4d"}), answer(401, {}), ok({"next": "n1xt"}), ok(TOKEN)],
    )  # fmt: skip
    error = rejected(made.proxy().search)
    assert error.message.endswith(
        "(step 2, POST /two): HTTP 401; check its credentials, of which the newest came from "
        "钥匙串: get a new one and declare it"
    )
    assert (store.stored, store.released) == ([{"refresh": "n0xt-3c4d"}], 1)
    made.proxy().search()
    assert made.sent[2].body == b"r=n0xt-3c4d"


def test_calls_share_a_login_by_what_it_is_made_of() -> None:
    def key(parameters: Any = None, client: str = "a", **acquire: Any) -> str:
        declared = {
            "steps": [step({"path": "/t", "query": {"s": "{{ scope }}"}})], **acquire,
        }  # fmt: skip
        auth = {"acquire": declared, "parameters": parameters or {"scope": "x"}, "apply": BEARER}
        made = World(crm(auth=msgspec.convert(auth, Auth)))
        made.tenants["test"] = Credentials(
            Credential(name="client_id", real=client, standin="s"), live=BASE, declared=BASE
        )
        return make_login_key(plan_call(CallSpec(platform="crm_system", api="search"), made.env))

    declared = {"steps": [step()], "share": ["client_id"]}
    one = World(crm(auth=msgspec.convert({"acquire": declared}, Auth)))
    keys = set()
    for client in "aab":
        one.tenants["test"] = Credentials(
            Credential(name="client_id", real=client, standin="s"), live=BASE, declared=BASE
        )
        keys.add(make_login_key(plan_call(CallSpec(platform="crm_system", api="search"), one.env)))
    assert len(keys) == 2
    same = key()
    begin, _, digest = same.rpartition("/")
    assert (begin, len(digest)) == ("crm_system/test", 16)
    assert key() == same
    assert key({"scope": "x", "prefix": "JWT"}) == same
    assert key({"scope": "y"}) != same
    chained = key({"base": "x", "scope": "{{ base }}"})
    assert chained != key({"base": "y", "scope": "{{ base }}"})
    assert key(client="b") == same
    assert key(share=["client_id"]) != key(share=["client_id"], client="b")
    assert key(ttl={"default": 5}) != same


def test_a_login_is_synthesised_of_standins() -> None:
    extract = {
        **TAKE, "ttl": {"path": "$.life"}, "note": {"path": "$.n", "optional": True},
        "jwt": {"path": "$.j", "secret": True, "kind": "jwt"},
    }  # fmt: skip
    made = world(step(None, {"x": TAKE["token"]}), step(None, extract), synthesise_login=True)
    made.proxy().search()
    assert [one.is_login for one in made.sent] == [False]
    assert headers_of(made.request)["Authorization"] == ("Bearer redacted.crm_system.test.token.1")
    (grant,) = made.tokens._grants.values()
    assert grant.expires - START == 3540
    assert sorted(grant.values) == ["jwt", "token", "x"]
    assert grant.values["jwt"].startswith("eyJ")
    needy = world(step(None, {**TAKE, "url": {"path": "$.u"}}), synthesise_login=True)
    with pytest.raises(ConfigError) as caught:
        needy.proxy().search()
    assert str(caught.value) == (
        "the login of 'crm_system', instance 'test', yields 'url', which cannot be synthesised; "
        "record cassettes/auth/crm_system.test.yaml"
    )


def test_a_page_yields_the_standin_of_a_recorded_one() -> None:
    extract = {"token": {"path": 'regex:csrf="(\\d+)"', "secret": True}}
    shown = answer(200, b'<i csrf="redacted.crm_system.test.token.1">', PAGE)
    made = world(step(None, extract), answers=[shown])
    made.proxy().search()
    assert headers_of(made.request)["Authorization"] == "Bearer redacted.crm_system.test.token.1"
    for other in (
        {"token": {"path": 'regex:csrf="(\\d+)"'}}, {"token": {"path": "css:i@none",
        "secret": True}},
    ):  # fmt: skip
        assert "yields no token" in refusal(shown, step(None, other))
    found = answer(200, b'<i csrf="77"> redacted.crm_system.test.token.1', PAGE)
    made = world(step(None, extract), answers=[found])
    made.proxy().search()
    assert headers_of(made.request)["Authorization"] == "Bearer 77"
