from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges, reseal
from bpmax_sim.cassette.reader import YamlTextError
from bpmax_sim.errors import BpmaxError, CassetteError, DamagedCassette, NewerFormat
from bpmax_sim.messages import FailedExchange
from tests.cassette.exchanges import OWNER, RULES, ZONE, answer, detail, numbered, order
from tests.examples import drawn
from tests.systems import needs_links

SAMPLE = (Path(__file__).parent / "data" / "format_2.yaml").read_bytes()
FIRST = f"exchange 1 (crm_system.get_customer_detail for {OWNER})"
ACCEPT = "restore it, record it again, or accept the edit with `bpmax-sim cassette seal {}`"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "客户.yaml"


def refused(path: Path, data: bytes, kind: type[CassetteError] = DamagedCassette) -> str:
    """Return the message without the folder."""
    path.write_bytes(data)
    with pytest.raises(BpmaxError) as raised:
        list(Cassette.load(path).exchanges())

    assert type(raised.value) is kind
    return str(raised.value).replace(str(path), path.name)


def test_a_file_cut_at_any_byte_is_named_as_damaged(path: Path) -> None:
    small = dump_exchanges(
        numbered(detail(), detail(outcome=FailedExchange(code="TLS", message="证书"))), rules=RULES
    )
    path.write_bytes(small)
    assert len(list(Cassette.load(path).exchanges())) == 2

    for length in range(len(small)):
        path.write_bytes(small[:length])
        with pytest.raises(DamagedCassette) as raised:
            Cassette.load(path)
        assert str(path) in str(raised.value)


def test_a_byte_changed_anywhere_is_noticed(path: Path) -> None:
    for at in range(0, len(SAMPLE), 3):
        changed = SAMPLE[:at] + bytes([SAMPLE[at] ^ 1]) + SAMPLE[at + 1 :]
        path.write_bytes(changed)
        with pytest.raises(BpmaxError):
            list(Cassette.load(path).exchanges())


def test_a_cut_names_the_exchange_it_is_in(path: Path) -> None:
    cut = SAMPLE[: SAMPLE.index(b'"name"')]

    assert refused(path, cut) == (
        f"客户.yaml:17: the file ends in {FIRST} without its `sealed:` line, it was cut short; "
        "restore it or record it again"
    )


def test_an_empty_file_says_so(path: Path) -> None:
    message = "客户.yaml: the file is empty; restore it or record it again"

    assert refused(path, b"") == refused(path, b" \n") == message


def test_git_conflict_markers_are_named_with_both_ways_out(path: Path) -> None:
    lines = SAMPLE.split(b"\n")
    lines[10:10] = [b"<<<<<<< HEAD"]
    lines[12:12] = [b"=======", b">>>>>>> other"]

    assert refused(path, b"\n".join(lines)) == (
        "客户.yaml:11: a Git conflict marker; run `bpmax-sim merge` while Git is merging, or "
        "take one side whole: `git checkout --ours 客户.yaml`"
    )


def test_a_hand_edit_is_named_with_its_place_when_the_exchange_is_played(path: Path) -> None:
    edited = SAMPLE.replace("张三".encode(), "李四".encode(), 1)
    path.write_bytes(edited)
    cassette = Cassette.load(path)
    assert cassette.exchange(1).order == 2

    assert refused(path, edited) == (
        f"客户.yaml:4: {FIRST} is not what was recorded, its digest differs; "
        + ACCEPT.format("客户.yaml")
    )


def entry_of(data: bytes, number: int) -> bytes:
    starts = [i for i in range(len(data)) if data.startswith(b"\n- bpmax:", i)]
    return data[starts[number] : starts[number + 1]]


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an exchange taken away": (
        lambda data: data.replace(entry_of(data, 1), b""),
        "it was sealed with 3 interactions and 2 failures, and holds 2 and 2",
    ),
    "two exchanges swapped": (
        lambda data: data.replace(
            entry_of(data, 0) + entry_of(data, 1), entry_of(data, 1) + entry_of(data, 0)
        ),
        "its head line or the set of its exchanges is not what was sealed",
    ),
    "another head": (
        lambda data: data.replace(b'system":"e', b'system":"f', 1),
        "its head line or the set of its exchanges is not what was sealed",
    ),
    "a line between": (
        lambda data: data.replace(b"interactions:\n", b"interactions:\n# a remark\n"),
        "there are lines between the exchanges",
    ),
    "a line after": (
        lambda data: data + b"more: 1\n",
        "something follows the `sealed:` line, or its end is missing",
    ),
    "no failures": (
        lambda data: data.replace(b"\nfailures:\n", b"\n"),
        "the `failures:` or the `sealed:` line is missing",
    ),
    "a mark of byte order": (
        lambda data: b"\xef\xbb\xbf" + data,
        "the first lines are not those of a cassette",
    ),
    "a broken seal": (
        lambda data: data.replace(b'"interactions":3', b'"interactions":"3"'),
        "the `sealed:` line is broken (interactions: expected a whole number, got a text)",
    ),
    "a head that nests without end": (
        lambda data: data.replace(b'"format":2', b'"format":' + b"[" * 100_000),
        "the head line is broken (nested too deeply)",
    ),
    "a broken head": (
        lambda data: data.replace(b'"format":2', b'"format":"2"'),
        "the head line is broken (format: expected a whole number, got a text)",
    ),
}


@pytest.mark.parametrize(("change", "noticed"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_told(
    path: Path, change: Callable[[bytes], bytes], noticed: str
) -> None:
    assert refused(path, change(SAMPLE)) == f"客户.yaml: {noticed}; {ACCEPT.format('客户.yaml')}"


def test_a_newer_format_asks_for_an_upgrade(path: Path) -> None:
    newer = SAMPLE.replace(b'"format":2', b'"format":3,"shape":"new"')

    assert refused(path, newer, NewerFormat) == (
        "客户.yaml: format 3 was written by a newer bpmax-sim, this one reads up to 2; "
        "upgrade bpmax-sim"
    )


def test_a_wrong_encoding_is_named(path: Path) -> None:
    text = SAMPLE.decode()

    assert refused(path, text.encode("utf-16")) == (
        "客户.yaml:1: the file is UTF-16, not UTF-8; save it as UTF-8"
    )
    assert refused(path, b"\xd5\xc5\xc8\xfd" + SAMPLE) == (
        "客户.yaml:1: not UTF-8 (byte 0xd5); save the file as UTF-8"
    )
    assert refused(path, text.replace("√", "").encode("gbk")) == (
        "客户.yaml:4: not UTF-8 (byte 0xd4); save the file as UTF-8"
    )


def test_nul_bytes_are_named_with_their_line(path: Path) -> None:
    assert refused(path, SAMPLE[:-20] + b"\0" * 20) == (
        f"客户.yaml:{SAMPLE.count(10)}: a NUL byte; restore the file or record it again"
    )


def test_a_cassette_of_another_tool_is_to_be_imported(path: Path) -> None:
    assert refused(path, b"interactions: []\nversion: 1\n", CassetteError) == (
        "客户.yaml: not a cassette of bpmax-sim; `bpmax-sim import 客户.yaml` reads those of vcrpy "
        "and others"
    )


@needs_links
def test_only_an_ordinary_file_is_opened(path: Path, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_bytes(SAMPLE)
    path.symlink_to(tmp_path / "real.yaml")
    with pytest.raises(CassetteError) as link:
        Cassette.load(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CassetteError) as pipe:
        Cassette.load(tmp_path / "pipe")
    with pytest.raises(CassetteError) as nul:
        Cassette.load(Path("a\0b"))

    assert str(link.value) == f"{path}: a symbolic link; a cassette has to be a file of its own"
    assert str(pipe.value).endswith(
        "pipe: not an ordinary file; a cassette has to be a file of its own"
    )
    assert "cannot be opened" in str(nul.value)
    with pytest.raises(FileNotFoundError):
        Cassette.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("copies", [1, 200], ids=["in memory", "from the file"])
def test_other_line_ends_are_no_damage(path: Path, copies: int) -> None:
    told = numbered(*[order("第一行\n第二行".encode(), outcome=answer("甲\n乙" * 300))] * copies)
    data = dump_exchanges(told, rules=RULES, zone=ZONE)
    path.write_bytes(data.replace(b"\n", b"\r\n"))
    loaded = list(Cassette.load(path).exchanges())

    assert dump_exchanges(loaded, rules=RULES, zone=ZONE) == data


def test_a_large_file_is_read_in_place_even_after_it_was_replaced(path: Path) -> None:
    told = numbered(*[detail(number) for number in range(500)])
    path.write_bytes(dump_exchanges(told, rules=RULES, zone=ZONE))
    cassette = Cassette.load(path)
    path.unlink()

    assert dump_exchanges(cassette.exchanges(), rules=RULES, zone=ZONE) == dump_exchanges(
        told, rules=RULES, zone=ZONE
    )


def test_a_hand_edit_can_be_sealed_again_in_any_layout(path: Path) -> None:
    edited = SAMPLE.decode().replace(
        """      string: |-
        {"code":200,"message":"ok","data":{"name":"张三"}}
""",
        """      # 改名
      string: >-
        {"code":200,"data":{"name":"李四"}}
""",
    )
    path.write_bytes(reseal("\ufeff" + edited))
    first, *rest = Cassette.load(path).exchanges()
    lines = [entry.line for entry in Cassette.load(path).entries()]

    assert (
        replace(answer('{"code":200,"data":{"name":"李四"}}'), source="recorded") == first.outcome
    )
    assert len(rest) == 4
    assert [line.rules for line in lines].count(RULES.compute_digest("crm_system")) == 4
    assert path.read_bytes() == reseal(path.read_bytes().decode())


def test_sealing_an_untouched_file_changes_nothing() -> None:
    assert reseal(SAMPLE.decode()) == SAMPLE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n", "not a cassette of ours: expected a mapping, got a list"),
        (
            "bpmax: {format: x}\n",
            "not a cassette of ours: format: expected a whole number, got a text",
        ),
        ("bpmax: {}\ninteractions: [1]\n", "exchange 1: expected a mapping, got a text"),
        (
            SAMPLE.decode().replace("    method: GET\n", "", 1),
            "exchange 1: not an exchange: the key 'method' is missing",
        ),
        (
            SAMPLE.decode().replace("content-type: [", "content-type: [[1],", 1),
            "exchange 1: not an exchange: a list where text is expected",
        ),
        (
            SAMPLE.decode().replace("  response:\n", "  response: 200\n  was:\n", 1),
            "exchange 1: not an exchange: a value of another kind is expected",
        ),
        (
            SAMPLE.decode().replace("code: 200", "code: 好", 1),
            "exchange 1: expected a whole number, got '好'",
        ),
        (
            re.sub('"call":"[^"]*",?', "", SAMPLE.decode(), count=1),
            "exchange 1: the key 'call' is missing",
        ),
        (
            SAMPLE.decode().replace("bpmax: {", "bpmax: {: {", 1),
            "not valid YAML: did not find expected node content",
        ),
    ],
)
def test_an_edit_that_is_no_cassette_is_not_sealed(text: str, message: str) -> None:
    with pytest.raises(YamlTextError) as raised:
        reseal(text)

    assert str(raised.value) == message


@given(st.binary(max_size=300), st.integers(0, len(SAMPLE)), st.integers(0, 40))
@settings(
    max_examples=drawn(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_garbage_in_a_file_is_an_error_of_ours(
    tmp_path: Path, garbage: bytes, at: int, gone: int
) -> None:
    for data in (garbage, SAMPLE[:at] + garbage + SAMPLE[at + gone :]):
        path = tmp_path / "x.yaml"
        path.write_bytes(data)
        if data == SAMPLE:
            continue
        with pytest.raises(BpmaxError):
            list(Cassette.load(path).exchanges())


def test_an_edit_of_a_large_file_is_named_with_its_line(path: Path) -> None:
    told = numbered(*[detail(number) for number in range(500)])
    data = dump_exchanges(told, rules=RULES, zone=ZONE).replace(
        b"customers/400?", b"customers/4oo?"
    )

    assert refused(path, data).startswith(
        f"客户.yaml:{data[: data.index(b'customers/4oo')].count(10) - 2}: exchange 401 "
    )
