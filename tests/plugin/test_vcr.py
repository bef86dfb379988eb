"""What an SDK sends beside $proxy in a Python test, with any HTTP client."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.model import IndexLine
from tests.leaks import folder, leaks
from tests.loopback import Loopback, loopback
from tests.plugin.project import Project, output
from tests.plugin.test_python_tests import python_tests

__all__ = ["python_tests"]

COOKIE = "session-of-the-server-42"
CLIENTS = {
    "urllib": """
        from urllib.request import Request, urlopen
        def ask(method, path, body=None):
            headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
            data = json.dumps(body).encode() if body else None
            with urlopen(Request(URL + path, data, headers, method=method)) as answer:
                return json.loads(answer.read())
        """,
    "requests": """
        import requests
        def ask(method, path, body=None):
            headers = {"Authorization": f"Bearer {KEY}"}
            return requests.request(method, URL + path, json=body, headers=headers).json()
        """,
    "httpx": """
        import httpx
        def ask(method, path, body=None):
            headers = {"Authorization": f"Bearer {KEY}"}
            return httpx.request(method, URL + path, json=body, headers=headers).json()
        """,
    "aiohttp": """
        import asyncio
        import aiohttp
        def ask(method, path, body=None):
            return asyncio.run(_ask(method, path, body))
        async def _ask(method, path, body):
            headers = {"Authorization": f"Bearer {KEY}"}
            async with aiohttp.ClientSession(headers=headers) as client:
                async with client.request(method, URL + path, json=body) as answer:
                    return await answer.json()
        """,
}
SDK = """\
import json
import os

URL = {url!r}
KEY = os.environ.get("SDK_KEY", "")
"""
TEST = """\
from sdk import ask

def test_开票(bpmax_vcr):
    made = ask("POST", "/invoices", {"抬头": "张三", "金额": 1280.5})
    assert made["抬头"] == "张三"
    assert [ask("GET", "/invoices?no=7")["n"] for _ in range(2)] == [2, 3]
    assert ask("GET", "/packed")["姓名"] == "李四"
"""
PLATFORM = """\
platform_key: invoices
base_url: {url}
credentials: {{key: {{secret: true}}}}
auth: {{preset: bearer, token: "{{{{ key }}}}"}}
apis:
  make: {{method: POST, path: /invoices}}
  find: {{method: GET, path: /invoices, parameters: [{{name: no, in: query}}]}}
"""
INSTANCES = "- {platform: invoices, instance_key: default, credentials: {key: {env: SDK_KEY}}}\n"
SECRET = "sdk-secret-0123456789"


@pytest.fixture
def server() -> Iterator[Loopback]:
    def answer(request: bytes) -> bytes:
        head, _, sent = request.partition(b"\r\n\r\n")
        told = {"n": len(running.received), "you": head.decode(), "cookie": COOKIE, "姓名": "李四"}
        told |= json.loads(sent) if sent else {}
        told |= {"票据": "sk3ZtV9qLw7YxB2nPm5RkD8f"} if b"no=9" in head else {}
        body = json.dumps(told, ensure_ascii=False).encode()
        extra = f"set-cookie: sid={COOKIE}; Path=/\r\n"
        if b" /packed " in head and b"gzip" in head:
            body, extra = gzip.compress(body), f"{extra}content-encoding: gzip\r\n"
        start = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{extra}connection: close\r\n"
        return f"{start}content-length: {len(body)}\r\n\r\n".encode() + body

    with loopback(answer) as running:
        yield running


@pytest.fixture
def sdk(python: Project, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SDK_KEY", SECRET)
    python.write("scenarios/platforms/invoices.yaml", PLATFORM.format(url=server.url))
    path = python.root / "scenarios/instances.yaml"
    path.write_text(path.read_text(encoding="utf-8") + INSTANCES, encoding="utf-8")
    return python


def write_sdk(project: Project, client: str, url: str) -> None:
    project.write("sdk.py", CLIENTS[client])
    path = project.root / "sdk.py"
    path.write_text(SDK.format(url=url) + path.read_text(encoding="utf-8"), encoding="utf-8")


CASSETTE = "cassettes/test_开票/test_开票.yaml"


@pytest.mark.parametrize("client", list(CLIENTS))
def test_any_client_is_recorded_without_its_secrets_and_replayed_with_nothing_set(
    sdk: Project,
    server: Loopback,
    live: Mapping[str, str],
    client: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_sdk(sdk, client, server.url)
    sdk.write("test_开票.py", TEST)

    recorded = sdk.run("--bpmax-mode=record")
    asked = len(server.received)
    for name in (*live, "SDK_KEY"):
        monkeypatch.delenv(name)
    replayed = sdk.run()

    recorded.assert_outcomes(passed=1)
    replayed.assert_outcomes(passed=1)
    assert (asked, len(server.received)) == (4, 4)
    assert [line.call for line in lines(sdk)] == ["invoices.make", *["invoices.find"] * 2, ""]
    assert leaks(folder(sdk.root / "cassettes"), {"key": SECRET, "cookie": COOKIE}) == []
    assert "4 calls (4 recorded)" in output(replayed)


def lines(project: Project) -> list[IndexLine]:
    return [entry.line for entry in Cassette.load(project.root / CASSETTE).entries()]


def test_a_changed_body_an_extra_call_and_an_unplayed_one_are_red(
    sdk: Project, server: Loopback
) -> None:
    write_sdk(sdk, "httpx", server.url)
    path = sdk.write("test_开票.py", TEST)
    sdk.run("--bpmax-mode=record").assert_outcomes(passed=1)
    told = []
    for old, new in (
        ("1280.5", "1280.4"),
        ("range(2)", "range(3)"),
        ('    assert ask("GET", "/packed")["姓名"] == "李四"\n', ""),
    ):
        path.write_text(TEST.replace(old, new), encoding="utf-8")
        result = sdk.run()
        result.assert_outcomes(failed=1)
        told.append(output(result))

    assert "no such call: invoices.make is not recorded like this" in told[0]
    assert "× body.金额: recorded 1280.5, sent 1280.4" in told[0]
    assert "already played: invoices.find was recorded 2 times" in told[1]
    assert "1 recorded exchange was not played" in told[2]
    assert len(server.received) == 4


def test_recording_new_sends_only_what_is_missing(sdk: Project, server: Loopback) -> None:
    write_sdk(sdk, "httpx", server.url)
    path = sdk.write("test_开票.py", TEST)
    sdk.run("--bpmax-mode=record").assert_outcomes(passed=1)
    path.write_text(TEST + '    ask("GET", "/invoices?no=8")\n', encoding="utf-8")
    sdk.run("--bpmax-mode=record", "--bpmax-record=new").assert_outcomes(passed=1)

    assert len(server.received) == 5
    sdk.run().assert_outcomes(passed=1)
    assert len(server.received) == 5


def test_calls_of_proxy_beside_it_are_recorded_once(
    sdk: Project, server: Loopback, live: Mapping[str, str]
) -> None:
    assert live
    write_sdk(sdk, "httpx", server.url)
    sdk.write(
        "test_开票.py",
        """\
        from sdk import ask

        def test_开票(bpmax_vcr, bpmax_proxy):
            assert bpmax_proxy("crm_system").getCustomerDetail("12345")["code"] == 200
            assert ask("GET", "/invoices?no=7")["n"] == 1
            assert bpmax_vcr.proxy("crm_system").getCustomerDetail("12346")["code"] == 200
        """,
    )
    sdk.run("--bpmax-mode=record").assert_outcomes(passed=1)

    crm = "crm_system.get_customer_detail"
    assert [line.call for line in lines(sdk)] == [crm, "invoices.find", crm]
    sdk.run().assert_outcomes(passed=1)


def test_what_looks_like_a_secret_is_told_by_its_place(sdk: Project, server: Loopback) -> None:
    write_sdk(sdk, "httpx", server.url)
    sdk.write(
        "test_开票.py",
        'from sdk import ask\ndef test_开票(bpmax_vcr): ask("GET", "/invoices?no=9")',
    )
    recorded = sdk.run("--bpmax-mode=record")

    recorded.assert_outcomes(passed=1)
    assert (
        "recorded as it is, and looks like a secret: invoices.find.body.票据; if it is one, "
        "declare its place with `secret:` in the platform file and record again, else answer "
        "with `bpmax-sim review --not-secret invoices.find.body.票据`"
    ) in output(recorded)
    assert "looks like a secret" not in output(sdk.run())


def test_live_mode_writes_nothing(sdk: Project, server: Loopback) -> None:
    write_sdk(sdk, "httpx", server.url)
    sdk.write("test_开票.py", TEST)
    sdk.run("--bpmax-mode=live").assert_outcomes(passed=1)

    assert not (sdk.root / CASSETTE).exists()


def test_a_service_without_scenarios_keeps_out_of_the_folder_of_pytest_recording(
    pytester: pytest.Pytester, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a test are the cassettes of pytest-recording, under the names that ours have."""
    monkeypatch.setenv("URL", server.url)
    test = pytester.path / "tests/unit/test_开票.py"
    test.parent.mkdir(parents=True)
    test.write_text(
        "import os, urllib.request\n"
        "def test_查询(bpmax_vcr):\n"
        "    assert urllib.request.urlopen(os.environ['URL'] + '/invoices').status == 200\n",
        encoding="utf-8",
    )
    service = Project(pytester, monkeypatch)
    record = service.run("--bpmax-mode=record", "--bpmax-allow-ci-record")
    record.assert_outcomes(passed=1)
    recorded = [path.relative_to(pytester.path) for path in pytester.path.rglob("*.yaml")]
    assert [path.as_posix() for path in recorded] == ["cassettes/unit/test_开票/test_查询.yaml"]
    service.run().assert_outcomes(passed=1)

    beside = pytester.path / "tests/unit/cassettes"
    (pytester.path / "cassettes/unit").rename(beside)  # where an earlier version recorded
    missed = service.run("-Wdefault")
    missed.assert_outcomes(failed=1, warnings=1)
    old, new = "tests/unit/cassettes/test_开票", "cassettes/unit/test_开票"
    move = f"mkdir -p cassettes/unit && git mv {old} {new}"
    assert move in missed.stdout.str()
    subprocess.run(move.replace("git mv", "mv"), shell=True, cwd=pytester.path, check=True)
    service.run().assert_outcomes(passed=1, warnings=0)


def test_a_service_replays_what_another_recorded(
    python: Project, live: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    python.write(
        "tests/test_服务.py",
        """\
        import pytest

        def test_录制(bpmax_proxy):
            bpmax_proxy("crm_system").getCustomerDetail("12345")

        @pytest.mark.bpmax(cassette="test_服务/test_录制", owner="test_录制")
        def test_标记(bpmax_proxy):
            assert bpmax_proxy("crm_system").getCustomerDetail("12345")["data"]["name"] == "张三"

        def test_工厂(bpmax_session_factory):
            options = {"cassette": "test_服务/test_录制", "owner": "test_录制"}
            with bpmax_session_factory(**options) as session:
                assert session.proxy("crm_system").getCustomerDetail("12345")["code"] == 200

        @pytest.mark.bpmax(cassette="test_服务/test_录制")
        def test_没写(bpmax_proxy):
            bpmax_proxy("crm_system").getCustomerDetail("12345")
        """,
    )
    python.run("--bpmax-mode=record", "-k", "录制").assert_outcomes(passed=1, deselected=3)
    for name in live:
        monkeypatch.delenv(name)

    result = python.run()
    result.assert_outcomes(passed=3, failed=1)
    assert "it is recorded for 'test_录制'" in output(result)
    assert "a test in Python plays that with owner='test_录制'" in output(result)
