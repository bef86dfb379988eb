"""What a draft takes from its traffic, under which key, and which files it looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import LeakError, Place, Problem
from bpmax_sim.messages import Exchange, FailedExchange, Pairs, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.starter.project_draft import (
    _choose_platform_key,
    _DraftFiles,
    _format_shanghai_time,
    _group_by_platform,
    _is_page_resource,
    _move_address_to_origin,
    _name_file_of_project,
    _read_all_files,
    _refuse_leaks,
    _select_calls,
)
from bpmax_sim.traffic.imported import ForeignExchanges

CRM = "https://crm.huayuan.cn"


def exchange(method: str, url: str, kind: str = "", *, headers: Pairs = ()) -> Exchange:
    """Return an exchange whose response has the content type *kind*; "-" for none at all."""
    response = Response(
        status=200, reason="", headers=(("content-type", kind),) if kind else (), body=b"",
        elapsed=0.1,
    )  # fmt: skip
    failure = FailedExchange(code="TIMEOUT", message="", elapsed=1.0, sent=True)
    return Exchange(
        request=Request(method=method, url=url, headers=headers),
        outcome=failure if kind == "-" else response, key="", owner="", at=0.0,
    )  # fmt: skip


PAGES = (
    "text/html", "text/css", "text/javascript", "Text/EcmaScript; charset=utf-8",
    "application/javascript", "application/x-javascript", "application/ecmascript",
    "application/x-ecmascript", "application/font-woff2", "application/x-font-ttf",
    "application/wasm", "image/svg+xml", "font/woff", "video/mp4", "audio/ogg",
    "application/octet-stream", "application/pdf", "application/zip", "application/manifest+json",
)  # fmt: skip
CALLS = (
    "", "-", "application/json", "text/plain", "text/html5", "application/xml", "text/xml",
    "application/zipped", "application/x-zip", "application/pdf+json", "images/png",
    "multipart/form-data", "application/wasm2", "application/manifest",
)  # fmt: skip


def test_parts_of_a_page_are_known_by_their_kind_or_the_name_of_an_icon() -> None:
    asked = {kind: exchange("GET", f"{CRM}/a", kind) for kind in (*PAGES, *CALLS)}
    urls = (
        "/favicon.ico",
        "/a/favicon.ico?v=1",
        "/favicon.ico/a",
        "/a?b=/favicon.ico",
        "/favicon.icon",
    )

    assert [kind for kind, one in asked.items() if _is_page_resource(one)] == [*PAGES]
    assert [url for url in urls if _is_page_resource(exchange("GET", CRM + url))] == [*urls[:2]]
    for method in ("POST", "HEAD", "PUT", "get"):
        assert not _is_page_resource(exchange(method, f"{CRM}/favicon.ico", "text/html"))


@pytest.mark.parametrize(
    ("pages", "preflights", "notes"),
    [
        (0, 0, []),
        (1, 0, ["1 page, style, script, image or file is left out"]),
        (0, 1, ["1 preflight request (OPTIONS) is left out"]),
        (2, 3, ["2 pages, styles, scripts, images and files are left out",
                "3 preflight requests (OPTIONS) are left out"]),
    ],
)  # fmt: skip
def test_the_notes_of_a_file_come_before_what_is_left_out(
    pages: int, preflights: int, notes: list[str]
) -> None:
    calls = [exchange("GET", f"{CRM}/a", "application/json"), exchange("HEAD", f"{CRM}/b", "-")]
    whole = [
        calls[0],
        *[exchange("GET", f"{CRM}/p", "image/png")] * pages,
        *[exchange("OPTIONS", f"{CRM}/a", "text/html")] * preflights,
        calls[1],
    ]

    assert _select_calls(ForeignExchanges(tuple(whole), ("甲", "乙"))) == (
        calls,
        ["甲", "乙", *notes],
    )


def test_an_address_is_replaced_by_its_host_with_one_slash_between() -> None:
    moved = [
        _move_address_to_origin(exchange("GET", url), address, CRM).request.url
        for url, address in (
            (f"{CRM}/api/v1/a?b=/api", f"{CRM}/api"),
            (f"{CRM}/api/v1/a", f"{CRM}/api/"),
            (f"{CRM}/a", "https://crm.example.cn"),
        )
    ]

    assert moved == [f"{CRM}/v1/a?b=/api", f"{CRM}/v1/a", f"{CRM}/{CRM}/a"]


def test_hosts_that_share_a_token_are_one_platform_led_by_the_most_used() -> None:
    token: Pairs = (("authorization", "Bearer tk_9f8e7d6c5b4a39281706f5e4d3c2b1a0"),)
    hosts = [f"https://{name}.huayuan.cn" for name in "cdba"]
    calls = [
        exchange("GET", f"{hosts[at]}/{number}", headers=token if at != 1 else ())
        for number, at in enumerate((0, 1, 2, 3, 2, 3, 1))
    ]

    found = [
        (origins, [one.request.url[-1] for one in own])
        for origins, own in _group_by_platform(calls)
    ]
    assert found == [
        ([hosts[3], hosts[2], hosts[0]], ["0", "2", "3", "4", "5"]),
        ([hosts[1]], ["1", "6"]),
    ]


INSTANCE = "- platform: {0}\n  instance_key: {1}\n  base_url: {{env: {2}}}\n"


@pytest.mark.parametrize(
    ("environ", "origin", "taken", "key"),
    [
        ({}, "https://new.huayuan.cn", set(), "new"),
        ({}, "https://new.huayuan.cn", {"new"}, "new_2"),
        ({}, "https://new.huayuan.cn", {"new", "new_2"}, "new_3"),
        ({}, "https://declared.example.test", {"declared"}, "erp"),
        ({}, CRM, set(), "crm"),  # its address is not told
        ({}, CRM, {"crm"}, "crm_2"),
        ({"CRM_URL": f"{CRM}/api"}, CRM, {"crm"}, "crm"),
        ({"CRM_URL": "https://other.cn"}, CRM, set(), "crm"),  # that of another instance is not
        ({"CRM_URL": "https://other.cn", "TEST_URL": "https://test.cn"}, CRM, set(), "crm_2"),
        ({"CRM_URL": "https://other.cn", "TEST_URL": f"{CRM}:443/v2"}, CRM, set(), "crm"),
        ({}, "https://oa.huayuan.cn", set(), "oa"),  # OA_URL by convention
        ({"OA_URL": "https://other.cn"}, "https://oa.huayuan.cn", set(), "oa_2"),
    ],
)  # fmt: skip
def test_a_host_is_the_platform_that_is_or_may_be_there(
    tmp_path: Path, environ: dict[str, str], origin: str, taken: set[str], key: str
) -> None:
    (tmp_path / "platforms").mkdir()
    for name, address in (
        ("crm", "https://crm.example.test"),
        ("erp", "https://declared.example.test/v1"),
        ("oa", "https://oa.example.test"),
    ):
        text = f"platform_key: {name}\nbase_url: {address}\napis: {{}}\n"
        (tmp_path / f"platforms/{name}.yaml").write_text(text, "utf-8")
    instances = INSTANCE.format("crm", "prod", "CRM_URL") + INSTANCE.format("crm", "t", "TEST_URL")
    (tmp_path / "instances.yaml").write_text(f"{instances}  default: true\n", "utf-8")
    known = load_platforms(tmp_path / "platforms")

    assert _choose_platform_key(origin, known, environ, taken) == key


def test_files_of_a_project_are_those_that_are_kept(tmp_path: Path) -> None:
    for name in (
        "b.yaml", ".gitignore", "a/.bpmax/usage.json", "a/x.yaml.journal", "a/x.journal.yaml",
        "a/bpmax/c.js", ".bpmax/a",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    files = _DraftFiles("甲", {"b.yaml": "b.yaml", "无.js": ""})

    assert [*_read_all_files(tmp_path).items()] == [
        (name, name.encode())
        for name in (".gitignore", "a/bpmax/c.js", "a/x.journal.yaml", "b.yaml")
    ]
    assert files.paths == ("b.yaml", "无.js")
    assert files.has_same_texts_in(tmp_path)
    assert not _DraftFiles("甲", {"b.yaml": "b.yaml", "无.js": "1"}).has_same_texts_in(tmp_path)
    assert _format_shanghai_time(1_798_734_605.9) == "2027-01-01T00:30:05+08:00"


def test_a_problem_names_the_file_of_the_project_not_that_of_its_copy(tmp_path: Path) -> None:
    copy, project = tmp_path / "copy", tmp_path / "项目"
    outside = Problem("甲", Place(str(tmp_path / "copy2/a.yaml"), 3, 4))

    assert _name_file_of_project(Problem("甲"), copy, project) == Problem("甲")
    assert _name_file_of_project(outside, copy, project) == outside
    assert _name_file_of_project(
        Problem("甲", Place(str(copy / "b/a.yaml"), 3, 4)), copy, project
    ) == Problem("甲", Place(str(project / "b/a.yaml"), 3, 4))


def test_each_file_that_holds_a_secret_is_named() -> None:
    vault = Vault()
    vault.add("s3cret-value-1", "redacted.a.1", name="token")
    files = {"a.js": b"s3cret-value-1", "b.yaml": b"none", "c.yaml": b"x: s3cret-value-1"}

    _refuse_leaks({"b.yaml": b"none"}, vault)
    with pytest.raises(LeakError) as refused:
        _refuse_leaks(files, vault)
    assert str(refused.value) == "not written, a secret was found in a.js, c.yaml"
