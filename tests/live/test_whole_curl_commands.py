# ruff: noqa: E501 - commands, one a line
"""A page of curl commands as people paste them, and what each of them sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Response
from bpmax_sim.starter.file_additions import append_apis, append_missing_instance
from bpmax_sim.starter.traffic_sources import read_curl, read_sources
from tests.files import write_files

PAGE = r"""# 客户接口
$ curl 'https://crm.test/a?x=1#top' -H 'X-A:  1 ' -H 'X-Empty;' -H 'X-Gone:' -H "accept: */*" --compressed;
curl.exe -sXpost https://crm.test/b -d a=1 --data-raw '@b' --data-urlencode '名=张 三&' --data-urlencode '=@x y' --data-urlencode plain/x ^
  -d c
curl -X put --json '{"a":' --json '1}' https://crm.test/c -H 'content-type: application/vnd.x+json' &
curl https://crm.test/d -G -d a=1 --url-query 'b=二' --url-query '+c=%20d' -d e --url https://crm.test/D?q=0&
  curl -I https://crm.test/e https://crm.test/second -b 'a=1' --cookie 'b=2' -A 'UA 1' -e https://ref.test -r 0-9
curl -XPATCH -I https://crm.test/f -u 张三:密 -d $'a\'b\\n\x41\u5f20\ud83d\ude00\q' -H 'User-Agent: mine' -A x
curl https://crm.test/g -u lisi --oauth2-bearer t-1 --next https://crm.test/h -d 1 -: https://crm.test/i?z=1& -G -d y | jq . && curl https://crm.test/j; echo done && curl -k https://crm.test/l
curl --request=DELETE --header='X-B: 2' --url=http://[::1]:81/k -H '' -H 'X-D' -H ':5' -H '; ' --data= -H 'X-C:a:b' -H 'Content-Type:'
"""


def list_requests(text: str) -> list[Any]:
    return [
        (one.request.method, one.request.url, dict(one.request.headers), one.request.body)
        for one in read_curl(text).exchanges
    ]


def test_each_command_of_a_page_is_its_request() -> None:
    assert list_requests(PAGE) == [
        ("GET", "https://crm.test/a?x=1", {"X-A": "1", "X-Empty": "", "accept": "*/*"}, None),
        (
            "POST",
            "https://crm.test/b",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"a=1&@b&\xe5\x90\x8d=%E5%BC%A0%20%E4%B8%89%26&%40x%20y&plain%2Fx&c",
        ),
        (
            "PUT",
            "https://crm.test/c",
            {"content-type": "application/vnd.x+json", "Accept": "application/json"},
            b'{"a":1}',
        ),
        ("GET", "https://crm.test/D?q=0&b=%E4%BA%8C&c=%20d&a=1&e", {}, None),
        (
            "HEAD",
            "https://crm.test/e",
            {
                "Cookie": "a=1;b=2",
                "User-Agent": "UA 1",
                "Referer": "https://ref.test",
                "Range": "bytes=0-9",
            },
            None,
        ),
        (
            "PATCH",
            "https://crm.test/f",
            {
                "User-Agent": "mine",
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": "Basic 5byg5LiJOuWvhg==",
            },
            b"a'b\\nA\xe5\xbc\xa0\xf0\x9f\x98\x80q",
        ),
        ("GET", "https://crm.test/g", {"Authorization": "Bearer t-1"}, None),
        ("POST", "https://crm.test/h", {"Content-Type": "application/x-www-form-urlencoded"}, b"1"),
        ("GET", "https://crm.test/i?z=1&y", {}, None),
        ("GET", "https://crm.test/j", {}, None),
        ("GET", "https://crm.test/l", {}, None),
        ("DELETE", "http://[::1]:81/k", {"X-B": "2", "X-C": "a:b"}, None),
    ]
    found = read_curl(PAGE)
    assert [one.order for one in found.exchanges] == [*range(1, len(found.exchanges) + 1)]
    assert {one.at - one.order for one in found.exchanges} == {1767196800.0}
    answered = Response(status=200, headers=(("content-type", "application/json"),), body=b"{}")
    assert [one.outcome for one in found.exchanges] == [answered] * 12
    assert found.notes == (
        "12 curl commands say nothing of their responses: they are answered with {}",
    )
    assert read_curl("curl https://a.test").notes == (
        "1 curl command says nothing of its response: it is answered with {}",
    )


FROM_FILE = "takes its value from the file"
REFUSED = {
    "curl https://a.test -d @b.json": f"1: --data {FROM_FILE} 'b.json'; write the value out",
    "curl https://a.test --json @b.json": f"1: --data {FROM_FILE} 'b.json'; write the value out",
    "curl https://a.test -H @h.txt": f"1: --header {FROM_FILE} 'h.txt'; write the value out",
    "curl https://a.test -b jar.txt": f"1: --cookie {FROM_FILE} 'jar.txt'; write the value out",
    "curl https://a.test --data-urlencode n@f": f"1: --data-urlencode {FROM_FILE} 'f'; write the value out",
    "curl https://a.test --url-query @q": f"1: --url-query {FROM_FILE} 'q'; write the value out",
    "curl https://a.test -T up.bin": f"1: --upload-file {FROM_FILE} 'up.bin'; write the value out",
    "curl -K conf": f"1: --config {FROM_FILE} 'conf'; write the value out",
    "curl https://a.test -F a=1": "1: a body of several parts (-F) cannot be drafted; take it out",
    "curl https://a.test --form-string a=1": "1: a body of several parts (-F) cannot be drafted; take it out",
    "curl ftp://a.test": "1: it has no http:// or https:// address",
    "curl https://a.test:99999": "1: it has no http:// or https:// address",
    "curl https://": "1: it has no http:// or https:// address",
    "curl 'https://[::1'": "1: it has no http:// or https:// address",
    "curl -s": "1: it has no http:// or https:// address",
    "curl https://a.test\ncurl 'https://b.test": "2: its quotes do not match (No closing quotation); copy it as 'cURL (bash)'",
}


def test_what_cannot_be_drafted_is_told_with_the_number_of_the_command() -> None:
    found = {}
    for command in REFUSED:
        with pytest.raises(ConfigError) as refused:
            read_curl(command)
        found[command] = str(refused.value).removeprefix("curl command ")
    assert found == REFUSED


def test_several_files_are_one_source(tmp_path: Path) -> None:
    files = {
        "甲.js": "form.a = 1 // 完", "乙.js": "", "丙.js": "form.b = 2\n", "一.txt": "curl https://a.test/1",
        "二.sh": "$ curl https://a.test/2 \\\r\n -d a", "三.yaml": "a: 1\nopenapi: 3.0.0\n", "四.json": '{"paths": {}, "swagger": "2.0"}',
    }  # fmt: skip
    write_files(tmp_path, files)
    found = read_sources([tmp_path / name for name in files])
    assert found.script == "form.a = 1 // 完\nform.b = 2\n"
    assert [one.request.url for one in found.traffic.exchanges] == [
        "https://a.test/1",
        "https://a.test/2",
    ]
    assert [one.order for one in found.traffic.exchanges] == [1, 2]
    assert [path.name for path in found.documents] == ["三.yaml", "四.json"]
    assert (found.name, found.file_names) == (
        "甲",
        "甲.js, 乙.js, 丙.js, 一.txt, 二.sh, 三.yaml, 四.json",
    )
    assert [note.replace(f"{tmp_path}/", "") for note in found.traffic.notes] == [
        "一.txt: 1 curl command says nothing of its response: it is answered with {}",
        "二.sh: 1 curl command says nothing of its response: it is answered with {}",
    ]


ENTRY: dict[str, Any] = {
    "platform": "crm",
    "instance_key": "default",
    "base_url": {"env": "CRM_URL"},
}


def test_an_instance_and_apis_are_added_behind_what_is_there() -> None:
    item = "- platform: crm\n  instance_key: default\n  base_url:\n    env: CRM_URL\n"
    befores = {
        "": item, " \n": f" \n{item}", "# 无\n": f"# 无\n{item}", "- {platform: oa}": f"- {{platform: oa}}\n{item}",
        "- {platform: oa}\n- {platform: crm}\n": "- {platform: oa}\n- {platform: crm}\n", "- {platform: oa}\n- 5\n": f"- {{platform: oa}}\n- 5\n{item}",
    }  # fmt: skip
    assert {before: append_missing_instance(before, ENTRY) for before in befores} == befores
    for wrong in ("[{platform: oa}]\n", "a: 1\n", "  - {platform: oa}\n"):
        with pytest.raises(ConfigError, match="add this to the list yourself"):
            append_missing_instance(wrong, ENTRY)
    apis = {"x": "  x: {path: /x}\n", "y": "  y:\n    path: /y\n"}
    before = "platform_key: crm\napis:\n  a: {path: /a}"
    assert (
        append_apis(before, apis, Path("crm.yaml"))
        == f"{before}\n  x: {{path: /x}}\n  y:\n    path: /y\n"
    )
    assert append_apis(f"{before}\n", apis, Path("crm.yaml")).count("\n\n") == 0
    for wrong in (
        "apis: {a: {path: /a}}\n",
        "apis:\n  a: {path: /a}\nplatform_key: crm\n",
        "apis:\n    a: {path: /a}\n",
        "apis:\n  x: {path: /a}\n",
    ):
        with pytest.raises(
            ConfigError, match=r"^(/.*/)?crm\.yaml: add these below `apis` yourself"
        ):
            append_apis(wrong, apis, Path("crm.yaml"))
