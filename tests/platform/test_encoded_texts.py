"""What filters, challenges, selectors and keys make of texts: each rule beside its neighbour."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform import compiled_template, encodings
from bpmax_sim.platform.compiled_template import (
    format_template_excerpt,
    join_bounded,
    make_failed_expression_error,
    make_undefined_name_error,
    make_unknown_filter_error,
)
from bpmax_sim.platform.digest import (
    make_digest_authorization,
    parse_challenges,
    read_digest_authorization,
)
from bpmax_sim.platform.encodings import FilterError, to_octets, to_text
from bpmax_sim.platform.filters import FILTERS, find_filter
from bpmax_sim.platform.html_selector import compile_selector, compile_value_regex
from bpmax_sim.platform.keys import rsa_sign, rsa_verify, sign_jwt, to_private_key_pem


def refusal(action: Callable[[], object]) -> str:
    """Return the message with which *action* fails."""
    with pytest.raises((ConfigError, FilterError)) as caught:
        action()
    return str(caught.value)


def test_values_become_texts_and_bytes() -> None:
    values: list[Any] = [
        True,
        False,
        None,
        7.0,
        7.5,
        ("甲", 1),
        [True],
        {"乙": None},
        b"\xff",
        1 + 2j,
    ]
    texts = [
        "true",
        "false",
        "",
        "7",
        "7.5",
        '["甲",1]',
        "[true]",
        '{"乙":null}',
        "\udcff",
        "(1+2j)",
    ]

    assert [to_text(value) for value in values] == texts
    assert to_octets("甲\udcff") == "甲".encode() + b"\xff"
    assert (
        refusal(lambda: to_octets("\ud83d"))
        == "the value holds half a character (a lone surrogate)"
    )
    assert encodings.decode_losslessly(b"\xe5\xff") == "\udce5\udcff"


def test_encodings_have_their_alphabet_and_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "a/b%~?>é"
    assert {
        name: FILTERS[name](source) for name in ("percent", "percent_path", "form", "b64", "b64url")
    } == {
        "percent": "a%2Fb%25~%3F%3E%C3%A9",
        "percent_path": "a/b%25~%3F%3E%C3%A9",
        "form": "a%2Fb%25%7E%3F%3E%C3%A9",
        "b64": "YS9iJX4/PsOp",
        "b64url": "YS9iJX4_PsOp",
    }
    assert [FILTERS[name]("a") for name in ("b64", "b64url")] == ["YQ==", "YQ"]
    assert encodings.decode_base64("YQ=") == b"a"
    assert encodings.decode_base64(" YS9i\nJX4_\tPsOp YQ== ") == b"a/b%~?>\xc3\xa9a"
    for bad in ("YQ=Q", "甲", "Y!Q", "A", "YWJj!"):
        message = refusal(lambda bad=bad: encodings.decode_base64(bad, "令牌"))  # type: ignore[misc]
        assert message == "令牌 is not base64", bad
    assert refusal(lambda: encodings.decode_hex("0g", "密钥")) == "密钥 is not hexadecimal"
    monkeypatch.setattr(encodings, "LIMIT", 20)
    assert len(encodings.require_short_octets("x" * 20)) == 20
    assert "20 bytes" in refusal(lambda: encodings.require_short_octets("x" * 20 + "y"))


def test_canonical_forms_of_paths_queries_and_headers() -> None:
    paths = ["/a/b/../c", "/a/./b", "a//", "/..//", "/a/../", "", "/a/b/c/../../d/"]
    queries = ["", "a", "a=", "b=2&a=1", "a=2&a=1&a", "x&&b=", "a%2=1&a-=0"]
    headers = {"x-b": " 2  3\t4 ", "x-a": "1", "host": "crm"}

    assert [FILTERS["normal_path"](path) for path in paths] == [
        *("/a/c", "/a/b", "/a/", "/", "/", "/", "/a/d/")
    ]
    assert [FILTERS["canonical_query"](query) for query in queries] == [
        *("", "a=", "a=", "a=1&b=2", "a=&a=1&a=2", "b=&x=", "a%2=1&a-=0")
    ]
    assert FILTERS["joined_query"]("b=%31&&=9&a=2&a=1&c", "=", "&") == "a=1&a=2&b=1&c="
    assert FILTERS["joined_query"]("b=2&a=") == "ab2"
    assert FILTERS["collapse"](headers) == {"x-b": "2 3 4", "x-a": "1", "host": "crm"}
    assert FILTERS["header_names"](headers) == "host;x-a;x-b"
    assert FILTERS["header_lines"](headers) == "host:crm\nx-a:1\nx-b: 2  3\t4 \n"
    assert FILTERS["pick"](headers, "host", "x-b*") == {"x-b": " 2  3\t4 ", "host": "crm"}
    assert FILTERS["pick"](headers, "x-") == {}
    assert FILTERS["drop"](headers, "h*", "x-a*") == {"x-b": " 2  3\t4 "}
    assert FILTERS["trim"](" 甲 ") == "甲"
    assert FILTERS["closed_path"]("/a/") == "/a/"


def test_times_are_whole_seconds_of_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1772413200.9996
    time = FILTERS["time"]

    assert (FILTERS["unix"](now), FILTERS["unix_ms"](now)) == (1772413201, 1772413201000)
    assert (FILTERS["unix"](1.9), FILTERS["unix_ms"](0.0009)) == (1, 1)
    assert time(now, "%Y-%m-%d %H:%M:%S}{%%", "-0130") == "2026-03-01 23:30:01}{%"
    assert [time(0, "%d %H:%M", offset) for offset in ("+23:59", "+0530", "-05:30")] == [
        *("01 23:59", "01 05:30", "31 18:30")
    ]
    assert refusal(lambda: time(0, "%y")) == "a time has no '%y'; there are %Y %m %d %H %M %S %%"
    assert refusal(lambda: time(0, "%Y", "+08")) == "'+08' is not an offset such as '+08:00'"
    assert find_filter("http_date") is FILTERS["http_date"]
    assert find_filter("nothing") is None
    monkeypatch.setattr(encodings, "LIMIT", 5)
    replace = FILTERS["replace"]
    assert [replace("xxxxy", "y", ""), replace("xxxy", "y", "z"), replace("xyy", "y", "z")] == [
        *("xxxx", "xxxz", "xzz")
    ]
    assert refusal(lambda: replace("xxxxy", "y", "z")) == "replace yields 5 characters at most"
    assert refusal(lambda: replace("yyy", "y", "z")) == "replace yields 5 characters at most"


def answer(challenge: str, count: object = 1, user: str = "张", target: object = "/a") -> str:
    return make_digest_authorization(challenge, user, "口令", "GET", target, "客", count)


def test_a_challenge_is_read_whatever_stands_around_it() -> None:
    header = (
        'Basic realm="a\\", Digest realm=no", DIGEST Realm="客\\"户", nonce=n1, '
        'qop=" AUTH ,auth-int", algorithm=sha-256-sess, opaque="", userhash=TRUE, '
        'Digest nonce="n,2", userhash=false'
    )

    first, second = parse_challenges(header)

    assert (first.realm, first.nonce, first.opaque, first.algorithm) == (
        '客"户',
        "n1",
        "",
        "SHA-256",
    )
    assert (first.is_session, first.qops, first.hides_user) == (True, ("auth", "auth-int"), True)
    assert (second.realm, second.nonce, second.opaque, second.algorithm) == ("", "n,2", None, "MD5")
    assert (second.is_session, second.qops, second.hides_user) == (False, ("",), False)
    assert read_digest_authorization('DIGEST A="1\\"", B=, c=3') == {"a": '1"', "c": "3"}
    assert read_digest_authorization("Basic a=1") == {}


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_an_answer_has_each_part_that_its_challenge_asks_for() -> None:
    secret, request = md5("a:r\\x:口令"), md5('GET:/a"b')

    plain = answer('Digest realm="r\\\\x", nonce="n", opaque=""', user="a", target='/a"b')
    assert plain == (
        'Digest username="a", realm="r\\\\x", nonce="n", uri="/a\\"b", '
        f'response="{md5(f"{secret}:n:{request}")}", algorithm=MD5, opaque=""'
    )

    session = md5(f"{secret}:n:客")
    kept = answer('Digest realm="r\\\\x", nonce="n", algorithm=MD5-sess', user="a", target='/a"b')
    assert kept == (
        'Digest username="a", realm="r\\\\x", nonce="n", uri="/a\\"b", '
        f'response="{md5(f"{session}:n:{request}")}", algorithm=MD5-sess, cnonce="客"'
    )

    hidden = answer("Digest realm=r, nonce=n, qop=auth, algorithm=SHA-256, userhash=true", 26)
    secret, request = sha256("张:r:口令"), sha256("GET:/a")
    assert hidden == (
        f'Digest username="{sha256("张:r")}", realm="r", nonce="n", uri="/a", '
        f'response="{sha256(f"{secret}:n:0000001a:客:auth:{request}")}", algorithm=SHA-256, '
        'qop=auth, nc=0000001a, cnonce="客", userhash=true'
    )
    counted = answer("Digest realm=r, nonce=n, qop=auth", "2b")
    assert "nc=0000002b" in counted
    assert counted.startswith("Digest username*=UTF-8''%E5%BC%A0, ")


def test_the_strongest_challenge_that_can_be_answered_is_answered() -> None:
    weak, strong = "Digest realm=w, nonce=1, qop=auth", "Digest realm=s, nonce=2, algorithm=SHA-256"
    odd = "Digest realm=o, nonce=3, algorithm=SHA-512-256"

    assert 'realm="s"' in answer(f"{odd}, {weak}, {strong}")
    assert 'realm="w"' in answer(f"{strong}, qop=auth-int, {weak}")
    assert [
        refusal(lambda text=text: answer(text))  # type: ignore[misc]
        for text in (
            "Basic realm=a",
            f"{odd}, Digest realm=p, algorithm=TOKEN",
            f"{odd}, {strong}, qop=auth-int, Digest nonce=4, qop=other",
            'Digest realm="客", nonce=a',
            'Digest realm=a, nonce="客"',
            'Digest realm=a, nonce=b, opaque="客"',
        )
    ] == [
        "the server sent no Digest challenge in WWW-Authenticate",
        "the server asks for the Digest algorithm SHA-512-256, TOKEN; MD5 and SHA-256 are there",
        (
            "the server asks for Digest with qop=auth-int alone, which also signs the body and is "
            "not supported; have it offer qop=auth"
        ),
        *[
            (
                "the Digest challenge holds characters beyond ASCII, which no request can send "
                "back; have the server name its realm in ASCII"
            )
        ]
        * 3,
    ]  # fmt: skip


PAGE = """<META name=csrf content="m">
<div class="box a b" data-x="甲乙丙"><section><p>甲<br> 乙<b>丙</b>
<span id=Deep>丁<input value=v content=c name=n></span></div>
<ul><li class=one>1</li><li class="one two" title=t>2</ul><div><span id=late> 晚 </span>
<img class=pic alt=x></i><a class=end rel="x y">尾 <i>末</div>后</a>"""


ELEMENTS: list[tuple[str, str | None]] = [
        ("meta", "m"), ("META@NAME", "csrf"), ("div.box.b@class", "box a b"), ("div.c", None),
        ("[data-x^=甲][data-x$=丙][data-x*=乙]@data-x", "甲乙丙"), ("[data-x^=乙]@data-x", None),
        ("[data-x$=乙]@data-x", None), ("[data-x*=丁]@data-x", None), ("[class~=two]", "2"),
        ("[class~='a b']", None), ("[rel~=y]", "尾 末"), ("[rel=y]", None), (".one.two", "2"),
        ("li[title]", "2"), ("li[TITLE='t']", "2"), ('li[title="t"]', "2"), ("li[title='']", None),
        ("li[title^='']", None),
        ("li[title$='']", None), ("li[title*='']", None),
        ("p", "甲 乙丙 丁"), ("div > span", "晚"), ("div section span@id", "Deep"),
        ("div > p", None),
        ("section > p > span@id", "Deep"), ("div > section span input", "v"), ("ul > span", None),
        ("section > span", None), ("div > section > p input@content", "c"), ("ul span", None),
        ("#deep", None), ("#Deep input@NAME", "n"), ("img.pic", None), ("img@alt", "x"),
        ("img > a", None), ("div a.end", "尾 末"), ("* > li.two", "2"), ("*", "m"),
        ("b@class", None),
        ("div div", None), ("div > section > b", None), ("p > b", "丙"), ("div a@alt", None),
]  # fmt: skip


def test_an_element_is_found_by_all_of_its_parts() -> None:
    found = [(selector, compile_selector(selector).find(PAGE)) for selector, _ in ELEMENTS]

    assert found == ELEMENTS


def test_of_two_attributes_of_one_name_the_first_counts_and_open_elements_end() -> None:
    find = {
        "a@id": "<a id=1 id=2>",
        "p": "<p>一 <b> 二",
        "b > i": "<b><br></br><i>三</i></b>",
        "u > i": "<u><b></b><s></u><i>四</i><u><i>五</i>",
        "p i": "<p>a<i></p>b</i>c",
        "em": "<em>x<p>y</em>z</p></em>",
        "q": "<q>一<q>二</q>三</q>四",
        "input": "<input><input value=6>",
        "h1@x": "<h1>a</h1><h1 x=7>",
        "s > i": "<s><b><u></b><i>8</i></s>",
        "tt": "<tt>a</x>b</tt>c",
        "k": "<l><k>a</l>b</k>c",
    }  # fmt: skip

    assert {text: compile_selector(text).find(page) for text, page in find.items()} == {
        "a@id": "1",
        "p": "一 二",
        "b > i": "三",
        "u > i": "五",
        "p i": "",
        "em": "xy",
        "q": "一二三",
        "input": "6",
        "h1@x": "7",
        "s > i": "8",
        "tt": "ab",
        "k": "a",
    }
    assert compile_selector("b").find(" " * 1_999_999 + "<b>9</b>") is None
    assert compile_selector("b").find(" " * 1_999_992 + "<b>9</b>") == "9"


def test_a_stand_in_for_a_page_is_found_by_its_selector() -> None:
    made = {
        text: compile_selector(text).make_element('<"令">')
        for text in (
            *("input[name=csrf]", "meta[name=t]", "#login > [name]", "form .a.b@data-x", "p span"),
            *("[name$=z][name*=y][name^=x][title]", "[id=b][id^=a]", "br p", "[id^=a][id]"),
        )
    }

    value = "&lt;&quot;令&quot;&gt;"
    assert made == {
        "input[name=csrf]": f'<input name="csrf" value="{value}">',
        "meta[name=t]": f'<meta name="t" content="{value}">',
        "#login > [name]": f'<div id="login"><input name="" value="{value}"></div>',
        "form .a.b@data-x": f'<form><input class="a b" data-x="{value}"></form>',
        "p span": f'<p><span value="{value}"></span></p>',
        "[name$=z][name*=y][name^=x][title]": f'<input name="x y z" title="" value="{value}">',
        "[id=b][id^=a]": f'<input id="b" value="{value}">',
        "br p": "<br>",
        "[id^=a][id]": f'<input id="a" value="{value}">',
    }


def test_what_is_no_selector_or_pattern_is_refused() -> None:
    for text in (
        "",
        "> a",
        "a > > b",
        "a >",
        "a[",
        "a,b",
        "a:hover",
        "a + b",
        "[x=a b]",
        "@x",
        "a#1",
    ):
        assert "is not a CSS selector" in refusal(lambda text=text: compile_selector(text)), text  # type: ignore[misc]
    assert refusal(lambda: compile_value_regex("(a)(b)")) == (
        "'(a)(b)' has 2 groups; make all but that of the value (?:…)"
    )
    assert refusal(lambda: compile_value_regex("(")).startswith("'(' is not a regular expression: ")
    assert compile_value_regex("(a)").groups == 1
    assert [one.is_child for one in compile_selector("a > b c").compounds] == [False, True, False]


def part(token: str, number: int) -> str:
    return encodings.decode_base64(token.split(".")[number]).decode()


def test_a_token_keeps_the_order_of_its_claims_and_sorts_its_headers() -> None:
    token = sign_jwt(
        {"sub": "b", "aud": "客"}, "密", "HS256", {"typ": "at", "alg": "HS512", "a": 1}
    )

    assert part(token, 0) == '{"a":1,"alg":"HS512","typ":"at"}'
    assert part(token, 1) == '{"sub":"b","aud":"\\u5ba2"}'
    signature = encodings.decode_base64(token.split(".")[2])
    assert len(signature) == 64
    assert part(sign_jwt({}, "k", "HS384"), 0) == '{"alg":"HS384","typ":"JWT"}'
    wrong = "jwt needs claims, and headers if any, as {'name': value}"
    assert refusal(lambda: sign_jwt([], "k", "HS256")) == wrong
    assert refusal(lambda: sign_jwt({}, "k", "HS256", ["a"])) == wrong
    for name in ("XX256", "HS1", "", "HS"):
        message = refusal(lambda name=name: sign_jwt({}, "k", name))  # type: ignore[misc]
        assert message.startswith(f"jwt has no algorithm {name!r}"), name


def test_a_key_is_read_in_each_of_its_forms() -> None:
    private = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "支付")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 1, start, start + timedelta(1))
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )  # fmt: skip
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    clear = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    key = private.private_bytes(pem, *clear).decode()
    other = curve.private_bytes(pem, *clear).decode()
    signature = rsa_sign(b"1", key)
    as_json = json.dumps(key.replace("\n", "\r\n"))[1:-1]
    bare = base64.b64encode(private.private_bytes(der, *clear)).decode()
    written = private.public_key().public_bytes(pem, public).decode()
    listed = base64.b64encode(private.public_key().public_bytes(der, public)).decode()

    assert [to_private_key_pem(text) for text in (f"\n {key} ", as_json, bare)] == [key] * 3
    for text in (
        written,
        f" \n{written}",
        listed,
        certificate,
        certificate.replace("\n", "\\r\\n"),
    ):
        assert rsa_verify(b"1", signature, text)
        assert not rsa_verify(b"2", signature, text)
    assert not rsa_verify(b"1", b"", written)
    neither = "the public key is neither PEM, a certificate nor base64"
    wrong_curve = curve.public_key().public_bytes(pem, public).decode()
    assert [
        refusal(action)
        for action in (
            lambda: rsa_sign(b"", other),
            lambda: rsa_sign(b"", "甲"),
            lambda: rsa_verify(b"", b"", "甲"),
            lambda: rsa_verify(b"", b"", wrong_curve),
            lambda: sign_jwt({}, other, "ES384"),
            lambda: sign_jwt({}, key, "ES256"),
            lambda: sign_jwt({}, other, "RS256"),
        )
    ] == [
        "the private key is not an RSA key",
        "the private key is neither PEM nor base64, or it is encrypted",
        neither,
        "the public key is not an RSA key",
        "ES384 needs a private key on the curve secp384r1",
        "ES256 needs a private key on the curve secp256r1",
        "the private key is not an RSA key",
    ]
    assert len(encodings.decode_base64(sign_jwt({}, other, "ES256").split(".")[2])) == 64


def test_messages_of_templates_are_short_and_name_what_is_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert format_template_excerpt("x" * 60) == f"template '{'x' * 60}'"
    assert format_template_excerpt("x" * 61) == f"template '{'x' * 60}…'"
    assert [
        str(error)
        for error in (
            make_unknown_filter_error("a", "uper"),
            make_unknown_filter_error("a", "qqqqq"),
            make_undefined_name_error("a", "tokn", ["token", "now"]),
            make_undefined_name_error("a", "x", ["token", "now"]),
            make_undefined_name_error("a", "x", []),
            make_failed_expression_error("a", FilterError("no key")),
            make_failed_expression_error("a", ValueError("口令 is wrong")),
        )
    ] == [
        "template 'a': unknown filter 'uper'; did you mean 'upper'?",
        "template 'a': unknown filter 'qqqqq'",
        "template 'a': 'tokn' is not defined; did you mean 'token'?",
        "template 'a': 'x' is not defined; defined are now, token",
        "template 'a': 'x' is not defined; defined are none",
        "template 'a': no key",
        "template 'a': ValueError in it",
    ]
    monkeypatch.setattr(compiled_template, "LIMIT", 4)
    assert join_bounded("a", iter(["xx", "yy"])) == "xxyy"
    assert refusal(lambda: join_bounded("a", ["xx", "yy", "z"])) == (
        "template 'a' yields more than 4 characters; shorten it"
    )
