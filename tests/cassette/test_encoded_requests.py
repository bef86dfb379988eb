"""Queries and forms in whatever encoding: what is decoded, and what stays to the letter."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from bpmax_sim.cassette.matching import (
    MatchingRules,
    call_to_parts,
    compute_matching_key,
    rebuild_call_without_injected,
    split_query,
)
from bpmax_sim.cassette.model import ComparableBody, read_body
from bpmax_sim.messages import Call, Request

NAMED = Call(platform="sms", instance="test", api="send", method="POST", path="")


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", ()), ("&&a=1&", (("a", "1"),)), ("a&b=", (("a", ""), ("b", ""))),
        ("a=b=c&a=%e5%bc%a0", (("a", "b=c"), ("a", "张"))),
        ("%E5%BC%A0=+%2B%20", (("张", " + "),)), ("a=%zz%", (("a", "%zz%"),)),
        # GBK, which stays as it is
        ("msg=%D1%E9%D6%A4+1", (("msg", "%D1%E9%D6%A4+1"),)), ("%D5%C5=1", (("%D5%C5", "1"),)),
    ],
)  # fmt: skip
def test_a_query_is_decoded_where_it_is_in_utf_8(query: str, pairs: Any) -> None:
    assert split_query(f"https://a.test/x?{query}#b=1") == ("https://a.test/x", pairs)


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b"sign=1", None), (b"sign", None), (b"a=1&&sign=1&b", b"a=1&b"), (b"Sign=1", b"Sign=1"),
        (b"s%69gn=1&a=+%7e", b"a=+%7e"), ("姓名=张三&sign=1".encode(), "姓名=张三".encode()),
        (b"a=%D5%C5&sign=1", b"a=%D5%C5"), (b"\xd5\xc5=1&sign=1&a=\xff", b"\xd5\xc5=1&a=\xff"),
    ],
)  # fmt: skip
def test_a_form_in_any_encoding_loses_what_was_injected_and_nothing_else(
    body: bytes, left: bytes | None
) -> None:
    request = Request(
        method="POST", url="https://a.test/x", body=body, injected=("body.sign",),
        headers=(("content-type", "application/x-www-form-urlencoded; charset=gbk"),),
    )  # fmt: skip

    assert rebuild_call_without_injected(request, NAMED).body == left


@pytest.mark.parametrize("place", ["query", "body"])
@pytest.mark.parametrize("injected", [(), ("body.sign", "query.sign")])
def test_what_is_in_gbk_counts_too(place: str, injected: tuple[str, ...]) -> None:
    keys = set()
    for name in ("张三", "李四", "王五"):
        sent = f"name={quote(name, encoding='gbk')}&sign={name}"
        request = Request(
            method="POST",
            url=f"https://a.test/x?{sent if place == 'query' else ''}",
            headers=(("content-type", "application/x-www-form-urlencoded"),),
            body=sent.encode() if place == "body" else None,
            injected=injected,
        )
        parts = call_to_parts(rebuild_call_without_injected(request, NAMED))
        keys.add(compute_matching_key(parts, MatchingRules()))

    assert len(keys) == 3


def uploaded(name: str, encoding: str, boundary: str = "b1") -> ComparableBody:
    about = f'Content-Disposition: form-data; name="附件"; filename="{name}"'
    body = f"--{boundary}\r\n{about}\r\n\r\n1\r\n--{boundary}--\r\n".encode(encoding)
    return read_body(body, f"multipart/form-data; boundary={boundary}")


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_file_counts_by_its_name_and_not_by_its_boundary(encoding: str) -> None:
    found = uploaded("张三.doc", encoding)

    assert found.kind == "multipart"
    assert found == uploaded("张三.doc", encoding, "b2")
    assert found != uploaded("李四.doc", encoding)
