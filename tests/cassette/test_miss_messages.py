"""The whole message for a call without a recording, and what it offers to be ignored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.journal import PendingExchange, encode_record
from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, request_to_parts
from bpmax_sim.cassette.miss import UnmatchedCallContext, explain_no_cassette
from bpmax_sim.cassette.player import Player
from bpmax_sim.errors import NoMatchError, Place
from bpmax_sim.i18n import translate
from bpmax_sim.messages import Call, Exchange, Request, Response

RULES, NOWHERE = MatchingRules(), UnmatchedCallContext()
FULL = UnmatchedCallContext(
    step="2/3 选择客户",
    place=Place("scenarios/合同.yaml", 7),
    position=Place("scripts/a.js", 3),
    address=lambda: [("sent to", "https://x.test"), ("declared", "https://y.test")],
)


def get(query: str = "a=1", *, path: str = "/客户", **more: Any) -> Request:
    pairs = tuple((n, v) for n, _, v in (one.partition("=") for one in query.split("&") if one))
    fields = {"platform": "crm", "instance": "test", "api": "get", "method": "GET", "path": path}
    call = Call(**{**fields, "query": pairs, **more})
    url = f"https://crm.test{path}?{query}"
    return Request(method=call.method, url=url, call=call, base="https://crm.test")


def post(body: Any) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return replace(get("", api="create", method="POST", path="/订单", body=data), body=data)


def cassette_of(owners: Mapping[str, Sequence[Request]]) -> Cassette:
    entries = [
        render_exchange(
            Exchange(
                request=request, outcome=Response(status=200), order=number, owner=owner,
                at=1_772_413_200.0, key=compute_matching_key(request_to_parts(request), RULES),
            ),
            rules=RULES,
        )
        for owner, requests in owners.items()
        for number, request in enumerate(requests, 1)
    ]  # fmt: skip
    return Cassette.of_bytes(dump_entries(entries), "a.yaml")


def miss(
    owners: Mapping[str, Sequence[Request]],
    sent: Request,
    context: UnmatchedCallContext = NOWHERE,
    *,
    played: Sequence[Request] = (),
    **options: Any,
) -> list[str]:
    """Return the lines of the error for the call *sent* by 甲."""
    player = Player(cassette_of(owners), options.pop("rules", RULES), "甲", **options)
    for request in played:
        player.take_next(request_to_parts(request), NOWHERE)
    with pytest.raises(NoMatchError) as caught:
        player.take_next(request_to_parts(sent), context)
    return str(caught.value).split("\n")


NEAR = [
    "  nearest   exchange 1 at a.yaml:4",
    "            √ platform  √ instance  √ api  √ method  √ path  × query  √ header  √ body",
    '            × query.a: recorded "1", sent "2"',
]
HEAD = 'no such call: crm.get is not recorded like this: query.a sent "2", recorded "1"'
REST = ["  ignore    ignore: [query.a]", "  compare   bpmax-sim cassette inspect a.yaml:4"]


@pytest.mark.parametrize(
    ("context", "first", "last"),
    [
        (
            FULL,
            [
                "  step      2/3 选择客户 (scenarios/合同.yaml:7)",
                "  script    scripts/a.js:3",
                "  call      GET /客户?a=2 (instance test)",
                "  sent to   https://x.test",
                "  declared  https://y.test",
            ],
            [
                "  mend      the script, if it should send what was recorded",
                "  record    bpmax-sim record scenarios/合同.yaml:7 --record=rewrite",
                "  or add    bpmax-sim record scenarios/合同.yaml:7 --record=new",
            ],
        ),
        (
            UnmatchedCallContext(step="选择", rewrite="--all", new="--more"),
            ["  step      选择", "  call      GET /客户?a=2 (instance test)"],
            ["  record    bpmax-sim record --all", "  or add    bpmax-sim record --more"],
        ),
        (
            UnmatchedCallContext(place=Place("a b.yaml", 7), record="pytest x.py"),
            ["  step      (a b.yaml:7)", "  call      GET /客户?a=2 (instance test)"],
            [
                "  record    pytest x.py --record=rewrite",
                "  or add    pytest x.py --record=new",
            ],
        ),
    ],
)
def test_a_call_with_another_value_is_told_whole(
    context: UnmatchedCallContext, first: list[str], last: list[str]
) -> None:
    assert miss({"甲": [get()]}, get("a=2"), context) == [HEAD, *first, *NEAR, *last, *REST]


HIDDEN = "redacted.crm.test.app_secret.1"


@pytest.mark.parametrize(
    ("recorded", "sent", "hints"),
    [(f"a={HIDDEN}", "a=常量", 1), ("a=1", f"a={HIDDEN}", 0), (f"a={HIDDEN}", f"a={HIDDEN}2", 0)],
)
def test_a_constant_that_was_recorded_as_a_secret_is_told_to_be_one(
    recorded: str, sent: str, hints: int
) -> None:
    lines = miss({"甲": [get(recorded)]}, get(sent), FULL)
    hint = (
        f"{'':12}query.a was recorded with a secret that a response or `credentials` held: take it"
        " from there, as a constant of a script is not known to be one"
    )

    assert lines.count(hint) == hints
    assert not hints or lines[lines.index(hint) - 1].startswith("  mend ")


def test_where_the_nearest_was_played_the_call_is_new() -> None:
    assert miss({"甲": [get()]}, get("a=2"), played=[get()]) == [
        HEAD,
        "  call      GET /客户?a=2 (instance test)",
        "  nearest   exchange 1 at a.yaml:4, already played",
        *NEAR[1:],
        "  record    bpmax-sim record --record=new",
        *REST,
    ]


@pytest.mark.parametrize(
    ("owners", "sent", "lines"),
    [
        (
            {"甲": [get(), get("a=2"), post({})]},
            get(platform="oa"),
            ["  nearest   none, recorded are crm.get (2), crm.create (1)"],
        ),
        ({"甲": [get()]}, get(platform="oa"), ["  nearest   none, recorded are crm.get (1)"]),
        (
            {"甲": [get(api=f"q{n}") for n in range(5)]},
            get(platform="oa"),
            [f"  nearest   none, recorded are {', '.join(f'crm.q{n} (1)' for n in range(5))}"],
        ),
        (
            {"甲": [get(api=f"q{n}") for n in range(6)]},
            get(platform="oa"),
            [f"  nearest   none, recorded are {', '.join(f'crm.q{n} (1)' for n in range(5))}, …"],
        ),
        (
            {"乙": [get("a=3")]},
            get(),
            [
                "  nearest   none, nothing is recorded for '甲'",
                "            the file holds '乙'",
            ],
        ),
        (
            {f"场景{n}": [get("a=3")] for n in range(6)},
            get(),
            [
                "  nearest   none, nothing is recorded for '甲'",
                "            the file holds '场景0', '场景1', '场景2', '场景3', '场景4', …",
            ],
        ),
        (
            {},
            get(),
            [
                "  nearest   none, nothing is recorded for '甲'",
                "            the file holds no exchange",
            ],
        ),
        (
            {"丙": [get()], "乙": [get()], "丁": [get("a=2")]},
            get(),
            [
                "  nearest   none, nothing is recorded for '甲'",
                "            the file holds '丁', '丙', '乙'",
                "            it is recorded for '丙', '乙'",
                "            a test in Python plays that with owner='丙'",
            ],
        ),
    ],
)
def test_without_a_near_call_what_is_recorded_is_told(
    owners: Mapping[str, Sequence[Request]], sent: Request, lines: list[str]
) -> None:
    name = "oa.get" if sent.call and sent.call.platform == "oa" else "crm.get"
    assert miss(owners, sent) == [
        f"no such call: {name} is not recorded like this for '甲' in a.yaml",
        "  call      GET /客户?a=1 (instance test)",
        *lines,
        "  record    bpmax-sim record --record=new",
    ]


def test_of_other_owners_nothing_is_told_where_their_keys_are_of_other_rules() -> None:
    lines = miss({"乙": [get()]}, get(), rules=MatchingRules(ignore=("header.x",)))

    assert not [line for line in lines if "it is recorded for" in line]


def test_traffic_without_an_api_is_told_by_its_method_and_path() -> None:
    nobody = {"platform": "", "api": "", "instance": ""}
    recorded, sent = (replace(get(query, **nobody), call=None) for query in ("a=1", "a=2"))

    assert miss({"甲": [recorded]}, sent) == [
        HEAD.replace("crm.get", "GET https://crm.test/客户"),
        "  call      GET https://crm.test/客户?a=2",
        *NEAR,
        "  record    bpmax-sim record --record=rewrite",
        "  or add    bpmax-sim record --record=new",
        *REST,
    ]


LONG = "x" * 130


@pytest.mark.parametrize(
    ("recorded", "sent", "offered", "number"),
    [
        # the number is that of the places that are told
        (get("a=1&b=1"), get("a=2&b=2"), "[query.a, query.b]", 2),
        (get("a=1&a=2&b=3"), get("a=1&a=3&b=3"), '["query.a[1]"]', 1),
        (get(), get(f"a={LONG}"), None, 1),
        (get(path="/甲"), get(path="/乙"), None, 1),
        (get(path="/甲"), get("a=2", path="/乙"), None, 2),
        (get(), get(method="POST"), None, 1),
        (get(), get(instance="prod"), None, 1),
        (post(dict.fromkeys("abcde", 1)), post(dict.fromkeys("abcde", 2)),
         "[body.a, body.b, body.c, body.d, body.e]", 5),
        (post(dict.fromkeys("abcdef", 1)), post(dict.fromkeys("abcdef", 2)), None, 6),
        (post({"行": [{"号": "A1"}, {"号": "A2"}]}), post({"行": [{"号": "B1"}, {"号": "B2"}]}),
         '["body.行[*].号"]', 2),
        (post({"行": [{"号": "A1"}, {"号": "A2"}]}), post({"行": [{"号": "B1"}, {"号": "A2"}]}),
         '["body.行[0].号"]', 1),
        (post({"行": [{"号": f"A{n}"} for n in "123"]}),
         post({"行": [{"号": "A1"}, {"号": "B2"}, {"号": "B3"}]}),
         '["body.行[1].号", "body.行[2].号"]', 2),
        (post({"行": [{"号": "A1"}]}), post({"行": [{"号": "B1"}]}), '["body.行[0].号"]', 1),
        (post({"a b": 1, "c,d": 1}), post({"a b": 2, "c,d": 2}),
         '["body[\\"a b\\"]", "body.c,d"]', 2),
        (post({"a:b": 1, "#": 1}), post({"a:b": 2, "#": 2}), '["body.a:b", "body.#"]', 2),
        (post({"时": "2026-03-02T09:00:00 +08"}), post({"时": "2026/3/3 10:00"}), "[body.时]", 1),
        (post({"题": "甲 乙"}), post({"题": "丙"}), None, 1),
        (post({"题": "丙"}), post({"题": "甲 乙"}), None, 1),
        (post({"题": "丙", "号": 1}), post({"题": "甲=乙", "号": 2}), None, 2),
        (post({"号": "x" * 60}), post({"号": "y"}), "[body.号]", 1),
        (post({"号": "x" * 61}), post({"号": "y"}), None, 1),
        (post({"号": "y"}), post({"号": "x" * 61}), None, 1),
        (post({"号": [1]}), post({"号": 1}), None, 1),
        (post({"号": 1}), post({"号": {}}), None, 1),
        (post({"号": 1}), post({"号": 1, "注": None}), "[body.注]", 1),
        (post(b"abc"), post(b"abd"), None, 1),
        (post([1, 2]), post([1, 3]), '["body[1]"]', 1),
    ],
)  # fmt: skip
def test_what_may_be_ignored_is_offered_by_its_path(
    recorded: Request, sent: Request, offered: str | None, number: int
) -> None:
    lines = miss({"甲": [recorded]}, sent)

    found = [line for line in lines if line.startswith("  ignore")]
    assert found == ([] if offered is None else [f"  ignore    ignore: {offered}"])
    places = [line for line in lines if line.startswith("            × ") and ": rec" in line]
    assert len(places) == min(number, 5)
    assert [line for line in lines if "more" in line] == ["            … and 1 more"] * (number > 5)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""), ("a=1&a=2&b=", "?a=1&a=2&b="), (f"a={'x' * 118}", f"?a={'x' * 118}"),
        (f"a={'x' * 119}", f"?a={'x' * 58}…"),
    ],
)  # fmt: skip
def test_a_long_query_is_cut(query: str, shown: str) -> None:
    lines = miss({"甲": [get("z=1")]}, get(query))

    assert f"  call      GET /客户{shown} (instance test)" in lines


def test_each_place_of_a_recording_that_was_played_is_told() -> None:
    for count in (1, 2, 5, 6):
        lines = miss({"甲": [get()] * count}, get(), played=[get()] * count)
        places = [line for line in lines if line.startswith("  recorded")]
        told = cassette_of({"甲": [get()] * count})
        shown = ", ".join(str(told.place(n)) for n in range(min(count, 5)))
        assert places == [f"  recorded  {shown}{', …' if count > 5 else ''}"]
        times = "once" if count == 1 else f"{count} times"
        assert lines[0] == (
            f"already played: crm.get was recorded {times} for '甲', and this is call {count + 1}"
        )
        assert lines[-2:] == [
            "  record    bpmax-sim record --record-extra",
            "  or        repeat: true",
        ]


@pytest.mark.parametrize("is_left", [True, False])
def test_a_recording_that_broke_off_is_told_where_its_file_is_not_there(
    tmp_path: Path, *, is_left: bool
) -> None:
    path, other = tmp_path / "我的 a.yaml", tmp_path / "b.yaml"
    entry = render_exchange(
        Exchange(request=get(), outcome=Response(status=200), order=1, owner="甲", at=0.0)
    )
    draft = PendingExchange(line=entry.line, text=entry.text, issue=(1, 0))
    target = path if is_left else other
    target.with_name(f"{target.name}.999999-1.journal").write_bytes(encode_record(draft))

    lines = explain_no_cassette(request_to_parts(get()), str(path), FULL)

    recover = [f'  recover   bpmax-sim cassette recover "{path}"']
    assert [*map(translate, lines)] == [
        f"crm.get cannot be answered, {path} does not exist",
        "  step      2/3 选择客户 (scenarios/合同.yaml:7)",
        "  script    scripts/a.js:3",
        "  call      GET /客户?a=1 (instance test)",
        "  sent to   https://x.test",
        "  declared  https://y.test",
        *(recover if is_left else []),
        "  record    bpmax-sim record scenarios/合同.yaml:7",
    ]
