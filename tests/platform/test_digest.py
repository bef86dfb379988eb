"""HTTP Digest: the examples of RFC 7616 and RFC 2617, and what is refused by name."""

from __future__ import annotations

import pytest

from bpmax_sim.platform.digest import (
    make_digest_authorization,
    parse_challenges,
    read_digest_authorization,
)
from bpmax_sim.platform.encodings import FilterError

# RFC 7616, 3.9.1: both challenges of one response
REALM = 'realm="http-auth@example.org", qop="auth, auth-int"'
NONCE = 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
OPAQUE = 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
SHA_256 = f"Digest {REALM}, algorithm=SHA-256, {NONCE}, {OPAQUE}"
MD5 = f"Digest {REALM}, algorithm=MD5, {NONCE}, {OPAQUE}"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def answer(
    challenge: str, user: str = "Mufasa", password: str = "Circle of Life"
) -> dict[str, str]:
    value = make_digest_authorization(
        challenge, user, password, "GET", "/dir/index.html", CNONCE, 1
    )
    return read_digest_authorization(value)


def test_the_examples_of_rfc_7616() -> None:
    assert answer(MD5)["response"] == "8ca523f5e9506fed4657c9700eebdbec"
    stronger = answer(f"{MD5}, {SHA_256}")
    assert (
        stronger["response"] == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    )
    assert stronger["algorithm"] == "SHA-256"
    assert stronger["qop"] == "auth"
    assert stronger["nc"] == "00000001"
    assert stronger["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_the_example_of_rfc_2617_and_a_server_without_qop() -> None:
    challenge = (
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    given = answer(challenge, password="Circle Of Life")
    assert given["response"] == "670fd8c2df070c60b045671b8b24ff02"
    assert "qop" not in given
    assert "nc" not in given


def test_other_schemes_beside_it_are_skipped() -> None:
    header = f'Negotiate, Basic realm="a, Digest realm=x", {MD5}, Bearer realm="b"'
    (only,) = parse_challenges(header)
    assert (only.realm, only.algorithm, only.qops) == (
        "http-auth@example.org",
        "MD5",
        ("auth", "auth-int"),
    )


@pytest.mark.parametrize(
    "realm",
    ["CORP\\", "CORP\\\\", 'CORP"', '"合同"', 'CORP\\"', 'a", Basic a="b'],
)
def test_a_challenge_ends_where_the_next_begins_whatever_its_realm_holds(realm: str) -> None:
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    told = f'Digest realm="{quoted}", {NONCE}, Basic realm="内网"'

    assert [each.realm for each in parse_challenges(f"{told}, {told}")] == [realm, realm]


def test_names_beyond_ascii_and_hidden_names() -> None:
    assert answer(MD5, user="王喆")["username*"] == "UTF-8''%E7%8E%8B%E5%96%86"
    hidden = answer(f"{SHA_256}, userhash=true")
    assert hidden["userhash"] == "true"
    assert hidden["username"] != "Mufasa"
    session = answer(MD5.replace("MD5", "MD5-sess"))
    assert session["algorithm"] == "MD5-sess"
    assert session["response"] != answer(MD5)["response"]


@pytest.mark.parametrize(
    ("told", "is_hidden"),
    [
        ("", False), (", userhash=true", True), (", userhash=TRUE", True),
        (', userhash="True"', True),
        (", userhash=false", False), (", userhash=1", False), (", USERHASH=true", True),
    ],
)  # fmt: skip
def test_a_name_is_hidden_where_the_server_says_so_in_any_case(told: str, is_hidden: bool) -> None:
    found = answer(f"{SHA_256}{told}")

    assert (found["username"] != "Mufasa", "userhash" in found) == (is_hidden, is_hidden)


@pytest.mark.parametrize(
    ("challenge", "message"),
    [
        (MD5.replace("auth, auth-int", "auth-int"), "qop=auth-int alone"),
        (MD5.replace("=MD5", "=SHA-512-256"), "the Digest algorithm SHA-512-256"),
        ('Basic realm="a"', "no Digest challenge"),
        ("", "no Digest challenge"),
        (MD5.replace("http-auth@", "合同@"), "characters beyond ASCII"),
        (MD5.replace("7ypf", "甲"), "characters beyond ASCII"),
        (MD5.replace("FQhe", "甲"), "characters beyond ASCII"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(challenge: str, message: str) -> None:
    with pytest.raises(FilterError, match=message) as caught:
        answer(challenge)
    assert "Circle" not in str(caught.value)


@pytest.mark.parametrize(
    ("challenge", "told"),
    [
        (MD5.replace("Digest", "DIGEST"), {"qop": "auth"}),
        (MD5.replace("Digest", "digest"), {"qop": "auth"}),
        (MD5.replace("auth, auth-int", "AUTH-INT,AUTH"), {"qop": "auth"}),
        (MD5.replace("auth, auth-int", " auth "), {"qop": "auth"}),
        (MD5.replace("=MD5", "=md5"), {"algorithm": "MD5"}),
        (MD5.replace("=MD5", "=md5-sess"), {"algorithm": "MD5-sess"}),
        (MD5.replace(f", {OPAQUE}", ', opaque=""'), {"opaque": ""}),
        (f'Digest realm="", {NONCE}', {"realm": "", "algorithm": "MD5"}),
    ],
)
def test_words_of_a_challenge_are_known_in_any_case(challenge: str, told: dict[str, str]) -> None:
    given = answer(challenge)

    assert {name: given.get(name) for name in told} == told


def test_what_is_not_there_is_not_sent_back() -> None:
    given = answer(f'Digest realm="a", {NONCE}, algorithm=MD5-sess')

    assert given.keys() == {
        *("username", "realm", "nonce", "uri", "response", "algorithm", "cnonce"),
    }


@pytest.mark.parametrize(
    ("count", "number"),
    [(1, "00000001"), (0, "00000000"), (255, "000000ff"), ("a", "0000000a"), ("00000010",) * 2],
)
def test_a_count_has_eight_digits(count: object, number: str) -> None:
    value = make_digest_authorization(MD5, "甲", "乙", "GET", "/", CNONCE, count)

    assert read_digest_authorization(value)["nc"] == number


def test_a_count_is_1_by_default() -> None:
    given = read_digest_authorization(make_digest_authorization(MD5, "a", "b", "GET", "/", CNONCE))

    assert given["nc"] == "00000001"
    assert read_digest_authorization("Basic YTpi") == {}
    assert read_digest_authorization("digest a=1") == {"a": "1"}
