"""What `cassette inspect`, `seal`, `fmt` and `export` tell of a cassette of several owners."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import reseal
from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.cli import cassettes
from bpmax_sim.messages import Exchange, FailedExchange
from bpmax_sim.yamlfile import to_display_path
from tests.cassette.exchanges import RULES, ZONE, answer, detail, order
from tests.cli.project import Command
from tests.typed import Typed

HERE = "cassettes/采购/付款.yaml"
PAY, REFUND = "付款[大额]", "退款"
FAILED = FailedExchange(code="TIMEOUT", message="超时", elapsed=1.5, received=b"HTTP/1.1 20")


def write(path: Path, owners: Iterable[tuple[str, Iterable[Exchange]]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for owner, exchanges in owners:
        recorder = Recorder(path, rules=RULES, owner=owner, scan=scan_nothing, zone=ZONE)
        with closing(recorder) as recording:
            for exchange in exchanges:
                recording.append(exchange)
            recording.seal()
    return path


@pytest.fixture(name="cassette")
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    sent = order('{"金额":1}'.encode())
    return write(
        Path(HERE),
        [
            (PAY, [detail(1), detail(2, outcome=FAILED)]),
            (REFUND, [sent, detail(3, outcome=answer(""))]),
        ],
    )


def find_lines(path: Path) -> list[int]:
    loaded = Cassette.load(path)
    return [loaded.line_number(number) for number in range(len(loaded))]


def test_the_table_has_each_exchange_of_each_owner(cassette: Path, bs: Command) -> None:
    lines = find_lines(cassette)
    told = json.loads(bs("cassette", "inspect", HERE, "--json").out)
    table = [line.split() for line in bs("cassette", "inspect", HERE).out.splitlines()]

    customers, fields = "https://crm.example.test/customers", "?fields=name%2Cphone"
    get, create = "crm_system.get_customer_detail", "crm_system.create_order"
    rows = [
        (lines[0], get, "GET", f"{customers}/1{fields}", "200", 12, 52, PAY),
        (lines[1], create, "POST", "https://crm.example.test/orders", "200", 12, 52, REFUND),
        (lines[2], get, "GET", f"{customers}/3{fields}", "200", 12, 0, REFUND),
        (lines[3], get, "GET", f"{customers}/2{fields}", "timeout", 1500, 11, PAY),
    ]
    names = ("line", "call", "method", "url", "status", "ms", "bytes", "for")
    known = {"file": HERE, "instance": "test", "at": "2026-03-02T09:00:00.000+08:00"}
    exchanges = [{**dict(zip(names, row, strict=True)), **known} for row in rows]
    assert told == {"version": 1, "file": HERE, "exchanges": exchanges}
    assert table == [[*names], *([*map(str, row)] for row in rows)]
    inside = bs("cassette", "inspect", "cassettes").out.splitlines()
    assert [line.split() for line in inside] == [
        ["file", *names], *([HERE, *map(str, row)] for row in rows)
    ]  # fmt: skip
    told = json.loads(bs("cassette", "inspect", "cassettes", "--json").out)
    assert told == {"version": 1, "file": "cassettes", "exchanges": exchanges}


@pytest.mark.parametrize(
    ("exchange", "offset", "shown"),
    [(0, 0, 0), (0, -1, None), (1, -1, 0), (1, 0, 1), (1, 1, 1), (2, 0, 2), (3, 0, 3)],
)
def test_a_line_means_the_exchange_that_it_is_in(
    cassette: Path, bs: Command, exchange: int, offset: int, shown: int | None
) -> None:
    line = find_lines(cassette)[exchange] + offset
    done = bs("cassette", "inspect", f"{HERE}:{line}")
    loaded = Cassette.load(cassette)

    if shown is None:
        assert (done.code, done.err) == (2, f"{HERE}:{line}: no exchange is here\n")
    else:
        assert (done.code, done.out) == (0, f"{loaded.entry(shown).text.rstrip()}\n")
        (told,) = json.loads(bs("cassette", "inspect", f"{HERE}:{line}", "--json").out)["exchanges"]
        assert told["line"] == find_lines(cassette)[shown]


def test_a_line_behind_the_end_is_told_with_the_end(cassette: Path, bs: Command) -> None:
    last = cassette.read_bytes().count(b"\n")

    assert bs("cassette", "inspect", f"{HERE}:{last}").code == 0
    done = bs("cassette", "inspect", f"{HERE}:{last + 1}")
    assert (done.code, done.err) == (2, f"{HERE}:{last + 1}: the file has {last} lines\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\u738b\u4E94", "王五"),
        (r"{\"name\":\\u738b}", r"{\"name\":王}"),
        (r"\uD840\uDC00", "\U00020000"),
        (r"\\ud840\\udc00", "\U00020000"),
        (r"\u0041\u0031\u005f", r"\u0041\u0031\u005f"),  # what is ASCII
        (r"\u3002\uff0c\u200b\u00a0", r"\u3002\uff0c\u200b\u00a0"),  # what is no letter
        (r"\ud83d\ude00", r"\ud83d\ude00"),
        (r"\u00e9\u0661", "é١"),
        (r"\ud840x\udc00", r"\ud840x\udc00"),
        (r"\u12", r"\u12"),
        ("王", "王"),
    ],
)
def test_letters_that_json_escapes_are_shown_as_letters(text: str, shown: str) -> None:
    assert cassettes._decode_json_escapes(text) == shown


def test_of_an_edit_the_changed_lines_are_shown_with_one_beside_them() -> None:
    old = "version: 1\nbpmax: {a: 1}\n# {old}\n一: 1\n二: 2\n三: 3\n四: 4\n五: 5\n六: 6\n"
    new = old.replace("a: 1", "a: 2").replace("三: 3", "三: 33").replace("六: 6\n", "六: 7")

    assert [*cassettes.format_changed_lines(old, new)] == [
        " 二: 2", "-三: 3", "+三: 33", " 四: 4", " 五: 5", "-六: 6", "+六: 7",
    ]  # fmt: skip
    assert [*cassettes.format_changed_lines(old, old.replace("a: 1", "a: 2"))] == []


def test_each_exchange_that_was_edited_is_named_once(cassette: Path) -> None:
    before = cassette.read_bytes()
    after = reseal(before.decode().replace("/customers/2", "/customers/22").replace("金额", "税额"))

    assert [*cassettes.describe_edited_exchanges(before, before)] == []
    assert [*cassettes.describe_edited_exchanges(before, after)] == [
        f"edited: crm_system.create_order for {REFUND}, its exchange 1",
        f"edited: crm_system.get_customer_detail for {PAY}, its exchange 2",
    ]


def test_a_folder_means_all_cassettes_in_it(cassette: Path, bs: Command) -> None:
    edited = cassette.with_name("改.yaml")
    edited.write_bytes(cassette.read_bytes().replace(b"/customers/2", b"/customers/22"))
    names = {path: to_display_path(path) for path in (cassette, edited)}
    sound = cassette.read_bytes()

    assert bs("cassette", "inspect", "cassettes").code == 3
    done = bs("cassette", "seal", "--yes", "cassettes")
    assert (done.code, done.err) == (0, f"{names[edited]}: sealed\n")
    assert cassette.read_bytes() == sound
    assert bs("cassette", "seal", "--yes").err == "2 cassettes: sound already, nothing to do\n"
    files = [
        one["file"]
        for one in json.loads(bs("cassette", "inspect", "cassettes", "--json").out)["exchanges"]
    ]
    assert [files.count(name) for name in names.values()] == [4, 4]
    cassette.write_text("- 1\n")
    edited.write_text("- 2\n")
    wrong = (
        "not a cassette of ours: expected a mapping, got a list; correct it, or restore the file"
    )
    done = bs("cassette", "seal", "--yes")
    assert (done.code, done.err) == (2, "".join(f"{name}:1: {wrong}\n" for name in names.values()))


@pytest.mark.parametrize(
    ("owner", "paths"),
    [
        (None, ["/customers/1", "/customers/2", "/orders", "/customers/3"]),
        (PAY, ["/customers/1", "/customers/2"]),
        (REFUND, ["/orders", "/customers/3"]),
    ],
)
def test_what_is_exported_comes_owner_after_owner(
    cassette: Path, bs: Command, owner: str | None, paths: list[str]
) -> None:
    chosen = () if owner is None else ("--for", owner)
    done = bs("cassette", "export", HERE, "--as", "har", *chosen)
    entries = json.loads(done.out)["log"]["entries"]

    urls = [entry["request"]["url"].partition("?")[0] for entry in entries]
    assert urls == [f"https://crm.example.test{path}" for path in paths]


def test_an_owner_without_a_name_is_one_that_recorded_nothing(cassette: Path, bs: Command) -> None:
    done = bs("cassette", "export", HERE, "--as", "har", "--for", "")

    assert (done.code, done.err) == (
        2, f"{HERE}: nothing was recorded for ''; it holds {PAY!r}, {REFUND!r}\n"
    )  # fmt: skip
    write(cassette, [("", [detail(4)]), (PAY, [detail(5)])])
    found = bs("cassette", "export", HERE, "--as", "har", "--for", "")
    assert ("customers/4" in found.out, "customers/5" in found.out) == (True, False)


@pytest.mark.parametrize(
    ("there", "typed", "code"),
    [
        (None, "", 0),
        ("same", "", 0),
        ("other", "y\n", 0),
        ("other", "是\n", 0),
        ("other", "n\n", 1),
        ("other", "\n", 1),
        ("other", "", 1),
    ],
)
def test_another_file_is_replaced_after_a_question(
    cassette: Path,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    there: str | None,
    typed: str,
    code: int,
) -> None:
    data = bs("cassette", "export", HERE, "--as", "curl").out
    target = Path("导出/一月/付款.sh")
    if there:
        target.parent.mkdir(parents=True)
        target.write_text(data if there == "same" else there, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", Typed(typed))

    done = bs("cassette", "export", HERE, "--as", "curl", "--to", str(target), "--json")

    assert done.code == code
    assert ("replace this file?" in done.err) is (there == "other")
    assert (target.read_text(encoding="utf-8") == data) is (code == 0)
    if not code:
        told = json.loads(done.out)
        assert (told["file"], told["content"], told["exchanges"]) == (str(target), "", 4)
