"""Which recorded exchange answers which call, and what a stored text is read as."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import MatchingRules, exchange_to_parts
from bpmax_sim.cassette.merge import to_review_path
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.cassette.model import (
    CassetteHead,
    Entry,
    decode_json,
    encode_sorted,
    group_by_name,
    read_body,
    read_message_parts,
)
from bpmax_sim.cassette.player import OwnerPlayback, Player
from bpmax_sim.cassette.reader import (
    YamlTextError,
    exchange_from_yaml,
    read_exchange,
    read_outcome,
    read_yaml_text,
    split_exchange,
)
from bpmax_sim.cassette.remote import RemoteStorage, is_url, make_remote_stamp, open_mirror
from bpmax_sim.cassette.textconv import to_diff_text
from bpmax_sim.errors import CassetteError, NoMatchError
from bpmax_sim.i18n import translate
from bpmax_sim.messages import (
    LOGIN,
    Chunk,
    Exchange,
    FailedExchange,
    Request,
    Response,
    SignatureInput,
)
from tests.cassette.exchanges import OWNER, RULES, answer, detail, keyed, order

NOWHERE = UnmatchedCallContext()


def entry(
    number: int, body: str = "", *, n: int, headers: Sequence[tuple[str, str]] = (), **line: Any
) -> Entry:
    made = detail(number, outcome=answer(f'{{"n":"{body or number}"}}'))
    sent = replace(made, request=replace(made.request, headers=(*made.request.headers, *headers)))
    return render_exchange(sent, rules=RULES).with_line(n=n, **line)


def cassette(*entries: Entry) -> Cassette:
    return Cassette.of_bytes(dump_entries(entries), "a.yaml")


def take(player: Player, number: int, *headers: tuple[str, str]) -> str:
    """Return the response to the look-up of customer *number*, or the case of the miss."""
    try:
        found, at = player.take_next(exchange_to_parts(detail(number)), NOWHERE, headers)
    except NoMatchError as error:
        return f"! {translate(str(error.case))}"
    outcome = player.load_outcome(found, at)
    assert isinstance(outcome, Response)
    return str(json.loads(outcome.body)["n"])


def test_equal_calls_are_answered_in_recorded_order_and_once() -> None:
    recorded = cassette(entry(1, "a", n=2), entry(1, "b", n=1), entry(2, "c", n=3))
    player, repeating = Player(recorded, RULES, OWNER), Player(recorded, RULES, OWNER, repeat=True)

    assert [take(player, number) for number in (1, 2, 1, 1, 3)] == [
        "b",
        "c",
        "a",
        "! already played",
        "! no such call",
    ]
    assert [take(repeating, number) for number in (1, 1, 1, 1, 2, 2)] == [
        "b",
        "a",
        "a",
        "a",
        "c",
        "c",
    ]
    assert [player.is_recorded(exchange_to_parts(detail(number))) for number in (1, 2, 3)] == [
        True,
        True,
        False,
    ]
    assert player.list_unplayed_exchanges() == repeating.list_unplayed_exchanges() == ()
    fresh = Player(recorded, RULES, OWNER)
    take(fresh, 2)
    assert [one.order for one in fresh.list_unplayed_exchanges()] == [1, 2]
    assert len(fresh.find_exchange_numbers(exchange_to_parts(detail(1)))) == 2
    assert repr(player) == f"<Player of 'a.yaml' for {OWNER!r}, 3 played>"
    assert take(Player(recorded, RULES, "other"), 1) == "! no such call"
    assert take(Player(None, RULES, OWNER), 1) == "! no cassette"
    assert Player(None, RULES, OWNER).list_unplayed_exchanges() == ()
    with pytest.raises(NoMatchError) as caught:
        fresh.take_next(exchange_to_parts(detail(9)), NOWHERE)
    assert caught.value.nearest == (recorded, 0)


def test_of_equal_calls_the_one_with_the_same_headers_is_preferred() -> None:
    recorded = cassette(
        entry(1, "张", n=1, headers=[("X-User", "z"), ("X-Role", "a"), ("X-All", "1")]),
        entry(1, "李", n=2, headers=[("x-user", "l"), ("X-Role", "b"), ("X-All", "1")]),
        entry(
            1,
            "王",
            n=3,
            headers=[("X-User", "w"), ("X-Role", "b"), ("X-All", "1"), ("X-Extra", "e")],
        ),
    )

    def play(*calls: Sequence[tuple[str, str]]) -> list[str]:
        player = Player(recorded, RULES, OWNER)
        return [take(player, 1, *headers) for headers in calls]

    z, li, w, b = ("X-USER", "z"), ("x-user", "l"), ("X-User", "w"), ("x-role", "b")
    assert play([w], [z], [li]) == ["王", "张", "李"]
    assert play([w], [], []) == ["王", "张", "李"]
    assert play([("X-All", "1")], [("x-none", "1")], []) == ["张", "李", "王"]
    assert play([b], [z], [b]) == ["李", "张", "王"]
    assert play([z, b], [], []) == ["张", "李", "王"]
    assert play([("x-role", "a"), li], [w, b], []) == ["张", "王", "李"]
    assert play([], [w], []) == ["张", "王", "李"]
    assert play([z, b, ("x-extra", "e")]) == ["王"]
    assert play([], [w], [z]) == ["张", "王", "李"]


def test_a_session_plays_the_part_that_continues_as_it_does() -> None:
    recorded = cassette(
        entry(1, "1a", n=1), entry(2, "1b", n=2), entry(1, "2a", n=3, session=2), entry(3, "2c",
        n=4, session=2),
        entry(1, "1a", n=5, session=3), entry(4, "3d", n=6, session=3),
    )  # fmt: skip

    def play(*calls: tuple[int, int]) -> list[str]:
        playback = OwnerPlayback()
        players: dict[int, Player] = {}
        found = []
        for session, number in calls:
            if session not in players:
                assert playback.take_next_session_number() == len(players) + 1
                players[session] = Player(
                    recorded, RULES, OWNER, playback=playback, session=session
                )
            found.append(take(players[session], number))
        return found

    assert play((1, 1), (1, 2), (2, 1), (2, 3), (3, 1), (3, 4)) == [
        "1a",
        "1b",
        "2a",
        "2c",
        "1a",
        "3d",
    ]
    assert play((1, 1), (1, 4), (2, 1), (2, 3)) == ["1a", "3d", "2a", "2c"]
    assert play((1, 3), (1, 1), (2, 1), (2, 2)) == ["2c", "2a", "1a", "1b"]
    assert play((1, 1), (1, 3), (1, 2)) == ["1a", "2c", "1b"]
    assert play((1, 1), (2, 1), (3, 1), (1, 3)) == ["1a", "2a", "1a", "2c"]
    assert play((1, 4), (2, 4)) == ["3d", "3d"] or play((1, 4), (2, 4)) == [
        "3d",
        "! already played",
    ]
    assert play((1, 1), (1, 1), (1, 1), (1, 1)) == ["1a", "2a", "1a", "! already played"]


def play_parts(entries: Sequence[Entry], *calls: Any) -> tuple[list[str], list[int]]:
    """Return the responses to *calls*, (session, number, header…), and what is left unplayed."""
    recorded, playback = cassette(*entries), OwnerPlayback()
    players: dict[int, Player] = {}
    found = []
    for session, number, *headers in calls:
        if session not in players:
            players[session] = Player(recorded, RULES, OWNER, playback=playback, session=session)
        found.append(take(players[session], number, *headers))
    return found, [one.order for one in next(iter(players.values())).list_unplayed_exchanges()]


def part(session: int, *calls: tuple[int, str] | tuple[int, str, str]) -> list[Entry]:
    """Return what *session* recorded: number, response and perhaps user of each call."""
    return [
        entry(
            number,
            body,
            n=session * 10 + at,
            session=session,
            headers=[("X-User", one) for one in user],
        )
        for at, (number, body, *user) in enumerate(calls)
    ]


def user(name: str) -> tuple[str, str]:
    return "x-user", name


def test_one_call_alone_decides_which_part_is_played() -> None:
    users = [*part(1, (1, "张", "z")), *part(2, (1, "李", "l")), *part(3, (1, "王", "w"))]
    assert play_parts(users, (1, 1), (1, 1, user("w")), (1, 1)) == (["张", "王", "李"], [])
    longer = [*part(1, (1, "张")), *part(2, (1, "李", "l"), (1, "王", "w"), (1, "赵", "z"))]
    assert play_parts(longer, (1, 1), (1, 1, user("z")))[0] == ["张", "王"]
    turned = [*part(1, (1, "张", "z"), (1, "李", "l")), *part(2, (1, "a"), (1, "b"), (1, "c"))]
    assert play_parts(turned, (1, 1, user("l")), (1, 1), (1, 1))[0] == ["李", "张", "c"]
    alike = [*part(1, (1, "a"), (2, "b")), *part(2, (1, "a"), (2, "x"))]
    assert play_parts(alike, (1, 1), (1, 2)) == (["a", "b"], [20, 21])
    other = [*part(1, (1, "a")), *part(2, (1, "z"), (3, "p")), *part(3, (1, "a"), (3, "q"))]
    assert play_parts(other, (1, 1), (1, 3)) == (["a", "q"], [10, 20, 21])
    left = [*part(1, (1, "a1")), *part(2, (1, "a2"), (2, "b2")), *part(3, (1, "a3"), (3, "c"))]
    assert play_parts(left, (1, 1), (1, 2), (2, 1)) == (["a1", "b2", "a1"], [30, 31])
    shared = [*part(1, (1, "a")), *part(2, (1, "a"), (2, "b"))]
    assert play_parts(shared, (1, 1), (2, 1), (3, 1), (3, 2)) == (["a", "a", "a", "b"], [])
    ahead = [*part(1, (1, "a")), *part(2, (1, "a"), (1, "b"), (2, "c"))]
    assert play_parts(ahead, (1, 1), (1, 2)) == (["a", "c"], [10, 21])


def test_former_names_and_other_rules_lead_to_the_same_exchanges() -> None:
    former = FormerNames(
        {"crm_system": ("old",)}, {"crm_system.get_customer_detail": ("load", "read")}
    )
    made = detail(1)
    assert made.request.call is not None

    def named(platform: str, api: str, body: str, n: int) -> Entry:
        assert made.request.call is not None
        call = replace(made.request.call, platform=platform, api=api)
        sent = keyed(
            replace(
                made, request=replace(made.request, call=call), outcome=answer(f'{{"n":"{body}"}}')
            )
        )
        return render_exchange(sent, rules=RULES).with_line(n=n)

    recorded = cassette(
        named("old", "read", "c", 3),
        entry(1, "b", n=2),
        named("crm_system", "load", "a", 1),
        named("old", "other", "x", 4),
    )
    player = Player(recorded, MatchingRules(former=former), OWNER)
    assert [take(player, 1) for _ in range(4)] == ["a", "b", "c", "! already played"]
    loose = MatchingRules(ignore=("path",))
    assert [take(Player(cassette(entry(1, n=1)), loose, OWNER), 7), take(Player(cassette(entry(1,
    n=1)), RULES, OWNER), 7)] == [
        "1", "! no such call",
    ]  # fmt: skip
    mixed = cassette(entry(1, n=1), entry(2, n=2, key="00" * 16, rules="old"))
    assert [take(Player(mixed, RULES, OWNER), number) for number in (1, 2)] == ["1", "2"]
    kept = cassette(entry(1, n=1, key="00" * 16))
    odd = cassette(entry(1, n=1, key="ab" * 16), entry(2, n=2, rules="old"))
    assert take(Player(odd, RULES, OWNER), 1) == "! no such call"
    assert take(Player(kept, RULES, OWNER), 1) == "! no such call"

    def login(platform: str, instance: str, n: int) -> Entry:
        return entry(n, n=n, call=f"{platform}.{LOGIN}", instance=instance)

    logins = cassette(
        login("crm_system", "东", 1),
        login("old", "东", 2),
        login("crm_system", "西", 3),
        entry(4, n=4, instance="东"),
    )
    found = Player(logins, MatchingRules(former=former), OWNER).find_recorded_logins(
        "crm_system", "东"
    )
    assert [one.order for one in found] == [1, 2]
    assert list(Player(None, RULES, OWNER).find_recorded_logins("a", "b")) == []


def test_an_unrecorded_call_takes_the_nearest_that_is_left() -> None:
    player = Player(cassette(entry(1, n=1), entry(2, n=2)), RULES, OWNER)

    found = [
        player.take_nearest_for_unrecorded(exchange_to_parts(detail(number)))
        for number in (1, 7, 7, 7)
    ]
    assert [one and one[1] for one in found] == [None, 0, 1, None]
    assert (
        Player(None, RULES, OWNER).take_nearest_for_unrecorded(exchange_to_parts(detail(1))) is None
    )


def test_a_recording_that_waits_for_review_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([entry(1, n=1)]))
    to_review_path(path).write_bytes(dump_entries([entry(2, n=1), entry(1, n=2), entry(1, n=3)]))
    player = Player(Cassette.load(path), RULES, OWNER)

    def lines(number: int) -> list[str]:
        with pytest.raises(NoMatchError) as caught:
            player.take_next(exchange_to_parts(detail(number)), NOWHERE)
        return [
            line for line in translate(str(caught.value)).split("\n") if "is not accepted" in line
        ]

    take(player, 1)
    review = Cassette.load(to_review_path(path))
    assert lines(2) == [f"  waiting   {review.place(0)} holds this call and is not accepted"]
    assert lines(1) == [f"  waiting   {review.place(2)} holds this call and is not accepted"]
    assert lines(1) == []
    assert lines(3) == []
    absent = Player(None, RULES, OWNER, path=path)
    with pytest.raises(NoMatchError, match="is not accepted"):
        absent.take_next(exchange_to_parts(detail(2)), NOWHERE)
    to_review_path(path).write_bytes(b"broken")
    assert lines(2) == []


def test_bodies_are_compared_by_their_content() -> None:
    numbers = [
        "1.0",
        "1e0",
        "10e-1",
        "-0",
        "0.0",
        "1.50",
        "-2.50e1",
        "1e400",
        "1e401",
        "12345678901234567890",
        "0.1",
    ]
    assert [decode_json(text) for text in numbers] == [
        1, 1, 1, 0, 0, Decimal("1.5"), -25, 10**400, Decimal("1e401"), 12345678901234567890,
        Decimal("0.1"),
    ]  # fmt: skip
    assert [type(decode_json(text)) for text in ("1e2", "1e400", "1e401", "0e5")] == [
        int,
        int,
        Decimal,
        int,
    ]
    assert encode_sorted([decode_json(text) for text in ("-0.0", "0e9", "100")]) == b"[0,0,100]"
    assert encode_sorted({"b": Decimal("1.5"), "a": [1]}) == b'{"a":[1],"b":1.5}'
    for wrong in ("{", "[" * 2000, ""):
        with pytest.raises(ValueError, match="not JSON"):
            decode_json(wrong)
    form, json_type = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
    part = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    two = part % (b"a", b"1") + part % (b"a", b"2")
    bodies: dict[str, tuple[bytes | None, str]] = {
        "none": (None, json_type), "empty": (b"", "text/plain"), "json": (b'{"a":1.0}', json_type),
        "problem": (b"[1]", "application/problem+json"),
        "bare map": (b'{"a":1}', ""), "bare list": (b"[1]", ""), "bare text": (b"1", ""),
        "typed text": (b'{"a":1}', "text/plain"),
        "broken": (b"{", json_type), "form": (b"a=1&b=&a=2&&c", form),
        "coded": (b"a=%E7%94%B2&b=x+y&c=", form), "plus": (b"b=x+y", form),
        "gbk form": (b"a=%C0", form), "bytes": (b"\xff", "image/png"), "parts": (two + b"--b--",
        "multipart/form-data; boundary=b"),
        "open": (two, "multipart/form-data; boundary=b"), "no boundary": (b"x",
        "multipart/form-data"), "no part": (b"--b--", "multipart/form-data; boundary=b"),
    }  # fmt: skip
    found = {name: read_body(*row) for name, row in bodies.items()}
    assert {name: (body.kind, body.value) for name, body in found.items() if name not in {"open",
    "bytes", "parts"}} == {
        "none": ("none", None), "empty": ("none", None), "json": ("json", {"a": 1}),
        "problem": ("json", [1]), "bare map": ("json", {"a": 1}),
        "bare list": ("json", [1]), "bare text": ("text", "1"), "typed text": ("text", '{"a":1}'),
        "broken": ("text", "{"),
        "form": ("form", {"a": ["1", "2"], "b": "", "c": ""}), "coded": ("form", {"a": "甲",
        "b": "x y", "c": ""}), "plus": ("form", {"b": "x y"}),
        "gbk form": ("text", "a=%C0"), "no boundary": ("text", "x"), "no part": ("text", "--b--"),
    }  # fmt: skip
    assert (found["bytes"].kind, found["bytes"].value[:9]) == ("bytes", "<1 bytes,")
    assert (found["open"].kind, found["parts"].kind, len(found["parts"].value["a"])) == (
        "text",
        "multipart",
        2,
    )
    assert group_by_name([("a", 1), ("b", 2), ("a", 3)]) == {"a": [1, 3], "b": 2}
    assert group_by_name([("a", 1), ("b", 2)]) == {"a": 1, "b": 2}
    assert read_message_parts((("X-A", "1"),), b"\xff", (("q", "1"),)) == {
        "query": {"q": "1"},
        "header": {"x-a": "1"},
        "body": None,
    }
    assert read_message_parts((), b"t", ())["body"] == "t"
    head = CassetteHead(rules={"crm_system": "a", "*": "b"}, net=3)
    facts: list[dict[str, Any]] = [{}, {"call": "x.y"}, {"rules": "c"}, {"net": 0}]
    blank = {"rules": "", "net": None}
    lines = [entry(1, n=1).with_line(**{**blank, **more}).line for more in facts]
    assert [(one.rules, one.net) for one in map(head.fill_in_defaults, lines)] == [
        ("a", 3),
        ("b", 3),
        ("c", 3),
        ("a", 0),
    ]
    assert [one.is_shared_login for one in (
        entry(1, n=1, call=f"crm_system.{LOGIN}", owner="crm_system.test").line, entry(1, n=1,
        call=f"crm_system.{LOGIN}").line,
        entry(1, n=1, owner="crm_system.test").line)] == [True, False, False]  # fmt: skip


def make_exchanges() -> dict[str, Exchange]:
    """Return an exchange of each kind that a file can hold."""
    base = detail(1, order=4)
    response = Response(
        status=201, reason="", headers=(("A", "1"), ("a", "2"),
        ("x" * 210, "3")), body="甲\n\n乙\n".encode(), elapsed=0.5, source="simulated",
        chunks=(Chunk(at=0.25, length=3),), trust="checked", redirects=(("302", "/a"),),
    )  # fmt: skip
    failed = FailedExchange(
        code="RESET", message="断", received=b"\xff" * 80, sent=True, elapsed=0.25
    )
    gbk = replace(
        response,
        body="客户".encode("gbk"),
        headers=(("content-type", "text/plain; charset=gbk"), ("Content-Encoding", "br")),
    )
    call = base.request.call
    assert call is not None
    own = replace(
        base.request,
        call=replace(call, headers=(("Authorization", "own"),)),
        body=json.dumps({"a": "x" * 70, "b": "\\n"}).encode(),
    )
    return {
        "response": replace(base, outcome=response), "failure": replace(base, outcome=failed),
        "gbk": replace(base, outcome=gbk),
        "own": replace(base, request=own),
        "no call": replace(base, request=Request(method="GET", url="https://x.test/#a",
        body=b"\n")),
        "sent": replace(order(b""), request=replace(order(b"").request, body="客户".encode("gbk"),
        headers=(("content-type", "text/plain; charset=gbk"),))),
    }  # fmt: skip


def test_a_stored_text_is_read_by_both_parsers_alike() -> None:
    for name, exchange in make_exchanges().items():
        stored = render_exchange(exchange)
        fast, slow = read_exchange(stored), read_exchange(stored, canonical=False)
        assert fast == slow, name
        assert fast.request.call == slow.request.call
        assert read_outcome(stored) == fast.outcome
        assert (fast.order, fast.owner, fast.key) == (exchange.order, exchange.owner, exchange.key)


def test_a_stored_text_gives_back_what_was_recorded() -> None:
    made = make_exchanges()
    found = read_exchange(render_exchange(made["response"])).outcome
    assert found == replace(
        made["response"].outcome, headers=(("A", "1"), ("A", "2"), ("x" * 210, "3"))
    )
    assert read_exchange(render_exchange(made["failure"])).outcome == made["failure"].outcome
    assert read_exchange(render_exchange(made["sent"])).request.body == "客户".encode("gbk")
    assert read_exchange(render_exchange(made["sent"])).request.charset == "gb18030"
    restored = read_exchange(render_exchange(made["gbk"])).outcome
    assert isinstance(restored, Response)
    assert (restored.body, restored.headers[0][1]) == (
        "客户".encode("gbk"),
        "text/plain; charset=gbk",
    )
    again = read_exchange(render_exchange(made["own"])).request
    assert again.call is not None
    assert (again.call.headers, again.call.serial, again.body) == (
        (("Authorization", "own"),),
        4,
        made["own"].request.body,
    )
    assert read_exchange(
        render_exchange(replace(detail(1, order=4), outcome=replace(answer(), source="live")))
    ).outcome == replace(answer(), source="recorded")
    signed = render_exchange(detail(1)).with_line(signed=SignatureInput(now=1.0))
    told = read_outcome(signed)
    assert isinstance(told, Response)
    assert told.recorded_request is not None
    assert isinstance(
        read_outcome(render_exchange(made["failure"]).with_line(signed=SignatureInput(now=1.0))),
        FailedExchange,
    )
    assert split_exchange("a\n  failure:\nb\n") == ("a", "\n  failure:\n", "b\n")


def test_yaml_of_any_layout_is_read_but_not_its_dangers() -> None:
    text = (
        "a: [1, ~, 'null', null, Null, NULL, '', \"x\"]\n? b\n: !!binary YQ==\nc: !!str "
        "null\nd: {}\ne:\n"
    )
    assert read_yaml_text(text) == {
        "a": ["1", None, "null", None, None, None, "", "x"],
        "b": b"a",
        "c": "null",
        "d": {},
        "e": None,
    }
    wrong = {
        "a: 1\na: 2\n": (2, "the key 'a' comes twice"),
        "- 1\n- &x 1\n- *x\n": (2, "anchors and aliases are not used in cassettes"),
        "a: !!python/name:os 1\n": (1,
        "the tag 'tag:yaml.org,2002:python/name:os' is not used in cassettes"),
        "? [1]\n: 2\n": (1, "a key that is not a text"),
        "": (1, "no document"), "a: !!binary Y\n": (1, "broken base64"),
        "[" * 42 + "]" * 42: (1, "nested deeper than 40 levels"),
    }  # fmt: skip
    for source, (at, message) in wrong.items():
        with pytest.raises(YamlTextError) as caught:
            read_yaml_text(source)
        assert (caught.value.line, translate(str(caught.value))) == (at, message)
    assert read_yaml_text("[" * 41 + "]" * 41) is not None
    line = render_exchange(detail(1)).line
    request = {"method": "GET", "uri": "https://a", "headers": {"A": "1", "B": ["2", "3"]}}
    bare = exchange_from_yaml(line, {"request": request, "response": {"status": {"code": "204"}}})
    assert bare.request.headers == (("A", "1"), ("B", "2"), ("B", "3"))
    assert isinstance(bare.outcome, Response)
    assert (bare.outcome.status, bare.outcome.reason, bare.outcome.body, bare.request.body) == (
        204,
        "",
        b"",
        None,
    )
    for item in (
        {},
        {"request": {"method": 1, "uri": ""}},
        {"request": request, "response": {"status": {"code": "x"}}},
        5,
    ):
        with pytest.raises(ValueError):
            exchange_from_yaml(line, item)


def test_a_diff_shows_a_cassette_without_digests_and_backslashes() -> None:
    data = dump_entries([
        render_exchange(order(json.dumps({"a": "x" * 60, "路径": "a/b"}).encode(),
        owner="甲")).with_line(n=1),
        render_exchange(detail(1, owner="甲", outcome=FailedExchange(code="RESET", message='"断"',
        received=b"x"))).with_line(n=2, call=""),
    ])  # fmt: skip
    lines = to_diff_text(data.decode()).split("\n")

    assert lines[0] == "version: 1"
    assert [line for line in lines if line.startswith("- ")] == [
        "- 甲 · 1 · crm_system.create_order test",
        "- 甲 · 2 · - test reset",
    ]
    assert not any(line.startswith(("bpmax: ", "sealed: ")) for line in lines)
    assert '"a": "' + "x" * 60 + '",' in [line.strip() for line in lines]
    assert any('message: "\\"断\\""' in line for line in lines)
    odd = [
        '- bpmax: {"a":1}', "- bpmax: [", '    body: "{\\', '      \\"a\\": \\"\\/\\", \\',
        '      1}"',
        '    x: "\\"y\\""', '    received: "\\"a\\', '      \\"b\\""', "",
    ]  # fmt: skip
    assert to_diff_text("\n".join(odd)).split("\n") == [
        '- bpmax: {"a":1}', "- bpmax: [", '    body: "{', '      "a": "/", ', '      1}"',
        '    x: "\\"y\\""', '    received: ""a', '      "b""', "",
    ]  # fmt: skip
    assert to_diff_text("") == ""


def test_a_remote_folder_has_a_mirror_of_its_own(tmp_path: Path) -> None:
    urls = [
        "s3://b/c",
        "simplecache::s3://b",
        "C://x",
        "c:/x",
        "a",
        5,
        "http+x://",
        "1a://b",
        "s3:/b",
    ]
    assert [is_url(url) for url in urls] == [
        True,
        True,
        False,
        False,
        False,
        False,
        True,
        False,
        False,
    ]
    folder = open_mirror("s3://桶/a b/?secret=1", tmp_path).folder
    assert folder.parent == tmp_path / ".bpmax" / "cassettes"
    assert folder.name.startswith("s3-桶-a-b-")
    assert len(folder.name.rpartition("-")[2]) == 8
    long = open_mirror("https://user:pw@host/" + "x" * 99 + "/", tmp_path).folder.name
    assert (len(long), "pw" in long, long[:16]) == (69, False, "https-host-xxxxx")
    infos: list[dict[str, Any]] = [
        {"ETag": "a", "mtime": 1}, {"md5Hash": "m", "size": 1}, {"etag": "",
        "checksum": 7}, {"created": 5, "size": 9}, {"mtime": 0, "updated": "u"},
        {"LastModified": 3, "last_modified": 4, "size": 1}, {},
    ]  # fmt: skip
    assert [make_remote_stamp(info) for info in infos] == [
        "a",
        "m",
        "7",
        "5 9",
        "u None",
        "3 1",
        " None",
    ]


def test_one_fact_alone_decides_what_a_stored_text_is() -> None:
    plain = render_exchange(detail(1))
    assert read_exchange(plain.with_line(sent_in="gb18030")).request.body is None
    packed = replace(answer(), headers=(("content-encoding", "br"),))
    found = read_exchange(render_exchange(detail(1, outcome=packed))).outcome
    assert isinstance(found, Response)
    assert found.body == packed.body
    for text in ("a\n", "甲\n\n乙\n\n", "a\nb"):
        stored = render_exchange(detail(1, outcome=answer(text)))
        assert read_exchange(stored).outcome == replace(answer(text), source="recorded")
    unsent = FailedExchange(code="DNS", message="无", sent=False)
    assert read_exchange(render_exchange(detail(1, outcome=unsent))).outcome == unsent
    request = {"method": "GET", "uri": "https://a", "headers": {"A": "12"}}
    item = {"request": request, "response": {"status": {"code": "204"}}}
    assert exchange_from_yaml(plain.line, item).request.headers == (("A", "12"),)


def make_mirrored_file(tmp_path: Path) -> tuple[Callable[[], RemoteStorage], Any, Path, str]:
    """Return what opens a mirror, the remote file system, and a file's path here and there."""
    url = f"memory://mirror-{tmp_path.name}"

    def mirror() -> RemoteStorage:
        return open_mirror(url, tmp_path)

    path = mirror().folder / "甲" / "a.yaml"
    return mirror, fsspec.filesystem("memory"), path, f"/mirror-{tmp_path.name}/甲/a.yaml"


def test_a_mirror_is_brought_up_to_date_from_both_sides(tmp_path: Path) -> None:
    mirror, system, path, there = make_mirrored_file(tmp_path)
    first = mirror()
    first.fetch(path)
    assert not path.exists()
    system.pipe_file(there, b"one")
    first.fetch(path)
    assert not path.exists()
    mirror().fetch(path)
    assert path.read_bytes() == b"one"
    path.unlink()
    mirror().fetch(path)
    assert path.read_bytes() == b"one"


def test_what_was_recorded_here_is_uploaded_and_never_lost(tmp_path: Path) -> None:
    mirror, system, path, there = make_mirrored_file(tmp_path)
    system.pipe_file(there, b"one")
    mirror().fetch(path)
    path.write_bytes(b"two")
    mirror().fetch(path, recording=True)
    with pytest.raises(CassetteError, match="was recorded here and not uploaded"):
        mirror().fetch(path)
    mirror().upload_if_changed(path)
    assert system.cat_file(there) == b"two"
    path.write_bytes(b"three")
    system.pipe_file(there, b"four")
    with pytest.raises(CassetteError, match="was changed meanwhile by somebody else"):
        mirror().upload_if_changed(path)
    system.pipe_file(there, b"three")
    mirror().upload_if_changed(path)


def test_a_file_that_is_gone_may_be_recorded_again(tmp_path: Path) -> None:
    mirror, system, path, there = make_mirrored_file(tmp_path)
    system.pipe_file(there, b"one")
    mirror().fetch(path)
    system.rm_file(there)
    mirror().fetch(path)
    assert not path.exists()
    path.write_bytes(b"five")
    mirror().upload_if_changed(path)
    assert system.cat_file(there) == b"five"
    state = path.parent.parent / ".state" / "甲" / "a.yaml.json"
    coming = json.loads(state.read_text("utf-8")) | {
        "sha": "x",
        "coming": hashlib.sha256(b"five").hexdigest(),
    }
    state.write_text(json.dumps(coming), "utf-8")
    mirror().fetch(path)
    mirror().fetch(tmp_path / "else.yaml")
