"""What a recorder writes beside what the file has: sessions, owners, logins, journals, reviews."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.alignment import RecordingComparison
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.journal import (
    PendingExchange,
    encode_record,
    read_journal,
    scan_nothing,
)
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.merge import (
    OwnerRecording,
    delete_review_only_of_owner,
    drop_repeated_sessions,
    find_ended_child_journals,
    list_owner_entries,
    load_if_usable,
    merge_into_file,
    recompute_keys,
    recover,
    remove_exchanges,
    render_merged_unless_empty,
    to_review_path,
)
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.recorder import Outage, Recorder, describe_kept_files
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, ConfigError, DamagedCassette, LeakError, NewerFormat
from bpmax_sim.file_version import read_version
from bpmax_sim.i18n import translate
from bpmax_sim.messages import LOGIN, Exchange, FailedExchange, Response
from tests.cassette.exchanges import OWNER, RULES, answer, detail, order
from tests.cassette.recorders import Secrets, recorder

PLAIN = RecordingComparison()
OLD, NEW = "2026-03-02T09:00:00+08:00", "2026-03-03T09:00:00+08:00"


def saying(
    number: int, text: str = "{}", serial: int = 0, attempt: int = 0, **more: Any
) -> Exchange:
    made = detail(number, outcome=answer(text), **more)
    assert made.request.call is not None
    call = replace(made.request.call, serial=serial or number)
    return replace(made, request=replace(made.request, call=call, attempt=attempt))


def entry(number: int, text: str = "{}", **line: Any) -> Entry:
    return render_exchange(saying(number, text), rules=RULES).with_line(
        **{"n": number, "at": OLD, **line}
    )


FIELDS = frozenset({"issue", "leaks", "branch", "parent", "adding"})


def draft(number: int, text: str = "{}", **fields: Any) -> PendingExchange:
    """Return the look-up of a customer as a journal holds it, with *fields* of it or its line."""
    own = {name: value for name, value in fields.items() if name in FIELDS}
    made = entry(number, text, **{n: value for n, value in fields.items() if n not in FIELDS})
    given = {"issue": (number, 0), **own}
    return PendingExchange(line=made.line, text="" if own.get("leaks") else made.text, **given)


def brief(path: Path) -> list[str]:
    """Return owner, number and response of each exchange of a file, in file order."""
    if not path.exists():
        return []
    found = Cassette.load(path)
    lines = [found.line(number) for number in range(len(found))]
    outcomes = [found.outcome(number) for number in range(len(found))]
    texts = [one.body.decode() if isinstance(one, Response) else one.code for one in outcomes]
    return [f"{line.owner} {line.n} {text}" for line, text in zip(lines, texts, strict=True)]


def merge(
    path: Path,
    *drafts: PendingExchange,
    target: Path | None = None,
    owner: str = OWNER,
    **options: Any,
) -> bool:
    recording = OwnerRecording(owner, drafts, options.pop("adding", False), **options)
    return merge_into_file(path, target or path, recording, PLAIN)


def test_a_recording_replaces_adds_or_repeats(tmp_path: Path) -> None:
    path, aside = tmp_path / "a.yaml", tmp_path / "a.yaml.new"
    path.write_bytes(
        dump_entries([entry(1, "[1]"), entry(4, "[4]"), entry(1, "[9]", owner="别人")])
    )
    before = path.read_bytes()

    assert not merge(path, draft(1, "[1]", at=NEW), draft(4, "[4]", at=NEW))
    assert path.read_bytes() == before
    assert not merge(path, draft(1, "[1]"), draft(4, "[4]"), target=aside)
    assert not aside.exists()
    assert merge(path, draft(4, "[5]", issue=(2, 0)), draft(1, "[6]", issue=(1, 5)), target=aside)
    assert (path.read_bytes(), brief(aside)) == (
        before,
        ["别人 1 [9]", f"{OWNER} 1 [6]", f"{OWNER} 2 [5]"],
    )
    assert not merge(
        path, draft(4, "[5]", issue=(2, 0)), draft(1, "[6]", issue=(1, 5)), target=aside
    )
    assert merge(path, draft(2, "[2]"), adding=True)
    assert brief(path)[1:] == [f"{OWNER} 1 [1]", f"{OWNER} 4 [4]", f"{OWNER} 5 [2]"]


def test_a_recording_takes_the_place_of_one_under_a_former_name(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([entry(1, "[1]"), entry(1, "[9]", owner="别人")]))
    assert merge(path, draft(3, "[3]"), owner="新名", former=OWNER)
    assert brief(path) == ["别人 1 [9]", "新名 1 [3]"]
    assert merge(path, draft(1, "[7]"), owner="别人", former="新名")
    assert brief(path) == ["别人 1 [7]", "新名 1 [3]"]
    assert merge(path, owner="别人")
    assert brief(path) == ["新名 1 [3]"]
    assert not merge(tmp_path / "none.yaml")
    assert (
        render_merged_unless_empty(
            tmp_path / "none", tmp_path / "none", OwnerRecording("a", (), False), PLAIN
        )
        is None
    )


def test_a_damaged_file_is_kept_beside_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries([entry(1, "[1]", owner="新名")]))
    kept = path.read_bytes()
    assert merge(path, owner="新名")
    assert brief(path) == []
    path.write_bytes(kept[:-5] + b"xxxx\n")
    broken = path.read_bytes()
    assert merge(path, draft(1, "[8]"))
    assert path.with_name("a.yaml.damaged").read_bytes() == broken
    empty = tmp_path / "b.yaml"
    empty.write_bytes(b"")
    assert merge(empty, draft(1))
    assert not empty.with_name("b.yaml.damaged").exists()
    assert load_if_usable(tmp_path / "no.yaml") is None
    path.write_bytes(broken)
    assert load_if_usable(path) is None
    for action in (
        lambda: load_if_usable(path, refuse_damaged=True),
        lambda: merge(path, draft(1), adding=True),
    ):
        with pytest.raises(DamagedCassette):
            action()


def test_noise_of_the_old_recording_is_kept_unless_it_does_not_replay(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"

    def dated(day: str, **more: Any) -> PendingExchange:
        said = replace(answer("{}"), headers=(("date", day),))
        made = render_exchange(replace(saying(1), outcome=said), rules=RULES)
        return PendingExchange(
            line=made.line.__class__(
                **{**{f: getattr(made.line, f) for f in made.line.__struct_fields__}, **more}
            ),
            text=made.text,
        )

    merge(path, dated("一"))
    first = path.read_bytes()
    assert not merge(path, dated("二"))
    assert merge(path, dated("二"), is_afresh=True)
    assert (path.read_bytes() != first, "二" in path.read_text("utf-8")) == (True, True)


def login(number: int, user: str, token: str, **line: Any) -> PendingExchange:
    made = render_exchange(
        order(f'{{"u":"{user}"}}'.encode(), outcome=answer(f'"{token}"')), rules=RULES
    )
    owner = "crm_system.test"
    entry_ = made.with_line(
        **{
            "n": number,
            "owner": owner,
            "call": f"crm_system.{LOGIN}",
            "values": {owner: {"u": user}},
            **line,
        }
    )
    return PendingExchange(line=entry_.line, text=entry_.text, issue=(number, 0))


def test_a_repeating_recording_replaces_equal_calls_alone(tmp_path: Path) -> None:
    path, owner = tmp_path / "a.yaml", "crm_system.test"
    merge(
        path,
        login(1, "a", "1"),
        login(2, "b", "2"),
        login(3, "b", "3"),
        owner=owner,
        repeating=True,
    )
    assert merge(path, login(1, "c", "4"), login(2, "a", "5"), owner=owner, repeating=True)
    assert [line.rpartition(" ")[2] for line in brief(path)] == ['"5"', '"2"', '"3"', '"4"']
    found = Cassette.load(path)
    assert [found.line(n).values for n in range(4)] == [
        {owner: {"u": "a"}},
        {owner: {"u": "b"}},
        {},
        {owner: {"u": "c"}},
    ]
    before = path.read_bytes()
    assert not merge(path, login(1, "b", "2"), owner=owner, repeating=True)
    assert path.read_bytes() == before


def test_equal_sessions_share_one_recording() -> None:
    def kept(*drafts: PendingExchange) -> str:
        return " ".join(
            f"{one.line.session}:{one.issue[0]}" for one in drop_repeated_sessions(drafts, PLAIN)
        )

    one = [draft(1, issue=(1, 0)), draft(2, issue=(2, 0))]
    assert kept(*reversed(one)) == "1:2 1:1"
    assert (
        kept(*one, draft(1, session=2, issue=(11, 0)), draft(2, session=2, issue=(12, 0)))
        == "1:1 1:2"
    )
    assert (
        kept(*one, draft(2, session=2, issue=(11, 0)), draft(1, session=2, issue=(12, 0)))
        == "1:1 1:2 2:11 2:12"
    )
    assert kept(*one, draft(1, session=2, issue=(11, 0))) == "1:1 1:2 2:11"
    third = [draft(1, "[1]", session=3, issue=(21, 0)), draft(2, session=3, issue=(22, 0))]
    assert kept(*one, draft(1, session=2, issue=(11, 0)), *third) == "1:1 1:2 2:11 3:21 3:22"
    fourth = [draft(1, "[1]", session=4, issue=(31, 0)), draft(2, session=4, issue=(32, 0))]
    assert kept(*one, *third, *fourth) == "1:1 1:2 3:21 3:22"


def test_a_file_for_review_goes_once_nothing_of_it_waits(tmp_path: Path) -> None:
    path, aside = tmp_path / "a.yaml", tmp_path / "a.yaml.new"

    def waits(known: Sequence[Entry], waiting: Sequence[Entry]) -> bool:
        path.write_bytes(dump_entries(known))
        aside.write_bytes(dump_entries(waiting))
        delete_review_only_of_owner(path, "甲")
        return aside.exists()

    a, b = entry(1, owner="甲"), entry(1, owner="乙")
    changed = entry(1, "[1]", owner="乙")
    assert [waits([a, b], [b]), waits([a, b], [a, changed]), waits([a, b], [a]), waits([a], [a, b]),
    waits([b], [a, b])] == [
        False, True, True, True, False,
    ]  # fmt: skip
    aside.unlink(missing_ok=True)
    delete_review_only_of_owner(path, "甲")
    assert to_review_path(path) == aside
    assert list_owner_entries(None, "a") == []
    aside.write_bytes(dump_entries([b]))
    path.unlink()
    delete_review_only_of_owner(path, "甲")
    assert aside.exists()


def leave(path: Path, process: int, *drafts: PendingExchange) -> Path:
    file = path.with_name(f"{path.name}.{process}-1.journal")
    file.write_bytes(b"".join(map(encode_record, drafts)))
    return file


def run_recover(path: Path, *journals: Sequence[PendingExchange]) -> tuple[list[str], int]:
    """Recover what *journals* hold; return the written files and how much was left out."""
    left_out: list[PendingExchange] = []
    for number, drafts in enumerate(journals):
        leave(path, 999_990 - number, *drafts)
    written = recover(path, note_left_out=left_out.append)
    assert not list(path.parent.glob("*.journal"))
    return [one.name for one in written], len(left_out)


def test_what_an_interrupted_run_left_is_recovered(tmp_path: Path) -> None:
    path, aside = tmp_path / "a.yaml", tmp_path / "a.yaml.new"
    assert recover(path) == ()
    later = [
        draft(2, "[2]", at="2026-03-02T02:00:00+00:00"),
        draft(3, "[3]", at="2026-03-02T02:00:01+00:00"),
    ]
    assert run_recover(
        path, later, [draft(1, "[1]", at=OLD)], [], [draft(1, "[x]", owner="乙")]
    ) == (["a.yaml"], 0)
    assert brief(path) == ["乙 1 [x]", f"{OWNER} 1 [1]", f"{OWNER} 2 [2]", f"{OWNER} 3 [3]"]
    assert run_recover(path, [draft(1, "[1]", at=NEW)]) == ([], 0)
    assert not aside.exists()
    assert run_recover(path, [draft(1, "[7]", at=NEW)]) == (["a.yaml.new"], 0)
    assert brief(aside) == ["乙 1 [x]", f"{OWNER} 1 [7]"]
    assert run_recover(path, [draft(5, "[5]", at=NEW, owner="丙")]) == (["a.yaml"], 0)
    assert run_recover(path, [draft(6, "[6]", at=NEW)]) == (["a.yaml.new"], 0)
    assert brief(aside)[-2:] == [f"{OWNER} 1 [7]", f"{OWNER} 2 [6]"]


def test_what_was_added_or_forked_is_recovered_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(
        dump_entries(
            [entry(1, "[1]"), entry(2, "[2]", at="2026-03-02T02:00:00+00:00"), entry(3, "[3]")]
        )
    )
    assert run_recover(
        path,
        [
            draft(7, "[7]", adding=True, at=NEW),
            draft(2, "[2]", adding=True, at="2026-03-02T02:00:00+00:00", seed=4),
        ],
    ) == (["a.yaml"], 0)
    assert brief(path)[-2:] == [f"{OWNER} 3 [3]", f"{OWNER} 4 [7]"]
    twice = draft(8, "[8]", adding=True, at=NEW)
    assert run_recover(path, [twice, twice]) == (["a.yaml"], 0)
    assert run_recover(path, [twice, twice, twice]) == (["a.yaml"], 0)
    assert [line.rpartition(" ")[2] for line in brief(path)].count("[8]") == 3
    assert run_recover(
        path, [draft(9, leaks=("body",), adding=True), draft(10, "[10]", adding=True)]
    ) == (["a.yaml.new"], 1)
    child = [draft(11, "[11]", adding=True, branch="r", at=NEW)]
    assert run_recover(path, [draft(12, "[12]", adding=True, at=NEW)], child) == (["a.yaml"], 0)
    assert brief(path)[-2:] == [f"{OWNER} 8 [12]", f"{OWNER} 9 [11]"]


def test_what_a_forked_child_left_is_found_by_its_recorder(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    mine = leave(path, 999_991, draft(2, "[2]", branch="r", at=NEW))
    first = leave(
        path,
        999_992,
        draft(1, "[1]", branch="r", at=OLD),
        draft(0, "[0]", branch="r", issue=(0, 0), at=NEW),
    )
    leave(path, 999_993, draft(3, branch="other"))
    leave(path, 999_994, draft(4))

    files, drafts = find_ended_child_journals(path, "r")
    assert sorted(files) == sorted([mine, first])
    assert [(one.issue, one.line.n) for one in drafts] == [((1, 0), 0), ((2, 0), 1), ((3, 0), 2)]


def test_keys_are_computed_anew_for_owners_whose_rules_are_known() -> None:
    found = Cassette.of_bytes(
        dump_entries([entry(1, owner="甲"), entry(2, owner="乙", rules="x", key="00" * 16)]), "a"
    )
    rules = MatchingRules(ignore=("query.fields",))

    again = Cassette.of_bytes(recompute_keys(found, {"甲": rules}.get), "a")
    lines = [again.get_entry_with_head_defaults(number).line for number in range(2)]
    was = [found.get_entry_with_head_defaults(number).line for number in range(2)]
    assert (lines[0], lines[1].rules, lines[1].key != was[1].key) == (was[0], "x", False) or lines[
        0
    ].owner == "乙"
    assert {line.owner: line.rules for line in lines} == {
        "甲": rules.compute_digest("crm_system"),
        "乙": "x",
    }
    assert {line.owner for line in lines if line.key not in {one.key for one in was}} == {"甲"}


def test_exchanges_are_removed_with_the_facts_of_their_owner_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    values = {"crm.东": {"u": "1"}}
    path.write_bytes(
        dump_entries(
            [entry(1, "[1]", values=values, seed=5), entry(2, "[2]"), entry(1, "[3]", owner="乙")]
        )
    )
    first = read_version(path)

    remove_exchanges(first, {1})
    assert brief(path) == ["乙 1 [3]", f"{OWNER} 2 [2]"]
    found = Cassette.load(path)
    assert (found.line(1).values, found.drawn_sequences(OWNER)) == (
        values,
        RandomSequenceSeeds((5,)),
    )
    with pytest.raises(ConfigError):
        remove_exchanges(first, {0})
    remove_exchanges(read_version(path), {0, 1})
    assert not path.exists()


def test_a_recorder_orders_calls_by_session_serial_and_attempt(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    recording = recorder(path, net=3)
    recording.drawn = RandomSequenceSeeds((7,))
    for number, (session, serial, attempt) in enumerate(
        [(2, 1, 0), (1, 2, 1), (1, 2, 0), (1, 1, 0)], 1
    ):
        recording.append(
            replace(saying(number, f"[{number}]", serial, attempt), key=""),
            session=session,
            values={"crm.东": {"u": "1"}},
        )
    recording.append(
        replace(saying(5, "[5]"), request=replace(saying(5).request, call=None), order=9, key="ab"),
        zone=timedelta(0),
    )
    assert repr(recording) == f"<Recorder of {str(path)!r} for {OWNER!r}, 5 recorded>"
    assert recording.seal()
    assert [line.rpartition(" ")[2] for line in brief(path)] == ["[4]", "[3]", "[2]", "[5]", "[1]"]
    found = Cassette.load(path)
    lines = [found.get_entry_with_head_defaults(number).line for number in range(5)]
    assert [line.at[-6:] for line in lines] == ["+08:00"] * 3 + ["+00:00", "+08:00"]
    assert [line.session for line in lines] == [1, 1, 1, 1, 2]
    assert (lines[0].values, lines[1].values, found.drawn_sequences(OWNER), lines[0].net) == (
        {"crm.东": {"u": "1"}}, {}, RandomSequenceSeeds((7,)), 3,
    )  # fmt: skip
    assert (lines[3].key, lines[0].key != "") == ("ab", True)
    assert not list(tmp_path.glob("*.journal"))
    before = path.read_bytes()
    idle = recorder(path)
    assert idle.seal()
    assert path.read_bytes() != before
    assert not recorder(tmp_path / "none.yaml").seal()


def test_a_recorder_removes_what_it_replaces_from_review(tmp_path: Path) -> None:
    path, aside = tmp_path / "a.yaml", tmp_path / "a.yaml.new"
    path.write_bytes(dump_entries([entry(1, "[1]")]))
    recording = recorder(path)
    recording.append(saying(1, "[2]"))
    assert recording.write_for_review() == aside
    assert (brief(path), brief(aside)) == ([f"{OWNER} 1 [1]"], [f"{OWNER} 1 [2]"])
    same = recorder(path)
    same.append(saying(1, "[1]"))
    assert same.write_for_review() is None
    last = recorder(path)
    last.append(saying(1, "[3]"))
    assert last.seal()
    assert (brief(path), aside.exists()) == ([f"{OWNER} 1 [3]"], False)
    dropped = recorder(path)
    dropped.append(saying(1, "[4]"))
    dropped.discard()
    assert not list(tmp_path.glob("*.journal"))
    assert brief(path) == [f"{OWNER} 1 [3]"]


def test_calls_that_fail_now_and_did_not_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    reset = FailedExchange(code="RESET", message="断")
    bad = replace(answer("{}"), status=503)
    old = [
        render_exchange(detail(1), rules=RULES), render_exchange(detail(2, outcome=bad),
        rules=RULES),
        render_exchange(detail(3, outcome=reset), rules=RULES), render_exchange(detail(4),
        rules=RULES),
    ]  # fmt: skip
    path.write_bytes(
        dump_entries([one.with_line(n=n, owner="旧名") for n, one in enumerate(old, 1)])
    )

    def rate(exchange: Exchange) -> int:
        if isinstance(exchange.outcome, FailedExchange):
            return 2
        return int(exchange.outcome.status >= 500)

    def find(**options: Any) -> list[tuple[str, bool]]:
        recording = recorder(path, **options)
        for serial, (number, outcome) in enumerate(
            [
                (1, bad),
                (2, bad),
                (3, bad),
                (4, bad),
                (4, answer("{}")),
                (5, reset),
                (6, answer("{}")),
                (2, reset),
            ],
            1,
        ):
            recording.append(replace(saying(number, serial=serial), outcome=outcome))
        found = [(str(one), one.is_known) for one in recording.find_newly_failing_calls(rate)]
        recording.discard()
        return found

    call = "crm_system.get_customer_detail"
    assert find(former="旧名") == [
        (f"{call}: HTTP 503", True),
        (f"{call}: RESET", True),
        (f"{call}: RESET", False),
    ]
    assert find() == [
        (f"{call}: HTTP 503", False), (f"{call}: RESET", False), (f"{call}: HTTP 503", False),
        (f"{call}: RESET", False),
    ]  # fmt: skip
    assert str(Outage("a.b", bad, is_known=False)) == "a.b: HTTP 503"


def test_calls_that_ignore_makes_equal_are_named_if_their_responses_differ(tmp_path: Path) -> None:
    rules = MatchingRules(scoped=(("crm_system.get_customer_detail", ("path",)),))
    recording = recorder(tmp_path / "a.yaml", rules=rules)
    for number, text in ((1, "[1]"), (2, "[1]"), (3, "[2]"), (1, "[3]")):
        recording.append(replace(saying(number, text), key=""))
    free = order(b"{}", outcome=answer("[1]"))
    recording.append(replace(free, key="ab"))
    recording.append(replace(order(b"[]", outcome=answer("[2]")), key="ab"))

    assert recording.find_conflicts_due_to_ignore(PLAIN) == (
        "crm_system.get_customer_detail (path)",
    )
    assert (
        recording.find_conflicts_due_to_ignore(
            RecordingComparison(volatile=lambda _call: ("body",))
        )
        == ()
    )
    recording.discard()


def test_a_late_secret_is_redacted_or_refused(tmp_path: Path) -> None:
    path, secrets = tmp_path / "a.yaml", Secrets()
    recording = recorder(path, secrets)
    coded = replace(
        answer('"口令-1"'),
        headers=(("content-type", "application/json"), ("content-encoding", "br")),
    )
    recording.append(replace(saying(1), outcome=coded), session=1)
    recording.append(saying(2, '"口令-1"'), session=2)
    recording.append(saying(3, '"客户"'), session=2)
    secrets.known = ["口令-1"]
    asked: list[str] = []

    def redact(exchange: Exchange) -> Exchange:
        asked.append(exchange.request.url.partition("?")[0][-1])
        return secrets.redact(exchange)

    recording.redact_again(redact, session=1)
    assert asked == ["1"]
    with pytest.raises(LeakError, match=r"declare where it is with `secret:`"):
        recording.seal()
    recording.redact_again(redact)
    assert asked == ["1"]
    recording.discard()


def test_a_redacted_exchange_keeps_how_it_came(tmp_path: Path) -> None:
    path, secrets = tmp_path / "a.yaml", Secrets()
    headers = (("content-type", "application/json"), ("content-encoding", "br"))
    coded = replace(answer('"口令-1"'), headers=headers)
    again = recorder(path, secrets)
    secrets.known = []
    again.append(replace(saying(1), outcome=coded))
    secrets.known = ["口令-1"]
    again.redact_again(secrets.redact)
    assert again.seal()
    found = Cassette.load(path)
    assert (brief(path), found.line(0).encoding) == (
        [f'{OWNER} 1 "redacted"'],
        {"content-encoding": "br"},
    )
    nameless = recorder(tmp_path / "b.yaml", secrets)
    secrets.known = ["客户"]
    nameless.append(replace(saying(1, '"客户"'), request=replace(saying(1).request, call=None)))
    nameless.append(saying(2, '"客户"'))
    with pytest.raises(LeakError, match=r"declare the API in a platform file") as caught:
        nameless.seal()
    assert "crm_system.get_customer_detail (" in translate(str(caught.value))
    nameless.discard()


def test_a_body_that_is_cut_off_is_recorded_as_far_as_it_came(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    recording = recorder(path)

    def piece(number: int, text: str) -> Exchange:
        return replace(
            saying(number), outcome=FailedExchange(code="CUT", message="断", received=text.encode())
        )

    recording.append_piece(piece(1, "甲"))
    recording.append_piece(piece(1, "乙"))
    recording.append_piece(piece(2, "丙"))
    recording.append(saying(2, '"全"'))
    assert recording.seal()
    outcomes = [one.outcome for one in Cassette.load(path).exchanges()]
    found = {
        one.received.decode() if isinstance(one, FailedExchange) else one.body.decode()
        for one in outcomes
    }
    assert found == {"甲乙", '"全"'}
    assert len(outcomes) == 2


def test_what_is_kept_after_a_failed_write_is_said(tmp_path: Path) -> None:
    path, left = tmp_path / "a.yaml", tmp_path / "j"
    texts = [describe_kept_files(path), describe_kept_files(path, left)]
    path.write_bytes(b"")
    texts += [describe_kept_files(path), describe_kept_files(path, left)]

    assert [translate(text) for text in texts] == [
        "", f"; the recording is kept in {left}",
        "; the old file is whole", f"; the old file is whole and the recording is kept in {left}",
    ]  # fmt: skip
    assert journal.list_files_named_after(path, ".journal") == []
    with pytest.raises(CassetteError):
        Recorder(tmp_path, rules=RULES, owner="a", scan=scan_nothing)


def test_an_account_stays_that_of_its_login(tmp_path: Path) -> None:
    path, owner = tmp_path / "a.yaml", "crm_system.test"
    mine = [login(1, "a", "1"), login(2, "c", "2", values={owner: {"u": "a"}})]
    merge(path, *mine, owner=owner, repeating=True)
    merge(path, login(1, "b", "3"), owner=owner, repeating=True)
    found = Cassette.load(path)

    assert [found.line(n).values for n in range(3)] == [
        {owner: {"u": "a"}}, {owner: {"u": "b"}}, {owner: {"u": "a"}},
    ]  # fmt: skip


def test_a_journal_of_another_version_stays_and_is_told_last(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    strange = path.with_name("a.yaml.999980-1.journal")
    strange.write_bytes(b"another format\n")
    leave(path, 999_981, draft(1, leaks=("body",)), draft(2, "[2]"))

    with pytest.raises(NewerFormat):
        recover(path)
    assert [one.name for one in tmp_path.glob("*.journal")] == [strange.name]
    assert brief(tmp_path / "a.yaml.new") == [f"{OWNER} 1 [2]"]


def test_what_children_recorded_comes_behind_with_their_journals_removed(tmp_path: Path) -> None:
    path, secrets = tmp_path / "a.yaml", Secrets("口令")
    recording = recorder(path, secrets, name="r")
    recording.append(saying(1, "[1]"))
    leave(path, 999_970, draft(2, "[2]", branch="r"))
    recording.drawn = RandomSequenceSeeds((9,))
    assert recording.seal()
    assert brief(path) == [f"{OWNER} 1 [1]", f"{OWNER} 2 [2]"]
    assert Cassette.load(path).drawn_sequences(OWNER) == RandomSequenceSeeds((9,))
    assert not list(tmp_path.glob("*.journal"))
    again = recorder(path, secrets, name="s")
    again.append(saying(1, "[1]"))
    left = leave(path, 999_971, draft(2, '"口令"', branch="s"), draft(3, "[3]", branch="s"))
    assert again.seal()
    assert (brief(path), left.exists()) == ([f"{OWNER} 1 [1]", f"{OWNER} 2 [3]"], True)
    left.unlink()
    assert recorder(path).seal()
    assert brief(path) == []


def test_pieces_of_a_body_are_written_once_and_without_secrets(tmp_path: Path) -> None:
    recording = recorder(tmp_path / "a.yaml", Secrets("口令"))

    def piece(number: int, text: str) -> Exchange:
        cut = FailedExchange(code="CUT", message="断", received=text.encode())
        return replace(saying(number), outcome=cut)

    for number, text in ((1, "甲"), (1, "乙"), (2, "口令")):
        recording.append_piece(piece(number, text))
    (file,) = tmp_path.glob("*.journal")
    data = file.read_bytes()
    assert data.count(b"uri: ") == 1
    records = read_journal(file)
    assert [(one.line.n, bool(one.leaks)) for one in records] == [(1, False), (1, True)]
    assert base64.b64encode("口令".encode()) not in data
    recording.discard()


def test_headers_of_a_shared_login_are_noise(tmp_path: Path) -> None:
    def seal(server: str, **options: Any) -> bool:
        recording = recorder(tmp_path / f"{len(options)}.yaml", **options)
        said = replace(answer("{}"), headers=(("server", server),))
        recording.append(replace(saying(1), outcome=said))
        return recording.seal()

    assert [seal("1"), seal("2")] == [True, True]
    assert [seal("1", repeating=True), seal("2", repeating=True)] == [True, False]
