"""Whatever a secret is hidden behind is undone; nothing else is taken for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from bpmax_sim.secret.decode import DEPTH
from bpmax_sim.secret.scan import Search, find_needles_in_all_layers
from tests.secret.encodings import (
    ENCODINGS,
    FILLING,
    LAST,
    PLACES,
    TWICE,
    NoTextError,
    bare_deflate,
    wanted_of,
    wrapped,
    zipped,
)

MANY = settings(max_examples=settings().max_examples * 3)
SECRETS = ("s3cret-Token/9+=", "张三的合同密钥2026", "a1b2c3d4e5f60718", "秘密 & \"引号\" \\'x'")
CONTROL = "k3eper-Token/8+="
SEARCHES = {secret: Search(wanted_of(secret)) for secret in (*SECRETS, CONTROL)}
surroundings = st.one_of(
    st.binary(max_size=12).map(lambda data: data + b"\n"),
    st.text("aA0+/ \n%\\&;=\"'.x", max_size=40).map(lambda text: text.encode() + b"\n"),
    st.sampled_from(
        [b'{"at":"09:00:00+08:00","x":"', "客户：北京".encode(), b"uri: https://crm/a\n "]
    ),
)


def is_found(data: bytes, secret: str) -> bool:
    return bool(SEARCHES[secret].find(data))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_undone_in_each_place(encoding: str) -> None:
    for (place, put), secret, write in product(PLACES.items(), SECRETS, LAST.values()):
        if (encoding, place) == ("lines of quoted-printable", "a query"):
            continue  # the equals sign of a query is none of theirs
        with suppress(NoTextError):
            data = put(ENCODINGS[encoding](write(secret)))

            assert is_found(data, secret), (place, secret, data)
            assert not is_found(data, CONTROL)


@pytest.mark.parametrize("outer", ENCODINGS)
def test_each_encoding_is_undone_within_each(outer: str) -> None:
    secret = SECRETS[0]
    for inner, encode in ENCODINGS.items():
        told = b'{"k":"' + encode(b"X=" + secret.encode() + b";") + b'"}'
        with suppress(NoTextError):
            data = ENCODINGS[outer](told)

            assert is_found(data, secret), (inner, data)
            assert not is_found(data, CONTROL)


@MANY
@given(
    st.sampled_from(SECRETS),
    st.lists(st.sampled_from(sorted(ENCODINGS)), max_size=3),
    st.sampled_from(sorted(PLACES)),
    st.tuples(surroundings, surroundings),
)
def test_a_secret_is_found_behind_any_three_and_no_other_is(
    secret: str, names: list[str], place: str, around: tuple[bytes, bytes]
) -> None:
    assume(len(names) + sum(name in TWICE for name in names) <= DEPTH)
    try:
        data = PLACES[place](wrapped(secret.encode(), names, around))
    except NoTextError:
        reject()

    assert is_found(data, secret), data
    assert not is_found(data, CONTROL), data


@pytest.mark.parametrize("name", ["base64", "base64url", "hex", "gzip", "base32", "zip"])
def test_four_within_one_another_are_undone(name: str) -> None:
    assert is_found(wrapped(SECRETS[1].encode(), [name] * DEPTH, (b"", b"")), SECRETS[1])


def test_five_are_not_as_the_page_says() -> None:
    assert not is_found(wrapped(SECRETS[1].encode(), ["base64"] * 5, (b"", b"")), SECRETS[1])


@pytest.mark.parametrize("secret", SECRETS)
def test_deflate_without_a_header_is_undone_as_a_whole_and_in_base64(secret: str) -> None:
    packed = bare_deflate(FILLING + secret.encode())
    told = base64.b64encode(packed)
    long = bare_deflate(secret.encode() + json.dumps([*range(30_000)]).encode())

    assert is_found(packed, secret)
    assert is_found(long, secret)
    for data in (told, told.rstrip(b"="), base64.urlsafe_b64encode(packed), base64.b64encode(long)):
        for put in PLACES.values():
            assert is_found(put(data), secret)
    assert not is_found(told, CONTROL)


def test_a_member_of_an_archive_within_an_archive_is_found() -> None:
    assert is_found(zipped(zipped(SECRETS[1].encode())), SECRETS[1])


@pytest.mark.parametrize("put", LAST.values())
def test_one_of_many_secrets_is_found_by_its_name(put: Callable[[str], bytes]) -> None:
    wanted = wanted_of(*[f"密钥{n:06d}号" for n in range(600)])

    (found,) = find_needles_in_all_layers(b"..." + put("密钥000599号") + b"...", wanted)

    assert found.name.startswith("s599 (")
    assert found.offset == 3


def test_a_stand_in_is_no_finding_however_it_is_written() -> None:
    standin = b"redacted.crm_system.test.token.1"
    for data in (standin, base64.b64encode(b"k=" + standin)):
        assert find_needles_in_all_layers(data, {b"crm_system": "user"}) == ()
    assert find_needles_in_all_layers(standin + b" crm_system", {b"crm_system": "user"}) != ()


def test_a_plus_is_a_space_in_a_form_only() -> None:
    wanted = {b"pass word+1": "s"}

    assert find_needles_in_all_layers(b"q=pass+word+1", wanted) != ()
    assert find_needles_in_all_layers(b"q=pass%20word%2B1", wanted) != ()
    assert find_needles_in_all_layers(b"q=pass word 1", wanted) == ()
