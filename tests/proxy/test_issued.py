"""What of a response is secret, and what is known to be none, by each kind of place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import Call, Request, Response, Sensitive
from bpmax_sim.platform.model import (
    Acquire,
    Api,
    Auth,
    Condition,
    ErrorClass,
    Extract,
    LoginRequest,
    LoginStep,
    OkRule,
    Parameter,
    Platform,
    ResponseRules,
)
from bpmax_sim.proxy.result import find_not_secret_texts, register_issued_secrets
from bpmax_sim.secret.vault import Vault
from bpmax_sim.strategies import with_instances
from tests.proxy.world import answer

CALL = Call(platform="crm", instance="test", api="get", method="GET", path="/a")
SENT = Request(method="GET", url="https://crm.test/a", call=CALL)
LOGIN = replace(SENT, call=replace(CALL, api="$token"))
BODY = {
    "token": "tok-aaaa1",
    "deep": {
        "list": [{"key": "key-bbbb1"}, {"key": "key-bbbb2"}, {"other": 1, "key": "key-bbbb3"}]
    },
    "number": 12345678,
    "fraction": 1234.5678,
    "yes": True,
    "nothing": None,
    "map": {"a": "inner-cccc"},
    "": "odd-dddd",
}
HEADERS = {
    "X-Token": "head-eeee1",
    "Location": "https://a.test/b?code=code-ffff1&state=stat-ffff2&expires_in=7200000"
    "#frag=frag-ffff3",
    "Content-Location": "/x/path-gggg1",
}


def _hidden(path: str, response: Response, request: Request = SENT) -> list[str]:
    """Return which of all values are known to the vault, once *path* was said to be secret."""
    vault = Vault()
    register_issued_secrets(replace(request, sensitive=(Sensitive(path, "s"),)), response, vault)
    texts = json.dumps(BODY, ensure_ascii=False) + str(HEADERS) + "sid-hhhh1"
    words = [word for word in WORDS if word in texts]
    hidden = [word for word in words if vault.redact_text(f"<{word}>") != f"<{word}>"]
    assert vault.size == len(hidden)
    return hidden


WORDS = (
    *("tok-aaaa1", "key-bbbb1", "key-bbbb2", "key-bbbb3", "12345678", "1234.5678", "true"),
    *("inner-cccc", "odd-dddd", "head-eeee1", "code-ffff1", "stat-ffff2", "7200000"),
    *("frag-ffff3", "/x/path-gggg1", "sid-hhhh1"),
)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("$.token", ["tok-aaaa1"]),
        ("body.token", ["tok-aaaa1"]),
        ("body.deep.list[*].key", ["key-bbbb1", "key-bbbb2", "key-bbbb3"]),
        ("body.deep.list[2].key", ["key-bbbb3"]),
        ("$.deep.list[*].key", ["key-bbbb1", "key-bbbb2", "key-bbbb3"]),
        ("$.deep.list[1].key", ["key-bbbb2"]),
        ("$.number", ["12345678"]),
        ("$.fraction", ["1234.5678"]),
        *[(f"{root}.{name}", []) for root in ("$", "body") for name in ("yes", "nothing", "map")],
        ("$.gone", []),
        ("body.gone[*]", []),
        ("header:x-token", ["head-eeee1"]),
        ("header:X-Gone", []),
        ("header:Location", ["code-ffff1", "stat-ffff2", "frag-ffff3"]),
        ("header:LOCATION", ["code-ffff1", "stat-ffff2", "frag-ffff3"]),
        ("header:content-location", ["/x/path-gggg1"]),
        ("cookie:sid", ["sid-hhhh1"]),
        ("cookie:gone", []),
    ],
)
def test_a_sensitive_place_hides_what_stands_there(path: str, hidden: list[str]) -> None:
    response = answer(200, BODY, {**HEADERS, "Set-Cookie": "sid=sid-hhhh1; Path=/"})

    assert _hidden(path, response) == hidden
    assert _hidden(path, response, replace(SENT, call=None)) == []


@pytest.mark.parametrize("name", ["Location", "Content-Location", "CONTENT-LOCATION"])
def test_what_a_location_holds_is_hidden_though_it_is_no_address(name: str) -> None:
    response = answer(302, b"", {name: "https://[other.test/x?code=code-ffff1#s=stat-ffff2"})

    assert _hidden(f"header:{name}", response) == ["code-ffff1", "stat-ffff2"]
    assert _hidden(f"header:{name.lower()}", response) == ["code-ffff1", "stat-ffff2"]


def test_a_header_that_is_no_location_is_hidden_as_a_whole() -> None:
    whole = "/x?code=code-ffff1&expires_in=7200000"
    response = answer(302, b"", {"X-Location": whole})
    vault = Vault()

    sent = replace(SENT, sensitive=(Sensitive("header:X-Location", "s"),))
    register_issued_secrets(sent, response, vault)

    assert vault.redact_text(f"<{whole}>") == "<redacted.crm.test.s.1>"


def test_each_of_several_places_is_hidden_under_its_name_and_kind() -> None:
    vault = Vault()
    places = (
        Sensitive("$.token", "t"),
        Sensitive("$.gone", "g"),
        Sensitive("$.number", "n", "hex"),
    )

    register_issued_secrets(replace(SENT, sensitive=places), answer(200, BODY), vault)

    assert vault.redact_text("tok-aaaa1") == "redacted.crm.test.t.1"
    assert vault.redact_text("12345678") not in {"12345678", "redacted.crm.test.n.1"}
    assert vault.size == 2


@pytest.mark.parametrize("body", [b"[1,", b"", b"text", b"[]", b"null", b'"tok-aaaa1"'])
def test_a_body_of_another_shape_has_no_places(body: bytes) -> None:
    for path in ("$.token", "$.list[*].a", "body.token", "body[*]"):
        assert _hidden(path, answer(200, body)) == []


def _login(**extract: Extract) -> Auth:
    step = LoginStep(request=LoginRequest(path="/t"), extract=extract)
    return Auth(acquire=Acquire(steps=(step,)))


OPEN = Platform(
    platform_key="crm",
    base_url="https://crm.test",
    auth=_login(
        token=Extract(path="$.token", secret=True),
        tenant=Extract(path="$.map.a", secret=False),
        every=Extract(path="$.deep.list[*].key", secret=False),
        count=Extract(path="$.number", secret=False),
        gone=Extract(path="$.gone", secret=False),
        sid=Extract(path="cookie:sid", secret=False),
    ),
    apis={
        "get": Api(
            key="get", parameters=(Parameter(name="a", place="query", enum=("开", "关", 1)),)
        )
    },
)
CLOSED = replace(OPEN, auth=_login(token=Extract(path="$.token", secret=True)))
CODED = replace(OPEN, response=ResponseRules(
    ok=OkRule(all=(Condition(path="$.code", any_of=("000000",)),)), code=("$.map.a", "$.gone"),
    classes={"token": ErrorClass(code=(40014,))},
))  # fmt: skip
CODES = {"000000", "40014"}
ENUM = {"开", "关"}
EXTRACTED = {"inner-cccc", "key-bbbb1", "key-bbbb2", "key-bbbb3"}


@pytest.mark.parametrize(
    ("platform", "request_", "response", "texts"),
    [
        (OPEN, LOGIN, answer(200, BODY), ENUM | EXTRACTED),
        (OPEN, SENT, answer(200, BODY), ENUM),
        (OPEN, LOGIN, None, ENUM),
        (CLOSED, LOGIN, answer(200, BODY), ENUM),
        (CODED, LOGIN, answer(200, BODY), ENUM | EXTRACTED | CODES),
        (CODED, SENT, answer(200, BODY), ENUM | CODES),
        (replace(CODED, auth=CLOSED.auth), LOGIN, answer(200, BODY), ENUM | CODES | {"inner-cccc"}),
        (OPEN, replace(SENT, call=None), answer(200, BODY), set()),
        (OPEN, replace(LOGIN, call=replace(CALL, platform="oms")), answer(200, BODY), set()),
    ],
)
def test_what_is_declared_to_be_no_secret_is_known(
    platform: Platform, request_: Request, response: Response | None, texts: set[Any]
) -> None:
    declared = with_instances(platform=platform)

    assert find_not_secret_texts(declared, request_, response) == texts
