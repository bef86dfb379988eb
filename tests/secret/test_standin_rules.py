"""Stand-ins, pseudonyms, sources and the vault: what each is made of, and when it stays."""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from msgspec import Struct

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg, translate
from bpmax_sim.secret.pseudonym import (
    compute_credit_code_check_char,
    compute_luhn_digit,
    compute_org_code_check_char,
    compute_resident_id_check_char,
    make_pseudonym,
)
from bpmax_sim.secret.source import (
    has_run_of_letters_and_digits,
    looks_random,
    read_env,
    read_file,
    read_keyring,
    write_keyring,
)
from bpmax_sim.secret.standin import (
    find_text_standin,
    get_jwt_issuer_or_standin,
    is_recognisable_standin,
    make_standin,
    read_jwt_claims,
    replace_standins_by_zeros,
    to_distinct_slug,
)
from bpmax_sim.secret.vault import (
    AddressPair,
    Credential,
    Credentials,
    Vault,
    redact_values,
)


def jwt(claims: Any, signature: str = "c2lnbmF0dXJl") -> str:
    parts = (json.dumps({"alg": "HS256"}), json.dumps(claims))
    packed = [base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in parts]
    return ".".join([*packed, signature])


def made(kind: str, number: int = 1, like: str = "", name: str = "token") -> str:
    return make_standin(
        kind=kind, platform="crm", instance="test", name=name, number=number, like=like
    )


def test_a_standin_is_of_its_kind_and_numbered() -> None:
    assert made("text") == "redacted.crm.test.token.1"
    assert made("text", 12) == "redacted.crm.test.token.12"
    for kind in "integer", "base64", "hex":
        assert len({made(kind), made(kind, 2), made(kind, name="key")}) == 3
        assert made(kind) == made(kind)
    assert {len(made("integer", number)) for number in range(60)} == {10}
    assert make_standin(kind="text", platform="客户", instance="a b", name="k") == (
        f"redacted.{to_distinct_slug('客户')}.{to_distinct_slug('a b')}.k.1"
    )
    assert made("integer").isdigit()
    assert (len(made("integer")), made("integer")[0]) == (10, "9")
    assert len(base64.b64decode(made("base64"))) == 32
    assert len(bytes.fromhex(made("hex"))) == 16
    for kind in "rsa", "ec":
        assert made(kind) == made(kind, 2)
        assert made(kind).startswith("-----BEGIN PRIVATE KEY-----\n")
    assert made("challenge", 7) == (
        'Digest realm="redacted", nonce="redacted.crm.test.token.1", qop="auth", algorithm=SHA-256'
    )
    real = jwt({"exp": 1_772_413_200, "iat": 1_772_410_000, "sub": "张三", "nbf": 3})
    token = made("jwt", 2, real)
    assert read_jwt_claims(token) == {
        "iss": "redacted.crm.test.token.2", "exp": 1_772_413_200, "iat": 1_772_410_000,
    }  # fmt: skip
    assert token.endswith(".")
    assert read_jwt_claims(made("jwt", 1, "no.jwt.x")) == {"iss": "redacted.crm.test.token.1"}
    assert get_jwt_issuer_or_standin(token) == "redacted.crm.test.token.2"
    assert get_jwt_issuer_or_standin(real) == real
    assert get_jwt_issuer_or_standin("abc") == "abc"


def test_claims_are_read_of_a_jwt_alone() -> None:
    texts: dict[str, Any] = {
        jwt({"a": 1}): {"a": 1}, jwt([1]): {}, jwt("x"): {}, "": {}, "a.b": {}, "a.b.c": {},
        "eyJ.eyJ.x": {}, jwt({"a": 1}, ""): {"a": 1}, jwt({"abc": 1}): {"abc": 1},
        jwt({"abcd": 1}): {"abcd": 1}, jwt({"a": 1}).rpartition(".")[0]: {},
        f"{jwt({'a': 1})}.x": {},
        "a.合.c": {},
    }  # fmt: skip
    assert {text: read_jwt_claims(text) for text in texts} == texts


def test_a_name_in_a_standin_is_plain_and_stays_distinct() -> None:
    for name in "crm", "a-b_C9", "":
        assert to_distinct_slug(name) == name
    names = ("客户", "合同", "a b", "a.b", "a/b", " a", "-a", "a-", "a b ", "é")
    slugs = {name: to_distinct_slug(name) for name in names}
    assert len(set(slugs.values())) == len(names)
    for name, slug in slugs.items():
        assert slug.isascii()
        assert slug.strip("-") == slug, name
        assert slug.replace("-", "").replace("_", "").isalnum()
    assert slugs["a b"].startswith("a-b-")
    assert len(slugs["客户"]) == 8
    assert slugs["-a"].startswith("a-")


def test_a_standin_is_recognised_whole_and_within_text() -> None:
    texts = {"redacted.crm.test.token.1": True, "redacted.": True, "redacted": False,
             "x redacted.crm.test.token.1": False, made("jwt"): True, jwt({"iss": "x"}): False,
             jwt({"iss": "redacted.x"}): True, jwt({"iss": 5}): False, made("hex"): False,
             "": False}  # fmt: skip
    assert {text: is_recognisable_standin(text) for text in texts} == texts
    where: dict[str, str | None] = {
        "a redacted.crm.test.token.1 b": "redacted.crm.test.token.1",
        "redacted.crm.test.token.12,redacted.crm.test.token.3": "redacted.crm.test.token.12",
        "redacted.crm.test.token.1a": None, "redacted.crm.test.token.1_": None,
        "redacted.crm.test.tokens.1": None, "redacted.crm.prod.token.1": None,
        "redactedXcrm.test.token.1": None, "redacted.crm.test.token.": None,
        "redacted.crm.test.token.1-x": "redacted.crm.test.token.1",
    }  # fmt: skip
    assert {
        text: find_text_standin(text, platform="crm", instance="test", name="token")
        for text in where
    } == where
    slug = to_distinct_slug("密钥")
    assert find_text_standin(
        f"redacted.crm.test.{slug}.2", platform="crm", instance="test", name="密钥"
    ) == f"redacted.crm.test.{slug}.2"  # fmt: skip
    zeros = {
        b"a redacted.crm.test.token.1 b": b"a " + b"\0" * 25 + b" b",
        b"redacted....1": b"\0" * 13,
        b"redacted.a.b.1": b"redacted.a.b.1",
        b"redacted.crm.test.token.1x": b"redacted.crm.test.token.1x",
        b"none": b"none",
    }
    assert {data: replace_standins_by_zeros(data) for data in zeros} == zeros


def test_check_characters_are_those_of_the_standards() -> None:
    assert compute_resident_id_check_char("11010519491231002") == "X"
    assert compute_resident_id_check_char("34052419800101001") == "X"
    assert compute_resident_id_check_char("44052418800101001") == "4"
    assert compute_credit_code_check_char("91350100M000100Y4") == "3"
    assert compute_credit_code_check_char("91310000MA1FL000X") in "0123456789ABCDEFGHJKLMNPQRTUWXY"
    assert compute_luhn_digit("7992739871") == "3"
    assert compute_luhn_digit("453201511283036") == "6"
    assert compute_luhn_digit("0") == "0"
    assert compute_org_code_check_char("D2143569") == "X"
    assert compute_org_code_check_char("00000000") == "0"


def test_a_pseudonym_is_of_the_same_format_and_its_own() -> None:
    card, credit = "4532015112830366", "91350100M000100Y43"
    resident = "11010519900307851" + compute_resident_id_check_char("11010519900307851")
    for value, begin, size in (
        ("13800138000", "160", 11), ("19912345678", "160", 11), (resident, "000000", 18),
        (credit, "91000000", 18), (card, "000000", 16), ("622848401234567890", "000000", 18),
    ):  # fmt: skip
        shown = make_pseudonym(value)
        assert (shown[: len(begin)], len(shown)) == (begin, size), value
        assert shown != value
        assert make_pseudonym(shown) == shown
        assert make_pseudonym(value) == shown
    shown = make_pseudonym(resident)
    assert shown[17] == compute_resident_id_check_char(shown[:17])
    assert 1950 <= int(shown[6:10]) < 2010
    assert 1 <= int(shown[10:12]) <= 12
    assert 1 <= int(shown[12:14]) <= 28
    shown = make_pseudonym(credit)
    assert shown[17] == compute_credit_code_check_char(shown[:17])
    assert shown[16] == compute_org_code_check_char(shown[8:16])
    shown = make_pseudonym(card)
    assert shown[-1] == compute_luhn_digit(shown[:-1])
    assert make_pseudonym("zhang.san@corp.example").endswith("@example.test")
    assert len({make_pseudonym(value) for value in ("13800138000", "13800138001")}) == 2


def test_a_character_is_replaced_by_one_of_its_kind() -> None:
    kept = ("", "---", "000", "某甲", "xyz XYZ", "2" * 0, " ,.", "０")
    assert [make_pseudonym(value) for value in kept] == list(kept)
    assert make_pseudonym("12800138000") == "00000000000"
    shown = make_pseudonym("A座3层⑦号-x")
    assert (shown[2], shown[4], shown[6:]) == ("0", "①", "-x")
    assert make_pseudonym("٣") == "٠"
    assert make_pseudonym("Ⅳ⑦②Ⅻ") == "Ⅰ①①Ⅰ"
    assert make_pseudonym("〇²")[1] == "²"
    upper, lower = make_pseudonym("QQ"), make_pseudonym("qq")
    assert upper.isupper()
    assert lower.islower()
    assert set(upper.lower() + lower) <= set("xyz")
    assert set(make_pseudonym("张王李赵")) <= set("某甲乙丙戊己壬癸寅卯")
    assert make_pseudonym("a b@c") != make_pseudonym("ab@c")
    assert "@example.test" not in make_pseudonym("a b@c")


def test_eighteen_characters_are_what_their_check_character_says() -> None:
    bodies = [
        f"{begin}{number:03d}"
        for begin in ("11010519900307", "12345600000000")
        for number in range(150)
    ]
    residents = [body + compute_resident_id_check_char(body) for body in bodies]
    shown = [make_pseudonym(value) for value in residents]
    assert {one[:6] for one in shown} == {"000000"}
    assert {one[10:12] for one in shown} == {f"{month:02d}" for month in range(1, 13)}
    assert {one[12:14] for one in shown} == {f"{day:02d}" for day in range(1, 29)}
    assert len({one[14:17] for one in shown}) > 100
    cards = [body + compute_luhn_digit(body) for body in bodies]
    found = [make_pseudonym(value) for value in cards]
    is_date = [one[:2] == "91" or one[6:8] in {"19", "20"} for one in found]
    # With a date of birth it is an identity number, else a card, unless both digits are right.
    assert all(is_date[:150])
    both = [value in residents for value in cards]
    assert sum(both[150:]) > 5
    assert all(is_date[150 + at] for at, is_both in enumerate(both[150:]) if is_both)
    assert sum(is_date[150:]) < 40
    for body in ("00000019900307123", "00000019900307124", "00000019900307125"):
        card = body + compute_luhn_digit(body)
        assert make_pseudonym(card) == card
    credits_ = [body + compute_credit_code_check_char(body) for body in bodies]
    firsts = {
        value in residents: make_pseudonym(value)[:6] for value in credits_ if value.isdigit()
    }
    assert firsts == {True: "000000", False: "910000"}
    assert make_pseudonym("910000000579534356") == "910000000579534356"
    assert make_pseudonym("00000012ABCDEFGHJK")[:8] == "00000000"


def test_a_text_looks_random_by_a_run_of_letters_and_digits() -> None:
    texts = {
        "a8f5f167f44f4964e6c998dee827110c": (True, True),
        "x=a8c5e167b2d94f30;": (True, True),
        "a8f5f167f44f496": (False, False),
        "aaaaaaaaaaaaaaa1": (True, False),
        "ab1ab1ab1ab1ab1ab1": (True, False),
        "abcdefghijklmnopqrst": (False, False),
        "12345678901234567890": (False, False),
        "550e8400-e29b-41d4-a716-446655440000": (False, False),
        "550E8400-E29B-41D4-A716-446655440000 a8c5e167b2d94f30": (True, True),
        "": (False, False),
        "aaaaaaaaaaaaaaa1 a8c5e167b2d94f30": (True, True),
        "客户a8c5e167b2d94f30号": (True, True),
    }
    assert {
        text: (has_run_of_letters_and_digits(text), looks_random(text)) for text in texts
    } == texts


def told(action: Callable[[], Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        action()
    return str(caught.value)


def test_a_credential_comes_from_its_source_or_is_told(tmp_path: Path) -> None:
    assert read_env("K", {"K": " x "}) == " x "
    for environ in {}, {"K": ""}, {"k": "x"}:
        assert told(lambda environ=environ: read_env("K", environ)) == (  # type: ignore[misc]
            "environment variable K is not set; set it, or run in replay mode"
        )
    contents = {b"k3y\n": "k3y", b"k3y\r\n": "k3y", b"\xef\xbb\xbfk3y": "k3y", b" k \n\n": " k \n",
                "密\n钥".encode(): "密\n钥"}  # fmt: skip
    for content, text in contents.items():
        (tmp_path / "key").write_bytes(content)
        assert read_file("key", tmp_path) == text
        assert read_file(str(tmp_path / "key"), tmp_path / "none") == text
    for content in b"", b" \n\t", b"\xef\xbb\xbf\n":
        (tmp_path / "key").write_bytes(content)
        assert told(lambda: read_file("key", tmp_path)) == (
            f"credential file {tmp_path / 'key'} is empty"
        )
    (tmp_path / "key").write_bytes(b"\xff")
    begin = f"credential file {tmp_path / 'key'} cannot be read: "
    assert told(lambda: read_file("key", tmp_path)) == f"{begin}it is not UTF-8 text"
    assert told(lambda: read_file("key/none", tmp_path)).endswith(": Not a directory")
    assert told(lambda: read_file("none", tmp_path)).endswith(": No such file or directory")
    assert told(lambda: read_file("a\0b", tmp_path)).endswith("embedded null byte")


def test_a_keyring_has_an_entry_or_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class KeyringError(Exception):
        """As the package has it."""

    class LockedError(KeyringError):
        """One of its kinds."""

    known: dict[tuple[str, str], str | None] = {("svc", "a/b"): "v", ("only", ""): "o"}

    def get(service: str, name: str) -> str | None:
        if service == "bad":
            raise LockedError
        return known.get((service, name))

    def put(service: str, name: str, value: str) -> None:
        get(service, name)
        known[service, name] = value

    errors = SimpleNamespace(KeyringError=KeyringError)
    fake = SimpleNamespace(get_password=get, set_password=put, errors=errors)
    monkeypatch.setitem(__import__("sys").modules, "keyring", fake)
    monkeypatch.setitem(__import__("sys").modules, "keyring.errors", errors)
    assert (read_keyring("svc/a/b"), read_keyring("only")) == ("v", "o")
    write_keyring("svc/new/x", "n")
    assert known["svc", "new/x"] == read_keyring("svc/new/x") == "n"
    assert told(lambda: read_keyring("svc/none")) == (
        "the keyring has no entry svc/none; add it with: keyring set svc none"
    )
    end = "LockedError; unlock the keyring, or use env: or file:"
    assert told(lambda: read_keyring("bad/x")) == f"keyring entry bad/x cannot be read: {end}"
    assert (
        told(lambda: write_keyring("bad/x", "")) == f"keyring entry bad/x cannot be written: {end}"
    )
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    assert told(lambda: read_keyring("svc/x")) == (
        'keyring entry svc/x needs the extra: pip install "bpmax-sim[keyring]"'
    )


KEY, OTHER = "k3y-9f2z-abc", "z9y8-x7w6"


def test_a_vault_takes_a_secret_once_with_its_first_standin() -> None:
    vault = Vault()
    assert (vault.is_empty, vault.size, repr(vault)) == (True, 0, "<Vault of 0 stand-ins>")
    vault.add(KEY, "redacted.a.b.c.1", name="a.b.c")
    vault.add(KEY, "redacted.a.b.c.2", name="a.b.c")
    assert vault.redact_text(f"{KEY}!") == "redacted.a.b.c.1!"
    assert vault.has_standin("redacted.a.b.c.2")
    assert (vault.is_empty, vault.size, repr(vault)) == (False, 1, "<Vault of 2 stand-ins>")
    vault.register_derived(KEY, "redacted.a.b.c.1", name="n")
    vault.register_derived(OTHER, OTHER, name="n")
    assert vault.size == 1
    assert not vault.has_standin(OTHER)
    vault.add("redacted.a.b.c.2", "redacted.x.y.z.1", name="n")
    vault.add("redacted.q.q.q.9", "redacted.x.y.z.1", name="n")
    assert vault.size == 1
    more = Vault()
    more.add(OTHER, "redacted.a.b.d.1", name="a.b.d")
    more.add(KEY, "redacted.q.q.q.1", name="q")
    vault.add_all(more)
    assert vault.redact_text(f"{KEY} {OTHER}") == "redacted.a.b.c.1 redacted.a.b.d.1"


def test_a_vault_looks_for_what_it_knows() -> None:
    vault = Vault()
    vault.add(KEY, "redacted.a.b.c.1", name="a.b.c")
    vault.add(OTHER, "redacted.a.b.d.1", name="a.b.d")
    anchors = vault.list_anchors_since()
    assert anchors == (KEY, OTHER)
    assert vault.list_anchors_since(1) == (OTHER,)
    assert vault.list_anchors_since(2) == ()
    short = Vault()
    short.add("密码一二三四", "redacted.a.b.c.1", name="n")
    assert short.list_anchors_since() == ("密码一二三四",)
    assert short.redact("x密码一二三四\udcff".encode("utf-8", "surrogateescape")) == (
        b"xredacted.a.b.c.1\xff"
    )
    assert short.redact(b"\xffnone") == b"\xffnone"
    assert [str(one) for one in vault.scan(f"..{KEY}".encode())] == ["a.b.c (raw) at byte 2"]
    assert vault.certainly_leaves_unchanged(["合同"], b"\xff")
    assert not vault.certainly_leaves_unchanged(["合同"], KEY.encode())
    assert not vault.certainly_leaves_unchanged([KEY])
    assert not vault.certainly_leaves_unchanged(["\ud800"])


def test_an_issued_secret_is_numbered_by_platform_instance_and_name() -> None:
    vault = Vault()

    def issue(value: str, name: str = "token", instance: str = "test", kind: str = "text") -> str:
        return vault.register_issued("crm", instance, name, value, kind)

    assert issue(KEY) == "redacted.crm.test.token.1"
    assert issue(OTHER) == "redacted.crm.test.token.2"
    assert issue(KEY) == "redacted.crm.test.token.1"
    assert issue("q1w2e3r4t5", "other") == "redacted.crm.test.other.1"
    assert issue("p0o9i8u7y6", instance="prod") == "redacted.crm.prod.token.1"
    assert issue("redacted.crm.test.token.9") == "redacted.crm.test.token.9"
    assert issue("t3-a1b2c3") == "redacted.crm.test.token.4"
    known = made("hex", 3)
    assert issue(known, kind="hex") == known
    assert issue(made("hex", 100), "hexes", kind="hex") == made("hex", 1, name="hexes")
    assert issue("a1b2c3d4e5", "rsa", kind="rsa") == issue("f6a7b8c9d0", "rsa", kind="rsa")
    assert vault.make_unregistered_standin("crm", "test", "token", "unk-n0wn1") == (
        "redacted.crm.test.token.6"
    )
    assert vault.redact_text("unk-n0wn1") == "unk-n0wn1"
    vault.add("later-1a2b", "stands-for-it", name="n")
    assert issue("stands-for-it", "x") == "stands-for-it"
    assert vault.redact_for_output("fr3sh-9z8y") == "fr3sh-9z8y"
    assert issue("fr3sh-9z8y", "fresh") == "redacted.crm.test.fresh.1"
    assert vault.redact_for_output("fr3sh-9z8y") == "redacted.crm.test.fresh.1"


def test_an_address_is_replaced_in_each_spelling_and_is_no_finding() -> None:
    vault = Vault()
    vault.register_address_replacement("https://CRM.corp.example:443/api", "https://crm.test/api")
    for text, shown in {
        "https://CRM.corp.example:443/api/x": "https://crm.test/api/x",
        "https://crm.corp.example/api?x": "https://crm.test/api?x",
        "https://crm.corp.example/apis": "https://crm.corp.example/apis",
        "https://crm.corp.example/api-x": "https://crm.corp.example/api-x",
    }.items():
        assert vault.redact_text(text) == shown
    assert vault.scan(b"https://crm.corp.example/api") == ()
    vault.register_address_replacement("https://crm.test/api", "https://other.test/api")
    assert vault.redact_text("https://crm.test/api") == "https://crm.test/api"
    size = vault.size
    vault.register_address_replacement("https://crm.test/api", "https://crm.test/api")
    vault.register_address_replacement("", "https://crm.test/api")
    assert vault.size == size == 2


class Shape(Struct, frozen=True):
    """A struct with a text and a list."""

    name: str
    items: Any = ()


@dataclass(frozen=True)
class Record:
    """A dataclass with a struct."""

    shape: Shape
    size: int = 3


class Pair(NamedTuple):
    """A named tuple."""

    first: str
    second: Any


class Texts(list[Any]):
    """A list of its own class."""


class Name(str):
    """A text of its own class."""

    __slots__ = ()


def hide(text: str) -> str:
    return text.replace("密", "*").replace("[104, 105]", "hi!")


def test_values_of_any_shape_are_redacted() -> None:
    values: list[tuple[Any, Any]] = [
        ("a密", "a*"), (b"\xff\xe5\xaf\x86", b"\xff*"), (5, 5), (None, None), (True, True), (1.5,
        1.5),
        ({"密": ["密", ("密", {"k": "密"})]}, {"*": ["*", ("*", {"k": "*"})]}),
        ({"密", "a"}, {"*", "a"}), (frozenset({"密"}), frozenset({"*"})),
        ([104, 105], "hi!"), ((104, 105), (104, 105)), ([104, 106], [104, 106]), ([], []),
        ([True, 105], [True, 105]), ([True, 104, 105], [True, 104, 105]), (Shape("密", ["密"]),
        Shape("*", ["*"])),
        (Record(Shape("x", ("密",))), Record(Shape("x", ("*",)))), (Pair("密", 1), Pair("*", 1)),
        (OrderedDict(k="密"), {"k": "*"}), (Name("密"), "*"),
    ]  # fmt: skip
    assert [(value, redact_values(value, hide)) for value, _ in values] == values
    for value in (Shape("x", [1]), Record(Shape("x")), Pair("x", 1), Texts(["x"]), Name("x")):
        assert redact_values(value, hide) is value
    assert type(redact_values(Pair("密", 1), hide)) is Pair
    shown = redact_values(Texts(["密"]), hide)
    assert (shown, type(shown)) == (["*"], list)
    octets: Any = Texts([104, 105])
    assert redact_values(octets, hide) == "hi!"
    text = msg("{name} bytes", name="密")
    assert translate(redact_values(text, hide)) == "* bytes"
    odd = object()
    assert redact_values(odd, hide) is odd


def test_credentials_know_what_is_sent_and_what_is_recorded() -> None:
    kept = Credentials(
        Credential(name="key", secret=True, real="r", standin="s"),
        Credential(name="id", is_in_recordings=True, real=7, standin=7),
        Credential(name="sso_url", real="own", standin="own-s"),
        live="https://live.test",
        hosts={"sso_url": AddressPair("d", "l"), "img_url": AddressPair("d2", "l2")},
    )
    assert kept.real == {"sso_url": "own", "img_url": "l2", "key": "r", "id": 7}
    assert kept.standins == {"sso_url": "own-s", "img_url": "d2", "key": "s", "id": 7}
    assert (kept.live, kept.declared) == ("https://live.test", "https://live.test")
    assert kept.nonsecret_values == {"id": "7"}
    assert [one.name for one in kept] == ["key", "id", "sso_url"]
    assert kept["id"].real == 7
    assert repr(kept) == "<Credentials key, id, sso_url>"
    assert repr(Credentials()) == "<Credentials none>"
    assert Credentials(live="a", declared="b").declared == "b"
    assert "'r'" not in repr(kept["key"])
