"""Which exchanges become calls, under which platform, name and time, and what a project keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.live.capture import render_capture_lines
from bpmax_sim.messages import LOGIN, Call, Request
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.starter.init import (
    AUTHS,
    NewProject,
    answer_sample_request,
    append_missing_lines,
    plan_files,
)
from bpmax_sim.starter.project_draft import ProjectDraft, draft_project, write_draft
from bpmax_sim.starter.traffic_sources import read_sources
from bpmax_sim.yamlfile import read_yaml
from tests.live.traffic import BEARER, CRM, TOKEN, Entry, entry, good, write_archive


def drafted(
    folder: Path,
    *entries: Entry,
    name: str = "crm.har",
    environ: Mapping[str, str] | None = None,
    documents: tuple[Path, ...] = (),
) -> ProjectDraft:
    archives = [write_archive(folder.parent / name, entries)] if entries else []
    draft = draft_project(folder, read_sources([*documents, *archives]), environ or {})
    write_draft(draft, folder)
    return draft


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


def apis(folder: Path, key: str) -> list[str]:
    return [*load_platforms(folder / "scenarios/platforms").platform(key).apis]


CALL = entry("GET", f"{CRM}/api/ping", good({}))


def test_parts_of_pages_and_preflights_are_no_calls(project: Path) -> None:
    kinds = [
        "text/html", "TEXT/CSS; charset=utf-8", "text/javascript", "application/javascript",
        "application/x-javascript", "application/font-woff2", "font/woff2", "image/svg+xml",
        "video/mp4", "audio/ogg", "application/octet-stream", "application/pdf", "application/zip",
        "application/manifest+json", "application/wasm",
    ]  # fmt: skip
    pages = [entry("GET", f"{CRM}/p/{n}", "x", kind=kind) for n, kind in enumerate(kinds)]
    icon = entry("GET", f"{CRM}/favicon.ico?v=1", good({}))
    calls = [
        CALL,
        entry("POST", f"{CRM}/api/page", "<p>", kind="text/html", body={}),
        entry("GET", f"{CRM}/api/text", "x", kind="text/plain"),
        entry("GET", f"{CRM}/api/xml", "<a/>", kind="application/xml"),
        entry("GET", f"{CRM}/api/favicon.icon", good({})),
    ]
    preflights = [entry("OPTIONS", f"{CRM}/api/{n}", "", status=204) for n in range(2)]

    draft = drafted(project, *pages, icon, *calls, *preflights)

    assert draft.calls == 5
    assert [str(note) for note in draft.notes if "left out" in note] == [
        f"{len(kinds) + 1} pages, styles, scripts, images and files are left out",
        "2 preflight requests (OPTIONS) are left out",
    ]
    assert apis(project, "crm") == [
        "get_ping", "page", "get_text", "get_xml", "get_favicon_icon",
    ]  # fmt: skip


def test_the_scenario_begins_when_the_first_call_was_made_in_shanghai(project: Path) -> None:
    first, second = (entry("GET", f"{CRM}/api/{name}", good({})) for name in ("a", "b"))
    first["startedDateTime"], second["startedDateTime"] = (
        "2026-12-31T16:30:05.900Z", "2026-12-31T18:00:00Z",
    )  # fmt: skip
    drafted(project, first, second)

    plain: Any = read_yaml(project / "scenarios/crm.scenario.yaml").to_plain()
    assert plain["clock"] == "2027-01-01T00:30:05+08:00"
    assert plain["proxy"]["cassette"] == "crm"


def test_a_platform_that_is_there_gets_what_it_lacks(project: Path) -> None:
    drafted(project, CALL)
    draft = drafted(
        project, CALL, entry("GET", f"{CRM}/api/stock", good({})), name="b.har",
        environ={"CRM_URL": CRM},
    )  # fmt: skip

    assert apis(project, "crm") == ["get_ping", "get_stock"]
    assert draft.changed == {"scenarios/platforms/crm.yaml"}
    assert draft.calls == 2
    assert sorted(draft.files) == [
        "cassettes/b.yaml", "scenarios/b.scenario.yaml", "scenarios/platforms/crm.yaml",
        "scenarios/scripts/b.js",
    ]  # fmt: skip


def test_another_system_under_the_same_name_is_another_platform(project: Path) -> None:
    drafted(project, CALL)
    other = entry("GET", "https://crm.other.example.cn/api/ping", good({}))

    drafted(project, other, CALL, name="b.har", environ={"CRM_URL": CRM})

    assert apis(project, "crm") == ["get_ping"]
    files = sorted(path.stem for path in (project / "scenarios/platforms").glob("*.yaml"))
    assert files == ["crm", "crm_2"]


def test_the_most_used_of_hosts_that_share_a_token_is_the_main_one(project: Path) -> None:
    hosts = ("https://b.huayuan.cn", "https://a.huayuan.cn", "https://c.huayuan.cn")
    calls = [
        entry("GET", f"{hosts[n]}/api/{name}", good({}), headers=BEARER)
        for n, name in ((0, "x"), (1, "x"), (2, "x"), (2, "y"), (1, "y"))
    ]

    drafted(project, *calls)

    [path] = (project / "scenarios/platforms").glob("*.yaml")
    plain: Any = read_yaml(path).to_plain()
    assert (path.stem, [*plain["hosts"]]) == ("a", ["c", "b"])
    assert TOKEN not in path.read_text("utf-8")


def test_a_name_that_is_taken_gets_a_number_and_the_same_is_left(project: Path) -> None:
    other = [entry("GET", f"{CRM}/api/{name}", good({"n": name})) for name in ("a", "b")]
    environ = {"CRM_URL": CRM}
    first = drafted(project, CALL)
    second = drafted(project, other[0], environ=environ)
    third = drafted(project, other[1], environ=environ)
    again = drafted(project, other[0], environ=environ)

    names = [sorted(name for name in one.files if "scenario.yaml" in name) for one in (
        first, second, third, again,
    )]  # fmt: skip
    assert names == [
        ["scenarios/crm.scenario.yaml"], ["scenarios/crm_2.scenario.yaml"],
        ["scenarios/crm_3.scenario.yaml"], [],
    ]  # fmt: skip
    assert [str(note) for note in again.notes] == ["crm_2 is there already, and the same"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [("采购 (1).har", "采购_1"), ("---.har", "---"), ("a.b.har", "a"), ("().har", "traffic")],
)
def test_a_scenario_is_named_after_the_file(project: Path, name: str, stem: str) -> None:
    drafted(project, CALL, name=name)

    assert (project / f"scenarios/{stem}.scenario.yaml").is_file()
    assert (project / f"cassettes/{stem}.yaml").is_file()


def document(folder: Path, title: str = "shop", **more: Any) -> Path:
    path = folder / f"{title}.json"
    whole = {
        "openapi": "3.0.0",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": "https://shop.example.com/v1"}],
        "paths": {
            f"/{name}": {"get": {"operationId": name, "responses": {"200": {"description": "ok"}}}}
            for name in ("orders", "stock", "users")
        },
        **more,
    }
    path.write_text(json.dumps(whole), "utf-8")
    return path


def test_a_document_alone_is_a_platform_whose_calls_are_simulated(project: Path) -> None:
    scheme = {"type": "http", "scheme": "bearer"}
    path = document(
        project.parent, components={"securitySchemes": {"a": scheme}}, security=[{"a": []}]
    )

    draft = drafted(project, documents=(path,))

    assert draft.calls == 3
    instances: Any = read_yaml(project / "scenarios/instances.yaml").to_plain()
    assert instances == [
        {
            "platform": "shop", "instance_key": "default", "default": True,
            "base_url": {"env": "SHOP_URL"}, "credentials": {"token": {"env": "SHOP_TOKEN"}},
        }
    ]  # fmt: skip
    plain: Any = read_yaml(project / "scenarios/shop.scenario.yaml").to_plain()
    assert plain["proxy"]["mode"] == "simulate"
    again = drafted(project, documents=(path,))
    assert [str(note) for note in again.notes] == [
        "shop.json: the platform shop is there, and stays as it is",
        "shop is there already, and the same",
    ]
    assert again.files == {}


@pytest.mark.parametrize("step", [1, -1], ids=["most-used-first", "most-used-last"])
def test_a_document_with_traffic_is_simulated_no_more(project: Path, step: int) -> None:
    origins = [CRM, CRM, "https://a.example.cn"][::step]
    traffic = [entry("GET", f"{origin}/v1/orders", good({})) for origin in origins]

    draft = drafted(project, *traffic, documents=(document(project.parent),))

    assert draft.calls == 3
    text = (project / "scenarios/shop.scenario.yaml").read_text("utf-8")
    assert (text.count("shop.orders"), "simulate" in text) == (2, False)


def test_what_a_document_lacks_is_declared_below_its_address(project: Path) -> None:
    names = ("orders", "refunds/7?all=1", "refunds/8", "stock")
    traffic = [entry("GET", f"{CRM}/v1/{name}", good({})) for name in names]

    draft = drafted(project, *traffic, documents=(document(project.parent),))

    assert draft.calls == 4
    declared = load_platforms(project / "scenarios/platforms").platform("shop")
    assert {name: api.path for name, api in declared.apis.items()} == {
        "orders": "/orders", "stock": "/stock", "users": "/users",
        "get_refund": "/refunds/{refund_id}",
    }  # fmt: skip
    recording = (project / "cassettes/shop.yaml").read_text("utf-8")
    assert recording.count("uri: https://shop.example.com/v1/refunds/") == 2


def test_what_holds_no_call_says_why_in_its_first_notes(project: Path) -> None:
    entries = [entry("OPTIONS", f"{CRM}/api/{n}", "", status=204) for n in range(2)]

    with pytest.raises(ConfigError) as refused:
        drafted(project, *entries)

    assert str(refused.value) == (
        "crm.har: no call of an API is in it; 2 preflight requests (OPTIONS) are left out"
    )
    assert not project.exists()


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        ("", ("a", "b", "c"), "a\nb\nc\n"),
        ("x", ("a",), "x\na\n"),
        ("x\n", ("a",), "x\na\n"),
        ("x", ("x",), "x"),
        ("x\n\n", ("a",), "x\n\na\n"),
        ("  a  \nb", ("a", "c", "b"), "  a  \nb\nc\n"),
        ("#a\n", ("a",), "#a\na\n"),
        ("a\r\nb\r\n", ("b",), "a\r\nb\r\n"),
    ],
)
def test_lines_that_lack_are_appended(before: str, lines: tuple[str, ...], after: str) -> None:
    assert append_missing_lines(before, lines) == after


@pytest.mark.parametrize(
    ("key", "is_key"),
    [
        ("a", True), ("crm_system", True), ("A1_", True), ("a" * 41, True), ("a" * 42, False),
        ("1a", False), ("_a", False), ("a-b", False), ("客户", False), ("a客", False),
        ("a ", False), ("a\n", False),
    ],
)  # fmt: skip
def test_a_platform_has_a_key_of_letters_digits_and_underscores(key: str, *, is_key: bool) -> None:
    if is_key:
        assert NewProject(platform=key, address=CRM).platform == key
        return
    with pytest.raises(ConfigError, match="expected a key such as crm_system"):
        NewProject(platform=key, address=CRM)


@pytest.mark.parametrize("auth", AUTHS)
def test_each_credential_has_its_variable(auth: str) -> None:
    chosen = NewProject(platform="erp_Test", address=CRM, auth=auth)

    assert chosen.address_and_credential_variables == {
        name: f"ERP_TEST_{name.upper()}" for name in ("url", *AUTHS[auth].credentials)
    }
    assert NewProject().platform == ""


def test_a_plan_names_what_it_would_replace(tmp_path: Path) -> None:
    chosen = NewProject(platform="erp", address=CRM, cis=("github", "jenkins"))
    whole = plan_files(tmp_path, chosen)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/instances.yaml").write_text("[]\n", "utf-8")
    (tmp_path / "scenarios/customer.scenario.yaml").write_text("", "utf-8")
    same = tmp_path / "Jenkinsfile"
    same.write_text(whole.texts[same], "utf-8")
    (tmp_path / ".gitignore").write_text("x\n", "utf-8")

    planned = plan_files(tmp_path, chosen)

    assert whole.replaced == ()
    assert planned.replaced == (tmp_path / "scenarios/instances.yaml",)
    assert set(whole.texts) - set(planned.texts) == {same}
    assert planned.texts[tmp_path / ".gitignore"].startswith("x\n.bpmax/\n")
    assert planned.cassette == tmp_path / "cassettes/erp/customer.yaml"
    assert plan_files(tmp_path, NewProject(cis=("gitlab",))).cassette is None
    text = whole.texts[tmp_path / "scenarios/instances.yaml"]
    assert "    token: {env: ERP_TOKEN}\n" in text
    assert not any("@" in text.replace("@example", "") for path, text in whole.texts.items()
                   if path.suffix == ".js")  # fmt: skip
    none = plan_files(tmp_path / "x", NewProject(platform="erp", address=CRM, auth="none"))
    assert "credentials" not in none.texts[tmp_path / "x/scenarios/instances.yaml"]


@pytest.mark.parametrize("api", [LOGIN, "get_customer"])
def test_the_stand_in_answers_a_login_with_a_token_and_else_with_a_customer(api: str) -> None:
    call = Call(platform="erp", instance="default", api=api, method="GET", path="/c")
    first, second = (
        answer_sample_request(Request(method="GET", url=f"{CRM}/c", call=call)) for _ in range(2)
    )

    body = json.loads(first.body)
    assert (first.status, first.source) == (200, "simulated")
    if api == LOGIN:
        assert body["data"]["token"] == body["access_token"]
        assert body["data"]["expires_in"] == body["expires_in"] == 7200
        assert body["token_type"] == "Bearer"
        assert first.body != second.body
    else:
        assert body == {
            "code": 200, "message": "ok", "data": {"name": "张三", "phone": "13800138000"}
        }  # fmt: skip


def test_several_files_are_one_traffic_in_their_order(tmp_path: Path) -> None:
    calls = [entry("GET", f"{CRM}/api/{name}", good({})) for name in "abc"]
    lost = entry("GET", "wss://crm.huayuan.com.cn/ws")
    lost["_webSocketMessages"] = [{"type": "send", "data": "x"}]
    first = write_archive(tmp_path / "一.二.har", [calls[0], lost])
    second = write_archive(tmp_path / "b.har", calls[1:])
    commands = tmp_path / "c.sh"
    commands.write_text(f"curl {CRM}/api/d\ncurl -X POST {CRM}/api/e\n", "utf-8")
    scripts = [tmp_path / f"{name}.js" for name in ("s", "t")]
    for number, path in enumerate(scripts):
        path.write_text(f"{render_capture_lines()}const n{number} = {number};\n", "utf-8")
    paper = document(tmp_path)

    read = read_sources([first, second, commands, *scripts, paper])

    assert (read.name, read.file_names) == ("一", "一.二.har, b.har, c.sh, s.js, t.js, shop.json")
    assert [(one.order, one.request.url[-1]) for one in read.traffic.exchanges] == [
        (number, name) for number, name in enumerate("abcde", 1)
    ]
    assert [str(note).rpartition("/")[2].partition(":")[0] for note in read.traffic.notes] == [
        "一.二.har", "c.sh",
    ]  # fmt: skip
    assert (read.documents, read.runs) == ((paper,), ())
    assert [line for line in read.script.splitlines() if line] == [
        "const n0 = 0;", "const n1 = 1;",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"无此.har: there is no such file"):
        read_sources([first, tmp_path / "无此.har"])
    with pytest.raises(ConfigError, match="there is no such file"):
        read_sources([tmp_path])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("curl https://a.test/x\n", "curl"), ("  $ curl 'https://a.test/x'\n", "curl"),
        ('{"openapi": "3.0.0"}', "document"), ("swagger: '2.0'\n", "document"),
        ("openapi: 3.1.0\n", "document"), ("interactions: []\nversion: 1\n", "recording"),
        ("version: 1\ninteractions: []\nnote: |\n  curl https://a.test/x\n", "recording"),
        ("# 说明\n\ncurl.exe https://a.test/x\n", "curl"), ("$curl https://a.test/x", "curl"),
        ("curl https://a.test/x -d '\nopenapi: 3.1.0\n'", "curl"),
        ('{\n  "info": {},\n  "swagger" : "2.0"}', "document"), ("'openapi': 3.0.3\n", "document"),
        # with sorted keys, on one line or behind schemas
        ('{"info": {}, "openapi": "3.0.1", "paths": {}}', "document"),
        pytest.param(
            '{"definitions": {"甲": "' + "x" * 66_000 + '"}, "swagger": "2.0"}', "document",
            id="swagger-behind",
        ),
        pytest.param(
            "components:\n" + "  # 甲\n" * 9000 + "openapi: 3.0.3\n", "document",
            id="openapi-behind",
        ),
        ('{"log": {"version": "1.2", "entries": [], "openapi": "3.0.1"}}', "recording"),
        ("interactions: []\nversion: 1\nnote: |\n  openapi: 3.0.3\n", "recording"),
        ('{\n  "openapi": "3.0.1",\n  "paths": {,}\n}', "document"),
    ],
)  # fmt: skip
def test_a_file_is_taken_for_what_it_holds(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "datei.txt"
    path.write_text(text, "utf-8")

    read = read_sources([path])

    assert (len(read.documents), len(read.traffic.exchanges)) == (
        kind == "document", kind == "curl",
    )  # fmt: skip


@pytest.mark.parametrize("in_folder", [False, True], ids=["elsewhere", "working-directory"])
@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("shop.json", '{"openapi": "3.0.1", "paths": {,}}'),
        ("project/scenarios/platforms/crm.yaml", "platform_key: crm\nbase_url: 5\n"),
        ("project/scenarios/instances.yaml", "- {platform: nobody, instance_key: test}\n"),
    ],
    ids=["document", "platform", "instances"],
)
def test_a_mistake_is_told_in_the_file_of_the_user_that_has_it(
    wrong: str, text: str, in_folder: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, top = project.parent, Path()
    paper = document(folder)
    (folder / wrong).parent.mkdir(parents=True, exist_ok=True)
    (folder / wrong).write_text(text, "utf-8")
    if in_folder:
        monkeypatch.chdir(folder)
    else:
        top = folder

    with pytest.raises(ConfigError) as caught:
        drafted(project, CALL, documents=(top / paper.name,))

    assert {one.place and one.place.file for one in caught.value.problems} == {str(top / wrong)}
