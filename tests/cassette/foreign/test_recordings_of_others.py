"""Recordings of other tools: read from files, admitted one by one, written beside our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.errors import CassetteError, LeakError
from bpmax_sim.messages import Call, Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.traffic import import_recording
from bpmax_sim.traffic.curl import format_curl_command, format_event_as_curl, write_curl
from bpmax_sim.traffic.import_recording import (
    count_recorded_exchanges,
    is_foreign_recording,
    prepare_import,
    read_file,
    register_all_credentials,
    render_exchanges,
    write_recording,
)
from bpmax_sim.traffic.imported import ForeignExchanges
from bpmax_sim.traffic.known_keys import find_unknown_keys

CRM = "https://crm.example.test"
RULES = MatchingRules()
TOKEN = "k9-unser-eigenes-token-0x1"
PLATFORM = """
platform_key: crm
title: t
base_url: https://crm.example.test
credentials: {user: {secret: false}, password: {secret: true}}
auth:
  acquire:
    steps:
      - request:
          path: /login
          body: {user: "{{ user }}", password: "{{ password }}"}
        extract: {token: {path: $.token, secret: true}}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
apis:
  stock: {path: /stock}
  order: {path: "/orders/{id}"}
"""


def exchange(
    path: str,
    order: int = 1,
    *,
    headers: Pairs = (),
    body: bytes | None = None,
    answer: Any = None,
    base: str = CRM,
) -> Exchange:
    return Exchange(
        request=Request(
            method="GET" if body is None else "POST",
            url=f"{base}{path}",
            headers=headers,
            body=body,
        ),
        outcome=Response(status=200, body=json.dumps({} if answer is None else answer).encode()),
        order=order,
    )


@pytest.fixture(name="folder")
def folder_of(tmp_path: Path) -> Path:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    return tmp_path


def admitted(folder: Path, *exchanges: Exchange, **options: Any) -> ForeignExchanges:
    known = {"rules": RULES, "owner": "导入", **options}
    vault = known.pop("vault", Vault())
    return prepare_import(
        ForeignExchanges(exchanges, ("一条说明",)),
        load_platforms(folder / "platforms"),
        vault,
        **known,
    )


def read_all(found: ForeignExchanges) -> str:
    """Return all addresses, headers and bodies."""
    return "\n".join(
        f"{one.request.url} {one.request.headers} {one.request.body!r} {one.outcome.body!r}"
        for one in found.exchanges
        if isinstance(one.outcome, Response)
    )


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("正文.json", True),
        ("./正文.json", False),
        ("../外面.json", False),
        ("里面/正文.json", False),
        ("连接.json", False),
        ("无此.json", False),
        ("里面", False),
        ("大.json", False),
    ],
)
def test_a_body_is_read_from_a_plain_file_of_the_archives_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, is_read: bool
) -> None:
    monkeypatch.setattr(import_recording, "_LARGEST", 2_000)
    own = tmp_path / "归档"
    (own / "里面").mkdir(parents=True)
    for path in ("归档/正文.json", "归档/里面/正文.json", "外面.json"):
        (tmp_path / path).write_bytes(b'{"a":1}'.ljust(2_000))
    (own / "大.json").write_bytes(b"1".ljust(2_001))
    (own / "连接.json").symlink_to(own / "正文.json")
    entry = {
        "startedDateTime": "2026-03-02T01:00:00Z",
        "request": {"method": "GET", "url": f"{CRM}/a", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"_file": name}},
    }
    (own / "a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), "utf-8")

    found = read_file(own / "a.har")

    assert (found.path, found.kind) == (own / "a.har", "har")
    bodies = [one.outcome.body for one in found.imported.exchanges if type(one.outcome) is Response]
    assert bodies == ([b'{"a":1}'.ljust(2_000)] if is_read else [])
    assert len(found.imported.notes) == (0 if is_read else 1)


@pytest.mark.parametrize(("size", "is_read"), [(500, True), (501, False)])
def test_a_recording_may_be_as_large_as_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, *, is_read: bool
) -> None:
    monkeypatch.setattr(import_recording, "_LARGEST", 500)
    path = tmp_path / "录.yaml"
    path.write_bytes(b"interactions: []\nversion: 1\n".ljust(size, b"\n"))

    if is_read:
        assert read_file(path).kind == "vcrpy"
    else:
        with pytest.raises(CassetteError, match=r"录.yaml: larger than 0 MB; split it$"):
            read_file(path)


def test_what_cannot_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no recording", "utf-8")

    with pytest.raises(CassetteError, match=r"无此.har: cannot be read \(No such file"):
        read_file(tmp_path / "无此.har")
    with pytest.raises(CassetteError, match=r"a.txt: "):
        read_file(tmp_path / "a.txt")
    with pytest.raises(CassetteError, match=r"a.txt: "):
        read_file(tmp_path / "a.txt", kind="har")


@pytest.mark.parametrize(("address", "url"), [("", "http://localhost:8080/a"), (CRM, f"{CRM}/a")])
def test_mappings_get_the_address_that_is_given(tmp_path: Path, address: str, url: str) -> None:
    mapping = {"request": {"method": "GET", "url": "/a"}, "response": {"status": 200, "body": "1"}}
    path = tmp_path / "m.json"
    path.write_text(json.dumps(mapping), "utf-8")

    [one] = read_file(path, kind="wiremock", address=address).imported.exchanges

    assert one.request.url == url


def test_logins_are_left_out_and_what_they_tell_is_hidden(folder: Path) -> None:
    login = json.dumps({"user": "lisi", "password": "geheim-kennwort"}).encode()
    sent = (("Authorization", f"Bearer {TOKEN}"),)
    found = admitted(
        folder,
        exchange("/stock", 3, headers=sent),
        exchange("/login", 5, body=login, answer={"token": TOKEN}),
        exchange(f"/orders/7?von={TOKEN}", 7, headers=sent, answer={"kw": "geheim-kennwort"}),
        exchange("/x", 9, base="https://fremd.example.test"),
    )

    assert found.notes[:2] == (
        "一条说明", "exchange 5: a login of crm, which replay synthesises",
    )  # fmt: skip
    names = [one.request.call.api if one.request.call else None for one in found.exchanges]
    assert names == ["stock", "order", None]
    assert [(one.order, one.owner) for one in found.exchanges] == [
        (1, "导入"), (2, "导入"), (3, "导入"),
    ]  # fmt: skip
    assert len({one.key for one in found.exchanges}) == 3
    texts = read_all(found)
    assert TOKEN not in texts
    assert "geheim-kennwort" not in texts


@pytest.mark.parametrize(
    ("redact", "is_hidden"), [((), False), (("body.phone",), True), (("body.name",), False)]
)
def test_personal_data_is_hidden_at_the_places_that_are_named(
    folder: Path, redact: tuple[str, ...], *, is_hidden: bool
) -> None:
    found = admitted(folder, exchange("/stock", answer={"phone": "13800138000"}), redact=redact)

    assert ("13800138000" not in read_all(found)) is is_hidden


@pytest.mark.parametrize(
    ("places", "is_hidden"), [((), True), (("body.api_key",), False), (("body.other",), True)]
)
def test_a_value_with_the_name_of_a_secret_is_hidden_unless_it_is_none(
    folder: Path, places: tuple[str, ...], *, is_hidden: bool
) -> None:
    asked: list[str] = []

    def not_secret(request: Request) -> tuple[str, ...]:
        asked.append(request.url)
        return places

    value = "q8Zr5Tn2Wx7Lk4Mv"
    found = admitted(
        folder,
        exchange("/stock", answer={"api_key": value}),
        not_secret_places=not_secret,
    )

    assert (value not in read_all(found)) is is_hidden
    assert asked
    assert any("api_key" in note for note in found.notes) is is_hidden


@pytest.mark.parametrize(
    ("path", "api", "query"), [("/stock?a=1", "stock", (("a", "1"),)), ("/无此?a=1", None, ())]
)
def test_what_was_asked_at_an_instance_stands_at_the_declared_address(
    folder: Path, path: str, api: str | None, query: Pairs
) -> None:
    found = admitted(
        folder,
        exchange(path, base="http://127.0.0.1:8080/x"),
        addresses={("crm", "default", ""): "http://127.0.0.1:8080/x"},
    )

    [one] = found.exchanges
    assert one.request.url == f"{CRM}{path}"
    assert (one.request.call.api if one.request.call else None) == api
    assert (one.request.call.query if one.request.call else ()) == query


def test_an_address_of_two_platforms_is_told(folder: Path) -> None:
    other = PLATFORM.replace("platform_key: crm", "platform_key: erp")
    (folder / "platforms/erp.yaml").write_text(other, "utf-8")

    found = admitted(folder, exchange("/stock", 4), exchange("/无此", 5))

    assert found.notes == (
        "一条说明",
        "exchange 4: declared at this address by erp as well; taken for crm",
    )


@pytest.mark.parametrize(
    ("text", "is_there", "counts"),
    [
        (None, False, 0),
        ("interactions: []\nversion: 1\n", True, None),
        ("- 1\n", True, None),
    ],
)
def test_a_recording_of_another_tool_is_told_from_none(
    tmp_path: Path, text: str | None, counts: int | None, *, is_there: bool
) -> None:
    path = tmp_path / "a.yaml"
    if text is not None:
        path.write_text(text, "utf-8")

    assert is_foreign_recording(path) is is_there
    if counts is not None:
        assert count_recorded_exchanges(path, "甲") == counts
    else:
        with pytest.raises(CassetteError):
            count_recorded_exchanges(path, "甲")


def test_a_damaged_cassette_and_a_folder_are_no_recording_of_another_tool(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    drafts = render_exchanges([exchange("/stock", 1)], RULES, Vault())
    write_recording(path, "甲", drafts)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.yaml").mkdir()

    for name in ("a.yaml", "b.yaml"):
        with pytest.raises((CassetteError, OSError)):
            is_foreign_recording(tmp_path / name)
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_a_recording_replaces_that_of_its_owner_and_of_another_tool(tmp_path: Path) -> None:
    path = tmp_path / "里/a.yaml"

    def owned(owner: str, count: int) -> Any:
        names = ("/stock", "/orders/1", "/orders/2")[:count]
        made = [replace(exchange(name, n), owner=owner) for n, name in enumerate(names, 1)]
        return render_exchanges(made, RULES, Vault())

    def counts() -> list[int]:
        return [count_recorded_exchanges(path, owner) for owner in ("甲", "乙", "丙")]

    seen = []
    for owner, count in (("甲", 3), ("甲", 3), ("乙", 1), ("甲", 2)):
        seen.append((write_recording(path, owner, owned(owner, count)), counts()))
    assert seen == [
        (True, [3, 0, 0]), (False, [3, 0, 0]), (True, [3, 1, 0]), (True, [2, 1, 0]),
    ]  # fmt: skip

    path.write_text("interactions: []\nversion: 1\n", "utf-8")
    assert write_recording(path, "丙", owned("丙", 3)) is True
    assert counts() == [0, 0, 3]
    assert [one.request.url for one in Cassette.load(path).exchanges()] == [
        f"{CRM}{name}" for name in ("/stock", "/orders/1", "/orders/2")
    ]


def test_a_recording_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "文件").write_text("", "utf-8")

    with pytest.raises(CassetteError, match=r"文件/a.yaml: not written"):
        write_recording(tmp_path / "文件/a.yaml", "甲", ())


def test_an_exchange_that_holds_a_secret_is_not_rendered(tmp_path: Path) -> None:
    vault = Vault()
    vault.add(TOKEN, "redacted.crm.default.token.1", name="crm.default.token")
    clean = exchange("/stock", 1)
    leaking = [exchange(f"/{name}?k={TOKEN}", 2) for name in ("a", "b", "a")]

    assert [one.issue for one in render_exchanges([clean] * 3, RULES, vault)] == [
        (1, 0), (2, 0), (3, 0),
    ]  # fmt: skip
    with pytest.raises(LeakError, match="not written, a secret was found in ") as found:
        render_exchanges([clean, *leaking], RULES, vault)
    assert TOKEN not in str(found.value)


INSTANCES = """
- {platform: crm, instance_key: one, credentials: {user: {env: U1}, password: {env: P1}}}
- {platform: crm, instance_key: two, credentials: {user: {env: U2}, password: {env: P2}}}
- {platform: crm, instance_key: three, credentials: {user: {env: U3}, password: {env: P3}}}
- {platform: crm, instance_key: 四, enabled: false, credentials: {password: {env: P4}}}
"""


def test_the_credentials_of_all_instances_are_registered_and_what_lacks_is_named(
    folder: Path,
) -> None:
    (folder / "instances.yaml").write_text(INSTANCES, "utf-8")
    known = load_platforms(folder / "platforms", instances=folder / "instances.yaml")
    vault = Vault()
    environ = {
        "U1": "nutzer-eins", "P1": "kennwort-eins", "U2": "nutzer-zwei", "U3": "nutzer-drei",
        "P3": "kennwort-drei", "P4": "kennwort-vier",
    }  # fmt: skip

    assert register_all_credentials(known, environ, vault) == ["crm.two"]

    assert vault.redact_text("a kennwort-eins b") == "a redacted.crm.one.password.1 b"
    assert vault.redact_text("kennwort-drei") == "redacted.crm.three.password.1"
    assert vault.redact_text("kennwort-vier") == "kennwort-vier"


@pytest.mark.parametrize(
    ("item", "unknown"),
    [
        ({}, []),
        ({"a": 1, "b": {"c": 2}}, []),
        ({"x": 1}, ["x"]),
        ({"_x": 1}, []),
        ({"b": {"_y": 1, "y": 2, "c": {"z": 3}}, "x": 1}, ["b.y", "x"]),
        ({"a": {"free": {"x": 1}}}, []),
        ({"b": [1], "d": None}, []),
        ({"d": {"e": {"f": 1, "g": 2}, "h": 3}}, ["d.e.g", "d.h"]),
        ({1: 2, "b": 3}, ["1"]),
        ([{"x": 1}], []),
        (None, []),
        ("x", []),
    ],
)
def test_a_key_is_unknown_at_its_own_level(item: Any, unknown: list[str]) -> None:
    known: dict[str, Any] = {"a": None, "b": {"c": None}, "d": {"e": {"f": None}}}

    assert list(find_unknown_keys(item, known)) == unknown
    assert list(find_unknown_keys(item, known, "log.")) == [f"log.{name}" for name in unknown]


@pytest.mark.parametrize(
    ("call", "outcome", "comment"),
    [
        (None, Response(status=200, reason="OK"), "# 3 -> HTTP 200 OK"),
        (None, Response(status=204), "# 3 -> HTTP 204"),
        (("crm", "stock"), Response(status=500, reason="出错"), "# 3 crm.stock -> HTTP 500 出错"),
        (("", ""), Response(status=200), "# 3 -> HTTP 200"),
        (None, Response(status=200, reason="a\r\nb\x7f"), "# 3 -> HTTP 200 a  b"),
        (
            ("crm", "stock"),
            FailedExchange(code="RESET", message="gone"),
            "# 3 crm.stock -> RESET gone",
        ),
    ],
)
def test_a_line_above_a_command_says_what_was_called_and_what_came(
    call: tuple[str, str] | None, outcome: Any, comment: str
) -> None:
    made = call and Call(
        platform=call[0], instance="default", api=call[1], method="GET", path="/stock"
    )
    request = Request(method="GET", url=f"{CRM}/stock", call=made or None)

    data, notes = write_curl([Exchange(request=request, outcome=outcome, order=3)])

    lines = data.decode().splitlines()
    assert (lines[0], lines[2].rstrip(), notes) == ("#!/bin/sh", comment, ())
    assert lines[3] == format_curl_command(request)


@pytest.mark.parametrize(
    ("event", "command"),
    [
        ({"method": "GET", "url": f"{CRM}/a"}, f"--request GET {CRM}/a"),
        ({"url": f"{CRM}/a"}, f"--request GET {CRM}/a"),
        ({"method": "", "url": f"{CRM}/a"}, f"--request GET {CRM}/a"),
        ({"method": None, "url": f"{CRM}/a"}, f"--request GET {CRM}/a"),
        ({"method": "HEAD", "url": f"{CRM}/a"}, f"--head {CRM}/a"),
        ({"method": "DELETE"}, "--request DELETE ''"),
        (
            {"url": "u", "header": {"X-N": 7, "X-E": ""}},
            "--request GET u --header 'x-n: 7' --header 'x-e;'",
        ),
        (
            {"url": "u", "body": "客户"},
            "--request GET u --header Content-Type: --data-binary '客户'",
        ),
        ({"url": "u", "body": ""}, "--request GET u --header Content-Type: --data-binary ''"),
        (
            {"url": "u", "body": {"b": 1, "a": [None, True]}, "header": {"Content-Type": "x/y"}},
            ("--request GET u --header 'content-type: x/y'"
            """ --data-binary '{"b":1,"a":[null,true]}'"""),
        ),
        ({"url": "u", "body": 0}, "--request GET u --header Content-Type: --data-binary 0"),
        ({"url": "u", "body": False}, "--request GET u --header Content-Type: --data-binary false"),
        ({"url": "u", "body": []}, "--request GET u --header Content-Type: --data-binary '[]'"),
        *(
            (
                {"url": "u", "body": body, "header": {"CONTENT-TYPE": kind}},
                f"--request GET u --header 'content-type: {kind}' --data-binary {sent}",
            )
            for kind, body, sent in (
                ("application/x-www-form-urlencoded", {"a": "1 2", "b": ["x", "y", "&"]},
                 "'a=1+2&b=x&b=y&b=%26'"),
                ("application/x-www-form-urlencoded; charset=UTF-8", {"a": 7}, "a=7"),
                ("application/x-www-form-urlencoded", {"a": []}, "''"),
                ("application/x-www-form-urlencoded", "a=1", "a=1"),
                ("application/x-www-form-urlencoded", [1], "'[1]'"),
                ("application/json", {"a": "1"}, """'{"a":"1"}'"""),
            )
        ),
    ],
)  # fmt: skip
def test_a_call_of_a_trace_is_a_command(event: dict[str, Any], command: str) -> None:
    made = format_event_as_curl(event).replace(" \\\n ", "")

    assert made == f"curl --silent --show-error --globoff --path-as-is {command}"
