"""A secret in each form that hides it: found with its place, and replaced in the same form."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest

from bpmax_sim.secret.compressed_streams import (
    DecodeLimitError,
    WorkBudget,
    find_streams,
    inflate_raw,
)
from bpmax_sim.secret.decode import HarmlessParts
from bpmax_sim.secret.encoded_runs import (
    FastByteSearch,
    decode_aligned_base64_runs,
    decode_base64,
    decode_hex_at_both_offsets,
    find_base64_runs,
    find_encoded_runs,
    find_hex_runs,
    find_long_runs,
    find_runs_and_folded_runs,
    keep_escaped_runs,
    rewrite_runs,
)
from bpmax_sim.secret.escapes import (
    find_escaped_parts,
    undo_backslashes,
    undo_percent,
    undo_xml_references,
)
from bpmax_sim.secret.redactor import pair_pem_and_jwt_parts, pem_to_der
from bpmax_sim.secret.scan import Finding, find_needles_in_all_layers
from bpmax_sim.secret.secret_addresses import (
    find_address_secrets,
    mask_address_secrets,
    may_hold_address_secret,
)
from bpmax_sim.secret.spelling import (
    FORMS,
    as_bytes,
    find_longest_unescaped_part,
    select_escapable_with_spellings,
    spell_like,
)
from bpmax_sim.secret.vault import Vault

SECRET = 'k3y "密/钥"\n&z'
STANDIN = "redacted.crm.test.key.1"


def vault(secret: str = SECRET, standin: str = STANDIN) -> Vault:
    made = Vault()
    made.add(secret, standin, name="crm.test.key")
    return made


def b64(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.b64encode(raw).decode()


def test_a_secret_is_replaced_in_the_form_in_which_it_stands() -> None:
    known = vault()
    units = "".join(f"\\u{ord(sign):04x}" for sign in SECRET)
    forms = {
        "raw": SECRET,
        "percent": "k3y%20%22%E5%AF%86%2F%E9%92%A5%22%0A%26z",
        "small percent": "k3y%20%22%e5%af%86%2f%e9%92%a5%22%0a%26z",
        "form": "k3y+%22%E5%AF%86%2F%E9%92%A5%22%0A%26z",
        "twice percent": "k3y%2520%2522%25E5%25AF%2586%252F%25E9%2592%25A5%2522%250A%2526z",
        "json": 'k3y \\"密/钥\\"\\n&z',
        "php": 'k3y \\"\\u5bc6\\/\\u94a5\\"\\n&z',
        "json in json": 'k3y \\\\\\"密/钥\\\\\\"\\\\n&z',
        "xml": "k3y &quot;密/钥&quot;\n&amp;z",
        "references": "k3y &#34;&#x5bc6;/&#38053;&#X22;&#10;&#38;z",
        "gson": 'k3y \\"密/钥\\"\\n\\u0026z',
        "braces": "k3y \\u{22}密/钥\\x22\\n&z",
        "units": units,
        "python": 'k3y "密/钥"\\n&z',
    }
    assert {name: known.redact_text(f"<{text}>") for name, text in forms.items()} == dict.fromkeys(
        forms, f"<{STANDIN}>"
    )
    assert {
        name: bool(known.scan(f"..{text}..".encode())) for name, text in forms.items()
    } == dict.fromkeys(forms, True)  # fmt: skip
    for near in 'k3y  "密/钥"\n&z', 'K3y "密/钥"\n&z', 'k3y "密/钥"&z', "k3y '密/钥'\n&z":
        assert known.redact_text(near) == near
        assert known.scan(near.encode()) == ()


def test_an_encoded_secret_is_replaced_within_its_encoding() -> None:
    known = vault("k3y-9f2z-abc>>>?")
    text = "user:k3y-9f2z-abc>>>?:end"
    after = f"user:{STANDIN}:end"
    forms = {
        b64(text): b64(after),
        base64.urlsafe_b64encode(text.encode()).decode(): base64.urlsafe_b64encode(
            after.encode()
        ).decode(),
        b64(text).rstrip("="): b64(after).rstrip("="),
        b64(text).replace("/", "%2F"): b64(after),
        text.encode().hex(): after.encode().hex(),
        text.encode().hex().upper(): after.encode().hex().upper(),
        f"a{text.encode().hex()}": f"a{after.encode().hex()}",
        b64(b64(text)): b64(b64(after)).rstrip("="),
    }
    assert {one: known.redact_text(f"({one})") for one in forms} == {
        one: f"({shown})" for one, shown in forms.items()
    }
    escaped = b"user:k3y-9f2z-abc%3E%3E%3E%3F:end".hex()
    for one in escaped, escaped.upper(), f"a{escaped}":
        shown = known.redact_text(one)
        assert shown[0] == one[0]
        assert shown.isupper() is one.isupper()
        assert STANDIN in bytes.fromhex(shown[len(one) % 2 :]).decode()
    for start in range(1, 4):
        shown = known.redact_text("abc"[:start] + b64(text))
        assert shown.startswith("abc"[:start])
        assert not known.scan(shown.encode())
    plain = {"QUJDREVGR0hJSktM", "0123456789abcdef0123", "a" * 40}
    assert {known.redact_text(one) for one in plain} == plain


def findings(data: bytes, needle: bytes = b"k3y-9f2z-abc") -> list[tuple[int, tuple[str, ...]]]:
    return [(one.offset, one.within) for one in find_needles_in_all_layers(data, {needle: "n"})]


def test_a_finding_tells_offset_and_encodings() -> None:
    secret = b"k3y-9f2z-abc"
    raw = zlib.compressobj(wbits=-15)
    bare = raw.compress(b'{"a": "k3y-9f2z-abc", "b": "words words"}') + raw.flush()
    cases: list[tuple[bytes, list[tuple[int, tuple[str, ...]]]]] = [
        (b"..k3y-9f2z-abc..k3y-9f2z-abc", [(2, ()), (16, ())]),
        (b"##" + base64.b64encode(secret + b"!"), [(2, ("base64",))]),
        (b"..%6B3y-9f2z-abc", [(0, ("percent",))]), (b"..\\u006b3y-9f2z-abc", [(0, ("json",))]),
        (b"..&#107;3y-9f2z-abc", [(0, ("xml",))]), (b"..=6B3y-9f2z-abc", [(0, ("quoted-printable",
        ))]),
        (b"#" + secret.hex().encode() + b"#", [(1, ("hex",))]),
        (b"[107,51,121,45,57,102,50,122,45,97,98,99]", [(0, ("list of bytes",))]),
        (b"##" + gzip.compress(secret, mtime=0), [(2, ("gzip",))]),
        (b"##" + zlib.compress(secret * 3), [(2, ("deflate",)), (2, ("deflate",)), (2, ("deflate",
        ))]),
        (bare, [(0, ("deflate",))]),
        (b"#" + base64.b32encode(secret), [(1, ("base32",))]),
        (" ".join(f"{byte:02x}" for byte in secret).encode(), [(0, ("hex",))]),
        (", ".join(f"0x{byte:02x}" for byte in secret).encode(), [(0, ("hex",))]),
        (b"redacted.k3y-9f2z-abc.b.c.1", []), (b"k3y+9f2z", []),
    ]  # fmt: skip
    assert [(data, sorted(set(findings(data)))) for data, _ in cases] == [
        (data, sorted(set(found))) for data, found in cases
    ]
    assert findings(b"a+b c+d", b"a b c d") == [(0, ())]
    nested = base64.b64encode(gzip.compress(base64.b64encode(secret * 4)))
    assert {within for _, within in findings(nested)} == {("base64", "gzip", "base64")}
    deep = secret
    for _ in range(4):
        deep = base64.b64encode(deep)
    assert len(findings(deep)) == 1
    assert findings(base64.b64encode(deep)) == []
    slash = base64.b64encode(b"???" + secret).replace(b"/", b"\\/")
    assert findings(slash) == [(0, ("json", "base64"))]
    octets = [byte - 256 if byte > 127 else byte for byte in "密码钥匙".encode()]
    assert findings(str(octets).encode(), "密码钥匙".encode()) == [(0, ("list of bytes",))]
    texts = {
        str(Finding("k (raw)", 3)): "k (raw) at byte 3",
        str(Finding("k", 0, ("base64", "gzip"))): "k inside gzip inside base64 at byte 0",
    }
    assert list(texts) == list(texts.values())
    assert find_needles_in_all_layers(secret, {}) == ()


def test_escapes_are_undone_once() -> None:
    percent = {
        b"a%41%e5%af%86%": b"aA\xe5\xaf\x86%", b"%%41": b"%A", b"%4": b"%4", b"%zz%41": b"%zzA",
        b"a=41%3d%3D=": b"a=41===", b"%25%34%31": b"%41", b"%\n%41": b"%\nA",
        b"\xff\xfe\xfd%41": b"\xff\xfe\xfdA",
        b"": b"", b"a+b": b"a+b",
    }  # fmt: skip
    assert {data: undo_percent(data) for data in percent} == percent
    back = {
        rb"\"\/\n\'\t\r\b\f\v\0": b"\"/\n'\t\r\b\f\v0", rb"\u0041\u5bc6": "A密".encode(),
        rb"\ud83d\ude00": "😀".encode(), rb"\\u0041": rb"\u0041", rb"\\\u0041": rb"\A",
        rb"\u{41}\u{1F600}": "A😀".encode(), rb"\x41\x42\u004": b"AB\\u004",
        rb"\U00000041": rb"\U00000041",
        rb"\u005cu0041": rb"\u0041", b"\xff\\u0041": b"\xffA", rb"\q\\": b"\\q\\",
        rb"\u{110000}": rb"\u{110000}",
    }  # fmt: skip
    assert {data: undo_backslashes(data) for data in back} == back
    xml = {
        b"&#65;&#x42;&#X43;&amp;&lt;&quot;&apos;": b"ABC&<\"'", b"&amp;#65;": b"&#65;",
        b"&#1114112;": b"&#1114112;", b"&nosuch;": b"&nosuch;", b"&#12345678;": b"&#12345678;",
        b"&;": b"&;",
        b"a & b": b"a & b", b"&nbsp;": "\xa0".encode(), b"&#11;": b"\x0b",
        b"".join(b"&#%d;" % code for code in range(65, 77)): b"ABCDEFGHIJKL",
    }  # fmt: skip
    assert {data: undo_xml_references(data) for data in xml} == xml
    parts = list(find_escaped_parts(b"x" * 50 + b"%41" + b"y" * 50 + b"&#65;", 4))
    assert [(one.label, one.start, one.end) for one in parts] == [
        ("percent", 46, 58), ("xml", 99, 108),
    ]  # fmt: skip
    assert [one.inner for one in parts] == [b"xxxxAyyyyy", b"yyyyA"]
    assert list(find_escaped_parts(b"plain text", 4)) == []
    assert [(one.label, one.inner) for one in find_escaped_parts(b"a%41+b", 4)] == [
        ("percent", b"aA+b"), ("form", b"aA b"),
    ]  # fmt: skip
    quoted = [one.inner for one in find_escaped_parts(b"a=\r\nb=41==42=\nc", 99)]
    assert quoted == [b"abA=Bc"]
    assert undo_backslashes(rb"\x41\x42") == b"AB"
    binary = b"\0\x01" * 40 + b"%41%42" + b"text around" + b"\0" * 40
    assert [one.label for one in find_escaped_parts(binary, 8)] == ["percent"]
    assert list(find_escaped_parts(b"\0\x01%41\x02\0\x03", 8)) == []


def test_runs_are_found() -> None:
    assert find_encoded_runs("a-b_c+/9 short7x 12345678 %2Faaaa%2Baaa \\/bbbbbbb") == [
        "a-b_c+/9", "12345678", "/aaaa+aaa", "/bbbbbbb",
    ]  # fmt: skip
    assert find_encoded_runs("aaaa\\/bbbb") == ["aaaa/bbbb"]
    assert keep_escaped_runs(b"aa%2Fbb%2Fcc") == b"aa%2Fbb%2Fcc"
    assert keep_escaped_runs(b"xx,aa bb%2Fcc mid,dd\\/ee ff") == b"xx bb%2Fcc dd\\/ee ff"
    assert find_base64_runs(b"short12 abcdefgh,ABCD-_+/9= x") == [b"abcdefgh", b"ABCD-_+/9"]
    assert find_hex_runs(b"0123456789a 0123456789aB gg0123456789abcd") == [
        b"0123456789aB", b"0123456789abcd",
    ]  # fmt: skip
    assert find_long_runs(b"ab cde f", b"AA AAA A", 2) == [b"ab", b"cde"]
    assert find_long_runs(b"abc", b"AAA", 3) == [b"abc"]
    runs, lines = find_runs_and_folded_runs(b"abcdefghijklmnop\n  qrstuvwx yz")
    assert (runs, lines) == ([b"abcdefghijklmnop", b"qrstuvwx"], [b"abcdefghijklmnopqrstuvwxyz"])
    assert find_runs_and_folded_runs(b"abcdefghijklmno\nqrstuvwx") == (
        [b"abcdefghijklmno", b"qrstuvwx"], [],
    )  # fmt: skip
    assert find_runs_and_folded_runs(b"short") == ([], [])


def test_runs_are_decoded_and_encoded_again() -> None:
    assert decode_hex_at_both_offsets("41424") == (b"AB", b"\x14\x24")
    assert [decode_base64(one)[:2] for one in (b"", b"Q", b"QUI", b"QUJD")] == [
        b"",
        b"",
        b"AB",
        b"AB",
    ]
    assert decode_base64(b"-_-_") == b"\xfb\xff\xbf"
    assert decode_base64(b"____") == b"\xff\xff\xff"
    text = base64.b64encode(b"words " * 20).rstrip(b"=")
    known = [b"abcdefgh", text, b"a" * 64, b"x" + text, b"0123456789abcdef" * 5]
    assert decode_aligned_base64_runs(known) == (
        [(text, b"words " * 20)], [b"abcdefgh", b"x" + text],
    )  # fmt: skip
    binary = base64.b64encode(b"words " * 8 + b"\0\1\2" * 10)
    accents = base64.b64encode(("a" + "é" * 40).encode())
    assert decode_aligned_base64_runs([binary, accents]) == (
        [(accents, ("a" + "é" * 40).encode())], [binary],
    )  # fmt: skip
    assert rewrite_runs(
        f"({b64('hello world')})", lambda inner: inner.replace("world", "there")
    ) == (f"({b64('hello there')})")
    assert rewrite_runs(b64("helloo"), str.upper) == b64("HELLOO")
    assert rewrite_runs("hello", str.upper) == "hello"
    safe = base64.urlsafe_b64encode
    assert (
        rewrite_runs(
            safe(b"aaaa~~~???>>>").decode(), lambda inner: inner.replace("aaaa", "bbbb~~??>>")
        )
        == safe(b"bbbb~~??>>~~~???>>>").decode()
    )
    for data in (
        b"x" * 4_095 + b"needle",
        b"x" * 70_000 + b"needle",
        b"needle",
        b"x" * 4_093 + b"needle",
        b"x" * 69_623 + b"needle",
    ):
        assert FastByteSearch(b"needle").find(data) == data.find(b"needle")
    assert not FastByteSearch(b"needle").occurs_in(b"x" * 70_000 + b"needl")


def test_a_stream_is_undone_as_far_as_it_goes() -> None:
    packed = gzip.compress(b"secret words " * 50, mtime=0)
    (one,) = find_streams(b"##" + packed + b"##", WorkBudget(1 << 20))
    assert (one.label, one.start, one.inner) == ("gzip", 2, b"secret words " * 50)
    (cut,) = find_streams(packed[:-12], WorkBudget(1 << 20))
    assert (b"secret words " * 50).startswith(cut.inner)
    assert len(cut.inner) > 6
    assert [one.label for one in find_streams(zlib.compress(b"a" * 40), WorkBudget(1 << 20))] == [
        "deflate"
    ]
    assert list(find_streams(b"plain text, and PK\x03", WorkBudget(1 << 20))) == []
    assert list(find_streams(zlib.compress(b"abc"), WorkBudget(1 << 20))) == []
    (damaged,) = find_streams(
        zlib.compress(b"secret words", 0)[:-4] + bytes(4), WorkBudget(1 << 20)
    )
    assert damaged.inner == b"secret words"
    with pytest.raises(DecodeLimitError) as caught:
        list(find_streams(b"..." + gzip.compress(b"a" * 100_000), WorkBudget(5000)))
    assert (caught.value.at, caught.value.labels) == (3, ("gzip",))
    raw = zlib.compressobj(wbits=-15)
    bare = raw.compress(b"words words words words") + raw.flush()
    assert inflate_raw(bare, WorkBudget(1 << 20)) == b"words words words words"
    assert (
        inflate_raw(b"", WorkBudget(1 << 20))
        == inflate_raw(b"\xff\xff", WorkBudget(1 << 20))
        == b""
    )
    assert inflate_raw(b"\0\1\0\xfe\xffA", WorkBudget(1 << 20)) == b"A"


def test_spellings_are_those_of_each_encoder() -> None:
    sample = 'a b/"密'
    assert {name: make(sample) for name, make in FORMS.items()} == {
        "raw": 'a b/"密', "percent": "a%20b%2F%22%E5%AF%86", "form": "a+b%2F%22%E5%AF%86",
        "json": 'a b/\\"密', "json-slash": 'a b\\/\\"密', "json-ascii": 'a b/\\"\\u5bc6',
        "json-json": 'a b/\\\\\\"密', "json-ascii-json": 'a b/\\\\\\"\\\\u5bc6',
        "xml": "a b/&quot;密",
    }  # fmt: skip
    assert as_bytes("a\udcff密") == b"a\xff\xe5\xaf\x86"
    assert as_bytes("\ud800") == b"\xed\xa0\x80"
    longest = {"ab/cde f": "cde", "密": "", "a.b-c_d e": "a.b-c_d", "": ""}
    assert {text: find_longest_unescaped_part(text) for text in longest} == longest
    assert [sign for sign, _ in select_escapable_with_spellings('a/b"c\\d 密&/<')] == [
        "/",
        '"',
        " ",
        "密",
    ]
    assert spell_like("a%20b", "a b", "x/y") == "x%2Fy"
    assert spell_like("a+b", "a b", "x y") == "x+y"
    assert spell_like("a b", "a b", 'x"y') == 'x"y'
    assert spell_like("a%2fb", "a/b", "x/y") == "x%2Fy"
    assert spell_like("a\\u0020b", "a b", "x密") == "x\\u5bc6"
    assert spell_like("&#97; b", "a b", "x<y") == "x&lt;y"
    assert spell_like("whatever", "a b", "plain-1.x_y") == "plain-1.x_y"


def test_parts_of_a_key_or_token_are_secret_on_their_own() -> None:
    lines = ["MIIBVQIBADANBgkqhkiG9w0BAQEFAASC", "AT8wggE7AgEAAkEAq7BFUpkGp3+LQmlQ", "c2hvcnQ="]
    pem = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n".format("\n".join(lines))
    pairs = list(pair_pem_and_jwt_parts(pem, STANDIN))
    assert pairs == [
        (pem.strip(), STANDIN), (pem.strip().replace("\n", "\r\n"), STANDIN), ("".join(lines),
        STANDIN),
        (lines[0], STANDIN), (lines[1], STANDIN),
    ]  # fmt: skip
    assert pem_to_der(pem) == base64.b64decode("".join(lines))
    assert pem_to_der("x" + pem) == pem_to_der("-----BEGIN X-----\nab=c\n") == b""
    assert list(pair_pem_and_jwt_parts("eyJhIjoxfQ.eyJiIjoyfQ.c2ln", STANDIN)) == [
        ("eyJiIjoyfQ", STANDIN), ("c2ln", STANDIN),
    ]  # fmt: skip
    issuer = b64('{"iss":"redacted.a.b.c.1"}').rstrip("=")
    assert list(pair_pem_and_jwt_parts("eyJh.claims.sign", f"eyJh.{issuer}.")) == [
        ("claims", issuer), ("sign", "redacted.a.b.c.1"),
    ]  # fmt: skip
    for other in "eyJh.b", "eyJh.b.c.d", "abc.def.ghi", "-----END", "plain":
        assert list(pair_pem_and_jwt_parts(other, STANDIN)) == []


GUID = "550e8400-e29b-41d4-a716-446655440000"
RANDOM = "k3j9x2m4q8w1z7p5"


def test_the_key_of_each_webhook_is_found_and_masked() -> None:
    long = RANDOM * 4
    hooks = {
        f"/open-apis/bot/hook/{RANDOM}": RANDOM, f"/open-apis/bot/v2/hook/{GUID}x1": f"{GUID}x1",
        f"/flow/api/trigger-webhook/{RANDOM}": RANDOM,
        f"/cgi-bin/webhook/send?key={RANDOM}": RANDOM,
        f"/cgi-bin/webhook/send?a=1&key={RANDOM}": RANDOM,
        f"/services/T01ABCDEF/B01ABCDEF/{RANDOM}": RANDOM,
        f"/workflows/T01ABCDEF/A01ABCDEF/123456789/{RANDOM}": RANDOM,
        f"/triggers/T01ABCDEF/123456789/{RANDOM}": RANDOM,
        f"/api/webhooks/123456789012345678/{long}": long,
        f"/api/v10/webhooks/123456789012345/{long}": long,
        f"/bot123456:{RANDOM * 2}/sendMessage": RANDOM * 2,
        f"/bot123456%3A{RANDOM * 2}/x": RANDOM * 2,
        "/hooks/k3j9x2m4q8w1z7p5t6r0y2u4i8": "k3j9x2m4q8w1z7p5t6r0y2u4i8",
        f"/hooks/Ab3d5F7h9Jk2m4N6p/{long}": long, f"/hooks/catch/1234567/{'a1b2c3'}": "a1b2c3",
        "/hooks/catch/1234567/orders": "orders",
        f"/trigger/my-event/with/key/{RANDOM}": RANDOM,
        f"/trigger/e/json/with/key/{RANDOM}": RANDOM,
        f"/SCT12345T{RANDOM}.send": f"SCT12345T{RANDOM}",
        f"/webhookb2/{GUID}@{GUID}/IncomingWebhook/{'a1' * 16}/{GUID}": "a1" * 16,
    }  # fmt: skip
    found = {}
    for path in hooks:
        (one,) = find_address_secrets(f"https://any.host.test{path}")
        assert one.name == "webhook_token"
        assert f"{one.before}{one.text}{one.after}" in path
        assert mask_address_secrets(path) == path.replace(one.text, "*")
        assert may_hold_address_secret(path.encode())
        found[path] = one.text
    assert found == hooks
    for path in (
        "/open-apis/bot/hook/short1", "/open-apis/bot/hook/xxxxxxxxxxxxxxxx",
        "/hooks/list-of-all-of-the-hooks", "/open-apis/bot/hook/list-of-all-of-the-hooks",
        "/open-apis/bot/v2/hook/<your-token-here>",
        f"/hooks/{RANDOM}", "/cgi-bin/webhook/send?id=1", "/bot123456:short/x", "/services/T1/B1/x",
    ):  # fmt: skip
        assert list(find_address_secrets(path)) == [], path
        assert mask_address_secrets(path) == path
    kept = f"/open-apis/bot/hook/{STANDIN}"
    assert mask_address_secrets(kept) == "/open-apis/bot/hook/*"


def test_a_password_and_a_session_stand_in_an_address() -> None:
    texts: dict[str, list[tuple[str, str, str, str]]] = {
        "mysql://sa:p%40ss1@db/x": [("password", "p@ss1", "sa:", "@")],
        "amqp://:hunter2@mq:5672": [("password", "hunter2", ":", "@")],
        "https://u:a@b@host/x": [("password", "a@b", "u:", "@")],
        "jdbc:oracle:thin:scott/tiger1@//db:1521": [("password", "tiger1", "scott/", "@")],
        "root:hunter2@tcp(db:3306)/x": [("password", "hunter2", "root:", "@")],
        "root:hunter2@unix(/s)": [("password", "hunter2", "root:", "@")],
        "https://u:${PW}@host": [], "https://u@host": [], "https://host:8080/a@b.test": [],
        "http://10.0.0.8:8080&mail=a@b.example": [], "docker://nginx:latest@sha256:abc": [],
        "u:p@host": [], "https://u:p/x@host": [],
        "/a;jsessionid=A1B2C3D4;v=1": [("jsessionid", "A1B2C3D4", ";jsessionid=", "")],
        "/a;jsessionid=ABCDEFGHIJKL": [],
        "see /a;v=1 and /b;sid=A1B2C3D4": [("sid", "A1B2C3D4", ";sid=", "")],
        "/a;jsessionid=A1B2C3D4E5F6": [("jsessionid", "A1B2C3D4E5F6", ";jsessionid=", "")],
        f"/a;token={RANDOM}1?x": [("token", f"{RANDOM}1", ";token=", "")],
        "/a;token=a1b2c3d4": [], "/a;page=a1b2c3d4e5f6g7h8": [], ";token=k3j9x2m4q8w1z7p5": [],
    }  # fmt: skip
    assert {text: [tuple(one) for one in find_address_secrets(text)] for text in texts} == texts
    for text, secrets in texts.items():
        assert may_hold_address_secret(text.encode()) or not secrets
    assert [one.text for one in find_address_secrets("/a;token=words-only", is_path=True)] == [
        "words-only"
    ]
    assert mask_address_secrets("/a;sid=12345678/b;v=1;Token=abcdef") == "/a;sid=*/b;v=1;Token=*"
    assert not may_hold_address_secret(b"https://a.test/x?y=1;z and mail a@b.test")


def test_what_is_printed_hides_encodings_behind_a_marker() -> None:
    known = vault("k3y-9f2z-abc")
    assert known.redact_for_output("see k3y-9f2z-abc!") == f"see {STANDIN}!"
    packed = b64(gzip.compress(b"k3y-9f2z-abc" * 3, mtime=0))
    assert (
        known.redact_for_output(f"a {packed} b")
        == "a [redacted: crm.test.key (raw) inside gzip inside base64] b"
    )
    assert known.redact_for_output("12345") == "12345"
    assert vault("abc123").redact_for_output("abc123") == STANDIN
    octets = ",".join(str(byte) for byte in b"k3y-9f2z-abc")
    assert "107" not in known.redact_for_output(f"[{octets}] end")
    assert known.redact_for_output(f"[{octets}] end").endswith("end")
    several = Vault()
    several.add("first line 1\nsecond line 2\nshort", STANDIN, name="k")
    assert several.redact_for_output("> second line 2 <") == f"> {STANDIN} <"
    assert several.redact_for_output("> short <") == "> short <"
    named = Vault()
    named.add("first line 1\nsecond line 2", "other text", name="k")
    assert named.redact_for_output("> second line 2 <") == "> [redacted: a line of a secret] <"


def test_harmless_parts_are_remembered_whole() -> None:
    parts = HarmlessParts()
    long = b"x" * 257
    assert parts.find_unknown_parts([b"a", long]) == [b"a", long]
    parts.add([b"a", long])
    assert parts.find_unknown_parts([b"a", b"b", long, long[:-1] + b"y", b"x" * 258]) == [
        b"b", long[:-1] + b"y", b"x" * 258,
    ]  # fmt: skip
    parts.add([str(number).encode() for number in range(5000)])
    assert parts.find_unknown_parts([b"a"]) == []
    parts.add([b"z"])
    assert parts.find_unknown_parts([b"a", b"z"]) == [b"a"]


def test_secrets_that_overlap_leave_nothing() -> None:
    known = Vault()
    known.add("abc-1234-xyz", "redacted.a.a.a.1", name="one")
    known.add("xyz-5678-uvw", "redacted.a.a.b.1", name="two")
    known.add("abc-1234-xyz-9", "redacted.a.a.c.1", name="three")
    assert known.redact_text("abc-1234-xyz") == "redacted.a.a.a.1"
    assert known.redact_text("abc-1234-xyz-9") == "redacted.a.a.c.1"
    shown = known.redact_text("<abc-1234-xyz-5678-uvw>")
    assert "5678" not in shown
    assert "1234" not in shown
    assert known.redact_text(json.dumps({"k": "abc-1234-xyz"})) == '{"k": "redacted.a.a.a.1"}'
    assert known.redact_text(shown) == shown
