"""A recording made again: what is equal keeps its bytes, what changed its noise."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import PlacesOf, find_no_places
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import write_body_scalar
from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.json_text import break_long_json_into_members, copy_old_values, find_values
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.reader import read_yaml_text
from bpmax_sim.cassette.recorder import Recorder, Replays
from bpmax_sim.messages import Exchange, Response
from tests.cassette.exchanges import OWNER, RULES, ZONE, answer, detail

NOISE = ("date", "etag", "x-request-id", "server")


def told(number: int, run: int, **data: Any) -> Exchange:
    """Return the look-up of a customer, with what differs in each *run*."""
    body = {
        "code": 200,
        "message": "ok",
        "data": {"id": number, "name": "张三", "phone": "13800138000", **data},
        "trace": f"{run:032x}",
    }
    headers = [(name, f"{name} {run}") for name in NOISE]
    response = replace(
        answer(json.dumps(body, ensure_ascii=False)),
        headers=(*answer().headers, *headers),
        elapsed=0.01 * run,
    )
    exchange = detail(number, outcome=response)
    assert exchange.request.call is not None
    call = replace(exchange.request.call, serial=number)
    return replace(
        exchange, at=exchange.at + run * 3600 + number, request=replace(exchange.request, call=call)
    )


def record(
    path: Path,
    *exchanges: Exchange,
    replays: Replays | None = lambda _path: True,
    named: PlacesOf = find_no_places,
    rules: MatchingRules = RULES,
) -> bool:
    recorder = Recorder(path, rules=rules, owner=OWNER, scan=scan_nothing, zone=ZONE)
    for exchange in exchanges:
        recorder.append(replace(exchange, key=""))
    return recorder.seal(
        volatile=lambda _call: ("body.trace",), headers_read=named, replays=replays
    )


def lines_changed(before: bytes, after: bytes) -> tuple[int, int]:
    """Return how many lines go and come."""
    old, new = before.decode().splitlines(), after.decode().splitlines()
    lines = [*difflib.unified_diff(old, new, n=0)][2:]
    marks = [line[0] for line in lines]
    return marks.count("-"), marks.count("+")


@pytest.fixture(name="path")
def made(tmp_path: Path) -> Path:
    path = tmp_path / "客户.yaml"
    record(path, *[told(n, 1) for n in range(1, 11)])
    return path


def test_nothing_but_ids_etags_and_dates_changes_nothing(path: Path) -> None:
    before = path.read_bytes()

    assert not record(path, *[told(n, 2) for n in range(1, 11)])
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", ["name", "phone", "email"])
def test_one_of_ten_that_changes_is_four_lines_each_way(path: Path, place: str) -> None:
    before = path.read_bytes()
    changed = {n: {place: "李四"} if n == 4 else {} for n in range(1, 11)}

    assert record(path, *[told(n, 2, **changed[n]) for n in changed])
    assert max(lines_changed(before, path.read_bytes())) <= 4
    loaded = [*Cassette.load(path).exchanges()]
    assert isinstance(loaded[3].outcome, Response)
    body = json.loads(loaded[3].outcome.body)
    assert body["data"][place] == "李四"
    assert body["trace"] == f"{1:032x}"
    assert loaded[3].outcome.header("server") == "server 1"
    assert loaded[3].at == told(4, 1).at


def test_one_more_call_leaves_the_bodies_of_the_others(path: Path) -> None:
    before = Cassette.load(path).entry(3).text
    record(path, *[told(n, 2) for n in range(1, 12)])
    cassette = Cassette.load(path)

    assert len(cassette) == 11
    assert cassette.entry(3).text == before
    # instants are of one run
    assert [e.at for e in cassette.exchanges()] == [told(n, 2).at for n in range(1, 12)]


def test_what_does_not_replay_is_all_afresh(path: Path) -> None:
    trials: list[Path] = []

    def replays(trial: Path) -> bool:
        trials.append(trial)
        assert len(Cassette.load(trial)) == 10
        return False

    assert record(path, *[told(n, 2) for n in range(1, 11)], replays=replays)
    fresh = path.with_name("fresh.yaml")
    record(fresh, *[told(n, 2) for n in range(1, 11)])
    assert path.read_bytes() == fresh.read_bytes()
    assert [trial.name for trial in trials] == ["客户.yaml.trial"]
    assert not trials[0].exists()


def test_the_old_file_is_there_while_the_new_one_is_tried(path: Path) -> None:
    before = path.read_bytes()

    def replays(_trial: Path) -> bool:
        assert path.read_bytes() == before
        return True

    record(path, *[told(n, 2, name="李四") for n in range(1, 11)], replays=replays)


def test_without_a_check_only_headers_known_to_pass_are_noise(path: Path) -> None:
    record(path, *[told(n, 2) for n in range(1, 11)], replays=None)
    response = next(Cassette.load(path).exchanges()).outcome

    assert isinstance(response, Response)
    assert [response.header(name) for name in NOISE] == [
        "date 1", "etag 1", "x-request-id 1", "server 2"
    ]  # fmt: skip


def test_a_header_that_the_platform_reads_is_no_noise(path: Path) -> None:
    record(path, *[told(n, 2) for n in range(1, 11)], named=lambda _call: ("header.etag",))
    response = next(Cassette.load(path).exchanges()).outcome

    assert isinstance(response, Response)
    assert response.header("etag") == "etag 2"
    assert response.header("date") == "date 1"


def test_a_value_that_comes_back_in_a_request_is_no_noise(tmp_path: Path) -> None:
    def flow(run: int) -> tuple[Exchange, Exchange]:
        first, second = told(1, run), told(2, run)
        assert second.request.call is not None
        header = ("If-Match", f"etag {run}00")
        call = replace(second.request.call, headers=(header,))
        request = replace(second.request, call=call, headers=(*second.request.headers, header))
        outcome = first.outcome
        assert isinstance(outcome, Response)
        headers = (*answer().headers, ("etag", f"etag {run}00"))
        return replace(first, outcome=replace(outcome, headers=headers)), replace(
            second, request=request
        )

    path = tmp_path / "x.yaml"
    record(path, *flow(1))
    record(path, *flow(2))
    response = next(Cassette.load(path).exchanges()).outcome

    assert isinstance(response, Response)
    assert response.header("etag") == "etag 200"


def test_other_rules_alone_are_no_change(path: Path) -> None:
    before = path.read_bytes()

    assert not record(
        path, *[told(n, 2) for n in range(1, 11)], rules=MatchingRules(("query.fields",))
    )
    assert path.read_bytes() == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " :")]), st.booleans())
def test_a_body_of_json_keeps_its_bytes_a_member_a_line(
    value: Any, separators: tuple[str, str], ascii_only: bool
) -> None:
    text = json.dumps({"数据": value}, ensure_ascii=ascii_only, separators=separators)
    lines = (break_long_json_into_members(text) or text).split("\n")

    assert "".join(line.lstrip(" ") for line in lines) == text
    scalar = write_body_scalar(text.encode("utf-8", "surrogatepass"), " " * 8) if ascii_only else ""
    if ascii_only:
        assert read_yaml_text(f"string: {scalar}\n") == {"string": text}


@given(JSON, st.sampled_from([",", ", "]), st.sampled_from([":", ": "]), st.booleans())
def test_a_body_is_broken_alike_however_its_lines_are_found(
    value: Any, comma: str, colon: str, ascii_only: bool
) -> None:
    value = {"数据": value, '": ': ["[,]", "x" * 50]}
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(comma, colon))
    spaced = text.replace("{", "{\t", 1)  # as no serialiser does, so each token is looked at
    lines = (break_long_json_into_members(text) or text).split("\n")

    assert [
        line.replace("{\t", "{")
        for line in (break_long_json_into_members(spaced) or "").split("\n")
    ] == lines


@given(JSON, JSON)
def test_every_value_of_json_is_found_at_its_place(value: Any, other: Any) -> None:
    text = json.dumps({"a": value, "b": [other, value]})
    spans = {span.path: json.loads(text[span.start : span.end]) for span in find_values(text)}

    assert spans[("a",)] == spans[("b", 1)] == value
    assert spans[("b", 0)] == other
    assert spans[()] == json.loads(text)
    kept = copy_old_values(text, json.dumps({"b": [[1], 2]}), [("b", 0)])
    assert json.loads(kept) == {"a": value, "b": [[1], value]}
