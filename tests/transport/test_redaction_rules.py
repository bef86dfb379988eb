"""Exchanges as they are recorded: pseudonyms at each place, secrets in each encoding."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote

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
from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import (
    decode_compressed_body,
    decode_url_component,
    find_script_credentials,
    find_texts_at,
    find_undeclared_secrets,
    get_tenant,
    make_api_place_prefix,
    pseudonymise_body,
    pseudonymise_pairs,
    pseudonymise_path,
    pseudonymise_url,
    redact_exchange_again,
    redact_request,
    redact_request_and_response,
    redact_response,
    register_response_cookies,
    select_places_with_prefix,
)

PHONE, NAME = "13800138000", "张三"
FAKE, FAKE_NAME = make_pseudonym(PHONE), make_pseudonym(NAME)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
KEY, STANDIN = "k3y-9f2z-abc", "redacted.crm.test.key.1"


def test_pairs_and_addresses_have_pseudonyms_at_their_places() -> None:
    pairs = (("Phone", PHONE), ("other", PHONE), ("PHONE", NAME), ("phone", "0"))
    assert pseudonymise_pairs(pairs, ("query.phone",), "query") == (
        ("Phone", FAKE), ("other", PHONE), ("PHONE", FAKE_NAME), ("phone", "0"),
    )  # fmt: skip
    assert pseudonymise_pairs(pairs, ("header.phone", "body.other"), "query") == pairs
    assert pseudonymise_pairs(pairs, ("query",), "query")[1] == ("other", FAKE)
    assert pseudonymise_pairs(pairs, ("query.*",), "query")[1] == ("other", FAKE)
    assert pseudonymise_pairs(pairs, ("header",), "header") == pairs
    assert pseudonymise_pairs(pairs, ("header.OTHER",), "header")[1] == ("other", FAKE)
    urls = {
        f"/x?phone={PHONE}&a=1&Phone=": f"/x?phone={FAKE}&a=1&Phone=",
        "/x?%70hone=%E5%BC%A0%E4%B8%89&b": None,
        "/x?phone=%D5%C5%C8%FD": None,
        f"/phone={PHONE}": f"/phone={PHONE}",
        f"/x?q={PHONE}": f"/x?q={PHONE}",
        "/x?phone=a+b": None,
    }
    urls["/x?%70hone=%E5%BC%A0%E4%B8%89&b"] = f"/x?%70hone={quote(FAKE_NAME)}&b"
    urls["/x?phone=%D5%C5%C8%FD"] = f"/x?phone={quote(FAKE_NAME, encoding='gb18030')}"
    urls["/x?phone=a+b"] = f"/x?phone={quote(make_pseudonym('a b'))}"
    assert {url: pseudonymise_url(url, ("query.phone",)) for url in urls} == urls
    assert pseudonymise_url("/x?phone=1", ()) == "/x?phone=1"
    template = "/u/{phone}/o/{no}"
    assert (
        pseudonymise_path(f"/u/{PHONE}/o/{PHONE}", template, ("path.Phone",))
        == f"/u/{FAKE}/o/{PHONE}"
    )
    assert pseudonymise_path(f"/u/{PHONE}/o/{PHONE}", template, ("path",)) == f"/u/{FAKE}/o/{FAKE}"
    assert pseudonymise_path(f"/u/{PHONE}/o/1", "", ("path.phone",)) == f"/u/{PHONE}/o/1"
    assert pseudonymise_path(f"/u/{PHONE}/o/1", template, ("query.phone",)) == f"/u/{PHONE}/o/1"
    assert pseudonymise_path("/u/%D5%C5%C8%FD/o/1", template, ("path.phone",)) == (
        f"/u/{quote(FAKE_NAME, encoding='gb18030')}/o/1"
    )
    components = {
        "a+b%20c": ("a b c", "utf-8"), "%E5%BC%A0": ("张", "utf-8"), "%D5%C5": ("张", "gb18030"),
        "%FF%FF": ("ÿÿ", "latin-1"), "": ("", "utf-8"),
    }  # fmt: skip
    assert {text: decode_url_component(text) for text in components} == components


def body(data: Any, *places: str, media: str = JSON, charset: str = "") -> Any:
    """Return a body with pseudonyms as text, or its bytes if it is no UTF-8."""
    raw = data if isinstance(data, bytes) else data.encode()
    shown = pseudonymise_body(raw, media, places, charset)
    return shown if isinstance(data, bytes) else shown.decode()


def test_a_json_body_keeps_all_but_its_personal_texts() -> None:
    text = f'{{ "a": "{PHONE}", "b": [{{"a": "{NAME}", "n": 1.50}}, {{"a": 5}}], "c": "{NAME}" }}'
    assert body(text, "body.a") == text.replace(PHONE, FAKE)
    assert body(text, "body.b[*].a") == text.replace(NAME, FAKE_NAME)
    assert body(text, "body.a", "body.c") == text.replace(PHONE, FAKE).replace(NAME, FAKE_NAME)
    assert body(text, "body") == body(text, "body.a", "body.c")
    for places in ("query.a",), ("body.none",), ("body.b",), ():
        assert body(text, *places) == text
    escaped = f'{{"a": "{json.dumps(NAME)[1:-1]}", "p": "a\\/b"}}'
    assert body(escaped, "body.a") == f'{{"a": "{json.dumps(FAKE_NAME)[1:-1]}", "p": "a\\/b"}}'
    assert body('{"a": "x\\/z", "b": "x/z"}', "body.a").count("x") == 2
    for broken in "{", f'"{PHONE}', "", "[1,":
        assert body(broken, "body") == broken
    gbk = f'{{"a": "{NAME}", "b": "乙"}}'.encode("gb18030")
    hidden = f'{{"a": "{FAKE_NAME}", "b": "乙"}}'.encode("gb18030")
    assert body(gbk, "body.a", media=f"{JSON}; charset=gbk") == hidden
    assert body(gbk, "body.a", charset="gb18030") == hidden
    assert body(b'{"a": "' + PHONE.encode() + b'", "b": "\xff"}', "body.a") == (
        b'{"a": "' + FAKE.encode() + b'", "b": "\xff"}'
    )


def test_json_that_is_not_quite_json_keeps_its_bytes() -> None:
    cut = b'{"a": "%s", "b": "\xd5\xff"}'
    assert body(cut % PHONE.encode(), "body.a", charset="gbk") == cut % FAKE.encode()
    spelt = f'{{"a": "{NAME}&1", "c": "{NAME}&amp;1", "p": "\\/"}}'
    assert body(spelt, "body.a") == spelt.replace(f"{NAME}&1", make_pseudonym(f"{NAME}&1"))
    marked = b'\xef\xbb\xbf{"a": "%s", "b": "\xff"}'
    assert body(marked % PHONE.encode(), "body.a") == marked % FAKE.encode()
    deep = "[" * 100_000 + f'{{"a": "{NAME}", "b": "{PHONE}"}}' + "]" * 100_000
    assert body(deep, "body[0].A") == deep.replace(NAME, FAKE_NAME)
    listed = deep.replace(f'"{NAME}"', f'["{NAME}", "{PHONE}"]')
    assert body(listed, "body[0].a") == listed.replace(NAME, FAKE_NAME).replace(PHONE, FAKE)
    assert body(deep, "body[*]") == deep.replace(NAME, FAKE_NAME).replace(PHONE, FAKE)


def test_forms_and_parts_have_pseudonyms_in_their_own_encoding() -> None:
    escaped = quote(NAME)
    assert body(f"a={PHONE}&b={PHONE}&A={escaped}&c", "body.a", media=FORM) == (
        f"a={FAKE}&b={PHONE}&A={quote(FAKE_NAME)}&c"
    )
    assert body(f"a={NAME}", "body.a", media=f"{FORM}; charset=utf-8") == f"a={FAKE_NAME}"
    assert body("a=x+y", "body.a", media=FORM) == f"a={make_pseudonym('x y').replace(' ', '+')}"
    assert body("a=000&b=1", "body.a", media=FORM) == "a=000&b=1"
    assert body("a=%30%30", "body.a", media=FORM) == "a=%30%30"
    assert body(f"%E7%94%B5={PHONE}", "body.电", media=FORM) == f"%E7%94%B5={FAKE}"
    gbk = quote(NAME, encoding="gb18030")
    assert body(f"a={gbk}", "body.a", media=FORM) == f"a={quote(FAKE_NAME, encoding='gb18030')}"
    assert body(f"a={PHONE}&b={PHONE}", "body", media=FORM) == f"a={FAKE}&b={FAKE}"

    def parts(value: str, name: str = "a", head: str = "", line: str = "\r\n\r\n") -> str:
        return (
            f'--x\r\nContent-Disposition: form-data; name="{name}"{head}{line}{value}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="z"\r\n\r\n{PHONE}\r\n--x--\r\n'
        )

    media = "multipart/form-data; boundary=x"
    for declared in "body.a", "body.a.content":
        assert body(parts(NAME), declared, media=media) == parts(FAKE_NAME)
    assert body(parts(NAME, "A"), "body.a", media="multipart/form-data") == parts(FAKE_NAME, "A")
    for places in ("body.a.other",), ("body.b",):
        assert body(parts(NAME), *places, media=media) == parts(NAME)
    assert body(parts(NAME, line="\r\n"), "body.a", media=media) == parts(NAME, line="\r\n")
    typed = "\r\nContent-Type: text/plain; charset=gbk"
    raw = parts("@@", head=typed).encode().replace(b"@@", NAME.encode("gbk"))
    assert body(raw, "body.a", media=media) == (
        parts("@@", head=typed).encode().replace(b"@@", FAKE_NAME.encode("gbk"))
    )
    binary = parts("@@").encode().replace(b"@@", b"\xff" + PHONE.encode())
    assert body(binary, "body.a", media=media) == binary


def call(**fields: Any) -> Call:
    known: dict[str, Any] = {
        "platform": "crm", "instance": "test", "api": "find", "method": "POST", "path": "/x",
    }  # fmt: skip
    return Call(**{**known, **fields})


def request(**fields: Any) -> Request:
    known: dict[str, Any] = {"method": "POST", "url": "https://a.test/x", "base": "https://a.test"}
    return Request(**{**known, "call": call(), **fields})


def vault(**more: str) -> Vault:
    made = Vault()
    made.add(KEY, STANDIN, name="crm.test.key")
    for name, value in more.items():
        made.add(value, f"redacted.crm.test.{name}.1", name=name)
    return made


def test_a_request_is_redacted_everywhere_and_once() -> None:
    made = request(
        url=f"https://a.test/u/{KEY}?token={KEY}&phone={PHONE}&pin=123456",
        headers=(("X-Key", KEY), ("X-Phone", PHONE), ("Content-Type", JSON)),
        body=f'{{"k": "{KEY}", "phone": "{PHONE}"}}'.encode(),
        call=call(
            path=f"/u/{KEY}", query=(("token", KEY), ("phone", PHONE), ("pin", "123456"), ("a=b",
            "1")),
            headers=(("X-Key", KEY), ("X-Phone", PHONE), ("Content-Type", JSON)),
            body=f'{{"k": "{KEY}", "phone": "{PHONE}"}}'.encode(),
        ),
        personal=("query.phone", "header.x-phone", "body.phone"), standin=None,
    )  # fmt: skip
    known = vault()
    known.register_derived("pin=123456", "pin=redacted.pin", name="pin")
    shown = redact_request(made, known)

    assert shown.url == f"https://a.test/u/{STANDIN}?token={STANDIN}&phone={FAKE}&pin=redacted.pin"
    assert shown.headers == (("X-Key", STANDIN), ("X-Phone", FAKE), ("Content-Type", JSON))
    assert shown.body == f'{{"k": "{STANDIN}", "phone": "{FAKE}"}}'.encode()
    assert shown.call is not None
    assert (shown.call.path, shown.call.query) == (
        f"/u/{STANDIN}",
        (("token", STANDIN), ("phone", FAKE), ("pin", "redacted.pin"), ("a=b", "1")),
    )
    assert (shown.call.headers, shown.call.body) == (shown.headers, shown.body)
    assert redact_request(shown, known) == shown
    twin = replace(made, url="https://a.test/twin", standin=None)
    recorded = redact_request(replace(made, standin=twin), known)
    assert (recorded.url, recorded.standin) == ("https://a.test/twin", None)
    path = replace(
        made, personal=("path.phone",), path_template="/u/{phone}",
        url=f"https://a.test/u/{PHONE}?q=1",
        call=call(path=f"/u/{PHONE}"),
    )  # fmt: skip
    shown = redact_request(path, Vault())
    assert shown.url == f"https://a.test/u/{FAKE}?q=1"
    assert shown.call is not None
    assert shown.call.path == f"/u/{FAKE}"


def test_credential_headers_of_a_script_are_hidden_and_those_of_auth_are_not() -> None:
    own = (("Authorization", "Bearer default"), ("Cookie", "theme=a; sid=own-9f8e7d"))
    empty = Vault()
    shown = redact_request(request(headers=own), empty)
    assert shown.headers == (
        ("Authorization", "Bearer redacted.crm.test.script-authorization.1"),
        ("Cookie", "redacted.crm.test.script-cookie.1"),
    )
    places = ("header.authorization", "cookie.sid")
    kept = redact_request(request(headers=own, injected=places), Vault())
    assert kept.headers == (
        ("Authorization", "Bearer default"),
        ("Cookie", "redacted.crm.test.script-cookie.1; sid=own-9f8e7d"),
    )
    both = redact_request(
        request(headers=own, injected=("header.authorization", "header.cookie")), Vault()
    )
    assert both.headers == own
    login = request(headers=own, call=call(api="$token"))
    assert redact_request(login, Vault()).headers == own
    assert list(find_script_credentials(request(headers=own, injected=places))) == [
        ("Cookie", "theme=a"),
    ]  # fmt: skip
    assert list(find_script_credentials(request(headers=own))) == list(own)
    assert list(find_script_credentials(login)) == []
    assert list(
        find_script_credentials(request(headers=(("Cookie", "sid=1"),), injected=("cookie.sid",)))
    ) == []  # fmt: skip
    assert get_tenant(request()) == ("crm", "test")
    assert get_tenant(request(call=None)) == ("http", "any")
    assert get_tenant(request(call=call(platform="", instance=""))) == ("http", "any")


def response(**fields: Any) -> Response:
    return Response(**{"status": 200, "headers": (("Content-Type", JSON),), **fields})


def test_a_response_is_redacted_with_its_cookies_and_pieces() -> None:
    known = vault()
    text = f'{{"k": "{KEY}", "phone": "{PHONE}"}}'
    made = response(
        headers=(("Content-Type", JSON), ("SET-Cookie", "sid=a1b2c3d4; Path=/"), ("Set-Cookie",
        "e=;x"),
                 ("X-Key", KEY), ("X-Token", "default"), ("X-Phone", PHONE)),
        body=text.encode(), chunks=(Chunk(0.1, 8), Chunk(0.2, len(text) - 8)),
        redirects=(("302", f"https://b.test/{KEY}"),),
    )  # fmt: skip
    known.register_derived("x-token: default", "x-token: redacted.t", name="t")
    shown = redact_response(made, request(personal=("body.phone", "header.x-phone")), known)
    assert shown.headers == (
        ("Content-Type", JSON), ("SET-Cookie", "sid=redacted.crm.test.cookie-sid.1; Path=/"),
        ("Set-Cookie", "e=;x"), ("X-Key", STANDIN), ("X-Token", "redacted.t"), ("X-Phone", FAKE),
    )  # fmt: skip
    after = text.replace(KEY, STANDIN).replace(PHONE, FAKE).encode()
    assert shown.body == after
    assert shown.chunks == (Chunk(0.1, 8), Chunk(0.2, len(after) - 8))
    assert shown.redirects == (("302", f"https://b.test/{STANDIN}"),)
    assert redact_response(shown, request(), known) == shown
    many = tuple(Chunk(at / 1000, 1) for at in range(300))
    long = response(body=(KEY + "x" * (300 - len(KEY))).encode(), chunks=many)
    pieces = redact_response(long, request(), known).chunks
    assert (len(pieces), sum(piece.length for piece in pieces)) == (
        300,
        300 - len(KEY) + len(STANDIN),
    )
    for first, left in (4, 4), (13, len(STANDIN) + 1):
        cut = response(body=f"a{KEY}b".encode(), chunks=(Chunk(0, first), Chunk(1, 14 - first)))
        assert [piece.length for piece in redact_response(cut, request(), known).chunks] == [
            left, len(STANDIN) + 2 - left,
        ]  # fmt: skip
    mail = response(body=b'{"m": "a@b.cn"}', chunks=(Chunk(0, 10), Chunk(1, 5)))
    told = redact_response(mail, request(personal=("body.m",)), known)
    assert sum(piece.length for piece in told.chunks) == len(told.body) != len(mail.body)
    fresh = Vault()
    register_response_cookies(request(), made, fresh)
    assert fresh.redact_text("a1b2c3d4") == "redacted.crm.test.cookie-sid.1"


def test_a_body_is_redacted_in_its_own_encoding() -> None:
    known = vault(word="密码一二三四")
    gbk = '{"a": "密码一二三四", "b": "客户"}'
    shown = redact_response(
        response(headers=(("Content-Type", f"{JSON}; charset=gbk"),), body=gbk.encode("gbk")),
        request(), known,
    )  # fmt: skip
    assert shown.body.decode("gbk") == gbk.replace("密码一二三四", "redacted.crm.test.word.1")
    undeclared = redact_response(response(body=gbk.encode("gbk")), request(charset="gbk"), known)
    assert undeclared.body == shown.body
    asked = request(charset="gbk", personal=("body.b",))
    personal = redact_response(response(body=gbk.encode("gbk")), asked, Vault())
    assert personal.body.decode("gbk") == gbk.replace("客户", make_pseudonym("客户"))
    both = redact_request_and_response(
        request(charset="gbk"), response(body=gbk.encode("gbk")), known
    )
    assert both[1].body == shown.body
    plain = f'{{"k": "{KEY}"}}'.encode()
    packed = request(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(plain))
    after = redact_request(packed, known)
    assert after.body is not None
    assert gzip.decompress(after.body) == plain.replace(KEY.encode(), STANDIN.encode())
    assert redact_request(packed, known).body == after.body
    clean = request(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"{}"))
    assert redact_request(clean, known).body == clean.body
    odd = request(headers=(("Content-Encoding", "gzip"),), body=plain)
    assert redact_request(odd, known).body == plain.replace(KEY.encode(), STANDIN.encode())
    assert decode_compressed_body(odd.body, odd.headers) == plain
    assert decode_compressed_body(None, packed.headers) is None
    assert decode_compressed_body(packed.body, ()) == packed.body
    assert decode_compressed_body(packed.body, packed.headers) == plain


def test_an_exchange_without_secrets_stays_the_same_object() -> None:
    known, asked, got = vault(), request(headers=(("X-A", "1"),)), response(body=b"{}")
    assert redact_request_and_response(asked, got, known) == (asked, got)
    assert redact_request_and_response(asked, got, known)[1] is got
    cases: list[tuple[Request, Response]] = [
        (replace(asked, url=f"https://a.test/x?k={KEY}"), got),
        (replace(asked, headers=(("X-A", KEY),)), got), (replace(asked, body=KEY.encode()), got),
        (replace(asked, call=call(query=(("k", KEY),))), got),
        (replace(asked, call=call(headers=(("k", KEY),))), got),
        (replace(asked, call=call(body=KEY.encode())), got),
        (replace(asked, call=call(path=f"/{KEY}")), got),
        (asked, replace(got, headers=(("X-A", KEY),))), (asked, replace(got, body=KEY.encode())),
        (replace(asked, headers=(("Content-Encoding", "gzip"),),
        body=gzip.compress(KEY.encode())), got),
        (asked, replace(got, headers=(("Set-Cookie", "sid=a1b2c3d4"),))),
        (replace(asked, headers=(("Authorization", "Bearer x-9f8e7d6"),)), got),
        (replace(asked, personal=("query.q",), url=f"https://a.test/x?q={PHONE}"), got),
    ]  # fmt: skip
    for sent, received in cases:
        shown = redact_request_and_response(sent, received, known)
        assert shown != (sent, received), sent
        assert KEY not in f"{shown[0].url}{shown[0].headers}{shown[0].body!r}{shown[1].body!r}"
    repeat = replace(asked, headers=(("X-Sid", "q1w2e3r4"),))
    shown = redact_request_and_response(
        repeat, replace(got, headers=(("Set-Cookie", "sid=q1w2e3r4"),)), known
    )
    assert shown[0].headers == (("X-Sid", "redacted.crm.test.cookie-sid.2"),)


def test_an_exchange_is_redacted_again_with_what_is_known_now() -> None:
    stamp = SignatureInput(now=1.0)
    asked = request(headers=(("X-A", KEY),), signed=stamp)
    exchange = Exchange(request=asked, outcome=response(body=KEY.encode()), key="old")
    again = redact_exchange_again(exchange, vault())
    assert (again.key, again.request.signed) == ("", None)
    assert again.request.headers == (("X-A", STANDIN),)
    assert isinstance(again.outcome, Response)
    assert again.outcome.body == STANDIN.encode()
    same = redact_exchange_again(replace(exchange, request=request(signed=stamp)), vault())
    assert same.request.signed == stamp
    failed = FailedExchange(code="RESET", message="断开", received=f"a{KEY}".encode())
    other = redact_exchange_again(replace(exchange, outcome=failed), vault())
    assert isinstance(other.outcome, FailedExchange)
    assert other.outcome.received == f"a{STANDIN}".encode()


RANDOM = "a8c5e167b2d94f30"


def suspects(
    asked: Request,
    outcome: Any = None,
    volatile: tuple[str, ...] = (),
    not_secret: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    exchange = Exchange(request=asked, outcome=outcome or response(), key="")
    return list(find_undeclared_secrets(exchange, volatile, not_secret))


def test_what_looks_like_a_secret_is_listed_with_its_place() -> None:
    document = {
        "t": RANDOM,
        "l": [{"k": f"{RANDOM}x"}],
        "s": f"redacted.crm.test.{RANDOM}.1",
        "w": "words",
    }
    raw = json.dumps(document).encode()
    asked = request(
        url=f"https://a.test/x?q={RANDOM}", headers=(("X-A", RANDOM), ("User-Agent", RANDOM)),
        body=raw,
        call=call(query=(("q", RANDOM),), headers=(("X-A", RANDOM), ("User-Agent", RANDOM)),
        body=raw),
        injected=("body.t",),
    )  # fmt: skip
    found = [
        ("crm.find.query.q", RANDOM), ("crm.find.header.x-a", RANDOM),
        ("crm.find.body.l[*].k", f"{RANDOM}x"),
    ]  # fmt: skip
    assert suspects(asked) == found
    assert suspects(asked, not_secret=("body.l[*].k", "query.q")) == found[1:2]
    assert suspects(asked, volatile=("body.l[*].k", "query.q")) == found
    tags = tuple(
        (name, RANDOM)
        for name in ("ETag", "x-sha256-sum", "Content-MD5", "Digest", "X-Checksum", "X-Policy-Id",
                "Via",
                     "Server", "X-Trace")
    )  # fmt: skip
    outcome = response(headers=(("Content-Type", JSON), *tags), body=raw)
    plain = request()
    assert suspects(plain, outcome) == [
        ("crm.find.header.x-trace", RANDOM), ("crm.find.body.t", RANDOM),
        ("crm.find.body.l[*].k", f"{RANDOM}x"),
    ]  # fmt: skip
    assert suspects(plain, outcome, ("header.x-trace",), ("body.t",)) == [
        ("crm.find.body.l[*].k", f"{RANDOM}x"),
    ]  # fmt: skip
    assert suspects(plain, response(body=raw + b" " * 200_000)) == []
    assert suspects(plain, response(body=raw)) == [
        ("crm.find.body.t", RANDOM), ("crm.find.body.l[*].k", f"{RANDOM}x"),
    ]  # fmt: skip
    units = "".join(f"\\u{ord(sign):04x}" for sign in RANDOM)
    written = f'{{"t": "x", "k": "{units}"}}'.encode()
    anew = request(headers=(("Content-Type", JSON),), body=written, injected=("body.t",))
    assert suspects(anew) == [("crm.find.body.k", RANDOM)]
    assert suspects(plain, FailedExchange(code="RESET", message="", received=raw)) == []
    bare = request(url=f"https://a.test/hooks/{'k3j9x2m4q8w1z7p5t6r0y2u4i8'}?x=1", call=None)
    assert make_api_place_prefix(bare) == "POST https://a.test/hooks/* "
    assert make_api_place_prefix(request()) == "crm.find."
    assert make_api_place_prefix(request(call=call(api=""))) == "crm."


def test_places_are_chosen_by_what_stands_before_them() -> None:
    texts = (
        "crm.find.body.id",
        "crm.other.body.x",
        "crm.body.y",
        "crm.query",
        "crm.header[0]",
        "hr.body",
    )
    assert select_places_with_prefix("crm.find.", texts) == ("body.id",)
    assert select_places_with_prefix("crm.", texts) == ("body.y", "query", "header[0]")
    assert select_places_with_prefix("GET https://a.test/x ", ("GET https://a.test/x body.k",)) == (
        "body.k",
    )
    asked = request(url="https://a.test/p?q=1", call=call(path="/p", query=(("q", "1"),),
    body=b'{"a": [{"b": "x"}, {"b": "y"}]}',
                              headers=(("Content-Type", JSON),)),
                    body=b'{"a": [{"b": "x"}, {"b": "y"}]}', headers=(("Content-Type", JSON),
                    ))  # fmt: skip
    exchange = Exchange(
        request=asked, outcome=response(body=b'{"a": [{"b": "z"}], "n": 1}'), key=""
    )
    places = ("body.a[*].b", "query.q", "path", "body.n", "body.none")
    assert list(find_texts_at(exchange, places)) == [
        ("body.a[*].b", "x"), ("body.a[*].b", "y"), ("query.q", "1"), ("path", "/p"),
        ("body.a[*].b", "z"),
    ]  # fmt: skip
    assert list(find_texts_at(exchange, ())) == []
    failed = FailedExchange(code="RESET", message="")
    assert list(find_texts_at(replace(exchange, outcome=failed), ("query.q",))) == [
        ("query.q", "1")
    ]
