"""Entries of a keyring, spellings, and stand-ins that no version may change."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

from bpmax_sim.errors import ConfigError
from bpmax_sim.secret.scan import Needles, Search, decode_and_join_inner_layers
from bpmax_sim.secret.source import looks_random, read_keyring, write_keyring
from bpmax_sim.secret.spelling import (
    find_longest_unescaped_part,
    make_spelling_pattern,
    select_escapable_with_spellings,
    spell_like,
)
from bpmax_sim.secret.standin import is_recognisable_standin, make_standin, read_jwt_claims
from bpmax_sim.secret.vault import Vault

Entries = dict[tuple[str, str], str]


class Memory(KeyringBackend):
    priority = 1.0

    def __init__(self, entries: Entries) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries = entries

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if service == "locked":
            raise PasswordSetError(password)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError(f"{service}/{username}")


@pytest.fixture
def entries() -> Iterator[Entries]:
    before, kept = keyring.get_keyring(), Entries()
    keyring.set_keyring(Memory(kept))
    yield kept
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("where", "service", "name"),
    [
        ("crm/密码", "crm", "密码"),
        ("crm/prod/password", "crm", "prod/password"),
        ("/password", "", "password"),
    ],
)
def test_an_entry_is_kept_under_the_first_name_and_the_rest(
    entries: Entries, where: str, service: str, name: str
) -> None:
    write_keyring(where, "甲-1")
    assert entries == {(service, name): "甲-1"}
    assert read_keyring(where) == "甲-1"

    write_keyring(where, "")
    with pytest.raises(ConfigError, match=f"no entry {where}; .* set {service} {name}$"):
        read_keyring(where)


@pytest.mark.usefixtures("entries")
def test_an_entry_that_cannot_be_written_is_told_without_it() -> None:
    with pytest.raises(ConfigError) as caught:
        write_keyring("locked/password", "secret-1")

    assert str(caught.value) == (
        "keyring entry locked/password cannot be written: PasswordSetError; unlock the keyring,"
        " or use env: or file:"
    )


UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("text", "is_random"),
    [
        ("k3y9f2z1q8w7e6r5", True),
        ("k3y9f2z1q8w7e6r", False),
        (f"aaaaaaaaaaaaaaa1 k3y9f2z1{UUID}q8w7e6r5", False),
        (f"aaaaaaaaaaaaaaa1 {UUID}", False),
        (f"k3y9f2z1q8w7e6r5{UUID.upper()}", True),
        ("abcdefghijklmnop", False),
        ("1234567890123456", False),
        ("aaaaaaaabbbbbbb1", False),
        ("aabbccddeeffgg11", True),  # three bits a character, to the bit
        ("aaabccddeeffgg11", False),
        ("订单 k3y9f2z1q8w7e6r5 号", True),
        ("k3y9f2z1-q8w7e6r5", False),
        ("ordernumber2026abc", True),
    ],
)
def test_a_text_looks_random_by_its_row_of_letters_and_digits(
    text: str, *, is_random: bool
) -> None:
    assert looks_random(text) is is_random


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""), ("密码", ""), ("a=bcd&ef", "bcd"), ("ab=cd", "ab"), ("a b-c.d_e/f", "b-c.d_e"),
        ("abc", "abc"), ("=abc", "abc"),
    ],
)  # fmt: skip
def test_the_part_that_no_encoder_changes_is_the_longest(text: str, part: str) -> None:
    assert find_longest_unescaped_part(text) == part


SIGNS = " &<>\"'/`+=%!~\n\t\r\0\x08\x7f\xa0é中密😀\u2028"


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_is_known_in_each_spelling(sign: str) -> None:
    """As it stands in a text of which the rest is spelled otherwise."""
    code, octets = ord(sign), sign.encode()
    units = sign.encode("utf-16-be").hex()
    percent = "".join(f"%{octet:02x}" for octet in octets)
    escapes = json.dumps(sign)[1:-1]
    spellings = {
        sign, percent, percent.upper(), percent.replace("%", "%25"),
        percent.replace("%", "%252525"), quote(sign, safe=""),
        "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        "".join(f"\\\\\\\\u{units[at : at + 4].upper()}" for at in range(0, len(units), 4)),
        escapes, json.dumps(escapes)[1:-1], json.dumps(sign, ensure_ascii=False)[1:-1],
        f"&#{code};", f"&#x{code:x};", f"&#X{code:X};", f"&#x00{code:x};", f"&amp;#{code};",
        f"&amp;amp;amp;#{code};", html.escape(sign), f"\\u{{{code:x}}}", f"\\u{{00{code:X}}}",
        f"\\U{code:08x}", "".join(f"\\x{octet:02x}" for octet in octets),
    }  # fmt: skip
    spellings |= {"+"} if sign == " " else set()
    spellings |= {f"\\x{code:02x}"} if code <= 0xFF else set()
    pattern = re.compile(f"a{make_spelling_pattern(sign)}b")
    [(letter, traces)] = select_escapable_with_spellings(f"a{sign}b")

    assert letter == sign
    for spelled in spellings:
        text = f"a{spelled}b"
        assert pattern.fullmatch(text), spelled
        assert sign in text or any(trace in text.lower() for trace in traces), spelled
    assert not pattern.fullmatch("aQb")
    assert not pattern.fullmatch(f"a{percent.replace('%', '%25252525')}b")


@pytest.mark.parametrize(
    ("text", "spelled", "is_it"),
    [
        ("a\\b", "a\\b", True),
        ("a\\b", "a\\\\\\\\\\\\\\\\b", True),
        ("a\\b", "a\\\\\\\\\\\\\\\\\\b", False),
        ("a\\b", "ab", False),
        ("a\\\\b", "a\\b", False),
        ("a\\\\b", "a\\\\b", True),
        ("a\\b", "a%5Cb", True),
        ("a\\b", "a%255cb", True),
        ("a\\b", "a&#92;b", True),
        ("a\\b", "a&#x5C;b", True),
        ("a\\b", "a\\u005cb", True),
        ("a\\\\b", "a%5Cb", False),
    ],
)
def test_backslashes_are_known_by_their_number(text: str, spelled: str, *, is_it: bool) -> None:
    assert bool(re.fullmatch(make_spelling_pattern(text), spelled)) == is_it


def test_of_a_text_with_many_signs_four_are_looked_for() -> None:
    found = select_escapable_with_spellings("a\\ ;密-;码=&b")

    assert [letter for letter, _ in found] == [" ", ";", "密", "码"]
    assert select_escapable_with_spellings("abc-1.\\") == ()


@pytest.mark.parametrize(
    ("sample", "secret", "standin", "spelled"),
    [
        ("a%2Fb", "a/b", "红/1", "%E7%BA%A2%2F1"),
        ("a%2fb", "a/b", "红/1", "%E7%BA%A2%2F1"),
        ("a\\/b", "a/b", "红/1", "红\\/1"),
        ("a/b", "a/b", "红/1", "红/1"),
        ("a/b", "a/b", "redacted.a-1_b", "redacted.a-1_b"),
        ("a+b", "a b", "红 1", "%E7%BA%A2+1"),
        ("\\u5bc6\\u7801", "密码", "红/1", "\\u7ea2/1"),
        ("&lt;a&gt;", "<a>", '"红"', "&quot;红&quot;"),
        # no single encoder writes so: the first sign decides
        ("a%2Fb c", "a/b c", "红/1", "%E7%BA%A2%2F1"),
        ("\\u5bc6码\\n", "密码\n", "红\n", "\\u7ea2\\n"),
        ("a\\nb\\'", "a\nb'", '红"', '红\\"'),
        ("a&#60;b>", "a<b>", "<红", "&lt;红"),
        # and what both end with stays
        ("a&#60;b>", "a<b>", "<红>", "&lt;红>"),
    ],
)
def test_a_stand_in_is_spelled_as_what_it_stands_for(
    sample: str, secret: str, standin: str, spelled: str
) -> None:
    assert spell_like(sample, secret, standin) == spelled


NONCE = "redacted.crm.test.token.1"
LIKE = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({"alg": "RS256"}, {"sub": "张三", "iat": 1772413200, "exp": 1772416800}, "s")
)


@pytest.mark.parametrize(
    ("kind", "number", "like", "made"),
    [
        ("text", 1, "", "redacted.crm.test.token.1"),
        ("text", 12, "x", "redacted.crm.test.token.12"),
        ("integer", 1, "", "9854675880"),
        ("hex", 2, "", "91af3a44a0741445fbf9c0e2c36815d2"),
        ("base64", 1, "", "txXgFLtntbtV4cu42eKbPLWbKLQ/LBo/MeVq5Eyov8c="),
        (
            "challenge",
            7,
            "",
            f'Digest realm="redacted", nonce="{NONCE}", qop="auth", algorithm=SHA-256',
        ),
    ],
)
def test_a_stand_in_is_the_same_in_each_version(
    kind: str, number: int, like: str, made: str
) -> None:
    """Recordings hold it, and replay makes it anew."""
    assert made == make_standin(
        kind=kind, platform="crm", instance="test", name="token", number=number, like=like
    )


def test_a_token_stands_for_one_with_the_same_times() -> None:
    for like, times in ((LIKE, {"iat": 1772413200, "exp": 1772416800}), ("a.b", {})):
        made = make_standin(kind="jwt", platform="crm", instance="test", name="token", like=like)
        head, claims, signature = made.split(".")
        read = [json.loads(base64.urlsafe_b64decode(f"{one}==")) for one in (head, claims)]

        assert read == [
            {"alg": "none", "typ": "JWT"},
            {"iss": "redacted.crm.test.token.1", **times},
        ]
        assert [*read[1]] == ["iss", *times]
        assert signature == ""
        assert read_jwt_claims(made) == read[1]
        assert is_recognisable_standin(made)


def test_each_number_has_ten_digits() -> None:
    made = {
        make_standin(kind="integer", platform="crm", instance="test", name="id", number=number)
        for number in range(1, 60)
    }

    assert len(made) == 59
    assert all(re.fullmatch("9[0-9]{9}", one) for one in made)


@pytest.mark.parametrize(
    ("data", "needle", "offsets"),
    [
        (b"abcabcabc", b"abcabc", [0]),
        (b"abcabc abcabc", b"abcabc", [0, 7]),
        (b"a b+c a+b+c a+b c a b c", b"a b c", [0, 6, 12, 18]),
        (b"a+b a b", b"a+b", [0]),
        (b"x redacted.crm.test.token.1 crm.te", b"crm.te", [28]),
        (b"redacted.crm.test.token.1", b"token", []),
        (b"", b"abc", []),
    ],
)
def test_a_secret_is_found_at_each_of_its_places(
    data: bytes, needle: bytes, offsets: list[int]
) -> None:
    found = Needles({needle: "p.i.n"}).find_outside_standins(data)

    assert [*found] == [(at, "p.i.n") for at in offsets]


@pytest.mark.parametrize(
    ("data", "most", "inner"),
    [
        (b"", 100, b""),
        (b"plain text", 100, b""),
        (base64.b64encode("秘密的合同".encode()), 100_000, "秘密的合同".encode()),
        (b"a%E7%A7%98b", 1000, "a秘b".encode()),
        (b"a%E7%A7%98b", 10, None),
    ],
)
def test_what_is_encoded_is_told_without_what_it_stands_in(
    data: bytes, most: int, inner: bytes | None
) -> None:
    found = decode_and_join_inner_layers(data, most)

    if not inner:
        assert found == inner
        return
    assert found is not None
    assert any(piece.startswith(inner) for piece in found.split(b"\xff\xff"))
    assert data not in found.split(b"\xff\xff")


def test_a_search_without_secrets_finds_nothing_and_takes_all() -> None:
    assert Search({}).find(b"abc") == ()
    assert Search({}).is_clean_and_passes_in_layers(b"abc", lambda _data: True)
    assert not Search({}).is_clean_and_passes_in_layers(b"abc", lambda data: data != b"abc")
    assert not Search({b"abc": "x"}).is_clean_and_passes_in_layers(b"abc", lambda _data: True)


def test_equal_values_have_one_number_and_others_the_next() -> None:
    kept = Vault()

    def issue(value: str, kind: str = "text", name: str = "token") -> str:
        return kept.register_issued("crm", "test", name, value, kind).rpartition(".")[2]

    assert [issue(one) for one in ("甲乙丙丁戊己", "tok-22", "甲乙丙丁戊己", "tok-33")] == [
        "1", "2", "1", "3",
    ]  # fmt: skip
    assert issue("tok-22", name="other") == "1"
    kept.make_unregistered_standin("crm", "test", "token", "redacted.crm.test.token.4")
    assert issue("tok-44") == "5"
    assert kept.redact_text("tok-22 tok-33 tok-44") == (
        "redacted.crm.test.token.2 redacted.crm.test.token.3 redacted.crm.test.token.5"
    )
    keys = [kept.register_issued("crm", "test", "key", f"key-{n}", "rsa") for n in (1, 2)]
    assert keys[0] == keys[1]


def test_a_stand_in_of_a_kind_that_shows_nothing_is_known_again() -> None:
    for kind in ("integer", "hex", "base64"):
        for number in (1, 2, 99, 100):
            made = make_standin(
                kind=kind, platform="crm", instance="test", name="id", number=number
            )
            again = Vault().make_unregistered_standin("crm", "test", "id", made, kind)
            assert (again == made) == (number < 100)


def test_texts_since_a_number_are_those_of_the_secrets_that_came_later() -> None:
    kept = Vault()
    assert kept.list_anchors_since() == ()
    for number, value in enumerate(("密码：一二三", "k3y-9f2z", "a=b&c-d-e"), 1):
        kept.add(value, f"redacted.p.i.n.{number}", name="p.i.n")

    anchors = ["密码：一二三", "k3y-9f2z", "c-d-e"]
    assert [[*kept.list_anchors_since(n)] for n in range(5)] == [anchors[n:] for n in range(5)]
