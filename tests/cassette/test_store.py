from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.journal import Journal, Scan, read_journal, scan_nothing
from bpmax_sim.cassette.matching import MatchingRules, exchange_to_parts
from bpmax_sim.cassette.merge import delete_review_only_of_owner, recover, to_review_path
from bpmax_sim.cassette.player import Player
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.errors import CassetteError, DamagedCassette, LeakError, NewerFormat
from bpmax_sim.messages import Exchange, FailedExchange, Response
from bpmax_sim.secret.scan import Finding
from tests.cassette.exchanges import (
    OWNER,
    RULES,
    START,
    ZONE,
    answer,
    detail,
    numbered,
    order,
    taken,
)
from tests.systems import needs_links


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crm" / "客户[1].yaml"


def recorder(path: Path, *exchanges: Exchange, **options: Any) -> Recorder:
    given: dict[str, Any] = {"rules": RULES, "owner": OWNER, "scan": scan_nothing, "zone": ZONE}
    recording = Recorder(path, **{**given, **options})
    for exchange in exchanges:
        recording.append(exchange)
    return recording


def issued(exchange: Exchange, serial: int, attempt: int = 0) -> Exchange:
    """Return *exchange* as the call with that order of issue."""
    assert exchange.request.call is not None
    said = replace(exchange.request.call, serial=serial)
    return replace(exchange, request=replace(exchange.request, call=said, attempt=attempt))


def customer(exchange: Exchange) -> str:
    return exchange.request.url.partition("?")[0].rpartition("/")[2]


def journals(path: Path) -> list[Path]:
    return sorted(p for p in path.parent.iterdir() if p.suffix == ".journal")


def names(path: Path) -> list[str]:
    return sorted(p.name for p in path.parent.iterdir())


def leak(word: bytes) -> Scan:
    def scan(data: bytes) -> Sequence[object]:
        return ["crm token, byte 7"] if word in data else []

    return scan


def test_what_was_recorded_is_replayed(path: Path) -> None:
    told = [
        detail(),
        order('{"客户":"张三"}'.encode()),
        detail(outcome=FailedExchange(code="TLS", message="x")),
    ]
    sealed = recorder(path, *[issued(e, n) for n, e in enumerate(told, 1)]).seal()

    assert sealed
    assert names(path) == [path.name]
    assert path.read_bytes() == dump_exchanges(numbered(*told), rules=RULES, zone=ZONE)
    assert Player(Cassette.load(path), RULES, OWNER).list_unplayed_exchanges()[1].order == 2


def test_the_order_is_that_of_issue_not_of_completion(path: Path) -> None:
    late, retried, first = issued(detail(3), 2), issued(detail(2), 1, 1), issued(detail(1), 1, 0)
    recorder(path, late, retried, first).seal()

    assert [customer(e) for e in Cassette.load(path).exchanges()] == ["1", "2", "3"]


def test_a_recording_is_kept_from_other_eyes_until_it_is_sealed(path: Path) -> None:
    recording = recorder(path, detail())

    assert [stat.S_IMODE(p.stat().st_mode) for p in journals(path)] == [0o600]
    recording.seal()
    assert names(path) == [path.name]


def test_nothing_recorded_leaves_nothing_behind(path: Path) -> None:
    assert not recorder(path).seal()
    assert not path.parent.exists()
    recording = recorder(path, detail())
    assert repr(recording) == f"<Recorder of {str(path)!r} for {OWNER!r}, 1 recorded>"
    recording.discard()
    assert names(path) == []
    recorder(path).close()


def test_an_owner_that_calls_nothing_any_more_has_no_recording_any_more(path: Path) -> None:
    recorder(path, detail(1)).seal()
    recorder(path, detail(2), owner="别人").seal()

    assert recorder(path).seal()
    assert Cassette.load(path).owners == ("别人",)
    assert recorder(path, owner="别人").seal()
    assert list(Cassette.load(path).exchanges()) == []


def test_a_repeated_recording_that_begins_like_the_old_one_adds_nothing(path: Path) -> None:
    recorder(path, detail(1), detail(2)).seal()
    before = path.read_bytes()

    assert not recorder(path, detail(1), repeating=True).seal()
    assert path.read_bytes() == before
    assert not recorder(path, detail(2), repeating=True).seal()
    assert path.read_bytes() == before


def test_a_repeated_recording_keeps_what_others_share_and_tells_not_who_came_first(
    path: Path,
) -> None:
    recorder(path, detail(1), repeating=True).seal()
    recorder(path, detail(2), detail(3), repeating=True).seal()
    recorder(path, detail(2, outcome=answer('"新"')), repeating=True).seal()
    found = {customer(e): e.outcome for e in Cassette.load(path).exchanges()}
    one = path.read_bytes()
    path.unlink()
    recorder(path, detail(3), detail(2, outcome=answer('"新"')), repeating=True).seal()
    recorder(path, detail(1), repeating=True).seal()

    assert sorted(found) == ["1", "2", "3"]
    assert isinstance(found["2"], Response)
    assert found["2"].body == '"新"'.encode()
    assert path.read_bytes() == one


def test_those_who_share_a_repeated_recording_may_have_their_own_rules(path: Path) -> None:
    own = MatchingRules(("query.fields",))
    recorder(path, detail(1), repeating=True).seal()
    assert recorder(path, detail(2), repeating=True, rules=own).seal()
    assert not recorder(path, detail(1), repeating=True, rules=own).seal()
    assert not recorder(path, detail(2), repeating=True).seal()

    assert [customer(e) for e in Cassette.load(path).exchanges()] == ["1", "2"]


def test_an_owner_without_calls_loses_its_old_ones(path: Path) -> None:
    recorder(path, detail()).seal()
    recorder(path, detail(), owner="另一个").seal()

    assert recorder(path).seal()
    assert Cassette.load(path).owners == ("另一个",)


def test_owners_of_one_file_do_not_touch_each_other(path: Path) -> None:
    recorder(path, detail(1), owner="乙").seal()
    recorder(path, detail(2), owner="甲").seal()
    recorder(path, detail(3), owner="乙").seal()
    found = [(e.owner, customer(e)) for e in Cassette.load(path).exchanges()]
    one = path.read_bytes()
    path.unlink()
    recorder(path, detail(3), owner="乙").seal()
    recorder(path, detail(2), owner="甲").seal()

    assert sorted(found) == [("乙", "3"), ("甲", "2")]
    assert path.read_bytes() == one


def test_recording_again_without_a_change_leaves_the_file_as_it_is(path: Path) -> None:
    dated = replace(answer(), headers=(*answer().headers, ("Date", "Mon"), ("X-Request-ID", "1")))
    recorder(path, detail(outcome=dated)).seal()
    before = (path.read_bytes(), path.stat().st_ino)
    again = replace(
        dated,
        headers=(*answer().headers, ("date", "Tue"), ("x-request-id", "2")),
        elapsed=9.9,
        body=b'{"code":200, "message":"ok", "data":{"name":"\\u5f20\\u4e09"}}',
    )

    assert not recorder(path, replace(detail(outcome=again), at=99.0)).seal()
    assert (path.read_bytes(), path.stat().st_ino) == before
    assert recorder(path, replace(detail(outcome=again), at=99.0)).write_for_review() is None


@pytest.mark.parametrize(
    "change",
    [
        {"status": 201},
        {"body": b'{"code":201}'},
        {"headers": (("content-type", "text/plain"),)},
        {"reason": "Fine"},
        {"source": "simulated"},
    ],
)
def test_a_change_in_meaning_is_recorded_at_the_instants_that_there_were(
    path: Path, change: dict[str, Any]
) -> None:
    recorder(path, detail(1), detail(2)).seal()
    later = [replace(detail(n), at=99.0) for n in (1, 2)]
    changed = [later[0], replace(later[1], outcome=replace(answer(), **change))]

    assert recorder(path, *changed).seal()
    exchanges = list(Cassette.load(path).exchanges())
    assert {e.at for e in exchanges} == {detail(1).at}
    last = exchanges[1].outcome
    assert isinstance(last, Response)
    for name, value in change.items():
        assert getattr(last, name) == value


def test_a_declared_passing_field_has_no_meaning(path: Path) -> None:
    recorder(path, detail(outcome=answer('{"id":1,"name":"张三"}'))).seal()
    again = detail(outcome=answer('{"id":2,"name":"张三"}'))
    volatile: Callable[[str], tuple[str, ...]] = {
        "crm_system.get_customer_detail": ("body.id",)
    }.__getitem__

    assert not recorder(path, again).seal(volatile=volatile)
    assert recorder(path, again).seal()


def test_a_failure_that_only_words_itself_otherwise_means_the_same(path: Path) -> None:
    recorder(
        path, detail(outcome=FailedExchange(code="CONNECT", message="refused (port 1)"))
    ).seal()
    same = detail(outcome=FailedExchange(code="CONNECT", message="refused (port 2)"))
    other = detail(outcome=FailedExchange(code="CONNECT", message="refused (port 2)", sent=False))

    assert not recorder(path, same).seal()
    assert recorder(path, other).seal()


def test_adding_keeps_what_the_owner_had(path: Path) -> None:
    recorder(path, detail(1), detail(2)).seal()
    assert recorder(path, detail(3), detail(1), adding=True).seal()

    assert [e.order for e in Cassette.load(path).exchanges()] == [1, 2, 3, 4]
    assert not recorder(path, adding=True).seal()


def test_each_owner_may_have_its_own_rules(path: Path) -> None:
    rules = MatchingRules(ignore=("query",))
    for pair in ((RULES, "甲"), (rules, "乙"), (RULES, "丙")):
        recorder(path, replace(detail(), key=""), rules=pair[0], owner=pair[1]).seal()
    cassette = Cassette.load(path)

    assert cassette.head.mixed is True
    for use, owner in ((RULES, "甲"), (rules, "乙"), (RULES, "丙"), (rules, "甲")):
        playing = Player(cassette, use, owner)
        taken(playing, exchange_to_parts(detail()))
        assert playing.list_unplayed_exchanges() == ()


def test_a_review_file_stands_beside_the_old_one(path: Path) -> None:
    recorder(path, detail(1)).seal()
    before = path.read_bytes()
    beside = recorder(path, detail(2)).write_for_review()

    assert beside == path.with_name("客户[1].yaml.new")
    assert path.read_bytes() == before
    assert len(Cassette.load(beside)) == 1


def test_a_secret_is_never_written_and_the_run_goes_on(path: Path) -> None:
    recording = recorder(path, order(b"tok-123456"), detail(), scan=leak(b"tok-123456"))
    on_disk = journals(path)[0].read_bytes()
    with pytest.raises(LeakError) as raised:
        recording.seal()

    assert b"tok-123456" not in on_disk
    assert str(raised.value) == (
        f"{path}: not written, a secret was found in crm_system.create_order (crm token, byte 7); "
        "declare where it is with `secret:` in the platform file and record again"
    )
    assert not path.exists()
    recording.close()
    assert recover(path) == (path.with_name("客户[1].yaml.new"),)
    assert len(Cassette.load(path.with_name("客户[1].yaml.new"))) == 1
    assert not path.exists()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://crm.example.test/客户?密码=1", "GET https://crm.example.test/客户 ({})"),
        ("https://crm.example.test/tok-123456", "{}"),
    ],
    ids=["an address", "a secret in the address"],
)  # fmt: skip
def test_a_leak_of_unknown_traffic_is_told_once_by_its_address(
    path: Path, url: str, shown: str
) -> None:
    findings = [
        Finding("crm.key (raw)", 9, ("json", "json")), Finding("crm.key (hex)", 3, ("json",)),
        Finding("crm.pw (raw)", 7), Finding("crm.key (raw)", 9), Finding("crm.pw (raw)", 7),
    ]  # fmt: skip
    exchange = detail()
    assert exchange.request.call is not None
    call = replace(exchange.request.call, platform="", instance="", api="")
    unknown = replace(exchange, request=replace(exchange.request, url=url, base="", call=call))
    recording = recorder(
        path,
        replace(unknown, outcome=Response(status=200, body=b"tok-123456")),
        order(b"tok-123456"),
        scan=lambda data: findings if b"tok-123456" in data else [],
    )
    with pytest.raises(LeakError) as raised:
        recording.seal()

    places = ["crm.key (raw) at byte 9 and 2 more", "crm.pw (raw) at byte 7"]
    known = (f"crm_system.create_order ({place})" for place in places)
    told = ", ".join((shown.format(", ".join(places)), *known))
    assert str(raised.value) == (
        f"{path}: not written, a secret was found in {told}; declare the API in a platform file, "
        "with the place of the secret under `secret:`, and record again"
    )


@pytest.mark.parametrize(
    "body", [b"\xff" * 60 + b"tok-123456" + b"\xff" * 60, b"a\n  b\ntok-\n123456", b"\r tok-123456"]
)
def test_a_secret_is_found_whatever_the_layout_of_the_body(path: Path, body: bytes) -> None:
    word = b"tok-\n123456" if b"tok-\n" in body else b"tok-123456"
    for exchange in (
        order(body),
        detail(outcome=FailedExchange(code="RESET", message="", received=body)),
    ):
        recording = recorder(path, exchange, scan=leak(word))
        with pytest.raises(LeakError):
            recording.seal()
        recording.discard()


def test_a_value_that_turns_out_secret_late_leaves_the_journal_too(path: Path) -> None:
    known: list[bytes] = []
    recording = recorder(
        path, issued(order(b"late-secret"), 2), issued(detail(), 1),
        scan=lambda data: ["late"] if any(word in data for word in known) else [],
    )  # fmt: skip
    known.append(b"late-secret")

    def change(exchange: Exchange) -> Exchange:
        body = (exchange.request.body or b"").replace(b"late-secret", b"redacted.crm.1")
        said = exchange.request.call
        assert said is not None
        return replace(
            exchange,
            request=replace(
                exchange.request,
                body=body if exchange.request.body else None,
                call=replace(said, body=body if exchange.request.body else None),
            ),
        )

    recording.redact_again(change, secret_texts=[""])
    assert b"late-secret" not in journals(path)[0].read_bytes()
    assert recording.seal()
    assert [e.request.body for e in Cassette.load(path).exchanges()] == [None, b"redacted.crm.1"]


def test_a_late_secret_that_nobody_rewrote_stops_the_seal_and_leaves_the_disk(path: Path) -> None:
    known: list[bytes] = []
    recording = recorder(
        path,
        order(b"late-secret"),
        scan=lambda data: ["late"] if known and known[0] in data else [],
    )
    known.append(b"late-secret")
    with pytest.raises(LeakError):
        recording.seal()

    assert b"late-secret" not in journals(path)[0].read_bytes()
    recording.redact_again(lambda exchange: exchange, secret_texts=[""])
    recording.discard()


def test_compressed_answers_keep_how_they_came_when_they_are_rewritten(path: Path) -> None:
    packed = replace(answer(), headers=(*answer().headers, ("content-encoding", "gzip")))
    recording = recorder(path, detail(outcome=packed))
    recording.redact_again(lambda exchange: replace(exchange, at=1.0), secret_texts=[""])
    recording.seal()

    assert Cassette.load(path).line(0).encoding == {"content-encoding": "gzip"}
    assert Cassette.load(path).exchange(0).at == 1.0


def test_a_damaged_file_is_replaced_and_kept_beside(path: Path) -> None:
    recorder(path, detail()).seal()
    cut = path.read_bytes()[:-30]
    path.write_bytes(cut)
    with pytest.raises(DamagedCassette):
        recorder(path, adding=True)
    assert recorder(path, detail(2)).seal()

    assert names(path) == [path.name, f"{path.name}.damaged"]
    assert path.with_name(f"{path.name}.damaged").read_bytes() == cut
    assert len(Cassette.load(path)) == 1


def edit(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def test_an_edit_of_ones_own_recording_goes_with_it_that_of_another_stops_the_seal(
    path: Path,
) -> None:
    recorder(path, detail(1), owner="甲").seal()
    recorder(path, detail(2), owner="乙").seal()
    edit(path, b"customers/2?", b"customers/9?")
    recording = recorder(path, detail(1), owner="甲")
    with pytest.raises(DamagedCassette) as raised:
        recording.seal()

    assert raised.value.__notes__ == [f"the recording is kept in {journals(path)[0]}"]
    recording.close()
    assert recorder(path, detail(2), owner="乙").seal()
    assert recover(path) == ()
    edit(path, b"customers/2?", b"customers/9?")
    with pytest.raises(DamagedCassette):
        recorder(path, detail(2), owner="乙", adding=True).seal()


@needs_links
def test_files_that_are_not_ours_are_never_overwritten(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("interactions: []\nversion: 1\n", encoding="utf-8")
    with pytest.raises(CassetteError, match="import"):
        recorder(path)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(CassetteError, match="symbolic link"):
        recorder(path)


def test_a_recording_left_behind_is_sealed_by_the_next_one(path: Path) -> None:
    recorder(path, detail(1), owner="甲").close()
    recorder(path, detail(9), owner="乙").close()
    recorder(path, detail(2), owner="乙").seal()

    assert names(path) == [path.name]
    assert [(e.owner, customer(e)) for e in Cassette.load(path).exchanges()] == [
        ("乙", "2"),
        ("甲", "1"),
    ]


@pytest.mark.parametrize("begun", [(10, 20, 30), (30, 20, 10), (20, 30, 10)])
def test_what_several_left_of_one_owner_comes_in_the_order_of_their_first_calls(
    path: Path, begun: tuple[int, ...]
) -> None:
    """Whole, each after the other, and within each in the order of issue."""
    alive = []
    for at in begun:
        late = [replace(detail(at + n), at=START.seconds + at + 25 * n) for n in (0, 1, 2)]
        alive.append(recorder(path, *map(issued, late, (2, 1, 3))))
    for recording in alive:
        recording.close()

    assert recover(path) == (path,)
    customers = [customer(exchange) for exchange in Cassette.load(path).exchanges()]
    assert customers == [str(at + n) for at in (10, 20, 30) for n in (1, 0, 2)]
    assert recover(path) == ()


def test_a_recording_left_behind_never_replaces_a_whole_one(path: Path) -> None:
    recorder(path, detail(1)).seal()
    before = path.read_bytes()
    recorder(path, detail(2)).close()

    assert recover(path) == (path.with_name(f"{path.name}.new"),)
    assert path.read_bytes() == before
    recorder(path, detail(3), adding=True).close()
    assert recover(path) == (path,)
    assert len(Cassette.load(path)) == 2


@pytest.mark.parametrize(
    ("kept", "waiting", "owner", "is_dropped"),
    [
        ({}, {}, "甲", False),
        ({"甲": 1}, {}, "甲", False),
        ({}, {"甲": 2}, "甲", True),
        ({"甲": 1}, {"甲": 2}, "甲", True),
        ({"甲": 1}, {"甲": 2}, "乙", False),
        ({"甲": 1, "乙": 1}, {"甲": 2, "乙": 1}, "甲", True),
        ({"甲": 1, "乙": 1}, {"甲": 2, "乙": 2}, "甲", False),
        ({"甲": 1, "乙": 1, "丙": 1}, {"甲": 2, "乙": 1}, "甲", False),
        ({"甲": 1}, {"甲": 2, "乙": 1}, "甲", False),
    ],
)
def test_what_waits_for_review_goes_once_its_owner_alone_has_recorded_anew(
    path: Path, kept: dict[str, int], waiting: dict[str, int], owner: str, is_dropped: bool
) -> None:
    for target, owners in ((path, kept), (to_review_path(path), waiting)):
        for name, number in owners.items():
            recorder(target, detail(number), owner=name).seal()
    before = path.read_bytes() if kept else b""

    delete_review_only_of_owner(path, owner)

    assert to_review_path(path).exists() == (bool(waiting) and not is_dropped)
    assert (path.read_bytes() if kept else b"") == before


def test_the_journal_of_a_living_recorder_is_left_alone(path: Path) -> None:
    alive = recorder(path, detail(1), owner="甲")

    assert recover(path) == ()
    assert alive.seal()


def test_recovery_looks_for_secrets_too(path: Path) -> None:
    recorder(path, order(b"tok-123456")).close()

    assert recover(path, scan=leak(b"tok-123456")) == ()
    assert names(path) == []


def test_a_torn_journal_is_read_up_to_the_tear(tmp_path: Path) -> None:
    recorder(tmp_path / "x.yaml", detail(1), detail(2)).close()
    whole = journals(tmp_path / "x.yaml")[0].read_bytes()
    first = whole.index(b"\n") + 1
    torn = tmp_path / "torn"
    for length in range(len(whole) - 1):
        torn.write_bytes(whole[:length])
        assert len(read_journal(torn)) == (length >= first - 1)
    torn.write_bytes(whole[:first] + whole[first:].replace(b"customers/2", b"customers/3"))
    assert len(read_journal(torn)) == 1
    torn.write_bytes(b"garbled " + whole[8:first] + whole[first:])
    with pytest.raises(NewerFormat, match="torn: record 1 was not written by this version"):
        read_journal(torn)
    torn.write_bytes(whole[:40] + b"?" + whole[41:])
    assert [customer(read_exchange(d)) for d in read_journal(torn)] == ["2"]


@pytest.mark.parametrize("record", [b"{}", b'{"format":2,"line":{}}'])
def test_a_journal_of_another_version_stays_and_the_others_are_sealed(
    path: Path, record: bytes
) -> None:
    for recording in [recorder(path, detail(1), owner="甲"), recorder(path, detail(2), owner="乙")]:
        recording.close()
    first = next(one for one in journals(path) if read_journal(one)[0].line.owner == "甲")
    with first.open("ab") as file:
        file.write(b"%08x %08x %b\n" % (len(record), zlib.crc32(record), record))
    before = first.read_bytes()

    with pytest.raises(NewerFormat) as raised:
        recover(path)

    assert str(raised.value).startswith(f"{first}: record 2 was not written by this version of ")
    assert Cassette.load(path).owners == ("乙",)
    assert names(path) == [path.name, first.name]
    assert first.read_bytes() == before


@pytest.mark.parametrize("number", [0, 9])
def test_a_whole_record_of_another_format_is_not_taken_for_one_of_this(
    path: Path, number: int
) -> None:
    recorder(path, detail(1)).close()
    (file,) = journals(path)
    record = file.read_bytes().partition(b"\n")[0][18:]
    other = re.sub(rb'"format":\d+', b'"format":%d' % number, record)
    if other == record:
        other = record.replace(b"{", b'{"format":%d,' % number, 1)
    file.write_bytes(b"%08x %08x %b\n" % (len(other), zlib.crc32(other), other))

    with pytest.raises(NewerFormat, match="record 1 was not written by this version"):
        read_journal(file)


def test_a_journal_never_reuses_the_file_of_a_dead_process(tmp_path: Path) -> None:
    first = Journal(tmp_path / "x.yaml")
    number = int(first.path.name.split("-")[1].split(".")[0])
    (tmp_path / f"x.yaml.{os.getpid()}-{number + 1}.journal").write_bytes(b"old")
    second = Journal(tmp_path / "x.yaml")

    assert second.path.name == f"x.yaml.{os.getpid()}-{number + 2}.journal"
    for journal in (first, second):
        journal.remove()


def test_a_simulated_answer_says_so(path: Path) -> None:
    recorder(path, detail(outcome=replace(answer(), source="simulated"))).seal()
    outcome = Cassette.load(path).exchange(0).outcome

    assert isinstance(outcome, Response)
    assert outcome.source == "simulated"


def test_what_was_scanned_is_scanned_again_only_when_more_is_known(path: Path) -> None:
    known, scanned = [b"tok-123456"], list[bytes]()

    def scan(data: bytes) -> Sequence[object]:
        scanned.append(data)
        return ["late"] if any(word in data for word in known) else []

    recording = recorder(path, detail(1), detail(2), scan=scan, known=lambda: len(known))
    recording.redact_again(lambda exchange: exchange)
    assert len(scanned) == 2
    known.append("张三".encode())

    with pytest.raises(LeakError):
        recording.seal()
    assert len(scanned) == 4
