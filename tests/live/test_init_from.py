# ruff: noqa: E501 - files
"""``init --from`` makes a project of traffic which passes, and adds only what is new."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.messages import Request
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Auth
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.starter.platform_draft import draft_platform
from bpmax_sim.starter.project_draft import ProjectDraft, draft_project, write_draft
from bpmax_sim.starter.traffic_sources import read_curl, read_sources
from bpmax_sim.traffic.curl import format_curl_command
from bpmax_sim.yamlfile import read_yaml
from tests.live.test_capture import console_of
from tests.live.traffic import BEARER, CRM, TOKEN, entry, good, ten_calls, write_archive


def make_project(folder: Path, *sources: Path) -> ProjectDraft:
    """Draft what *sources* add to *folder*, write it, and see every scenario pass there."""
    draft = draft_project(folder, read_sources(sources), {})
    write_draft(draft, folder)
    for path in folder.rglob("*.scenario.yaml"):
        assert [*run_scenario(str(path)).failures] == []
    return draft


def from_entries(folder: Path, entries: Sequence[Any], name: str = "crm.har") -> ProjectDraft:
    return make_project(folder, write_archive(folder.parent / name, entries))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


def test_an_archive_of_ten_calls_becomes_a_project_that_passes(project: Path) -> None:
    draft = from_entries(project, ten_calls())
    assert draft.calls == 10
    platform = load_platforms(project / "scenarios/platforms").platform("crm")
    assert {name: (api.method, api.path) for name, api in platform.apis.items()} == {
        "get_customers": ("GET", "/api/v1/customers"),
        "get_customer": ("GET", "/api/v1/customers/{customer_id}"),
        "create_customer_order": ("POST", "/api/v1/customers/{customer_id}/orders"),
        "get_order": ("GET", "/api/v1/orders/{order_id}"),
        "update_order": ("PUT", "/api/v1/orders/{order_id}"),
        "delete_order": ("DELETE", "/api/v1/orders/{order_id}"),
        "get_orders_search": ("GET", "/api/v1/orders/search"),
    }
    assert platform.credentials.keys() == {"username", "password"}
    assert platform.response.ok.all[0].any_of == (0,)
    text = (project / "scenarios/platforms/crm.yaml").read_text("utf-8")
    assert (
        "# Guess: header Authorization carries what the response of POST /auth/login issued."
        in text
    )


def test_no_address_and_no_secret_of_the_traffic_is_in_the_project(project: Path) -> None:
    from_entries(project, ten_calls())
    every = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    for text in ("huayuan", TOKEN, "Zs@20261102!"):
        assert text.encode() not in every
    assert json.dumps({"sku": "M-1"})[1:-1].encode() in every


def test_a_second_time_adds_nothing_and_what_is_there_stays(project: Path) -> None:
    entries = ten_calls()
    from_entries(project, entries)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert not from_entries(project, entries).files
    more = [
        *entries[:2],
        entry("GET", f"{CRM}/api/v1/suppliers/S-01", good({"id": "S-01"}), headers=BEARER),
    ]
    draft = from_entries(project, more, "suppliers.har")
    assert draft.changed == {"scenarios/platforms/crm.yaml"}
    for path, data in before.items():
        assert path.read_bytes().startswith(data)
    assert "get_supplier" in load_platforms(project / "scenarios/platforms").platform("crm").apis


def test_hosts_that_share_a_token_are_one_platform(project: Path) -> None:
    login = entry(
        "POST",
        "https://sso.huayuan.com.cn/oauth/token",
        {"access_token": TOKEN, "expires_in": 7200},
        body="grant_type=client_credentials&client_id=app-7&client_secret=s3cr3t-9f8e7d",
        sent="application/x-www-form-urlencoded",
    )
    draft = from_entries(
        project,
        [
            login,
            entry("GET", f"{CRM}/api/stock?sku=M-1", good({}), headers=BEARER),
            entry("GET", f"{CRM}/api/stock?sku=M-2", good({}), headers=BEARER),
        ],
    )
    assert draft.calls == 2
    (platform,) = [
        one for one in load_platforms(project / "scenarios/platforms") if one.platform_key == "crm"
    ]
    assert platform.hosts == {"sso": "https://sso.crm.example.test"}
    assert platform.credentials["client_secret"].secret


@pytest.mark.parametrize(
    ("repeated", "is_issued"),
    [((), False), ((0,), False), ((1,), False), ((0, 1, 2), False), ((-1,), True), ((-1, 1), True)],
)
def test_a_token_is_issued_by_who_told_it_before_it_was_sent(
    project: Path, repeated: tuple[int, ...], is_issued: bool
) -> None:
    """Three calls send it; the response to some of them repeats it, or that to a login before."""

    def answer(number: int) -> Any:
        return good({"token": TOKEN} if number in repeated else {"list": []})

    login = entry("POST", f"{CRM}/auth/login", answer(-1), body='{"lang": "zh"}')
    calls = [
        entry("GET", f"{CRM}/api/{path}", answer(number), headers=BEARER)
        for number, path in enumerate(("me", "orders", "stock"))
    ]
    from_entries(project, [login, *calls] if -1 in repeated else calls)

    auth = load_platforms(project / "scenarios/platforms").platform("crm").auth
    assert isinstance(auth, Auth)
    assert [step.request.path for step in auth.steps] == ["/auth/login"] * is_issued


def test_hosts_that_share_nothing_are_two_platforms(project: Path) -> None:
    from_entries(
        project,
        [
            entry("GET", f"{CRM}/api/a", good({})),
            entry("GET", "https://api.erp.example.cn/b", good({})),
        ],
    )
    files = {path.stem for path in (project / "scenarios/platforms").glob("*.yaml")}
    assert files == {"crm", "erp"}


@pytest.mark.parametrize(
    ("headers", "url", "auth"),
    [
        ({"Authorization": "Basic emhhbmdzYW46WnNAMjAyNjExMDIh"}, "", "basic"),
        ({"Authorization": f"Bearer {TOKEN}"}, "", "bearer"),
        ({"X-API-Key": "9f8e7d6c5b4a3928"}, "", "api_key"),
        ({"Cookie": "SESSION=9f8e7d6c5b4a3928"}, "", "api_key"),
        ({}, "?access_token=9f8e7d6c5b4a3928", "api_key"),
        ({"Authorization": "Token 9f8e7d6c5b4a3928"}, "", "apply"),
    ],
)
def test_what_is_configured_is_a_credential_of_the_instance(
    project: Path, headers: dict[str, str], url: str, auth: str
) -> None:
    from_entries(
        project,
        [
            entry("GET", f"{CRM}/api/customers/{n}{url}", good({"id": n}), headers=headers)
            for n in (1, 2)
        ],
    )
    text = (project / "scenarios/platforms/crm.yaml").read_text("utf-8")
    assert auth in text.partition("\nauth:")[2].partition("\napis:")[0]
    every = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    assert b"9f8e7d6c5b4a3928" not in every


def test_what_is_no_call_is_left_out_and_said(project: Path) -> None:
    websocket = entry("GET", "wss://crm.huayuan.com.cn/ws")
    websocket["_webSocketMessages"] = [{"type": "send", "data": "x"}]
    lacking = entry("GET", f"{CRM}/api/big", "")
    del lacking["response"]["content"]["text"]
    lacking["response"]["content"]["size"] = 9000
    picture = entry("GET", f"{CRM}/logo.png", "PNG", kind="image/png")
    binary = entry(
        "POST",
        f"{CRM}/api/upload",
        good({}),
        body='--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n--x--',
        sent="multipart/form-data; boundary=x",
    )
    preflight = entry("OPTIONS", f"{CRM}/api/a", "", status=204)
    draft = from_entries(
        project,
        [websocket, lacking, picture, binary, preflight, entry("GET", f"{CRM}/api/a", good({}))],
    )
    notes = "\n".join(map(str, draft.notes))
    assert draft.calls == 1
    for part in (
        "WebSocket",
        "leaves out the body",
        "1 page, style, script, image or file",
        "preflight",
        "several parts",
    ):
        assert part in notes


def test_a_file_without_calls_writes_nothing(project: Path) -> None:
    page = write_archive(
        project.parent / "page.har", [entry("GET", f"{CRM}/", "<html>", kind="text/html")]
    )
    with pytest.raises(ConfigError, match="no call of an API is in it; 1 page"):
        make_project(project, page)
    assert not project.exists()


@pytest.mark.parametrize("text", ["", "{", "hello", "openapi: 3.0.0", '{"log": {}}', "curl 'x"])
def test_what_cannot_be_read_is_refused_and_nothing_is_written(project: Path, text: str) -> None:
    path = project.parent / "source.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BpmaxError):
        make_project(project, path)
    assert not project.exists()


@pytest.mark.parametrize(
    ("name", "begin", "told"),
    [
        ("合同.js", "form.备注 = '加急';", "larger than 16 MB, which only a recording may be"),
        ("合同.json", '[{"合同": 1}', r"not JSON .*larger than 16 MB, which only"),
    ],
)
def test_a_text_that_is_too_large_is_refused_and_not_taken_for_empty(
    tmp_path: Path, name: str, begin: str, told: str
) -> None:
    path = tmp_path / name
    path.write_text(begin, encoding="utf-8")
    os.truncate(path, (1 << 24) + 1)

    with pytest.raises(BpmaxError, match=told):
        read_sources([path])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("form.编号 = 'HT-1'; // 合同", "form.备注 = '加急';"),
        ("form.编号 = 'HT-1';\n", "form.备注 = '加急';\n"),
        ("form.编号 = 'HT-1';\r\n", ""),
    ],
)
def test_each_of_several_scripts_begins_on_a_line_of_its_own(
    tmp_path: Path, first: str, second: str
) -> None:
    paths = tmp_path / "合同.js", tmp_path / "备注.js"
    for path, text in zip(paths, (first, second), strict=True):
        path.write_bytes(text.encode())

    lines = read_sources(paths).script.splitlines()

    assert lines == [one.strip() for one in (first, second) if one]


def test_curl_commands_of_a_browser_become_calls(project: Path) -> None:
    path = project.parent / "curl.txt"
    path.write_text(
        "curl 'https://api.erp.example.cn/v2/stock?sku=M-1' \\\n  -H 'x-api-key: 9f8e7d6c5b4a3928' --compressed ;\n"
        "curl 'https://api.erp.example.cn/v2/orders' -H 'content-type: application/json' --data-raw $'{\"note\":\"\\u52a0\\u6025\"}'\n",
        encoding="utf-8",
    )
    assert make_project(project, path).calls == 2
    first, second = read_curl(path.read_text("utf-8")).exchanges
    assert (first.request.method, second.request.method) == ("GET", "POST")
    assert json.loads(second.request.body or b"") == {"note": "加急"}


CAPTURED = """const crm = $proxy('crm_system');
const found = await crm.getCustomerDetail(form.a);
if (found.code === 200) form.b = found.data.name;
await crm.$api('create_order').$path({id: 7}).$body({sku: 'M-1', rows: [{n: 1}]}).$call();
"""


@pytest.mark.parametrize("values", [("M-1",), ("M-1", "M-2"), ("M-1", "", "M-3"), (*"12345",)])
def test_a_name_that_comes_several_times_has_all_its_values_in_a_list(
    project: Path, values: tuple[str, ...]
) -> None:
    pairs = "&".join(f"sku={one}" for one in values)
    form = "application/x-www-form-urlencoded"
    calls = [
        entry("GET", f"{CRM}/api/stock?{pairs}", good({})),
        entry("POST", f"{CRM}/api/reserve", good({}), body=f"{pairs}&n=1", sent=form),
    ]
    from_entries(project, calls)

    (script,) = project.rglob("*.js")
    listed = json.dumps({"sku": values[0] if len(values) == 1 else [*values]})
    assert f".$query({listed})" in script.read_text("utf-8")
    assert f".$body({listed[:-1]}, " in script.read_text("utf-8")


def test_a_captured_console_becomes_script_stubs_and_scenario(project: Path) -> None:
    path = project.parent / "console.txt"
    path.write_text(console_of(CAPTURED), encoding="utf-8")
    assert make_project(project, path).calls == 2
    assert (project / "scenarios/scripts/console.js").read_text("utf-8") == CAPTURED
    scenario = (project / "scenarios/console.scenario.yaml").read_text("utf-8")
    assert "form: {b: 张三}" in scenario


@pytest.mark.parametrize("script", ["helper();", "setTimeout(() => { form.a = 1; }, 300);"])
def test_a_script_that_needs_more_than_itself_is_done_again_as_it_was_seen(
    project: Path, script: str
) -> None:
    path = project.parent / "console.txt"
    script = f"form.b = (await $proxy('crm').getCustomer('1')).data.name; {script}"
    path.write_text(console_of(script), encoding="utf-8")
    make_project(project, path)
    text = (project / "scenarios/scripts/console.js").read_text("utf-8")
    assert text.endswith('form["b"] = "张三";\n') == ("helper" in script)
    assert text.removeprefix("// | ").startswith(script)


def test_an_error_that_the_script_threw_is_expected(project: Path) -> None:
    path = project.parent / "console.txt"
    path.write_text(console_of("await $proxy('crm').fail();"), encoding="utf-8")
    make_project(project, path)
    assert "expect_error: {code: CONNECT}" in (
        project / "scenarios/console.scenario.yaml"
    ).read_text("utf-8")


def test_an_openapi_document_alone_becomes_a_project_that_passes(project: Path) -> None:
    make_project(project, Path("tests/data/openapi/crm.json").absolute())
    assert "mode: simulate" in (project / "scenarios/crm.scenario.yaml").read_text("utf-8")


@pytest.mark.parametrize("path", ["", "/v1"])
def test_a_document_with_traffic_names_the_calls_wherever_its_server_stands(
    project: Path, path: str
) -> None:
    document = project.parent / "crm.json"
    get = {"operationId": "getCustomer", "responses": {"200": {"description": "ok"}}}
    name = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {"/customers/{id}": {"get": {**get, "parameters": [name]}}}
    servers = [{"url": "https://crm.example.com/v1"}]
    whole = {
        "openapi": "3.0.0",
        "info": {"title": "CRM", "version": "1"},
        "servers": servers,
        "paths": paths,
    }
    document.write_text(json.dumps(whole), encoding="utf-8")
    archive = write_archive(
        project.parent / "traffic.har", [entry("GET", f"{CRM}{path}/customers/7", good({}))]
    )
    assert make_project(project, document, archive).calls == 1
    assert "crm.getCustomer" in (project / "scenarios/crm.scenario.yaml").read_text("utf-8")


def test_what_was_seen_of_one_flow_is_one_flow_file(project: Path) -> None:
    nodes = (("部门经理", "财务", "li"), ("财务", "总经理", "wang"), ("部门经理", "结束", "zhao"))
    consoles = []
    for number, (name, target, by) in enumerate(nodes, 1):
        context = {
            "action": "approve", "target_step": target, "userInfo": {"id": by}, "form": {"金额": 1},
            "step": {"id": name, "name": name, "owner": [{"id": by}]}, "project": {"id": "P-1"},
        }  # fmt: skip
        given = f"let ctx = {json.dumps(context, ensure_ascii=False)};\n"
        console = console_of("ctx.form.金额 = 2;", before=given)
        consoles.append(console.replace("-1.", f"-{number}."))  # each at an instant of its own
    source = project.parent / "console.txt"
    source.write_text("\n".join(consoles), "utf-8")
    make_project(project, source)
    flows = [path.read_text("utf-8") for path in sorted(project.rglob("flows/*.yaml"))]
    flow: Any = read_yaml(flows[0]).to_plain()
    assert flow["start"] == "部门经理"
    assert flow["nodes"] == {
        "部门经理": {"owners": ["li", "zhao"], "approve": "财务"},
        "财务": {"owners": ["wang"], "approve": "总经理"},
        "总经理": {"end": True},
    }
    assert "Seen too, and not in here: 部门经理 → 结束" in flows[0]
    second: Any = read_yaml(flows[1]).to_plain()
    assert {**second, "nodes": dict(second["nodes"])} == {**flow, "flow": "console_2"}
    third: Any = read_yaml(flows[2]).to_plain()
    assert third["nodes"] == {
        "部门经理": {"owners": ["zhao", "li"], "approve": "结束"},
        "结束": {"end": True},
    }


def test_a_login_of_several_steps_is_drafted_whole(project: Path) -> None:
    ticket = "tick_77aa88bb99cc00dd"
    from_entries(
        project,
        [
            entry("POST", f"{CRM}/sso/ticket", good({"ticket": ticket}), body={"user": "zhangsan"}),
            entry("POST", f"{CRM}/sso/token", good({"token": TOKEN}), body={"ticket": ticket}),
            entry("GET", f"{CRM}/api/customers/1", good({"id": 1}), headers=BEARER),
        ],
    )
    text = (project / "scenarios/platforms/crm.yaml").read_text("utf-8")
    platform = load_platforms(project / "scenarios/platforms").platform("crm")
    first, second = platform.auth.steps
    assert list(first.extract) == ["step_1"]
    assert second.request.body == {"ticket": "{{ step_1 }}"}
    assert "the login has several steps: POST /sso/token sends what POST /sso/ticket" in text
    assert list(platform.apis) == ["get_customer"]


def test_each_step_of_a_login_goes_to_the_host_that_it_was_seen_at(tmp_path: Path) -> None:
    ticket = "tick_77aa88bb99cc00dd"
    origins = [CRM, "https://sso.huayuan.com.cn", "https://auth.huayuan.com.cn"]
    _, sso, auth = origins
    life = {"token": TOKEN, "expires_in": 7200000}
    source = write_archive(tmp_path / "crm.har", [
        entry("POST", f"{sso}/ticket#a", good({"ticket": ticket, "ttl": 60}), body={"u": "z"}),
        entry("POST", f"{auth}/token", good(life), body={"ticket": ticket}),
        entry("GET", f"{CRM}/api/stock", good({}), headers=BEARER),
    ])  # fmt: skip
    platforms = tmp_path / "platforms"
    platforms.mkdir()
    draft = draft_platform("crm", read_sources([source]).traffic.exchanges, origins)
    (platforms / "crm.yaml").write_text(draft.text, "utf-8")
    acquire = load_platforms(platforms).platform("crm").auth.acquire
    assert acquire is not None
    assert [(step.request.host, step.request.path) for step in acquire.steps] == [
        ("sso", "/ticket"),
        ("auth", "/token"),
    ]
    assert acquire.ttl.unit == "ms"


def test_hosts_with_equal_first_labels_have_names_of_their_own(project: Path) -> None:
    others = ("https://api.a.example", "https://api.b.example", "https://127.0.0.1:8443")
    calls = [entry("GET", f"{CRM}/api/stock/{n}", good({}), headers=BEARER) for n in range(3)]
    calls += [entry("GET", f"{other}/api/item", good({}), headers=BEARER) for other in others]
    draft = from_entries(project, calls)
    platform = load_platforms(project / "scenarios/platforms").platform("crm")
    assert platform.hosts == {
        name: f"https://{name.replace('_', '-')}.crm.example.test"
        for name in ("host_2", "api", "api_2")
    }
    assert sorted(api.host for api in platform.apis.values()) == ["", "api", "api_2", "host_2"]
    assert draft.calls == len(calls)


def test_platforms_whose_hosts_give_one_key_are_two_platforms(project: Path) -> None:
    headers = {"Authorization": "Bearer tk_0a1b2c3d4e5f60718293a4b5c6d7e8f9"}
    entries = [
        entry("GET", f"{CRM}/api/stock", good({}), headers=BEARER),
        entry("GET", "https://crm.other.example/api/price", good({}), headers=headers),
    ]
    assert from_entries(project, entries).calls == 2
    platforms = load_platforms(project / "scenarios/platforms")
    assert [[*platforms.platform(key).apis] for key in ("crm", "crm_2")] == [
        ["get_stock"],
        ["get_price"],
    ]
    assert not from_entries(project, entries).files


def test_a_token_of_a_page_that_was_not_seen_is_said(project: Path) -> None:
    headers = {**BEARER, "X-CSRF-Token": "csrf-abcdef-123456"}
    entries = [entry("POST", f"{CRM}/api/orders", good({}), body={"a": 1}, headers=headers)]
    from_entries(project, entries)
    text = (project / "scenarios/platforms/crm.yaml").read_text("utf-8")
    assert "header X-CSRF-Token is of a page that was not seen" in text


def test_a_comment_stands_at_what_is_required_and_at_names(project: Path) -> None:
    from_entries(project, ten_calls())
    text = (project / "scenarios/platforms/crm.yaml").read_text("utf-8")
    assert "# Guess: key and title, of the host's name" in text
    assert "# Guess: sku, quantity, note required, as the one request had it." in text


def test_a_run_that_cannot_pass_is_left_out_and_the_others_are_written(project: Path) -> None:
    good_console = console_of("form.a = 8;")
    bad = console_of("await $proxy('crm').constructor(1);")
    source = project.parent / "console.txt"
    source.write_text(f"{good_console}\n{bad.replace('-1.', '-2.')}", "utf-8")
    draft = make_project(project, source)
    assert not [note for note in draft.notes if "nothing was written" in note]


POSTED = ("Content-Type", "application/x-www-form-urlencoded")
JSON = (("Content-Type", "application/json"), ("Accept", "application/json"))


@pytest.mark.parametrize(
    ("options", "line", "headers", "body"),
    [
        ("", "GET /x", (), None),
        ("-XPOST", "POST /x", (), None),
        ("-X put", "PUT /x", (), None),
        ("-sSLXDELETE", "DELETE /x", (), None),
        ("-sX DELETE -k", "DELETE /x", (), None),
        ("-I", "HEAD /x", (), None),
        ("--request=PATCH", "PATCH /x", (), None),
        ("-da=1", "POST /x", (POSTED,), b"a=1"),
        ("-sd a=1 -d b=2 --data-raw @c", "POST /x", (POSTED,), b"a=1&b=2&@c"),
        ("-HX-A:1 -H 'X-B;' -H Accept: -H 'X-C: a:b'", "GET /x",
         (("X-A", "1"), ("X-B", ""), ("X-C", "a:b")), None),
        ("-d ''", "POST /x", (POSTED,), None),
        ("-X GET -d ''", "GET /x", (POSTED,), None),
        ("-d '' -d a=1 -d ''", "POST /x", (POSTED,), b"&a=1&"),
        ("-d 0 -H content-TYPE:text/plain", "POST /x", (("content-TYPE", "text/plain"),), b"0"),
        ("-G -d ''", "GET /x", (), None),
        ("-G -d a=1", "GET /x?a=1", (), None),
        ("-G -d a=1 --data-urlencode 'b=甲/ &'", "GET /x?a=1&b=%E7%94%B2%2F%20%26", (), None),
        ("--data-urlencode '=a b' --data-urlencode 'c d'", "POST /x", (POSTED,), b"a%20b&c%20d"),
        ("--json '{\"a\":' --json '1}'", "POST /x", JSON, b'{"a":1}'),
        ("-uzs:pw -o out -m5", "GET /x", (("Authorization", "Basic enM6cHc="),), None),
        ("-b 'a=1; b=2' -A me", "GET /x", (("Cookie", "a=1; b=2"), ("User-Agent", "me")), None),
        (r"""-d $'{"a":"1\\n2","b":"\u52a0\\u52a0","c":"it\'s\t\!"}'""", "POST /x", (POSTED,),
         '{"a":"1\\n2","b":"加\\u52a0","c":"it\'s\t!"}'.encode()),
        (r"-d $'\ud83d\ude00\x41\\\'\"'", "POST /x", (POSTED,), "😀A\\'\"".encode()),
        ("-d 'a\nb'", "POST /x", (POSTED,), b"a\nb"),
        ("-c jar.txt -D - -w '%{http_code}' --retry 3 --noproxy '*'", "GET /x", (), None),
        ("-cjar.txt --resolve a.test:443:10.0.0.7 -U a:b -sE own.pem", "GET /x", (), None),
        ("--retry=3 --max-redirs 0 --limit-rate 1M -L", "GET /x", (), None),
        ("-X PUT -I", "PUT /x", (), None),
        ("-I -X PUT", "PUT /x", (), None),
        ("-u zs", "GET /x", (("Authorization", "Basic enM6"),), None),
        ("-u zs:", "GET /x", (("Authorization", "Basic enM6"),), None),
        ("-b a=1 -b b=2 -b c=3", "GET /x", (("Cookie", "a=1;b=2;c=3"),), None),
        ("-A me -A you -e https://a.test/ -e ''", "GET /x", (("User-Agent", "you"),), None),
        ("-A me -H user-agent:you", "GET /x", (("user-agent", "you"),), None),
        ("-H 'Cookie: a=1' -b b=2", "GET /x", (("Cookie", "a=1"),), None),
        ("-H 'Authorization: Bearer t' -u zs:pw", "GET /x", (("Authorization", "Bearer t"),), None),
        ("-d 1 -H Content-Type:", "POST /x", (), b"1"),
        ("-H 'Content-Type: application/vnd.crm+json' --json '{}'", "POST /x",
         (("Content-Type", "application/vnd.crm+json"), JSON[1]), b"{}"),
        ("--json '{}' -H accept:text/plain", "POST /x", (("accept", "text/plain"), JSON[0]), b"{}"),
        ("--json '{}' -H Accept:", "POST /x", JSON[:1], b"{}"),
        ("--json a -d b", "POST /x", JSON, b"a&b"),
        ("-d a --json b", "POST /x", JSON, b"ab"),
    ],
)  # fmt: skip
def test_a_curl_command_is_read_as_curl_reads_it(
    options: str, line: str, headers: tuple[tuple[str, str], ...], body: bytes | None
) -> None:
    for command in (f"curl {options} https://a.test/x", f"$ curl.exe https://a.test/x {options};"):
        [exchange] = read_curl(command).exchanges
        sent = exchange.request

        assert f"{sent.method} {sent.url.removeprefix('https://a.test')}" == line
        assert sent.headers == headers
        assert sent.body == body


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("/x?a=1", "/x?a=1&b=2"),
        ("/x", "/x?b=2"),
        ("/x?", "/x?b=2"),
        ("/x?a=1&", "/x?a=1&b=2"),
        ("/x&y", "/x&y?b=2"),
        ("/x?a=?", "/x?a=?&b=2"),
        ("/x#top", "/x?b=2"),
        ("/x?a=1#top?c=3", "/x?a=1&b=2"),
    ],
)
def test_data_of_a_get_goes_behind_the_query_that_is_there(address: str, line: str) -> None:
    [exchange] = read_curl(f"curl -G 'https://a.test{address}' -d b=2").exchanges

    assert exchange.request.url == f"https://a.test{line}"
    assert exchange.request.body is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            "-d @order.json",
            "--data takes its value from the file 'order.json'; write the value out",
        ),
        ("--data-binary=@o", "--data takes its value from the file 'o'; write the value out"),
        ("--json @o", "--data takes its value from the file 'o'; write the value out"),
        ("--data-urlencode a@o", "--data-urlencode takes its value from the file 'o'; write the"),
        ("-b jar.txt", "--cookie takes its value from the file 'jar.txt'; write the value out"),
        ("-Fa=1", "a body of several parts (-F) cannot be drafted; take it out"),
    ],
)
def test_what_a_curl_command_takes_from_elsewhere_is_refused(options: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_curl(f"curl https://a.test\ncurl {options} https://a.test/x")

    assert str(caught.value).startswith(f"curl command 2: {told}")


def test_an_exported_command_is_read_back_as_it_was() -> None:
    sent = Request(
        method="PUT",
        url="https://a.test/x?a=%20&b='",
        headers=(("X-Empty", ""), ("X-A", "it's"), ("Content-Type", "text/plain")),
        body="a\n\\n'甲😀@".encode(),
    )
    [exchange] = read_curl(format_curl_command(sent)).exchanges

    found = exchange.request
    assert (found.method, found.url, found.headers, found.body) == (
        sent.method, sent.url, sent.headers, sent.body,
    )  # fmt: skip
