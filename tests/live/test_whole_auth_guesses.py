# ruff: noqa: E501 - exchanges, one a line
"""The auth of a platform whose traffic has a bit of everything, whole."""

from __future__ import annotations

import base64
import json
from typing import Any

from bpmax_sim.messages import Exchange, FailedExchange, Pairs, Response
from bpmax_sim.starter.auth_guess import (
    AuthGuess,
    find_credentials,
    find_issued_value_places,
    group_origins_by_tokens,
    guess_auth,
)
from bpmax_sim.traffic.imported import make_foreign_request

CRM = "https://crm.example.test"
JSON: Pairs = (("Content-Type", "application/json"),)
FORM: Pairs = (("Content-Type", "application/x-www-form-urlencoded"),)
TICKET, TOKEN, SESSION = "tk-8f14e45f", "at-c9f0f895fb98", "ss-45c48cce2e2d"
BASIC = f"Basic {base64.b64encode(b'bpmax:s3cret-2026').decode()}"


def seen(
    line: str,
    answer: Any = None,
    *,
    headers: Pairs = (),
    body: str = "",
    given: Pairs = (),
    status: int = 200,
) -> Exchange:
    """Return the exchange of *line*, such as ``GET /orders``; its response has headers *given*."""
    method, _, url = line.partition(" ")
    whole = url if "://" in url else f"{CRM}{url}"
    answered = Response(
        status=status,
        headers=(*JSON, *given),
        body=json.dumps({} if answer is None else answer).encode(),
    )
    return Exchange(
        request=make_foreign_request(method, whole, headers, body.encode() or None),
        outcome=answered,
    )


def guess(*exchanges: Exchange) -> AuthGuess:
    return guess_auth(
        [
            Exchange(request=one.request, outcome=one.outcome, order=number)
            for number, one in enumerate(exchanges, 1)
        ]
    )


def test_a_login_in_two_steps_beside_a_key_a_signature_and_a_page() -> None:
    asked = '{"clientSecret": "s-1234567", "用户": "zs", "次": 5, "Audience": "x", "空": "", "租": {"tenantId": "华东"}}'
    bearer = (("AUTHORIZATION", f"Bearer {TOKEN}"), ("Cookie", f"SESSION={SESSION}; lang=zh"))
    found = guess(
        seen("GET /captcha", {"data": 1}),
        seen("POST /oauth/ticket?appId=a1&lang=zh", {"data": {"ticket": TICKET}, "ttl": 60},
             headers=JSON, body=asked),
        seen(f"POST /oauth/token?ticket={TICKET}", {"access_token": TOKEN, "Expires_In": 7_200_000},
             headers=(*FORM, ("authorization", BASIC)),
             body=f"grant_type=client_credentials&备注=&ticket={TICKET}&client_id=c-1",
             given=(("Set-Cookie", f"SESSION={SESSION}; Path=/"),)),
        seen("GET /orders?page=1", headers=(*bearer, ("X-Api-Key", "k-1"), ("X-Sign", "s1"),
                                            ("X-CSRF-Token", "c-1"))),
        seen("GET /orders?page=2", headers=(("authorization", f"Bearer {TOKEN}"),
                                            ("x-api-key", "k-1"), ("X-Sign", "s2"))),
        seen("GET /orders?page=3", headers=(*bearer, ("Proxy-Authorization", "Basic x"))),
    )  # fmt: skip

    assert found.auth == {
        "acquire": {
            "share": [
                "appid", "client_id", "client_id_2", "client_secret", "clientsecret", "key",
                "tenantid",
            ],
            "steps": [
                {
                    "request": {
                        "method": "POST", "path": "/oauth/ticket",
                        "query": {"appId": "{{ appid }}", "lang": "zh"},
                        "body": {
                            "clientSecret": "{{ clientsecret }}", "用户": "{{ key }}", "次": 5,
                            "Audience": "x", "空": "", "租": {"tenantId": "{{ tenantid }}"},
                        },
                    },
                    "extract": {
                        "step_1": {"path": "$.data.ticket", "secret": True},
                        "ttl": {"path": "$.ttl", "optional": True},
                    },
                },
                {
                    "request": {
                        "method": "POST", "path": "/oauth/token",
                        "query": {"ticket": "{{ step_1 }}"},
                        "headers": {
                            "Authorization": "Basic {{ (client_id ~ ':' ~ client_secret) | b64 }}"
                        },
                        "form": {
                            "grant_type": "client_credentials", "备注": "",
                            "ticket": "{{ step_1 }}", "client_id": "{{ client_id_2 }}",
                        },
                    },
                    "extract": {
                        "token": {"path": "cookie:SESSION", "secret": True},
                        "token_2": {"path": "$.access_token", "secret": True},
                        "ttl": {"path": "$.Expires_In", "optional": True},
                    },
                },
            ],
            "ttl": {"unit": "ms"},
        },
        "apply": [
            {"in": "cookie", "name": "SESSION", "value": "{{ token }}"},
            {"in": "header", "name": "Authorization", "value": "Bearer {{ token_2 }}"},
            {"in": "header", "name": "X-Api-Key", "value": "{{ x_api_key }}"},
            {"in": "header", "name": "X-Sign", "value": "{{ x_sign }}"},
        ],
        "recover": {"token": {"refresh": 1}},
    }  # fmt: skip
    secret = {"secret": True}
    assert found.credentials == {
        "appid": {}, "clientsecret": secret, "key": {}, "tenantid": {}, "client_id": {},
        "client_secret": secret, "client_id_2": {}, "x_api_key": secret, "x_sign": secret,
    }  # fmt: skip
    unseen = "is of a page that was not seen, so it stays in the script; see the presets"
    assert found.comments == (
        "cookie SESSION carries what the response of POST /oauth/token issued",
        "header Authorization carries what the response of POST /oauth/token issued",
        "the login has several steps: POST /oauth/token sends what POST /oauth/ticket issued",
        f"cookie lang {unseen} csrf_session and form_session",
        "header X-Api-Key is the same in all requests",
        f"header X-CSRF-Token {unseen} csrf_session and form_session",
        "header X-Sign differs from request to request: a signature? Then declare `sign`, as how-to/sign-requests says",
    )
    assert [one.order for one in found.logins] == [2, 3]
    assert [(one.place, one.name) for one in found.places] == [
        ("cookie", "SESSION"), ("header", "Authorization"), ("header", "X-Api-Key"),
        ("header", "X-Sign"),
    ]  # fmt: skip


def test_a_credential_is_known_by_its_name_and_place() -> None:
    exchange = seen(
        "GET /a?access_token=q-1&page=2&Sign=q-2",
        headers=(
            ("AuthorizatioN", "Bearer x"), ("PROXY-authorization", "Basic x"), ("X-Page", "1"),
            ("X-API-KEY", "k"), ("cookie", "a=1; b=2"),
        ),
    )  # fmt: skip

    found = [(place.place, place.name, text) for place, text in find_credentials(exchange.request)]
    assert found == [
        ("cookie", "a", "1"), ("cookie", "b", "2"), ("header", "Authorization", "Bearer x"),
        ("header", "X-API-KEY", "k"), ("query", "access_token", "q-1"), ("query", "Sign", "q-2"),
    ]  # fmt: skip


def test_origins_that_hand_on_a_token_are_one_platform() -> None:
    def key(value: str) -> Exchange:
        return seen("GET /a", headers=(("X-Api-Key", value),))

    lost = Exchange(request=key("k-9").request, outcome=FailedExchange(code="RESET", message=""))
    issued = seen("POST /login", {"token": TOKEN, "page": "第一页-第一页"})
    carried = seen("GET /a", headers=(("Authorization", f"Bearer {TOKEN}"),))
    groups = [
        ("https://甲", [key("k-1"), seen("GET /a", headers=(("Cookie", "lang=zh"),))]),
        ("https://乙", [key("k-2"), issued]),
        ("https://丙", [key("k-1"), key("k-3")]),
        ("https://丁", [carried, lost]),
        ("https://戊", [key("k-3"), key("k-2")]),
        ("https://己", [seen("GET /a", {"page": "第一页-第一页"}, headers=(("Cookie", "lang=zh"),))]),
        ("https://庚", [key("k-8"), lost]),
    ]  # fmt: skip

    assert group_origins_by_tokens(groups[:3]) == [{"https://甲", "https://丙"}]
    assert group_origins_by_tokens(groups[-2:]) == []
    first, *rest = group_origins_by_tokens(groups)
    assert (rest, first) == (
        [], {f"https://{name}" for name in "甲乙丙丁戊庚"},
    )  # fmt: skip


SENT: dict[str, list[tuple[str, Pairs]]] = {
    # what each request carries: the path with its query, and headers
    "basic": [("/a", (("Authorization", "Basic enM6cDp3"),))] * 2,
    "csrf": [("/a", (("X-CSRF-Token", "abcdefgh12"),))] * 2,
    "cookies": [("/a", (("Cookie", "sid=abcdefgh12; lang=zh"),))],
    "one token": [("/a", (("Authorization", "Bearer abcdefgh12"),))] * 2,
    "two tokens": [("/a", (("Authorization", f"Bearer abcdefgh1{n}"),)) for n in (1, 2)],
    "two tokens of four": [("/a", (("X-Token", f"abcdefgh1{n // 2}"),)) for n in range(4)],
    "three of four": [("/a", (("X-Token", f"abcdefgh1{n % 3}"),)) for n in range(4)],
    "signatures": [("/a", (("X-Sign", f"abcdefgh1{n}"),)) for n in range(2)],
    "a signature": [("/a", (("X-Sign", "abcdefgh12"),))],
    "a key": [("/a", (("X-Api-Key", "abcdefgh12"), ("X-App", "a")))],
    "a parameter": [("/a?access_token=abcdefgh12&k=1", ())] * 2,
    "nothing": [("/a", ())],
}
UNSEEN = (
    "is of a page that was not seen, so it stays in the script; see the presets csrf_session and "
    "form_session"
)
DIFFERS = (
    "differs from request to request: a signature? Then declare `sign`, as how-to/sign-requests "
    "says"
)
SAME = "is the same in all requests"


def test_what_requests_carry_without_a_login_is_guessed_by_its_place_and_its_values() -> None:
    guesses = {
        name: guess_auth([
            seen(f"GET {path}", {}, headers=headers) for path, headers in requests
        ]) for name, requests in SENT.items()
    }  # fmt: skip
    key: dict[str, Any] = {"preset": "api_key", "in": "header"}

    assert {
        name: (one.auth, [*one.credentials], [*map(str, one.comments)])
        for name, one in guesses.items()
    } == {
        "basic": ("basic", ["username", "password"],
                  ["requests carry a user name and a password (HTTP Basic)"]),
        "csrf": ("none", [], [f"header X-CSRF-Token {UNSEEN}"]),
        "cookies": ("none", [], [f"cookie lang {UNSEEN}", f"cookie sid {UNSEEN}"]),
        "one token": ("bearer", ["token"], [f"header Authorization {SAME}"]),
        "two tokens": ("bearer", ["token"], [f"header Authorization {DIFFERS}"]),
        "two tokens of four": (key | {"name": "X-Token"}, ["key"], [f"header X-Token {SAME}"]),
        "three of four": (key | {"name": "X-Token"}, ["key"], [f"header X-Token {DIFFERS}"]),
        "signatures": (key | {"name": "X-Sign"}, ["key"], [f"header X-Sign {DIFFERS}"]),
        "a signature": (key | {"name": "X-Sign"}, ["key"], [f"header X-Sign {SAME}"]),
        "a key": (key | {"name": "X-Api-Key"}, ["key"], [f"header X-Api-Key {SAME}"]),
        "a parameter": ({"preset": "api_key", "in": "query", "name": "access_token"}, ["key"],
                        [f"query access_token {SAME}"]),
        "nothing": ("none", [], []),
    }  # fmt: skip


def test_a_value_is_issued_where_it_stands_first_cookies_before_headers_before_bodies() -> None:
    cookie, own, other = ("Set-Cookie", f"sid={TOKEN}"), ("X-Auth-Token", TOKEN), ("Token", TOKEN)
    given: dict[str, Pairs] = {
        "header:X-Auth-Token": (own, other), "header:Token": (other, own),
        "cookie:sid": (other, cookie, own),
    }  # fmt: skip

    for place, headers in given.items():
        outcome = seen("GET /", {"token": TOKEN}, given=headers).outcome
        assert isinstance(outcome, Response)
        assert find_issued_value_places(outcome) == {TOKEN: place}


def test_a_login_sends_what_a_step_before_it_issued_from_eight_characters_on() -> None:
    def count_steps(code: str, headers: Pairs, body: str) -> int:
        start = seen("GET /start", {}, given=(("Set-Cookie", f"sid={code}"),))
        login = seen(f"POST /login?code={code if not body else ''}", {"token": TOKEN},
                     headers=headers, body=body)  # fmt: skip
        use = seen("GET /a", {}, headers=(("Authorization", f"Bearer {TOKEN}"),))
        exchanges = [
            Exchange(request=one.request, outcome=one.outcome, order=number)
            for number, one in enumerate((start, login, use), 1)
        ]
        return len(guess_auth(exchanges).auth["acquire"]["steps"])

    assert {
        code: [
            count_steps(code, (), ""),
            count_steps(code, JSON, json.dumps({"code": code})),
            count_steps(code, FORM, f"code={code}"),
        ]
        for code in ("q7w8e9r", "q7w8e9r0", "q7w8e9r0t")
    } == {"q7w8e9r": [1, 1, 1], "q7w8e9r0": [2, 2, 2], "q7w8e9r0t": [2, 2, 2]}
