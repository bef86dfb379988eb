"""What an import keeps to the letter: times, heads, folders of a collection, files of a ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from urllib.parse import quote

import pytest

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.messages import Call, Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.traffic import har as har_module
from bpmax_sim.traffic.formats import (
    list_readable_formats,
    list_writable_formats,
    read_foreign,
    write_foreign,
)
from bpmax_sim.traffic.imported import (
    ForeignExchanges,
    NotConvertibleError,
    ReadOptions,
    decode_header_text,
    flatten_header_groups,
    from_base64,
    make_decompressed_response,
    make_foreign_request,
    parse_json,
    require_list,
    undo_content_codings,
)

ADDRESS = "https://crm.example.test"
EARLIEST = 1767196800.0  # 2026-01-01T00:00:00+08:00


def read(kind: str, tree: Any, **options: Any) -> ForeignExchanges:
    return read_foreign(json.dumps(tree).encode(), kind=kind, options=ReadOptions(**options))


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "identity", ""])
@pytest.mark.parametrize("text", ["", "x", "xml", "x=1&合同=2", '{"姓名":"张三"}', "\x78\x00"])
def test_a_text_that_was_unpacked_already_stays_whatever_its_header_says(
    coding: str, text: str
) -> None:
    assert undo_content_codings(text.encode(), (("Content-Encoding", coding),)) == text.encode()


@pytest.mark.parametrize(
    ("times", "instants"),
    [
        (["09:00:02", "09:00:01"], [("1", 1772413201.0), ("0", 1772413202.0)]),
        (["09:00:02", None], [("0", 1772413202.0), ("1", EARLIEST)]),
        ([None, "09:00:01.250"], [("0", EARLIEST), ("1", 1772413201.25)]),
    ],
)
def test_an_exchange_keeps_its_instant_and_has_the_earliest_without_one(
    times: list[str | None], instants: list[tuple[str, float]]
) -> None:
    entries = [
        {
            "request": {"method": "GET", "url": f"{ADDRESS}/{number}"},
            "response": {"status": 200},
            "startedDateTime": time and f"2026-03-02T{time}+08:00",
        }
        for number, time in enumerate(times)
    ]
    found = read("har", {"log": {"entries": entries}}).exchanges

    assert [(one.request.url[-1], one.at) for one in found] == instants


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("张三", "张三"), (b"\xe5\xbc\xa0", "张"), (b"\xe9", "é"), ("a\udce9", "aé"),
        ("\udce5\udcbc\udca0", "张"), ("a\ud83d", "a?"), ("", ""), (b"", ""),
    ],
)  # fmt: skip
def test_a_part_of_a_head_is_utf8_or_latin_1(value: Any, text: str) -> None:
    assert decode_header_text(value) == text
    assert flatten_header_groups({"X": value, "Y": [value, "b"]}) == (
        ("X", text), ("Y", text), ("Y", "b"),
    )  # fmt: skip


def test_a_part_of_a_head_is_no_number() -> None:
    for value in (None, 1, ["a"]):
        with pytest.raises(TypeError, match="where text is expected"):
            decode_header_text(value)
    assert flatten_header_groups(None) == flatten_header_groups({}) == ()


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        (((":status", "200"), ("X-A", "1"), ("x-a", "2")), (("X-A", "1"), ("x-a", "2"))),
        ((("Host", "a"), ("Connection", "close")), (("Host", "a"), ("Connection", "close"))),
        ((("a", b"\xe9"), ("b:", "")), (("a", "é"), ("b:", ""))),
    ],
)  # fmt: skip
def test_a_response_has_every_header_but_those_of_http_2(headers: Any, kept: Pairs) -> None:
    found = make_decompressed_response(204, "", headers, b"", elapsed=1.23456)

    assert (found.headers, found.elapsed, found.source) == (kept, 1.235, "recorded")


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("HTTPS://a.test/客?a=张 b#x", "HTTPS://a.test/%E5%AE%A2?a=%E5%BC%A0%20b"),
        ("http://a.test/%e5%20?b=%2F&c=+", "http://a.test/%e5%20?b=%2F&c=+"),
        ("http://a.test/\ud800", "http://a.test/%ED%A0%80"),
        ("https://客户.test:8/客?a=张", "https://客户.test:8/%E5%AE%A2?a=%E5%BC%A0"),
        ("https://客户.test", "https://客户.test"), ("https://客户.test?客", "https://客户.test?%E5%AE%A2"),
        ("https://客 户.test/a", "https://%E5%AE%A2%20%E6%88%B7.test/a"),
    ],
)  # fmt: skip
def test_an_address_is_encoded_only_where_no_url_may_hold_it(url: str, sent: str) -> None:
    found = make_foreign_request("post", url, (), b"", ["header.x"])

    assert (found.method, found.url, found.body) == ("POST", sent, None)
    assert found.injected == ("header.x",)


def test_what_is_no_address_is_shown_up_to_sixty_signs() -> None:
    with pytest.raises(NotConvertibleError) as told:
        make_foreign_request("GET", "ws://" + "a" * 90, (), None)
    assert str(told.value) == f"'{'ws://' + 'a' * 55}' is not an HTTP address"
    with pytest.raises(TypeError):
        make_foreign_request("GET", ADDRESS, (), None, [1])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("text", "data"), [("55Sy", "甲".encode()), ("55\n Sy\n", "甲".encode()), ("", b"")]
)
def test_base64_may_be_broken_into_lines(text: str, data: bytes) -> None:
    assert from_base64(text) == data


def test_base64_that_is_cut_is_told() -> None:
    with pytest.raises(NotConvertibleError, match="a body is broken base64"):
        from_base64("55S")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"a": 1,\n "b"', "its JSON ends in line 2 before it is complete"),
        (b'{"a": "x', "its JSON ends in line 1 before it is complete"),
        ('"张'.encode()[:-1], "its JSON ends in line 1 before it is complete"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'{"a": 1,\n  x}', "not JSON at line 2 column 3: "),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_read_is_told_with_its_place(data: bytes, told: str) -> None:
    with pytest.raises(CassetteError) as caught:
        parse_json(data, "一份录制")
    assert str(caught.value).startswith("not 一份录制: ")
    assert told in str(caught.value)


@pytest.mark.parametrize("tree", [{}, {"a": {}}, {"a": {"b": {}}}, {"a": [1]}, [], None, 1])
def test_a_list_that_is_not_there_is_told_with_its_keys(tree: Any) -> None:
    with pytest.raises(CassetteError, match=r"^not 甲: it has no list a\.b$"):
        require_list(tree, "a", "b", what="甲")
    assert require_list({"a": {"b": []}}, "a", "b", what="甲") == []


def test_formats_are_listed_by_name_and_each_does_what_it_can() -> None:
    readable, writable = list_readable_formats(), list_writable_formats()

    assert list(readable) == sorted(readable)
    assert list(writable) == sorted(writable)
    assert {"betamax", "cassetter", "har", "hoverfly", "mitmproxy", "postman", "vcrpy"} <= {
        *readable
    }
    assert [*writable] == ["curl", "har", "vcrpy", "wiremock"]
    assert "curl" not in readable
    with pytest.raises(ConfigError, match="format: 'curl' can only be written; there are betamax"):
        read_foreign(b"", kind="curl")
    with pytest.raises(ConfigError, match="format: 'postman' can only be read; there are curl, h"):
        write_foreign([], "postman")


def saved(*codes: int, **more: Any) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": "{{base}}/x"},
        "response": [{"code": code} for code in codes],
        **more,
    }


def postman(item: list[Any], **more: Any) -> ForeignExchanges:
    return read("postman", {"info": {"schema": "v2.1.0"}, "item": item, **more})


BASE = [{"key": "base", "value": ADDRESS}]


def test_each_saved_response_of_a_request_is_an_exchange_with_its_own_request() -> None:
    own = {"method": "DELETE", "url": f"{ADDRESS}/own"}
    item = saved(200, 404)
    item["response"].append({"code": 500, "originalRequest": own})
    found = postman([{"item": [item]}, saved(201)], variable=BASE)

    assert [
        (one.request.method, one.request.url, one.outcome.status)
        for one in found.exchanges
        if isinstance(one.outcome, Response)
    ] == [
        ("GET", f"{ADDRESS}/x", 200), ("GET", f"{ADDRESS}/x", 404),
        ("DELETE", f"{ADDRESS}/own", 500), ("GET", f"{ADDRESS}/x", 201),
    ]  # fmt: skip
    assert found.notes == ()


@pytest.mark.parametrize(
    ("own", "inner", "codes", "left"),
    [
        ([200], [201, 202], [201, 202, 200], 0), ([], [201], [201], 1), ([200], [], [200], 1),
        ([], [], [], 2),
    ],
)  # fmt: skip
def test_a_folder_that_is_a_request_too_has_its_own_responses(
    own: list[int], inner: list[int], codes: list[int], left: int
) -> None:
    found = postman([saved(*own, item=[saved(*inner)]), saved(204)], variable=BASE)

    outcomes = [one.outcome for one in found.exchanges]
    assert [one.status for one in outcomes if isinstance(one, Response)] == [*codes, 204]
    assert [note.partition(" ")[0] for note in found.notes] == ([str(left)] if left else [])


@pytest.mark.parametrize(
    "variables",
    [
        BASE,
        [{"id": "base", "value": ADDRESS}],
        [{"key": "base", "id": "other", "value": ADDRESS}],
        ["x", {"key": "base", "value": "https://"}, {"key": "base", "value": ADDRESS}],
        [{"key": "base", "value": "{{ host }}"}, {"key": "host", "value": ADDRESS}],
        [*BASE, {"key": "base", "value": "https://off.test", "disabled": True}],
    ],
)
def test_a_variable_is_known_by_key_or_id_and_the_last_counts(variables: list[Any]) -> None:
    plain = postman([saved(200)], variable=variables).exchanges
    wrapped = read(
        "postman", {"collection": {"item": [saved(200)], "variable": variables}}
    ).exchanges

    assert [one.request.url for one in (*plain, *wrapped)] == [f"{ADDRESS}/x"] * 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.50", "1.50"), (0, "0"), (12, "12"), (1.5, "1.5"), (2.0, "2"), (True, "true"),
        (False, "false"), (None, ""), ("", ""), ("否", "否"),
    ],
)  # fmt: skip
def test_a_value_of_a_collection_is_what_javascript_would_print(value: Any, text: str) -> None:
    pair = {"key": "含税", "value": value}
    request = {
        "method": "POST",
        "url": {"protocol": "https", "host": "crm.example.test", "path": [{"value": value}, "x"],
                "query": [pair]},
        "header": [{"key": "X-Tax", "value": value}, {"key": "X-Same", "value": "{{含税}}"}],
        "body": {"mode": "formdata", "formdata": [pair]},
    }  # fmt: skip
    found = postman([{"request": request, "response": [{"code": 200}]}], variable=[pair])

    [sent] = [one.request for one in found.exchanges]
    assert sent.url == f"{ADDRESS}/{quote(text)}/x?{quote('含税')}={quote(text)}".replace(
        "//x", "/x"
    )
    assert [*sent.headers[:2]] == [("X-Tax", text), ("X-Same", text)]
    assert sent.body is not None
    assert sent.body.decode().split("\r\n\r\n")[1].partition("\r\n")[0] == text


@pytest.mark.parametrize(("depth", "count"), [(0, 1), (39, 1), (40, 0)])
def test_folders_of_a_collection_are_read_forty_deep(depth: int, count: int) -> None:
    item = saved(200)
    for _ in range(depth):
        item = {"item": [item]}

    assert len(postman([item], variable=BASE).exchanges) == count


@pytest.mark.parametrize(
    ("code", "note"), [(200, None), ("200", True), (None, True), (200.0, True)]
)
def test_a_saved_response_has_a_number_for_a_status(code: Any, note: Any) -> None:
    item = {"request": f"{ADDRESS}/x", "response": [{"code": code}]}

    told = ["exchange 1: its saved response has no status code"] if note else []
    assert list(postman([item]).notes) == told


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def archive_of(path: str, file: str = "a.bin") -> bytes:
    entry = {
        "request": {"method": "GET", "url": f"{ADDRESS}{path}"},
        "response": {"status": 200, "content": {"_file": file, "size": -1}},
    }
    return json.dumps({"log": {"entries": [entry]}}).encode()


def test_of_several_archives_in_a_zip_the_first_by_name_is_read_with_its_files() -> None:
    data = zipped({
        **{f"{name}.har": archive_of(f"/{name}") for name in "hgbacdef"},
        "a.bin": b"\xff\x00", "z.txt": b"",
    })  # fmt: skip
    [found] = read_foreign(data).exchanges
    missing = read_foreign(zipped({"a.har": archive_of("/a", "weg.bin")}))

    assert isinstance(found.outcome, Response)
    assert (found.request.url, found.outcome.body) == (f"{ADDRESS}/a", b"\xff\x00")
    assert missing.notes == (
        "exchange 1: its body is in the file 'weg.bin', which is missing next to the archive",
    )


@pytest.mark.parametrize("folder", ["", "导出/", "导出/内/"])
def test_an_archive_that_was_packed_again_is_read_with_the_files_of_its_folder(folder: str) -> None:
    data = zipped({
        f"{folder}a.bin": b"\xff", "a.bin" if folder else "导出/a.bin": b"\x00",
        f"__MACOSX/{folder}._a.har": b"\x00\x05\x16\x07", f"{folder}a.har": archive_of("/a"),
        f"{folder}.har": b"",
    })  # fmt: skip

    [found] = read_foreign(data).exchanges
    assert isinstance(found.outcome, Response)
    assert (found.request.url, found.outcome.body) == (f"{ADDRESS}/a", b"\xff")


@pytest.mark.parametrize(("size", "is_read"), [(-1, False), (0, True), (1, True)])
def test_all_files_of_a_zip_together_may_be_so_large(
    size: int, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    har = archive_of("/a")
    monkeypatch.setattr(har_module, "_MOST", len(har) + 4 + size)
    data = zipped({"a.har": har, "a.bin": b"ab", "b.bin": b"cd"})

    if is_read:
        assert len(read_foreign(data).exchanges) == 1
    else:
        with pytest.raises(CassetteError, match=rf"larger than {len(har) + 3} bytes"):
            read_foreign(data)


def test_a_zip_without_an_archive_and_a_damaged_one_are_refused() -> None:
    with pytest.raises(CassetteError, match=r"it contains no \.har file"):
        read_foreign(zipped({"har": b"", "a.har.txt": b""}))
    with pytest.raises(CassetteError, match=r"^not an HTTP Archive: "):
        read_foreign(zipped({"a.har": b"{}"})[:-30])


@pytest.mark.parametrize("at", [6, 8, 40], ids=["locked", "method", "data"])
def test_a_zip_that_cannot_be_unpacked_is_refused(at: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.har", archive_of("/a") * 9)
    data = bytearray(out.getvalue())
    for start in (at, data.find(b"PK\x01\x02") + at + 2) if at < 10 else (at,):
        data[start] = 1 if at == 6 else 0xFF

    with pytest.raises(CassetteError, match=r"^not an HTTP Archive: "):
        read_foreign(bytes(data))


def exchange(number: int, path: str = "/x", **more: Any) -> Exchange:
    request = Request(method="POST", url=f"{ADDRESS}{path}", **more)
    return Exchange(request=request, outcome=Response(status=200 + number), order=number)


def mappings(*exchanges: Exchange) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(write_foreign(exchanges, "wiremock")[0])["mappings"]
    return found


def test_equal_requests_answer_one_after_the_other_and_the_last_again() -> None:
    found = mappings(*(exchange(n) for n in (1, 2, 3)), exchange(4, "/y"), exchange(5, body=b"a"))

    keys = ("scenarioName", "requiredScenarioState", "newScenarioState")
    assert [tuple(one.get(key) for key in keys) for one in found] == [
        ("POST /x", "Started", "played 1"), ("POST /x", "played 1", "played 2"),
        ("POST /x", "played 2", None), (None, None, None), (None, None, None),
    ]  # fmt: skip


def test_requests_that_differ_in_their_body_have_states_of_their_own() -> None:
    found = mappings(*(exchange(n, body=b"ab"[n % 2 :][:1]) for n in (1, 2, 3, 4)), exchange(5))
    states = [(one.get("scenarioName"), one.get("requiredScenarioState")) for one in found]

    assert states == [
        ("POST /x", "Started"), ("POST /x (2)", "Started"), ("POST /x", "played 1"),
        ("POST /x (2)", "played 1"), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "media", "pattern"),
    [
        (None, "", None), (b"", "application/json", None),
        (b"{}", "application/json", {"equalToJson": "{}"}),
        (b"{}", "Application/JSON; charset=utf-8", {"equalToJson": "{}"}),
        (b"0", "application/json", {"equalToJson": "0"}),
        (b"{half", "application/json", {"equalTo": "{half"}),
        ("姓名=张三".encode(), "application/json", {"equalTo": "姓名=张三"}),
        (b"{}", "application/problem+json", {"equalTo": "{}"}), (b"a", "", {"equalTo": "a"}),
        (b"\xff", "application/json", {"binaryEqualTo": "/w=="}),
    ],
)  # fmt: skip
def test_a_mapping_asks_for_the_body_that_was_sent(
    body: bytes | None, media: str, pattern: Any
) -> None:
    headers = (("Content-Type", media),) if media else ()
    [found] = mappings(exchange(1, body=body, headers=headers))

    assert found["request"].get("bodyPatterns") == (None if pattern is None else [pattern])
    rule = {"Content-Type": {"equalTo": media, "caseInsensitive": True}} if media else None
    assert found["request"].get("headers") == rule


def test_a_mapping_asks_for_the_headers_of_the_call_else_for_those_that_no_client_adds() -> None:
    headers = (
        ("Authorization", "x"), ("X-A", "1"), ("x-b", "2"), ("X-A", "3"), ("ACCEPT", "*/*"),
        ("Cookie", "a=1"),
    )  # fmt: skip
    call = Call(
        platform="crm", instance="test", api="x", method="POST", path="/x",
        headers=(("Accept", "a/b"), ("X-A", "1")),
    )  # fmt: skip
    plain, called = mappings(exchange(1, headers=headers), exchange(2, headers=headers, call=call))

    assert plain["request"]["headers"] == {"X-A": {"equalTo": "1"}, "x-b": {"equalTo": "2"}}
    assert called["request"]["headers"] == {"Accept": {"equalTo": "a/b"}, "X-A": {"equalTo": "1"}}


@pytest.mark.parametrize(
    ("outcome", "response"),
    [
        (
            Response(status=201, reason="Created", headers=(("A", "1"), ("b", "2"), ("A", "3"))),
            {"status": 201, "headers": {"A": ["1", "3"], "b": "2"}, "statusMessage": "Created",
             "body": ""},
        ),
        (
            Response(status=200, body=b"\xff", elapsed=0.0126),
            {"status": 200, "headers": {}, "base64Body": "/w==", "fixedDelayMilliseconds": 13},
        ),
        (
            FailedExchange(code="RESET", message="", elapsed=1.5),
            {"fault": "CONNECTION_RESET_BY_PEER", "fixedDelayMilliseconds": 1500},
        ),
    ],
)  # fmt: skip
def test_a_mapping_answers_what_came(outcome: Any, response: dict[str, Any]) -> None:
    request = Request(method="GET", url=f"{ADDRESS}:8443?a=1&b")
    [found] = mappings(Exchange(request=request, outcome=outcome))

    assert found["response"] == response
    assert found["request"] == {"method": "GET", "url": "/?a=1&b"}
    assert found["metadata"] == {"bpmax_sim": {"address": f"{ADDRESS}:8443", "injected": []}}


@pytest.mark.parametrize(
    ("time", "elapsed"), [(-1, 0.0), (None, 0.0), (0, 0.0), (1.4, 0.001), (1500, 1.5)]
)
def test_a_failure_took_the_time_that_was_noted_and_never_less_than_none(
    time: float | None, elapsed: float
) -> None:
    entry = {
        "request": {"method": "GET", "url": f"{ADDRESS}/x"},
        "response": {"status": 0, "_error": "net::ERR_TIMED_OUT"},
        "time": time,
    }
    [found] = read("har", {"log": {"entries": [entry]}}).exchanges

    failed = FailedExchange(code="TIMEOUT", message="net::ERR_TIMED_OUT", elapsed=elapsed)
    assert found.outcome == failed
