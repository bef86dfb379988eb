"""What a vault takes for a secret and what it leaves, and how values of any shape are redacted."""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from msgspec import Struct

from bpmax_sim.i18n import msg, translate
from bpmax_sim.messages import ConnectionRoute
from bpmax_sim.secret.vault import (
    AddressPair,
    Credential,
    Credentials,
    Vault,
    explain_local_redaction_only,
    list_field_names_of_type,
    redact_values,
)

STANDIN = "redacted.p.i.n.1"


def vault(*values: str) -> Vault:
    kept = Vault()
    for number, value in enumerate(values, 1):
        kept.add(value, f"redacted.p.i.n.{number}", name="p.i.n")
    return kept


@pytest.mark.parametrize(
    ("real", "standin", "why"),
    [
        ("", STANDIN, "has fewer than 6 characters"),
        ("12345", STANDIN, "has fewer than 6 characters"),
        ("123456", STANDIN, ""),
        ("密码一二三", STANDIN, "has fewer than 6 characters"),
        ("密码一二三四", STANDIN, ""),
        ("redact", STANDIN, f"is a part of what stands for it, '{STANDIN}'"),
        (STANDIN, STANDIN, f"is a part of what stands for it, '{STANDIN}'"),
        (f"{STANDIN}0", STANDIN, ""),
    ],
)
def test_what_is_short_or_a_part_of_its_stand_in_is_left_to_its_place(
    real: str, standin: str, why: str
) -> None:
    kept = Vault()
    kept.add(real, standin, name="p.i.n")

    assert translate(explain_local_redaction_only(real, standin)) == why
    is_hidden = not why and not real.startswith(STANDIN)  # which is a stand-in of its own
    assert (kept.size, kept.is_empty) == (int(is_hidden), not is_hidden)
    assert kept.has_standin(standin)
    assert not kept.has_standin(real) or real == standin


def test_the_first_stand_in_of_a_value_stays_and_none_stands_for_another() -> None:
    kept = vault("secret-1")
    kept.add("secret-1", "redacted.p.i.n.7", name="again")
    kept.register_derived("secret-1", "redacted.p.i.n.8", name="again")
    kept.register_derived("same-as-it-is", "same-as-it-is", name="nothing")
    kept.add("redacted.p.i.n.9", "redacted.p.i.n.9", name="own")

    assert kept.redact_text("secret-1 same-as-it-is") == f"{STANDIN} same-as-it-is"
    assert kept.size == 1
    kept.register_derived("Bearer secret-1 x", "Bearer shown x", name="header")
    assert kept.redact_text("<Bearer secret-1 x> secret-1") == f"<Bearer shown x> {STANDIN}"


@pytest.mark.parametrize(
    ("live", "declared", "size"),
    [
        ("", "https://a.test", 0),
        ("https://a.test", "https://a.test", 0),
        ("http://b", "http://a", 1),
        ("https://CRM.corp.test:443", "https://crm.example.test", 2),
        ("https://crm.example.test:443", "https://crm.example.test", 1),
    ],
)
def test_an_address_is_replaced_where_it_is_another(live: str, declared: str, size: int) -> None:
    kept = Vault()
    kept.register_address_replacement(live, declared)

    assert kept.size == size
    assert kept.has_standin(declared) == bool(size)
    for spelling in (live, live.lower().replace(":443", "")):
        assert kept.redact_text(f"<{spelling}/b>") == f"<{declared if size else live}/b>"


ONE, TWO, THREE = "密钥-abcdef12", "abcdef12-ghijkl9/", "9/口令-mnop77"


@pytest.mark.parametrize("values", [(ONE, TWO, THREE), (THREE, TWO, ONE), (TWO, THREE, ONE)])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ONE + TWO[8:], "{1}{2}"),
        (f"<{ONE}{TWO[8:]}{THREE[2:]}>", "<{1}{2}{3}>"),
        (f"{ONE}{TWO[8:]} {ONE} {TWO}", "{1}{2} {1} {2}"),
        (f"{TWO}{THREE[2:]}{ONE}", "{2}{3}{1}"),
        (TWO + ONE, "{2}{1}"),
        (ONE[:-1] + TWO, "密钥-abcdef1{2}"),
    ],
)
def test_of_secrets_that_overlap_no_tail_stays(
    values: tuple[str, ...], text: str, shown: str
) -> None:
    kept = vault(*values)
    names = {
        str(number): f"redacted.p.i.n.{values.index(value) + 1}"
        for number, value in enumerate((ONE, TWO, THREE), 1)
    }
    for number, name in names.items():
        shown = shown.replace(f"{{{number}}}", name)

    escaped = json.dumps(text)[1:-1].replace("/", "\\/")
    packed = base64.b64encode(text.encode())
    assert kept.redact_text(text) == shown
    assert kept.redact(text.encode()) == shown.encode()
    assert json.loads(f'"{kept.redact_text(escaped)}"') == shown
    assert base64.b64decode(kept.redact(packed) + b"==") == shown.encode()
    assert kept.redact_text(text.encode().hex()) == shown.encode().hex()


def test_a_vault_absorbs_another_and_keeps_its_own_stand_ins() -> None:
    one, other = vault("secret-1", "secret-2"), Vault()
    assert one.redact_text("secret-3") == "secret-3"
    assert one.redact_for_output("secret-3") == "secret-3"
    other.add("secret-2", "redacted.other.2", name="o")
    other.add("secret-3", "redacted.other.3", name="o")

    one.add_all(other)
    one.add_all(other)

    assert one.size == 3
    assert one.redact_text("secret-1 secret-2 secret-3") == (
        "redacted.p.i.n.1 redacted.p.i.n.2 redacted.other.3"
    )
    assert one.redact_for_output("secret-3 secret-1") == "redacted.other.3 redacted.p.i.n.1"
    assert other.size == 2
    fresh = Vault()
    fresh.add_all(Vault())
    assert fresh.is_empty
    fresh.add_all(other)
    assert not fresh.is_empty


@pytest.mark.parametrize(
    ("part", "is_hidden"), [("abcde", False), ("abcdef", True), ("abcdefg", True)]
)
def test_a_part_of_a_token_is_a_secret_from_six_characters_on(
    part: str, *, is_hidden: bool
) -> None:
    for token in (f"eyJhbGci.{part}.0123456", f"eyJhbGci.0123456.{part}"):
        kept = vault(token)
        assert (part not in kept.redact_text(f"<{part}>")) is is_hidden
        assert kept.size == 2 + is_hidden


def test_anchors_are_those_of_what_came_since() -> None:
    kept = vault("秘密abc1密", "secret-2", "！密码！@#")

    assert kept.list_anchors_since() == ("abc1", "secret-2", "！密码！@#")
    assert kept.list_anchors_since(1) == ("secret-2", "！密码！@#")
    assert kept.list_anchors_since(2) == ("！密码！@#",)
    assert kept.list_anchors_since(3) == ()
    assert Vault().list_anchors_since() == ()


@pytest.mark.parametrize(
    ("texts", "bodies", "keeps"),
    [
        ((), (), True),
        (("plain",), (b"body",), True),
        (("secret-1",), (), False),
        (("a", "b", "x secret-1"), (), False),
        (("a",), (b"b", b"c", b"secret-1"), False),
        (("\ud800",), (), False),
        (("\udcff",), (), True),
    ],
)
def test_what_surely_stays_is_known(
    texts: tuple[str, ...], bodies: tuple[bytes, ...], keeps: bool
) -> None:
    assert vault("secret-1").certainly_leaves_unchanged(texts, *bodies) is keeps


def test_what_leaves_the_process_is_searched_only_where_there_are_secrets() -> None:
    assert Vault().redact_for_output("c2VjcmV0LTEyMw==") == "c2VjcmV0LTEyMw=="
    kept = vault("secret-123")
    assert "c2VjcmV0" not in kept.redact_for_output("x c2VjcmV0LTEyMw== y")
    kept.add("secret-456", "redacted.p.i.n.2", name="later")
    for text in ("secret-456 secret-123", "secret-456 nothing", "nothing", "c2VjcmV0LTEyMw=="):
        shown = [kept.redact_for_output(text) for _ in range(3)]  # what is clean is remembered
        assert shown == shown[:1] * 3
        assert not any(part in shown[0] for part in ("secret-", "c2VjcmV0"))
    assert kept.redact_for_output("secret-456 secret-123") == "redacted.p.i.n.2 redacted.p.i.n.1"


class Texts(Struct, frozen=True):
    a: str
    b: Any = None


@dataclass(frozen=True)
class Data:
    a: str
    b: Any = None


class Name(str):
    __slots__ = ()


class Pair(NamedTuple):
    a: str
    b: int


class Rows(list[Any]):
    """A list that nobody else knows how to make."""

    def __init__(self, items: list[Any], *, title: str = "") -> None:
        super().__init__(items)
        self.title = title


class Tags(frozenset[str]):
    __slots__ = ()


def hide(text: str) -> str:
    return text.replace("secret", "X").replace("1, 2, 3", "numbers")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a secret", "a X"),
        (b"a secret \xff", b"a X \xff"),
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        (["secret", 1, ["secret"]], ["X", 1, ["X"]]),
        (("secret", None), ("X", None)),
        ({"secret", "b"}, {"X", "b"}),
        (frozenset({"secret"}), frozenset({"X"})),
        ({"secret": "secret", "b": {"c": ["secret"]}}, {"X": "X", "b": {"c": ["X"]}}),
        ([1, 2, 3], "[numbers]"),
        (Rows([1, 2, 3]), "[numbers]"),
        ([1, 2], [1, 2]),
        ((1, 2, 3), (1, 2, 3)),
        ({1, 2, 3}, {1, 2, 3}),
        ([[1, 2, 3], (1, 2, 3)], ["[numbers]", (1, 2, 3)]),
        ({"字节": [1, 2, 3, 4], "b": [0, 1, 2]}, {"字节": "[numbers, 4]", "b": [0, 1, 2]}),
        ([1, 2, 3.0], [1, 2, 3.0]),
        ([True, 2, 3], [True, 2, 3]),
        ([], []),
        (Texts("secret", ["secret"]), Texts("X", ["X"])),
        (Data("b", {"secret": 1}), Data("b", {"X": 1})),
        (Name("secret"), "X"),
        (Pair("secret", 1), Pair("X", 1)),
        (Rows(["b", ["secret"]]), ["b", ["X"]]),
        (Tags({"secret", "b"}), frozenset({"X", "b"})),
        (OrderedDict({"b": Pair("secret", 2)}), {"b": Pair("X", 2)}),
    ],
)
def test_every_text_of_a_value_is_redacted(value: Any, shown: Any) -> None:
    made = redact_values(value, hide)

    assert made == shown
    assert type(made) is type(shown)


def test_what_does_not_change_is_the_same() -> None:
    kept: tuple[Any, ...] = (Texts("a", [1]), Data("b", "c"), Name("d"), object(), Vault())
    kept = (*kept, Pair("e", 1), Rows(["f"], title="secret"), Tags({"g"}))
    for value in kept:
        assert redact_values(value, hide) is value
    shown = redact_values(msg("{a} is secret", a="secret"), hide)
    assert translate(shown) == "X is X"


@pytest.mark.parametrize(
    ("kind", "names"),
    [(Texts, ("a", "b")), (Data, ("a", "b")), (str, ()), (Pair, ()), (object, ())],
)
def test_fields_are_those_of_structs_and_dataclasses(kind: type, names: tuple[str, ...]) -> None:
    assert list_field_names_of_type(kind) == names


def test_credentials_are_kept_by_name_beside_the_addresses() -> None:
    hosts = {"host_b": AddressPair(declared="https://b.test", live="http://127.0.0.1:1")}
    made = Credentials(
        Credential(name="id", real=7, standin=7, is_in_recordings=True),
        Credential(name="key", secret=True, real="secret-1", standin="redacted"),
        live="http://127.0.0.1:2",
        declared="https://a.test",
        hosts=hosts,
    )

    assert made.real == {"host_b": "http://127.0.0.1:1", "id": 7, "key": "secret-1"}
    assert made.standins == {"host_b": "https://b.test", "id": 7, "key": "redacted"}
    assert made.nonsecret_values == {"id": "7"}
    assert [one.name for one in made] == ["id", "key"]
    assert made["key"].real == "secret-1"
    assert (made.live, made.declared) == ("http://127.0.0.1:2", "https://a.test")
    assert (repr(made), repr(Credentials())) == ("<Credentials id, key>", "<Credentials none>")
    assert "secret-1" not in repr([*made])
    bare = Credentials(live="https://a.test")
    assert (bare.declared, bare.route, bare.real) == ("https://a.test", ConnectionRoute(), {})


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("k3y-9f2z\nsecond-line", "> X\n> X"),
        ("k3y-9f2\nsecond-line", "> k3y-9f2\n> X"),
        ("first-line\r\n  k3y-9f2zz  ", "> X\r\n>   X  "),
        ("first-line\nmiddle-line\nlast-line", "> X\n> X\n> X"),
    ],
)
def test_a_line_of_a_secret_is_hidden_from_eight_characters_on(secret: str, shown: str) -> None:
    kept = vault(secret)
    text = "\n".join(f"> {line}" for line in secret.split("\n"))

    assert kept.redact_for_output(text).replace("redacted.p.i.n.1", "X") == shown
