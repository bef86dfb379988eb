"""What auth puts into a request: each value at each place is sent as it is, or told."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import AuthError, ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Api, Auth
from bpmax_sim.secret.vault import Credential, Credentials
from tests.proxy.world import BASE, World, answer, crm, headers_of, ok, rejected

HALF = "holds half a character (a lone surrogate)"
SENT = "crm_system.pay: what auth puts in cannot be sent"
ORDER = {"订单": "DD-2026-0042"}


def pay(auth: Any, value: str, *, path: str = "/orders", **fields: Any) -> World:
    """Return a world in which the credential ``key`` is *value*, after a call of its API."""
    api = Api(key="pay", method="POST", path=path, **fields.pop("api", {}))
    world = World(crm(api, auth=msgspec.convert(auth, Auth)), **fields)
    key = Credential(name="key", real=value, standin="redacted.crm_system.test.key.1")
    world.tenants["test"] = Credentials(key, live=BASE, declared=BASE)
    world.proxy().api("pay").body(ORDER).call()
    return world


def put(place: str, name: str = "key") -> dict[str, Any]:
    return {"apply": [{"in": place, "name": name, "value": "{{ key }}"}]}


def signed(**rule: Any) -> dict[str, Any]:
    emit = [{"in": "header", "name": "X-Sign", "value": "{{ signature }}"}]
    return {"sign": {"message": "合同", "key": "k", "emit": emit, **rule}}


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize(
    ("auth", "value", "path", "told"),
    [
        (put("header"), "a\ud800", "/orders",
         (f"{SENT}: header.key holds U+D800 at character 2, outside visible ASCII; encode it "
          "first, for example with encodeURIComponent(value)")),
        (put("query"), "a\ud800", "/orders", f"{SENT}: query.key {HALF}"),
        (put("query"), "\udc80", "/orders", f"{SENT}: query.key {HALF}"),
        (put("path"), "a\ud800", "/hooks/{key}", f"{SENT}: path.key {HALF}"),
        (put("path"), "", "/hooks/{key}",
         f"{SENT}: path.key is empty, which would call another address"),
        *(
            (put("path"), dots, "/hooks/{key}",
             (f"{SENT}: path.key is {dots!r}, which servers read as another address even when it "
              "is encoded; send another value"))
            for dots in (".", "..")
        ),
        (put("cookie"), "a\ud800", "/orders",
         ("the value of header 'Cookie' holds a line break or a character outside visible ASCII; "
         "encode it in the platform file, such as with | b64")),
        (signed(message="{{ key }}"), "a\ud800", "/orders",
         f"auth.sign cannot sign: the value {HALF}"),
        (signed(key="{{ key }}"), "a\ud800", "/orders", f"auth.sign cannot sign: the value {HALF}"),
        (signed(key=["k", "{{ key }}"]), "a\ud800", "/orders",
         f"auth.sign cannot sign: the value {HALF}"),
        (signed(set_query={"k": "{{ key }}"}), "a\ud800", "/orders", f"query.k: the value {HALF}"),
        (signed(set_headers={"K": "{{ key | b64 }}"}), "a\ud800", "/orders",
         f"template '{{{{ key | b64 }}}}': the value {HALF}"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_and_nothing_is_sent(
    auth: Any, value: str, path: str, told: str, *, separate: bool
) -> None:
    with pytest.raises(ConfigError) as caught:
        pay(auth, value, path=path, separate=separate)

    assert str(caught.value) == told


def test_a_field_of_a_form_with_half_a_character_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        pay(put("body"), "a\ud800", api={"encoding": "form"})

    assert str(caught.value) == f"body.key: the value {HALF}"


@pytest.mark.parametrize(
    "value", ["abc", "张三", 'a"b\\c', "\x00\x1f\x7f", "\u2028", "😀", "a\ud800", "\udc80", ""]
)
@pytest.mark.parametrize(("name", "steps"), [("key", ["key"]), ("auth.key", ["auth", "key"])])
def test_a_member_of_json_holds_any_text(value: str, name: str, steps: list[str]) -> None:
    body = json.loads(pay(put("body", name), value).request.body or b"")

    assert body.pop("订单") == ORDER["订单"]
    for step in steps:
        body = body[step]
    assert body == value


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("a/b?c=d", "/hooks/a%2Fb%3Fc%3Dd"),
        ("张三", "/hooks/%E5%BC%A0%E4%B8%89"),
        ("...", "/hooks/..."),
        ("a b~", "/hooks/a%20b~"),
    ],
)
@pytest.mark.parametrize("separate", [False, True])
def test_a_part_of_the_path_is_one_segment(value: str, url: str, *, separate: bool) -> None:
    world = pay(put("path"), value, path="/hooks/{key}", separate=separate)

    assert world.request.url == BASE + url
    assert world.request.recorded_form.url == (
        f"{BASE}/hooks/redacted.crm_system.test.key.1" if separate else BASE + url
    )


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        (b'"tok-\\ud800"', "yields a token that is no text"),
        (b'"\\udc80tok"', "yields a token that is no text"),
        (b'"tok-\\ufffd"', "yields a token that is not text in the charset of its page"),
        (b"true", "yields a token that is no text"),
        (b'["tok"]', "yields a token that is no text"),
        (b'""', "yields no token"),
        (b"null", "yields no token"),
        (b'"\\ud83d\\ude00"', ""),
        (b"12345678901234567890123", ""),
    ],
)
def test_a_login_yields_a_token_that_is_a_text(token: bytes, problem: str) -> None:
    steps = [{"request": {"path": "/token"}, "extract": {"token": {"path": "$.t", "secret": True}}}]
    apply = [{"in": "body", "name": "t", "value": "{{ token }}"}]
    auth = msgspec.convert({"acquire": {"steps": steps}, "apply": apply}, Auth)

    def respond(request: Request) -> Response:
        return answer(200, b'{"t":%s}' % token) if request.url.endswith("/token") else ok()

    world = World(crm(Api(key="pay", method="POST", path="/orders"), auth=auth), respond)
    call = world.proxy().api("pay").body(ORDER).call

    if not problem:
        call()
        assert json.loads(world.request.body or b"")["t"] == str(json.loads(token))
        assert headers_of(world.request)["Content-Type"] == "application/json"
        return
    error = rejected(call)
    assert isinstance(error, AuthError)
    assert error.message.startswith(f"crm_system: the login of instance 'test' {problem} (step 1")
