"""What clients spell differently, and values that servers share by chance, in the traffic of one
platform or of several.
"""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.messages import Pairs
from bpmax_sim.starter.auth_guess import group_origins_by_tokens, guess_auth
from bpmax_sim.starter.platform_draft import draft_platform
from tests.live.test_draft_boundaries import CARRIES, TOKEN, exchanged

ADDRESS = "https://crm.example.test"


@pytest.mark.parametrize(
    ("names", "auth"),
    [
        (["X-Api-Key", "x-api-key", "X-API-KEY"],
         {"preset": "api_key", "in": "header", "name": "X-Api-Key"}),
        (["x-api-key", "X-Api-Key"], {"preset": "api_key", "in": "header", "name": "x-api-key"}),
        (["Authorization", "authorization"], {"apply": [
            {"in": "header", "name": "Authorization", "value": "{{ token }}"}]}),
        (["X-Api-Key", "X-Apikey"], {"apply": [
            {"in": "header", "name": "X-Api-Key", "value": "{{ x_api_key }}"},
            {"in": "header", "name": "X-Apikey", "value": "{{ x_apikey }}"}]}),
    ],
)  # fmt: skip
def test_a_header_is_one_credential_however_clients_spell_it(
    names: list[str], auth: dict[str, Any]
) -> None:
    found = guess_auth([
        exchanged(number, f"/{number}", ((name, "k-4711-0815"),))
        for number, name in enumerate(names, 1)
    ])  # fmt: skip

    assert found.auth == auth


def test_a_parameter_of_a_query_is_another_one_in_another_case() -> None:
    found = guess_auth([exchanged(1, "/a?token=k-4711-0815"), exchanged(2, "/a?Token=k-0815-4711")])

    assert [one.name for one in found.places] == ["Token", "token"]


@pytest.mark.parametrize(
    ("headers", "lines"),
    [
        ([["X-Tenant"], ["x-tenant"], ["X-TENANT"]],
         ["- {name: X-Tenant, in: header, required: true}"]),
        ([["x-tenant", "X-Trace"], ["X-Tenant"], []],
         ["- {name: x-tenant, in: header}", "- {name: X-Trace, in: header}"]),
        ([["X-Tenant"], ["X-Tenants"]],
         ["- {name: X-Tenant, in: header}", "- {name: X-Tenants, in: header}"]),
    ],
)  # fmt: skip
def test_a_header_is_one_parameter_however_clients_spell_it(
    headers: list[list[str]], lines: list[str]
) -> None:
    calls = [
        exchanged(number, "/a", tuple((name, "东区") for name in names))
        for number, names in enumerate(headers, 1)
    ]
    text = draft_platform("crm", calls, [ADDRESS]).text

    assert [line.strip() for line in text.splitlines() if "in: header" in line] == lines


def cookies(text: str) -> Pairs:
    return (("Cookie", text),)


@pytest.mark.parametrize(
    ("crm", "erp", "is_joint"),
    [
        (exchanged(1, "/", cookies("lang=zh; theme=dark")),
         exchanged(2, "/", cookies("locale=zh; theme=dark")), False),
        (exchanged(1, "/", cookies("sid=a1b2c3d")), exchanged(2, "/", cookies("sid=a1b2c3d")),
         False),
        (exchanged(1, "/", cookies("sid=a1b2c3d4")), exchanged(2, "/", cookies("sid=a1b2c3d4")),
         True),
        (exchanged(1, "/", cookies("sid=")), exchanged(2, "/", cookies("token=")), False),
        (exchanged(1, "/", (("X-Api-Key", ""),)), exchanged(2, "/", (("X-Token", ""),)), False),
        (exchanged(1, "/", (("X-Api-Key", "k1"),)), exchanged(2, "/", (("X-Token", "k1"),)), True),
        (exchanged(1, "/", more=(("Set-Cookie", "lang=zh"),)),
         exchanged(2, "/", more=(("Set-Cookie", "lang=zh"),)), False),
        (exchanged(1, "/", more=(("Set-Cookie", f"sid={TOKEN}"),)), exchanged(2, "/", CARRIES),
         True),
    ],
)  # fmt: skip
def test_origins_that_share_what_is_no_token_are_several_platforms(
    crm: Any, erp: Any, *, is_joint: bool
) -> None:
    found = group_origins_by_tokens([("crm", [crm]), ("erp", [erp])])

    assert found == ([{"crm", "erp"}] if is_joint else [])


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"expire": False, "expires_in": 7200}, "$.expires_in"),
        ({"expires": True}, None),
        ({"expire": None, "data": {"ttl": 0}}, "$.data.ttl"),
        ({"ttl": 7200.0}, None),
    ],
)
def test_the_life_of_a_token_is_a_whole_number(answer: dict[str, Any], path: str | None) -> None:
    found = guess_auth(
        [exchanged(1, "/login", answer={"token": TOKEN, **answer}), exchanged(2, "/a", CARRIES)]
    )

    extract = found.auth["acquire"]["steps"][0]["extract"]
    assert extract.get("ttl") == ({"path": path, "optional": True} if path else None)
