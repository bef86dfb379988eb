"""Pseudonyms, names, parts of keys and printed text: the rare characters and the second time."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.secret.outgoing_text import MARKER, redact_output
from bpmax_sim.secret.pseudonym import (
    compute_org_code_check_char,
    compute_resident_id_check_char,
    make_pseudonym,
)
from bpmax_sim.secret.redactor import pair_pem_and_jwt_parts, pem_to_der
from bpmax_sim.secret.secret_names import is_secret_name, is_secret_value, may_name_secret
from bpmax_sim.secret.spelling import as_bytes
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.secret.vault import Vault

STANDIN, OTHER = "redacted.p.i.n.1", "redacted.p.i.n.2"
VALUE = "k3y-9f2z-abc"


def vault(*values: str) -> Vault:
    kept = Vault()
    for number, value in enumerate(values, 1):
        kept.add(value, f"redacted.p.i.n.{number}", name="p.i.n")
    return kept


@pytest.mark.parametrize(
    ("body", "sign"), [("00000000", "0"), ("00000006", "X"), ("0000000A", "2"), ("00000005", "1")]
)
def test_an_organisation_has_a_check_character_at_each_rest(body: str, sign: str) -> None:
    assert compute_org_code_check_char(body) == sign


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("91310000MA10000308", "910000000579534356"),  # of digits, and as a resident's is
        ("910000000579534356", "910000000579534356"),
        ("000000197802219568", "000000197802219568"),
        ("000000197802219560", "000000[0-9]{11}[0-9X]"),
        ("u123456789@example.testing", "u[0-9]{9}@example\\.test"),
        ("u12345678@example.test", "u[0-9]{9}@example\\.test"),
        ("①Ⅷ½", "[①-⑨][Ⅰ-Ⅻ]½"),
        ("\uf900", "[某甲乙丙戊己壬癸寅卯]"),
        ("客户" * 40, "[某甲乙丙戊己壬癸寅卯]{80}"),
        ("Ab" * 40, "(?:[XYZ][xyz]){40}"),
        ("x-00某", "x-00某"),
        ("x-00某a", "x-00某[xyz]"),
    ],
)
def test_a_pseudonym_is_one_of_its_kind_and_stays_one(value: str, made: str) -> None:
    shown = make_pseudonym(value)

    assert re.fullmatch(made, shown)
    assert (shown == value) == (value == made)
    assert make_pseudonym(shown) == shown


def test_a_resident_number_with_a_small_x_is_one() -> None:
    shown = make_pseudonym("11010519491231002x")

    assert re.fullmatch("000000(?:19[5-9]|200)[0-9]{8}[0-9X]", shown)
    assert shown[17] == compute_resident_id_check_char(shown[:17])
    assert shown != make_pseudonym("110105194912310038")


@pytest.mark.parametrize("at", [0, 5, 4085, 4091, 4094, 4095, 4096, 4097, 69_627, 69_632, 150_000])
@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("password", True), ("密码", True), ("sig", True), ("sigValue", True),
        ("credential", True), ("assertion", True), ("口令", True), ("credentia", False),
    ],
)  # fmt: skip
def test_a_name_is_seen_wherever_it_stands(name: str, at: int, *, may: bool) -> None:
    for codec in ("utf-8", "gb18030"):
        assert may_name_secret(b" " * at + f'"{name}":1'.encode(codec) + b" " * 100) is may
        escaped = quote(name, encoding=codec).encode()
        assert may_name_secret(b" " * at + escaped + b"=1" + b" " * 100) is may
        assert may_name_secret(b" " * at + escaped.lower()) is may
    assert may_name_secret(b" " * at + name.upper().encode()) is may


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("next_access_token", True),
        ("page_refresh_token", True),
        ("my_page_token", False),
        ("list_next_token", False),
        ("page_token_value", False),
        ("token", True),
        ("password1", True),
        ("password_12_again_3", True),
        ("x_ca_sign", True),
        ("x_ca_signs", False),
        ("APIKey", True),
        ("userAPIKeyV", False),
        ("request_verification_token", True),
    ],
)
def test_the_word_before_a_token_decides(name: str, *, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


def test_what_stands_for_a_token_is_no_secret_again() -> None:
    made = make_standin(kind="jwt", platform="p", instance="i", name="token")

    assert not is_secret_value("token", made)
    assert is_secret_value("token", made.replace(".", "-"))


KEY = ["A" * 64, "B" * 32, "C" * 31, "D" * 64]
PEM = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
TWIN = PEM.format("\n".join(["X" * 64, "Y" * 20]))
CLAIMS = base64.urlsafe_b64encode(b'{"iss":"redacted.p.i.n.1"}').decode().rstrip("=")
JWT = f"eyJhbGciOiJub25lIn0.{CLAIMS}."


@pytest.mark.parametrize(
    ("real", "standin", "parts"),
    [
        (
            PEM.format("\n".join(KEY)),
            TWIN,
            [
                (PEM.format("\n".join(KEY)).strip(), TWIN.strip()),
                (PEM.format("\n".join(KEY)).strip().replace("\n", "\r\n"), TWIN.strip()),
                ("".join(KEY), "X" * 64 + "Y" * 20),
                (KEY[0], "X" * 64),
                (KEY[1], "Y" * 20),
                (KEY[3], "X" * 64),
            ],
        ),
        (
            PEM.format(KEY[0]),
            STANDIN,
            [
                (PEM.format(KEY[0]).strip(), STANDIN),
                (PEM.format(KEY[0]).strip().replace("\n", "\r\n"), STANDIN),
                (KEY[0], STANDIN),
                (KEY[0], STANDIN),
            ],
        ),
        ("eyJh.eyJi.c3Vu", JWT, [("eyJi", CLAIMS), ("c3Vu", STANDIN)]),
        ("eyJh.eyJi.c3Vu", STANDIN, [("eyJi", STANDIN), ("c3Vu", STANDIN)]),
        ("eyJh.eyJi", JWT, []),
        ("eyJh.eyJi.c3Vu.x", JWT, []),
        ("k3y.eyJi.c3Vu", JWT, []),
        ("BEGIN-----", TWIN, []),
    ],
)
def test_parts_of_a_key_and_of_a_token_are_secrets_too(real: str, standin: str, parts: Any) -> None:
    assert [*pair_pem_and_jwt_parts(real, standin)] == parts


@pytest.mark.parametrize(
    "label", ["RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE", "甲"]
)
def test_parts_of_any_pem_text_are_secrets(label: str) -> None:
    real, body = PEM.replace("PRIVATE KEY", label), "\n".join(KEY)
    plain = [*pair_pem_and_jwt_parts(PEM.format(body), TWIN)]

    assert [*pair_pem_and_jwt_parts(real.format(body), TWIN)] == [
        (part.replace("PRIVATE KEY", label), twin) for part, twin in plain
    ]
    assert pem_to_der(real.format("AQID")) == b"\1\2\3"


@pytest.mark.parametrize(
    ("text", "der"),
    [
        (PEM.format("AQID\nBAUG"), b"\1\2\3\4\5\6"),
        (PEM.format("AQID\r\n BAUG "), b"\1\2\3\4\5\6"),
        (PEM.format("AQI"), b""),
        ("AQID", b""),
        ("", b""),
    ],
)
def test_a_key_is_looked_for_in_its_bytes_too(text: str, der: bytes) -> None:
    assert pem_to_der(text) == der


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{VALUE}d", f"{STANDIN}d"),
        (f"x{VALUE}-1", f"x{STANDIN}-1"),
        (VALUE.encode().hex(), STANDIN.encode().hex()),
        (VALUE.encode().hex().upper(), STANDIN.encode().hex().upper()),
        ("客户密码：是真的", f"客户{OTHER}"),
        ("https://live.test/x", "https://crm.test/x"),
        ("https://live.tests/x", "https://live.tests/x"),
        ("https://live.test-a/x", "https://live.test-a/x"),
        (b"https://live.test".hex(), b"https://crm.test".hex()),
        (b"https://live.test".hex().upper(), b"https://crm.test".hex().upper()),
        ("k3y-9f2z-ab", "k3y-9f2z-ab"),
        (f"{STANDIN} {VALUE}", f"{STANDIN} {STANDIN}"),
    ],
)
def test_text_and_bytes_are_redacted_alike(text: str, shown: str) -> None:
    kept = vault(VALUE, "密码：是真的")
    kept.register_address_replacement("https://live.test", "https://crm.test")

    assert kept.redact_text(text) == shown
    assert kept.redact(text.encode()) == shown.encode()
    assert kept.certainly_leaves_unchanged([text]) <= (text == shown)


@pytest.mark.parametrize(
    "escape", ["", "\\u{:04x}", "\\u{:04X}", "\\U{:08x}", "\\U{:08X}", "&#x{:X};"]
)
def test_a_secret_without_letters_is_seen_in_any_case_of_its_escapes(escape: str) -> None:
    kept, secret = vault("密码：是真的"), "密码：是真的"
    text = f"口令{''.join(escape.format(ord(one)) or one for one in secret)}。"

    assert kept.certainly_leaves_unchanged(["口令是：另一个"])
    assert not kept.certainly_leaves_unchanged([text])
    assert kept.redact_text(text) == f"口令{STANDIN}。"


@pytest.mark.parametrize("digits", [VALUE.encode().hex(), VALUE.encode().hex().upper()])
def test_hexadecimal_is_found_as_it_is(digits: str) -> None:
    found = vault(VALUE).scan(digits.encode())

    assert [(one.name, one.within) for one in found] == [
        ("p.i.n (hex)", ()),
        ("p.i.n (raw)", ("hex",)),
    ]


def test_the_bytes_of_a_key_are_found_as_they_are() -> None:
    kept, key = Vault(), PEM.format("AQIDBAUGBwgJCgsMDQ4PEA==")
    kept.add(key, TWIN, name="p.i.key")

    found = kept.scan(b"\0\0" + bytes(range(1, 17)) + b"\0")
    assert [(one.name, one.offset, one.within) for one in found] == [("p.i.key (der)", 2, ())]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("密", "密".encode()),
        ("a\udcff", b"a\xff"),
        ("a\ud800", b"a\xed\xa0\x80"),
        ("\udcff\ud800", b"\xed\xb3\xbf\xed\xa0\x80"),
    ],
)
def test_a_text_has_bytes_though_half_a_character_is_in_it(text: str, data: bytes) -> None:
    assert as_bytes(text) == data


def pack(text: str, times: int) -> str:
    data = text.encode()
    for _ in range(times):
        data = base64.b64encode(data)
    return data.decode()


def test_what_is_too_deep_in_one_text_is_found_in_the_next() -> None:
    """What is remembered of the first one says nothing of parts that come less deep."""
    kept = vault(VALUE)
    assert kept.redact_text(pack(VALUE, 4)) == pack(VALUE, 4)
    for times in (3, 2, 1):
        assert VALUE not in repr(kept.scan(kept.redact_text(pack(VALUE, times)).encode()))
        assert kept.redact_text(pack(VALUE, times)) != pack(VALUE, times)

    searched = vault(VALUE)
    assert not searched.scan(pack(VALUE, 5).encode())
    for times in (4, 3, 2, 1):
        assert [one.within for one in searched.scan(pack(VALUE, times).encode())] == [
            ("base64",) * times
        ]


SPACED = VALUE.encode().hex(" ")


@pytest.mark.parametrize("count", [1, 2, 8, 9])
def test_of_a_text_with_more_places_than_eight_all_is_hidden(count: int) -> None:
    text = "\n".join(f"第 {number} 行 zz {SPACED} qq" for number in range(count))

    shown = translate(vault(VALUE).redact_for_output(text))

    marked = text.replace(SPACED, "[redacted: p.i.n (raw) inside hex]")
    assert shown == (MARKER if count > 8 else marked)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 5000])
@pytest.mark.parametrize("end", ["", " qq", '"', "zz", "zz qq"])
def test_what_is_written_together_with_a_secret_is_hidden_with_it(size: int, end: str) -> None:
    run = f"{'z' * size}:{SPACED}"
    shown = translate(vault(VALUE).redact_for_output(f"第 1 行 {run}{end}"))

    assert shown == f"第 1 行 [redacted: p.i.n (raw) inside hex]{end.removeprefix('zz')}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("k3y-9f", STANDIN), ("a k3y-9f", f"a {STANDIN}"), ("k3y-9", "k3y-9"), ("", "")],
)
def test_the_shortest_secret_is_hidden_where_it_is_all(text: str, shown: str) -> None:
    kept = vault("k3y-9f")
    assert [kept.redact_for_output(text) for _ in range(2)] == [shown] * 2


def test_a_line_of_a_key_is_told_as_one_and_not_by_a_whole_key() -> None:
    kept = Vault()
    kept.add("第一行是密文\nsecond-line-77", "a key\nof two lines", name="p.i.key")

    assert kept.redact_for_output("> second-line-77") == "> [redacted: a line of a secret]"


def test_both_streams_are_hidden_to_their_last_line() -> None:
    written, wrong = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(written),
        contextlib.redirect_stderr(wrong),
        redact_output(lambda text: text.replace("张三", "***")),
    ):
        sys.stdout.write("客户：张三\n还有张三")
        sys.stderr.write("错误：张三\n又是张三")
        sys.stdout.flush()
        sys.stderr.flush()
        assert (written.getvalue(), wrong.getvalue()) == ("客户：***\n", "错误：***\n")

    assert (written.getvalue(), wrong.getvalue()) == ("客户：***\n还有***", "错误：***\n又是***")


def test_half_a_character_ends_no_output(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+", encoding="utf-8") as target:
        with contextlib.redirect_stdout(target), redact_output(str):
            sys.stdout.write("a\ud800b\nc")
            assert sys.stdout.fileno() == target.fileno()
        target.seek(0)

        assert re.fullmatch("a\ufffd+b\nc", target.read())
