"""Where values of an exchange stand, which look like secrets, and what redacting changes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.messages import (
    Call,
    Chunk,
    Exchange,
    FailedExchange,
    Request,
    Response,
    SignatureInput,
)
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import (
    find_texts_at,
    find_undeclared_secrets,
    make_api_place_prefix,
    redact_exchange_again,
    redact_response,
    select_places_with_prefix,
)

BASE = "https://crm.example.test"
JSON = (("Content-Type", "application/json"),)
CALL = Call(platform="crm", instance="test", api="find", method="POST", path="/客户")
REQUEST = Request(method="POST", url=f"{BASE}/客户", base=BASE, headers=JSON, call=CALL)
RANDOM = "Zx9kLm8f14e45fceea167a5a36d"


@pytest.mark.parametrize(
    ("call", "url", "prefix"),
    [
        (CALL, "", "crm.find."), (replace(CALL, api=""), "", "crm."),
        (replace(CALL, platform="", api=""), f"{BASE}/a?b=1", f"POST {BASE}/a "),
        (None, f"{BASE}/a?b=1?c", f"POST {BASE}/a "), (None, BASE, f"POST {BASE} "),
    ],
)  # fmt: skip
def test_a_place_is_told_with_its_api_else_with_its_address(
    call: Call | None, url: str, prefix: str
) -> None:
    request = replace(REQUEST, call=call, url=url or REQUEST.url)
    assert make_api_place_prefix(request) == prefix


@pytest.mark.parametrize(
    ("prefix", "texts", "places"),
    [
        (
            "crm.find.",
            ("crm.find.body.a", "crm.find.query.b", "crm.find.x"),
            ("body.a", "query.b", "x"),
        ),
        ("crm.find.", ("crm.list.body.a", "crm.body.a", "body.a", "oa.crm.find.body.a"), ()),
        (
            "crm.",
            ("crm.body.a", "crm.header.b", "crm.find.body.c", "crm.body[0].d", "crm.x"),
            ("body.a", "header.b", "body[0].d"),
        ),
        (
            "crm.",
            ("crm.query.a", "crm.path.id", "crm.other.b"),
            ("query.a", "path.id"),
        ),
        (
            f"GET {BASE}/a ",
            (f"GET {BASE}/a body.x", f"GET {BASE}/a/b body.y", f"POST {BASE}/a body.z"),
            ("body.x",),
        ),
        ("crm.find.", (), ()),
    ],
)
def test_places_of_an_api_are_those_behind_its_name(
    prefix: str, texts: tuple[str, ...], places: tuple[str, ...]
) -> None:
    assert select_places_with_prefix(prefix, texts) == places


@pytest.mark.parametrize(
    ("place", "texts"),
    [
        ("body.名称", ["甲", "回甲"]),
        ("body.明细[*].号", ["1", "2", "3"]),
        ("body.明细[1].号", ["2"]),
        ("body.数", []),
        ("body.没有", []),
        ("query.q", ["问"]),
        ("header.x-a", ["头"]),
        ("header.X-A", ["头"]),
        ("header.x-b", ["回头"]),
        ("body.组", ["a", "b", "c"]),
        ("query.empty", [""]),
        ("header.x-auth", []),
    ],
)
def test_texts_are_found_in_the_request_and_its_response(place: str, texts: list[str]) -> None:
    sent = '{"名称":"甲","明细":[{"号":"1"},{"号":"2"},{"号":"3"}],"数":7}'
    request = replace(
        REQUEST, url=f"{BASE}/客户?q=%E9%97%AE&empty=", body=sent.encode(),
        headers=(*JSON, ("X-A", "头"), ("X-Auth", "t")), injected=("header.x-auth",),
    )  # fmt: skip
    answer = Response(
        status=200, headers=(*JSON, ("X-B", "回头")),
        body='{"名称":"回甲","组":["a",["b",{"c":"c"}],1,null]}'.encode(),
    )  # fmt: skip
    found = find_texts_at(Exchange(request=request, outcome=answer), [place])
    assert list(found) == [(place, text) for text in texts]

    failed = FailedExchange(code="RESET", message="x")
    alone = find_texts_at(Exchange(request=request, outcome=failed), [place, "query.q"])
    asked = [(place, text) for text in texts if not text.startswith("回") and place != "body.组"]
    assert list(alone) == [*asked, ("query.q", "问")]
    assert list(find_texts_at(Exchange(request=request, outcome=answer), [])) == []


def undeclared(
    request: Request = REQUEST, answer: Any = None, volatile: Any = (), not_secret: Any = ()
) -> list[str]:
    exchange = Exchange(request=request, outcome=answer or Response(status=204))
    return [place for place, _ in find_undeclared_secrets(exchange, volatile, not_secret)]


def body_of(size: int) -> bytes:
    """Return a body of *size* bytes that holds a random text."""
    start = f'{{"票":"{RANDOM}","n":"'.encode()
    return start + b" " * (size - len(start) - 2) + b'"}'


@pytest.mark.parametrize(("size", "found"), [(100, 1), (200_000, 1), (200_001, 0)])
def test_a_large_body_is_a_file(size: int, found: int) -> None:
    body = body_of(size)
    assert len(body) == size
    assert len(undeclared(replace(REQUEST, body=body))) == found
    assert len(undeclared(answer=Response(status=200, headers=JSON, body=body))) == found


@pytest.mark.parametrize(
    ("name", "is_tag"),
    [
        ("etag", True), ("ETag", True), ("x-etag", False), ("content-md5", True),
        ("x-amz-checksum-crc32", True), ("Digest", True), ("x-content-sha256", True),
        ("content-security-policy", True), ("server", True), ("X-Server", False),
        ("user-agent", True), ("via", True), ("viable", False), ("x-token", False),
    ],
)  # fmt: skip
def test_a_header_that_marks_content_is_no_secret(name: str, *, is_tag: bool) -> None:
    headers = (("a", "1"), ("b", "2"), (name, RANDOM))
    places = [] if is_tag else [f"crm.find.header.{name.lower()}"]

    assert undeclared(replace(REQUEST, headers=headers)) == places
    assert undeclared(answer=Response(status=200, headers=headers)) == places


@pytest.mark.parametrize(
    ("request_", "answer", "options", "places"),
    [
        (replace(REQUEST, url=f"{BASE}/客户?t={RANDOM}"), None, {}, ["query.t"]),
        (replace(REQUEST, url=f"{BASE}/客户?t=redacted.{RANDOM}"), None, {}, []),
        (
            replace(REQUEST, url=f"{BASE}/客户?t=Zx%39kLm8f14e45fceea167a5a36d"),
            None,
            {},
            ["query.t"],
        ),
        (replace(REQUEST, url=f"{BASE}/客户?t={RANDOM}", injected=("query.t",)), None, {}, []),
        (
            replace(REQUEST, url=f"{BASE}/客户?t={RANDOM}"),
            None,
            {"volatile": ("query.t",)},
            ["query.t"],
        ),
        (replace(REQUEST, url=f"{BASE}/客户?t={RANDOM}"), None, {"not_secret": ("query.t",)}, []),
        (replace(REQUEST, body=body_of(99), injected=("body.票",)), None, {}, []),
        (replace(REQUEST, body=body_of(99), injected=("body.n",)), None, {}, ["body.票"]),
        (REQUEST, Response(status=200, headers=JSON, body=body_of(99)), {}, ["body.票"]),
        (
            REQUEST,
            Response(status=200, headers=JSON, body=body_of(99)),
            {"volatile": ("body.票",)},
            [],
        ),
        (
            REQUEST,
            Response(status=200, headers=JSON, body=b"[[" + body_of(99) + b"]]"),
            {},
            ["body[*][*].票"],
        ),
        (REQUEST, Response(status=200, headers=(("Date", RANDOM),)), {}, []),
        (REQUEST, FailedExchange(code="RESET", message=RANDOM, received=body_of(99)), {}, []),
    ],
)
def test_a_random_text_is_told_unless_it_is_known(
    request_: Request, answer: Any, options: Any, places: list[str]
) -> None:
    assert undeclared(request_, answer, **options) == [f"crm.find.{place}" for place in places]


def vault_of(real: str, standin: str) -> Vault:
    vault = Vault()
    vault.add(real, standin, name="crm.test.token")
    return vault


@pytest.mark.parametrize("real", ["s3cret", "s3cret-value-that-is-longer-than-its-stand-in-is"])
@pytest.mark.parametrize("number", [1, 3, 255, 256, 257, 600])
def test_pieces_of_a_stream_end_where_they_ended_however_the_body_is_changed(
    number: int, real: str
) -> None:
    standin = "redacted.crm.test.token.1"
    piece = f"data: {real}\n".encode()
    chunks = tuple(Chunk(n / 1000, len(piece)) for n in range(number))
    answer = Response(status=200, body=piece * number, chunks=chunks)

    shown = redact_response(answer, REQUEST, vault_of(real, standin))

    assert shown.body == f"data: {standin}\n".encode() * number
    assert [one.at for one in shown.chunks] == [one.at for one in chunks]
    assert {one.length for one in shown.chunks} == {len(f"data: {standin}\n")}


@pytest.mark.parametrize("number", [3, 257])
def test_pieces_that_cut_a_secret_stay_in_order_and_end_with_the_body(number: int) -> None:
    body = b"s3cret-value" * number
    chunks = (*(Chunk(0.0, 5) for _ in range(number - 1)), Chunk(1.0, len(body) - 5 * (number - 1)))
    shown = redact_response(
        Response(status=200, body=body, chunks=chunks),
        REQUEST,
        vault_of("s3cret-value", "redacted.a"),
    )

    assert all(one.length >= 0 for one in shown.chunks)
    assert sum(one.length for one in shown.chunks) == len(shown.body) == 10 * number


@pytest.mark.parametrize(("number", "is_exact"), [(255, True), (256, True), (257, False)])
def test_of_many_pieces_the_ends_are_estimated(number: int, *, is_exact: bool) -> None:
    body = b"s3cret-value" + b"x" * (number - 1)
    chunks = (Chunk(0.0, 12), *(Chunk(1.0, 1) for _ in range(number - 1)))
    answer = Response(status=200, body=body, chunks=chunks)
    shown = redact_response(answer, REQUEST, vault_of("s3cret-value", "redacted.a")).chunks

    assert sum(one.length for one in shown) == len(body) - 2
    assert (shown[0].length == 10) == is_exact
    assert ({one.length for one in shown[1:]} == {1}) == is_exact


@pytest.mark.parametrize(
    ("lengths", "more", "ends"),
    [
        ((40, 8), 0, (10, 0)), ((4, 44), 0, (4, 6)), ((3,), 0, (10,)), ((48, 9), 0, (10, 0)),
        ((40, 10, 48), 50, (40, 0, 20)), ((48, 25, 25), 50, (10, 25, 25)),
    ],
)  # fmt: skip
def test_a_piece_is_never_shorter_than_nothing_and_the_last_has_the_rest(
    lengths: tuple[int, ...], more: int, ends: tuple[int, ...]
) -> None:
    secret = "s3cret-value-" + "y" * 35
    chunks = tuple(Chunk(0.0, length) for length in lengths)
    answer = Response(status=200, body=secret.encode() + b"z" * more, chunks=chunks)

    shown = redact_response(answer, REQUEST, vault_of(secret, "redacted.a")).chunks
    assert tuple(one.length for one in shown) == ends


def test_chunks_of_an_unchanged_body_are_the_same() -> None:
    chunks = (Chunk(0.1, 2), Chunk(0.2, 0), Chunk(0.3, 1))
    answer = Response(status=200, body=b"abc", chunks=chunks)

    assert redact_response(answer, REQUEST, vault_of("s3cret-value", "redacted.a")).chunks == chunks
    assert redact_response(replace(answer, chunks=()), REQUEST, Vault()).chunks == ()


SIGNED = SignatureInput(now=1.0, nonce="n")


@pytest.mark.parametrize(
    ("request_", "outcome", "is_signed"),
    [
        (
            replace(REQUEST, signed=SIGNED, body=b'{"a":"s3cret-value"}'),
            Response(status=200),
            False,
        ),
        (
            replace(REQUEST, signed=SIGNED, body=b"{}"),
            Response(status=200, body=b"s3cret-value"),
            True,
        ),
        (
            replace(REQUEST, signed=SIGNED),
            FailedExchange(code="RESET", message="", received=b"s3cret-value"),
            True,
        ),
    ],
    ids=["request", "response", "failure"],
)
def test_what_is_redacted_later_has_no_key_and_no_signature_that_is_compared(
    request_: Request, outcome: Any, *, is_signed: bool
) -> None:
    exchange = Exchange(request=request_, outcome=outcome, key="k", order=3, owner="甲", at=7.0)
    again = redact_exchange_again(exchange, vault_of("s3cret-value", "redacted.crm.test.token.1"))

    assert (again.request.signed is not None) == is_signed
    assert (again.key, again.order, again.owner, again.at) == ("", 3, "甲", 7.0)
    shown = again.outcome
    kept = shown.body if isinstance(shown, Response) else shown.received
    assert b"s3cret" not in kept + (again.request.body or b"")
    assert bool(kept) == (not isinstance(outcome, Response) or bool(outcome.body))
