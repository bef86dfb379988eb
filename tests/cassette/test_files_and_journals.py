"""What makes a file a whole cassette, what is told of a broken one, and what a journal holds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.file import Cassette, describe_exchange, load_cached
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.journal import (
    FORMAT_OF_PIECES,
    LeakCheck,
    PendingExchange,
    collect_scannable_parts,
    encode_record,
    join_pieces,
    read_journal,
    split_values_and_heads,
    stub_if_leaking,
)
from bpmax_sim.cassette.model import Entry
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, DamagedCassette, NewerFormat
from bpmax_sim.i18n import translate
from bpmax_sim.messages import Exchange, FailedExchange, Response
from tests.cassette.exchanges import RULES, answer, detail, order

FAILED = FailedExchange(code="RESET", message="断")


def entry(
    number: int, text: str = "{}", *, outcome: Response | FailedExchange | None = None, **line: Any
) -> Entry:
    made = render_exchange(detail(number, outcome=outcome or answer(text)), rules=RULES)
    return made.with_line(**{"n": number, "owner": "甲", **line})


def refusal(data: bytes) -> str:
    with pytest.raises(CassetteError) as caught:
        list(Cassette.of_bytes(data, "a b.yaml").exchanges())
    kind = "" if isinstance(caught.value, DamagedCassette) else f"{type(caught.value).__name__} "
    return kind + translate(str(caught.value))


ALL = [
    entry(1, "[1]", key="aa"), entry(2, "[2]", key="aa"), entry(3, outcome=FAILED, key="aa"),
    entry(4, "[4]", key="aa"),
    entry(1, outcome=FAILED, owner="乙", key="bb"), entry(2, "[5]", owner="乙", key="cc"),
]  # fmt: skip


def test_an_index_finds_exchanges_by_owner_and_key_in_order_of_issue() -> None:
    found = Cassette.of_bytes(dump_entries(ALL), "a.yaml")
    names = [f"{found.line(n).owner}{found.line(n).n}" for n in range(6)]

    assert sorted(names) == ["乙1", "乙2", "甲1", "甲2", "甲3", "甲4"]
    assert names[4:] in (["甲3", "乙1"], ["乙1", "甲3"])
    assert [names[n] for n in found.index.find_numbers("甲", "aa")] == ["甲1", "甲2", "甲3", "甲4"]
    assert [names[n] for n in found.index.list_exchange_numbers("乙")] == ["乙1", "乙2"]
    assert [names[n] for n in found.index.find_numbers("乙", "bb")] == ["乙1"]
    assert [list(found.index.find_numbers(*one)) for one in (("乙", "aa"), ("丙", "aa"))] == [
        [],
        [],
    ]
    texts = [found.entry(n).text for n in range(6)]
    assert [text[:11] for text in texts] == ["  request:\n"] * 6
    assert ["  failure:" in text for text in texts] == [False] * 4 + [True] * 2
    assert [one.owner for one in found.exchanges()] == [name[0] for name in names]
    assert (len(found), found.owners, repr(found)) == (
        6,
        ("乙", "甲"),
        "<Cassette 'a.yaml': 6 exchanges>",
    )
    lines = dump_entries(ALL).decode().split("\n")
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("- bpmax")]
    assert [found.line_number(n) for n in (0, 3, 5, 2, 4, 0)] == [
        starts[n] for n in (0, 3, 5, 2, 4, 0)
    ]
    assert str(found.place(1)) == f"a.yaml:{starts[1]}"
    apart = Cassette.of_bytes(
        dump_entries([entry(1, key="aa"), entry(2, key="bb"), entry(3, key="aa")]), "a"
    )
    assert [list(apart.index.find_numbers("甲", key)) for key in ("aa", "bb")] == [[0, 2], [1]]
    only = Cassette.of_bytes(dump_entries([entry(2, outcome=FAILED)]), "a")
    assert [one.order for one in only.exchanges()] == [2]
    assert Cassette.of_bytes(dump_entries(ALL).replace(b"\n", b"\r\n"), "a").entry(
        5
    ) == found.entry(5)


def test_a_file_knows_facts_of_its_owners() -> None:
    start, later = "2026-03-02T09:00:00+08:00", "2026-03-02T10:00:00+08:00"
    found = Cassette.of_bytes(dump_entries([
        entry(1, at=start, seed=5, values={"a.b": {"c": "d"}}, net=2), entry(2, at=later, session=3,
        net=4), entry(1, owner="乙", at=later, net=0),
        entry(1, owner="丙", seed=RandomSequenceSeeds((1, 2)), at=start, net=2),
    ]), "a")  # fmt: skip

    sessions = [found.start("甲", session=session) for session in (1, 2, 3)]
    assert [str(one)[11:16] for one in sessions] == ["09:00", "09:00", "10:00"]
    assert found.start("丁") is None
    single = Cassette.of_bytes(dump_entries([entry(1, at=start), entry(2, at=later)]), "a")
    assert str(single.start("甲", session=2))[11:16] == "09:00"
    assert [found.get_non_secret_credentials(owner) for owner in "甲乙丁"] == [
        {"a.b": {"c": "d"}},
        {},
        {},
    ]
    assert [found.get_secret_name_rules_version(owner) for owner in "甲乙丙丁"] == [4, 0, 2, 0]
    alike = Cassette.of_bytes(dump_entries([entry(1, net=3)]), "a")
    assert [alike.get_secret_name_rules_version(owner) for owner in "甲丁"] == [3, 0]
    assert [found.drawn_sequences(owner) for owner in "甲乙丙丁"] == [
        RandomSequenceSeeds((5,)), None, RandomSequenceSeeds((1, 2)), None,
    ]  # fmt: skip
    shared = Cassette.of_bytes(
        dump_entries([entry(1, session=2, at=later), entry(2, session=1, at=start)]), "a"
    )
    assert str(shared.start("甲"))[11:16] == "10:00"


def test_what_is_wrong_with_a_file_is_told_by_its_cause() -> None:
    data = dump_entries(ALL)
    text = data.decode()
    last = text.rindex("sealed: ")
    advice = (
        'restore it, record it again, or accept the edit with `bpmax-sim cassette seal "a b.yaml"`'
    )
    set_changed = (
        f"a b.yaml: its head line or the set of its exchanges is not what was sealed; {advice}"
    )
    first = text.index("- bpmax: ")
    second = text.index("- bpmax: ", first + 1)
    third = text.index("- bpmax: ", second + 1)
    broken = {
        "empty": b" \n", "utf-16": text.encode("utf-16"),
        "utf-16 too": b"\xfe\xff" + text.encode("utf-16-be"), "nul": data.replace(b"[2]", b"[\0]"),
        "latin": data.replace(b"[2]", b"[\xe9]"),
        "conflict": data.replace(b"failures:", b"=======\nfailures:"),
        "ours": b"<<<<<<< ours\n" + data,
        "other": b"interactions: []\nversion: 1\n", "cut": data[: last - 40],
        "cut early": data[:30], "added": data + b"# x\n", "no end": data[:-1],
        "removed": (text[:first] + text[second:]).encode(),
        "moved": (text[:first] + text[second:third] + text[first:second] + text[third:]).encode(),
        "head": data.replace(b'"format":2', b'"format":2,"net":9'),
        "newer": data.replace(b'"format":2', b'"format":3'),
        "never": data.replace(b'"format":2', b'"format":0'),
        "broken head": data.replace(b'{"format"', b'{format"'),
        "between": data.replace(b"interactions:\n", b"interactions:\n# x\n"),
        "seal": data.replace(b'"sha256":"', b'"sha256":"0'),
        "seal json": data.replace(b'sealed: {"', b"sealed: {"),
        "counts": re.sub(rb'"failures":2', b'"failures":3', data),
        "yaml": data.replace(b'- bpmax: {"', b'- bpmax: { "'),
        "library": re.sub(rb"sealed: .*", b"sealed:\n  interactions: 4", data),
    }  # fmt: skip
    found = {name: refusal(content) for name, content in broken.items()}
    place = data[: data.index(b"[2]")].count(b"\n") + 1
    failures = data[: data.index(b"failures:")].count(b"\n") + 1

    name = "a b.yaml"
    conflict = (
        "a Git conflict marker; run `bpmax-sim merge` while Git is merging, or take one side "
        "whole: "
        f'`git checkout --ours "{name}"`'
    )
    cut = "without its `sealed:` line, it was cut short; restore it or record it again"
    utf_16 = f"{name}:1: the file is UTF-16, not UTF-8; save it as UTF-8"
    own = {"yaml", "library", "broken head", "seal json", "cut", "no end"}
    assert {key: message for key, message in found.items() if key not in own} == {
        "empty": f"{name}: the file is empty; restore it or record it again",
        "utf-16": utf_16,
        "utf-16 too": utf_16,
        "nul": f"{name}:{place}: a NUL byte; restore the file or record it again",
        "latin": f"{name}:{place}: not UTF-8 (byte 0xe9); save the file as UTF-8",
        "conflict": f"{name}:{failures}: {conflict}",
        "ours": f"{name}:1: {conflict}",
        "other": (
            f'CassetteError {name}: not a cassette of bpmax-sim; `bpmax-sim import "{name}"` reads '
            "those of vcrpy and others"
        ),
        "cut early": f"{name}:2: the file ends {cut}",
        "added": (f"{name}: something follows the `sealed:` line, or its end is missing; {advice}"),
        "removed": (
            f"{name}: it was sealed with 4 interactions and 2 failures, and holds 3 and 2; {advice}"
        ),
        "head": set_changed,
        "moved": set_changed,
        "newer": (
            f"NewerFormat {name}: format 3 was written by a newer bpmax-sim, this one reads up to "
            "2; upgrade bpmax-sim"
        ),
        "never": (
            f"CassetteError {name}:2: format 0 was never written by any bpmax-sim; restore it or "
            "record it again"
        ),
        "between": f"{name}: there are lines between the exchanges; {advice}",
        "seal": set_changed,
        "counts": (
            f"{name}: it was sealed with 4 interactions and 3 failures, and holds 4 and 2; {advice}"
        ),
    }
    line = data[: last - 40].count(b"\n") + 1
    assert found["cut"].startswith(f"{name}:{line}: the file ends in exchange 6 (crm_system.get_")
    assert found["cut"].endswith(cut)
    assert "sealed" in found["no end"]
    assert found["broken head"].startswith("a b.yaml: the head line is broken (")
    assert (
        found["cut"]
        .partition(" ends in ")[2]
        .startswith("exchange 6 (crm_system.get_customer_detail for ")
    )
    for key in ("yaml", "library"):
        assert "rewritten by a formatter or a YAML library" in found[key]


def test_an_edited_exchange_is_named_when_it_is_read() -> None:
    edited = Cassette.of_bytes(dump_entries(ALL).replace(b"[2]", b"[9]"), "a.yaml")
    with pytest.raises(DamagedCassette) as caught:
        list(edited.exchanges())
    number = next(
        n
        for n in range(6)
        if b"[9]" in dump_entries(ALL).replace(b"[2]", b"[9]").split(b"\n- bpmax: ")[n + 1]
    )
    assert (
        f"exchange {number + 1} (crm_system.get_customer_detail for 甲) is not what was recorded"
        in translate(str(caught.value))
    )
    data = dump_entries([entry(1, call="")])
    assert (
        translate(describe_exchange(data, data.index(b"- bpmax")))
        == "exchange 1 (without a builder for 甲)"
    )
    assert translate(describe_exchange(b"\n- bpmax: {", 1)) == "exchange 1"


def test_a_file_is_opened_once_until_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries(ALL))
    first = load_cached(str(path))
    assert load_cached(str(path)) is first
    assert first.entry(0) is first.entry(0)
    assert first.outcome(1) is first.outcome(1)
    assert first.entry(1) != first.entry(0)
    other = tmp_path / "b.yaml"
    other.write_bytes(dump_entries(ALL))
    os.utime(other, ns=(5, 5))
    other.replace(path)
    assert load_cached(str(path)) is not first


def test_a_cached_file_is_that_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(dump_entries(ALL))
    first = Cassette.load(path)
    monkeypatch.chdir(tmp_path)
    here = load_cached("a.yaml")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    with pytest.raises(FileNotFoundError):
        load_cached("a.yaml")
    assert len(here) == 6
    path.write_bytes(dump_entries(ALL).replace(b"\n", b"\r\n"))
    assert Cassette.load(str(path)).entry(5) == first.entry(5)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    for wrong, kind in ((link, "a symbolic link"), (tmp_path / "sub", "not an ordinary file")):
        with pytest.raises(CassetteError, match=kind):
            Cassette.load(wrong)
    with pytest.raises(CassetteError, match="cannot be opened"):
        Cassette.load(path / "x")


def draft(number: int, text: str = "{}", **fields: Any) -> PendingExchange:
    made = entry(number, text)
    return PendingExchange(**{"line": made.line, "text": made.text, "issue": (number, 0), **fields})


def piece(number: int, text: str, *, is_first: bool = False) -> PendingExchange:
    made = entry(number, outcome=replace(FAILED, received=text.encode()))
    return PendingExchange(
        line=made.line,
        text=made.text if is_first else "",
        issue=(number, 0),
        piece=text.encode(),
        format=FORMAT_OF_PIECES,
    )


def test_a_journal_yields_its_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml.1-1.journal"
    one, two, three = (encode_record(draft(number, f"[{number}]")) for number in (1, 2, 3))

    def read(data: bytes) -> list[int] | str:
        path.write_bytes(data)
        try:
            return [each.line.n for each in read_journal(path)]
        except NewerFormat as error:
            return translate(str(error)).partition(": ")[2][:9]

    assert read(b"") == []
    assert read(one + two + three) == [1, 2, 3]
    assert read(one + two[:-20]) == [1]
    assert read(one + two[:10] + b"\0" * 30) == [1]
    assert read(one[:7]) == read(b"\0" * 9) == []
    assert read(one + two.replace(b"[2]", b"[9]") + three) == [1, 3]
    assert read(one + b"damaged\n" + three) == [1, 3]
    assert read(b"another format\n" + one) == "record 1 "
    assert read(one + encode_record(draft(2, format=3))) == "record 2 "
    assert read(one + encode_record(draft(2, format=0))) == "record 2 "
    assert read(one + encode_record(draft(2, format=FORMAT_OF_PIECES))) == [1, 2]


def test_bodies_in_pieces_are_joined() -> None:
    def joined(*records: PendingExchange) -> list[str]:
        found = []
        for each in join_pieces(records):
            assert each.piece is None
            outcome = Cassette.of_bytes(dump_entries([each]), "a").outcome(0) if each.text else None
            text = (
                outcome.received.decode()
                if isinstance(outcome, FailedExchange)
                else outcome and outcome.body.decode()
            )
            found.append(f"{each.line.n} {text}")
        return found

    first = piece(1, "甲", is_first=True)
    assert joined(first, piece(1, "乙"), piece(2, "x", is_first=True), piece(1, "丙")) == [
        "1 甲乙丙",
        "2 x",
    ]
    assert joined(first, draft(3, "[3]"), piece(1, "乙"), draft(1, "[1]")) == ["3 [3]", "1 [1]"]
    assert joined(piece(1, "x")) == []
    leaking = replace(piece(1, ""), leaks=("body",))
    assert joined(leaking, piece(1, "y")) == ["1 None"]


class Finding:
    """A finding that names its credential and how deep it lies."""

    def __init__(self, name: str, text: str, depth: int) -> None:
        self.name, self.text, self.within = name, text, "x" * depth

    def __str__(self) -> str:
        return self.text


def test_what_leaks_is_a_stub_without_any_of_its_content() -> None:
    whole = draft(1, '"口令"')
    facts = {
        "base": "https://口令",
        "injected": ("header.x",),
        "encoding": {"content-encoding": "br"},
        "extra": {"a": "口令"},
        "values": {"a": {"b": "口令"}},
    }
    full = replace(whole, line=whole.with_line(**facts).line)

    def scan(data: bytes) -> Sequence[object]:
        found = [
            Finding("b (more)", "b in JSON", 2),
            Finding("b", "b in the body", 1),
            Finding("b", "b in the body", 1),
            "a (header)",
            "a (query)",
        ]
        return found if "口令".encode() in data else ()

    stub = stub_if_leaking(full, scan)
    assert (stub.text, stub.leaks) == ("", ("b in the body and 1 more", "a (header) and 1 more"))
    assert stub.line == whole.with_line(base="", injected=()).line
    assert stub_if_leaking(stub, lambda _data: ["x"]) is stub
    assert stub_if_leaking(whole, lambda _data: ()) is whole
    nameless = replace(whole, line=whole.with_line(call="").line)
    assert stub_if_leaking(nameless,
    lambda data: ["x"] if b"/customers" not in data or b"response" in data else ()).leaks == (
        "GET https://crm.example.test/customers/1 (x)",
    )  # fmt: skip
    assert stub_if_leaking(nameless, lambda _data: ["x", "y"]).leaks == ("x", "y")
    assert stub_if_leaking(whole, lambda _data: ["x"]).leaks == ("x",)


def test_an_exchange_is_scanned_again_only_for_more_secrets() -> None:
    scanned: list[int] = []
    known = ["x"]

    def scan(data: bytes) -> Sequence[object]:
        scanned.append(len(data))
        return [text for text in known if text.encode() in data]

    whole = draft(1, '"客户"')
    check = LeakCheck(scan, lambda: len(known))
    known[:] = ["口令"]
    for _ in range(3):
        assert check(whole) is whole
    times = len(scanned)
    assert times > 0
    known.append("客户")
    assert check(whole).leaks != ()
    assert check(whole).leaks != ()
    always = LeakCheck(scan)
    assert always(draft(2, '"a"')).leaks == ()
    count = len(scanned)
    same = draft(2, '"a"')
    always(same)
    always(same)
    assert len(scanned) - count == 2 * len(collect_scannable_parts(same))


def test_a_value_is_looked_for_in_each_encoding() -> None:
    check, whole = LeakCheck(lambda _data: (), lambda: 1), draft(1, '"客户"')
    wide = entry(3, outcome=replace(answer(), body="口令".encode("utf-16-be"), headers=()))
    utf16 = PendingExchange(line=wide.line, text=wide.text)
    gbk = entry(4, outcome=replace(answer(), body="口令".encode("gb18030") + b"\xff", headers=()))
    coded = PendingExchange(line=gbk.line, text=gbk.text)
    assert [check.may_contain(each, ["口令"]) for each in (utf16, coded, whole)] == [
        True,
        True,
        False,
    ]
    assert [check.may_contain(whole, texts) for texts in (["客户"], ["x", "客户"], ["无"])] == [
        True,
        True,
        False,
    ]
    check.forget_results([whole])


def test_parts_of_an_exchange_are_split_for_the_scan() -> None:
    long = '{"a":"' + "x" * 60 + '","b":1}'
    made = render_exchange(
        replace(order(long.encode()), outcome=replace(answer("甲\n\n乙\n"), headers=(("A", "1"),)))
    )
    found = split_values_and_heads(made)
    assert found is not None
    values, heads = found
    assert values[1:] == [b"https://crm.example.test/orders", long.encode(), "甲\n\n乙\n".encode()]
    assert b'"call":"crm_system.create_order"' in values[0]
    assert heads[0].startswith(b"  request:\n    method: POST")
    assert b'A: ["1"]' in heads[2]
    assert split_values_and_heads(entry(1, outcome=FAILED)) is None
    assert split_values_and_heads(entry(1, outcome=replace(answer(), body=b"\xff"))) is None
    assert split_values_and_heads(entry(1, " a")) is None
    empty = split_values_and_heads(entry(1, ""))
    assert empty is not None
    assert len(empty[0]) == 2


def test_bodies_of_the_source_are_scanned_where_they_are_stored_unchanged() -> None:
    long = '{"a":"' + "x" * 60 + '","b":1}'
    exchange: Exchange = replace(order(long.encode()), outcome=answer(long))
    with_source = split_values_and_heads(render_exchange(exchange), exchange)
    assert with_source is not None
    assert with_source[0][2:] == [long.encode(), long.encode()]
    gbk = replace(
        answer(),
        body=('{"名":"' + "客" * 60 + '","b":1}').encode("gbk"),
        headers=(("content-type", "application/json; charset=gbk"),),
    )
    coded = replace(order(long.encode()), outcome=gbk)
    split = split_values_and_heads(render_exchange(coded), coded)
    assert split is not None
    assert split[0][-1] == gbk.body.decode("gbk").encode()
    key = entry(1, key="0" * 32)
    assert [b"0" * 32 in part for part in collect_scannable_parts(key)] == [False]
    assert b'"key":"aa"' in collect_scannable_parts(entry(1, key="aa"))[0]
    parts = collect_scannable_parts(
        render_exchange(replace(order(b"\xff\xfe"), outcome=answer(long)))
    )
    assert parts[1:] == (b"\xff\xfe", long.encode())
    assert len(collect_scannable_parts(entry(1, "[1]"))) == 1


def test_journals_are_found_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "深").mkdir()
    assert not journal.has_journals(tmp_path)
    (tmp_path / "深" / "x.journal").write_bytes(b"")
    assert not journal.has_journals(tmp_path)
    path = tmp_path / "深" / "a.yaml"
    assert journal.find_abandoned_journals(path) == ()
    left = path.with_name("a.yaml.999991-1.journal")
    left.write_bytes(b"")
    os.utime(path.parent, ns=(7, 7))
    assert journal.has_journals(tmp_path)
    assert journal.find_abandoned_journals(path) == (left,)
    assert journal.find_abandoned_journals(path.with_name("b.yaml")) == ()
    assert journal.find_abandoned_journals(tmp_path / "none" / "a.yaml") == ()
    left.write_bytes(encode_record(draft(1, branch="r", parent=os.getpid())))
    assert journal.find_live_journals(path) == [(left, os.getpid())]
    left.write_bytes(encode_record(draft(1)))
    assert journal.find_live_journals(path) == []


def test_one_fact_alone_tells_a_broken_file() -> None:
    data, name = dump_entries(ALL), "a b.yaml"
    broken = {
        "section": data.replace(b"\nfailures:", b"\nfailed:"), "brace": data + b"{}\n",
        "cut at once": data[:12],
    }  # fmt: skip
    found = {key: refusal(content).partition("; ")[0] for key, content in broken.items()}

    assert found == {
        "section": f"{name}: the `failures:` or the `sealed:` line is missing",
        "brace": f"{name}: something follows the `sealed:` line, or its end is missing",
        "cut at once": f"{name}:2: the file ends without its `sealed:` line, it was cut short",
    }
    start, later = "2026-03-02T09:00:00+08:00", "2026-03-02T10:00:00+08:00"
    entries = [
        entry(1, at=start),
        entry(2, at=later, session=2),
        entry(1, outcome=FAILED, owner="一"),
    ]
    whole = Cassette.of_bytes(dump_entries(entries), "a.yaml")
    assert whole.owners == ("一", "甲")
    assert [str(whole.start("甲", session=session))[11:16] for session in (1, 2)] == [
        "09:00",
        "10:00",
    ]


def test_one_fact_alone_decides_what_is_scanned() -> None:
    long = '{"a":"' + "x" * 60 + '","b":1}'
    check = LeakCheck(lambda _data: (), lambda: 1)
    assert [check.may_contain(draft(1, f'"{"密" * size}"'), ["无"]) for size in (9, 300_000)] == [
        *(False, True)
    ]
    plain = split_values_and_heads(entry(1, "[1]"))
    assert plain is not None
    assert plain[0][-1] == b"[1]"
    text = '{"名":"' + "客" * 60 + '","b":1}'
    headers = (("content-type", "application/json; charset=gbk"),)
    made = order(b"", outcome=answer(long))
    coded = replace(made, request=replace(made.request, body=text.encode("gbk"), headers=headers))
    split = split_values_and_heads(render_exchange(coded), coded)
    assert split is not None
    assert split[0][2:] == [text.encode(), long.encode()]
    assert collect_scannable_parts(entry(1, long))[1:] == (long.encode(),)
