"""The check before the disk: what was searched already is not searched again, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.journal import (
    LeakCheck,
    PendingExchange,
    split_values_and_heads,
    stub_if_leaking,
)
from bpmax_sim.messages import Exchange, FailedExchange, Request, Response
from bpmax_sim.secret.vault import Vault

SECRET = "合同-8fK2-密钥-q7Zr-审批"
PACKED = base64.b64encode(f"客户张三的{SECRET}".encode()).decode()
FIRST, SECOND = PACKED[:28], PACKED[28:]
JSON = (("content-type", "application/json"),)

Bodies = Callable[[str], bytes]
BODIES: dict[str, Bodies] = {
    "a block": lambda text: f'{{"备注":"{text}"}}'.encode(),
    "lines": lambda text: f"甲\n  乙\n\n{text}\n丙".encode(),
    "lines with an end": lambda text: f"{text}\n\n".encode(),
    "what looks like a cassette": lambda text: f"string: |-\n  {text}\n  response:\n".encode(),
    "no block": lambda text: f"\ufeff{text}".encode(),
    "no text": lambda text: b"\xff\x00" + text.encode("utf-16-le"),
}


def exchange(
    *, sent: bytes | None = None, received: bytes = b"", header: str = "", query: str = "无"
) -> Exchange:
    return Exchange(
        request=Request(
            method="POST",
            url=f"https://crm.example.test/客户?q={query}",
            headers=(*JSON, ("x-trace", header)),
            body=sent,
        ),
        outcome=Response(status=200, headers=(*JSON, ("x-id", header)), body=received),
    )


def draft(found: Exchange) -> PendingExchange:
    entry = render_exchange(found)
    return PendingExchange(line=entry.line, text=entry.text)


@pytest.fixture
def vault() -> Vault:
    vault = Vault()
    vault.add(SECRET, "redacted.crm.test.key.1", name="crm.test.key")
    return vault


def checking(vault: Vault) -> LeakCheck:
    return LeakCheck(vault.scan, lambda: vault.size, lambda: vault.cached_parts_without_secret)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("side", ["sent", "received"])
def test_what_each_half_of_a_secret_was_passed_with_passes_no_whole_one(
    vault: Vault, body: Bodies, side: str
) -> None:
    check = checking(vault)
    for text in ("无", FIRST, SECOND):
        harmless = draft(exchange(**{side: body(text)}))  # type: ignore[arg-type]
        assert check(harmless) is harmless
        again = draft(exchange(**{side: body(text)}))  # type: ignore[arg-type]
        assert check(again) is again

    for text in (SECRET, PACKED, f"{FIRST}\n{SECOND}"):
        if body is not BODIES["no text"] or text == SECRET:
            assert check(draft(exchange(**{side: body(text)}))).leaks  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_secret_in_the_head_is_found_after_as_many_without(vault: Vault, place: str) -> None:
    check = checking(vault)
    for text in ("无", FIRST, SECOND, '引号"和\\'):
        assert not check(draft(exchange(**{place: text}))).leaks  # type: ignore[arg-type]

    for text in (SECRET, PACKED, f'"{SECRET}"'):
        assert check(draft(exchange(**{place: text}))).leaks  # type: ignore[arg-type]


def test_what_was_kept_when_it_was_redacted_is_not_searched_again(vault: Vault) -> None:
    searched: list[bytes] = []

    def scan(data: bytes) -> tuple[object, ...]:
        searched.append(data)
        return ()

    check = LeakCheck(scan, lambda: vault.size, lambda: vault.cached_parts_without_secret)
    check(draft(exchange(sent=b"1", received=b"2\n")))
    assert len(searched) == 1

    sent, received = BODIES["lines"]("七"), BODIES["lines with an end"]("八")
    found = exchange(sent=sent, received=received, header="九", query="十")
    assert vault.certainly_leaves_unchanged([found.request.url, "九"], sent, received)
    check(draft(found))
    assert len(searched) == 1

    vault.add(PACKED, "redacted.crm.test.key.2", name="crm.test.key")  # nothing is known any more
    check(draft(found))
    assert len(searched) == 2


def test_a_failure_is_searched_whole() -> None:
    failed = FailedExchange(code="NETWORK", message="断开", sent=True)

    assert not split_values_and_heads(
        render_exchange(Exchange(request=exchange().request, outcome=failed))
    )


LONG = json.dumps(
    {"客户名称": "上海张江生物医药有限公司" * 4, "备注": "一\t" * 20}, ensure_ascii=False
)
GBK, UTF8 = (f"application/json; charset={name}" for name in ("gbk", "utf-8"))


@pytest.mark.parametrize("coding", ["", "gzip", "br, gzip"])
@pytest.mark.parametrize("sent", [None, b"", b"1", LONG.encode(), LONG.encode("gbk")])
@pytest.mark.parametrize("received", [b"", b"1", LONG.encode(), LONG.encode("gbk")])
def test_the_bodies_at_hand_are_those_that_the_text_has(
    coding: str, sent: bytes | None, received: bytes
) -> None:
    """What is searched is the same, whether the exchange is at hand or only what was written."""
    types = [GBK if body == LONG.encode("gbk") else UTF8 for body in (sent, received)]
    plain = exchange(sent=sent, received=received)
    assert isinstance(plain.outcome, Response)
    codings = (("content-encoding", coding),) if coding else ()
    found = replace(
        plain,
        request=replace(plain.request, headers=(("content-type", types[0]),)),
        outcome=replace(plain.outcome, headers=(("content-type", types[1]), *codings)),
    )
    entry = render_exchange(found)

    parts = split_values_and_heads(entry, found)

    assert parts == split_values_and_heads(entry)
    assert parts is not None
    for body in filter(None, (sent, received)):
        text = body.decode("gbk" if body == LONG.encode("gbk") else "utf-8")
        assert json.loads(parts[0][2 if body is sent else -1]) == json.loads(text)


class Found(NamedTuple):
    """A finding: a credential, where it is, and in what it is encoded."""

    name: str
    place: str
    within: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.place})"


@pytest.mark.parametrize(
    ("findings", "leaks"),
    [
        ([], []),
        ([Found("crm.key", "a")], ["crm.key (a)"]),
        ([Found("crm.key", "a"), Found("crm.key", "a")], ["crm.key (a)"]),
        # the plainest is named, whichever was found first
        (
            [Found("crm.key", "a", ("base64", "json")), Found("crm.key", "b", ("json",))],
            ["crm.key (b) and 1 more"],
        ),
        (
            [Found("crm.key", "a", ("json",)), Found("crm.key", "b"), Found("crm.key", "c")],
            ["crm.key (b) and 2 more"],
        ),
        (
            [Found("crm.key", "z"), Found("oa.token", "b", ("json",)), Found("crm.key", "a")],
            ["crm.key (z) and 1 more", "oa.token (b)"],
        ),
    ],
)
def test_each_credential_is_named_once_where_it_is_plainest(
    findings: Sequence[Found], leaks: Sequence[str]
) -> None:
    entry = render_exchange(exchange(received=b"{}"))
    known = PendingExchange(line=replace(entry.line, call="crm.find"), text=entry.text)

    stub = stub_if_leaking(known, lambda data: findings if b"uri:" in data else [])

    assert list(stub.leaks) == leaks
    assert (stub.text == "") == bool(leaks)


@pytest.mark.parametrize(
    ("path", "query", "header", "address"),
    [
        ("订单", "无", SECRET, "POST https://crm.example.test/订单 (crm.test.key"),
        ("订单", SECRET, "无", "POST https://crm.example.test/订单 (crm.test.key"),
        (SECRET, "无", "无", "crm.test.key"),
        (f"订单/{SECRET}/行", SECRET, SECRET, "crm.test.key"),
    ],
)
def test_a_leak_of_a_call_without_api_names_an_address_that_has_no_secret(
    vault: Vault, path: str, query: str, header: str, address: str
) -> None:
    sent = exchange(query=query, header=header)
    url = sent.request.url.replace("客户", path)
    known = draft(replace(sent, request=replace(sent.request, url=url)))

    stub = stub_if_leaking(known, vault.scan)

    assert stub.text == ""
    assert stub.leaks
    assert all(leak.startswith(address) and SECRET not in leak for leak in stub.leaks)
