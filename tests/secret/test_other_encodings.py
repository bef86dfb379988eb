"""Secrets that the search finds in GBK, in UTF-16 and as references are replaced there, too."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from bpmax_sim.secret.vault import Vault
from bpmax_sim.text_codec import decode_text

STANDIN = "redacted.crm.test.key.1"
VALUES = ["密码是镕大象八九", "密钥Пароль🔑12", "b6-Kenn_wort.9", "a\"b'c<d>&e\\f", "p@ss/wörd%20"]


def _escape_each(pattern: str) -> Callable[[str], bytes]:
    return lambda text: "".join(pattern % ord(character) for character in text).encode()


def _escape_bytes(pattern: str, codec: str = "utf-8") -> Callable[[str], bytes]:
    return lambda text: "".join(pattern % byte for byte in text.encode(codec)).encode()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "GBK": lambda text: text.encode("gb18030"),
    "UTF-16, little end first": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "decimal references": _escape_each("&#%d;"),
    "decimal references of seven digits": _escape_each("&#%07d;"),
    "hexadecimal references": _escape_each("&#x%X;"),
    "references that are escaped": _escape_each("&amp;#%d;"),
    "references that are escaped three times": _escape_each("&amp;amp;amp;#%d;"),
    "JavaScript": _escape_each("\\u{%x}"),
    "JavaScript in JSON in JSON in JSON": _escape_each("\\" * 8 + "u{%x}"),
    "octets of JavaScript": _escape_bytes("\\x%02x"),
    "octets of an address": _escape_bytes("%%%02X"),
    "octets of an address, twice": _escape_bytes("%%25%02x"),
    "octets of an address, four times": _escape_bytes("%%252525%02x"),
    "octets of an address in GBK": _escape_bytes("%%%02X", "gb18030"),
    "octets of an address in GBK, twice": _escape_bytes("%%25%02X", "gb18030"),
    "an address in GBK": lambda text: quote(text.encode("gb18030"), safe="").encode(),
    "JSON": lambda text: "".join(
        f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H")
    ).encode(),
}


@pytest.mark.parametrize("around", ["%s", '{"回显":"%s","b":1}', "张 %s 三"])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("real", VALUES)
def test_a_secret_is_replaced_however_it_is_encoded(real: str, spelling: str, around: str) -> None:
    vault = Vault()
    vault.add(real, STANDIN, name="crm.test.key")
    before, after = around.encode("utf-8").split(b"%s")

    shown = vault.redact(before + SPELLINGS[spelling](real) + after)

    assert vault.scan(shown) == ()
    assert shown.startswith(before)
    assert shown.endswith(after)
    inner = shown[len(before) : len(shown) - len(after)]
    assert inner.replace(b"\0", b"") == STANDIN.encode()
    assert vault.redact(shown) == shown


@pytest.mark.parametrize("pattern", ["&#%d;", "&#x%x;", "\\u%04x", "\\u{%X}", "\\x%x", "%%%X"])
def test_one_escape_of_a_letter_or_sign_is_enough(pattern: str) -> None:
    vault = Vault()
    vault.add("az-AZ.09_kw", STANDIN, name="crm.test.key")
    for letter in "az-AZ.09_":
        sent = "az-AZ.09_kw".replace(letter, pattern % ord(letter))
        assert vault.redact_text(f"={sent}&") == f"={STANDIN}&"


@pytest.mark.parametrize("real", VALUES)
def test_a_secret_in_gbk_is_replaced_inside_base64_and_hexadecimal(real: str) -> None:
    vault = Vault()
    vault.add(real, STANDIN, name="crm.test.key")
    plain = f"用户:{real}:x".encode("gb18030")
    for encoded in (base64.b64encode(plain), plain.hex().encode()):
        sent = b'{"a":"%s"}' % encoded
        assert vault.scan(sent)
        assert vault.scan(vault.redact(sent)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "张三", "&#24352;&#19977;", "&#65;&#x42;", "%41%42", "\\u0041\\x42", "Пароль", "\0\0",
        "王五\udcd5\udcc5", "密码是镕大象", "%C3%DC%C2%EB", "联通",
    ],
)  # fmt: skip
def test_what_is_no_secret_keeps_its_spelling(text: str) -> None:
    vault = Vault()
    for number, real in enumerate(VALUES):
        vault.add(real, f"{STANDIN}{number}", name="crm.test.key")

    assert vault.redact_text(text) == text
    for codec in ("utf-8", "gb18030", "utf-16-le"):
        data = text.encode(codec, "surrogateescape" if codec == "utf-8" else "replace")
        assert vault.redact(data) == data
        assert json.dumps(decode_text(vault.redact(data)).text)
