"""Values that look like secrets and that nobody declared."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.secret.source import has_run_of_letters_and_digits, looks_random
from bpmax_sim.transport.redaction import find_undeclared_secrets
from tests.cassette.exchanges import answer, detail

TOKEN = "sk3ZtV9qLw7YxB2nPm5RkD8f"
JSON = (("content-type", "application/json"),)


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        f"https://example.test/hook?key={TOKEN}",
        "3f9a1c7be2054d68f1a7c93be0d24f56",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_what_was_drawn_by_chance_looks_so(text: str) -> None:
    assert looks_random(text)


@pytest.mark.parametrize(
    "text",
    [
        "张三",
        "采购合同-2026-0007",
        "HT-2026-0007-purchase-contract",
        "2026-03-02T09:00:00.000+08:00",
        "13800138000",
        "11010519491231002X",
        "91350100M000100Y43",
        "application/vnd.example.v2+json",
        "6d7e1c7a-a79c-4d2b-8eeb-6c54689dc054",
        "customerRelationshipManagement",
        "0000000000000000000001",
        "https://crm.example.test/customers/12345?fields=name%2Cphone",
        "aaaaaaaa1aaaaaaaa1aaaaaaaa",
    ],
)
def test_everyday_values_do_not(text: str) -> None:
    assert not looks_random(text)


@pytest.mark.parametrize("length", [24, 32, 40, 64])
def test_nearly_every_token_is_noticed(length: int) -> None:
    chance = random.Random(length)
    drawn = [chance.randbytes(length // 2).hex() for _ in range(1000)]

    assert sum(map(looks_random, drawn)) >= 970


words = st.lists(
    st.sampled_from([TOKEN, "3f9a1c7be2054d68f1a7c93be0d24f56", "x" * 40, "张三", "-", " ", "9"]),
    max_size=4,
).map("".join)


@given(words, words, words)
def test_no_part_of_a_text_without_a_mixed_run_looks_random(a: str, b: str, c: str) -> None:
    if looks_random(b):
        assert has_run_of_letters_and_digits(a + b + c)
    uuid = "6d7e1c7a-a79c-4d2b-8eeb-6c54689dc054"
    for whole in (a + b + c, f"{a}{uuid}{b}{uuid}{c}"):
        parts = [whole[start:end] for start in range(9) for end in range(9, len(whole))]
        assert has_run_of_letters_and_digits(whole) or not any(map(looks_random, parts))


@given(words, words, words, words)
def test_each_value_that_looks_random_is_told(url: str, own: str, form: str, back: str) -> None:
    """However it is written: the quick look before passes over none."""
    kind = ("content-type", "application/x-www-form-urlencoded")
    asking = asked(
        url=f"https://crm.example.test/customers/1?{quote('键')}={quote(url, safe='')}",
        headers=(("X-Own", own), kind),
        body=urlencode({"k": form}).encode(),
    )
    both = replace(asking, outcome=told(json.dumps({"k": back}).encode()).outcome)

    expected = {"query.键": url, "header.x-own": own, "body.k": form}
    wanted = [f"{NAME}.{place}" for place, value in expected.items() if looks_random(value)]
    assert places(both) == wanted + [f"{NAME}.body.k"] * looks_random(back)


def places(exchange: Exchange, *volatile: str) -> list[str]:
    return [place for place, _ in find_undeclared_secrets(exchange, volatile)]


def asked(**parts: Any) -> Exchange:
    return replace(detail(), request=replace(detail().request, **parts))


def told(body: bytes, *headers: tuple[str, str]) -> Exchange:
    return detail(outcome=Response(status=200, headers=(*JSON, *headers), body=body))


NAME = "crm_system.get_customer_detail"


def test_each_place_is_named_and_items_of_a_list_have_one() -> None:
    body = f'{{"data":{{"票据":"{TOKEN}","list":[{{"k":"{TOKEN}"}},{{"k":"{TOKEN}x"}}]}}}}'.encode()

    assert list(dict.fromkeys(places(told(body, ("X-Ticket", TOKEN))))) == [
        f"{NAME}.header.x-ticket",
        f"{NAME}.body.data.票据",
        f"{NAME}.body.data.list[*].k",
    ]


def test_a_request_is_looked_at_except_where_auth_put_something() -> None:
    url = f"{detail().request.base}/customers/1?sig={TOKEN}&page=2"

    assert places(asked(url=url, injected=("query.sig",))) == []
    assert places(asked(url=url, injected=())) == [f"{NAME}.query.sig"]
    assert places(asked(headers=(("X-Key", TOKEN),), injected=("header.x-key",))) == []
    cookie = (("Cookie", f"a=1; sid={TOKEN}"),)
    assert places(asked(headers=cookie, injected=("cookie.sid",))) == []
    form = (("content-type", "application/x-www-form-urlencoded"),)
    assert places(asked(headers=form, body=f"a=1&k={TOKEN}".encode())) == [f"{NAME}.body.k"]


def test_a_name_that_comes_again_is_looked_at_each_time() -> None:
    base = f"{detail().request.base}/customers/1"

    assert places(asked(url=f"{base}?t={TOKEN}&t=x&t=y")) == [f"{NAME}.query.t[*]"]
    assert places(asked(url=f"{base}?t=x&t={TOKEN}&T=y")) == [f"{NAME}.query.t[*]"]
    twice = (("X-Key", TOKEN), ("x-key", "a"))
    assert places(asked(headers=twice)) == [f"{NAME}.header.x-key[*]"]
    assert places(told(b"{}", *twice)) == [f"{NAME}.header.x-key[*]"]
    assert places(told(b"{}", ("X-Request-Id", TOKEN), ("x-request-id", "a"))) == []
    opened = find_undeclared_secrets(asked(url=f"{base}?t={TOKEN}&t=x"), (), ("query.t",))
    assert list(opened) == []
    returned = told(f'{{"票据":"{TOKEN}","k":"{TOKEN}"}}'.encode())
    opened = find_undeclared_secrets(returned, (), ("body.票据",))
    assert [place for place, _ in opened] == [f"{NAME}.body.k"]


def test_stand_ins_tags_passing_fields_and_files_are_none() -> None:
    known = f'{{"a":"redacted.crm.test.{TOKEN}.1","id":"{TOKEN}"}}'.encode()

    assert places(told(known, ("ETag", TOKEN), ("X-Amz-Content-SHA256", TOKEN)), "body.id") == []
    assert places(told(known, ("X-Request-Id", TOKEN)), "body.id") == []
    assert places(told(bytes(range(256)))) == []
    assert places(told(f'"{TOKEN}'.encode() * 10_000)) == []


def test_traffic_without_a_builder_is_named_by_its_address() -> None:
    request = Request(method="GET", url=f"https://sdk.test/x?k={TOKEN}")

    assert places(Exchange(request=request, outcome=answer())) == ["GET https://sdk.test/x query.k"]
