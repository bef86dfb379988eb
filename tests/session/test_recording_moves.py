"""What a migration proposes: why a recording is not found, and what of it is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import MatchingRules, request_to_parts
from bpmax_sim.messages import Call, Exchange, Request, Response, SignatureInput
from bpmax_sim.session.migration import MoveCause, RecordingMoves

BASE = "https://crm.example.test"
RULES = MatchingRules(templates={"crm.get": "/客户/{id}", "crm.list": "/v1/orders"})


def call_of(path: str = "/v1/orders", *, serial: int = 1, attempt: int = 0, **more: Any) -> Request:
    """Return a request of ``crm.list``, or as *more* says."""
    fields = {"platform": "crm", "instance": "test", "api": "list", "method": "GET"} | more
    call = Call(**fields, path=path, serial=serial)
    query = "&".join(f"{name}={value}" for name, value in call.query)
    url = f"{BASE}{path}?{query}".rstrip("?")
    return Request(
        method=call.method, url=url, base=BASE, call=call, headers=call.headers, body=call.body,
        attempt=attempt,
    )  # fmt: skip


def moves_of(folder: Path, *recorded: Request) -> RecordingMoves:
    """Return moves of a recording that holds *recorded*."""
    entries = [
        render_exchange(
            Exchange(
                request=request, outcome=Response(status=200, body=b"[]"), key=f"{number:032x}",
                order=number, owner="甲", at=1_772_413_200.0,
            ),
            rules=RULES,
        )
        for number, request in enumerate(recorded, 1)
    ]  # fmt: skip
    file = folder / "甲.yaml"
    file.write_bytes(dump_entries(entries))
    moves = RecordingMoves()
    moves.owner, moves.cassette = "甲", Cassette.load(file)
    return moves


def note(moves: RecordingMoves, request: Request, number: int = 0) -> None:
    moves.note_replayed_exchange(request, number, request_to_parts(request), RULES)


@pytest.mark.parametrize(
    ("cause", "noted", "told"),
    [
        (MoveCause("place", "crm.list", "query.lang", "-", '"zh"'), 'query.lang - → "zh"',
         'crm.list: query.lang absent → "zh"'),
        (MoveCause("place", "crm.list", "query.lang", '"zh"', "-"), 'query.lang "zh" → -',
         'crm.list: query.lang "zh" → absent'),
        (MoveCause("place", "crm.list", "body.a", '"-"', "1"), 'body.a "-" → 1',
         'crm.list: body.a "-" → 1'),
        (MoveCause("path", "", "", "/v1", "/v2"), "path /v1 → /v2", "path /v1 → /v2"),
        (MoveCause("platform", was="oa", now="crm"), "platform oa → crm", "platform oa → crm"),
        (MoveCause("api", was="-", now="crm.list"), "api - → crm.list",
         "API absent → crm.list"),
        (MoveCause("owner", was="甲", now="乙"), "owner 甲 → 乙", "scenario 甲 → 乙"),
        (MoveCause("signature", "crm.list"), "signature  →",
         "crm.list: signed anew with the placeholder key"),
        (MoveCause("signature"), "signature  →", "signed anew with the placeholder key"),
        (MoveCause("place", "", "query.a", "1", "2"), "query.a 1 → 2", "query.a 1 → 2"),
    ],
)  # fmt: skip
def test_a_cause_is_noted_in_one_language_and_told_in_words(
    cause: MoveCause, noted: str, told: str
) -> None:
    assert (cause.text_for_recording, str(cause)) == (noted, told)


LONG = "长" * 58


@pytest.mark.parametrize(
    ("was", "now", "causes"),
    [
        (call_of(), call_of(), []),
        (call_of(query=(("lang", "en"),)), call_of(query=(("lang", "zh"),)),
         ['query.lang "en" → "zh"']),
        (call_of(), call_of(query=(("lang", "zh"),)), ['query.lang - → "zh"']),
        (call_of(query=(("lang", ""),)), call_of(), ['query.lang "" → -']),
        (call_of(query=(("a", "1"), ("b", "1"), ("c", "1"))),
         call_of(query=(("a", "2"), ("b", "2"), ("c", "2"))),
         ['query.a "1" → "2"', 'query.b "1" → "2"', 'query.c "1" → "2"']),
        (call_of("/v1/orders"), call_of("/v2/orders"), ["path /v1 → /v2"]),
        (call_of("/v1/orders", query=(("a", "1"),)), call_of("/v2/orders", query=(("a", "2"),)),
         ["path /v1 → /v2", 'query.a "1" → "2"']),
        (call_of("/api/v1/orders"), call_of("/v2/orders"), ["path /api/v1 → /v2"]),
        (call_of("/orders"), call_of("/v2/orders"), ["path / → /v2"]),
        (call_of("/v1/orders"), call_of("/orders"), ["path /v1 → /"]),
        (call_of("/v1/orders"), call_of("/v1/orders/"), ["path /v1/orders → /v1/orders/"]),
        (call_of("/a/x/b/c"), call_of("/a/y/b/c"), ["path /a/x → /a/y"]),
        (call_of("/%E5%AE%A2%E6%88%B7/1", api="get"), call_of("/%E5%AE%A2%E6%88%B7/2", api="get"),
         ['path.id "1" → "2"']),
        (call_of("/%E5%AE%A2%E6%88%B7/1", api="get", query=(("a", "1"),)),
         call_of("/%E5%AE%A2%E6%88%B7/2", api="get", query=(("a", "2"),)),
         ['path.id "1" → "2"', 'query.a "1" → "2"']),
        (call_of("/clients/1", api="get"), call_of("/%E5%AE%A2%E6%88%B7/1", api="get"),
         ["path /clients → /%E5%AE%A2%E6%88%B7"]),
        (call_of(api="query"), call_of(), ["api crm.query → crm.list"]),
        (call_of(api=""), call_of(), ["api - → crm.list"]),
        (call_of(), call_of(api=""), ["api crm.list → -"]),
        (call_of(platform="oa"), call_of(), ["platform oa → crm"]),
        (call_of(platform="oa", api="query"), call_of(),
         ["platform oa → crm", "api crm.query → crm.list"]),
        (call_of(method="POST"), call_of(), ['method "POST" → "GET"']),
        (call_of(instance="prod"), call_of(), ['instance "prod" → "test"']),
        (call_of(query=(("q", LONG),)), call_of(query=(("q", f"{LONG}长"),)),
         [f'query.q "{LONG}" → "{LONG}长…']),
        (call_of(method="POST", headers=(("content-type", "application/json"),),
                 body='{"明细":[1,2,{"数量":1.5}],"n":null}'.encode()),
         call_of(method="POST", headers=(("content-type", "application/json"),),
                 body='{"明细":[1,2,{"数量":"1.5"}],"n":0}'.encode()),
         ['body.明细[2].数量 1.5 → "1.5"', "body.n null → 0"]),
    ],
)  # fmt: skip
def test_each_difference_of_a_recorded_call_is_a_cause(
    tmp_path: Path, was: Request, now: Request, causes: list[str]
) -> None:
    moves = moves_of(tmp_path, was)
    note(moves, now)

    found = [cause for move in moves.found.values() for cause in move.causes]
    assert [cause.text_for_recording for cause in found] == causes
    named = {cause.name for cause in found if cause.kind == "place"}
    assert named <= {f"crm.{now.call.api}" if now.call else ""}


def test_a_call_without_api_is_named_by_its_path(tmp_path: Path) -> None:
    moves = moves_of(tmp_path, call_of(api="", query=(("a", "1"),)))
    note(moves, call_of(api="", query=(("a", "2"),)))

    assert [str(cause) for cause in moves.found[0].causes] == ['/v1/orders: query.a "1" → "2"']


@pytest.mark.parametrize(
    ("second", "is_kept"),
    [
        (call_of("/v2/orders", serial=2), True),
        (call_of("/v3/orders", serial=2), False),
        (call_of("/v1/orders", serial=2), False),
        (call_of("/v2/orders", serial=2, query=(("a", "1"),)), False),
    ],
)
def test_an_exchange_that_two_different_calls_need_moves_for_neither(
    tmp_path: Path, second: Request, *, is_kept: bool
) -> None:
    moves = moves_of(tmp_path, call_of("/v1/orders"))
    note(moves, call_of("/v2/orders"))
    note(moves, second)

    assert [*moves.found] == ([0] if is_kept else [])
    assert moves.contested == ([] if is_kept else ["crm.list"])


def test_what_was_only_signed_anew_moves_for_a_later_call(tmp_path: Path) -> None:
    moves = moves_of(tmp_path, call_of("/v1/orders"))
    request = call_of("/v1/orders")
    note(moves, request)
    moves.note_new_signature_if_needed(request, lambda: request, RULES, differs=True)
    assert [cause.kind for cause in moves.found[0].causes] == ["signature"]

    note(moves, call_of("/v2/orders", serial=2))

    assert [cause.kind for cause in moves.found[0].causes] == ["path"]
    assert moves.contested == []


@pytest.mark.parametrize(
    ("path", "serial", "attempt", "differs", "causes"),
    [
        ("/v1/orders", 1, 0, True, ["signature"]),
        ("/v1/orders", 1, 0, False, None),
        ("/v2/orders", 1, 0, True, ["path"]),
        ("/v2/orders", 1, 0, False, ["path"]),
        ("/v1/orders", 2, 0, True, None),
        ("/v1/orders", 1, 1, True, None),
    ],
)
def test_a_signature_moves_where_it_differs_or_the_request_moves(
    tmp_path: Path, path: str, serial: int, attempt: int, differs: bool, causes: list[str] | None
) -> None:
    """It is that of the same sending of the same call."""
    moves = moves_of(tmp_path, call_of("/v1/orders"))
    note(moves, call_of(path))
    signed = SignatureInput(now=1_772_413_200.0, nonce="n-1")
    asked = call_of(path, serial=serial, attempt=attempt)
    moves.note_new_signature_if_needed(
        asked, lambda: replace(asked, signed=signed), RULES, differs=differs
    )

    if causes is None:
        assert moves.found == {}
        return
    [move] = moves.found.values()
    assert [cause.kind for cause in move.causes] == causes
    assert move.causes[0].name == ("crm.list" if causes == ["signature"] else "")
    assert move.fresh.line.signed == signed


def test_a_second_sending_of_a_call_has_a_signature_of_its_own(tmp_path: Path) -> None:
    moves = moves_of(tmp_path, *(call_of("/v1/orders") for _ in "abc"))
    for attempt in range(3):
        note(moves, call_of("/v1/orders", attempt=attempt), attempt)
    again = call_of("/v1/orders", attempt=1)
    moves.note_new_signature_if_needed(again, lambda: again, RULES, differs=True)

    assert [*moves.found] == [1]


@pytest.mark.parametrize(
    ("path", "found"), [("/v2/a", 0), ("/v2/b", 1), ("/v2/c", 2), ("/v2/d", None), ("/v1/a", None)]
)
def test_a_proposal_answers_each_further_call_that_is_equal(
    tmp_path: Path, path: str, found: int | None
) -> None:
    moves = moves_of(tmp_path, *(call_of(f"/v1/{name}") for name in "abc"))
    for number, name in enumerate("abc"):
        note(moves, call_of(f"/v2/{name}", serial=number + 1), number)

    earlier = moves.find_earlier_proposal(request_to_parts(call_of(path, serial=9)), RULES)

    assert earlier == (None if found is None else (moves.cassette, found))


@pytest.mark.parametrize(
    ("numbers", "left", "contested"),
    [
        ([], [0, 1, 2], []),
        ([1], [0, 2], ["crm.get"]),
        ([2, 0], [1], ["crm.get", "crm.get"]),
        ([3, 7], [0, 1, 2], []),
        ([1, 1], [0, 2], ["crm.get"]),
    ],
)
def test_a_proposal_is_withdrawn_where_a_call_needs_the_exchange_as_it_is(
    tmp_path: Path, numbers: list[int], left: list[int], contested: list[str]
) -> None:
    moves = moves_of(tmp_path, *(call_of(f"/v1/{name}") for name in "abc"))
    for number, name in enumerate("abc"):
        note(moves, call_of(f"/v2/{name}", serial=number + 1), number)

    moves.withdraw_proposals(request_to_parts(call_of("/v1/x", api="get")), numbers)

    assert ([*moves.found], moves.contested) == (left, contested)


@pytest.mark.parametrize(("api", "named"), [("list", "crm.list"), ("", "/v9/x")])
def test_a_call_is_unknown_or_contested_by_its_name_else_its_path(
    tmp_path: Path, api: str, named: str
) -> None:
    moves = moves_of(tmp_path, call_of("/v1/a"))
    note(moves, call_of("/v2/a"))
    parts = request_to_parts(call_of("/v9/x", api=api))
    moves.note_unknown(parts)
    moves.withdraw_proposals(parts, [0])

    assert (moves.unknown, moves.contested) == ([named], [named])


def test_former_names_may_be_given() -> None:
    former = FormerNames({"crm": ("oa",)})

    assert RecordingMoves(former).former == former
    assert not RecordingMoves().former


def test_a_moved_exchange_has_todays_request_and_keeps_its_outcome(tmp_path: Path) -> None:
    old = replace(
        call_of("/v1/orders"), host="files", injected=("header.x-sign",),
        signed=SignatureInput(now=1.0, nonce="old"), headers=(("X-Sign", "redacted.a"),),
    )  # fmt: skip
    new = replace(
        call_of(
            "/v2/orders", instance="prod", method="POST", body="客户".encode("gbk"),
            headers=(("Content-Type", "text/plain; charset=gbk"),),
        ),
        base=f"{BASE}/v2", host="photos", injected=("query.sign",), charset="gbk",
        signed=SignatureInput(now=2.0, nonce="new"),
    )  # fmt: skip
    moves = moves_of(tmp_path, old)
    note(moves, new)
    assert moves.cassette is not None
    entry = moves.cassette.get_entry_with_head_defaults(0)
    entry = replace(
        entry, line=replace(entry.line, moved=("api a → b", "path /v1 → /v2"), rules="r")
    )

    [move] = moves.found.values()
    moved = move.apply(entry)

    now, was = move.fresh.line, entry.line
    for name in ("key", "call", "instance", "base", "host", "injected", "signed", "rules", "extra",
                 "sent_in"):  # fmt: skip
        assert getattr(moved.line, name) == getattr(now, name), name
    for name in ("key", "instance", "base", "host", "injected", "signed", "rules", "extra",
                 "sent_in"):  # fmt: skip
        assert getattr(moved.line, name) != getattr(was, name), name
    for name in ("n", "owner", "at", "ms", "sha", "failed", "net", "session", "values", "seed"):
        assert getattr(moved.line, name) == getattr(was, name), name
    assert moved.line.moved[:2] == ("api a → b", "path /v1 → /v2")
    assert len(moved.line.moved) == len({*moved.line.moved}) > 2
    assert "/v2/orders" in moved.text
    assert "/v1/orders" not in moved.text
    assert "code: 200" in moved.text
    assert "code: 0" not in moved.text
    assert [cause.text_for_recording for cause in move.causes][1:] == [*moved.line.moved[2:]]
