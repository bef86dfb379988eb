from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import (
    adapt_headers_to_decoded_body,
    dump_exchanges,
    group_headers,
    render_exchange,
    write_body_scalar,
)
from bpmax_sim.cassette.matching import exchange_to_parts, find_differences
from bpmax_sim.cassette.reader import YamlTextError, read_exchange, read_yaml_text
from bpmax_sim.errors import CassetteError, Place
from bpmax_sim.messages import (
    VERIFIED,
    Chunk,
    Exchange,
    FailedExchange,
    Request,
    Response,
    SignatureInput,
)
from tests.cassette.exchanges import (
    OWNER,
    RULES,
    START,
    ZONE,
    answer,
    detail,
    keyed,
    numbered,
    order,
)
from tests.examples import drawn

SAMPLE = Path(__file__).parent / "data" / "format_2.yaml"


def sample() -> tuple[Exchange, ...]:
    """Return one exchange of each shape that the format knows."""
    gzip = replace(
        answer("第一行\n\n  第二行\n"),
        status=201,
        reason="Created",
        headers=(
            ("Content-Type", "text/plain"),
            ("Set-Cookie", "a=1"),
            ("Content-Encoding", "gzip"),
            ("set-cookie", "b=2"),
            ("content-length", "20"),
        ),
        source="simulated",
        chunks=(Chunk(0.005, 10), Chunk(0.012, 17)),
    )
    lost = FailedExchange(code="TIMEOUT", message="no answer within 30 s", elapsed=30.0)
    cut = FailedExchange(code="RESET", message="重置", elapsed=0.25, sent=True, received=b"\xff{")
    return numbered(
        detail(),
        order('{"客户":"张三"}'.encode(), outcome=gzip),
        order(b"\x89PNG\r\n\x1a\n", outcome=replace(answer(), body=b"\x00\xff" * 60)),
        detail(outcome=lost),
        order(b'{"a":1}\r\n', outcome=cut),
    )


def written(tmp_path: Path, *exchanges: Exchange) -> Path:
    path = tmp_path / "x.yaml"
    path.write_bytes(dump_exchanges(exchanges, rules=RULES, zone=ZONE))
    return path


def test_a_file_looks_as_the_documentation_shows_it() -> None:
    assert dump_exchanges(sample(), rules=RULES, zone=ZONE).decode() == SAMPLE.read_text(
        encoding="utf-8"
    )


def test_a_file_of_every_version_ever_written_is_read() -> None:
    loaded = list(Cassette.load(SAMPLE).exchanges())

    assert [stored(e) for e in loaded] == [stored(e) for e in sample()]


def test_how_a_request_was_signed_and_an_answer_verified_reads_back(tmp_path: Path) -> None:
    stamp = SignatureInput(now=1772413200.07, nonce="0f" * 16, call_id="6d7e1c7a")
    request = replace(detail().request, signed=stamp)
    said = replace(detail(), request=request, outcome=replace(answer(), trust=VERIFIED))
    cassette = Cassette.load(written(tmp_path, said))
    outcome = cassette.outcome(0)

    assert cassette.exchange(0).request.signed == stamp
    assert isinstance(outcome, Response)
    assert outcome.trust == VERIFIED
    assert outcome.recorded_request is not None
    assert outcome.recorded_request.signed == stamp
    assert cassette.path.read_bytes() == dump_exchanges(
        cassette.exchanges(), rules=RULES, zone=ZONE
    )


def stored(exchange: Exchange) -> Exchange:
    """Return what a file keeps of *exchange*: headers grouped, no send-time details."""
    request, outcome = exchange.request, exchange.outcome
    kept = Request(
        method=request.method,
        url=request.url,
        headers=flat(request.headers),
        body=request.body,
        base=request.base,
        injected=request.injected,
    )
    if isinstance(outcome, Response):
        headers = flat(adapt_headers_to_decoded_body(outcome, request.method))
        source = "simulated" if outcome.source == "simulated" else "recorded"
        outcome = replace(outcome, headers=headers, source=source)
    return replace(exchange, request=kept, outcome=outcome)


def flat(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, values in group_headers(headers) for value in values)


@pytest.mark.parametrize(("length", "mark"), [(1, ""), (199, ""), (200, ""), (201, "? ")])
def test_a_name_stands_before_its_colon_as_long_as_yaml_has_it_on_one_line(
    length: int, mark: str
) -> None:
    name = "x" * length
    exchange = replace(detail(1), request=replace(detail(1).request, headers=((name, "1"),)))

    assert f"\n      {mark}{name}" in render_exchange(exchange).text


hostile = st.text(
    st.one_of(
        st.sampled_from(
            "\r\n\t \"'\\#:-|>&*!%@`{}[],?=~\x00\x7f\x85\xa0\u2028\u2029\ufeff\u202e\ufffe"
        ),
        st.sampled_from("张三合同　😀"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=30,
)
bodies = st.one_of(hostile.map(str.encode), st.binary(max_size=100))
names = st.one_of(
    st.sampled_from(["yes", "NULL", "1e3", "a b", "客户", "x" * 1100]), hostile.filter(bool)
)
headers = st.lists(st.tuples(names, hostile), max_size=4).map(tuple)
failures = st.builds(
    FailedExchange,
    code=st.sampled_from(["CONNECT", "TIMEOUT", "TLS", "RESET"]),
    message=hostile,
    elapsed=st.integers(0, 10**6).map(lambda ms: ms / 1000),
    sent=st.booleans(),
    received=bodies,
)
responses = st.builds(
    Response,
    status=st.integers(100, 599),
    reason=st.one_of(st.sampled_from(["OK", "No", "Not Found", "yes", "a  b"]), hostile),
    headers=headers,
    body=bodies,
    elapsed=st.integers(0, 10**6).map(lambda ms: ms / 1000),
)
exchanges = st.builds(
    lambda method, url, head, body, outcome, owner: replace(
        detail(outcome=outcome, owner=owner),
        request=Request(method=method, url=url, headers=head, body=body),
    ),
    st.one_of(st.sampled_from(["GET", "HEAD", "ON", "查"]), hostile.filter(bool)),
    st.one_of(st.sampled_from(["https://a.test/a:", "http://a.test/#x"]), hostile.filter(bool)),
    headers,
    st.one_of(st.none(), bodies),
    st.one_of(responses, failures),
    hostile,
)


@given(exchanges)
@settings(max_examples=drawn(100), suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_written_reads_back(exchange: Exchange) -> None:
    entry = render_exchange(exchange, zone=ZONE)

    assert read_exchange(entry) == stored(exchange)
    assert read_exchange(entry, canonical=False) == stored(exchange)


@given(st.lists(exchanges, max_size=4))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_file_reads_back_and_is_written_again_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, given_: list[Exchange]
) -> None:
    told = numbered(*given_)
    path = written(tmp_path_factory.mktemp("c"), *told)
    loaded = list(Cassette.load(path).exchanges())
    key = lambda e: (isinstance(e.outcome, FailedExchange), e.owner, e.order)  # noqa: E731

    assert [stored(e) for e in loaded] == sorted(map(stored, told), key=key)
    assert dump_exchanges(loaded, rules=RULES, zone=ZONE) == path.read_bytes()
    assert dump_exchanges(reversed(told), rules=RULES, zone=ZONE) == path.read_bytes()


@given(bodies)
@example(b"a\n  ")
@example(b"a\n\n")
@example(b"a\n \n\t\n")
@example("全角　空格".encode())
@settings(max_examples=drawn(100), deadline=None)
def test_any_yaml_reader_gets_the_exact_bytes_of_a_body(body: bytes) -> None:
    text = dump_exchanges([order(body, outcome=replace(answer(), body=body))], rules=RULES).decode()
    found = yaml.load(text, yaml.CSafeLoader)["interactions"][0]
    asked, told = found["request"]["body"], found["response"]["body"]["string"]

    assert (asked if isinstance(asked, bytes) else asked.encode()) == body
    assert (told if isinstance(told, bytes) else told.encode()) == body


def test_a_reviewer_reads_chinese_and_sees_marks_that_turn_the_writing_direction() -> None:
    text = dump_exchanges([order("合同\u202e金额".encode())], rules=RULES).decode()

    assert 'body: "合同\\u202e金额"\n' in text
    assert '"for":"选择客户回填[正常]"' in text


def test_the_length_of_a_head_answer_stays() -> None:
    head = replace(answer(""), headers=(("Content-Length", "99"),))

    assert adapt_headers_to_decoded_body(head, "HEAD") == head.headers
    assert adapt_headers_to_decoded_body(replace(head, status=304), "GET") == head.headers
    assert adapt_headers_to_decoded_body(head, "GET") == (("Content-Length", "0"),)


def test_a_lone_surrogate_is_refused_with_the_call_it_is_in() -> None:
    broken = detail(outcome=replace(answer(), headers=(("x", "\udc80"),)))

    with pytest.raises(CassetteError) as raised:
        render_exchange(broken)

    assert str(raised.value) == (
        "crm_system.get_customer_detail: the exchange cannot be written, it has half a character "
        "(a lone surrogate, '\\udc80'); send well-formed text"
    )


def test_what_the_builder_said_is_kept_where_the_request_does_not_show_it(tmp_path: Path) -> None:
    made = order(b"<xml><sign>REDACTED</sign></xml>")
    assert made.request.call is not None
    said = replace(made.request.call, body=b"<xml/>", query=(("a", "1"),))
    xml = keyed(replace(made, request=replace(made.request, call=said, injected=("body.sign",))))
    binary = keyed(
        replace(made, request=replace(made.request, call=replace(said, body=b"\xff")))
    )  # fmt: skip
    nothing = keyed(replace(made, request=replace(made.request, call=replace(said, body=None))))
    path = written(tmp_path, *numbered(xml, binary, nothing))

    for loaded, told in zip(Cassette.load(path).exchanges(), (xml, binary, nothing), strict=True):
        assert find_differences(exchange_to_parts(told), exchange_to_parts(loaded), RULES) == ()
        assert loaded.request.body == made.request.body


def test_traffic_without_a_builder_has_no_call(tmp_path: Path) -> None:
    bare = detail()
    bare = keyed(replace(bare, request=replace(bare.request, call=None)))
    loaded = next(Cassette.load(written(tmp_path, bare)).exchanges())

    assert loaded.request.call is None
    assert exchange_to_parts(loaded) == exchange_to_parts(bare)


def test_owners_and_their_start_are_known_without_reading_bodies(tmp_path: Path) -> None:
    later = replace(detail(), owner="另一个场景", at=START.seconds + 60)
    cassette = Cassette.load(written(tmp_path, detail(), later))

    assert cassette.owners == ("另一个场景", OWNER)
    assert str(cassette.start("另一个场景")) == "2026-03-02T09:01:00.000+08:00"
    assert cassette.start("谁也不是") is None
    assert cassette.head.start == "2026-03-02T09:00:00.000+08:00"
    assert repr(cassette) == f"<Cassette {str(cassette.path)!r}: 2 exchanges>"
    assert cassette.place(0) == Place(str(cassette.path), 4)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: &x 1\nb: *x\n", "anchors and aliases are not used in cassettes", 1),
        (
            "a: !!python/object:os.system x\n",
            "the tag 'tag:yaml.org,2002:python/object:os.system'",
            1,
        ),
        ("[" * 100, "nested deeper than 40 levels", 1),
        ("a: 1\na: 2\n", "the key 'a' comes twice", 2),
        ("[1]: 2\n", "a key that is not a text", 1),
        ("a: [\n", "did not find expected node content", 2),
        ("a: 甲\nb: 乙: 丙\n", "a second ': ' in one line", 2),
        ("a: 甲\n'b\n", "while scanning a quoted scalar that starts in line 2", 3),
        ("", "no document", 1),
        ("a: !!binary 'a'\n", "broken base64", 1),
        ("a: \x01\n", "the character U+0001 is not allowed in a YAML file; remove it", 1),
        ("客户: 张三\n备注: 合同\x7f\n", "the character U+007F is not allowed", 2),
        ("客户: 张三\n备注: \udc80", "the character U+DC80 is not allowed", 2),
    ],
)
def test_hostile_yaml_is_refused_with_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(YamlTextError) as raised:
        read_yaml_text(text)

    assert message in str(raised.value)
    assert raised.value.line == line


def test_plain_nulls_are_none_and_quoted_ones_text() -> None:
    expected: dict[str, Any] = {"a": None, "b": "null", "c": [None, "", "1"]}

    assert read_yaml_text('a: null\nb: "null"\nc: [~, "", 1]\n') == expected


def test_a_layout_that_is_not_quite_ours_is_read_as_yaml() -> None:
    entry = render_exchange(replace(detail(), order=1), zone=ZONE)
    failed = render_exchange(
        detail(outcome=FailedExchange(code="TLS", message="x", received=b"a")), zone=ZONE
    )
    other = [
        (entry, "    body: null\n", "    body: ''\n"),
        (entry, '["Bearer redacted.crm_system.test.token.1"]', "Bearer x"),
        (entry, "message: OK}", "message: 'OK' }"),
        (entry, "  response:", "  'response':"),
        (entry, "string: |-", "string: |"),
        (failed, "    sent: true", "    sent: 'true'"),
    ]

    for given_, old, new in other:
        text = given_.text.replace(old, new)
        assert text != given_.text
        read = read_exchange(replace(given_, text=text))
        assert read.request.url == detail().request.url


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(0, 400))
@settings(max_examples=drawn(100), deadline=None)
def test_a_forged_exchange_is_an_error_and_never_a_crash(inserted: str, at: int) -> None:
    entry = render_exchange(detail(), zone=ZONE)
    for canonical in (True, False):
        with suppress(ValueError):
            read_exchange(
                replace(entry, text=entry.text[:at] + inserted + entry.text[at:]),
                canonical=canonical,
            )


def test_a_body_is_a_block_unless_something_of_it_would_be_hidden() -> None:
    hidden = [*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F]
    hidden += [*range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xFFFE, 0xFFFF]
    every = [code for code in range(0x11000) if not 0xD800 <= code < 0xE000]

    quoted = [n for n in every if write_body_scalar(f"编号{chr(n)}7".encode(), " ").startswith('"')]

    assert quoted == hidden
    assert all(write_body_scalar(f"{sign}7".encode(), " ").startswith('"') for sign in " \t\n")
