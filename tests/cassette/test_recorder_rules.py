"""What a recorder redacts again, collects from its children and tells of its calls."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import RecordingComparison
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.journal import (
    FORMAT_OF_PIECES,
    PendingExchange,
    encode_record,
    find_live_journals,
    read_journal,
)
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.merge import recover, to_review_path
from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.errors import LeakError
from bpmax_sim.messages import Exchange, FailedExchange, Response
from tests.cassette.exchanges import OWNER, RULES, START, ZONE, answer, detail
from tests.cassette.recorders import Secrets, recorder

DETAIL = "crm_system.get_customer_detail"
RESET = FailedExchange(code="RESET", message="连接被重置")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crm.yaml"


def issued(exchange: Exchange, serial: int, attempt: int = 0) -> Exchange:
    assert exchange.request.call is not None
    said = replace(exchange.request.call, serial=serial)
    return replace(exchange, request=replace(exchange.request, call=said, attempt=attempt))


def saying(number: int, text: str, serial: int = 0, attempt: int = 0) -> Exchange:
    return issued(detail(number, outcome=answer(text)), serial or number, attempt)


def bodies(path: Path) -> list[str]:
    """Return the responses in a file, as far as they arrived."""
    outcomes = [exchange.outcome for exchange in Cassette.load(path).exchanges()]
    found = [one.body if isinstance(one, Response) else one.received for one in outcomes]
    return [body.decode() for body in found]


@pytest.mark.parametrize(
    ("texts", "session", "redacted"),
    [
        (None, 0, [1, 2, 4]),
        (None, 1, [1, 4]),
        (None, 2, [2]),
        (None, 3, []),
        (["密钥-1"], 0, [1, 2, 4]),
        (["密钥-1"], 2, [1, 2, 4]),
        (["密钥-2"], 0, []),
        (["密钥-2", "密钥-1"], 0, [1, 2, 4]),
        ([], 0, []),
    ],
)
def test_what_holds_a_late_secret_is_redacted_again(
    path: Path, texts: list[str] | None, session: int, redacted: list[int]
) -> None:
    secrets, asked = Secrets(), []
    recording = recorder(path, secrets)
    for number, (text, of_session) in enumerate(
        [("密钥-1", 1), ("密钥-1", 2), ("客户", 1), ("又是密钥-1", 1)], 1
    ):
        recording.append(saying(number, text), session=of_session)
    secrets.known = ["密钥-1"]

    def redact(exchange: Exchange) -> Exchange:
        asked.append(int(exchange.request.url.partition("?")[0][-1]))
        return secrets.redact(exchange)

    recording.redact_again(redact, secret_texts=texts, session=session)

    assert asked == redacted
    [journal] = path.parent.glob("*.journal")
    assert ("密钥-1" in journal.read_text(encoding="utf-8")) == (len(redacted) < 3)
    if len(redacted) < 3:
        with pytest.raises(LeakError):
            recording.seal()
        recording.discard()
        return
    recording.seal()
    assert bodies(path) == ["redacted", "客户", "又是redacted", "redacted"]


@pytest.mark.parametrize("texts", [None, ["密钥-2"], ["密钥-1", "密钥-2"]])
def test_what_was_found_to_leak_stays_what_it_is(path: Path, texts: list[str] | None) -> None:
    secrets = Secrets("密钥-1")
    recording = recorder(path, secrets)
    recording.append(saying(1, "密钥-1"))
    recording.append(saying(2, "密钥-2"))
    secrets.known.append("密钥-2")

    recording.redact_again(secrets.redact, secret_texts=texts)

    drafts = [draft for one in path.parent.glob("*.journal") for draft in read_journal(one)]
    assert [bool(draft.leaks) for draft in drafts] == [True, False]
    assert [bool(draft.text) for draft in drafts] == [False, True]
    with pytest.raises(LeakError, match=rf"in {DETAIL} \(secret 密钥-1\); declare"):
        recording.seal()
    recording.close()


def test_each_attempt_of_a_call_keeps_its_place_when_it_is_redacted_again(path: Path) -> None:
    secrets = Secrets()
    recording = recorder(path, secrets)
    for attempt, text in enumerate(["一", "二", "密钥"]):
        recording.append(saying(1, text, 5, attempt))
    recording.append(saying(2, "四", 6))
    secrets.known = ["密钥"]

    recording.redact_again(secrets.redact, secret_texts=["密钥"])
    recording.seal()

    assert bodies(path) == ["一", "二", "redacted", "四"]


@pytest.mark.parametrize(
    ("pieces", "is_changed", "received"),
    [
        (["a密", "钥b"], True, "aredactedb"),
        (["a密钥b"], True, "aredactedb"),
        (["密钥", "", "密钥"], True, "redactedredacted"),
        (["a密", "b钥"], False, "a密b钥"),
        (["a", "b", "c"], False, "abc"),
    ],
)
@pytest.mark.parametrize("is_whole", [False, True])
def test_a_secret_that_arrives_in_pieces_is_redacted_in_the_whole(
    path: Path, pieces: list[str], received: str, *, is_changed: bool, is_whole: bool
) -> None:
    """Where the rest never comes, what arrived is recorded as a failure."""
    secrets = Secrets()
    recording = recorder(path, secrets)
    half = issued(detail(1), 1)
    for text in pieces:
        recording.append_piece(replace(half, outcome=replace(RESET, received=text.encode())))
    recording.append(saying(2, "旁边"))
    secrets.known = ["密钥"]

    recording.redact_again(secrets.redact, secret_texts=["密钥"])

    [journal] = path.parent.glob("*.journal")
    data = journal.read_bytes()
    assert data.count(b'"piece":') == (1 if is_changed else len(pieces))
    assert data.count(b'"format":%d' % FORMAT_OF_PIECES) == data.count(b'"piece":')
    assert data.count(b'"text":"  request:') == 2  # of a piece that follows another, none
    if is_whole:
        recording.append(saying(1, "完整"))
    recording.seal()
    assert sorted(bodies(path)) == sorted(["旁边", "完整" if is_whole else received])
    assert [*path.parent.iterdir()] == [path]


def test_a_piece_that_leaks_is_not_kept(path: Path) -> None:
    recording = recorder(path, Secrets("密钥"))
    half = issued(detail(1), 1)
    recording.append_piece(replace(half, outcome=replace(RESET, received="一个密钥".encode())))
    [journal] = path.parent.glob("*.journal")

    kept = json.loads(journal.read_text(encoding="utf-8")[18:].rstrip("\0"))
    assert (kept["piece"], kept["text"], kept["leaks"]) == ("", "", ["secret 密钥"])
    with pytest.raises(LeakError):
        recording.seal()
    recording.discard()


FIELDS = (f"{DETAIL} (query.fields)",)
IGNORING = MatchingRules(scoped=((DETAIL, ("query.fields",)),))
BY_ID = MatchingRules(
    scoped=((DETAIL, ("path.id",)),), templates={DETAIL: "/customers/{id}"}
)  # fmt: skip


def asking(fields: str, text: str = "张三", number: int = 1) -> Exchange:
    exchange = detail(number, outcome=answer(f'"{text}"'))
    said = exchange.request.call
    assert said is not None
    url = exchange.request.url.replace("name%2Cphone", fields)
    request = replace(exchange.request, url=url, call=replace(said, query=(("fields", fields),)))
    return replace(exchange, request=request, key="")


@pytest.mark.parametrize(
    ("rules", "exchanges", "conflicts"),
    [
        (IGNORING, [], ()),
        (IGNORING, [asking("a")], ()),
        (IGNORING, [asking("a"), asking("b", "李四")], FIELDS),
        (IGNORING, [asking("a"), asking("b")], ()),
        (IGNORING, [asking("a"), asking("a", "李四")], ()),
        (IGNORING, [asking("a"), asking("a"), asking("b", "李四")], FIELDS),
        (
            IGNORING,
            [asking("a"), asking("b", "李四"), asking("c", "王五")],
            FIELDS,
        ),
        (IGNORING, [asking("a"), asking("b", "李四", 2)], ()),
        (IGNORING, [asking("a"), asking("b", "可变")], ()),
        (IGNORING, [asking("a"), asking("b", "密钥")], ()),
        (IGNORING, [asking("a"), replace(asking("b"), outcome=RESET)], FIELDS),
        (IGNORING, [replace(asking("a"), outcome=RESET), asking("b")], FIELDS),
        (RULES, [asking("a"), asking("b", "李四")], ()),
        (BY_ID, [asking("a"), asking("a", "李四", 2)], (f"{DETAIL} (path.id)",)),
        (BY_ID, [asking("a"), asking("b", "李四", 2)], ()),
        (
            MatchingRules(ignore=("query.fields", "path")),
            [asking("a"), asking("b", "李四", 2)],
            (f"{DETAIL} (path, query.fields)",),
        ),
    ],
)  # fmt: skip
def test_calls_that_ignore_makes_equal_are_told_where_their_answers_differ(
    path: Path, rules: MatchingRules, exchanges: list[Exchange], conflicts: tuple[str, ...]
) -> None:
    class Same(RecordingComparison, frozen=True):
        def has_same_outcome(self, call: str, old: Any, new: Any, request_texts: str = "") -> bool:
            assert call == DETAIL
            is_noise = getattr(new, "body", b"") == '"可变"'.encode()
            return is_noise or super().has_same_outcome(call, old, new, request_texts)

    recording = recorder(path, Secrets("密钥"), rules=rules)
    for number, exchange in enumerate(exchanges, 1):
        recording.append(issued(exchange, number))

    assert recording.find_conflicts_due_to_ignore(Same()) == conflicts
    recording.discard()


def fails(exchange: Exchange) -> int:
    outcome = exchange.outcome
    return 3 if isinstance(outcome, FailedExchange) else int(outcome.status >= 500)


DOWN = replace(answer(), status=503)


@pytest.mark.parametrize(
    ("known", "now", "found"),
    [
        ({}, [(1, DOWN)], [(f"{DETAIL}: HTTP 503", False)]),
        ({}, [(1, RESET)], [(f"{DETAIL}: RESET", False)]),
        ({}, [(1, answer())], []),
        ({1: answer()}, [(1, DOWN)], [(f"{DETAIL}: HTTP 503", True)]),
        ({1: answer()}, [(2, DOWN)], [(f"{DETAIL}: HTTP 503", False)]),
        ({1: DOWN}, [(1, DOWN)], []),
        ({1: DOWN}, [(1, RESET)], [(f"{DETAIL}: RESET", True)]),
        ({1: RESET}, [(1, DOWN)], []),
        # the last one counts in the order in which they were issued, not in that of their ends
        ({}, [(1, answer(), 9), (1, DOWN, 8)], []),
        ({}, [(1, DOWN, 9), (1, answer(), 8)], [(f"{DETAIL}: HTTP 503", False)]),
        ({}, [(1, DOWN, 8), (1, replace(answer("密钥"), status=200), 9)],
         [(f"{DETAIL}: HTTP 503", False)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("former", ["", "从前的场景"])
def test_a_call_fails_newly_where_the_recording_has_it_better(
    path: Path, known: Mapping[int, Any], now: Sequence[Any], found: Any, former: str
) -> None:
    if known:
        recording = recorder(path, owner=former or OWNER)
        for number, outcome in known.items():
            recording.append(issued(detail(number, outcome=outcome), number))
        recording.seal()
    recording = recorder(path, Secrets("密钥"), former=former)
    for number, outcome, *serial in now:
        recording.append(issued(detail(number, outcome=outcome), *(serial or [1])))

    outages = recording.find_newly_failing_calls(fails)

    assert [(str(one), one.is_known) for one in outages] == found
    assert {one.call for one in outages} <= {DETAIL}
    recording.discard()


def left_by_child(
    path: Path, process: int, branch: str, *texts: str, second: int = 0, parent: int = 999_999
) -> Path:
    """Write the journal that a forked process has left behind."""
    drafts = []
    for number, text in enumerate(texts, 1):
        exchange = detail(number, outcome=answer(text), owner=OWNER)
        entry = render_exchange(replace(exchange, at=START.seconds + second), zone=ZONE)
        drafts.append(
            PendingExchange(
                line=entry.line, text=entry.text, issue=(number, 0), adding=True, branch=branch,
                parent=parent,
            )
        )  # fmt: skip
    file = path.with_name(f"{path.name}.{process}-1.journal")
    file.write_bytes(b"".join(map(encode_record, drafts)))
    return file


def test_what_forked_children_left_stands_behind_their_parent_in_their_order(path: Path) -> None:
    recording = recorder(path, name="a1")
    recording.append(saying(7, "父", 700))
    recording.append(saying(8, "母", 800))
    left_by_child(path, 999_998, "a1", "后一", "后二", second=9)
    left_by_child(path, 999_997, "a1", "先一", second=1)
    other = left_by_child(path, 999_996, "b2", "别人", parent=os.getpid())

    assert recording.seal()

    assert bodies(path) == ["父", "母", "先一", "后一", "后二"]
    assert [line.n for line in map(Cassette.load(path).line, range(5))] == [1, 2, 3, 4, 5]
    assert sorted(path.parent.iterdir()) == [path, other]


@pytest.mark.parametrize(
    ("parent", "adding", "adds", "branch"),
    [
        (0, False, False, ""),
        (0, True, True, ""),
        (1, False, True, "a1"),  # of a container, whose first process is the tests
        (999_999, False, True, "a1"),
        (999_999, True, True, "a1"),
    ],
)
def test_what_a_forked_child_records_comes_beside_what_its_parent_does(
    path: Path, parent: int, *, adding: bool, adds: bool, branch: str
) -> None:
    recording = recorder(path, name="a1", parent=parent, adding=adding)
    recording.append(saying(1, "合同"))
    [journal] = path.parent.glob("*.journal")
    [draft] = read_journal(journal)
    recording.discard()

    assert (draft.adding, draft.branch, draft.parent) == (adds, branch, parent)


def test_a_child_alone_is_sealed_by_its_parent(path: Path) -> None:
    recording = recorder(path, name="a1")
    left_by_child(path, 999_998, "a1", "孩子")

    assert recording.seal()
    assert bodies(path) == ["孩子"]


def test_what_leaks_of_a_child_is_left_out_and_its_journal_stays(path: Path) -> None:
    secrets = Secrets()
    recording = recorder(path, secrets, name="a1")
    recording.append(saying(7, "父"))
    files = [
        left_by_child(path, 999_998, "a1", "好", "密钥", second=1),
        left_by_child(path, 999_997, "a1", "也好", second=2),
    ]
    secrets.known = ["密钥"]

    assert recording.seal()
    assert bodies(path) == ["父", "好", "也好"]
    assert all(file.exists() for file in files)


def test_a_child_never_seals_and_its_parent_is_the_first_one(path: Path) -> None:
    child = recorder(path, name="a1", parent=os.getpid())
    child.append(saying(1, "孩子"))

    assert not child.seal()
    assert not path.exists()
    [journal] = path.parent.glob("*.journal")
    [draft] = read_journal(journal)
    assert (draft.branch, draft.parent, draft.adding) == ("a1", os.getpid(), True)
    assert find_live_journals(path) == [(journal, os.getpid())]
    assert recover(path) == ()  # as long as the parent lives

    grandchild = recorder(path, name="a1", parent=999_999)
    grandchild.continue_in_forked_child()
    grandchild.append(saying(2, "孙子"))
    [again] = {*path.parent.glob("*.journal")} - {journal}
    assert [draft.parent for draft in read_journal(again)] == [999_999]
    grandchild.close()


@pytest.mark.parametrize(
    ("adding", "branch", "parent"), [(False, "", 0), (True, "", 0), (True, "a1", 5)]
)
def test_a_record_says_how_it_is_to_be_merged(
    path: Path, branch: str, parent: int, *, adding: bool
) -> None:
    recording = recorder(path, name="a1", parent=parent, adding=adding, net=3)
    recording.drawn = RandomSequenceSeeds((5,))
    values = {"crm_system.test": {"account": "张三"}}
    recording.append(saying(1, "一", 4, 2), session=2, values=values)
    [journal] = path.parent.glob("*.journal")
    [draft] = read_journal(journal)

    assert (draft.adding, draft.branch, draft.parent) == (adding, branch, parent)
    assert draft.issue == (2_000_000_004, 2)
    line = draft.line
    assert (line.session, line.net, line.values) == (2, 3, values)
    assert line.seed == RandomSequenceSeeds((5,))
    recording.close()


@pytest.mark.parametrize("late", [[], ["密钥-1"]])
def test_an_instant_has_the_time_zone_of_its_session(path: Path, late: list[str]) -> None:
    """Also after it was redacted again, and that of a body of which a part arrived."""
    secrets = Secrets()
    recording = recorder(path, secrets)
    zones = [ZONE, timedelta(0), timedelta(hours=-5, minutes=-30), timedelta(hours=9)]
    for session, zone in enumerate([None, *zones[1:3]], 1):
        recording.append(saying(session, "密钥-1"), session=session, zone=zone)
    half = replace(saying(4, ""), outcome=replace(RESET, received="密钥-1".encode()))
    recording.append_piece(half, session=4, zone=zones[3])
    secrets.known = late
    recording.redact_again(secrets.redact, secret_texts=late)

    [journal] = path.parent.glob("*.journal")
    instants = [Instant(START.seconds, zone) for zone in zones]
    assert [Instant.parse(draft.line.at) for draft in read_journal(journal)] == instants
    recording.seal()
    found = Cassette.load(path)
    assert [found.start(OWNER, session=n) for n in (1, 2, 3, 4)] == instants
    assert bodies(path) == ["redacted" if late else "密钥-1"] * 4


def test_traffic_of_another_client_is_ordered_by_its_own_number(path: Path) -> None:
    recording = recorder(path)
    for number in (3, 1, 2):
        exchange = detail(number, outcome=answer(str(number)), order=number)
        recording.append(replace(exchange, request=replace(exchange.request, call=None), key=""))
    recording.seal()

    assert bodies(path) == ["1", "2", "3"]


@pytest.mark.parametrize("name", ["server", "location"])
def test_a_login_that_came_with_another_header_of_no_meaning_is_the_old_one(
    path: Path, name: str
) -> None:
    """No script reads a login, so nothing has to be replayed to know."""
    changed = []
    for value in ("一", "二"):
        said = replace(answer("{}"), headers=(*answer().headers, (name, value)))
        recording = recorder(path, repeating=True)
        recording.append(issued(detail(1, outcome=said), 1))
        changed.append(recording.seal())

    assert changed == [True, name == "location"]


@pytest.mark.parametrize("drawn", [None, RandomSequenceSeeds((5, 6), {"a": (2,)})])
def test_what_was_drawn_until_the_end_is_recorded(path: Path, drawn: Any) -> None:
    recording = recorder(path, net=2)
    recording.append(saying(1, "一"))
    recording.drawn = RandomSequenceSeeds((5,))
    recording.append(saying(2, "二"))
    recording.drawn = drawn
    recording.seal()

    cassette = Cassette.load(path)
    assert cassette.drawn_sequences(OWNER) == (drawn or RandomSequenceSeeds((5,)))
    assert cassette.get_secret_name_rules_version(OWNER) == 2


@pytest.mark.parametrize("answers", [True, False])
def test_a_recording_that_is_tried_leaves_nothing_beside_the_file(
    path: Path, *, answers: bool
) -> None:
    tried: list[Path] = []

    def replays(trial: Path) -> bool:
        tried.append(trial)
        assert bodies(trial) == ['{"id":1,"名":"乙"}']
        return answers

    places: Callable[[str], tuple[str, ...]] = lambda _call: ("body.id",)  # noqa: E731
    for text in ('{"id":1,"名":"甲"}', '{"id":2,"名":"乙"}'):
        recording = recorder(path)
        recording.append(saying(1, text))
        recording.seal(volatile=places, replays=replays)

    assert bodies(path) == ['{"id":1,"名":"乙"}' if answers else '{"id":2,"名":"乙"}']
    assert [one.name for one in tried] == ["crm.yaml.trial"]
    assert [*path.parent.iterdir()] == [path]


def test_what_waits_for_review_stays_when_it_is_written(path: Path) -> None:
    for text in ("一", "二"):
        recording = recorder(path)
        recording.append(saying(1, text))
        aside = recording.seal() if text == "一" else recording.write_for_review()

    assert aside == to_review_path(path)
    assert (bodies(path), bodies(to_review_path(path))) == (["一"], ["二"])
    assert sorted(path.parent.iterdir()) == [path, to_review_path(path)]


def test_a_call_that_failed_before_is_known_whatever_is_ignored_now(path: Path) -> None:
    down = replace(issued(detail(1, outcome=DOWN), 1), key="")
    recording = recorder(path)
    recording.append(down)
    recording.seal()
    recording = recorder(path, rules=MatchingRules(("query.fields",)))
    recording.append(down)

    assert recording.find_newly_failing_calls(fails) == ()
    recording.discard()
