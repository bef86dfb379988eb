"""What a draft decides at the edges of numbers, statuses, names and lengths."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bpmax_sim.messages import Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.platform.model import Platform
from bpmax_sim.starter.auth_guess import AuthGuess, guess_auth
from bpmax_sim.starter.path_patterns import ObservedPath, find_templates
from bpmax_sim.starter.scenario_draft import (
    ScriptedCall,
    UnplayableCall,
    draft_script_call,
    to_javascript,
)
from bpmax_sim.traffic.identify import identify_request
from bpmax_sim.traffic.imported import make_foreign_request

ADDRESS = "https://crm.example.test"
LARGEST = 2**53 - 1


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        (LARGEST - 1, True),
        (LARGEST, True),
        (LARGEST + 1, False),
        (-LARGEST, True),
        (-LARGEST - 1, False),
        (0, True),
        (True, True),
        (1e300, True),
        (None, True),
        ([1, 2, LARGEST + 1], False),
        ({"a": 1, "b": {}, "c": [[], [{"d": LARGEST + 1}]]}, False),
        ({"a": str(LARGEST + 1)}, True),
    ],
)
def test_a_number_that_javascript_does_not_keep_is_no_literal(value: Any, is_kept: bool) -> None:
    if is_kept:
        assert json.loads(to_javascript(value)) == value
        return
    with pytest.raises(UnplayableCall, match=f"{LARGEST + 1} is a number that"):
        to_javascript(value)


def drafted(
    outcome: Response | FailedExchange, headers: Pairs = (), **platform: Any
) -> ScriptedCall:
    """Return the drafted call of an API that was answered by *outcome*."""
    declared = {
        "platform_key": "crm",
        "base_url": ADDRESS,
        "apis": {"get": {"path": "/x", "headers": {"X-Tenant": "测试"}}},
    }
    matcher = ApiMatcher([msgspec.convert({**declared, **platform}, Platform)])
    sent = make_foreign_request("GET", f"{ADDRESS}/x", headers, None)
    request = identify_request(sent, matcher.match(sent))
    return draft_script_call(Exchange(request=request, outcome=outcome), matcher, 1)


def answered(status: int, body: bytes = b"{}", media: str = "application/json") -> Response:
    return Response(status=status, headers=(("content-type", media),), body=body)


@pytest.mark.parametrize(
    ("outcome", "is_rejected"),
    [
        (answered(199), True),
        (answered(200), False),
        (answered(204, b""), False),
        (answered(299), False),
        (answered(300), True),
        (answered(399), True),
        (answered(400), True),
        (answered(500), True),
        (answered(200, b""), False),
        (answered(200, b"{"), True),
        (answered(200, b"<p>", "application/problem+json"), True),
        (answered(200, b"{", "text/html"), False),
        (FailedExchange(code="TIMEOUT", message=""), True),
    ],
)
def test_a_draft_catches_what_rejects_and_nothing_else(
    outcome: Response | FailedExchange, is_rejected: bool
) -> None:
    assert (".catch(" in drafted(outcome).line) == is_rejected


@pytest.mark.parametrize(
    ("status", "is_rejected"), [(299, False), (300, False), (302, False), (399, False), (400, True)]
)
def test_a_redirect_that_is_the_result_does_not_reject(status: int, is_rejected: bool) -> None:
    apis = {"get": {"path": "/x", "redirects": "result"}}

    assert (".catch(" in drafted(answered(status), apis=apis).line) == is_rejected


@pytest.mark.parametrize("name", ["X-Tenant", "x-tenant", "X-TENANT", "Accept", "CONTENT-TYPE"])
def test_a_header_that_is_declared_or_made_is_not_drafted(name: str) -> None:
    apis = {"get": {"path": "/x", "headers": {"X-Tenant": "a", "X-Own": ""}, "parameters": [
        {"name": name, "in": "header"}]}}  # fmt: skip

    assert "$header" not in drafted(answered(200), ((name, "a"),), apis=apis).line


def guessed(*exchanges: tuple[Pairs, Any, Pairs]) -> AuthGuess:
    """Return the guess of calls, each with what it sends and with the body and headers it gets."""
    return guess_auth([
        Exchange(
            request=make_foreign_request("GET", f"{ADDRESS}/{order}", headers, None),
            outcome=Response(
                status=200,
                headers=(("content-type", "application/json"), *more),
                body=json.dumps(body).encode(),
            ),
            order=order,
        )
        for order, (headers, body, more) in enumerate(exchanges, 1)
    ])  # fmt: skip


@pytest.mark.parametrize(("length", "is_issued"), [(1, False), (7, False), (8, True), (9, True)])
@pytest.mark.parametrize("place", ["body", "header"])
def test_a_token_of_eight_characters_is_recognised_where_it_is_issued(
    length: int, is_issued: bool, place: str
) -> None:
    token = "a1b2c3d4e5"[:length]
    told = {"body": ({"token": token}, ()), "header": ({}, (("X-Auth-Token", token),))}[place]
    found = guessed(((), *told), ((("Authorization", f"Bearer {token}"),), {}, ()))

    assert bool(found.logins) == is_issued
    assert ("token" in found.credentials) != is_issued


@pytest.mark.parametrize(
    ("life", "unit"),
    [(0, None), (7200, None), (999_999, None), (1_000_000, "ms"), (7_200_000, "ms"), ("7200", "")],
)
def test_a_life_of_a_million_and_more_is_in_milliseconds(life: int | str, unit: str | None) -> None:
    token = "a1b2c3d4e5"
    told = {"token": token, "expires_in": life}
    found = guessed(((), told, ()), ((("Authorization", f"Bearer {token}"),), {}, ()))

    acquire = found.auth["acquire"]
    assert acquire.get("ttl", {}).get("unit") == (unit or None)
    assert ("ttl" in acquire["steps"][0]["extract"]) == (unit != "")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://crm.test/a%20b/c?d=/e#f", "/a%20b/c"),
        ("https://crm.test/a#b?c", "/a"),
        ("https://crm.test?next=https://other.test/a", "/"),
        ("https://crm.test#top", "/"),
    ],
)
def test_the_path_of_a_login_has_neither_query_nor_fragment(url: str, path: str) -> None:
    body = b'{"token": "a1b2c3d4e5"}'
    found = guess_auth([
        Exchange(request=Request(method="GET", url=url), outcome=answered(200, body), order=1),
        Exchange(
            request=make_foreign_request("GET", url, (("Authorization", "a1b2c3d4e5"),), None),
            outcome=answered(200), order=2,
        ),
    ])  # fmt: skip

    assert found.auth["acquire"]["steps"][0]["request"]["path"] == path
    assert any(
        str(one).endswith(f"what the response of GET {path} issued") for one in found.comments
    )


@pytest.mark.parametrize(
    ("paths", "template"),
    [
        ("/users/1 /users/2", "/users/{user_id}"),
        ("/users/1", "/users/{user_id}"),
        ("/kind/red /kind/green", None),
        ("/kind/red /kind/green /kind/blue", "/kind/{kind_id}"),
        (f"/x/{'a' * 31}", None),
        (f"/x/{'a' * 32}", None),
        (f"/x/{'a' * 33}", "/x/{x_id}"),
        ("/boxes/1", "/boxes/{box_id}"),
        ("/companies/1", "/companies/{company_id}"),
        ("/classes/1", "/classes/{class_id}"),
        ("/status/1", "/status/{status_id}"),
        ("/address/1", "/address/{address_id}"),
        ("/is/1", "/is/{is_id}"),
        ("/orders/1/orders/2", "/orders/{order_id}/orders/{order_id_2}"),
        ("/a/1/2/3", "/a/{a_id}/{a_id_2}/{a_id_3}"),
        ("/v1/x", None),
        ("/api/1/x", None),
        ("/api/v1.2/x", None),
    ],
)
def test_a_segment_is_a_parameter_where_it_is_a_value_or_has_three_alike(
    paths: str, template: str | None
) -> None:
    observed = [ObservedPath("GET", path, "{name:str}") for path in paths.split()]
    found = find_templates(observed)

    assert {*found.values()} == ({template} if template else {*paths.split()})
